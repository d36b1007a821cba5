//! RTCP compound packets: read with every length checked, written without allocation.

use crate::rtp::sequence::ReceptionReport;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// Octets of a report block.
const BLOCK_LEN: usize = 24;
/// Packets of one compound that are looked at; real ones have three.
const MAX_PARTS: usize = 16;

/// The sender's half of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP time, 32.32 fixed point.
    pub ntp: u64,
    /// The same moment in RTP time.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// A report block as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it says of the stream.
    pub report: ReceptionReport,
    /// The middle of the NTP time of the last sender report that its author heard.
    pub last_sender_report: u32,
    /// How long ago that was, in 1/65 536 s.
    pub delay: u32,
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// SR or RR.
    Report {
        /// Who reports.
        ssrc: u32,
        /// In sender reports.
        sender: Option<SenderInfo>,
        /// The report blocks, unparsed; see [`blocks`].
        blocks: &'a [u8],
    },
    /// BYE of this source.
    Goodbye(u32),
    /// Something that does not matter here.
    Other(u8),
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    octets
        .get(at..)?
        .first_chunk()
        .map(|b| u32::from_be_bytes(*b))
}

/// The packets of a compound; ends at the first that is not well-formed.
pub fn parts(mut octets: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let next = move || {
        let head: &[u8; 4] = octets.first_chunk()?;
        let len = (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1) * 4;
        if head[0] >> 6 != 2 || len > octets.len() {
            return None;
        }
        let (packet, rest) = octets.split_at(len);
        octets = rest;
        let count = usize::from(head[0] & 0x1f);
        Some(match head[1] {
            SENDER_REPORT => {
                let ntp = u64::from(word(packet, 8)?) << 32 | u64::from(word(packet, 12)?);
                let sender = SenderInfo {
                    ntp,
                    rtp: word(packet, 16)?,
                    packets: word(packet, 20)?,
                    octets: word(packet, 24)?,
                };
                let blocks = packet.get(28..28 + count * BLOCK_LEN)?;
                Part::Report {
                    ssrc: word(packet, 4)?,
                    sender: Some(sender),
                    blocks,
                }
            }
            RECEIVER_REPORT => {
                let blocks = packet.get(8..8 + count * BLOCK_LEN)?;
                Part::Report {
                    ssrc: word(packet, 4)?,
                    sender: None,
                    blocks,
                }
            }
            GOODBYE if count > 0 => Part::Goodbye(word(packet, 4)?),
            other => Part::Other(other),
        })
    };
    std::iter::from_fn(next).take(MAX_PARTS)
}

/// The report blocks of a [`Part::Report`].
pub fn blocks(octets: &[u8]) -> impl Iterator<Item = Block> + '_ {
    octets.chunks_exact(BLOCK_LEN).filter_map(|b| {
        let loss = word(b, 4)?;
        // 24 bits, signed.
        let lost = ((loss << 8) as i32) >> 8;
        Some(Block {
            report: ReceptionReport {
                ssrc: word(b, 0)?,
                fraction_lost: (loss >> 24) as u8,
                lost,
                highest: word(b, 8)?,
                jitter: word(b, 12)?,
            },
            last_sender_report: word(b, 16)?,
            delay: word(b, 20)?,
        })
    })
}

