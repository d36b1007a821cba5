//! Conversations with a real listener.

mod bench;

use bench::{Bench, Client};
use std::time::Duration;
use strowger_event_socket::LogLine;
use strowger_model::{Event, EventName, LogLevel};

#[tokio::test]
async fn nothing_but_a_password_opens_the_door() {
    let bench = Bench::start("").await;
    let mut client = bench.connect().await;
    assert_eq!(client.frame().await.head, "Content-Type: auth/request\n");
    assert_eq!(client.ask("api status").await, "-ERR command not found");
    assert_eq!(client.ask("auth wrong").await, "-ERR invalid");
    let goodbye = client.frame().await;
    assert!(
        goodbye
            .head
            .starts_with("Content-Type: text/disconnect-notice\n")
    );
    assert!(client.closed().await);
}

#[tokio::test]
async fn three_wrong_passwords_cost_half_a_minute() {
    let bench = Bench::start("").await;
    for _ in 0..3 {
        let mut client = bench.connect().await;
        client.frame().await;
        client.ask("auth guess").await;
    }
    let mut client = bench.connect().await;
    let refusal = client.frame().await;
    assert_eq!(
        refusal.head,
        "Content-Type: text/rude-rejection\nContent-Length: 24\n"
    );
    assert_eq!(refusal.body, "Access Denied, go away.\n");
    assert!(client.closed().await);
}

#[tokio::test]
async fn a_stranger_may_not_send_much() {
    let bench = Bench::start("").await;
    for line in [
        "auth x\nContent-Length: -1\n\n",
        "auth x\nContent-Length: 99999999\n\n",
    ] {
        let mut client = bench.connect().await;
        client.frame().await;
        client.send(line).await;
        assert!(client.closed().await, "{line}");
    }
    let mut client = bench.connect().await;
    client.frame().await;
    client.send(&"a".repeat(5_000)).await;
    assert!(client.closed().await);
}

#[tokio::test]
async fn lists_and_the_number_of_clients_are_kept() {
    let bench = Bench::start(r#"<param name="apply-inbound-acl" value="192.0.2.0/24"/>"#).await;
    let refusal = bench.connect().await.frame().await;
    assert!(refusal.head.contains("rude-rejection"));
    let bench = Bench::start(r#"<param name="max-clients" value="1"/>"#).await;
    let _first = bench.client().await;
    let refusal = bench.connect().await.frame().await;
    assert!(refusal.head.contains("rude-rejection"));
}

#[tokio::test]
async fn commands_are_answered_word_for_word() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    client.send("api echo a  b\n\n").await;
    let frame = client.frame().await;
    assert_eq!(
        frame.head,
        "Content-Type: api/response\nContent-Length: 5\n"
    );
    assert_eq!(frame.body, "a  b\n");
    client.send("api no_such thing\n\n").await;
    assert_eq!(
        client.frame().await.body,
        "-ERR no_such Command not found!\n"
    );
    client.send("api echo\n\n").await;
    assert_eq!(client.frame().await.body, "-ERR no reply\n");
    client.send("api crash\n\n").await;
    assert!(
        client
            .frame()
            .await
            .body
            .starts_with("-ERR the command crashed")
    );
    assert_eq!(client.ask("linger").await, "-ERR not controlling a session");
    assert_eq!(client.ask("no_such").await, "-ERR command not found");
    assert_eq!(
        client.ask("sendmsg abc\ncall-command: hangup").await,
        "-ERR invalid session id [abc]"
    );
    assert_eq!(client.ask("exit").await, "+OK bye");
    assert!(client.frame().await.head.contains("disconnect-notice"));
    assert!(client.closed().await);
}

#[tokio::test]
async fn replies_keep_their_order_when_commands_come_at_once() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    client
        .send("api slow 1\n\napi echo 2\n\nevent plain HEARTBEAT\n\napi echo 3\n\n")
        .await;
    assert_eq!(client.frame().await.body, "1\n");
    assert_eq!(client.frame().await.body, "2\n");
    assert!(
        client
            .frame()
            .await
            .head
            .contains("+OK event listener enabled plain")
    );
    assert_eq!(client.frame().await.body, "3\n");
}

#[tokio::test]
async fn a_background_job_is_reported_by_an_event() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    assert_eq!(
        client.ask("event plain BACKGROUND_JOB").await,
        "+OK event listener enabled plain"
    );
    client.send("bgapi slow later\nJob-UUID: job-1\n\n").await;
    assert_eq!(
        client.frame().await.head,
        "Content-Type: command/reply\nReply-Text: +OK Job-UUID: job-1\nJob-UUID: job-1\n"
    );
    let event = client.frame().await;
    assert!(event.head.starts_with("Content-Length: "));
    assert!(event.head.ends_with("Content-Type: text/event-plain\n"));
    for line in [
        "Event-Name: BACKGROUND_JOB\n",
        "Job-UUID: job-1\n",
        "Job-Owner-UUID: _undef_\n",
        "Job-Command: slow\n",
        "Job-Command-Arg: later\n",
        "Content-Length: 6\n\nlater\n",
    ] {
        assert!(event.body.contains(line), "{line} in {}", event.body);
    }
}

