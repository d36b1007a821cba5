//! `voicemail.conf`: the profiles of mailboxes, their keys, limits and times.

use super::state::SharedState;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use strowger_core::config::{CompileContext, SectionCompiler};
use strowger_model::{Diagnostics, Element, Params, Reload, Section, XmlDirectory};

/// Messages that a box holds unless `max-messages` says otherwise: at five minutes each they fill 1.2 GB at 8 kHz,
/// far below any disk, and no owner listens to more.
const MAX_MESSAGES: usize = 500;

/// Messages that one number may leave in one box within an hour, unless `max-messages-per-caller` says otherwise.
const MAX_PER_CALLER: usize = 30;

/// Directory parameters that belong to mail, conversion or other formats, none of which is done here.
const UNSUPPORTED_USER_PARAMS: &[&str] = &[
    "vm-mailto",
    "vm-notify-mailto",
    "vm-mailfrom",
    "vm-email-all-messages",
    "vm-notify-email-all-messages",
    "vm-attach-file",
    "vm-keep-local-after-email",
    "vm-delete-file",
    "vm-message-ext",
    "vm-convert-cmd",
    "vm-convert-ext",
];

/// All profiles.
#[derive(Clone, Debug, Default)]
pub struct VoicemailConf {
    profiles: BTreeMap<String, Arc<Profile>>,
}

/// When the date of a message is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateAnnouncement {
    /// Before the message.
    First,
    /// After it.
    Last,
    /// Not at all.
    Never,
}

/// Where calls back to the sender of a message go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Dialplan.
    pub dialplan: String,
    /// Context.
    pub context: String,
}

/// One profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The keys.
    pub keys: Keys,
    /// New messages: latest first.
    pub new_latest_first: bool,
    /// Saved messages: latest first.
    pub saved_latest_first: bool,
    /// `extension dialplan context` of the operator.
    pub operator_extension: String,
    /// `extension dialplan context` of another mailbox's voicemail.
    pub vmain_extension: String,
    /// The tone before a recording.
    pub tone: String,
    /// Other directory for messages.
    pub storage_dir: Option<PathBuf>,
    /// That directory is shared with other things: messages go to `voicemail` below each domain.
    pub storage_dir_shared: bool,
    /// Calling back, when the configuration allows it.
    pub callback: Option<Callback>,
    /// When the date is spoken.
    pub date: DateAnnouncement,
    /// How long a digit is waited for.
    pub digit_timeout: Duration,
    /// PINs that a caller may try.
    pub max_login_attempts: u32,
    /// Shortest recording that is kept.
    pub shortest: Duration,
    /// Longest recording.
    pub longest: Duration,
    /// Silent or wrong rounds in a menu.
    pub max_retries: u32,
    /// Mean magnitude below which a caller is silent, and how long that ends a recording.
    pub silence: Option<(u32, Duration)>,
    /// A PIN chosen by phone replaces the directory's (otherwise both open the box).
    pub database_pin_only: bool,
    /// A box without any PIN opens.
    pub allow_empty_pin: bool,
    /// A recording is played to who made it before the menu.
    pub auto_playback: bool,
    /// `MWI-Voice-Message` carries urgent counts.
    pub full_header: bool,
    /// Messages in a box at most.
    pub max_messages: usize,
    /// Messages of one number in one box within an hour at most.
    pub max_per_caller: usize,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $field:ident = $name:literal, $default:literal;)*) => {
        /// The keys of a profile.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Keys {
            $($(#[$doc])* pub $field: char,)*
            /// Keys of a greeting that let the owner in.
            pub login: String,
            /// To the operator; none without.
            pub operator: Option<char>,
            /// To another mailbox; none without.
            pub vmain: Option<char>,
        }

        impl Keys {
            fn read(params: &mut Params<'_, '_>) -> Keys {
                let login = params.text_or("login-keys", "0");
                Keys {
                    $($field: key(params, $name).unwrap_or($default),)*
                    login,
                    operator: key(params, "operator-key"),
                    vmain: key(params, "vmain-key"),
                }
            }
        }
    };
}

