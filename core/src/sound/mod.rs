//! Sounds as callers know them: files by name, tones, silence, streams, phrases and spoken values.

mod phrase;
mod resolve;
mod speak;
mod stream;

pub use phrase::{PhraseAction, PhraseInput, PhraseMacro, Phrases};
pub(crate) use resolve::resolve;
pub use resolve::{SoundFailure, SoundPlace};
pub use speak::{SayGender, SayMethod, SayRequest, SayType, Speaker, Speakers};
pub use stream::LocalStreams;

use strowger_media::player::Player;
use strowger_media::rate::SampleRate;
use strowger_model::{Expanded, Sound};

/// A sound to be made playable.
#[derive(Clone, Debug)]
pub struct SoundRequest {
    /// What.
    pub sound: Sound,
    /// Where relative files are looked for.
    pub place: SoundPlace,
    /// The leg's rate.
    pub rate: SampleRate,
}

/// Something to be heard.
pub enum Audible {
    /// Audio.
    Player(Box<dyn Player>),
    /// A phrase macro: played step by step.
    Phrase {
        /// Macro name, `name@group` allowed.
        name: String,
        /// Its data.
        data: Expanded,
    },
    /// Nothing to hear (`silence`, an empty prompt).
    Nothing,
}
