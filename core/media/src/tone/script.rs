//! The tone script language TGML: `%(2000,4000,440,480)`, `d=100;w=50;123#`, `v=-7;>=2;+=.1;…`.
//!
//! A script is a row of statements; blanks, line ends and semicolons between them are ignored.

use crate::dtmf::generate::frequencies;
use crate::rate::SampleRate;

#[cfg(test)]
mod tests;

/// The most frequencies that sound at once.
pub const MAX_FREQUENCIES: usize = 18;

/// The longest script in octets; the longest known songs need a few thousand.
const MAX_TEXT: usize = 256 * 1024;

/// The longest tone or pause: a day. Longer is surely a mistake.
const MAX_MS: f64 = 86_400_000.0;

/// Highest frequency that any rate can carry.
const MAX_HZ: f64 = 24_000.0;

/// Quietest and loudest volume, dBm0 of each frequency.
const VOLUME: std::ops::RangeInclusive<f32> = -63.0..=0.0;

/// Volume before the first `v=`, dBm0.
const INITIAL_VOLUME: f32 = -7.0;

/// Tone and pause before the first `d=` and `w=`, in samples at the script's rate.
const INITIAL_TONE: Length = Length::Samples(2_000);
const INITIAL_WAIT: Length = Length::Samples(500);

/// Why a tone script cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tone script, at character {at} (`{near}`): {why}")]
pub struct ToneError {
    /// Position of the mistake, counted in characters from 1.
    pub at: usize,
    /// The script from there on, a few characters of it.
    pub near: String,
    /// What is wrong and what would be right.
    pub why: String,
}

/// How long a tone or pause is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Length {
    Ms(f64),
    Samples(u32),
}

impl Length {
    /// Samples at `rate`; `own_rate` is the rate that the script counts samples at, if it names one.
    pub(crate) fn samples(self, rate: SampleRate, own_rate: Option<u32>) -> u64 {
        let hz = f64::from(rate.hz());
        match self {
            Length::Ms(ms) => (ms * hz / 1_000.0).round() as u64,
            Length::Samples(count) => {
                let own = own_rate.map_or(hz, f64::from);
                (f64::from(count) * hz / own).round() as u64
            }
        }
    }
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Sets the volume in dBm0.
    Volume(f32),
    /// Every so long (0: never), change the volume by the factor, up (+1) or down (−1).
    Decay { every: Length, direction: f32 },
    /// The size of a change of volume, dB.
    DecayFactor(f32),
    /// Sounds the frequencies, then is silent; so many times (`None`: for ever).
    Tone {
        on: Length,
        off: Length,
        hertz: Vec<f32>,
        times: Option<u32>,
    },
}

/// A tone script that has been read and found right.
#[derive(Clone, Debug, PartialEq)]
pub struct ToneScript {
    pub(crate) steps: Vec<Step>,
    /// How often the whole is played (`None`: for ever).
    pub(crate) repeats: Option<u32>,
    /// The rate at which samples are counted, when the script names one.
    pub(crate) own_rate: Option<u32>,
}

/// Initial volume of every run of a script, dBm0.
pub(crate) const fn initial_volume() -> f32 {
    INITIAL_VOLUME
}

/// The volumes that decay stays within, dBm0.
pub(crate) fn volume_range() -> std::ops::RangeInclusive<f32> {
    VOLUME
}

impl ToneScript {
    /// Reads a script. Empty scripts are right, and over at once.
    ///
    /// Volumes outside −63…0 dB are taken to the nearer end. A second channel (`c=`) carries the same tone,
    /// so in mono audio it changes nothing. `loops=n`, as written behind tone streams, means the same as `L=n`.
    pub fn parse(text: &str) -> Result<ToneScript, ToneError> {
        let mut parser = Parser { text, at: 0 };
        if text.len() > MAX_TEXT {
            return Err(parser.error(format!(
                "the script is {} octets long, but at most {MAX_TEXT} are allowed",
                text.len()
            )));
        }
        let mut script = ToneScript {
            steps: Vec::new(),
            repeats: Some(1),
            own_rate: None,
        };
        let mut defaults = Defaults {
            on: INITIAL_TONE,
            off: INITIAL_WAIT,
            times: Some(1),
        };
        loop {
            parser.skip_separators();
            if parser.at == text.len() {
                return Ok(script);
            }
            parser.statement(&mut script, &mut defaults)?;
        }
    }

