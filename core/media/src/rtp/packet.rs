//! The RTP header (RFC 3550 §5.1): parsed with every length checked, written without allocation.

/// The longest datagram that is received or sent. 20 ms of L16 at 48 kHz (1 920 octets) fits.
pub const MAX_DATAGRAM: usize = 2_048;

/// The most payload octets that a packet we send may carry.
pub const MAX_PAYLOAD: usize = MAX_DATAGRAM - HEADER_LEN;

/// Octets of a header without contributing sources and extension.
pub const HEADER_LEN: usize = 12;

/// The fields of an RTP header that this engine uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Start of a talkspurt, or of a telephone-event.
    pub marker: bool,
    /// Payload type, 0–127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Media time in units of the payload's clock rate.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// Why octets are not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Shorter than its header, contributing sources, extension or padding say.
    #[error("the packet is shorter than its header fields say")]
    Truncated,
    /// The version is not 2.
    #[error("the RTP version is not 2")]
    Version,
}

impl Header {
    /// Parses a packet into its header and its payload without extension and padding.
    pub fn parse(packet: &[u8]) -> Result<(Header, &[u8]), PacketError> {
        let fixed: &[u8; HEADER_LEN] = packet.first_chunk().ok_or(PacketError::Truncated)?;
        if fixed[0] >> 6 != 2 {
            return Err(PacketError::Version);
        }
        let header = Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        };
        let sources = usize::from(fixed[0] & 0x0f) * 4;
        let mut payload = packet
            .get(HEADER_LEN + sources..)
            .ok_or(PacketError::Truncated)?;
        if fixed[0] & 0x10 != 0 {
            let extension: &[u8; 4] = payload.first_chunk().ok_or(PacketError::Truncated)?;
            let words = usize::from(u16::from_be_bytes([extension[2], extension[3]]));
            payload = payload.get(4 + words * 4..).ok_or(PacketError::Truncated)?;
        }
        if fixed[0] & 0x20 != 0 {
            let padding = usize::from(*payload.last().ok_or(PacketError::Truncated)?);
            if padding == 0 || padding > payload.len() {
                return Err(PacketError::Truncated);
            }
            payload = &payload[..payload.len() - padding];
        }
        Ok((header, payload))
    }

    /// Writes the header into the first 12 octets of `out`.
    pub fn write(&self, out: &mut [u8; HEADER_LEN]) {
        out[0] = 0x80;
        out[1] = self.payload_type & 0x7f | if self.marker { 0x80 } else { 0 };
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }

    /// The whole packet in `out`; returns its length, or 0 when it does not fit.
    pub fn packet(&self, payload: &[u8], out: &mut [u8; MAX_DATAGRAM]) -> usize {
        let len = HEADER_LEN + payload.len();
        let Some(body) = out.get_mut(HEADER_LEN..len) else {
            return 0;
        };
        body.copy_from_slice(payload);
        if let Some(head) = out.first_chunk_mut() {
            self.write(head);
        }
        len
    }
}

/// Whether a datagram is RTCP where both share a port (RFC 5761 §4).
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.len() >= 2 && packet[0] >> 6 == 2 && (192..=223).contains(&packet[1])
}

/// Entry for fuzzers: octets from the network must not do harm.
pub fn fuzz(octets: &[u8]) {
    let _ = (is_rtcp(octets), Header::parse(octets));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_parsed(marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32, payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let mut out = [0; MAX_DATAGRAM];
            let len = header.packet(&payload, &mut out);
            prop_assert_eq!(Header::parse(&out[..len]), Ok((header, payload.as_slice())));
        }

        #[test]
        fn any_octets_are_parsed_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok((_, payload)) = Header::parse(&octets) {
                prop_assert!(payload.len() + HEADER_LEN <= octets.len());
            }
        }
    }

    #[test]
    fn extension_contributing_sources_and_padding_are_skipped() {
        let mut packet = vec![
            0x80 | 0x20 | 0x10 | 1,
            0x80 | 8,
            0,
            7,
            0,
            0,
            0,
            9,
            1,
            2,
            3,
            4,
            9,
            9,
            9,
            9,
        ];
        packet.extend([0xbe, 0xde, 0, 1, 5, 5, 5, 5, b'a', b'b', 0, 2]);
        let (header, payload) = Header::parse(&packet).unwrap();
        assert_eq!(
            (header.payload_type, header.sequence, header.marker),
            (8, 7, true)
        );
        assert_eq!(payload, b"ab");
    }

    #[test]
    fn lengths_beyond_the_packet_are_refused() {
        let plain = [0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        let mut sources = plain;
        sources[0] |= 0x0f;
        let mut extension = plain.to_vec();
        extension[0] |= 0x10;
        extension.extend([0, 0, 0xff, 0xff]);
        let mut padding = plain.to_vec();
        padding[0] |= 0x20;
        padding.push(200);
        for bad in [&sources[..], &extension, &padding, &plain[..11]] {
            assert_eq!(Header::parse(bad), Err(PacketError::Truncated));
        }
    }
}