keys! {
    /// Ends an entry; leaves a menu.
    terminator = "terminator-key", '#';
    /// Main menu: new messages.
    play_new = "play-new-messages-key", '1';
    /// Main menu: saved messages.
    play_saved = "play-saved-messages-key", '2';
    /// Options menu: back to the main menu.
    main_menu = "main-menu-key", '0';
    /// Main menu: options.
    config_menu = "config-menu-key", '5';
    /// During a greeting: straight to the tone.
    skip_greeting = "skip-greet-key", '#';
    /// During what is said about a message: straight to the message.
    skip_info = "skip-info-key", '*';
    /// Options menu: record a greeting.
    record_greeting = "record-greeting-key", '1';
    /// Options menu: choose a greeting.
    choose_greeting = "choose-greeting-key", '2';
    /// Options menu: record the name.
    record_name = "record-name-key", '3';
    /// Options menu: change the PIN.
    change_pin = "change-pass-key", '6';
    /// After a recording: record again.
    record_file = "record-file-key", '3';
    /// After a recording or message: listen to it.
    listen = "listen-file-key", '1';
    /// Keep it.
    save = "save-file-key", '2';
    /// Delete it.
    delete = "delete-file-key", '7';
    /// Take a deletion back.
    undelete = "undelete-file-key", '8';
    /// Mail it (named by the prompts only where a mail address is known).
    email = "email-key", '4';
    /// Call the sender.
    callback = "callback-key", '5';
    /// Forward it.
    forward = "forward-key", '8';
    /// Forward with an introduction.
    prepend = "prepend-key", '1';
    /// While it plays: pause.
    pause = "pause-key", '0';
    /// While it plays: from the start.
    restart = "restart-key", '1';
    /// While it plays: forward.
    fast_forward = "ff-key", '6';
    /// While it plays: back.
    rewind = "rew-key", '4';
    /// The message before.
    previous = "previous-message-key", '1';
    /// The message after.
    next = "next-message-key", '3';
    /// The message again.
    repeat = "repeat-message-key", '0';
    /// Mark as urgent.
    urgent = "urgent-key", '*';
}

/// One key of a telephone; another text is an error.
fn key(params: &mut Params<'_, '_>, name: &str) -> Option<char> {
    let text = params.text(name).filter(|text| !text.is_empty())?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(key), None) if is_key(key) => Some(key),
        _ => {
            let source = params.source(name);
            params.report().error(
                source,
                format!("parameter `{name}` has no usable value"),
                format!("`{text}` is not one key of a telephone"),
                "write one of 0-9, * and #",
            );
            None
        }
    }
}

fn is_key(key: char) -> bool {
    key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D')
}

impl VoicemailConf {
    /// The profile of that name, without case.
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles.get(&name.to_ascii_lowercase())
    }

    /// All profiles in order of name.
    pub fn profiles(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.values()
    }
}

impl Profile {
    fn read(name: &str, element: &Element, report: &mut Diagnostics) -> Profile {
        if let Some(email) = element.child("email") {
            report.warning(
                Some(email.source.clone()),
                "the <email> of a voicemail profile is not supported yet",
                "no mail is sent",
                "remove it or mind the difference",
            );
        }
        let mut params = Params::new(Some(element), report);
        let keys = Keys::read(&mut params);
        let seconds = |value: u64| Duration::from_secs(value);
        let threshold = params.number("record-silence-threshold", 200_u32, 0..=10_000);
        let hits = params.number("record-silence-hits", 2_u64, 0..=1_000);
        let callback = params.text("callback-context").filter(|c| !c.is_empty());
        let dialplan = params.text_or("callback-dialplan", "XML");
        let date = match params.choice("play-date-announcement", &["first", "last", "never"]) {
            Some("last") => DateAnnouncement::Last,
            Some("never") => DateAnnouncement::Never,
            _ => DateAnnouncement::First,
        };
        let profile = Profile {
            name: name.to_owned(),
            keys,
            new_latest_first: params.boolean("play-new-messages-lifo", false),
            saved_latest_first: params.boolean("play-saved-messages-lifo", false),
            operator_extension: params.text_or("operator-extension", ""),
            vmain_extension: params.text_or("vmain-extension", ""),
            tone: params.text_or("tone-spec", "%(1000, 0, 640)"),
            storage_dir: params
                .text("storage-dir")
                .filter(|text| !text.is_empty())
                .map(PathBuf::from),
            storage_dir_shared: params.boolean("storage-dir-shared", false),
            callback: callback.map(|context| Callback {
                dialplan,
                context: context.to_owned(),
            }),
            date,
            digit_timeout: Duration::from_millis(params.number(
                "digit-timeout",
                10_000,
                0..=30_000,
            )),
            max_login_attempts: params.number("max-login-attempts", 3, 1..=10),
            shortest: seconds(params.number("min-record-len", 3, 0..=10_000)),
            longest: seconds(params.number("max-record-len", 300, 1..=10_000)),
            max_retries: params.number("max-retries", 3, 1..=100),
            silence: (hits > 0).then_some((threshold, seconds(hits))),
            database_pin_only: params.boolean("db-password-override", false),
            allow_empty_pin: params.boolean("allow-empty-password-auth", true),
            auto_playback: params.boolean("auto-playback-recordings", false),
            full_header: params.boolean("send-full-vm-header", false),
            max_messages: params.number("max-messages", MAX_MESSAGES, 1..=100_000),
            max_per_caller: params.number("max-messages-per-caller", MAX_PER_CALLER, 1..=100_000),
        };
        only_supported(&mut params, "file-extension", "wav");
        only_supported(&mut params, "record-sample-rate", "0");
        params.finish();
        if profile.shortest >= profile.longest {
            report.error(
                Some(element.source.clone()),
                format!("voicemail profile `{name}`"),
                "min-record-len is not below max-record-len, so every message would be thrown away",
                "lower min-record-len",
            );
        }
        profile
    }
}

