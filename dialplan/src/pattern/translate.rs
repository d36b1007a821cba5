//! PCRE syntax -> the syntax of `regex` and `fancy-regex`, with PCRE's meaning.
//!
//! The engines differ from PCRE in places that real dialplans touch: `\Q..\E` is unknown to them, `\d` means every
//! script's digits, `\<` is a word boundary, `a++` is a repeated repetition, `{` alone and `[` inside a class are
//! syntax. Characters from the network become escaped literals in every state, so they cannot end a quote or a class.

use super::Tagged;

/// A pattern the engines understand.
#[derive(Debug, PartialEq)]
pub(super) struct Translated {
    /// The pattern.
    pub text: String,
    /// Whether only the backtracking engine can run it.
    pub backtracking: bool,
    /// Capture groups, without the whole match.
    pub groups: usize,
}

struct Translator<'a> {
    input: &'a [Tagged],
    at: usize,
    out: String,
    backtracking: bool,
    groups: usize,
}

/// Translates a pattern, or says which construct is not known.
pub(super) fn translate(input: &[Tagged]) -> Result<Translated, String> {
    let mut translator = Translator {
        input,
        at: 0,
        out: String::with_capacity(input.len() + 8),
        backtracking: false,
        groups: 0,
    };
    while let Some((character, network)) = translator.next() {
        if network {
            translator.literal(character);
            continue;
        }
        match character {
            '\\' => translator.escape()?,
            '[' => translator.class()?,
            '(' => translator.group()?,
            '{' => translator.brace(),
            '*' | '+' | '?' => {
                translator.out.push(character);
                translator.after_quantifier();
            }
            other => translator.out.push(other),
        }
    }
    Ok(Translated {
        text: translator.out,
        backtracking: translator.backtracking,
        groups: translator.groups,
    })
}

