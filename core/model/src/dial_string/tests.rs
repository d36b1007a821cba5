//! Dial strings as dialplans write them.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> DialString {
    DialString::parse(&text.into()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn pair(name: &str, value: &str) -> (String, Expanded) {
    (name.to_owned(), value.into())
}

/// Alternatives as `endpoint:data` lists, for short comparisons.
fn shape(simple: &SimpleDial) -> Vec<Vec<String>> {
    let leg = |leg: &DialLeg| format!("{}:{}", leg.endpoint, leg.data);
    simple
        .alternatives
        .iter()
        .map(|legs| legs.iter().map(leg).collect())
        .collect()
}

#[test]
fn one_leg() {
    let dial = parse("Sofia/gateway/gw/1555");
    assert_eq!(shape(&dial.enterprise[0]), [["sofia:gateway/gw/1555"]]);
    assert_eq!(dial.legs(), 1);
}

#[test]
fn together_in_turn_and_apart() {
    let dial = parse("user/1, [leg_timeout=5]user/2|error/USER_BUSY:_:loopback/9,");
    assert_eq!(dial.enterprise.len(), 2);
    assert_eq!(
        shape(&dial.enterprise[0]),
        vec![
            vec!["user:1".to_owned(), "user:2".into()],
            vec!["error:USER_BUSY".into()]
        ]
    );
    assert_eq!(
        dial.enterprise[0].alternatives[0][1].variables,
        [pair("leg_timeout", "5")]
    );
    assert_eq!(dial.legs(), 4);
}

#[test]
fn blocks_of_variables() {
    let dial =
        parse("<a=1>{b='x,y',c=2}{^^:d=3:e=4,5}[f=6,g='7,8'][h=[9]]user/1,[^^;i=1,2;j=3]user/2");
    let simple = &dial.enterprise[0];
    assert_eq!(simple.all, [pair("a", "1")]);
    assert_eq!(
        simple.each,
        [
            pair("b", "x,y"),
            pair("c", "2"),
            pair("d", "3"),
            pair("e", "4,5")
        ]
    );
    let legs = &simple.alternatives[0];
    assert_eq!(
        legs[0].variables,
        [pair("f", "6"), pair("g", "7,8"), pair("h", "[9]")]
    );
    assert_eq!(legs[1].variables, [pair("i", "1,2"), pair("j", "3")]);
}

#[test]
fn shared_variables_of_an_enterprise() {
    let dial = parse("<a=1>{x=1}user/1:_:<b=2>user/2");
    assert_eq!(dial.enterprise[1].all, [pair("a", "1"), pair("b", "2")]);
    assert!(dial.enterprise[1].each.is_empty());
}

#[test]
fn the_dial_string_of_a_directory() {
    let dial = parse(
        "{^^:sip_invite_domain=d:presence_id=1000@d}sofia/internal/sip:1000@192.0.2.1:5060;fs_nat=yes,error/user_not_registered",
    );
    let simple = &dial.enterprise[0];
    assert_eq!(
        simple.each,
        [
            pair("sip_invite_domain", "d"),
            pair("presence_id", "1000@d")
        ]
    );
    assert_eq!(dial.legs(), 2);
    let ipv6 = parse("sofia/internal/sip:1@[2001:db8::1]:5060,user/2");
    assert_eq!(ipv6.legs(), 2);
    assert_eq!(
        parse("loopback/app=playback:'a,b'").enterprise[0].alternatives[0][0].data,
        "app=playback:a,b"
    );
}

#[test]
fn mistakes() {
    for (text, error) in [
        ("", DialStringError::Empty),
        (" , | ", DialStringError::Empty),
        ("1000", DialStringError::NoEndpoint("1000".into())),
        ("/1000", DialStringError::NoEndpoint("/1000".into())),
        ("{a=1user/1", DialStringError::Unclosed('{')),
        ("[a=1user/1", DialStringError::Unclosed('[')),
        ("{a}user/1", DialStringError::Variable("a".into())),
        (
            "user/1,{a=1}user/2",
            DialStringError::NoEndpoint("{a=1}user/2".into()),
        ),
    ] {
        assert_eq!(DialString::parse(&text.into()), Err(error), "{text}");
    }
    let many = vec!["user/1"; 129].join(",");
    assert_eq!(
        DialString::parse(&many.into()),
        Err(DialStringError::TooMany)
    );
}

#[test]
fn a_peer_cannot_choose_endpoint_or_variables() {
    let refused = |text: &Expanded| {
        assert!(
            matches!(
                DialString::parse(text),
                Err(DialStringError::NetworkEndpoint(_))
            ),
            "{text}"
        );
    };
    refused(&Expanded::network("sofia/gateway/gw/0900"));
    refused(&Expanded::network("{a=b}sofia/x"));
    let mut half = Expanded::trusted("so");
    half.push_network("fia");
    half.push_trusted("/x");
    refused(&half);
    let mut name = Expanded::trusted("{");
    name.push_network("a");
    name.push_trusted("=1}user/1");
    assert!(matches!(
        DialString::parse(&name),
        Err(DialStringError::Variable(_))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is written, parsing ends without a panic and within the limit.
    #[test]
    fn any_text_parses_or_is_refused(text in "[<>{}\\[\\],|:_/='^a-c ]{0,60}|\\PC{0,40}") {
        if let Ok(dial) = DialString::parse(&text.into()) {
            prop_assert!((1..=MAX_LEGS).contains(&dial.legs()));
        }
    }

    /// A number from the network stays one leg's data, whatever it contains; a value stays one variable's.
    #[test]
    fn network_text_stays_where_it_is_put(text in "[<>{}\\[\\],|:_/='^\\\\a-c ]{1,40}|\\PC{1,40}") {
        let mut dialled = Expanded::trusted("{name=");
        dialled.push_network(&text);
        dialled.push_trusted(",b=2}[c=3]user/");
        dialled.push_network(&text);
        dialled.push_trusted("@d,user/2");
        let dial = DialString::parse(&dialled).unwrap();
        let simple = &dial.enterprise[0];
        prop_assert_eq!(dial.legs(), 2);
        prop_assert_eq!(&simple.each[0].1, &Expanded::network(text.clone()));
        prop_assert_eq!(simple.each.len(), 2);
        let leg = &simple.alternatives[0][0];
        prop_assert_eq!(leg.data.as_str(), format!("{text}@d"));
        prop_assert_eq!(leg.variables.len(), 1);
    }
}