/// A parameter of which only one value is supported: another is warned about.
fn only_supported(params: &mut Params<'_, '_>, name: &str, supported: &str) {
    let Some(value) = params.text(name).filter(|value| !value.is_empty()) else {
        return;
    };
    if !value.eq_ignore_ascii_case(supported) {
        let source = params.source(name);
        params.report().warning(
            source,
            format!("parameter `{name}`: `{value}` is not supported yet"),
            format!("it is as if it were {supported}"),
            "remove it or mind the difference",
        );
    }
}

impl Section for VoicemailConf {
    const NAME: &'static str = "voicemail.conf";
    const RELOAD: Reload = Reload::NewCalls;

    fn compile(element: Option<&Element>, report: &mut Diagnostics) -> Self {
        let mut conf = VoicemailConf::default();
        if let Some(settings) = element.and_then(|element| element.child("settings")) {
            Params::new(Some(settings), report).finish();
        }
        let profiles = element
            .and_then(|element| element.child("profiles"))
            .into_iter()
            .flat_map(|profiles| profiles.elements_named("profile"));
        for element in profiles {
            let name = element.attr("name").unwrap_or_default();
            if !super::paths::is_safe_name(name) {
                report.error(
                    Some(element.source.clone()),
                    format!("voicemail profile `{name}`"),
                    "its name is part of the directory of its messages and cannot be one",
                    "use letters, digits, `.`, `_`, `+` and `-`",
                );
                continue;
            }
            let profile = Arc::new(Profile::read(name, element, report));
            conf.profiles.insert(name.to_ascii_lowercase(), profile);
        }
        conf
    }
}

/// One warning for each parameter of users that asks for what is not done, at the first user who has it.
pub(super) fn warn_about_users(directory: &XmlDirectory, report: &mut Diagnostics) {
    for name in UNSUPPORTED_USER_PARAMS {
        let having = |user: &&Arc<strowger_model::User>| user.param(name).is_some();
        let mut users = directory
            .domains()
            .iter()
            .flat_map(|domain| domain.users().iter())
            .filter(having);
        if let Some(first) = users.next() {
            let others = users.count();
            report.warning(
                Some(first.source.clone()),
                format!("the user parameter `{name}` is not supported yet"),
                format!(
                    "voicemail sends no mail and converts no files; {} and {others} other users have it",
                    first.address()
                ),
                "remove it or mind the difference",
            );
        }
    }
}

/// What the module compiles: its section, and its state for everybody who has the configuration.
pub fn sections(state: SharedState) -> Vec<SectionCompiler> {
    vec![
        SectionCompiler::with(
            VoicemailConf::NAME,
            |context: &CompileContext<'_>, report: &mut Diagnostics| {
                let conf = VoicemailConf::compile(
                    context.document.configuration(VoicemailConf::NAME),
                    report,
                );
                if !conf.profiles.is_empty() {
                    warn_about_users(context.directory, report);
                }
                conf
            },
        ),
        SectionCompiler::with(
            VoicemailConf::NAME,
            move |_: &CompileContext<'_>, _: &mut Diagnostics| state.clone(),
        ),
    ]
}