#[tokio::test]
async fn a_job_can_be_typed_as_a_command() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    client.ask("event plain BACKGROUND_JOB").await;
    client.send("api bgapi echo hello\n\n").await;
    let reply = client.frame().await.body;
    let uuid = reply
        .trim_end()
        .strip_prefix("+OK Job-UUID: ")
        .expect("a job");
    let event = client.frame().await.body;
    assert!(event.contains(&format!("Job-UUID: {uuid}\n")), "{event}");
    assert!(event.ends_with("\n\nhello\n"), "{event}");
}

#[tokio::test]
async fn events_come_in_the_format_and_by_the_filters_asked_for() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    client.ask("event json CUSTOM test::one test::two").await;
    assert_eq!(
        client.ask("filter Colour red").await,
        "+OK filter added. [Colour]=[red]"
    );
    let fire = |subclass: &str, colour: &str| {
        bench
            .switch
            .events()
            .publish(Event::custom(subclass).header("Colour", colour));
    };
    fire("test::one", "blue");
    fire("test::three", "red");
    fire("test::two", "Red");
    let event = client.frame().await;
    assert!(event.head.contains("text/event-json"));
    assert!(
        event.body.contains(r#""Event-Subclass":"test::two""#),
        "{}",
        event.body
    );
    assert_eq!(
        client.ask("noevents").await,
        "+OK no longer listening for events"
    );
    fire("test::two", "red");
    assert_eq!(
        client.ask("noevents").await,
        "-ERR not listening for events"
    );
}

#[tokio::test]
async fn a_clients_event_reaches_the_others() {
    let bench = Bench::start("").await;
    let mut listener = bench.client().await;
    listener.ask("event xml CUSTOM my::event").await;
    let mut sender = bench.client().await;
    let reply = sender
        .ask("sendevent CUSTOM\nEvent-Subclass: my::event\nWho: me\nContent-Length: 2\n\nhi")
        .await;
    assert!(reply.starts_with("+OK "));
    let event = listener.frame().await;
    assert!(event.head.contains("text/event-xml"));
    assert!(event.body.contains("<Who>me</Who>"));
    assert!(event.body.contains("<body>hi</body>"));
    assert_eq!(
        sender.ask("sendevent NO_SUCH").await,
        "-ERR invalid event name"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_leaves_and_nobody_waits_for_it() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    client.ask("event plain ALL").await;
    let padding = "x".repeat(8_000);
    // Far more than socket buffers and the queue hold; publishing never waits.
    let mut published = 0;
    while published < 20_000 && !client.hung_up() {
        for _ in 0..200 {
            bench
                .switch
                .events()
                .publish(Event::new(EventName::Heartbeat).header("Padding", padding.clone()));
            published += 1;
        }
        tokio::task::yield_now().await;
        if published == 10_000 {
            // It reads a little, so that the first loss is noticed, and falls behind again.
            client.read_a_while(Duration::from_millis(200)).await;
        }
    }
    client.read_a_while(Duration::from_secs(5)).await;
    assert!(client.hung_up());
}

#[tokio::test]
async fn log_lines_come_while_they_are_wanted() {
    let bench = Bench::start("").await;
    let mut client = bench.client().await;
    assert_eq!(client.ask("log no_such").await, "-ERR invalid log level");
    assert_eq!(client.ask("nolog").await, "-ERR not loging");
    assert_eq!(client.ask("log").await, "+OK log level  [7]");
    assert_eq!(client.ask("log warning").await, "+OK log level warning [4]");
    let line = |level| LogLine {
        level,
        file: "x.rs".into(),
        function: "y".into(),
        line: 3,
        uuid: Some("u".into()),
        text: "[ERR] oops\n".into(),
    };
    bench.log.line(line(LogLevel::Info));
    bench.log.line(line(LogLevel::Err));
    let heard = client.frame().await;
    assert!(
        heard
            .head
            .starts_with("Content-Type: log/data\nContent-Length: 11\nLog-Level: 3\n")
    );
    assert!(heard.head.ends_with("Log-Line: 3\nUser-Data: u\n"));
    assert_eq!(heard.body, "[ERR] oops\n");
    assert_eq!(client.ask("nolog").await, "+OK no longer logging");
    assert!(
        !bench.log.wants(LogLevel::Err) || {
            bench.log.line(line(LogLevel::Err));
            !bench.log.wants(LogLevel::Err)
        }
    );
}

#[tokio::test]
async fn getvar_needs_a_channel() {
    let bench = Bench::start("").await;
    let mut client: Client = bench.client().await;
    assert_eq!(
        client.ask("getvar x").await,
        "-ERR not controlling a session"
    );
    assert_eq!(client.ask("myevents abc plain").await, "-ERR invalid uuid");
    assert_eq!(client.ask("myevents abc").await, "+OK Events Enabled");
    assert_eq!(client.ask("myevents abc").await, "-ERR aready enabled.");
    assert_eq!(
        client.ask("getvar x").await,
        "-ERR invalid session id [abc]"
    );
}

#[tokio::test]
async fn a_well_known_password_is_a_warning() {
    let bench = Bench::with_password("ClueCon", "").await;
    assert!(
        bench.warnings.contains("everybody knows it"),
        "{}",
        bench.warnings
    );
    let mut client = bench.connect().await;
    client.frame().await;
    assert_eq!(client.ask("auth ClueCon").await, "+OK accepted");
}
