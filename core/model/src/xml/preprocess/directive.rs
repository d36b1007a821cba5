//! The commands of the preprocessor: set, include, exec, exec-set, env-set, stun-set.

use super::Preprocessor;
use crate::{diagnostics::Source, xml::position::LocatedText};

impl Preprocessor<'_> {
    /// `<X-PRE-PROCESS cmd="…" data="…"/>`; `at` is the place of its name.
    pub(super) fn tag(&mut self, line: &LocatedText, at: usize) {
        let source = line.source(at.saturating_sub(1));
        let text = &line.as_str()[at..];
        let read = || {
            let (command, rest) = quoted(text, "cmd=\"")?;
            let (data, _) = quoted(rest, "data=\"")?;
            Some((command, data))
        };
        match read() {
            Some((command, data)) => self.run(command, data, &source, true),
            None => {
                let why = "it needs cmd=\"…\" and then data=\"…\", both in double quotes";
                let advice = "write it as <X-PRE-PROCESS cmd=\"…\" data=\"…\"/>";
                self.report.warning(
                    Some(source),
                    "preprocessor directive does nothing",
                    why,
                    advice,
                );
            }
        }
    }

    /// `<!--#command arguments-->`.
    pub(super) fn old_directive(&mut self, inside: &str, source: &Source) {
        let inside = inside.trim();
        let (command, data) = inside
            .split_once(char::is_whitespace)
            .unwrap_or((inside, ""));
        let data = data.trim();
        let bare = data
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        self.run(command, bare.unwrap_or(data), source, false);
    }

    /// Run one command. An unknown one is a comment in the old form and worth a warning in the new.
    fn run(&mut self, command: &str, data: &str, source: &Source, tag: bool) {
        match command.to_ascii_lowercase().as_str() {
            "set" => {
                if let Some((name, value)) = self.pair(data, source) {
                    self.assign(name, value);
                }
            }
            "include" => self.include(data, source),
            "exec" => match self.host.exec(data) {
                Ok(output) => {
                    self.out
                        .push(&output, &source.file, source.line, source.column, false)
                }
                Err(why) => self.refused(command, data, why, source),
            },
            "exec-set" => {
                if let Some((name, program)) = self.pair(data, source) {
                    match self.host.exec(program) {
                        Ok(output) if output.trim_end().is_empty() => {}
                        Ok(output) => self.assign(name, output.trim_end()),
                        Err(why) => self.refused(command, program, why, source),
                    }
                }
            }
            "env-set" => {
                if let Some((name, value)) = self.pair(data, source) {
                    match value.strip_prefix('$') {
                        Some(variable) => {
                            if let Some(value) = self.host.env(variable) {
                                self.assign(name, &value);
                            }
                        }
                        None => {
                            let what = format!("env-set of `{name}` does nothing");
                            let why = "the value is not $ and the name of an environment variable";
                            self.report.warning(
                                Some(source.clone()),
                                what,
                                why,
                                "write name=$VARIABLE",
                            );
                        }
                    }
                }
            }
            "stun-set" => {
                if let Some((name, server)) = self.pair(data, source) {
                    match self.host.stun(server) {
                        Ok(address) => self.assign(name, &address),
                        Err(why) => {
                            let what = format!("`{name}` stays unset: no address from `{server}`");
                            let advice = "write the address itself, or check the network";
                            self.report.warning(Some(source.clone()), what, why, advice);
                        }
                    }
                }
            }
            _ if tag => {
                let what = format!("unknown preprocessor command `{command}`");
                let why = "known are set, include, exec, exec-set, env-set, stun-set";
                self.report
                    .warning(Some(source.clone()), what, why, "correct or remove it");
            }
            _ => {}
        }
    }

    /// `name=value` with the blanks around the first `=` dropped.
    fn pair<'d>(&mut self, data: &'d str, source: &Source) -> Option<(&'d str, &'d str)> {
        let pair = data
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim_start()));
        if pair.is_none() {
            let what = format!("`{data}` sets nothing");
            self.report.warning(
                Some(source.clone()),
                what,
                "there is no `=`",
                "write name=value",
            );
        }
        pair.filter(|(name, _)| !name.is_empty())
    }

    fn assign(&mut self, name: &str, value: &str) {
        if !self
            .fixed
            .iter()
            .any(|fixed| fixed.eq_ignore_ascii_case(name))
        {
            self.globals.set(name, value);
        }
    }

    fn refused(&mut self, command: &str, program: &str, why: String, source: &Source) {
        let what = format!("{command} of `{program}` failed");
        let advice = "allow commands when starting, or put the result in place of the directive";
        self.report.error(Some(source.clone()), what, why, advice);
    }
}

/// The text between a key that ends with a quote and the next quote, and what follows.
fn quoted<'t>(text: &'t str, key: &str) -> Option<(&'t str, &'t str)> {
    let start = text.to_ascii_lowercase().find(key)? + key.len();
    let end = start + text[start..].find('"')?;
    Some((&text[start..end], &text[end + 1..]))
}
