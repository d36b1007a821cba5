//! Frames of every shape, cut at every place.

use super::*;
use proptest::prelude::*;

fn decode(text: &str) -> Vec<Frame> {
    let mut decoder = Decoder::new(CLIENT_LIMIT);
    decoder.push(text.as_bytes());
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_frame().expect("understood") {
        frames.push(frame);
    }
    frames
}

#[test]
fn both_line_ends_are_understood_and_blank_lines_ignored() {
    let frames = decode("\r\n\nauth secret\r\n\r\n\n\napi status\n\n");
    let lines: Vec<&str> = frames.iter().map(|frame| frame.line.as_str()).collect();
    assert_eq!(lines, ["auth secret", "api status"]);
}

#[test]
fn a_body_is_read_by_its_length() {
    let frames =
        decode("sendevent CUSTOM\nEvent-Subclass: a::b\ncontent-length: 4\n\na\n\nbexit\n\n");
    assert_eq!(frames[0].header("event-subclass"), Some("a::b"));
    assert_eq!(frames[0].body.as_deref(), Some("a\n\nb"));
    assert_eq!(frames[1].line, "exit");
}

#[test]
fn lengths_from_hell_close_the_connection() {
    for length in ["-1", "-2", "x", "99999999999999999999999", "4096"] {
        let mut decoder = Decoder::new(STRANGER_LIMIT);
        decoder.push(format!("auth x\nContent-Length: {length}\n\n").as_bytes());
        assert!(decoder.next_frame().is_err(), "{length}");
    }
}

#[test]
fn an_endless_line_is_too_long() {
    let mut decoder = Decoder::new(STRANGER_LIMIT);
    decoder.push(&vec![b'a'; STRANGER_LIMIT + 1]);
    assert_eq!(
        decoder.next_frame(),
        Err(WireError::TooLong(STRANGER_LIMIT))
    );
}

#[test]
fn a_reply_stays_one_line() {
    assert_eq!(
        reply("+OK\nEvent-Name: X"),
        "Content-Type: command/reply\nReply-Text: +OK Event-Name: X\n\n"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_cut_gives_the_same_frames(
        commands in proptest::collection::vec(("[a-z]{1,8} [a-z0-9]{0,8}", proptest::option::of("[a-z\n]{1,20}")), 1..6),
        cut in 1usize..9,
        carriage in any::<bool>(),
    ) {
        let end = if carriage { "\r\n" } else { "\n" };
        let mut stream = String::new();
        for (line, body) in &commands {
            stream.push_str(line);
            stream.push_str(end);
            if let Some(body) = body {
                stream.push_str(&format!("Content-Length: {}{end}", body.len()));
            }
            stream.push_str(end);
            stream.push_str(body.as_deref().unwrap_or_default());
        }
        let mut decoder = Decoder::new(CLIENT_LIMIT);
        let mut frames = Vec::new();
        for piece in stream.as_bytes().chunks(cut) {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame().expect("understood") {
                frames.push((frame.line, frame.body));
            }
        }
        prop_assert_eq!(frames, commands);
        prop_assert_eq!(decoder.waiting(), 0);
    }

    #[test]
    fn any_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        fuzz(&octets);
    }

    #[test]
    fn an_event_is_one_frame_whatever_its_values(value in any::<String>()) {
        let event = Event::new(strowger_model::EventName::Custom).header("Caller", value.clone());
        let text = super::event(Format::Plain, &event);
        let mut decoder = Decoder::new(CLIENT_LIMIT);
        // The first line of a server's frame is a header: one more line in front makes it a command's form.
        decoder.push(format!("x\n{text}").as_bytes());
        let frame = decoder.next_frame().expect("understood").expect("whole");
        prop_assert_eq!(decoder.waiting(), 0);
        let body = frame.body.expect("a body");
        let line = body.lines().next().expect("a header");
        let shown = line.strip_prefix("Caller: ").expect("the header");
        let decoded = if shown == "_undef_" && value.is_empty() { String::new() } else { encode::percent_decode(shown) };
        prop_assert_eq!(decoded, value);
        prop_assert_eq!(body.lines().count(), 2);
    }
}
