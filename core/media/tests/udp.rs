//! Real sockets on the loopback interface: who is heard, who is answered, and that ports come back.

mod phone;

use phone::{Exchange, Log, octets};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_media::rtp::packet::{Header, MAX_DATAGRAM};
use strowger_media::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Another host, as far as addresses go.
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A socket that speaks and hears RTP.
struct Wire {
    socket: UdpSocket,
    sequence: u16,
    ssrc: u32,
}

impl Wire {
    fn at(ip: IpAddr, ssrc: u32) -> Wire {
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        Wire {
            socket,
            sequence: 0,
            ssrc,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends 20 ms of a payload made of one octet.
    fn say(&mut self, octet: u8, to: SocketAddr) {
        let timestamp = u32::from(self.sequence) * 160;
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.socket
            .send_to(&octets(&header, &[octet; 160]), to)
            .unwrap();
    }

    /// The packets that have arrived.
    fn hear(&self) -> Vec<(Header, Vec<u8>)> {
        let mut buffer = [0; MAX_DATAGRAM];
        let mut heard = Vec::new();
        while let Ok((len, _)) = self.socket.recv_from(&mut buffer) {
            if let Ok((header, payload)) = Header::parse(&buffer[..len]) {
                heard.push((header, payload.to_vec()));
            }
        }
        heard
    }
}

fn open(exchange: &Exchange, remote: SocketAddr, learn: LearnFrom) -> (LegHandle, SocketAddr) {
    let sockets = exchange.pool.bind(HERE).unwrap();
    let local = sockets.local();
    assert_eq!(local.port() % 2, 0);
    let spec = LegSpec {
        transport: TransportSpec::Udp(sockets),
        rate: SampleRate::NARROW,
        near: None,
    };
    let leg = exchange.pool.open(spec, exchange.log.clone()).unwrap();
    leg.configure(LegConfig {
        remote: Some(RemoteMedia::at(remote)),
        learn,
        ..phone::config("PCMU")
    })
    .unwrap();
    leg.write(WriteList::one(Source::Read(leg.id()))).unwrap();
    exchange.log.of(leg.id());
    (leg, local)
}

fn ticks(exchange: &mut Exchange, count: usize, mut each: impl FnMut()) {
    for _ in 0..count {
        each();
        exchange.tick();
    }
}

#[test]
fn a_stranger_is_neither_heard_nor_answered() {
    for learn in [LearnFrom::Nobody, LearnFrom::SignallingSource(HERE)] {
        let mut exchange = Exchange::new();
        let (mut owner, mut stranger) = (Wire::at(HERE, 1), Wire::at(THERE, 2));
        let (leg, local) = open(&exchange, owner.address(), learn);
        // Before, during and after the owner's own media.
        ticks(&mut exchange, 20, || stranger.say(0x11, local));
        assert!(
            !owner.hear().is_empty(),
            "we send at once to the negotiated address"
        );
        ticks(&mut exchange, 40, || {
            stranger.say(0x11, local);
            stranger.say(0x11, local);
            owner.say(0x22, local);
        });
        let heard = owner.hear();
        assert!(
            heard.iter().any(|(_, p)| p.iter().all(|&o| o == 0x22)),
            "the owner hears its own echo"
        );
        assert!(
            heard.iter().all(|(_, p)| !p.contains(&0x11)),
            "and never the stranger"
        );
        assert!(stranger.hear().is_empty(), "who gets no packet");
        assert_eq!(leg.statistics().foreign, 100);
        // With the owner's SSRC and next number, from elsewhere.
        (stranger.ssrc, stranger.sequence) = (owner.ssrc, owner.sequence);
        ticks(&mut exchange, 20, || stranger.say(0x11, local));
        assert!(owner.hear().iter().all(|(_, p)| !p.contains(&0x11)) && stranger.hear().is_empty());
    }
}

#[test]
fn a_phone_behind_nat_is_learnt_and_then_locked() {
    let mut exchange = Exchange::new();
    let (claimed, mut phone, mut stranger) =
        (Wire::at(THERE, 1), Wire::at(HERE, 2), Wire::at(HERE, 3));
    let (leg, local) = open(
        &exchange,
        claimed.address(),
        LearnFrom::SignallingSource(HERE),
    );
    ticks(&mut exchange, 30, || phone.say(0x22, local));
    assert!(
        exchange
            .log
            .of(leg.id())
            .contains(&LegEvent::RemoteLearnt(phone.address()))
    );
    assert!(phone.hear().len() >= 24);
    let claimed_heard = claimed.hear().len();
    assert!(claimed_heard <= 5, "{claimed_heard}");
    ticks(&mut exchange, 30, || {
        stranger.say(0x11, local);
        phone.say(0x22, local);
    });
    assert!(stranger.hear().is_empty(), "even one at the same address");
    assert!(phone.hear().iter().all(|(_, p)| !p.contains(&0x11)));
}

#[test]
fn an_address_that_never_answers_is_not_sent_to_for_ever() {
    let mut exchange = Exchange::new();
    let mut victim = Wire::at(HERE, 1);
    let (_leg, local) = open(&exchange, victim.address(), LearnFrom::Nobody);
    ticks(&mut exchange, 520, || {});
    victim.hear();
    ticks(&mut exchange, 20, || {});
    assert!(victim.hear().is_empty());
    victim.say(0x22, local);
    ticks(&mut exchange, 10, || {});
    assert!(
        !victim.hear().is_empty(),
        "one that speaks is answered again"
    );
}

#[test]
fn reports_are_exchanged_and_a_goodbye_ends_them() {
    let mut exchange = Exchange::new();
    let a = exchange.pool.bind(HERE).unwrap();
    let b = exchange.pool.bind(HERE).unwrap();
    let (at_a, at_b) = (a.local(), b.local());
    let mut legs = Vec::new();
    for (sockets, remote) in [(a, at_b), (b, at_a)] {
        let spec = LegSpec {
            transport: TransportSpec::Udp(sockets),
            rate: SampleRate::NARROW,
            near: None,
        };
        let leg = exchange.pool.open(spec, exchange.log.clone()).unwrap();
        leg.configure(LegConfig {
            remote: Some(RemoteMedia::at(remote)),
            ..phone::config("PCMU")
        })
        .unwrap();
        legs.push(leg);
    }
    ticks(&mut exchange, 50 * 30, || {});
    let statistics = legs[0].statistics();
    assert!((4..=12).contains(&statistics.rtcp_out), "{statistics:?}");
    assert!(statistics.rtcp_in >= 4);
    assert_eq!(statistics.remote_reported_loss, Some(0.0));
    assert!(statistics.round_trip_ms.is_some());
    assert!(statistics.packets_in > 1_400 && statistics.lost == 0);
    let before = legs[1].statistics().rtcp_in;
    legs[0].close();
    ticks(&mut exchange, 12, || {});
    assert!(legs[1].statistics().rtcp_in > before);
    assert_eq!(
        exchange.log.of(legs[0].id()).last(),
        Some(&LegEvent::Closed)
    );
}

#[test]
fn ports_come_back_when_a_leg_ends_and_media_goes_nowhere_it_must_not() {
    let mut exchange = Exchange::new();
    let wire = Wire::at(HERE, 1);
    let (leg, local) = open(&exchange, wire.address(), LearnFrom::Nobody);
    assert_eq!(exchange.pool.load().ports_in_use, 1);
    for bad in [
        "224.0.0.1:4000",
        "255.255.255.255:4000",
        "0.0.0.0:4000",
        "127.0.0.1:0",
        "[ff02::1]:4000",
    ] {
        let remote = RemoteMedia::at(bad.parse().unwrap());
        assert!(remote.check().is_err(), "{bad}");
        leg.configure(LegConfig {
            remote: Some(remote),
            ..phone::config("PCMU")
        })
        .unwrap();
        ticks(&mut exchange, 3, || {});
    }
    leg.configure(LegConfig {
        remote: Some(RemoteMedia::at(local)),
        ..phone::config("PCMU")
    })
    .unwrap();
    ticks(&mut exchange, 3, || {});
    assert_eq!(leg.statistics().packets_out, 0, "not to ourselves either");
    drop(leg);
    ticks(&mut exchange, 2, || {});
    assert_eq!(exchange.pool.load().ports_in_use, 0);
    assert_eq!(exchange.pool.load().legs, 0);
}

#[test]
fn two_phones_talk_through_running_workers() {
    let pool = MediaPool::start(MediaConfig::default()).unwrap();
    let log: Arc<Log> = Arc::default();
    let mut wires = [Wire::at(HERE, 1), Wire::at(HERE, 2)];
    let mut legs: Vec<(LegHandle, SocketAddr)> = Vec::new();
    for wire in &wires {
        let sockets = pool.bind(HERE).unwrap();
        let local = sockets.local();
        let near = legs.first().map(|(l, _)| l.id());
        let spec = LegSpec {
            transport: TransportSpec::Udp(sockets),
            rate: SampleRate::NARROW,
            near,
        };
        let leg = pool.open(spec, log.clone()).unwrap();
        leg.configure(LegConfig {
            remote: Some(RemoteMedia::at(wire.address())),
            ..phone::config("PCMU")
        })
        .unwrap();
        legs.push((leg, local));
    }
    phone::bridge(&legs[0].0, &legs[1].0);
    // Real time: phones send until both have heard each other relayed, which takes a few quanta.
    let deadline = Instant::now() + Duration::from_secs(10);
    let (mut heard, mut next) = ([0, 0], Instant::now());
    while (heard[0] < 25 || heard[1] < 25 || !legs[0].0.statistics().relayed)
        && Instant::now() < deadline
    {
        for (wire, (octet, to)) in wires.iter_mut().zip([(0x21, legs[0].1), (0x22, legs[1].1)]) {
            wire.say(octet, to);
        }
        next += Duration::from_millis(20);
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
        for (count, (wire, octet)) in heard.iter_mut().zip(wires.iter().zip([0x22, 0x21])) {
            *count += wire
                .hear()
                .iter()
                .filter(|(_, p)| p.iter().all(|&o| o == octet))
                .count();
        }
    }
    assert!(
        heard[0] >= 25 && heard[1] >= 25,
        "{heard:?}, {:?}",
        legs[0].0.statistics()
    );
    assert!(legs[0].0.statistics().relayed && legs[1].0.statistics().relayed);
    let ids: Vec<LegId> = legs.iter().map(|(l, _)| l.id()).collect();
    pool.stop();
    assert!(
        ids.iter()
            .all(|&id| log.of(id).last() == Some(&LegEvent::Closed))
    );
    assert_eq!(
        pool.load().ports_in_use,
        0,
        "the janitor has closed the sockets"
    );
    let spec = LegSpec {
        transport: TransportSpec::Memory(memory_pair().0),
        rate: SampleRate::NARROW,
        near: None,
    };
    assert!(matches!(pool.open(spec, log), Err(MediaError::Stopped)));
}