/// Writes a compound packet into a buffer.
pub struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// An empty compound; `out` must have room for 256 octets.
    pub fn new(out: &'a mut [u8]) -> Writer<'a> {
        Writer { out, len: 0 }
    }

    fn put(&mut self, octets: &[u8]) {
        if let Some(room) = self.out.get_mut(self.len..self.len + octets.len()) {
            room.copy_from_slice(octets);
            self.len += octets.len();
        }
    }

    fn head(&mut self, count: usize, kind: u8, octets: usize) {
        let words = (octets / 4 - 1) as u16;
        self.put(&[0x80 | count as u8, kind]);
        self.put(&words.to_be_bytes());
    }

    /// A sender report, or a receiver report when nothing was sent; with one block at most.
    pub fn report(&mut self, ssrc: u32, sender: Option<SenderInfo>, block: Option<Block>) {
        let count = usize::from(block.is_some());
        let fixed = if sender.is_some() { 28 } else { 8 };
        let kind = if sender.is_some() {
            SENDER_REPORT
        } else {
            RECEIVER_REPORT
        };
        self.head(count, kind, fixed + count * BLOCK_LEN);
        self.put(&ssrc.to_be_bytes());
        if let Some(s) = sender {
            self.put(&s.ntp.to_be_bytes());
            for field in [s.rtp, s.packets, s.octets] {
                self.put(&field.to_be_bytes());
            }
        }
        if let Some(b) = block {
            let loss = u32::from(b.report.fraction_lost) << 24 | b.report.lost as u32 & 0xff_ffff;
            for field in [
                b.report.ssrc,
                loss,
                b.report.highest,
                b.report.jitter,
                b.last_sender_report,
                b.delay,
            ] {
                self.put(&field.to_be_bytes());
            }
        }
    }

    /// The canonical name of a source (at most 200 octets are used).
    pub fn name(&mut self, ssrc: u32, name: &str) {
        let name = &name.as_bytes()[..name.len().min(200)];
        // One zero octet at least ends the items, and the chunk fills up to whole words.
        let chunk = (4 + 2 + name.len() + 1).next_multiple_of(4);
        self.head(1, SOURCE_DESCRIPTION, 4 + chunk);
        self.put(&ssrc.to_be_bytes());
        self.put(&[1, name.len() as u8]);
        self.put(name);
        self.put(&[0; 4][..chunk - 6 - name.len()]);
    }

    /// The source leaves.
    pub fn goodbye(&mut self, ssrc: u32) {
        self.head(1, GOODBYE, 8);
        self.put(&ssrc.to_be_bytes());
    }

    /// The octets written.
    pub fn finish(self) -> usize {
        self.len
    }
}

/// Entry for fuzzers: octets from the network must not do harm.
pub fn fuzz(octets: &[u8]) {
    for part in parts(octets) {
        if let Part::Report { blocks: octets, .. } = part {
            blocks(octets).for_each(drop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_compound_is_read_as_it_was_written() {
        let sender = SenderInfo {
            ntp: 0x1234_5678_9abc_def0,
            rtp: 7,
            packets: 8,
            octets: 9,
        };
        let report = ReceptionReport {
            ssrc: 5,
            fraction_lost: 64,
            lost: -3,
            highest: 70_000,
            jitter: 11,
        };
        let block = Block {
            report,
            last_sender_report: 1,
            delay: 2,
        };
        let mut out = [0; 256];
        let mut writer = Writer::new(&mut out);
        writer.report(77, Some(sender), Some(block));
        writer.name(77, "abcd@example");
        writer.goodbye(77);
        let len = writer.finish();
        let read: Vec<_> = parts(&out[..len]).collect();
        assert_eq!(len % 4, 0);
        let Part::Report {
            ssrc: 77,
            sender: Some(s),
            blocks: octets,
        } = read[0]
        else {
            panic!("{read:?}")
        };
        assert_eq!(s, sender);
        assert_eq!(blocks(octets).collect::<Vec<_>>(), [block]);
        assert_eq!(
            read[1..],
            [Part::Other(SOURCE_DESCRIPTION), Part::Goodbye(77)]
        );
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..128)) {
            for part in parts(&octets) {
                if let Part::Report { blocks: b, .. } = part {
                    prop_assert!(blocks(b).count() < 32);
                }
            }
        }

        #[test]
        fn headers_that_lie_about_lengths_are_refused(kind in 200u8..208, first in 0x80u8..0xc0, words: u16, body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut octets = vec![first, kind];
            octets.extend(words.to_be_bytes());
            octets.extend(body);
            parts(&octets).for_each(drop);
        }
    }
}
