//! Makes small sound files of every format, sample by sample.

use crate::rate::SampleRate;
use std::f64::consts::TAU;

/// A 440 Hz sine of half the full scale.
pub fn sine(hz: u32, ms: u32) -> Vec<i16> {
    let step = TAU * 440.0 / f64::from(hz);
    (0..hz / 100 * ms / 10)
        .map(|n| (16_000.0 * (step * f64::from(n)).sin()) as i16)
        .collect()
}

/// A WAV file: format tag, channels, rate, octets of a block, bits of a sample, extra header, audio.
pub fn wav(
    tag: u16,
    channels: u16,
    hz: u32,
    block: u16,
    bits: u16,
    extra: &[u8],
    data: &[u8],
) -> Vec<u8> {
    let mut format = Vec::new();
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(hz.to_le_bytes());
    format.extend((hz * u32::from(block)).to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend(bits.to_le_bytes());
    if !extra.is_empty() {
        format.extend((extra.len() as u16).to_le_bytes());
        format.extend(extra);
    }
    let mut file = b"RIFF".to_vec();
    file.extend((4 + 8 + format.len() as u32 + 8 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend((format.len() as u32).to_le_bytes());
    file.extend(format);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// 16-bit WAV, mono.
pub fn wav16(hz: u32, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    wav(1, 1, hz, 2, 16, &[], &data)
}

const IMA_INDEX: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// The 89 step sizes of IMA ADPCM grow by a tenth each; these are close enough for an encoder only in the
/// table's own rounding, so they are listed.
const IMA_STEP: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

/// IMA ADPCM in WAV, mono, blocks of 256 octets (505 samples).
pub fn wav_ima(hz: u32, samples: &[i16]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut index = 0i32;
    for block in samples.chunks_exact(505) {
        let mut predicted = i32::from(block[0]);
        data.extend(block[0].to_le_bytes());
        data.extend([index as u8, 0]);
        let codes: Vec<u8> = block[1..]
            .iter()
            .map(|sample| {
                let step = IMA_STEP[index as usize];
                let difference = i32::from(*sample) - predicted;
                let magnitude = (difference.abs() * 4 / step).min(7);
                let mut change = step / 8;
                for bit in 0..3 {
                    if magnitude & (4 >> bit) != 0 {
                        change += step >> bit;
                    }
                }
                predicted += if difference < 0 { -change } else { change };
                predicted = predicted.clamp(-32_768, 32_767);
                index = (index + IMA_INDEX[magnitude as usize]).clamp(0, 88);
                (magnitude | if difference < 0 { 8 } else { 0 }) as u8
            })
            .collect();
        data.extend(codes.chunks_exact(2).map(|pair| pair[0] | (pair[1] << 4)));
    }
    wav(0x11, 1, hz, 256, 4, &505u16.to_le_bytes(), &data)
}

/// AU with the given encoding number.
pub fn au(encoding: u32, channels: u32, hz: u32, size: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b".snd".to_vec();
    for word in [28, size, encoding, hz, channels, 0] {
        file.extend(word.to_be_bytes());
    }
    file.extend(data);
    file
}

/// AIFF, 16 bits, mono.
pub fn aiff(hz: u32, samples: &[i16]) -> Vec<u8> {
    let mut common = 1u16.to_be_bytes().to_vec();
    common.extend((samples.len() as u32).to_be_bytes());
    common.extend(16u16.to_be_bytes());
    // The rate as an 80-bit float: exponent, then the mantissa with its leading one.
    let shift = hz.leading_zeros();
    common.extend((16_383 + 31 - shift as u16).to_be_bytes());
    common.extend((u64::from(hz << shift) << 32).to_be_bytes());
    let mut sound = [0u8; 8].to_vec();
    sound.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    let mut body = b"AIFFCOMM".to_vec();
    body.extend((common.len() as u32).to_be_bytes());
    body.extend(common);
    body.extend(b"SSND");
    body.extend((sound.len() as u32).to_be_bytes());
    body.extend(sound);
    let mut file = b"FORM".to_vec();
    file.extend((body.len() as u32).to_be_bytes());
    file.extend(body);
    file
}

/// Cyclic redundancy check, most significant bit first.
fn crc(octets: &[u8], bits: u32, polynomial: u32) -> u32 {
    let top = 1u32 << (bits - 1);
    let mask = (top << 1).wrapping_sub(1);
    octets.iter().fold(0, |mut crc, octet| {
        crc ^= u32::from(*octet) << (bits - 8);
        for _ in 0..8 {
            crc = if crc & top != 0 {
                (crc << 1) ^ polynomial
            } else {
                crc << 1
            } & mask;
        }
        crc
    })
}

/// FLAC, mono, 16 bits, samples written out as they are.
pub fn flac(rate: SampleRate, samples: &[i16]) -> Vec<u8> {
    const BLOCK: usize = 256;
    let whole = samples.len() / BLOCK * BLOCK;
    let mut file = b"fLaC".to_vec();
    file.extend([0x80, 0, 0, 34]);
    file.extend((BLOCK as u16).to_be_bytes());
    file.extend((BLOCK as u16).to_be_bytes());
    file.extend([0; 6]);
    let facts = (u64::from(rate.hz()) << 44) | (15 << 36) | whole as u64;
    file.extend(facts.to_be_bytes());
    file.extend([0; 16]);
    for (number, block) in samples.chunks_exact(BLOCK).enumerate() {
        // Fixed blocks of 256 samples, rate of the stream information, mono, 16 bits.
        let mut frame = vec![0xff, 0xf8, 0x80, 0x08];
        match u32::try_from(number).ok().and_then(char::from_u32) {
            Some(letter) => frame.extend(letter.to_string().bytes()),
            None => panic!("too many blocks"),
        }
        frame.push(crc(&frame, 8, 0x07) as u8);
        frame.push(0x02);
        frame.extend(block.iter().flat_map(|sample| sample.to_be_bytes()));
        frame.extend((crc(&frame, 16, 0x8005) as u16).to_be_bytes());
        file.extend(frame);
    }
    file
}
