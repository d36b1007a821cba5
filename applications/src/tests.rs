//! What holds for every application and command of this room.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use strowger_core::Assembly;
use strowger_core::application::Registry;
use strowger_model::{CallerProfile, Expanded, InlineCall, Variables, Vocabulary};

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Assembly::of(crate::modules()).registry)
}

#[test]
fn everything_is_explained_and_named_once() {
    let mut names = BTreeSet::new();
    for module in crate::modules() {
        for application in &module.applications {
            let spec = application.spec();
            assert!(
                names.insert(("application", spec.name)),
                "{} twice",
                spec.name
            );
            assert!(!spec.summary.is_empty(), "{}", spec.name);
            for argument in spec.grammar.arguments {
                assert!(!argument.help.is_empty(), "{} {}", spec.name, argument.name);
            }
        }
        for command in &module.commands {
            assert!(
                names.insert(("command", command.spec.name)),
                "{} twice",
                command.spec.name
            );
            assert!(!command.spec.summary.is_empty(), "{}", command.spec.name);
        }
    }
}

#[test]
fn commands_that_act_do_not_run_in_texts() {
    for name in [
        "originate",
        "uuid_kill",
        "hupall",
        "fsctl",
        "shutdown",
        "global_setvar",
        "expand",
        "uuid_setvar",
        "uuid_transfer",
        "uuid_record",
        "xml_locate",
        "list_users",
        "reloadxml",
    ] {
        assert!(registry().commands.find(name).is_some(), "{name}");
        assert!(!registry().has_function(name), "{name}");
    }
}

#[test]
fn every_inline_application_has_an_inline_form() {
    for application in registry()
        .applications
        .iter()
        .filter(|app| app.spec().inline)
    {
        let (mut variables, mut profile) = (Variables::new(), CallerProfile::default());
        let mut effects = Vec::new();
        let mut call = InlineCall {
            variables: &mut variables,
            profile: &mut profile,
            effects: &mut effects,
        };
        assert!(
            application
                .inline(&mut call, &Expanded::trusted("a=b"))
                .is_some(),
            "{}",
            application.spec().name
        );
    }
}

/// Texts of characters that mean something somewhere, partly from the network.
fn any_arguments() -> impl Strategy<Value = Expanded> {
    let piece = (
        "[-a-z0-9 =,;:|'^{}\\[\\]()%$/.@#*+!~é\\\\\n]{0,12}",
        any::<bool>(),
    );
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| {
        let mut text = Expanded::default();
        for (piece, network) in pieces {
            if network {
                text.push_network(&piece);
            } else {
                text.push_trusted(&piece);
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_arguments_are_taken_or_refused(text in any_arguments()) {
        for application in registry().applications.iter() {
            let _ = application.check(&text);
        }
    }

    #[test]
    fn inline_forms_take_or_refuse_anything(text in any_arguments()) {
        for application in registry().applications.iter().filter(|app| app.spec().inline) {
            let (mut variables, mut profile) = (Variables::new(), CallerProfile::default());
            let mut effects = Vec::new();
            let mut call = InlineCall {
                variables: &mut variables,
                profile: &mut profile,
                effects: &mut effects,
            };
            let _ = application.inline(&mut call, &text);
        }
    }
}
