//! `switch.conf`: limits, ports, log level and the like.

use strowger_model::{Diagnostics, Element, LogLevel, Params, Reload, Section};

/// Settings of the whole exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchConf {
    /// Most sessions at one time.
    pub max_sessions: usize,
    /// Most new sessions a second.
    pub sessions_per_second: u32,
    /// First RTP port.
    pub rtp_start_port: u16,
    /// Last RTP port.
    pub rtp_end_port: u16,
    /// Most detailed log level written.
    pub log_level: Option<LogLevel>,
    /// Seconds between heartbeat events; 0: none.
    pub heartbeat_seconds: u64,
    /// Every event carries all variables.
    pub verbose_events: bool,
    /// `${name(args)}` in texts runs commands.
    pub api_expansion: bool,
    /// Version of generated uuids: 4 or 7.
    pub uuid_version: u8,
    /// Variables that become globals.
    pub variables: Vec<(String, String)>,
}

/// Parameters that tune FreeSWITCH's own inside and mean nothing here.
const TUNING: &[&str] = &[
    "colorize-console",
    "dialplan-timestamps",
    "max-db-handles",
    "db-handle-timeout",
    "core-db-name",
    "auto-create-schemas",
    "auto-clear-sql",
    "session-thread-pool",
    "1ms-timer",
    "timer-affinity",
    "rtp-port-usage-robustness",
    "enable-use-system-time",
    "enable-monotonic-timing",
    "events-use-dispatch",
    "initial-event-threads",
    "cpu-idle-smoothing-depth",
    "enable-early-hangup",
    "switchname",
    "multiple-registrations",
    "max-audio-channels",
    "tipping-point",
    "enable-timer-matrix",
    "enable-clock-nanosleep",
    "enable-cond-yield",
    "enable-softtimer-timerfd",
    "threaded-system-exec",
    "spawn-instead-of-system",
    "debug-level",
    "dump-cores",
];

impl Section for SwitchConf {
    const NAME: &'static str = "switch.conf";
    const RELOAD: Reload = Reload::Restart;

    fn compile(element: Option<&Element>, report: &mut Diagnostics) -> Self {
        let mut params = Params::new(
            element.and_then(|element| element.child("settings")),
            report,
        );
        let conf = SwitchConf {
            max_sessions: params.number("max-sessions", 1_000, 1..=1_000_000),
            sessions_per_second: params.number("sessions-per-second", 30, 1..=1_000_000),
            rtp_start_port: params.number("rtp-start-port", 16_384, 1_024..=65_534),
            rtp_end_port: params.number("rtp-end-port", 32_768, 1_025..=65_535),
            log_level: params.text("loglevel").and_then(LogLevel::parse),
            heartbeat_seconds: params.number("event-heartbeat-interval", 20, 0..=86_400),
            verbose_events: params.boolean("verbose-channel-events", false),
            api_expansion: params.boolean("api-expansion", true),
            uuid_version: params.number("uuid-version", 4, 4..=7),
            variables: Vec::new(),
        };
        params.meaningless(TUNING);
        if conf.rtp_start_port >= conf.rtp_end_port {
            let source = params.source("rtp-end-port");
            params.report().error(
                source,
                "rtp-end-port",
                "it is not above rtp-start-port, so no call could have media",
                "widen the range of RTP ports",
            );
        }
        params.finish();
        let variables = element
            .and_then(|element| element.child("variables"))
            .into_iter()
            .flat_map(|variables| variables.elements_named("variable"))
            .filter_map(|variable| {
                Some((
                    variable.attr("name")?.to_owned(),
                    variable.attr("value")?.to_owned(),
                ))
            })
            .collect();
        SwitchConf { variables, ..conf }
    }
}
