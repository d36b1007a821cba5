//! Registering: who may, for how long, and what is known of it afterwards.

use crate::exchange::{DOMAIN, Exchange};
use crate::phone::{Extra, Phone};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registration_needs_the_password_and_lasts_as_granted() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let granted = phone.register(120);
    assert_eq!(granted.status(), 200);
    let contacts = granted.contacts().unwrap();
    let contact = contacts.first().unwrap();
    assert_eq!(contact.expires(), Some(120));
    assert_eq!(
        contact.uri.to_string(),
        format!("sip:1000@{}", phone.address())
    );

    let dial = exchange
        .command("sofia_contact", &format!("1000@{DOMAIN}"))
        .await;
    assert_eq!(dial, format!("sofia/internal/sip:1000@{}", phone.address()));
    assert_eq!(
        exchange
            .command("sofia_count_reg", &format!("1000@{DOMAIN}"))
            .await,
        "1"
    );
    let table = exchange
        .command("sofia", "status profile internal reg")
        .await;
    assert!(
        table.contains(&format!("User:       \t1000@{DOMAIN}\n")),
        "{table}"
    );
    assert!(table.contains("Total items returned: 1\n"), "{table}");

    assert_eq!(phone.register(0).status(), 200);
    assert_eq!(
        exchange
            .command("sofia_contact", &format!("1000@{DOMAIN}"))
            .await,
        "error/user_not_registered"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_unknown_users_and_other_names_get_the_same_answer() {
    let exchange = Exchange::start().await;
    let mut thief = Phone::new(exchange.address, "1000");
    thief.password = "guess".to_owned();
    assert_eq!(thief.register(60).status(), 403);
    let mut nobody = Phone::new(exchange.address, "nobody");
    assert_eq!(nobody.register(60).status(), 403);
    // A right password for somebody else's number.
    let mut phone = Phone::new(exchange.address, "1000");
    let extra = Extra::default();
    let other = format!("sip:1001@{DOMAIN}");
    let answer = phone.ask(
        "REGISTER",
        &format!("sip:{DOMAIN}"),
        &other,
        "other",
        &extra,
    );
    assert_eq!(answer.status(), 403);
    assert_eq!(
        exchange
            .command("sofia_count_reg", &format!("1001@{DOMAIN}"))
            .await,
        "0"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_phone_replaces_the_old_one_unless_several_are_allowed() {
    for (settings, count) in [
        ("", "1"),
        (
            "<param name=\"multiple-registrations\" value=\"contact\"/>",
            "2",
        ),
    ] {
        let exchange = Exchange::with(settings).await;
        for call_id in ["first", "second"] {
            let mut phone = Phone::new(exchange.address, "1000");
            let own = format!("sip:1000@{DOMAIN}");
            let extra = Extra::default();
            let answer = phone.ask("REGISTER", &format!("sip:{DOMAIN}"), &own, call_id, &extra);
            assert_eq!(answer.status(), 200);
        }
        assert_eq!(
            exchange
                .command("sofia_count_reg", &format!("1000@{DOMAIN}"))
                .await,
            count,
            "{settings}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn star_removes_everything_but_only_with_expires_0() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    assert_eq!(phone.register(120).status(), 200);
    let own = format!("sip:1000@{DOMAIN}");
    for (expires, status, left) in [("60", 400, "1"), ("0", 200, "0")] {
        let headers = format!("Expires: {expires}\r\n");
        let extra = Extra {
            headers: &headers,
            ..Extra::default()
        };
        let uri = format!("sip:{DOMAIN}");
        let bare = |text: String| {
            text.lines()
                .map(|line| {
                    let line = if line.starts_with("Contact:") {
                        "Contact: *"
                    } else {
                        line
                    };
                    format!("{line}\r\n")
                })
                .collect::<String>()
        };
        let text = bare(phone.text("REGISTER", &uri, &own, "register-1000", &extra));
        phone.send(&text);
        let challenge = phone.response();
        let headers = format!(
            "{headers}{}",
            phone.credentials("REGISTER", &uri, &challenge)
        );
        let extra = Extra {
            headers: &headers,
            ..Extra::default()
        };
        let text = bare(phone.text("REGISTER", &uri, &own, "register-1000", &extra));
        phone.send(&text);
        assert_eq!(phone.response().status(), status);
        assert_eq!(
            exchange
                .command("sofia_count_reg", &format!("1000@{DOMAIN}"))
                .await,
            left
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_that_are_dial_string_syntax_are_refused() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let own = format!("sip:1000@{DOMAIN}");
    let uri = format!("sip:{DOMAIN}");
    let odd = |text: String| text.replace("Contact: <sip:1000@", "Contact: <sip:1000,sofia$1@");
    let text = odd(phone.text("REGISTER", &uri, &own, "odd", &Extra::default()));
    phone.send(&text);
    let challenge = phone.response();
    let headers = phone.credentials("REGISTER", &uri, &challenge);
    let extra = Extra {
        headers: &headers,
        ..Extra::default()
    };
    let text = odd(phone.text("REGISTER", &uri, &own, "odd", &extra));
    phone.send(&text);
    assert_eq!(phone.response().status(), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_requests_are_answered_only_after_proof() {
    let exchange = Exchange::start().await;
    let mut phone = Phone::new(exchange.address, "1000");
    let to = format!("sip:1001@{DOMAIN}");
    for (method, headers, status) in [
        ("MESSAGE", "", 501),
        ("SUBSCRIBE", "Event: presence\r\n", 489),
        ("PUBLISH", "Event: presence\r\n", 489),
        ("REFER", "Refer-To: <sip:1@x.example>\r\n", 501),
    ] {
        let extra = Extra {
            headers,
            ..Extra::default()
        };
        let text = phone.text(method, &to, &to, method, &extra);
        phone.send(&text);
        assert_eq!(phone.response().status(), 407, "{method}");
        let answer = phone.ask(method, &to, &to, &format!("{method}-2"), &extra);
        assert_eq!(answer.status(), status, "{method}");
    }
    let text = phone.text(
        "NOTIFY",
        &to,
        &to,
        "notify",
        &Extra {
            headers: "Event: message-summary\r\n",
            ..Extra::default()
        },
    );
    phone.send(&text);
    assert_eq!(phone.response().status(), 481);
    let text = phone.text("FROBNICATE", &to, &to, "unknown", &Extra::default());
    phone.send(&text);
    assert_eq!(phone.response().status(), 501);
    let text = phone.text("OPTIONS", &to, &to, "options", &Extra::default());
    phone.send(&text);
    let answer = phone.response();
    assert_eq!(answer.status(), 200);
    assert!(answer.allow().contains(&"INVITE"));
}
