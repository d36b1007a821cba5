//! `regex`: match a text, or make another of what matched.

use super::text::fields;
use strowger_core::CommandCall;
use strowger_model::Expanded;

/// Matches with the dialplan's own engine, so that both agree on what an expression means.
pub async fn regex(call: CommandCall<'_>) -> String {
    let switch = call.switch;
    answer(&call.arguments, |pattern, subject| {
        switch.find_pattern(pattern, subject)
    })
}

fn answer(arguments: &Expanded, find: impl Fn(&str, &Expanded) -> Option<Vec<Expanded>>) -> String {
    let fields = fields(arguments);
    let [data, pattern, rest @ ..] = fields.as_slice() else {
        return "-ERR".to_owned();
    };
    let data = data.trim();
    let found = find(&grouped(pattern.as_str()), &data);
    let Some(substitution) = rest.first() else {
        return found.is_some().to_string();
    };
    match (found, rest.get(1).map(Expanded::as_str)) {
        (Some(captures), _) => substitute(substitution.as_str(), &captures),
        (None, Some("n")) => String::new(),
        (None, Some("b")) => "false".to_owned(),
        (None, _) => data.into_string(),
    }
}

/// A plain expression in a group of its own, so that `%0` exists even where it captures nothing.
fn grouped(pattern: &str) -> String {
    if pattern.starts_with(['/', '_']) {
        pattern.to_owned()
    } else {
        format!("(?:{pattern})")
    }
}

/// `%0`–`%9` (or `$0`–`$9`) become what was captured.
fn substitute(template: &str, captures: &[Expanded]) -> String {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        let number = match c {
            '%' | '$' => chars.peek().and_then(|digit| digit.to_digit(10)),
            _ => None,
        };
        match number {
            Some(number) => {
                chars.next();
                if let Some(capture) = captures.get(number as usize) {
                    out.push_str(capture.as_str());
                }
            }
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds `(?:(\d)x)` only: enough to see what is asked and answered.
    fn find(pattern: &str, subject: &Expanded) -> Option<Vec<Expanded>> {
        assert_eq!(pattern, r"(?:(\d)x)");
        let at = subject.as_str().find('x')?.checked_sub(1)?;
        Some(vec![subject.slice(at..at + 2), subject.slice(at..at + 1)])
    }

    fn ask(text: &str) -> String {
        answer(&Expanded::trusted(text), find)
    }

    #[test]
    fn matching_and_substituting() {
        assert_eq!(ask(r"a5x|(\d)x"), "true");
        assert_eq!(ask(r"nothing|(\d)x"), "false");
        assert_eq!(ask(r"a5x|(\d)x|[%1-%0-$1%9]"), "[5-5x-5]");
        assert_eq!(ask(r"nothing|(\d)x|%1"), "nothing");
        assert_eq!(ask(r"nothing|(\d)x|%1|n"), "");
        assert_eq!(ask(r"nothing|(\d)x|%1|b"), "false");
        assert_eq!(ask(r"m:~a5x~(\d)x~%1"), "5");
        assert_eq!(ask("alone"), "-ERR");
    }
}
