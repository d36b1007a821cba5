//! G.711 against the tables and the formula of the recommendation, all values.

use super::*;

/// µ-law by G.711 table 2a: the code whose decision interval holds the 14-bit magnitude.
fn mulaw_by_definition(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let magnitude = if sample < 0 { -sample - 1 } else { sample } / 4;
    let mut code = 0;
    for candidate in 1..128 {
        // Lower decision value of the candidate: 2·step below its segment's pattern, minus the bias.
        let (segment, step) = (candidate / 16, candidate % 16);
        let lower = (33 + 2 * step) * (1 << segment) - 33;
        let lower = lower
            - if candidate % 16 == 0 && segment == 0 {
                0
            } else {
                1 << segment
            };
        if magnitude >= lower.max(0) {
            code = candidate;
        }
    }
    let inverted = (127 - code) as u8;
    if sample < 0 {
        inverted
    } else {
        inverted | 0x80
    }
}

/// A-law by G.711 table 1a: uniform steps of 2 in segment 1 and 2, doubling afterwards.
fn alaw_by_definition(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let magnitude = if sample < 0 { -sample - 1 } else { sample } / 16;
    let mut code = 0;
    for candidate in 1..128 {
        let (segment, step) = (candidate / 16, candidate % 16);
        let lower = if segment == 0 {
            step
        } else {
            (16 + step) << (segment - 1)
        };
        if magnitude >= lower {
            code = candidate;
        }
    }
    let code = code as u8;
    (if sample < 0 { code } else { code | 0x80 }) ^ 0x55
}

#[test]
fn every_sample_encodes_as_the_recommendation_says() {
    for sample in i16::MIN..=i16::MAX {
        assert_eq!(
            linear_to_alaw(sample),
            alaw_by_definition(sample),
            "A-law of {sample}"
        );
        assert_eq!(
            linear_to_mulaw(sample),
            mulaw_by_definition(sample),
            "µ-law of {sample}"
        );
    }
}

#[test]
fn every_code_survives_decoding_and_encoding() {
    for code in 0..=255u8 {
        assert_eq!(linear_to_alaw(alaw_to_linear(code)), code);
        // µ-law has two zeros; the negative one comes back as the positive one.
        let expected = if code == 0x7f { 0xff } else { code };
        assert_eq!(linear_to_mulaw(mulaw_to_linear(code)), expected);
    }
}

#[test]
fn decoded_values_are_those_of_the_tables() {
    // Output values of G.711 tables 1 and 2, scaled to 16 bits.
    assert_eq!(mulaw_to_linear(0xff), 0);
    assert_eq!(mulaw_to_linear(0x7f), 0);
    assert_eq!(mulaw_to_linear(0x80), 8_031 * 4);
    assert_eq!(mulaw_to_linear(0x00), -8_031 * 4);
    assert_eq!(mulaw_to_linear(0x8f), 4_191 * 4);
    assert_eq!(mulaw_to_linear(0xfe), 2 * 4);
    assert_eq!(alaw_to_linear(0xd5), 8);
    assert_eq!(alaw_to_linear(0x55), -8);
    assert_eq!(alaw_to_linear(0x80 ^ 0x55 ^ 0x7f), 4_032 * 8);
    assert_eq!(alaw_to_linear(0x55 ^ 0x7f), -4_032 * 8);
    assert_eq!(alaw_to_linear(0x80 ^ 0x55 ^ 0x70), 2_112 * 8);
}

#[test]
fn quantisation_error_stays_within_half_a_step() {
    for sample in i16::MIN..=i16::MAX {
        for (decoded, clip) in [
            (mulaw_to_linear(linear_to_mulaw(sample)), 8_159 * 4),
            (alaw_to_linear(linear_to_alaw(sample)), 4_096 * 8),
        ] {
            let wanted = i32::from(sample).clamp(-clip, clip);
            let error = (wanted - i32::from(decoded)).abs();
            // Half a step is at most a 32nd of the magnitude, and at least 8.
            let allowed = (wanted.abs() / 31).max(8) + 4;
            assert!(error <= allowed, "{sample} became {decoded}");
        }
    }
}

#[test]
fn a_frame_too_large_for_the_buffer_is_an_error() {
    let codec = G711::new(Law::Mu);
    let format = codec.format().clone();
    let mut out = [0i16; 10];
    let error = codec
        .decoder(&format)
        .decode(&[0; 11], &mut out)
        .unwrap_err();
    assert_eq!(
        error,
        CodecError::NoRoom {
            codec: "PCMU",
            needed: 11,
            room: 10
        }
    );
    assert_eq!(codec.decoder(&format).decode(&[], &mut out), Ok(0));
    let mut octets = [0u8; 3];
    assert!(codec.encoder(&format).encode(&[0; 4], &mut octets).is_err());
    assert_eq!(codec.encoder(&format).encode(&[0; 3], &mut octets), Ok(3));
    assert_eq!(octets, [0xff; 3]);
}
