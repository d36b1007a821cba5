//! Hunting offline: a fixed time, given variables and networks, functions answered from a list.
//!
//! What was asked and not answered is empty, and is said in the trace: an explanation must not look more certain than it
//! is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};
use strowger_model::{
    BoxFuture, Dialplan, Expanded, Hunt, HuntCall, HuntEnv, TraceStep, Vocabulary, Zone,
};

/// Most notes that are kept of one simulation.
const NOTE_LIMIT: usize = 100;

/// An environment whose answers are all given beforehand.
pub struct Simulation<'a> {
    vocabulary: &'a dyn Vocabulary,
    now: DateTime<Utc>,
    zone: Zone,
    globals: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
    networks: BTreeMap<String, Vec<(IpAddr, u8)>>,
    notes: Mutex<Vec<String>>,
}

impl<'a> Simulation<'a> {
    /// A simulation at a moment, in UTC.
    pub fn new(vocabulary: &'a dyn Vocabulary, now: DateTime<Utc>) -> Simulation<'a> {
        Simulation {
            vocabulary,
            now,
            zone: Zone::fixed(0),
            globals: BTreeMap::new(),
            functions: BTreeMap::new(),
            networks: BTreeMap::new(),
            notes: Mutex::new(Vec::new()),
        }
    }

    /// The system's zone.
    #[must_use]
    pub fn with_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// A global variable.
    #[must_use]
    pub fn with_global(mut self, name: &str, value: &str) -> Self {
        self.globals
            .insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    /// A function's answer, for all arguments (`hash`) or for certain ones (`hash(select/a/b)`).
    #[must_use]
    pub fn with_function(mut self, call: &str, answer: &str) -> Self {
        self.functions.insert(call.to_owned(), answer.to_owned());
        self
    }

    /// A network of an access list: an address, or address/prefix.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn with_network(mut self, list: &str, network: &str) -> Result<Self, String> {
        let parsed = parse_network(network).ok_or_else(|| {
            format!(
                "`{network}` is not an address such as 10.0.0.1 or a network such as 10.0.0.0/8"
            )
        })?;
        self.networks
            .entry(list.to_owned())
            .or_default()
            .push(parsed);
        Ok(self)
    }

    /// What was asked without an answer, once each.
    pub fn notes(&self) -> Vec<String> {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Hunts, and adds what could not be answered to the trace. Every answer is there at once, so nothing waits.
    pub fn run(&self, dialplan: &dyn Dialplan, call: &HuntCall) -> Hunt {
        let mut future = pin!(dialplan.hunt(call, self));
        let mut context = Context::from_waker(Waker::noop());
        let mut hunt = loop {
            if let Poll::Ready(hunt) = future.as_mut().poll(&mut context) {
                break hunt;
            }
        };
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = notes
            .drain(..)
            .map(|text| TraceStep::Note { source: None, text });
        hunt.trace.steps.extend(steps);
        hunt
    }

    fn note(&self, text: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < NOTE_LIMIT && !notes.contains(&text) {
            notes.push(text);
        }
    }
}

impl HuntEnv for Simulation<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn zone(&self, name: Option<&str>) -> Option<Zone> {
        match name {
            None => Some(self.zone.clone()),
            Some(name) => Zone::named(name),
        }
    }

    fn in_acl(&self, list: &str, address: IpAddr) -> bool {
        if let Some(networks) = self.networks.get(list) {
            return networks.iter().any(|network| contains(*network, address));
        }
        if let Some(network) = parse_network(list) {
            return contains(network, address);
        }
        self.note(format!(
            "the access list {list} is not known here: no address is in it"
        ));
        false
    }

    fn global(&self, name: &str) -> Option<String> {
        self.globals.get(&name.to_ascii_lowercase()).cloned()
    }

    fn function<'a>(
        &'a self,
        name: &'a str,
        arguments: Expanded,
    ) -> BoxFuture<'a, Option<Expanded>> {
        Box::pin(async move {
            let whole = format!("{name}({arguments})");
            let answer = self
                .functions
                .get(&whole)
                .or_else(|| self.functions.get(name));
            if answer.is_none() {
                self.note(format!(
                    "${{{whole}}} has no answer here: it was taken as empty"
                ));
            }
            Some(Expanded::trusted(answer.cloned().unwrap_or_default()))
        })
    }

    fn vocabulary(&self) -> &dyn Vocabulary {
        self.vocabulary
    }
}

/// The moment a person means by `2026-11-22 22:15[:00]`, `22:15` (today) or `Sun 22:15` (today or the next such day),
/// in a zone.
///
/// # Errors
///
/// When it is none of these, or a date that does not exist.
pub fn moment(text: &str, zone: &Zone, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let wrong = || format!("`{text}` is not a time: write 2026-11-22 22:15, 22:15 or Sun 22:15");
    if let Ok(exact) = DateTime::parse_from_rfc3339(text.trim()) {
        return Ok(exact.with_timezone(&Utc));
    }
    let (day, clock) = match text.trim().rsplit_once(' ') {
        Some((day, clock)) => (Some(day.trim()), clock),
        None => (None, text.trim()),
    };
    let numbers = |text: &str, separator: char| -> Option<Vec<u32>> {
        text.split(separator)
            .map(|part| part.parse().ok())
            .collect()
    };
    let clock = numbers(clock, ':').ok_or_else(wrong)?;
    let (hour, minute, second) = match clock.as_slice() {
        [hour, minute] => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return Err(wrong()),
    };
    let today = zone.to_local(now);
    let (year, month, day) = match day {
        None => (today.year, today.month, today.day),
        Some(name) if name.chars().all(char::is_alphabetic) => {
            let name = name.to_lowercase();
            let short = name.get(..3).unwrap_or_default();
            let wanted = DAYS
                .iter()
                .position(|day| *day == short)
                .ok_or_else(wrong)?;
            let ahead = (wanted as u64 + 7 - u64::from(today.weekday)) % 7;
            let then = now
                .checked_add_days(chrono::Days::new(ahead))
                .ok_or_else(wrong)?;
            let then = zone.to_local(then);
            (then.year, then.month, then.day)
        }
        Some(date) => match numbers(date, '-').as_deref() {
            Some([year, month, day]) => (i32::try_from(*year).map_err(|_| wrong())?, *month, *day),
            _ => return Err(wrong()),
        },
    };
    zone.from_local(year, month, day, hour, minute, second)
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(wrong)
}

fn parse_network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits
            .trim()
            .parse::<u8>()
            .ok()
            .filter(|bits| *bits <= most)?,
        None => most,
    };
    Some((address, bits))
}

fn contains((network, bits): (IpAddr, u8), address: IpAddr) -> bool {
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}
