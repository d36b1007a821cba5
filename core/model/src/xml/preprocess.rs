//! The preprocessor: line by line it sets global variables, puts them in for `$${name}`, and includes files.

mod directive;
mod host;

use std::{
    collections::HashSet,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

pub use host::{FileHost, PreprocessHost};

use super::{parse::parse, position::LocatedText, tree::Document};
use crate::{
    diagnostics::{Diagnostics, Source},
    globals::Globals,
};

/// How deep files may include one another.
const MAX_INCLUDE_DEPTH: usize = 16;
/// The largest file that is read, in octets.
const MAX_FILE: usize = 8 << 20;
/// The largest text that may come out, in octets.
const MAX_TOTAL: usize = 64 << 20;

/// Read a configuration: preprocess the root file and all it includes, and parse the result. Errors of all files are
/// reported; the document is there as soon as there is an outermost element, so that more can be said about it.
///
/// `set` does not overwrite the names in `fixed`.
pub fn load(
    root: &Path,
    globals: &mut Globals,
    fixed: &HashSet<String>,
    host: &mut dyn PreprocessHost,
    report: &mut Diagnostics,
) -> Option<Document> {
    let text = preprocess(root, globals, fixed, host, report)?;
    let before = report.errors();
    let root_element = parse(&text, report);
    if root_element.is_none() && report.errors() == before {
        let source = Some(Source::new(root.display().to_string(), 1, 1));
        report.error(
            source,
            "no elements",
            "the file is empty",
            "write <document> … </document>",
        );
    }
    root_element.map(|root| Document { root })
}

/// Preprocess a root file and all it includes, without parsing the result. `None` when the root cannot be read.
pub fn preprocess(
    root: &Path,
    globals: &mut Globals,
    fixed: &HashSet<String>,
    host: &mut dyn PreprocessHost,
    report: &mut Diagnostics,
) -> Option<LocatedText> {
    let base = root.parent().map(normal).unwrap_or_default();
    let mut work = Preprocessor {
        base,
        globals,
        fixed,
        host,
        report,
        out: LocatedText::default(),
        stack: Vec::new(),
        full: false,
    };
    work.file(root, None).then_some(work.out)
}

struct Preprocessor<'w> {
    /// Includes may not leave this directory.
    base: PathBuf,
    globals: &'w mut Globals,
    fixed: &'w HashSet<String>,
    host: &'w mut dyn PreprocessHost,
    report: &'w mut Diagnostics,
    out: LocatedText,
    /// The files being read, the outermost first.
    stack: Vec<PathBuf>,
    /// Whether the size limit was reported.
    full: bool,
}

