//! What a tick costs per bridged pair: `cargo bench -p strowger-media --bench tick`. Prints nanoseconds; figures are
//! worth something only together with the machine and the commit.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_media::codec::registry::Codecs;
use strowger_media::rtp::packet::{Header, MAX_DATAGRAM};
use strowger_media::*;

const PAIRS: usize = 100;
const WARM_UP: usize = 100;
const TICKS: usize = 500;
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Deaf;

impl LegListener for Deaf {
    fn leg_event(&self, _: LegId, _: LegEvent) {}
}

/// Makes its leg clocked, and costs nothing itself.
struct Idle;

impl MediaBug for Idle {
    fn wants(&self, _: Side) -> bool {
        false
    }

    fn observe(&mut self, _: Side, _: SampleRate, _: &[i16]) -> Keep {
        Keep::Going
    }
}

/// The far end of a leg.
enum FarEnd {
    Memory(MemoryTransport),
    Udp(UdpSocket),
}

impl FarEnd {
    fn say(&mut self, packet: &[u8]) {
        match self {
            FarEnd::Memory(end) => drop(end.try_send(packet)),
            FarEnd::Udp(socket) => drop(socket.send(packet)),
        }
    }

    fn drain(&mut self) {
        let mut buffer = [0; MAX_DATAGRAM];
        match self {
            FarEnd::Memory(end) => while end.try_receive(&mut buffer).is_some() {},
            FarEnd::Udp(socket) => while socket.recv(&mut buffer).is_ok() {},
        }
    }
}

fn open(pool: &MediaPool, udp: bool, codec: &str) -> (LegHandle, FarEnd, u8, usize) {
    let codec = Codecs::builtin()
        .named(codec)
        .expect("a codec that is built in");
    let format = NegotiatedFormat::of(codec, 97);
    let (transport, far, remote) = if udp {
        let sockets = pool.bind(HERE).expect("a free port");
        let far = UdpSocket::bind((HERE, 0)).expect("a free port");
        far.connect(sockets.local())
            .expect("an address of this host");
        far.set_nonblocking(true).expect("a socket");
        let remote = far.local_addr().ok().map(RemoteMedia::at);
        (TransportSpec::Udp(sockets), FarEnd::Udp(far), remote)
    } else {
        let (ours, theirs) = memory_pair();
        (TransportSpec::Memory(ours), FarEnd::Memory(theirs), None)
    };
    let spec = LegSpec {
        transport,
        rate: SampleRate::NARROW,
        near: None,
    };
    let leg = pool.open(spec, Arc::new(Deaf)).expect("room for a leg");
    let (payload_type, octets) = (
        format.payload_type,
        match format.format.name.as_str() {
            "L16" => format.format.sample_rate.quantum_samples() * 2,
            _ => 160,
        },
    );
    let config = LegConfig {
        remote,
        send: Some(format.clone()),
        receive: vec![format],
        ..LegConfig::default()
    };
    leg.configure(config).expect("room for a command");
    (leg, far, payload_type, octets)
}

/// The cost of one tick for one pair.
fn measure(udp: bool, first: &str, second: &str, clocked: bool) -> Duration {
    let (pool, mut worker) = MediaPool::manual(MediaConfig::default());
    let mut now = Instant::now();
    let mut pairs = Vec::new();
    let mut guards = Vec::new();
    for n in 0..PAIRS {
        let (a, b) = (open(&pool, udp, first), open(&pool, udp, second));
        a.0.write(WriteList::one(Source::Read(b.0.id())))
            .expect("room for a command");
        b.0.write(WriteList::one(Source::Read(a.0.id())))
            .expect("room for a command");
        if clocked {
            guards.push(a.0.attach(Box::new(Idle)).expect("room for a command"));
        }
        pairs.push(a);
        pairs.push(b);
        if n % 20 == 19 {
            worker.tick(now);
            now += Duration::from_millis(20);
        }
    }
    let mut spent = Duration::ZERO;
    for tick in 0..WARM_UP + TICKS {
        for (_, far, payload_type, octets) in &mut pairs {
            let header = Header {
                marker: false,
                payload_type: *payload_type,
                sequence: tick as u16,
                timestamp: tick as u32 * if *payload_type == 97 { 320 } else { 160 },
                ssrc: 1,
            };
            let payload = [tick as u8; 2_000];
            let mut packet = [0; MAX_DATAGRAM];
            let len = header.packet(&payload[..*octets], &mut packet);
            far.say(&packet[..len]);
        }
        let begun = Instant::now();
        worker.tick_only(now);
        if tick >= WARM_UP {
            spent += begun.elapsed();
        }
        now += Duration::from_millis(20);
        pairs.iter_mut().for_each(|(_, far, ..)| far.drain());
    }
    let relayed = pairs
        .iter()
        .filter(|(leg, ..)| leg.statistics().relayed)
        .count();
    assert_eq!(
        relayed,
        if clocked || first != second {
            0
        } else {
            2 * PAIRS
        },
        "what is measured is what is said"
    );
    spent / (TICKS * PAIRS) as u32
}

fn main() {
    for (what, udp, first, second, clocked) in [
        ("relayed, memory", false, "PCMU", "PCMU", false),
        ("clocked, same format, memory", false, "PCMU", "PCMU", true),
        ("clocked, PCMU/PCMA, memory", false, "PCMU", "PCMA", true),
        (
            "clocked, PCMU/L16 16 kHz, memory",
            false,
            "PCMU",
            "L16@16000h",
            true,
        ),
        ("relayed, UDP", true, "PCMU", "PCMU", false),
        ("clocked, same format, UDP", true, "PCMU", "PCMU", true),
        ("clocked, PCMU/PCMA, UDP", true, "PCMU", "PCMA", true),
    ] {
        println!(
            "{what}: {} ns per bridged pair and tick",
            measure(udp, first, second, clocked).as_nanos()
        );
    }
}
