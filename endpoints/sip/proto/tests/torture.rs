//! The messages of RFC 4475 and RFC 5118, judged at the level of the parser.
//!
//! The expectations follow the fixtures' `EXPECT.tsv`: a message of class `valid` or `application`
//! must be read; one that must be refused must carry a status out of its column, or be silent.

mod fixtures;

use std::collections::HashMap;

use fixtures::{fixtures, read};
use strowger_sip_proto::message::{
    Contacts, Frame, Framer, Host, Limits, Message, ParseError, Request, Scheme, parse_datagram,
};

/// Invalid or odd messages whose fault is not the parser's business: it reads them, and the layers
/// above answer (416, 420, 415, 406, 401, 404) or ignore the header.
const READ_ALL_THE_SAME: [&str; 13] = [
    "baddate",
    "badbranch",
    "unkscm",
    "novelsc",
    "unksm2",
    "bext01",
    "invut",
    "regaut01",
    "bcast",
    "zeromf",
    "cparam01",
    "cparam02",
    "sdp01",
];

struct Expectation {
    name: String,
    kind: String,
    class: String,
    status: String,
    tcp: String,
}

fn expectations(folder: &str) -> Vec<Expectation> {
    let Some(root) = fixtures() else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(root.join(folder).join("EXPECT.tsv"))
        .expect("EXPECT.tsv is part of the fixtures");
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            Expectation {
                name: columns[0].to_owned(),
                kind: columns[2].to_owned(),
                class: columns[3].to_owned(),
                status: columns[4].to_owned(),
                tcp: columns[6].to_owned(),
            }
        })
        .collect()
}

fn parse_file(folder: &str, name: &str) -> Option<Result<Message, ParseError>> {
    Some(parse_datagram(&read(&format!("{folder}/{name}.dat"))?))
}

fn request(name: &str) -> Option<Request> {
    match parse_file("torture/rfc4475", name)?.unwrap_or_else(|error| panic!("{name}: {error}")) {
        Message::Request(request) => Some(request),
        Message::Response(_) => panic!("{name} is no request"),
    }
}

fn judge(folder: &str) -> HashMap<String, String> {
    let mut faults = HashMap::new();
    for expected in expectations(folder) {
        let Some(result) = parse_file(folder, &expected.name) else {
            continue;
        };
        let must_read = expected.class == "valid"
            || expected.class == "cut"
            || expected.class == "compat"
            || READ_ALL_THE_SAME.contains(&expected.name.as_str())
            || expected.name == "regescrt";
        let fault = match (&result, expected.kind.as_str()) {
            (Ok(_), _) if must_read => None,
            (Err(error), _) if must_read => Some(format!("refused: {error}")),
            (Ok(_), _) if expected.class == "either" => None,
            (Ok(_), _) => Some("read although it must be refused".to_owned()),
            (Err(error), "resp") => error
                .reply_to
                .is_some()
                .then(|| "a response was answered".to_owned()),
            (Err(error), _) => {
                let allowed: Vec<&str> = expected.status.split('|').collect();
                let answered = match error.response(None) {
                    Some(_) => error.status.to_string(),
                    None => "none".to_owned(),
                };
                let fits = allowed
                    .iter()
                    .any(|s| *s == answered || (s.starts_with('[') && answered != "none"));
                (!fits).then(|| format!("answered {answered}, wanted {}", expected.status))
            }
        };
        if let Some(fault) = fault {
            faults.insert(expected.name, fault);
        }
    }
    faults
}

#[test]
fn rfc4475_over_udp() {
    assert_eq!(judge("torture/rfc4475"), HashMap::new());
}

#[test]
fn rfc5118_over_udp() {
    assert_eq!(judge("torture/rfc5118"), HashMap::new());
}

/// What the stream yields: messages, then perhaps an error.
fn stream(octets: &[u8], chunk: usize) -> (Vec<Vec<u8>>, Option<u16>, bool) {
    let mut framer = Framer::new(Limits::default());
    let (mut messages, mut error) = (Vec::new(), None);
    for piece in octets.chunks(chunk) {
        framer.push(piece);
        while let Some(item) = framer.next() {
            match item {
                Ok(Frame::Message(message)) => messages.push(message),
                Ok(_) => {}
                Err(refused) => error = Some(refused.0.status),
            }
        }
    }
    (messages, error, framer.is_partial())
}