    /// How long the script lasts, played once, in ms; `None` when it never ends. Where a length is given in
    /// samples and the script names no rate, they are counted at 8 kHz.
    pub fn duration_ms(&self) -> Option<u64> {
        let rate = SampleRate::NARROW;
        let mut samples = 0u64;
        for step in &self.steps {
            if let Step::Tone { on, off, times, .. } = step {
                let once = on.samples(rate, self.own_rate) + off.samples(rate, self.own_rate);
                match times {
                    Some(times) => samples = samples.saturating_add(once * u64::from(*times)),
                    None if once > 0 => return None,
                    None => {}
                }
            }
        }
        match self.repeats {
            Some(repeats) => Some(samples.saturating_mul(u64::from(repeats)) / 8),
            None if samples == 0 => Some(0),
            None => None,
        }
    }
}

/// What `d=`, `w=` and `l=` set for the tones after them.
struct Defaults {
    on: Length,
    off: Length,
    times: Option<u32>,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        while let Some(next) = self.peek().filter(|next| next.is_whitespace()) {
            self.at += next.len_utf8();
        }
    }

    fn skip_separators(&mut self) {
        while let Some(next) = self
            .peek()
            .filter(|next| next.is_whitespace() || *next == ';')
        {
            self.at += next.len_utf8();
        }
    }

    /// Consumes `wanted`, and blanks before it, when it comes next.
    fn accept(&mut self, wanted: char) -> bool {
        let before = self.at;
        self.skip_blanks();
        if self.peek() == Some(wanted) {
            self.at += wanted.len_utf8();
            return true;
        }
        self.at = before;
        false
    }

    fn error(&self, why: impl Into<String>) -> ToneError {
        ToneError {
            at: self.text[..self.at].chars().count() + 1,
            near: self.rest().chars().take(16).collect(),
            why: why.into(),
        }
    }

    fn statement(
        &mut self,
        script: &mut ToneScript,
        defaults: &mut Defaults,
    ) -> Result<(), ToneError> {
        let start = self.at;
        if self
            .rest()
            .strip_prefix("loops")
            .is_some_and(|rest| rest.trim_start().starts_with('='))
        {
            self.at += "loops".len();
            self.accept('=');
            script.repeats = self.times()?;
            return Ok(());
        }
        let Some(letter) = self.peek() else {
            return Ok(());
        };
        self.at += letter.len_utf8();
        if letter == '%' {
            if !self.accept('(') {
                return Err(self.error("`%` must be followed by `(on_ms,off_ms,frequency,…)`"));
            }
            let (on, off, hertz) = self.arguments(true)?;
            let step = Step::Tone {
                on,
                off,
                hertz,
                times: defaults.times,
            };
            script.steps.push(step);
            return Ok(());
        }
        if self.accept('=') {
            return self.setting(start, letter, script, defaults);
        }
        let Some((low, high)) = frequencies(letter) else {
            self.at = start;
            return Err(self.error(
                "expected a tone `%(on_ms,off_ms,frequency,…)`, a key (0-9 * # A-D) or a setting \
                 (d= w= v= >= <= += l= L= c= r=)",
            ));
        };
        let (mut on, mut off) = (defaults.on, defaults.off);
        if self.accept('(') {
            (on, off, _) = self.arguments(false)?;
        }
        script.steps.push(Step::Tone {
            on,
            off,
            hertz: vec![low, high],
            times: defaults.times,
        });
        Ok(())
    }

    fn setting(
        &mut self,
        start: usize,
        letter: char,
        script: &mut ToneScript,
        defaults: &mut Defaults,
    ) -> Result<(), ToneError> {
        match letter {
            'd' => defaults.on = self.milliseconds()?,
            'w' => defaults.off = self.milliseconds()?,
            'l' => defaults.times = self.times()?,
            'L' => script.repeats = self.times()?,
            'v' => {
                let volume = self.number()? as f32;
                script
                    .steps
                    .push(Step::Volume(volume.clamp(*VOLUME.start(), *VOLUME.end())));
            }
            '>' | '<' => {
                let direction = if letter == '>' { -1.0 } else { 1.0 };
                script.steps.push(Step::Decay {
                    every: self.milliseconds()?,
                    direction,
                });
            }
            '+' => {
                let factor = self.number()?;
                if !(0.0..=63.0).contains(&factor) {
                    return Err(self.error("the decay factor must be 0 to 63 dB"));
                }
                script.steps.push(Step::DecayFactor(factor as f32));
            }
            'c' => {
                if !(1.0..=8.0).contains(&self.number()?) {
                    return Err(self.error("there can be 1 to 8 channels"));
                }
            }
            'r' => {
                let rate = self.number()?;
                if !(8_000.0..=192_000.0).contains(&rate) {
                    return Err(self.error("the rate must be 8000 to 192000 Hz"));
                }
                script.own_rate = Some(rate as u32);
            }
            _ => {
                self.at = start;
                return Err(self.error(format!(
                    "`{letter}=` is no setting; there are d= w= v= >= <= += l= L= c= r="
                )));
            }
        }
        Ok(())
    }

    /// `on,off[,frequency…])`, after the opening parenthesis.
    fn arguments(&mut self, frequencies: bool) -> Result<(Length, Length, Vec<f32>), ToneError> {
        let on = self.milliseconds()?;
        let off = if self.accept(',') {
            self.milliseconds()?
        } else {
            Length::Ms(0.0)
        };
        let mut hertz = Vec::new();
        while self.accept(',') {
            if !frequencies {
                return Err(self.error("a key takes only `(on_ms,off_ms)`"));
            }
            if hertz.len() == MAX_FREQUENCIES {
                return Err(self.error(format!(
                    "at most {MAX_FREQUENCIES} frequencies sound at once"
                )));
            }
            let frequency = self.number()?;
            if !(0.0..=MAX_HZ).contains(&frequency) {
                return Err(self.error(format!("a frequency must be 0 to {MAX_HZ} Hz")));
            }
            hertz.push(frequency as f32);
        }
        if !self.accept(')') {
            return Err(self.error("expected `,` or `)`"));
        }
        Ok((on, off, hertz))
    }

    fn milliseconds(&mut self) -> Result<Length, ToneError> {
        let before = self.at;
        let ms = self.number()?;
        if !(0.0..=MAX_MS).contains(&ms) {
            self.at = before;
            return Err(self.error(format!("a length must be 0 to {MAX_MS} ms")));
        }
        Ok(Length::Ms(ms))
    }

    /// A number of times: negative is for ever, 0 counts as once.
    fn times(&mut self) -> Result<Option<u32>, ToneError> {
        let times = self.number()?;
        Ok((times >= 0.0).then(|| (times.min(f64::from(u32::MAX)) as u32).max(1)))
    }

    /// A decimal number with an optional sign.
    fn number(&mut self) -> Result<f64, ToneError> {
        self.skip_blanks();
        let rest = self.rest();
        let sign = usize::from(rest.starts_with(['-', '+']));
        let digits = rest[sign..]
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .map_or(rest.len(), |end| sign + end);
        match rest[..digits].parse::<f64>() {
            Ok(number) => {
                self.at += digits;
                Ok(number)
            }
            Err(_) => Err(self.error("expected a number")),
        }
    }
}

/// Entry for fuzzing: reads any text and, when it is a script, runs a second of it.
pub fn fuzz(text: &str) {
    if let Ok(script) = ToneScript::parse(text) {
        let mut player = crate::player::tone_player(&script, SampleRate::NARROW, -1);
        let mut out = [0i16; 160];
        for _ in 0..50 {
            player.fill(std::time::Instant::now(), &mut out);
        }
        script.duration_ms();
    }
}
