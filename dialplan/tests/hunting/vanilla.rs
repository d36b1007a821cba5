//! The stock FreeSWITCH configuration: every number of its dialplan, which extension answers and with which actions.

use std::collections::HashSet;
use std::path::PathBuf;

use strowger_dialplan::{Simulation, XmlDialplan, compile};
use strowger_model::xml::{FileHost, load};
use strowger_model::{
    CallerProfile, Diagnostics, Globals, Hunt, HuntCall, ProfileOrigin, Variables,
};

use crate::support::{Names, actions, messages, utc};

/// A Sunday: office hours do not add their action.
const SUNDAY: &str = "2026-11-22 12:00:00";

struct Vanilla {
    dialplan: XmlDialplan,
    globals: Globals,
    report: Diagnostics,
}

/// The configuration, or a word about why it is not tested.
fn vanilla() -> Option<Vanilla> {
    let fixtures = std::env::var_os("STROWGER_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let root = fixtures.join("freeswitch-vanilla/freeswitch.xml");
    if !root.is_file() {
        eprintln!(
            "skipped: the stock configuration is not at {}",
            root.display()
        );
        return None;
    }
    let mut globals = Globals::new();
    // The stock password would put a warning and ten seconds in front of every call.
    globals.set("default_password", "changed");
    globals.set("conf_dir", "/conf");
    globals.set("temp_dir", "/tmp");
    globals.set("recordings_dir", "/recordings");
    globals.set("rtp_sdes_suites", "AES_CM_128_HMAC_SHA1_80");
    let fixed = HashSet::from(["default_password".to_owned()]);
    let mut report = Diagnostics::new();
    let document = load(
        &root,
        &mut globals,
        &fixed,
        &mut FileHost::default(),
        &mut report,
    )
    .expect("it loads");
    assert!(!report.has_errors(), "{}", messages(&report));
    let mut report = Diagnostics::new();
    let dialplan = compile(document.section("dialplan"), &Names, &mut report);
    Some(Vanilla {
        dialplan,
        globals,
        report,
    })
}

struct Caller {
    context: &'static str,
    number: String,
    variables: Vec<(&'static str, &'static str)>,
    now: &'static str,
    answers: Vec<(&'static str, &'static str)>,
    password: &'static str,
}

fn caller(number: &str) -> Caller {
    Caller {
        context: "default",
        number: number.to_owned(),
        variables: vec![("domain_name", "pbx.example")],
        now: SUNDAY,
        answers: Vec::new(),
        password: "changed",
    }
}

impl Vanilla {
    fn hunt(&self, caller: &Caller) -> Hunt {
        let mut variables = Variables::new();
        for (name, value) in &caller.variables {
            variables.set(name, *value);
        }
        let call = HuntCall {
            channel_name: "sofia/internal/1001".to_owned(),
            profile: CallerProfile {
                caller_id_name: "Alice".to_owned(),
                caller_id_number: "1001".to_owned(),
                destination_number: caller.number.clone(),
                context: caller.context.to_owned(),
                source: "mod_sofia".to_owned(),
                uuid: "u-1".to_owned(),
                origin: ProfileOrigin::Network,
                ..CallerProfile::default()
            },
            variables,
            argument: None,
        };
        let mut env = Simulation::new(&Names, utc(caller.now));
        for (name, value) in self.globals.iter() {
            env = env.with_global(name, value);
        }
        env = env.with_global("default_password", caller.password);
        for (call, answer) in &caller.answers {
            env = env.with_function(call, answer);
        }
        env.run(&self.dialplan, &call)
    }
}

/// Number, the extension that takes it, the applications it queues.
const NUMBERS: &[(&str, &str, &str)] = &[
    ("886", "global-intercept", "answer intercept sleep"),
    ("*8", "group-intercept", "answer intercept sleep"),
    ("**1007", "intercept-ext", "answer intercept sleep"),
    ("redial", "redial", "transfer"),
    ("870", "redial", "transfer"),
    ("881001", "eavesdrop", "answer eavesdrop"),
    ("*01001", "eavesdrop", "answer eavesdrop"),
    ("779", "eavesdrop", "answer set set set eavesdrop"),
    ("*69", "call_return", "transfer"),
    ("869", "call_return", "transfer"),
    ("lcr", "call_return", "transfer"),
    ("8042", "del-group", "answer group gentones"),
    ("8142", "add-group", "answer group gentones"),
    ("8242", "call-group-simo", "bridge"),
    ("8342", "call-group-order", "bridge"),
    ("81005", "extension-intercom", "set export bridge"),
    (
        "1005",
        "Local_Extension",
        "export bind_meta_app bind_meta_app bind_meta_app bind_meta_app set set set set set hash hash set hash hash hash \
         bridge answer sleep bridge",
    ),
    (
        "1105",
        "Local_Extension_Skinny",
        "set export set set set bridge answer sleep bridge",
    ),
    ("2000", "group_dial_sales", "bridge"),
    ("2001", "group_dial_support", "bridge"),
    ("2002", "group_dial_billing", "bridge"),
    ("operator", "operator", "set transfer"),
    ("0", "operator", "set transfer"),
    ("vmain", "vmain", "answer sleep voicemail"),
    ("4000", "vmain", "answer sleep voicemail"),
    ("*98", "vmain", "answer sleep voicemail"),
    ("3042", "nb_conferences", "answer conference"),
    ("3142", "wb_conferences", "answer conference"),
    ("3242", "uwb_conferences", "answer conference"),
    ("3342", "cdquality_conferences", "answer conference"),
    ("3542", "cdquality_conferences", "answer conference"),
    (
        "3500-screen",
        "cdquality_stereo_conferences",
        "answer send_display set conference",
    ),
    ("6070-moderator", "conf mod", "answer set conference"),
    ("3642", "cdquality_conferences_720", "answer conference"),
    ("3742", "cdquality_conferences_480", "answer conference"),
    ("3842", "cdquality_conferences_320", "answer conference"),
    ("9888", "freeswitch_public_conf_via_sip", "export bridge"),
    ("98888", "freeswitch_public_conf_via_sip", "export bridge"),
    (
        "0911",
        "mad_boss_intercom",
        "set set set set set set conference_set_auto_outcall conference",
    ),
    (
        "0912",
        "mad_boss_intercom",
        "set set set set set set conference_set_auto_outcall conference",
    ),
    (
        "0913",
        "mad_boss",
        "set set set set conference_set_auto_outcall conference",
    ),
    ("5000", "ivr_demo", "answer sleep ivr"),
    ("5001", "dynamic_conference", "conference"),
    ("pagegroup", "rtp_multicast_page", "answer esf_page_group"),
    ("7243", "rtp_multicast_page", "answer esf_page_group"),
    ("5900", "park", "set fifo"),
    ("5901", "unpark", "answer fifo"),
    ("6000", "valet_park", "answer valet_park"),
    ("6042", "valet_park", "answer valet_park"),
    ("park+5901", "park", "fifo"),
    (
        "wait",
        "wait",
        "pre_answer sleep answer sleep playback hangup",
    ),
    ("9178", "fax_receive", "answer playback rxfax hangup"),
    ("9179", "fax_transmit", "txfax hangup"),
    (
        "9180",
        "ringback_180",
        "ring_ready sleep answer sleep playback hangup",
    ),
    ("9181", "ringback_183_uk_ring", "set bridge"),
    ("9182", "ringback_183_music_ring", "set bridge"),
    ("9183", "ringback_post_answer_uk_ring", "set answer bridge"),
    ("9184", "ringback_post_answer_music", "set answer bridge"),
    ("9191", "ClueCon", "set bridge"),
    ("9192", "show_info", "answer info sleep hangup"),
    ("9193", "video_record", "answer record_fsv"),
    ("9194", "video_playback", "answer play_fsv"),
    ("9195", "delay_echo", "answer delay_echo"),
    ("9196", "echo", "answer echo"),
    ("9197", "milliwatt", "answer playback"),
    ("9198", "tone_stream", "answer playback"),
    ("9664", "hold_music", "answer playback playback"),
    ("9386", "laugh break", "answer sleep playback hangup"),
    ("9170", "Talking Clock Time", "answer sleep say hangup"),
    ("9171", "Talking Clock Date", "answer sleep say hangup"),
    (
        "9172",
        "Talking Clock Date and Time",
        "answer sleep say hangup",
    ),
    (
        "pizza",
        "acknowledge_call",
        "acknowledge_call ring_ready playback",
    ),
    (
        "77777",
        "acknowledge_call",
        "acknowledge_call ring_ready playback",
    ),
];

fn applications(hunt: &Hunt) -> String {
    let actions = hunt
        .extension
        .iter()
        .flat_map(|extension| &extension.actions);
    actions
        .map(|action| action.application.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn last_rule(hunt: &Hunt) -> &str {
    let last = hunt
        .extension
        .as_ref()
        .and_then(|extension| extension.actions.last());
    last.map_or("", |action| action.extension.as_str())
}

#[test]
fn it_loads_with_warnings_only() {
    let Some(vanilla) = vanilla() else { return };
    let text = messages(&vanilla.report);
    assert!(!vanilla.report.has_errors(), "{text}");
    for (what, place) in [
        (
            "unknown application javascript",
            "dialplan/default/00_pizza_demo.xml:6:",
        ),
        (
            "unknown application skinny-wait",
            "dialplan/skinny-patterns.xml:20:",
        ),
        (
            "capture $1 in the argument of conference is never set",
            "dialplan/default.xml:378:",
        ),
    ] {
        assert!(
            text.lines()
                .any(|line| line.contains(what) && line.contains(place)),
            "{what}: {text}"
        );
    }
    let others: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("unknown application") && !line.contains("never set"))
        .filter(|line| !line.contains("skinny-patterns"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn every_number_finds_its_extension() {
    let Some(vanilla) = vanilla() else { return };
    for (number, rule, expected) in NUMBERS {
        let hunt = vanilla.hunt(&caller(number));
        assert_eq!(applications(&hunt), *expected, "{number}");
        assert_eq!(last_rule(&hunt), *rule, "{number}");
    }
}

#[test]
fn captures_reach_the_arguments() {
    let Some(vanilla) = vanilla() else { return };
    for (number, argument) in [
        (
            "**1007",
            "intercept ${hash(select/${domain_name}-last_dial_ext/1007)}",
        ),
        (
            "881001",
            "eavesdrop ${hash(select/${domain_name}-spymap/1001)}",
        ),
        (
            "*01001",
            "eavesdrop ${hash(select/${domain_name}-spymap/1001)}",
        ),
        (
            "8342",
            "bridge {leg_timeout=15,ignore_early_media=true}${group(call:42@${domain_name}:order)}",
        ),
        ("1005", "export dialed_extension=1005"),
        ("3042", "conference 3042-${domain_name}@default"),
        (
            "6070-moderator",
            "conference $1-${domain_name}@video-mcu-stereo",
        ),
        ("3542", "conference 3542@video-mcu-stereo"),
        ("6042", "valet_park valet_parking_lot 6042"),
        (
            "9198",
            "playback {loops=10}tone_stream://path=${conf_dir}/tetris.ttml",
        ),
        ("3500-canvas-2", "set video_initial_watching_canvas=2"),
        ("3500-canvas-2", "transfer 3500"),
    ] {
        let actions = actions(&vanilla.hunt(&caller(number)));
        assert!(
            actions.iter().any(|action| action == argument),
            "{number}: {actions:?}"
        );
    }
}

#[test]
fn office_hours_come_before_everything() {
    let Some(vanilla) = vanilla() else { return };
    let at = |now: &'static str| {
        actions(&vanilla.hunt(&Caller {
            now,
            ..caller("9196")
        }))
    };
    assert_eq!(
        at("2026-11-18 18:59:59"),
        ["set open=true", "answer", "echo"]
    );
    assert_eq!(at("2026-11-18 19:00:00"), ["answer", "echo"]);
    assert_eq!(
        at("2026-01-01 03:00:00"),
        ["set open=false", "answer", "echo"]
    );
    // Christmas is in the list and never reached.
    assert_eq!(at("2026-12-25 03:00:00"), ["answer", "echo"]);
}

#[test]
fn the_stock_password_delays_every_call() {
    let Some(vanilla) = vanilla() else { return };
    let with = |number: &str| {
        applications(&vanilla.hunt(&Caller {
            password: "1234",
            ..caller(number)
        }))
    };
    assert_eq!(with("9196"), "log log log log sleep answer echo");
    // These extensions come before the warning.
    assert_eq!(with("870"), "transfer");
}

#[test]
fn call_tracking_needs_delayed_negotiation() {
    let Some(vanilla) = vanilla() else { return };
    let mut delayed = caller("9196");
    delayed
        .variables
        .push(("endpoint_disposition", "DELAYED NEGOTIATION"));
    assert_eq!(
        applications(&vanilla.hunt(&delayed)),
        "hash hash hash export answer echo"
    );
    delayed.variables.push((
        "switch_r_sdp",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x",
    ));
    assert_eq!(
        applications(&vanilla.hunt(&delayed)),
        "set hash hash hash export answer echo"
    );
    delayed.variables.push(("call_debug", "true"));
    delayed
        .variables
        .push(("rtp_has_crypto", "AES_CM_128_HMAC_SHA1_80"));
    assert_eq!(
        applications(&vanilla.hunt(&delayed)),
        "info set set hash hash hash export answer echo"
    );
}

#[test]
fn conditions_on_variables() {
    let Some(vanilla) = vanilla() else { return };
    let with = |number: &str, variables: &[(&'static str, &'static str)]| {
        let mut caller = caller(number);
        caller.variables.extend_from_slice(variables);
        let hunt = vanilla.hunt(&caller);
        (last_rule(&hunt).to_owned(), actions(&hunt).join("; "))
    };
    let loop_back = [("unroll_loops", "true"), ("sip_looped_call", "true")];
    assert_eq!(with("1000", &loop_back).1, "deflect ${destination_number}");
    let crypto = [("rtp_has_crypto", "AES_CM_128_HMAC_SHA1_32")];
    assert!(
        with("9664", &crypto)
            .1
            .contains("execute_extension is_secure XML features")
    );
    assert!(
        with("parking", &[("sip_to_params", "x;fifo=5900")])
            .1
            .contains("fifo 5900@${domain_name} out nowait")
    );
    assert!(
        with("pickup", &[("sip_to_params", "orbit=59")])
            .1
            .contains("fifo 59@${domain_name} out nowait")
    );
    let refer = [("sip_refer_to", "<sip:callpark@pbx.example;orbit=7>")];
    assert!(
        with("callpark", &refer)
            .1
            .contains("fifo 7@${domain_name} in undef")
    );
    let (rule, text) = with("5551234", &[("toll_allow", "domestic,international,local")]);
    assert_eq!(rule, "local.example.com");
    assert!(text.contains("bridge sofia/gateway/${default_gateway}/1${default_areacode}5551234"));
    assert_eq!(
        with("15551234567", &[("toll_allow", "domestic")]).0,
        "domestic.example.com"
    );
    assert_eq!(
        with("01144123", &[("toll_allow", "international")]).0,
        "international.example.com"
    );
    assert_eq!(with("01144123", &[]).0, "acknowledge_call");
}

#[test]
fn functions_decide_about_enum() {
    let Some(vanilla) = vanilla() else { return };
    let mut number = caller("77777");
    number.answers.push(("module_exists(mod_enum)", "true"));
    assert_eq!(actions(&vanilla.hunt(&number)), ["transfer 77777 enum"]);
}

#[test]
fn calls_from_outside() {
    let Some(vanilla) = vanilla() else { return };
    let public = |number: &str| {
        let hunt = vanilla.hunt(&Caller {
            context: "public",
            ..caller(number)
        });
        let actions = actions(&hunt);
        assert_eq!(actions[0], "set outside_call=true");
        actions[2..].join("; ")
    };
    assert_eq!(public("1005"), "transfer 1005 XML default");
    assert_eq!(public("3512"), "transfer 3512 XML default");
    assert!(public("5551212").ends_with("transfer 1000 XML default"));
    // No route, but the two actions made an extension: the call ends normally, not with NO_ROUTE_DESTINATION.
    assert_eq!(public("9196"), "");
}

#[test]
fn features() {
    let Some(vanilla) = vanilla() else { return };
    let feature = |number: &str, variables: &[(&'static str, &'static str)]| {
        actions(&vanilla.hunt(&Caller {
            context: "features",
            variables: variables.to_vec(),
            ..caller(number)
        }))
    };
    assert_eq!(
        feature("dx", &[])[2],
        "execute_extension is_transfer XML features"
    );
    assert_eq!(feature("att_xfer", &[]).len(), 3);
    assert_eq!(
        feature("is_transfer", &[("digits", "1001")]),
        ["transfer -bleg ${digits} XML default"]
    );
    assert_eq!(
        feature("is_transfer", &[("digits", "*")]),
        ["eval cancel transfer"]
    );
    assert_eq!(
        feature("cf", &[])[1],
        "transfer -both 30${dialed_extension:2} XML default"
    );
    assert_eq!(feature("1005", &[])[4], "transfer 1005 XML default");
    assert!(feature("nothing", &[]).is_empty());
    // It tests no number: over TLS it adds itself to any hunt that fails.
    assert_eq!(
        feature("nothing", &[("sip_via_protocol", "tls")]),
        ["eval not_secure"]
    );
    let secure = [
        ("sip_via_protocol", "tls"),
        ("rtp_secure_media_confirmed", "true"),
    ];
    assert_eq!(
        feature("nothing", &secure)[1],
        "playback misc/call_secured.wav"
    );
}
