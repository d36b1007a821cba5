//! Texts spelled character by character.

use super::number::digit;

/// A telephone number: digits, letters and `+`; anything else is a short pause.
pub(super) fn telephone(text: &str) -> Vec<String> {
    text.trim()
        .chars()
        .map(|c| match c {
            '0'..='9' => digit(c),
            '+' | 'a'..='z' | 'A'..='Z' => character("ascii", c),
            _ => "silence_stream://100".to_owned(),
        })
        .collect()
}

/// A name, letter by letter; digits are numbers. Characters that no set of sounds has are left out.
pub(super) fn name(text: &str, directory: &str) -> Vec<String> {
    text.trim()
        .chars()
        .filter(|c| (' '..='~').contains(c))
        .map(|c| match c {
            '0'..='9' => digit(c),
            c => character(directory, c),
        })
        .collect()
}

fn character(directory: &str, c: char) -> String {
    format!("{directory}/{}.wav", u32::from(c.to_ascii_lowercase()))
}