#[test]
fn torture_over_tcp() {
    for folder in ["torture/rfc4475", "torture/rfc5118"] {
        for expected in expectations(folder) {
            let Some(octets) = read(&format!("{folder}/{}.dat", expected.name)) else {
                continue;
            };
            let whole = stream(&octets, octets.len());
            assert_eq!(
                whole,
                stream(&octets, 1),
                "{}: cutting the stream changes nothing",
                expected.name
            );
            let (messages, error, partial) = whole;
            match expected.tcp.as_str() {
                // What follows the second message is no SIP; the stream ends there.
                "two messages" => {
                    assert_eq!((messages.len(), error), (2, Some(0)), "{}", expected.name)
                }
                "wait then close" => assert!(
                    messages.is_empty() && error.is_none() && partial,
                    "{}",
                    expected.name
                ),
                "400 then close" => {
                    assert_eq!((messages.len(), error), (0, Some(400)), "{}", expected.name)
                }
                "close" => assert_eq!((messages.len(), error), (0, Some(0)), "{}", expected.name),
                // Without a Content-Length a stream cannot be cut; baddn lacks its last empty line.
                "-" => assert_eq!((messages.len(), error), (0, Some(400)), "{}", expected.name),
                _ if expected.name == "baddn" => assert!(messages.is_empty() && partial),
                _ => {
                    // Some of the RFC's bodies are longer than they say; what follows is no SIP.
                    assert_eq!(messages.len(), 1, "{} {error:?}", expected.name);
                    let datagram = parse_datagram(&octets);
                    let framed = parse_datagram(&messages[0]);
                    assert_eq!(
                        datagram.map(|m| m.octets().to_vec()).map_err(|e| e.kind),
                        framed.map(|m| m.octets().to_vec()).map_err(|e| e.kind),
                        "{}",
                        expected.name
                    );
                }
            }
        }
    }
}

#[test]
fn wsinv_reads_through_folding_and_white_space() {
    let Some(request) = request("wsinv") else {
        return;
    };
    let vias = request.vias().unwrap();
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[0].transport, "UDP");
    assert_eq!(vias[0].branch(), Some("390skdjuw"));
    assert_eq!(vias[0].unique_branch(), None);
    assert_eq!(vias[1].host, Host::Name("spindle.example.com".to_owned()));
    assert_eq!(vias[1].unique_branch(), Some("z9hG4bK9ikj8"));
    assert_eq!(vias[2].branch(), Some("z9hG4bK30239"));
    assert_eq!(request.to_tag().as_deref(), Some("1918181833n"));
    let from = request.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(request.max_forwards().unwrap(), Some(68));
    assert_eq!(request.cseq().unwrap().number, 9);
    assert_eq!(request.get("subject"), Some(""));
    assert_eq!(
        request.get("NewFangledHeader"),
        Some("newfangled value continued newfangled value")
    );
    let contacts = request.contacts().unwrap();
    let contact = contacts.first().unwrap();
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.q_thousandths(), 330);
    assert_eq!(request.body().len(), 150);
}

