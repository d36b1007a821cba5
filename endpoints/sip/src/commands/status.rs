//! `sofia status`: tables of profiles and registrations in the usual layout.

use crate::config::{External, Realm};
use crate::endpoint::Sofia;
use crate::nat::host_text;
use crate::profile::{self, Profile};
use crate::registrar::shown_contact;
use chrono::DateTime;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use strowger_core::store::Registration;

/// What stands for settings that are not there.
const NONE: &str = "N/A";

/// The line between parts of a table.
fn line() -> String {
    "=".repeat(97)
}

/// Every profile and alias.
pub(super) fn overview(sofia: &Sofia) -> String {
    let row = |name: &str, kind: &str, data: &str, state: &str| {
        format!("{name:>25}\t{kind}\t  {data:>40}\t{state}\n")
    };
    let mut out = row("Name", "   Type", "Data", "State");
    out.push_str(&line());
    out.push('\n');
    let (mut profiles, mut aliases) = (0, 0);
    for profile in sofia.profiles.all().iter() {
        profiles += 1;
        let channels = profile.counters.channels.load(Ordering::Relaxed);
        let state = format!("RUNNING ({channels})");
        out.push_str(&row(&profile.name, "profile", &profile.url(), &state));
        for alias in profile::aliases(profile) {
            aliases += 1;
            out.push_str(&row(&alias, "  alias", &profile.name, "ALIASED"));
        }
    }
    out.push_str(&format!(
        "{}\n{profiles} profile{} {aliases} alias{}\n",
        line(),
        if profiles == 1 { "" } else { "s" },
        if aliases == 1 { "" } else { "es" }
    ));
    out
}

/// The settings and counters of one profile.
pub(super) fn profile(sofia: &Sofia, name: &str) -> String {
    let Some(profile) = sofia.profiles.find(name) else {
        return "Invalid Profile!\n".to_owned();
    };
    let mut out = format!("{}\n", line());
    for (label, value) in rows(&profile) {
        // The usual table pads this one label less.
        let width = if label == "WS-BIND-URL" { 16 } else { 17 };
        out.push_str(&format!("{label:<width$}\t{value}\n"));
    }
    out
}

fn rows(profile: &Profile) -> Vec<(&'static str, String)> {
    let conf = profile.conf.load();
    let flag = |on: bool| if on { "true" } else { "false" }.to_owned();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| NONE.to_owned());
    let external = |external: &External, seen: Option<IpAddr>| match (external, seen) {
        (External::Local, _) | (_, None) => NONE.to_owned(),
        (_, Some(address)) => address.to_string(),
    };
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed).to_string();
    let outside = profile.outside.load();
    let counters = &profile.counters;
    let rtp: Vec<String> = conf.rtp_ips.iter().map(ToString::to_string).collect();
    let realm = match &conf.realm {
        Realm::From => "auto_from".to_owned(),
        Realm::To => "auto_to".to_owned(),
        Realm::Literal(text) => text.clone(),
    };
    let dtmf = match (conf.dtmf_by_signalling, conf.telephone_event) {
        (true, _) => "info",
        (false, Some(_)) => "rfc2833",
        (false, None) => "none",
    };
    let bind = format!(
        "sip:{}@{}:{};transport=udp,tcp",
        conf.contact_user,
        host_text(profile.local().ip()),
        profile.local().port()
    );
    let mut rows = vec![
        ("Name", profile.name.clone()),
        ("Domain Name", or_none(&conf.force_register_domain)),
        ("Auto-NAT", flag(false)),
        ("DBName", format!("sofia_reg_{}", profile.name)),
        ("Pres Hosts", conf.presence_hosts.clone()),
        ("Dialplan", conf.dialplan.clone()),
        ("Context", conf.context.clone()),
        ("Challenge Realm", realm),
        ("RTP-IP", rtp.join(",")),
        ("Ext-RTP-IP", external(&conf.ext_rtp_ip, outside.rtp)),
        ("SIP-IP", profile.shown_local().to_string()),
        ("Ext-SIP-IP", external(&conf.ext_sip_ip, outside.sip)),
        ("URL", profile.url()),
        ("BIND-URL", bind),
        ("WS-BIND-URL", NONE.to_owned()),
        ("WSS-BIND-URL", NONE.to_owned()),
        ("HOLD-MUSIC", or_none(&conf.hold_music)),
        ("OUTBOUND-PROXY", or_none(&conf.outbound_proxy)),
        ("CODECS IN", conf.codecs_in.join(",")),
        ("CODECS OUT", conf.codecs_out.join(",")),
        (
            "TEL-EVENT",
            conf.telephone_event
                .map_or_else(|| NONE.to_owned(), |number| number.to_string()),
        ),
        ("DTMF-MODE", dtmf.to_owned()),
        ("CNG", "13".to_owned()),
        (
            "SESSION-TO",
            conf.session_timer
                .map_or(0, |(seconds, _)| seconds)
                .to_string(),
        ),
        ("MAX-DIALOG", conf.max_proceeding.unwrap_or(0).to_string()),
        ("MAX-RECV-RPS", conf.requests_per_second.to_string()),
        ("NOMEDIA", flag(false)),
        ("LATE-NEG", flag(conf.late_negotiation)),
        ("PROXY-MEDIA", flag(false)),
        ("AGGRESSIVENAT", flag(conf.aggressive_nat)),
    ];
    if let Some(filter) = &conf.user_agent_filter {
        rows.push(("USER-AGENT-FILTER", filter.clone()));
    }
    rows.extend([
        ("CALLS-IN", count(&counters.calls_in)),
        ("FAILED-CALLS-IN", count(&counters.failed_in)),
        ("CALLS-OUT", count(&counters.calls_out)),
        ("FAILED-CALLS-OUT", count(&counters.failed_out)),
        ("REGISTRATIONS", bindings(profile).len().to_string()),
    ]);
    rows
}