impl Translator<'_> {
    fn next(&mut self) -> Option<Tagged> {
        let tag = self.input.get(self.at).copied();
        self.at += usize::from(tag.is_some());
        tag
    }

    /// The character at a distance, if the configuration wrote it.
    fn peek(&self, distance: usize) -> Option<char> {
        match self.input.get(self.at + distance) {
            Some((character, false)) => Some(*character),
            _ => None,
        }
    }

    fn literal(&mut self, character: char) {
        if "\\.+*?()|[]{}^$#&-~".contains(character) {
            self.out.push('\\');
        }
        self.out.push(character);
    }

    /// `?` makes a quantifier lazy; `+` makes it possessive, which `regex` would read as another repetition.
    fn after_quantifier(&mut self) {
        match self.peek(0) {
            Some('?') => {
                self.out.push('?');
                self.at += 1;
            }
            Some('+') => {
                self.out.push('+');
                self.backtracking = true;
                self.at += 1;
            }
            _ => {}
        }
    }

    /// `{2}`, `{2,}`, `{2,3}` are quantifiers; any other `{` is a plain character in PCRE.
    fn brace(&mut self) {
        let mut text = String::from("{");
        let mut distance = 0;
        let mut commas = 0;
        loop {
            match self.peek(distance) {
                Some(digit) if digit.is_ascii_digit() => text.push(digit),
                Some(',') if commas == 0 && distance > 0 => {
                    commas = 1;
                    text.push(',');
                }
                Some('}') if distance > 0 => break,
                _ => return self.out.push_str("\\{"),
            }
            distance += 1;
        }
        text.push('}');
        self.at += distance + 1;
        self.out.push_str(&text);
        self.after_quantifier();
    }

    fn quote(&mut self) {
        while let Some((character, network)) = self.next() {
            if !network && character == '\\' && self.peek(0) == Some('E') {
                self.at += 1;
                return;
            }
            self.literal(character);
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some((character, network)) = self.next() else {
            return Err(
                "the expression ends in a single \\: write \\\\ for a backslash".to_owned(),
            );
        };
        if network || !character.is_ascii_alphanumeric() {
            self.literal(character);
            return Ok(());
        }
        match character {
            'Q' => self.quote(),
            'E' => {}
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            's' => self.out.push_str("[\\t\\n\\x0B\\x0C\\r\\x20]"),
            'S' => self.out.push_str("[^\\t\\n\\x0B\\x0C\\r\\x20]"),
            'h' => self.out.push_str("[\\t\\x20]"),
            'H' => self.out.push_str("[^\\t\\x20]"),
            'v' => self.out.push_str("[\\n\\x0B\\x0C\\r]"),
            'V' => self.out.push_str("[^\\n\\x0B\\x0C\\r]"),
            'R' => self.out.push_str("(?:\\r\\n|[\\n\\x0B\\x0C\\r])"),
            'N' => self.out.push_str("[^\\n]"),
            'Z' | 'z' => self.out.push_str("\\z"),
            'e' => self.out.push_str("\\x1B"),
            '0' => self.octal(),
            '1'..='9' | 'k' | 'g' | 'G' | 'K' => {
                self.backtracking = true;
                self.out.push('\\');
                self.out.push(character);
            }
            'A' | 'b' | 'B' | 'n' | 'r' | 't' | 'f' | 'a' | 'x' | 'p' | 'P' => {
                self.out.push('\\');
                self.out.push(character);
            }
            other => return Err(format!("\\{other} is not supported in an expression")),
        }
        Ok(())
    }

    fn octal(&mut self) {
        let mut value = 0_u32;
        for _ in 0..2 {
            match self.peek(0).and_then(|character| character.to_digit(8)) {
                Some(digit) => {
                    value = value * 8 + digit;
                    self.at += 1;
                }
                None => break,
            }
        }
        self.out.push_str(&format!("\\x{{{value:X}}}"));
    }

    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.out.push('^');
            self.at += 1;
        }
        if self.peek(0) == Some(']') {
            self.out.push_str("\\]");
            self.at += 1;
        }
        while let Some((character, network)) = self.next() {
            if network {
                self.literal(character);
                continue;
            }
            match character {
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.peek(0) == Some(':') => self.posix_class(),
                '\\' => self.class_escape()?,
                '[' | '&' | '~' | '#' => self.literal(character),
                '-' if self.out.ends_with('-') => self.literal(character),
                other => self.out.push(other),
            }
        }
        Err("the character class [ is never closed".to_owned())
    }

    fn posix_class(&mut self) {
        let rest = &self.input[self.at..];
        let name: String = rest
            .iter()
            .skip(1)
            .take_while(|(character, network)| {
                !network && (character.is_ascii_lowercase() || *character == '^')
            })
            .map(|(character, _)| *character)
            .collect();
        let end = 1 + name.len();
        if rest.get(end) == Some(&(':', false)) && rest.get(end + 1) == Some(&(']', false)) {
            self.out.push_str(&format!("[:{name}:]"));
            self.at += end + 2;
        } else {
            self.literal('[');
        }
    }

    fn class_escape(&mut self) -> Result<(), String> {
        let Some((character, network)) = self.next() else {
            return Err("the character class [ is never closed".to_owned());
        };
        if network || !character.is_ascii_alphanumeric() {
            self.literal(character);
            return Ok(());
        }
        match character {
            'Q' => self.quote(),
            'E' => {}
            'd' => self.out.push_str("0-9"),
            'w' => self.out.push_str("0-9A-Za-z_"),
            's' => self.out.push_str("\\t\\n\\x0B\\x0C\\r\\x20"),
            'h' => self.out.push_str("\\t\\x20"),
            'D' => self.out.push_str("[^0-9]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'S' => self.out.push_str("[^\\t\\n\\x0B\\x0C\\r\\x20]"),
            'b' => self.out.push_str("\\x08"),
            'e' => self.out.push_str("\\x1B"),
            '0' => self.octal(),
            'n' | 'r' | 't' | 'f' | 'v' | 'a' | 'x' | 'p' | 'P' => {
                self.out.push('\\');
                self.out.push(character);
            }
            other => return Err(format!("\\{other} is not supported in a character class")),
        }
        Ok(())
    }

    fn group(&mut self) -> Result<(), String> {
        match (self.peek(0), self.peek(1), self.peek(2)) {
            (Some('*'), _, _) => Err("(*VERB) constructs are not supported".to_owned()),
            (Some('?'), Some('#'), _) => {
                for (character, network) in self.input[self.at..].iter().copied() {
                    self.at += 1;
                    if !network && character == ')' {
                        return Ok(());
                    }
                }
                Err("the comment (?# is never closed".to_owned())
            }
            (Some('?'), Some('|'), _) => {
                Err("the branch reset (?| is not supported: number the groups".to_owned())
            }
            (Some('?'), Some('\''), _) => {
                self.groups += 1;
                self.at += 2;
                self.out.push_str("(?<");
                while let Some((character, _)) = self.next() {
                    if character == '\'' {
                        self.out.push('>');
                        return Ok(());
                    }
                    self.out.push(character);
                }
                Err("the group name (?' is never closed".to_owned())
            }
            (Some('?'), Some('<'), Some('=' | '!')) => self.special(3),
            (Some('?'), Some('<'), _) => {
                self.groups += 1;
                self.copy(2);
                Ok(())
            }
            (Some('?'), Some('P'), Some('<')) => {
                self.groups += 1;
                self.copy(3);
                Ok(())
            }
            (Some('?'), Some('=' | '!' | '>' | '(' | 'P' | 'R' | '&' | '0'..='9' | '+'), _) => {
                // A condition's parenthesis `(?(1)` is no group of its own.
                let taken = if self.peek(1) == Some('(') { 2 } else { 1 };
                self.special(taken)
            }
            (Some('?'), _, _) => {
                self.copy(1);
                Ok(())
            }
            _ => {
                self.groups += 1;
                self.out.push('(');
                Ok(())
            }
        }
    }

    fn special(&mut self, taken: usize) -> Result<(), String> {
        self.backtracking = true;
        self.copy(taken);
        Ok(())
    }

    /// Writes `(` and the next characters as they are.
    fn copy(&mut self, count: usize) {
        self.out.push('(');
        for (character, _) in self.input[self.at..].iter().take(count) {
            self.out.push(*character);
        }
        self.at = (self.at + count).min(self.input.len());
    }
}
