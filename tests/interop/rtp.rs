//! One end of an audio stream: sends tones and keys, and remembers what comes.

use crate::tone;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// One packet of speech.
const PACKET: Duration = Duration::from_millis(20);
/// Samples in a packet.
const PACKET_SAMPLES: usize = 160;
/// RTP payload type of telephone-event in our offers.
const EVENT_TYPE: u8 = 101;

/// What was heard during some time.
#[derive(Default)]
pub struct Heard {
    /// Decoded audio in the order of arrival.
    pub samples: Vec<i16>,
    /// Packets received.
    pub packets: usize,
    /// Longest time between two packets.
    pub longest_gap: Duration,
}

/// One end of an RTP stream, PCMU.
pub struct Rtp {
    socket: UdpSocket,
    remote: Option<SocketAddr>,
    sequence: u16,
    timestamp: u32,
    source: u32,
}

impl Rtp {
    /// A socket of its own at that address.
    pub fn open(local: IpAddr) -> Rtp {
        let socket = UdpSocket::bind((local, 0)).expect("a free port");
        socket
            .set_nonblocking(true)
            .expect("sockets can be non-blocking");
        let port = socket.local_addr().expect("a bound socket").port();
        Rtp {
            socket,
            remote: None,
            sequence: port,
            timestamp: u32::from(port) * 1000,
            source: 0x5747_0000 | u32::from(port),
        }
    }

    /// Session description of this end.
    pub fn offer(&self, direction: &str) -> String {
        let local = self.socket.local_addr().expect("a bound socket");
        format!(
            "v=0\r\no=- {id} {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 {EVENT_TYPE}\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:{EVENT_TYPE} telephone-event/8000\r\na=fmtp:{EVENT_TYPE} 0-16\r\n\
             a=ptime:20\r\na={direction}\r\n",
            id = self.source,
            version = self.timestamp,
            ip = local.ip(),
            port = local.port(),
        )
    }

    /// Takes the other end's address from its description.
    pub fn set_remote(&mut self, sdp: &str) {
        let ip: Option<IpAddr> = sdp
            .lines()
            .find_map(|line| line.strip_prefix("c=IN IP4 "))
            .and_then(|ip| ip.trim().parse().ok());
        let port: Option<u16> = sdp
            .lines()
            .find_map(|line| line.strip_prefix("m=audio "))
            .and_then(|rest| rest.split(' ').next()?.parse().ok());
        if let (Some(ip), Some(port)) = (ip, port) {
            self.remote = Some(SocketAddr::new(ip, port));
        }
    }

    /// Where it sends to.
    pub fn remote(&self) -> SocketAddr {
        self.remote
            .expect("the other end has said where it listens")
    }

    /// Sends to that address from now on.
    pub fn aim(&mut self, remote: SocketAddr) {
        self.remote = Some(remote);
    }

    fn send(&mut self, kind: u8, marker: bool, payload: &[u8]) {
        let mut packet = vec![0x80, kind | if marker { 0x80 } else { 0 }];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&self.timestamp.to_be_bytes());
        packet.extend_from_slice(&self.source.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        let _ = self.socket.send_to(&packet, self.remote());
    }

    /// Sends one packet of a tone.
    pub fn send_tone_packet(&mut self, hz: f32, index: usize) {
        let samples = tone::sine(hz, PACKET_SAMPLES, index * PACKET_SAMPLES);
        let payload: Vec<u8> = samples.into_iter().map(tone::to_ulaw).collect();
        self.send(0, false, &payload);
        self.timestamp = self.timestamp.wrapping_add(PACKET_SAMPLES as u32);
    }

    /// Speaks with a tone (or is silent) for some time and listens meanwhile.
    pub fn talk(&mut self, hz: Option<f32>, time: Duration) -> Heard {
        let start = Instant::now();
        let mut heard = Heard::default();
        let mut last = start;
        let mut index = 0;
        while start.elapsed() < time {
            if let Some(hz) = hz {
                self.send_tone_packet(hz, index);
            }
            index += 1;
            let next = start + PACKET * u32::try_from(index).expect("a short test");
            while Instant::now() < next {
                if !self.receive_into(&mut heard, &mut last) {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
        heard.longest_gap = heard.longest_gap.max(last.elapsed());
        heard
    }

    /// Listens only.
    pub fn listen(&mut self, time: Duration) -> Heard {
        self.talk(None, time)
    }

    fn receive_into(&mut self, heard: &mut Heard, last: &mut Instant) -> bool {
        let mut buffer = [0; 2048];
        let Ok((count, _)) = self.socket.recv_from(&mut buffer) else {
            return false;
        };
        heard.packets += 1;
        heard.longest_gap = heard.longest_gap.max(last.elapsed());
        *last = Instant::now();
        if count > 12 && buffer[1] & 0x7f == 0 {
            heard
                .samples
                .extend(buffer[12..count].iter().copied().map(tone::from_ulaw));
        }
        true
    }

    /// Presses keys: telephone events of 120 ms with 100 ms between them (RFC 4733).
    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            let code = "0123456789*#ABCD".find(key).expect("a key of a telephone") as u8;
            for step in 1_u16..=6 {
                self.send(EVENT_TYPE, step == 1, &event(code, false, step * 160));
                std::thread::sleep(PACKET);
            }
            for _ in 0..3 {
                self.send(EVENT_TYPE, false, &event(code, true, 960));
            }
            self.timestamp = self.timestamp.wrapping_add(960 + 800);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn event(code: u8, end: bool, duration: u16) -> [u8; 4] {
    let [high, low] = duration.to_be_bytes();
    [code, if end { 0x8a } else { 0x0a }, high, low]
}
