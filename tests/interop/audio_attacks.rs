//! Attacks on audio: a stranger at another address neither hears nor is heard.

use crate::exchange::Exchange;
use crate::phone::Line;
use crate::rtp::{Heard, Rtp};
use crate::tone;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const CALLER_HZ: f32 = 440.0;
const ATTACKER_HZ: f32 = 1_300.0;

/// An attacker that speaks at the caller's audio port of the exchange for some time.
fn attack(target: std::net::SocketAddr, time: Duration) -> Heard {
    let mut attacker = Rtp::open(ATTACKER);
    attacker.aim(target);
    attacker.talk(Some(ATTACKER_HZ), time)
}

#[test]
fn attacker_who_sends_first_gets_nothing_while_music_plays() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9664").expect("9664 answers");
    // The caller is silent all the time: nothing but its description says where it is.
    let stolen = attack(call.rtp.remote(), Duration::from_secs(3));
    assert_eq!(stolen.packets, 0, "packets of somebody else's call");
    let heard = call.rtp.listen(Duration::from_secs(2));
    assert!(
        tone::seconds_of_sound(&heard.samples) > 1.0,
        "the caller has the music"
    );
    assert_eq!(call.hang_up(), 200);
}

#[test]
fn attacker_who_sends_first_is_not_heard_and_hears_no_echo() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9196").expect("9196 answers");
    let target = call.rtp.remote();
    let stolen = attack(target, Duration::from_secs(2));
    assert_eq!(stolen.packets, 0, "packets of somebody else's call");
    let early = call.rtp.talk(None, Duration::from_millis(50));
    tone::assert_not_heard("the caller", &early.samples, ATTACKER_HZ, 0.0);

    // Both at once, and the attacker once more after the caller has spoken.
    let stranger = std::thread::spawn(move || attack(target, Duration::from_secs(3)));
    let heard = call.rtp.talk(Some(CALLER_HZ), Duration::from_secs(3));
    assert_eq!(stranger.join().expect("the attacker is content").packets, 0);
    tone::assert_heard("the caller", &heard.samples, CALLER_HZ, 2.2);
    tone::assert_not_heard("the caller", &heard.samples, ATTACKER_HZ, 0.0);
    let late = attack(target, Duration::from_secs(1));
    assert_eq!(late.packets, 0);
    assert_eq!(call.hang_up(), 200);
}

#[test]
fn attacker_in_a_bridged_call_is_heard_by_nobody() {
    let exchange = Exchange::start();
    let mut bob = Line::new(&exchange, &exchange.user("1001"));
    assert_eq!(bob.register(120), 200);
    let mut alice = Line::new(&exchange, &exchange.user("1000"));
    std::thread::scope(|scope| {
        let answered = scope.spawn(|| {
            let mut call = bob.answer(Duration::from_secs(8)).expect("1001 rings");
            let target = call.rtp.remote();
            let stranger = std::thread::spawn(move || attack(target, Duration::from_secs(3)));
            let heard = call.rtp.talk(Some(700.0), Duration::from_secs(4));
            assert_eq!(stranger.join().expect("the attacker is content").packets, 0);
            tone::assert_heard("1001", &heard.samples, CALLER_HZ, 2.0);
            tone::assert_not_heard("1001", &heard.samples, ATTACKER_HZ, 0.0);
            assert!(call.ended(Duration::from_secs(8)));
        });
        let mut call = alice.call("1001").expect("1001 answers");
        let target = call.rtp.remote();
        let stranger = std::thread::spawn(move || attack(target, Duration::from_secs(3)));
        let heard = call.rtp.talk(Some(CALLER_HZ), Duration::from_secs(4));
        assert_eq!(stranger.join().expect("the attacker is content").packets, 0);
        tone::assert_heard("1000", &heard.samples, 700.0, 2.0);
        tone::assert_not_heard("1000", &heard.samples, ATTACKER_HZ, 0.0);
        assert_eq!(call.hang_up(), 200);
        answered.join().expect("the called side is content");
    });
}

#[test]
fn junk_on_the_audio_port_leaves_the_call_alone() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9196").expect("9196 answers");
    let target = call.rtp.remote();
    let sender = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let junk = std::thread::spawn(move || {
        // Every short length, wrong versions, counts and extensions that reach beyond the end.
        for length in 0..64_usize {
            for first in [0x00, 0x8f, 0x90, 0xa0, 0xbf, 0xff] {
                let mut packet = vec![0xff; length];
                if let Some(octet) = packet.first_mut() {
                    *octet = first;
                }
                let _ = sender.send_to(&packet, target);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let heard = call.rtp.talk(Some(CALLER_HZ), Duration::from_secs(2));
    junk.join().expect("the sender is content");
    tone::assert_heard("the caller", &heard.samples, CALLER_HZ, 1.4);
    assert_eq!(call.hang_up(), 200);
}
