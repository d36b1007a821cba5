//! Spoken values: what a language must be able to say, and the languages there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use strowger_model::{Argument, Expanded, LocalTime};

/// What kind of value is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SayType {
    Number,
    Items,
    Persons,
    Messages,
    Currency,
    TimeMeasurement,
    CurrentDate,
    CurrentTime,
    CurrentDateTime,
    TelephoneNumber,
    TelephoneExtension,
    Url,
    IpAddress,
    EmailAddress,
    PostalAddress,
    AccountNumber,
    NameSpelled,
    NamePhonetic,
    ShortDateTime,
}

/// How a value is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SayMethod {
    NotApplicable,
    Pronounced,
    Iterated,
    Counted,
    PronouncedYear,
}

/// The grammatical gender of what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum SayGender {
    Masculine,
    Feminine,
    #[default]
    Neuter,
}

const TYPES: &[(&str, SayType)] = &[
    ("NUMBER", SayType::Number),
    ("ITEMS", SayType::Items),
    ("PERSONS", SayType::Persons),
    ("MESSAGES", SayType::Messages),
    ("CURRENCY", SayType::Currency),
    ("TIME_MEASUREMENT", SayType::TimeMeasurement),
    ("CURRENT_DATE", SayType::CurrentDate),
    ("CURRENT_TIME", SayType::CurrentTime),
    ("CURRENT_DATE_TIME", SayType::CurrentDateTime),
    ("TELEPHONE_NUMBER", SayType::TelephoneNumber),
    ("TELEPHONE_EXTENSION", SayType::TelephoneExtension),
    ("URL", SayType::Url),
    ("IP_ADDRESS", SayType::IpAddress),
    ("EMAIL_ADDRESS", SayType::EmailAddress),
    ("POSTAL_ADDRESS", SayType::PostalAddress),
    ("ACCOUNT_NUMBER", SayType::AccountNumber),
    ("NAME_SPELLED", SayType::NameSpelled),
    ("NAME_PHONETIC", SayType::NamePhonetic),
    ("SHORT_DATE_TIME", SayType::ShortDateTime),
];

const METHODS: &[(&str, SayMethod)] = &[
    ("N/A", SayMethod::NotApplicable),
    ("PRONOUNCED", SayMethod::Pronounced),
    ("ITERATED", SayMethod::Iterated),
    ("COUNTED", SayMethod::Counted),
    ("PRONOUNCED_YEAR", SayMethod::PronouncedYear),
];

const GENDERS: &[(&str, SayGender)] = &[
    ("MASCULINE", SayGender::Masculine),
    ("FEMININE", SayGender::Feminine),
    ("NEUTER", SayGender::Neuter),
];

fn named<T: Copy>(table: &[(&str, T)], text: &str) -> Option<T> {
    table
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text.trim()))
        .map(|(_, value)| *value)
}

impl SayType {
    /// The type of that name, without case.
    pub fn from_name(text: &str) -> Option<SayType> {
        named(TYPES, text)
    }
}

impl SayMethod {
    /// The method of that name, without case.
    pub fn from_name(text: &str) -> Option<SayMethod> {
        named(METHODS, text)
    }
}

impl SayGender {
    /// The gender of that name, without case.
    pub fn from_name(text: &str) -> Option<SayGender> {
        named(GENDERS, text)
    }
}

impl Argument for SayType {
    const KIND: &'static str = "type";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        SayType::from_name(text.as_str())
            .ok_or_else(|| format!("{text} is no type that can be said"))
    }
}

impl Argument for SayMethod {
    const KIND: &'static str = "method";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        SayMethod::from_name(text.as_str())
            .ok_or_else(|| format!("{text} is no way of saying a value"))
    }
}

impl Argument for SayGender {
    const KIND: &'static str = "gender";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        SayGender::from_name(text.as_str()).ok_or_else(|| format!("{text} is no gender"))
    }
}

/// A value to be spoken.
#[derive(Clone)]
pub struct SayRequest<'a> {
    /// Kind of value.
    pub kind: SayType,
    /// How.
    pub method: SayMethod,
    /// Gender of what is counted.
    pub gender: SayGender,
    /// The value.
    pub text: &'a str,
    /// What time it is for the caller (spoken dates are relative to it).
    pub now: LocalTime,
    /// The same clock for a given epoch second.
    pub local: &'a dyn Fn(i64) -> LocalTime,
}

/// A language in which values can be spoken.
pub trait Speaker: Send + Sync + 'static {
    /// `en`, `de`, …
    fn language(&self) -> &'static str;

    /// The sounds that say the value, in order: names such as `digits/5.wav`, or `silence_stream://100`.
    fn say(&self, request: &SayRequest<'_>) -> Result<Vec<String>, String>;
}

/// The languages of one switch.
#[derive(Default)]
pub struct Speakers {
    by_language: BTreeMap<&'static str, Arc<dyn Speaker>>,
}

impl Speakers {
    /// Adds a language.
    pub fn add(&mut self, speaker: Arc<dyn Speaker>) {
        self.by_language.insert(speaker.language(), speaker);
    }

    /// The names of the languages.
    pub fn languages(&self) -> impl Iterator<Item = &'static str> {
        self.by_language.keys().copied()
    }

    /// The language of that name (`en`, also `en-us`).
    pub fn find(&self, language: &str) -> Option<&Arc<dyn Speaker>> {
        let language = language.to_ascii_lowercase();
        self.by_language.get(language.as_str()).or_else(|| {
            self.by_language
                .get(language.split(['-', '_']).next().unwrap_or_default())
        })
    }
}
