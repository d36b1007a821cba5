//! What counts as true and as false in configuration and variables.

/// Whether a text says yes: `yes on true t enabled active allow` without case, or a number whose integer part is not 0.
/// Everything else, the empty text included, is not true.
pub fn is_true(text: &str) -> bool {
    const WORDS: [&str; 7] = ["yes", "on", "true", "t", "enabled", "active", "allow"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || number(text).is_some_and(|value| value.trunc() != 0.0)
}

/// Whether a text says no: `no off false f disabled inactive disallow` without case, or a number equal to 0. Used where
/// "said no" differs from "said nothing".
pub fn is_false(text: &str) -> bool {
    const WORDS: [&str; 7] = [
        "no", "off", "false", "f", "disabled", "inactive", "disallow",
    ];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || number(text).is_some_and(|value| value == 0.0)
}

/// A plain decimal number: sign, digits, at most one dot. No exponent, no words such as `inf`.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if digits.is_empty() || !plain {
        None
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        for yes in [
            "yes", "ON", "True", "t", "enabled", "active", "allow", "1", "-1", "2.5",
        ] {
            assert!(is_true(yes) && !is_false(yes), "{yes}");
        }
        for no in [
            "no", "OFF", "False", "f", "disabled", "inactive", "disallow", "0", "0.0",
        ] {
            assert!(is_false(no) && !is_true(no), "{no}");
        }
        for neither in ["", "y", "1x", "nan", "inf", "0.5", "1e3", "-"] {
            assert!(!is_true(neither) && !is_false(neither), "{neither}");
        }
    }
}
