//! Whole calls with audio, in virtual time.

mod basics;
mod bridge;
mod hangup;
mod loopback;
mod media;
mod transfer;
mod voicemail;
