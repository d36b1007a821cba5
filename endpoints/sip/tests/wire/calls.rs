//! Calls: in, out, answered, given up, transferred, and refused.

use crate::exchange::{DOMAIN, Exchange, build};
use crate::phone::{Extra, Phone, offer};
use std::time::Duration;
use strowger_core::event_bus::EventFilter;
use strowger_model::EventName;

/// Waits until the exchange has no calls any more.
async fn quiet(exchange: &Exchange) {
    tokio::time::timeout(Duration::from_secs(5), exchange.switch.sessions().emptied())
        .await
        .expect("every call ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_and_ends_when_the_phone_hangs_up() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let answer = phone.call("9000", "stay");
    assert_eq!(
        answer.status(),
        200,
        "{}",
        String::from_utf8_lossy(answer.octets())
    );
    assert!(String::from_utf8_lossy(answer.body()).contains("m=audio"));
    phone.acknowledge_answer(&answer, "stay");
    let session = exchange.switch.sessions().all().remove(0);
    let channel = session.snapshot();
    for (name, value) in [
        ("user_name", "1000"),
        ("domain_name", DOMAIN),
        ("accountcode", "a1000"),
        ("sip_authorized", "true"),
        ("sip_auth_username", "1000"),
        ("sip_from_user", "1000"),
        ("sip_req_user", "9000"),
        ("sip_user_agent", "Wire/1"),
        ("sip_via_protocol", "udp"),
        ("sofia_profile_name", "internal"),
        ("sip_call_id", "stay"),
    ] {
        assert_eq!(channel.variables.text(name), Some(value), "{name}");
    }
    assert_eq!(channel.profile.context, "default");
    assert_eq!(channel.profile.caller_id_name, "Phone 1000");
    let bye = phone.in_dialog("BYE", &answer, "stay");
    phone.send(&bye);
    assert_eq!(phone.response().status(), 200);
    quiet(&exchange).await;
    assert_eq!(
        session.snapshot().variables.text("sip_hangup_disposition"),
        Some("recv_bye")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exchange_hangs_up_with_its_reason() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let answer = phone.call("9001", "drop");
    assert_eq!(answer.status(), 200);
    phone.acknowledge_answer(&answer, "drop");
    let bye = phone.request_of("BYE");
    assert_eq!(bye.reasons()[0].cause, Some(16));
    phone.answer(&bye, "200 OK", "");
    quiet(&exchange).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn causes_become_their_status() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let busy = phone.call("9002", "busy");
    assert_eq!(busy.status(), 486);
    assert_eq!(busy.reasons()[0].cause, Some(17));
    // Nobody is registered there.
    assert_eq!(phone.call("1001", "absent").status(), 480);
    // The context of unknown callers has no such number; 1000 may not call as 1001.
    let uri = format!("sip:9000@{DOMAIN}");
    let body = offer();
    phone.user = "1001".to_owned();
    let text = phone.text(
        "INVITE",
        &uri,
        &uri,
        "mask",
        &Extra {
            body: &body,
            ..Extra::default()
        },
    );
    phone.send(&text);
    let challenge = phone.response();
    phone.acknowledge(&text, &challenge);
    phone.user = "1000".to_owned();
    let credentials = phone.credentials("INVITE", &uri, &challenge);
    phone.user = "1001".to_owned();
    let text = phone.text(
        "INVITE",
        &uri,
        &uri,
        "mask",
        &Extra {
            body: &body,
            headers: &credentials,
            ..Extra::default()
        },
    );
    phone.send(&text);
    assert_eq!(phone.response().status(), 403);
    quiet(&exchange).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_call_each_other() {
    let exchange = Exchange::start().await;
    let mut caller = Phone::new(exchange.address, "1000");
    let mut callee = Phone::new(exchange.address, "1001");
    assert_eq!(callee.register(120).status(), 200);
    assert_eq!(caller.register(120).status(), 200);

    let uri = format!("sip:1001@{DOMAIN}");
    let body = offer();
    let extra = Extra {
        body: &body,
        headers: "X-Colour: green\r\n",
        ..Extra::default()
    };
    let ringing = {
        let text = caller.text("INVITE", &uri, &uri, "ab", &extra);
        caller.send(&text);
        let challenge = caller.response();
        caller.acknowledge(&text, &challenge);
        let headers = format!(
            "X-Colour: green\r\n{}",
            caller.credentials("INVITE", &uri, &challenge)
        );
        let text = caller.text(
            "INVITE",
            &uri,
            &uri,
            "ab",
            &Extra {
                headers: &headers,
                ..extra
            },
        );
        caller.send(&text);
        let invite = callee.request_of("INVITE");
        assert_eq!(invite.get("X-Colour"), Some("green"));
        let from = invite.from().unwrap();
        assert_eq!(from.uri.user().as_deref(), Some("1000"));
        assert_eq!(from.display.as_deref(), Some("Phone 1000"));
        assert!(String::from_utf8_lossy(invite.body()).contains("PCMU/8000"));
        callee.answer(&invite, "180 Ringing", "");
        let ringing = caller.response();
        callee.answer(&invite, "200 OK", &offer());
        ringing
    };
    assert_eq!(ringing.status(), 180);
    let ack = callee.request_of("ACK");
    assert!(ack.body().is_empty());
    let answer = caller.response();
    assert_eq!(answer.status(), 200);
    caller.acknowledge_answer(&answer, "ab");

    // The called phone sends a digit by INFO and hangs up; the caller hears the end.
    let bye = caller.in_dialog("BYE", &answer, "ab");
    caller.send(&bye);
    assert_eq!(caller.response().status(), 200);
    let bye = callee.request_of("BYE");
    callee.answer(&bye, "200 OK", "");
    quiet(&exchange).await;
    let status = exchange.command("sofia", "status profile internal").await;
    assert!(status.contains("CALLS-IN         \t1\n"), "{status}");
    assert!(status.contains("CALLS-OUT        \t1\n"), "{status}");
    assert!(status.contains("FAILED-CALLS-OUT \t0\n"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_called_phone_answers_reaches_the_caller() {
    let exchange = Exchange::start().await;
    let mut caller = Phone::new(exchange.address, "1000");
    let mut callee = Phone::new(exchange.address, "1001");
    assert_eq!(callee.register(120).status(), 200);
    for (line, status) in [
        ("486 Busy Here", 486),
        ("603 Decline", 603),
        ("480 Gone", 480),
    ] {
        let call_id = format!("refused-{status}");
        let uri = format!("sip:1001@{DOMAIN}");
        let body = offer();
        let text = caller.text(
            "INVITE",
            &uri,
            &uri,
            &call_id,
            &Extra {
                body: &body,
                ..Extra::default()
            },
        );
        caller.send(&text);
        let challenge = caller.response();
        caller.acknowledge(&text, &challenge);
        let headers = caller.credentials("INVITE", &uri, &challenge);
        let text = caller.text(
            "INVITE",
            &uri,
            &uri,
            &call_id,
            &Extra {
                body: &body,
                headers: &headers,
                ..Extra::default()
            },
        );
        caller.send(&text);
        let invite = callee.request_of("INVITE");
        callee.answer(&invite, line, "");
        callee.request_of("ACK");
        let refused = caller.response();
        assert_eq!(refused.status(), status, "{line}");
        caller.acknowledge(&text, &refused);
    }
    quiet(&exchange).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_gives_up_stops_the_ringing() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let uri = format!("sip:9003@{DOMAIN}");
    let ringing = phone.call("9003", "cancel");
    assert_eq!(ringing.status(), 180);
    // A CANCEL has the Via and CSeq of its INVITE.
    let via = ringing
        .get("Via")
        .unwrap()
        .split(";received")
        .next()
        .unwrap();
    let via = via.split(";rport").next().unwrap();
    let number = ringing.cseq().unwrap().number;
    phone.send(&format!(
        "CANCEL {uri} SIP/2.0\r\nVia: {via};rport\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: <{uri}>\r\n\
         Call-ID: cancel\r\nCSeq: {number} CANCEL\r\nContent-Length: 0\r\n\r\n",
        ringing.get("From").unwrap()
    ));
    let mut statuses = vec![phone.response().status(), phone.response().status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 487]);
    quiet(&exchange).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_exchange_stops_new_calls_are_told_when_to_come_back() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    exchange.switch.request_stop();
    let refused = phone.call("9000", "late");
    assert_eq!(refused.status(), 503);
    assert!(refused.retry_after().unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_up_hear_goodbye_when_the_exchange_stops() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let answer = phone.call("9000", "stop");
    assert_eq!(answer.status(), 200);
    phone.acknowledge_answer(&answer, "stop");
    let switch = exchange.switch.clone();
    let stopping = tokio::spawn(async move { switch.stop(Duration::from_millis(100)).await });
    let bye = phone.request_of("BYE");
    phone.answer(&bye, "200 OK", "");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dialling_what_is_not_there_says_so() {
    let exchange = Exchange::start().await;
    use strowger_core::endpoint::{Endpoint, OutboundCall};
    let sofia = exchange
        .switch
        .endpoints()
        .of_type::<strowger_sip::Sofia>()
        .unwrap();
    for (text, cause) in [
        ("gateway/trunk/5551234", "INVALID_GATEWAY"),
        ("nowhere/1000@192.0.2.1", "INVALID_PROFILE"),
        ("internal/1002", "USER_NOT_REGISTERED"),
        ("internal/1002%pbx.example", "USER_NOT_REGISTERED"),
        ("internal/sip:a b@c", "INVALID_URL"),
    ] {
        let call = OutboundCall {
            uuid: "u".to_owned(),
            destination: text.into(),
            profile: Default::default(),
            variables: Default::default(),
            originator: None,
        };
        let answer = sofia.originate(&call).await.map(|_| ());
        assert_eq!(answer.unwrap_err().name(), cause, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_named_with_advice() {
    let first = Exchange::start().await;
    let settings = format!(
        "<param name=\"sip-port\" value=\"{}\"/>",
        first.address.port()
    );
    let (second, _directory) = build(&settings);
    let error = second.start().await.unwrap_err().to_string();
    assert!(error.contains(&first.address.to_string()), "{error}");
    assert!(error.contains("stop the other program"), "{error}");
}

/// A called phone that answers; the caller's 200 and the callee's INVITE.
fn connected(
    caller: &mut Phone,
    callee: &mut Phone,
    call_id: &str,
) -> (
    strowger_sip_proto::message::Response,
    strowger_sip_proto::message::Request,
) {
    let uri = format!("sip:{}@{DOMAIN}", callee.user);
    let body = offer();
    let extra = Extra {
        body: &body,
        ..Extra::default()
    };
    let text = caller.text("INVITE", &uri, &uri, call_id, &extra);
    caller.send(&text);
    let challenge = caller.response();
    caller.acknowledge(&text, &challenge);
    let headers = caller.credentials("INVITE", &uri, &challenge);
    let text = caller.text(
        "INVITE",
        &uri,
        &uri,
        call_id,
        &Extra {
            headers: &headers,
            ..extra
        },
    );
    caller.send(&text);
    let invite = callee.request_of("INVITE");
    callee.answer(&invite, "200 OK", &offer());
    callee.request_of("ACK");
    let answer = caller.response();
    assert_eq!(answer.status(), 200);
    caller.acknowledge_answer(&answer, call_id);
    (answer, invite)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold_is_answered_and_digits_arrive_in_messages() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let answer = phone.call("9000", "hold");
    assert_eq!(answer.status(), 200);
    phone.acknowledge_answer(&answer, "hold");

    let body = offer().replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
    let tag = answer.to_tag().unwrap();
    let target = answer.contacts().unwrap().first().unwrap().uri.to_string();
    let to = answer.to().unwrap().uri.to_string();
    let extra = Extra {
        body: &body,
        to_tag: Some(&tag),
        ..Extra::default()
    };
    let text = phone.text("INVITE", &target, &to, "hold", &extra);
    phone.send(&text);
    let held = phone.response();
    assert_eq!(held.status(), 200);
    assert!(String::from_utf8_lossy(held.body()).contains("a=recvonly"));
    phone.acknowledge_answer(&held, "hold");

    let mut digits = exchange.switch.events().subscribe(EventFilter {
        names: vec![EventName::Dtmf],
        ..EventFilter::default()
    });
    let info = phone.in_dialog("INFO", &answer, "hold").replace(
        "Content-Length: 0\r\n\r\n",
        "Content-Type: application/dtmf-relay\r\nContent-Length: 24\r\n\r\nSignal=5\r\nDuration=160\r\n",
    );
    phone.send(&info);
    assert_eq!(phone.response().status(), 200);
    let event = tokio::time::timeout(Duration::from_secs(5), digits.next())
        .await
        .expect("a digit in time")
        .expect("the exchange runs");
    assert_eq!(event.get("DTMF-Digit"), Some("5"));
    assert_eq!(event.get("DTMF-Duration"), Some("1280"));
    let bye = phone.in_dialog("BYE", &answer, "hold");
    phone.send(&bye);
    assert_eq!(phone.response().status(), 200);
    quiet(&exchange).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blind_transfer_sends_the_other_phone_on() {
    let exchange = Exchange::start().await;
    let mut caller = Phone::new(exchange.address, "1000");
    let mut callee = Phone::new(exchange.address, "1001");
    assert_eq!(callee.register(120).status(), 200);
    let (answer, _) = connected(&mut caller, &mut callee, "transfer");
    // The caller sends its peer to the number that hangs up at once.
    let refer = caller.in_dialog("REFER", &answer, "transfer").replace(
        "User-Agent:",
        &format!("Refer-To: <sip:9001@{DOMAIN}>\r\nUser-Agent:"),
    );
    caller.send(&refer);
    assert_eq!(caller.response().status(), 202);
    let notify = caller.request_of("NOTIFY");
    assert_eq!(notify.body(), b"SIP/2.0 200 OK\r\n");
    assert!(
        notify
            .get("Subscription-State")
            .unwrap()
            .starts_with("terminated")
    );
    caller.answer(&notify, "200 OK", "");
    let bye = caller.request_of("BYE");
    caller.answer(&bye, "200 OK", "");
    let bye = callee.request_of("BYE");
    callee.answer(&bye, "200 OK", "");
    quiet(&exchange).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_without_a_peer_is_refused_in_the_news() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let answer = phone.call("9000", "alone");
    phone.acknowledge_answer(&answer, "alone");
    let refer = phone.in_dialog("REFER", &answer, "alone").replace(
        "User-Agent:",
        &format!("Refer-To: <sip:9001@{DOMAIN}>\r\nUser-Agent:"),
    );
    phone.send(&refer);
    assert_eq!(phone.response().status(), 202);
    let notify = phone.request_of("NOTIFY");
    assert_eq!(notify.body(), b"SIP/2.0 403 Forbidden\r\n");
    phone.answer(&notify, "200 OK", "");
    let bye = phone.in_dialog("BYE", &answer, "alone");
    phone.send(&bye);
    assert_eq!(phone.response().status(), 200);
    quiet(&exchange).await;
}