impl Preprocessor<'_> {
    /// Preprocess one file; `from` is the directive that names it. False when it cannot be read.
    fn file(&mut self, path: &Path, from: Option<&Source>) -> bool {
        let path = normal(path);
        let name: Arc<str> = path.display().to_string().into();
        let place = || {
            from.cloned()
                .or_else(|| Some(Source::new(Arc::clone(&name), 1, 1)))
        };
        if self.stack.contains(&path) {
            let why = "each would include the other without end";
            self.report.error(
                place(),
                format!("`{name}` includes itself"),
                why,
                "remove this include",
            );
            return false;
        }
        if self.stack.len() >= MAX_INCLUDE_DEPTH {
            let what = format!("more than {MAX_INCLUDE_DEPTH} files include one another");
            self.report.error(
                place(),
                what,
                "that is the limit",
                "include from fewer levels",
            );
            return false;
        }
        let octets = match self.host.read(&path) {
            Ok(octets) => octets,
            Err(error) => {
                let what = format!("cannot read `{name}`");
                self.report.error(
                    place(),
                    what,
                    error.to_string(),
                    "check the path and its permissions",
                );
                return false;
            }
        };
        if octets.len() > MAX_FILE {
            let why = format!("it has {} octets, the limit is {MAX_FILE}", octets.len());
            self.report
                .error(place(), format!("`{name}` is too large"), why, "split it");
            return false;
        }
        let text = self.decode(octets, &name);
        self.stack.push(path);
        self.lines(&text, &name);
        self.stack.pop();
        true
    }

    /// UTF-8, or Latin-1 with a warning.
    fn decode(&mut self, octets: Vec<u8>, name: &Arc<str>) -> String {
        let text = String::from_utf8(octets).unwrap_or_else(|error| {
            let octets = error.as_bytes();
            let before = &octets[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
            let source = Source::new(Arc::clone(name), u32::try_from(line).unwrap_or(u32::MAX), 1);
            let why = "it is read as Latin-1";
            self.report.warning(
                Some(source),
                "text that is not UTF-8",
                why,
                "save the file as UTF-8",
            );
            octets.iter().map(|&b| char::from(b)).collect()
        });
        match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }
    }

    fn lines(&mut self, text: &str, name: &Arc<str>) {
        let mut in_comment = false;
        let mut number = 0;
        let mut rest = text;
        while !rest.is_empty() && !self.full {
            number += 1;
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let raw = &rest[..end];
            rest = match &rest[end..] {
                after if after.starts_with("\r\n") => &after[2..],
                after => after.get(1..).unwrap_or_default(),
            };
            let line = self.expand(raw, name, number);
            self.line(&line, name, number, &mut in_comment);
            if self.out.as_str().len() > MAX_TOTAL {
                self.full = true;
                let source = Some(Source::new(Arc::clone(name), number, 1));
                let what = format!("the configuration is longer than {MAX_TOTAL} octets");
                self.report
                    .error(source, what, "that is the limit", "include less");
            }
        }
    }

    /// Put in global variables for `$${name}`.
    fn expand(&mut self, raw: &str, name: &Arc<str>, number: u32) -> LocatedText {
        let mut line = LocatedText::default();
        let column = |at: usize| u32::try_from(raw[..at].chars().count() + 1).unwrap_or(u32::MAX);
        let mut at = 0;
        while let Some(found) = raw[at..].find("$${") {
            let start = at + found;
            line.push(&raw[at..start], name, number, column(at), true);
            match closing_brace(&raw[start + 2..]) {
                Some(end) => {
                    let variable = raw[start + 3..start + 2 + end].trim();
                    let value = self.globals.get(variable).unwrap_or_default();
                    line.push(value, name, number, column(start), false);
                    at = start + 2 + end + 1;
                }
                None => {
                    let source = Some(Source::new(Arc::clone(name), number, column(start)));
                    let why = "it is taken as it stands";
                    self.report
                        .warning(source, "`$${` without `}`", why, "close the brace");
                    line.push("$${", name, number, column(start), true);
                    at = start + 3;
                }
            }
        }
        line.push(&raw[at..], name, number, column(at), true);
        line
    }

    /// Steps 2 to 6 of a line whose variables are put in.
    fn line(&mut self, line: &LocatedText, name: &Arc<str>, number: u32, in_comment: &mut bool) {
        let text = line.as_str();
        if text.contains("<include>") || text.contains("</include>") || text.contains("<?") {
            if !*in_comment {
                self.warn_lost(line);
            }
            return;
        }
        let mut at = 0;
        if *in_comment {
            let Some(end) = text.find("-->") else { return };
            *in_comment = false;
            at = end + 3;
        }
        let lower = text[at..].to_ascii_lowercase();
        if let Some(found) = lower.find("x-pre-process") {
            // Commented out with another first letter (`<XX-PRE-PROCESS`): the line means nothing.
            if text[..at + found].ends_with('<') {
                if text[at..at + found].contains("<!--") {
                    let source = Some(line.source(at + found - 1));
                    let what = "directive in a comment runs all the same";
                    let why = "the preprocessor does not know comments";
                    let advice = "to switch it off, write <XX-PRE-PROCESS or remove it";
                    self.report.warning(source, what, why, advice);
                }
                self.tag(line, at + found);
            }
            return;
        }
        while let Some(found) = text[at..].find("<!--#") {
            self.out.push_part(line, at, at + found);
            let start = at + found + 5;
            let Some(length) = text[start..].find("-->") else {
                *in_comment = true;
                self.out.push("\n", name, number, 1, false);
                return;
            };
            self.old_directive(&text[start..start + length], &line.source(start - 5));
            at = start + length + 3;
        }
        self.out.push_part(line, at, text.len());
        self.out.push("\n", name, number, 1, false);
    }

    /// Warn when a line that is dropped for its `<include>` or `<?` holds something else.
    fn warn_lost(&mut self, line: &LocatedText) {
        let mut rest = line
            .as_str()
            .replace("<include>", "")
            .replace("</include>", "");
        if let Some(start) = rest.find("<?") {
            let end = rest[start..]
                .find("?>")
                .map_or(rest.len(), |length| start + length + 2);
            rest.replace_range(start..end, "");
        }
        let comment = rest.trim().starts_with("<!--") && rest.trim().ends_with("-->");
        if !rest.trim().is_empty() && !comment && rest.contains('<') {
            let source = Some(line.source(0));
            let why = "a line with <include> or <? is dropped whole";
            let advice = "put it on a line of its own";
            self.report
                .warning(source, "elements on this line are lost", why, advice);
        }
    }

    fn include(&mut self, pattern: &str, source: &Source) {
        let pattern = Path::new(pattern);
        let folder = self
            .stack
            .last()
            .and_then(|file| file.parent())
            .unwrap_or(Path::new(""));
        let pattern = normal(&folder.join(pattern));
        if !pattern.starts_with(&self.base) {
            let why = format!(
                "`{}` is outside of `{}`",
                pattern.display(),
                self.base.display()
            );
            let advice = "move the file into the configuration directory";
            self.report.error(
                Some(source.clone()),
                "include leaves the configuration directory",
                why,
                advice,
            );
            return;
        }
        let text = pattern.to_string_lossy();
        let wild = text.contains(['*', '?', '[']);
        let files = self.host.glob(&text);
        if files.is_empty() && !wild {
            let what = format!("`{text}` is not there");
            self.report.warning(
                Some(source.clone()),
                what,
                "nothing is included",
                "check the path",
            );
        }
        for file in files {
            self.file(&file, Some(source));
        }
    }
}

/// The place of the `}` that closes the `{` a text begins with.
fn closing_brace(text: &str) -> Option<usize> {
    let mut level = 0_usize;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => level += 1,
            '}' => level = level.saturating_sub(1),
            _ => {}
        }
        (level == 0).then_some(at)
    })
}

/// A path without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests;
