//! What inline applications do to a call while the dialplan hunts.

use strowger_core::Assembly;
use strowger_model::{
    CallerProfile, Expanded, InlineCall, InlineEffect, LogLevel, Variables, Vocabulary,
};

struct Hunted {
    variables: Variables,
    profile: CallerProfile,
    effects: Vec<InlineEffect>,
}

fn hunt(actions: &[(&str, &str)]) -> Hunted {
    let registry = Assembly::of(crate::modules()).registry;
    let mut hunted = Hunted {
        variables: Variables::new(),
        profile: CallerProfile::default(),
        effects: Vec::new(),
    };
    for (name, data) in actions {
        let mut call = InlineCall {
            variables: &mut hunted.variables,
            profile: &mut hunted.profile,
            effects: &mut hunted.effects,
        };
        registry
            .inline(name, &mut call, &Expanded::trusted(*data))
            .unwrap_or_else(|error| panic!("{name} {data}: {error}"));
    }
    hunted
}

#[test]
fn variables_are_there_for_the_next_condition() {
    let hunted = hunt(&[
        ("set", "a=1"),
        ("multiset", "^^;b=2 3;c=4"),
        ("export", "nolocal:d=5"),
        ("export", "e=6"),
        ("bridge_export", "f=7"),
        ("push", "list=x"),
        ("push", "list=y"),
        ("unshift", "list=w"),
        ("set", "gone=1"),
        ("unset", "gone"),
        ("multiset", "g=1 h=2"),
        ("multiunset", "g h"),
        ("eval", "anything"),
        ("stop", ""),
    ]);
    let text = |name: &str| hunted.variables.text(name);
    assert_eq!(
        (text("a"), text("b"), text("c")),
        (Some("1"), Some("2 3"), Some("4"))
    );
    assert_eq!(text("export_vars"), Some("nolocal:d,e"));
    assert_eq!(text("bridge_export_vars"), Some("f"));
    assert_eq!(text("list"), Some("ARRAY::w|:x|:y"));
    for gone in ["gone", "g", "h"] {
        assert_eq!(text(gone), None);
    }
}

#[test]
fn profile_fields_change_and_effects_wait_for_the_end_of_the_hunt() {
    let hunted = hunt(&[
        ("set_profile_var", "caller_id_name=Nobody"),
        ("log", "WARNING look out"),
        ("info", "notice"),
        ("set_global", "g=1"),
        ("event", "Event-Name=CUSTOM,Event-Subclass=a::b,x=y"),
    ]);
    assert_eq!(hunted.profile.caller_id_name, "Nobody");
    assert_eq!(
        hunted.effects[..3],
        [
            InlineEffect::Log {
                level: LogLevel::Warning,
                text: "look out".into()
            },
            InlineEffect::Info {
                level: LogLevel::Notice
            },
            InlineEffect::SetGlobal {
                name: "g".into(),
                value: "1".into()
            },
        ]
    );
    assert!(matches!(&hunted.effects[3], InlineEffect::Event { name, .. } if name == "CUSTOM"));
}

#[test]
fn a_callers_text_becomes_no_global() {
    let registry = Assembly::of(crate::modules()).registry;
    let mut hunted = hunt(&[]);
    let mut data = Expanded::trusted("g=");
    data.push_network("${evil()}");
    let mut call = InlineCall {
        variables: &mut hunted.variables,
        profile: &mut hunted.profile,
        effects: &mut hunted.effects,
    };
    assert_eq!(registry.inline("set_global", &mut call, &data), Ok(()));
    assert!(hunted.effects.is_empty());
}

#[test]
fn applications_that_need_a_call_do_not_run_inline() {
    let registry = Assembly::of(crate::modules()).registry;
    for name in ["answer", "bridge", "playback", "set_user", "hangup"] {
        let spec = registry.application(name).expect("it exists");
        assert!(!spec.inline, "{name}");
    }
}
