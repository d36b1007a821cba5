//! Parameters that are known and do nothing here: silently where nothing differs, with a warning where something does.

use strowger_model::{Diagnostics, Element, Params, is_false, is_true};

/// Parameters that tune another implementation's threads, timers and databases: nothing here differs with them.
pub(super) const TUNING: &[&str] = &[
    "debug",
    "rtp-timer-name",
    "use-rtp-timer",
    "watchdog-enabled",
    "watchdog-step-timeout",
    "watchdog-event-timeout",
    "ping-mean-interval",
    "ping-thread-frequency",
    "registration-thread-frequency",
    "inbound-reg-in-new-thread",
    "dbname",
    "odbc-dsn",
    "db-spin-up-wait-ms",
    "db-pre-trans-execute",
    "db-post-trans-execute",
    "db-inner-pre-trans-execute",
    "db-inner-post-trans-execute",
    "track-calls",
    "parse-all-invite-headers",
    "auto-restart",
    "rtp-notimer-during-bridge",
    // Responses always go back to where the request came from (RFC 3581).
    "NDLB-force-rport",
    // Names are resolved by the system, without SRV and NAPTR.
    "disable-srv",
    "disable-naptr",
];

/// Settings of TLS and presence that mean nothing while these are off.
const OF_TLS: &[&str] = &[
    "tls-only",
    "tls-bind-params",
    "tls-sip-port",
    "tls-cert-dir",
    "tls-passphrase",
    "tls-verify-date",
    "tls-verify-policy",
    "tls-verify-depth",
    "tls-verify-in-subjects",
    "tls-version",
    "tls-ciphers",
    "tls-timeout",
    "tls-always-nat",
    "tls-orq-connect-timeout",
];
const OF_PRESENCE: &[&str] = &[
    "presence-privacy",
    "presence-hold-state",
    "presence-disable-early",
    "presence-probe-on-register",
    "presence-proto-lookup",
    "send-presence-on-register",
    "force-subscription-domain",
    "force-subscription-expires",
    "force-publish-expires",
    "sip-subscription-max-deviation",
    "sip-subscribe-respond-200-ok",
    "pnp-provision-url",
];

/// What is meant for other parts of the endpoint, with a warning when it is asked for.
pub(super) fn later(p: &mut Params<'_, '_>) {
    let mut ask = |name: &str, what: &str, advice: &str| {
        let value = p.text(name).unwrap_or_default().trim().to_owned();
        if value.is_empty() || is_false(&value) {
            return;
        }
        let source = p.source(name);
        p.report().warning(
            source,
            format!("parameter `{name}` is not supported yet"),
            what,
            advice,
        );
    };
    ask(
        "tls",
        "this profile opens no TLS port",
        "set it to false, and let phones use UDP or TCP within a network that you trust",
    );
    ask(
        "ws-binding",
        "this profile opens no WebSocket port",
        "remove it",
    );
    ask(
        "wss-binding",
        "this profile opens no secure WebSocket port",
        "remove it",
    );
    ask(
        "manage-presence",
        "subscriptions to presence are refused with 489",
        "set it to false",
    );
    ask(
        "manage-shared-appearance",
        "there are no shared lines",
        "set it to false",
    );
    ask(
        "record-template",
        "the record button of phones is refused with 488",
        "record in the dialplan with record_session",
    );
    p.meaningless(OF_TLS);
    p.meaningless(OF_PRESENCE);
    p.meaningless(&["record-path"]);
    // What is so in any case: no warning when it is asked for, one when the contrary is.
    for (name, usual) in [
        ("rtp-autofix-timing", true),
        ("reuse-connections", true),
        ("enable-soa", true),
        ("enable-chat", true),
        ("ndlb-allow-nondup-sdp", true),
        ("auth-all-packets", false),
        ("sip-capture", false),
        ("enable-compact-headers", false),
        ("enable-rfc-5626", false),
        ("inbound-bypass-media", false),
        ("inbound-proxy-media", false),
        ("inbound-no-media", false),
        ("disable-transcoding", false),
        ("rtp-rewrite-timestamps", false),
        ("disable-rtp-auto-adjust", false),
        ("all-reg-options-ping", false),
        ("nat-options-ping", false),
        ("unregister-on-options-fail", false),
        ("forward-unsolicited-mwi-notify", false),
        ("confirm-blind-transfer", false),
        ("manual-redirect", false),
        ("proxy-refer", false),
        ("enable-3pcc", true),
        ("shutdown-on-fail", true),
        ("liberal-dtmf", true),
        ("pass-rfc2833", false),
        ("disable-hold", false),
        ("t38-passthru", false),
        ("require-secure-rtp", false),
        ("fire-message-events", false),
        ("profile-standby", false),
    ] {
        let value = p.text(name).unwrap_or_default().trim().to_owned();
        let same = value.is_empty()
            || if usual {
                is_true(&value)
            } else {
                is_false(&value)
            };
        if !same {
            let source = p.source(name);
            p.report().warning(
                source,
                format!("parameter `{name}` is not supported yet"),
                format!("it is as if it said {usual}"),
                "remove it or mind the difference",
            );
        }
    }
}

pub(super) fn gateways(profile: &str, element: &Element, report: &mut Diagnostics) {
    let gateways = element
        .elements_named("gateways")
        .flat_map(|gateways| gateways.elements_named("gateway"));
    for gateway in gateways {
        report.warning(
            Some(gateway.source.clone()),
            format!(
                "gateway `{}` of profile `{profile}` is not supported yet",
                gateway.attr("name").unwrap_or_default()
            ),
            "it neither registers nor carries calls: sofia/gateway/… gives INVALID_GATEWAY",
            "reach the trunk by sofia/PROFILE/NUMBER@HOST meanwhile",
        );
    }
}
