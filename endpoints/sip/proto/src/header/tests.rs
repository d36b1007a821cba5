//! Headers of the extensions, read from messages and printed back.

use super::*;
use crate::message::{Message, Method, Request, parse_datagram};

fn request(lines: &str) -> Request {
    let text = format!(
        "INVITE sip:b@pbx SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@pbx>;tag=a\r\n\
         To: <sip:b@pbx>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n{lines}\r\n\r\n"
    );
    match parse_datagram(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn session_timers() {
    let message = request("x: 1800 ; Refresher=UAS\r\nMin-SE: 90");
    let timer = message.session_expires().unwrap().unwrap();
    assert_eq!(
        timer,
        SessionExpires {
            seconds: 1800,
            refresher: Some(Refresher::Uas)
        }
    );
    assert_eq!(timer.to_string(), "1800;refresher=uas");
    assert_eq!(message.min_se().unwrap(), Some(90));
    for bad in ["", "-1", "4294967296", "90;refresher=me", "90;;"] {
        assert!(SessionExpires::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn reliable_provisional_responses() {
    let message = request("RAck: 776656 1 INVITE\r\nRSeq: 776656");
    let rack = message.rack().unwrap().unwrap();
    assert_eq!(
        (rack.rseq, rack.cseq.number, rack.cseq.method.clone()),
        (776_656, 1, Method::INVITE)
    );
    assert_eq!(rack.to_string(), "776656 1 INVITE");
    assert_eq!(message.rseq().unwrap(), Some(776_656));
    assert!(request("RAck: 1 INVITE").rack().is_err());
}

#[test]
fn transfer_with_and_without_consultation() {
    let message = request(
        "Refer-To: \"Carol\" <sip:carol@pbx;method=INVITE?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>\r\n\
         Referred-By: <sip:alice@pbx>",
    );
    let refer = message.refer_to().unwrap().unwrap();
    let replaces = refer.replaces().unwrap().unwrap();
    assert_eq!(replaces.call_id, "12345@192.168.118.3");
    assert_eq!(
        (replaces.to_tag.as_str(), replaces.from_tag.as_str()),
        ("12345", "5FFE-3994")
    );
    assert!(!replaces.early_only);
    assert_eq!(refer.target().to_string(), "sip:carol@pbx");
    assert_eq!(refer.method(), Method::INVITE);
    assert_eq!(
        message.referred_by().unwrap().unwrap().uri.to_string(),
        "sip:alice@pbx"
    );
    let again = ReferTo::new(refer.target()).with_replaces(&replaces);
    assert_eq!(
        ReferTo::parse(&again.to_string())
            .unwrap()
            .replaces()
            .unwrap(),
        Some(replaces)
    );
    let bare = request("r: sip:carol@pbx?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc")
        .refer_to()
        .unwrap()
        .unwrap();
    assert_eq!(bare.replaces().unwrap().unwrap().call_id, "a");
    assert!(
        request("Refer-To: <sip:a@b>\r\nRefer-To: <sip:c@d>")
            .refer_to()
            .is_err()
    );
    assert!(request("Replaces: x;to-tag=a").replaces().is_err());
    assert!(
        request("Replaces: x;to-tag=a;from-tag=b\r\nReplaces: x;to-tag=a;from-tag=b")
            .replaces()
            .is_err()
    );
    assert!(
        request("Replaces: x;to-tag=a;from-tag=b;early-only")
            .replaces()
            .unwrap()
            .unwrap()
            .early_only
    );
}

#[test]
fn identities_and_privacy() {
    let message = request(
        "P-Asserted-Identity: \"Bell, A\" <sip:+15551000@trunk>, <tel:+15551000>\r\n\
         Remote-Party-ID: \"A\" <sip:1000@pbx>;party=calling;screen=yes;privacy=full\r\nPrivacy: id;critical",
    );
    let identities = message.asserted_identities().unwrap();
    assert_eq!(identities.len(), 2);
    assert_eq!(identities[0].display.as_deref(), Some("Bell, A"));
    assert_eq!(identities[1].uri.user().unwrap(), "+15551000");
    let party = message.remote_party_id().unwrap().unwrap();
    assert!(party.is_private() && party.is_screened());
    assert_eq!(party.party(), Some("calling"));
    let privacy = message.privacy().unwrap();
    assert!(privacy.hides_identity() && privacy.critical && !privacy.session);
    assert_eq!(privacy.to_string(), "id;critical");
    assert_eq!(Privacy::parse("none").to_string(), "none");
}

#[test]
fn diversions_and_history() {
    let message = request(
        "Diversion: <sip:1001@pbx>;reason=user-busy;counter=2, <sip:1000@pbx>;reason=\"no-answer\"\r\n\
         History-Info: <sip:1000@pbx?Reason=SIP%3Bcause%3D302>;index=1,<sip:1001@pbx>;index=1.1",
    );
    let diversions = message.diversions().unwrap();
    assert_eq!(
        (diversions[0].reason().as_ref(), diversions[0].counter()),
        ("user-busy", 2)
    );
    assert_eq!(
        (diversions[1].reason().as_ref(), diversions[1].counter()),
        ("no-answer", 1)
    );
    let history = message.history_info().unwrap();
    assert_eq!(history[0].reason().unwrap(), "SIP;cause=302");
    assert_eq!(history[1].index(), "1.1");
}

#[test]
fn reasons() {
    let message = request(
        "Reason: Q.850;cause=16;text=\"Normal, clearing\", SIP ;cause=200;text=\"x\", ;;bad",
    );
    let reasons = message.reasons();
    assert_eq!(
        reasons,
        [Reason::q850(16, "Normal, clearing"), Reason::sip(200, "x")]
    );
    assert!(reasons[0].is_q850());
    assert_eq!(
        reasons[0].to_string(),
        "Q.850;cause=16;text=\"Normal, clearing\""
    );
    assert_eq!(
        Reason::q850(16, "a\r\nX: y").to_string(),
        "Q.850;cause=16;text=\"a  X: y\""
    );
}

#[test]
fn events() {
    let message = request(
        "o: message-summary;id=7\r\nSubscription-State: Terminated;reason=timeout;retry-after=5",
    );
    let event = message.event().unwrap().unwrap();
    assert_eq!(
        (event.package.as_str(), event.id.as_deref()),
        ("message-summary", Some("7"))
    );
    assert_eq!(event.to_string(), "message-summary;id=7");
    let state = message.subscription_state().unwrap().unwrap();
    assert!(state.is_terminated());
    assert_eq!(state.to_string(), "terminated;reason=timeout;retry-after=5");
    assert!(request("Event: ;id=1").event().is_err());
}

#[test]
fn paths() {
    let message =
        request("Path: <sip:p1;lr>,<sip:p2;lr>\r\nPath: <sip:p3;lr>\r\nService-Route: <sip:s;lr>");
    assert_eq!(message.paths().unwrap().len(), 3);
    assert!(message.service_routes().unwrap()[0].uri.is_loose());
}
