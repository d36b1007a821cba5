//! Everything that happens to audio, frame by frame: RTP, codecs, jitter, players, recorders, and the
//! worker threads that move them on one 20 ms clock. Nothing here knows tokio, XML or sessions.

pub mod codec;
pub mod dsp;
pub mod dtmf;
pub mod file;
pub mod leg;
pub mod player;
pub mod rate;
pub mod resample;
pub mod tone;