#[test]
fn intmeth_keeps_every_odd_character() {
    let Some(request) = request("intmeth") else {
        return;
    };
    assert_eq!(
        request.method().as_str(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );
    assert_eq!(
        request.uri().user().unwrap(),
        "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    );
    assert_eq!(
        request.uri().password().unwrap(),
        "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    );
    assert_eq!(
        request.to().unwrap().display.as_deref(),
        Some("BEL:\x07 NUL:\0 DEL:\x7f")
    );
    let from = request.from().unwrap();
    assert_eq!(
        from.display.as_deref(),
        Some("token1~` token2'+_ token3*%!.-")
    );
    assert_eq!(
        from.params.unquoted("fromParam''~+*_!.-%").unwrap(),
        "работающий"
    );
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(
        request.call_id(),
        Some("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{")
    );
    assert!(
        request
            .get("extensionHeader-!.%*+_`'~")
            .unwrap()
            .contains('大')
    );
}

#[test]
fn escapes_are_undone_once() {
    let Some(esc01) = request("esc01") else {
        return;
    };
    assert!(!esc01.uri().is_sips());
    assert_eq!(esc01.uri().user().unwrap(), "sips:user@example.com");
    let contacts = esc01.contacts().unwrap();
    let contact = contacts.first().unwrap();
    assert!(
        contact.uri.user().unwrap().contains("cal")
            || contact.params.len() + contact.uri.params().len() > 0
    );
    let escnull = request("escnull").unwrap();
    let contacts = escnull.contacts().unwrap();
    let users: Vec<String> = contacts
        .list()
        .iter()
        .map(|c| c.uri.user().unwrap().into_owned())
        .collect();
    assert_eq!(users, ["\0", "\0\0"]);
    let esc02 = request("esc02").unwrap();
    assert_eq!(esc02.method().as_str(), "RE%47IST%45R");
    assert_eq!(esc02.contacts().unwrap().list().len(), 2);
}

#[test]
fn parameters_belong_where_they_stand() {
    let Some(semiuri) = request("semiuri") else {
        return;
    };
    assert_eq!(semiuri.uri().user().unwrap(), "user;par=u@example.net");
    assert!(semiuri.uri().params().is_empty());
    let outside = request("cparam01")
        .unwrap()
        .contacts()
        .unwrap()
        .first()
        .unwrap()
        .clone();
    assert!(outside.params.has("unknownparam") && !outside.uri.params().has("unknownparam"));
    let inside = request("cparam02")
        .unwrap()
        .contacts()
        .unwrap()
        .first()
        .unwrap()
        .clone();
    assert!(!inside.params.has("unknownparam") && inside.uri.params().has("unknownparam"));
    let escaped = request("regescrt").unwrap();
    let Contacts::List(contacts) = escaped.contacts().unwrap() else {
        panic!("no list")
    };
    let headers: Vec<_> = contacts[0].uri.headers().collect();
    assert_eq!(headers.len(), 1);
    assert_eq!(headers[0].0, "Route");
    assert_eq!(headers[0].1, "<sip:sip.example.com>");
    assert!(!escaped.has("Route"));
}

#[test]
fn bodies_are_cut_and_kept() {
    let Some(mpart) = request("mpart01") else {
        return;
    };
    assert!(mpart.body().contains(&0));
    let dblreq = request("dblreq").unwrap();
    assert_eq!(dblreq.method().as_str(), "REGISTER");
    assert!(dblreq.body().is_empty());
    let inv2543 = request("inv2543").unwrap();
    assert!(inv2543.body().ends_with(b"a=rtpmap:31 LPC\r\n") || !inv2543.body().is_empty());
    assert_eq!(inv2543.via_top().unwrap().branch(), None);
}

#[test]
fn responses_have_any_reason() {
    for (name, status, ascii) in [("unreason", 200, false), ("noreason", 100, true)] {
        let Some(message) = parse_file("torture/rfc4475", name) else {
            return;
        };
        let Ok(Message::Response(response)) = message else {
            panic!("{name} was refused")
        };
        assert_eq!(response.status(), status);
        assert_eq!(response.reason().is_ascii(), ascii);
        assert_eq!(response.reason().is_empty(), ascii);
    }
}

#[test]
fn unknown_schemes_are_read_for_a_416() {
    let Some(unkscm) = request("unkscm") else {
        return;
    };
    assert!(matches!(unkscm.uri().scheme(), Scheme::Other(_)));
    assert_eq!(
        request("novelsc").unwrap().uri().scheme(),
        &Scheme::Other("soap.beep".to_owned())
    );
    let unksm2 = request("unksm2").unwrap();
    assert_eq!(unksm2.to().unwrap().uri.scheme().as_str(), "isbn");
}

#[test]
fn rfc5118_addresses() {
    let host = |name: &str| match parse_file("torture/rfc5118", name)?.expect("valid") {
        Message::Request(request) => Some(request),
        Message::Response(_) => None,
    };
    let Some(ambiguous) = host("03-port-ambiguous") else {
        return;
    };
    assert_eq!(ambiguous.uri().port(), None);
    assert_eq!(ambiguous.uri().host_text(), "[2001:db8::10:5070]");
    let plain = host("04-port-unambiguous").unwrap();
    assert_eq!(
        (plain.uri().port(), plain.uri().host_text().as_str()),
        (Some(5070), "[2001:db8::10]")
    );
    for name in [
        "05-via-received-param-with-delim",
        "06-via-received-param-no-delim",
    ] {
        let via = host(name).unwrap().via_top().unwrap();
        assert_eq!(via.received(), "2001:db8::9:255".parse().ok(), "{name}");
    }
}
