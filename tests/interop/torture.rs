//! The messages of RFC 4475 and RFC 5118 against the running exchange, over UDP and TCP.

use crate::attacks::assert_answers;
use crate::exchange::Exchange;
use crate::sip_wire::Wire;
use crate::tools;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

/// How long an answer may take before it counts as silence.
const SILENCE: Duration = Duration::from_millis(700);

/// One line of EXPECT.tsv: the reaction that is required.
struct Expected {
    name: String,
    response: bool,
    /// The message is well-formed and only asks for something we may not do: whoever asks may be asked for
    /// the password, or told that there is no such place, before the question is looked at.
    application: bool,
    udp: String,
    never: String,
    tcp: String,
    note: String,
}

fn expectations(folder: &Path) -> Vec<Expected> {
    let text = std::fs::read_to_string(folder.join("EXPECT.tsv")).expect("the list is there");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, _section, kind, class, udp, never, tcp, note] = fields[..] else {
                return None;
            };
            Some(Expected {
                name: name.to_owned(),
                response: kind == "resp",
                application: class == "application",
                udp: udp.to_owned(),
                never: never.to_owned(),
                tcp: tcp.to_owned(),
                note: note.to_owned(),
            })
        })
        .collect()
}

/// Whether a status (None: silence) fits a pattern such as `200|401`, `[1-6]xx!400,416`, `2xx` or `none`.
fn fits(pattern: &str, status: Option<u16>) -> bool {
    let Some(status) = status else {
        return pattern
            .split('|')
            .any(|one| matches!(one, "none" | "any" | "close"));
    };
    let (wanted, without) = pattern.split_once('!').unwrap_or((pattern, ""));
    let one = |text: &str| match text {
        "any" | "[1-6]xx" => true,
        "none" | "-" | "" => false,
        _ => match text.strip_suffix("xx") {
            Some(class) => class.parse() == Ok(status / 100),
            None => text.parse() == Ok(status),
        },
    };
    wanted.split('|').any(one) && !without.split(',').any(one)
}

impl Expected {
    fn fits(&self, pattern: &str, status: Option<u16>) -> bool {
        fits(pattern, status) || (self.application && matches!(status, Some(401 | 403 | 404 | 407)))
    }
}

/// The last status that comes within the time of silence, and how many answers there were.
fn answers(wire: &mut Wire) -> Vec<u16> {
    let mut found = Vec::new();
    while let Some(message) = wire.receive(SILENCE) {
        if let Some(status) = message.status() {
            if status >= 200 {
                found.push(status);
                // A failed INVITE is repeated until it is acknowledged; the first answer is the answer.
                if matches!(wire, Wire::Udp(_)) {
                    break;
                }
            } else if found.is_empty() {
                continue;
            }
        }
    }
    found.dedup();
    found
}

fn judge_udp(exchange: &Exchange, case: &Expected, octets: &[u8]) -> Option<String> {
    let mut wire = Wire::udp(IpAddr::V4(Ipv4Addr::LOCALHOST), exchange.address());
    wire.send(octets);
    let status = answers(&mut wire).first().copied();
    let wrong = if case.response {
        status.is_some()
    } else {
        !case.fits(&case.udp, status)
            || status.is_some_and(|_| fits(&case.never, status) && case.never != "any")
    };
    wrong.then(|| {
        format!(
            "UDP {}: {status:?}, required {} ({})",
            case.name, case.udp, case.note
        )
    })
}

fn judge_tcp(exchange: &Exchange, case: &Expected, octets: &[u8]) -> Option<String> {
    let Ok(mut wire) = Wire::tcp(exchange.address()) else {
        return Some(format!("TCP {}: no connection", case.name));
    };
    wire.send(octets);
    let status = answers(&mut wire).first().copied();
    if status.is_none() && !octets.windows(4).any(|four| four == b"\r\n\r\n") {
        // Without the empty line there is more to come, on a stream.
        return None;
    }
    let fine = match case.tcp.as_str() {
        "-" => true,
        "same" => case.fits(&case.udp, status),
        // An answer or the end of the connection: which of them depends on where the message breaks.
        "wait then close" | "none" => status.is_none_or(|status| status >= 400),
        "two messages" => status.is_some(),
        text if text.starts_with("400") => status.is_none_or(|status| (400..500).contains(&status)),
        pattern => case.fits(pattern, status) || status.is_none(),
    };
    (!fine).then(|| {
        format!(
            "TCP {}: {status:?}, required {} / {} ({})",
            case.name, case.tcp, case.udp, case.note
        )
    })
}

/// The branch of the topmost Via, which names the transaction.
fn branch(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets).to_lowercase();
    let start = text
        .find("branch")
        .map_or(text.len(), |at| at + "branch".len());
    text[start..]
        .trim_start_matches([' ', '\t', '\r', '\n', '='])
        .chars()
        .take_while(|one| !one.is_whitespace() && *one != ';' && *one != ',')
        .collect()
}

/// Splits the cases so that no two of a round share a branch: the second would be a repetition of the first.
fn rounds(folder: &Path, cases: Vec<Expected>) -> Vec<Vec<(Expected, Vec<u8>)>> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut rounds: Vec<Vec<(Expected, Vec<u8>)>> = Vec::new();
    for case in cases {
        let file = folder.join(format!("{}.dat", case.name));
        let octets = std::fs::read(&file).expect("the message is there");
        let count = seen.entry(branch(&octets)).or_default();
        if rounds.len() == *count {
            rounds.push(Vec::new());
        }
        rounds[*count].push((case, octets));
        *count += 1;
    }
    rounds
}

/// One exchange, and all messages of a round; most of the time is waiting for silence, so several wait at once.
fn judge_round(round: &[(Expected, Vec<u8>)]) -> Vec<String> {
    let exchange = Exchange::start();
    std::thread::scope(|scope| {
        let workers: Vec<_> = round
            .chunks(round.len().div_ceil(6))
            .map(|share| {
                let exchange = &exchange;
                scope.spawn(move || {
                    let mut wrong = Vec::new();
                    for (case, octets) in share {
                        wrong.extend(judge_udp(exchange, case, octets));
                        assert_answers(exchange, &case.name);
                        wrong.extend(judge_tcp(exchange, case, octets));
                        assert_answers(exchange, &case.name);
                    }
                    wrong
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("it answers"))
            .collect()
    })
}

fn torture(name: &str) {
    let Some(fixtures) = tools::fixtures() else {
        return;
    };
    let folder = fixtures.join("torture").join(name);
    let cases = expectations(&folder);
    let count = cases.len();
    assert!(count >= 12, "{} has {count} cases", folder.display());
    let wrong: Vec<String> = rounds(&folder, cases)
        .iter()
        .flat_map(|round| judge_round(round))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} messages over UDP and TCP were answered wrongly:\n{}",
        wrong.len(),
        count * 2,
        wrong.join("\n")
    );
}

#[test]
fn rfc4475_messages_are_answered_as_required() {
    torture("rfc4475");
}

#[test]
fn rfc5118_messages_are_answered_as_required() {
    torture("rfc5118");
}

#[test]
fn patterns_of_the_list_are_understood() {
    assert!(fits("[1-6]xx!400,416", Some(404)));
    assert!(!fits("[1-6]xx!400,416", Some(416)));
    assert!(fits("405|501|4xx", Some(420)));
    assert!(fits("none", None));
    assert!(!fits("none", Some(200)));
    assert!(!fits("200|401", None));
}
