//! Octets that become audio: packets, tone scripts, sound files.

use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_media::codec::registry::Codecs;
use strowger_media::rtp::packet::{Header, is_rtcp};
use strowger_media::{
    LegConfig, LegEvent, LegId, LegListener, LegSpec, MediaConfig, MediaPool, NegotiatedFormat,
    SampleRate, Source, TelephoneEventFormat, TransportSpec, WriteList, file, memory_pair, tone,
};

/// One tick.
const QUANTUM: Duration = Duration::from_millis(20);
/// Ticks after the last packet.
const AFTERWARDS: usize = 20;
/// Largest packet of one input.
const LONGEST: usize = 1_500;
/// Packets of one input that are looked at.
const PACKETS: usize = 8;
/// How often each comes, in order.
const IN_ORDER: usize = 5;

/// An RTP packet.
pub fn rtp(data: &[u8]) {
    strowger_media::rtp::packet::fuzz(data);
}

/// An RTCP packet.
pub fn rtcp(data: &[u8]) {
    strowger_media::rtcp::packet::fuzz(data);
}

/// Fails when a leg did: the worker catches its panics, which must not hide them here.
struct Watch;

impl LegListener for Watch {
    fn leg_event(&self, _: LegId, event: LegEvent) {
        if let LegEvent::Failed(why) = event {
            eprintln!("a leg failed: {why}");
            std::process::abort();
        }
    }
}

/// Packets that reach one half of a bridge, an end of line between them; what leaves the other half is readable.
/// The last octet chooses between a bridge that may be relayed and one that must be decoded.
pub fn rtp_leg(data: &[u8]) {
    let (pool, mut worker) = MediaPool::manual(MediaConfig::default());
    let codecs = Codecs::builtin();
    let format = |name: &str| NegotiatedFormat::of(codecs.named(name).expect("built in"), 97);
    let open = |send: &str| {
        let (ours, theirs) = memory_pair();
        let spec = LegSpec {
            transport: TransportSpec::Memory(ours),
            rate: SampleRate::NARROW,
            near: None,
        };
        let leg = pool.open(spec, Arc::new(Watch)).expect("room for two legs");
        let config = LegConfig {
            send: Some(format(send)),
            receive: vec![format("PCMU"), format("PCMA"), format("L16")],
            telephone_event: Some(TelephoneEventFormat {
                payload_type: 101,
                clock_rate: 8_000,
            }),
            ..LegConfig::default()
        };
        leg.configure(config).expect("room for a command");
        (leg, theirs)
    };
    let relayed = data.last().is_none_or(|choice| choice & 1 == 0);
    let (a, mut phone_a) = open("PCMU");
    let (b, mut phone_b) = open(if relayed { "PCMU" } else { "PCMA" });
    for (leg, other) in [(&a, &b), (&b, &a)] {
        let list = WriteList::one(Source::Read(other.id())).with_digits();
        leg.write(list).expect("room for a command");
    }
    let mut now = Instant::now();
    let mut packets: Vec<Vec<u8>> = Vec::new();
    for packet in data.split(|octet| *octet == b'\n').take(PACKETS) {
        // A stream is believed only after some packets in order.
        let mut packet = packet[..packet.len().min(LONGEST)].to_vec();
        for _ in 0..IN_ORDER {
            packets.push(packet.clone());
            advance(&mut packet);
        }
    }
    let mut buffer = [0; 2_048];
    for number in 0..packets.len() + AFTERWARDS {
        if let Some(packet) = packets.get(number) {
            // Full is as on a network: the packet is lost.
            let _ = phone_a.try_send(packet);
            // Some packets arrive together, some a tick apart.
            if packet.len() % 3 == 0 {
                continue;
            }
            worker.arrivals(now);
        }
        worker.tick(now);
        now += QUANTUM;
        for phone in [&mut phone_a, &mut phone_b] {
            while let Some(length) = phone.try_receive(&mut buffer) {
                let packet = &buffer[..length];
                assert!(
                    is_rtcp(packet) || Header::parse(packet).is_ok(),
                    "a leg sends what nobody can read"
                );
            }
        }
    }
}

/// The next packet of the stream: number and time go on.
fn advance(packet: &mut [u8]) {
    if let [_, _, n0, n1, t0, t1, t2, t3, ..] = packet {
        let number = u16::from_be_bytes([*n0, *n1]).wrapping_add(1);
        let time = u32::from_be_bytes([*t0, *t1, *t2, *t3]).wrapping_add(160);
        [*n0, *n1] = number.to_be_bytes();
        [*t0, *t1, *t2, *t3] = time.to_be_bytes();
    }
}

/// A tone script.
pub fn tone_script(data: &[u8]) {
    tone::script::fuzz(&String::from_utf8_lossy(data));
}

/// A sound file; the first octet chooses what its name says it is.
pub fn sound_file(data: &[u8]) {
    const KINDS: [&str; 8] = ["wav", "mp3", "ogg", "flac", "aiff", "raw", "r8", "PCMU"];
    let (kind, octets) = data.split_first().unwrap_or((&0, data));
    // A seed begins with its own first octet: then its name fits.
    let (kind, octets) = match data.starts_with(b"RIFF") {
        true => (0, data),
        false => (usize::from(*kind) % KINDS.len(), octets),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(format!("input.{}", KINDS[kind]));
    std::fs::write(&path, octets).expect("written");
    file::decode::fuzz(&path);
}
