//! Sounds as dialplans write them.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Sound {
    Sound::parse(&text.into()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn plain(path: &str) -> Sound {
    Sound::File {
        path: path.into(),
        parameters: Vec::new(),
        offset: 0,
    }
}

#[test]
fn the_forms_of_the_manual() {
    assert_eq!(parse("ivr/ivr-hello.wav"), plain("ivr/ivr-hello.wav"));
    assert_eq!(parse("/tmp/a b.wav"), plain("/tmp/a b.wav"));
    assert_eq!(
        parse("{loops=2,vol=-1}{x=y}f.wav@@8000"),
        Sound::File {
            path: "f.wav".into(),
            parameters: [("loops", "2"), ("vol", "-1"), ("x", "y")]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .to_vec(),
            offset: 8000
        }
    );
    assert_eq!(
        parse("tone_stream://%(2000,4000,440,480);loops=-1"),
        Sound::Tone {
            script: "%(2000,4000,440,480)".into(),
            loops: -1
        }
    );
    assert_eq!(
        parse("{loops=10}tone_stream://path=/etc/tones"),
        Sound::ToneFile {
            path: "/etc/tones".into(),
            loops: 10
        }
    );
    assert_eq!(
        parse("silence_stream://2000,1400"),
        Sound::Silence {
            ms: 2000,
            divisor: 1400
        }
    );
    assert_eq!(
        parse("silence_stream://-1"),
        Sound::Silence { ms: -1, divisor: 0 }
    );
    assert_eq!(
        parse("local_stream://moh"),
        Sound::Stream { name: "moh".into() }
    );
    assert_eq!(
        parse("phrase:vm_say:a:b"),
        Sound::Phrase {
            name: "vm_say".into(),
            data: "a:b".into()
        }
    );
    assert_eq!(parse("say:hello"), Sound::Say("hello".into()));
    assert_eq!(
        parse("file_string://a.wav!silence_stream://5!b.wav"),
        Sound::Sequence(vec![
            plain("a.wav"),
            Sound::Silence { ms: 5, divisor: 0 },
            plain("b.wav")
        ])
    );
    let (options, sound) = parse("{vol=2}local_stream://moh").options().clone_inner();
    assert_eq!(
        (options.volume, sound),
        (Some(2), Sound::Stream { name: "moh".into() })
    );
    for nothing in ["", " ", "silence", "undef"] {
        assert_eq!(parse(nothing), Sound::None);
    }
}

trait CloneInner {
    fn clone_inner(self) -> (SoundOptions, Sound);
}

impl CloneInner for (SoundOptions, &Sound) {
    fn clone_inner(self) -> (SoundOptions, Sound) {
        (self.0, self.1.clone())
    }
}

#[test]
fn ringback_takes_bare_tones() {
    let ring = |text: &str| Sound::ringback(&text.into());
    assert_eq!(
        ring("%(2000,4000,440,480)"),
        Ok(Sound::Tone {
            script: "%(2000,4000,440,480)".into(),
            loops: -1
        })
    );
    assert_eq!(
        ring("silence:400"),
        Ok(Sound::Silence {
            ms: -1,
            divisor: 400
        })
    );
    assert_eq!(ring("a.wav"), Ok(plain("a.wav")));
}

#[test]
fn mistakes() {
    for text in [
        "http://x/y.wav",
        "{a",
        "{a}b",
        "silence_stream://x",
        "phrase:",
        "tone_stream://",
        "a\nb",
    ] {
        assert!(Sound::parse(&text.into()).is_err(), "{text}");
    }
    let nested = format!("{}a", "file_string://".repeat(10));
    assert_eq!(
        Sound::parse(&nested.as_str().into()),
        Err(SoundParseError::TooMany)
    );
}

#[test]
fn a_peer_chooses_relative_names_only() {
    let peer = |text: &str| Sound::parse(&Expanded::network(text));
    assert_eq!(peer("1000.wav"), Ok(plain("1000.wav")));
    assert_eq!(peer("silence"), Ok(plain("silence")));
    for text in [
        "/etc/passwd",
        "../x",
        "a/../../b",
        "tone_stream://%(1,1,1)",
        "{a=b}c",
        "local_stream://x",
        "C:x",
    ] {
        assert!(peer(text).is_err(), "{text}");
    }
    let mut mixed = Expanded::trusted("local_stream://");
    mixed.push_network("x");
    assert!(Sound::parse(&mixed).is_err());
    let mut phrase = Expanded::trusted("phrase:say_number:");
    phrase.push_network("12:3");
    assert_eq!(
        Sound::parse(&phrase),
        Ok(Sound::Phrase {
            name: "say_number".into(),
            data: Expanded::network("12:3")
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is written, parsing ends without a panic.
    #[test]
    fn any_text_parses_or_is_refused(text in "[{}=,:/!@;a-c1.|]{0,40}|\\PC{0,30}|file_string://[a!{}:/]{0,20}") {
        let _ = Sound::parse(&text.as_str().into());
        let _ = Sound::ringback(&text.as_str().into());
    }

    /// What a peer sends is a relative file name or refused.
    #[test]
    fn network_text_is_a_relative_name(text in "[{}=,:/!@;a-c1.|]{1,30}|\\PC{1,30}|(tone|local)_stream://[a-z]{1,5}") {
        match Sound::parse(&Expanded::network(text)) {
            Ok(Sound::File { path, parameters, .. }) => {
                prop_assert!(parameters.is_empty() && !path.starts_with('/'));
                prop_assert!(!path.split('/').any(|part| part == ".."));
            }
            Ok(Sound::None) | Err(_) => {}
            Ok(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
