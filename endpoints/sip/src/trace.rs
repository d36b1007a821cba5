//! Messages in the log, without the secrets in them.

use std::net::SocketAddr;
use strowger_sip_proto::Transport;

/// Octets shown of one message.
const SHOWN: usize = 8_192;

/// Writes one message to the log.
pub(crate) fn message(
    profile: &str,
    sent: bool,
    transport: Transport,
    peer: SocketAddr,
    octets: &[u8],
) {
    let text = redacted(octets);
    let (what, preposition) = if sent {
        ("send", "to")
    } else {
        ("recv", "from")
    };
    tracing::info!(
        target: "siptrace",
        profile,
        "{what} {} bytes {preposition} {}/[{}]:{}\n{text}",
        octets.len(),
        transport.uri_token(),
        peer.ip(),
        peer.port(),
    );
}

/// The text of a message: digests, passwords in URIs and media keys blotted out, control characters escaped.
pub(crate) fn redacted(octets: &[u8]) -> String {
    let cut = octets.get(..SHOWN).unwrap_or(octets);
    let text = String::from_utf8_lossy(cut);
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let name = line.split(':').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("authorization")
            || name.eq_ignore_ascii_case("proxy-authorization")
        {
            out.extend(name.chars().map(plain));
            out.push_str(": ");
            let value = line.get(name.len()..).unwrap_or_default();
            let value = value.trim_start_matches([':', ' ', '\t']);
            let value = blot(&blot(value, "response="), "cnonce=");
            out.extend(value.chars().map(plain));
        } else if let Some(at) = line.find("inline:") {
            out.extend(line[..at].chars().map(plain));
            out.push_str("inline:***");
        } else {
            out.extend(without_password(line).chars().map(plain));
        }
        out.push('\n');
    }
    if octets.len() > SHOWN {
        out.push_str("…\n");
    }
    out
}

fn plain(c: char) -> char {
    if c.is_control() && c != '\t' {
        '\u{fffd}'
    } else {
        c
    }
}

/// Replaces the value after `key` up to the next comma.
fn blot(text: &str, key: &str) -> String {
    let Some(at) = text.to_ascii_lowercase().find(key) else {
        return text.to_owned();
    };
    let start = at + key.len();
    let end = text[start..]
        .find(',')
        .map_or(text.len(), |end| start + end);
    format!("{}***{}", &text[..start], &text[end..])
}

/// `sip:user:password@host` without the password.
fn without_password(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    for scheme in ["sip:", "sips:"] {
        let Some(at) = lower.find(scheme) else {
            continue;
        };
        let user = at + scheme.len();
        let rest = &line[user..];
        let Some(end) = rest.find(['@', '>', ' ', '"']) else {
            continue;
        };
        if rest[end..].starts_with('@')
            && let Some(colon) = rest[..end].find(':')
        {
            return format!("{}***{}", &line[..user + colon + 1], &line[user + end..]);
        }
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::redacted;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_can_be_shown(
            octets in prop::collection::vec(any::<u8>(), 0..200),
            head in "(Authorization|a=crypto inline:|From: <sip:é:x@|Proxy-Authorization: response=|sips:)?",
        ) {
            let mut message = head.into_bytes();
            message.extend(octets);
            let shown = redacted(&message);
            prop_assert!(shown.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = redacted(
            b"REGISTER sip:a:geheim@b SIP/2.0\r\nAuthorization: Digest username=\"1000\", response=\"abcdef\", uri=\"sip:b\"\r\n\r\na=crypto:1 X inline:KEY\x1b\r\n",
        );
        for secret in ["geheim", "abcdef", "KEY", "\x1b"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("username=\"1000\"") && text.contains("uri=\"sip:b\""));
    }
}
