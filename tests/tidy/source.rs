//! Rust source as the rules want it: without tests, comments and the contents of texts.

/// Whether a file holds tests, benches or an example rather than the product.
pub fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || path.ends_with("/tests.rs")
        || ["/tests/", "/benches/", "/examples/"]
            .iter()
            .any(|folder| path.contains(folder))
}

/// The code of a file with every comment and every text blanked, line by line; unit tests inside it are cut off.
pub fn code(text: &str) -> Vec<String> {
    let blank = blank(text);
    let lines: Vec<&str> = blank.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        pair[0].trim() == "#[cfg(test)]"
            && pair[1].trim_start().starts_with("mod ")
            && pair[1].contains('{')
    });
    lines[..tests.unwrap_or(lines.len())]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

/// Replaces comments and the insides of texts by spaces; ends of lines stay.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = literal(rest, &out);
        if skip == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(
                rest[..skip]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[skip..];
        }
    }
    out
}

/// How many octets at the beginning of `rest` are a comment or a literal text.
fn literal(rest: &str, before: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |at| at + 2);
    }
    let inside_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if rest.starts_with('"') {
        return quoted(rest, 1);
    }
    if !inside_word && (rest.starts_with("b\"") || rest.starts_with("c\"")) {
        return quoted(rest, 2);
    }
    if !inside_word && let Some(skip) = raw(rest) {
        return skip;
    }
    character(rest)
}

/// A text in quotes that begins at `from`.
fn quoted(rest: &str, from: usize) -> usize {
    let mut escaped = false;
    for (at, c) in rest[from..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return from + at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A raw text, `r"…"`, `r#"…"#`, `br"…"`.
fn raw(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = rest.len() - body.len();
    Some(
        body.find(&end)
            .map_or(rest.len(), |at| begin + at + end.len()),
    )
}

/// A character in quotes; a lifetime is none.
fn character(rest: &str) -> usize {
    let Some(body) = rest.strip_prefix('\'') else {
        return 0;
    };
    let length = match body.strip_prefix('\\') {
        Some(escape) => escape.find('\'').map(|at| {
            // An escaped quote ends at the next one.
            if at == 0 { 2 } else { at + 1 }
        }),
        None => body
            .chars()
            .next()
            .map(char::len_utf8)
            .filter(|length| body[*length..].starts_with('\'')),
    };
    length.map_or(0, |length| length + 2)
}

/// Whether `word` stands in `line` by itself, not as a part of a longer name.
pub fn mentions(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = word.starts_with(part) && line[..at].ends_with(part);
        let after = word.ends_with(part) && line[at + word.len()..].starts_with(part);
        !before && !after
    })
}

#[test]
fn comments_and_texts_are_blanked() {
    let text =
        "a(\"x // \\\" y\"); // c\nlet c = '\"'; let l: &'static str = r#\"a\"b\"#; /* d\n */ z";
    let code = code(text);
    assert_eq!(code.len(), 3);
    assert!(!code[0].contains('x') && !code[0].contains('c') && code[0].starts_with("a("));
    assert!(code[1].contains("&'static str") && !code[1].contains("a\"b"));
    assert_eq!(code[2].trim(), "z");
    assert!(super::source::code("x\n#[cfg(test)]\nmod tests {\n unwrap()").len() == 1);
}

#[test]
fn a_word_is_no_part_of_another() {
    assert!(mentions("use std::net::UdpSocket;", "UdpSocket"));
    assert!(!mentions("my_rand::x()", "rand::"));
    assert!(mentions("rand::x()", "rand::"));
}