/// Which registrations are asked for.
pub(super) enum Which<'a> {
    /// All of a profile.
    All,
    /// Those with this text in their contact, or this Call-ID.
    Contact(&'a str),
    /// Those of a user.
    User(&'a str),
}

impl<'a> Which<'a> {
    /// From the words behind `reg`.
    pub(super) fn contact(words: &[&'a str]) -> Which<'a> {
        match words.first() {
            Some(text) => Which::Contact(text),
            None => Which::All,
        }
    }

    fn fits(&self, binding: &Registration) -> bool {
        match self {
            Which::All => true,
            Which::Contact(text) => {
                shown_contact(binding).contains(text) || binding.call_id == *text
            }
            Which::User(text) => {
                let address = format!("{}@{}", binding.user, binding.domain);
                address.eq_ignore_ascii_case(text)
                    || (!text.contains('@') && binding.user.eq_ignore_ascii_case(text))
            }
        }
    }
}

fn bindings(profile: &Profile) -> Vec<Arc<Registration>> {
    let now = profile.switch.clock().now().timestamp();
    profile
        .switch
        .store()
        .registrations
        .all()
        .into_iter()
        .filter(|binding| binding.profile == profile.name && binding.expires > now)
        .collect()
}

/// The registrations of a profile.
pub(super) fn registrations(sofia: &Sofia, name: &str, which: &Which<'_>) -> String {
    let Some(profile) = sofia.profiles.find(name) else {
        return "Invalid Profile!\n".to_owned();
    };
    let mut out = format!("\nRegistrations:\n{}\n", line());
    let all = bindings(&profile);
    let shown: Vec<_> = all.iter().filter(|binding| which.fits(binding)).collect();
    for binding in &shown {
        out.push_str(&block(&profile, binding));
    }
    out.push_str(&format!(
        "Total items returned: {}\n{}\n",
        shown.len(),
        line()
    ));
    out
}

fn block(profile: &Profile, binding: &Registration) -> String {
    let clock = profile.switch.clock();
    let until = DateTime::from_timestamp(binding.expires, 0).unwrap_or_default();
    let until = strowger_model::strftime("%Y-%m-%d %H:%M:%S", &clock.zone().to_local(until));
    let status = format!(
        "Registered({}{})(unknown) EXP({until}) EXPSECS({})",
        binding.transport.to_ascii_uppercase(),
        if binding.nat { "-NAT" } else { "" },
        binding.expires - clock.now().timestamp()
    );
    let address = format!("{}@{}", binding.user, binding.domain);
    let mut out = String::new();
    for (label, value) in [
        ("Call-ID:", binding.call_id.clone()),
        ("User:", address.clone()),
        ("Contact:", shown_contact(binding)),
        ("Agent:", binding.user_agent.clone()),
        ("Status:", status),
        ("Ping-Status:", "Reachable".to_owned()),
        // This label is not padded in the usual table.
        ("Ping-Time:\0", "0.00".to_owned()),
        ("Host:", profile.switch.hostname().to_owned()),
        ("IP:", binding.network_ip.clone()),
        ("Port:", binding.network_port.to_string()),
        ("Auth-User:", binding.auth_user.clone()),
        ("Auth-Realm:", binding.auth_realm.clone()),
        ("MWI-Account:", address),
    ] {
        match label.strip_suffix('\0') {
            Some(bare) => out.push_str(&format!("{bare}\t{value}\n")),
            None => out.push_str(&format!("{label:<12}\t{value}\n")),
        }
    }
    out.push('\n');
    out
}

/// The table of trunks, of which there are none.
pub(super) fn no_gateways() -> String {
    format!(
        "{:>25}\t{:<32}\tState\t{:<9}\tIB Calls(F/T)\tOB Calls(F/T)\n{}\n{}\n0 gateways: Inbound(Failed/Total): 0/0,Outbound(Failed/Total):0/0\n",
        "Profile::Gateway-Name",
        "    Data    ",
        "Ping Time",
        line(),
        line()
    )
}
