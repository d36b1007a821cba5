//! What the caller hears: files, tones, phrases, spoken values, his own voice.

pub mod delay_echo;
pub mod echo;
pub mod playback;
pub mod say;
pub mod sound_text;
pub mod tones;

use crate::Nothing;
use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("playback", playback::playback, playback::Playback, "Play a sound to the caller", media: Required),
        application!("endless_playback", playback::endless_playback, playback::EndlessPlayback, "Play a sound again and again until the call ends", media: Required),
        application!("loop_playback", playback::loop_playback, playback::LoopPlayback, "Play a sound several times", media: Required),
        application!("gentones", tones::gentones, tones::Gentones, "Play tones", media: Required),
        application!("phrase", say::phrase, say::PhraseCall, "Play a phrase macro", media: Required),
        application!("say", say::say, say::Say, "Speak a value", media: Required),
        application!("echo", echo::echo, Nothing, "Let the caller hear himself", media: Required),
        application!("delay_echo", delay_echo::delay_echo, delay_echo::DelayEcho, "Let the caller hear himself a while later", media: Required),
    ]
}
