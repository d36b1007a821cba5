//! English numbers, amounts of money and addresses, as names of sounds.

use strowger_core::sound::SayMethod;

/// Most digits of a number that is spoken.
const MOST_DIGITS: usize = 9;

/// `digits/N.wav` of a number that is one sound.
pub(super) fn digit(n: impl std::fmt::Display) -> String {
    format!("digits/{n}.wav")
}

/// A word among the digits.
pub(super) fn word(name: &str) -> String {
    format!("digits/{name}.wav")
}

/// A number as text: commas do not count.
pub(super) fn number(text: &str, method: SayMethod) -> Result<Vec<String>, String> {
    let digits: String = text.trim().chars().filter(|&c| c != ',').collect();
    if digits.is_empty()
        || digits.len() > MOST_DIGITS
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(format!(
            "`{text}` is not a number of at most {MOST_DIGITS} digits"
        ));
    }
    if method == SayMethod::Iterated {
        return Ok(digits.chars().map(digit).collect());
    }
    let value = digits
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    Ok(if method == SayMethod::PronouncedYear {
        year(value)
    } else {
        whole(value, method)
    })
}

/// A number in words.
pub(super) fn whole(value: u32, method: SayMethod) -> Vec<String> {
    if value == 0 {
        return vec![digit(0)];
    }
    let mut sounds = Vec::new();
    let (millions, thousands) = (value / 1_000_000, value / 1_000 % 1_000);
    for (group, name) in [(millions, "million"), (thousands, "thousand")] {
        if group > 0 {
            hundreds(group, SayMethod::Pronounced, &mut sounds);
            sounds.push(word(name));
        }
    }
    hundreds(value % 1_000, method, &mut sounds);
    sounds
}

/// A number below a thousand; counted, its last part is an ordinal where there is one.
fn hundreds(value: u32, method: SayMethod, sounds: &mut Vec<String>) {
    let counted = method == SayMethod::Counted;
    let (hundred, tens, unit) = (value / 100, value / 10 % 10, value % 10);
    if hundred > 0 {
        sounds.push(digit(hundred));
        sounds.push(word("hundred"));
    }
    match tens {
        0 => {}
        // The teens have no ordinals.
        1 => {
            sounds.push(digit(10 + unit));
            return;
        }
        _ if unit == 0 && counted => sounds.push(format!("digits/h-{}.wav", tens * 10)),
        _ => sounds.push(digit(tens * 10)),
    }
    if unit > 0 {
        sounds.push(if counted {
            format!("digits/h-{unit}.wav")
        } else {
            digit(unit)
        });
    }
}

/// A year: in two pairs, except round ones (1900) and the first of a millennium's hundred (2005).
pub(super) fn year(value: u32) -> Vec<String> {
    let (first, second) = (value / 100, value % 100);
    if second == 0 || (first % 10 == 0 && second < 10) {
        return whole(value, SayMethod::Pronounced);
    }
    let mut sounds = whole(first, SayMethod::Pronounced);
    sounds.extend(whole(second, SayMethod::Pronounced));
    sounds
}

/// Dollars and cents.
pub(super) fn currency(text: &str, method: SayMethod) -> Result<Vec<String>, String> {
    let wrong = || format!("`{text}` is not an amount of money");
    let kept: String = text
        .trim()
        .chars()
        .filter(|&c| c != ',' && c != '$')
        .collect();
    let (negative, amount) = match kept.strip_prefix('-') {
        Some(amount) => (true, amount),
        None => (false, kept.strip_prefix('+').unwrap_or(&kept)),
    };
    let (dollars, cents) = match amount.split_once('.') {
        Some((dollars, cents)) => (dollars, Some(cents)),
        None => (amount, None),
    };
    let dollars = if dollars.is_empty() && cents.is_some() {
        "0"
    } else {
        dollars
    };
    let mut sounds = Vec::new();
    if negative {
        sounds.push("currency/negative.wav".to_owned());
    }
    sounds.extend(number(dollars, method).map_err(|_| wrong())?);
    let one = dollars.trim_start_matches('0') == "1";
    sounds.push(format!("currency/dollar{}.wav", if one { "" } else { "s" }));
    if let Some(cents) = cents {
        // Two digits: `.5` is fifty cents, and what follows the second digit is less than a cent.
        let cents: String = cents.chars().chain("00".chars()).take(2).collect();
        let value: u32 = cents.parse().map_err(|_| wrong())?;
        sounds.push("currency/and.wav".to_owned());
        sounds.extend(number(&value.to_string(), method)?);
        sounds.push(format!(
            "currency/cent{}.wav",
            if value == 1 { "" } else { "s" }
        ));
    }
    Ok(sounds)
}

/// An IPv4 address, octet by octet, or digit by digit.
pub(super) fn address(text: &str, method: SayMethod) -> Result<Vec<String>, String> {
    let address: std::net::Ipv4Addr = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not an IPv4 address"))?;
    let method = if method == SayMethod::Iterated {
        SayMethod::Iterated
    } else {
        SayMethod::Pronounced
    };
    let mut sounds = Vec::new();
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            sounds.push(word("dot"));
        }
        sounds.extend(number(&octet.to_string(), method)?);
    }
    Ok(sounds)
}
