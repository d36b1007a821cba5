//! One profile: every parameter that means something here, typed; the others are reported with their place.

use super::address::{External, local};
use super::later::{TUNING, gateways, later};
use super::parameters::{
    acl_use, algorithms, codecs, default_shards, domain, durations, expiry, external, is_plain,
    known_list, limit, multiple, named, nat_acls, owned, seconds, session_timer,
};
use std::net::IpAddr;
use std::time::Duration;
use strowger_core::Negotiation;
use strowger_core::config::CompileContext;
use strowger_model::{Diagnostics, Element, Params, Source, is_true};
use strowger_sip_proto::auth::Algorithm;
use strowger_sip_proto::timer::Durations;

/// Codecs of a profile that names none.
const DEFAULT_CODECS: &str = "PCMU,PCMA";

/// Contacts of one address of record at most, unless a profile says less (RFC 3261 §10 leaves it open).
pub(crate) const MAX_CONTACTS: usize = 10;

/// Which realm a challenge names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Realm {
    /// The host of From.
    From,
    /// The host of To.
    To,
    /// This text.
    Literal(String),
}

/// One `apply-inbound-acl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AclUse {
    /// List or networks.
    pub(crate) list: String,
    /// Dialplan context of those it lets pass, instead of the profile's.
    pub(crate) pass: Option<String>,
    /// Dialplan context of the others; without one they are refused.
    pub(crate) fail: Option<String>,
}

/// How our identity is told to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallerIdType {
    /// `Remote-Party-ID`.
    Rpid,
    /// `P-Asserted-Identity` and `Privacy` (RFC 3325).
    Pid,
    /// In From alone.
    None,
}

impl CallerIdType {
    /// Reads a word, without case.
    pub(crate) fn read(word: &str) -> Option<CallerIdType> {
        match word.to_ascii_lowercase().as_str() {
            "rpid" => Some(CallerIdType::Rpid),
            "pid" => Some(CallerIdType::Pid),
            "none" => Some(CallerIdType::None),
            _ => Option::None,
        }
    }
}

/// Whether one user may be registered from several phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Multiple {
    /// A new contact replaces those of other phones.
    No,
    /// One binding per Call-ID.
    ByCallId,
    /// One binding per contact.
    ByContact,
}

/// `<domain>` inside a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DomainRule {
    /// The domain, or `all`.
    pub(crate) name: String,
    /// The profile can be addressed by this name.
    pub(crate) alias: bool,
}

/// What one profile is set to.
#[derive(Clone, Debug)]
pub(crate) struct ProfileConf {
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) aliases: Vec<String>,
    pub(crate) domains: Vec<DomainRule>,
    /// Number of shards; each has its own task.
    pub(crate) shards: usize,

    pub(crate) sip_ip: IpAddr,
    /// 0: the kernel chooses.
    pub(crate) sip_port: u16,
    pub(crate) ext_sip_ip: External,
    pub(crate) ext_sip_port: Option<u16>,
    pub(crate) rtp_ips: Vec<IpAddr>,
    pub(crate) ext_rtp_ip: External,
    pub(crate) local_network_acl: Option<String>,
    pub(crate) nat_acls: Vec<String>,
    pub(crate) aggressive_nat: bool,
    pub(crate) tcp_always_nat: bool,

    pub(crate) context: String,
    pub(crate) dialplan: String,
    pub(crate) full_id_in_dialplan: bool,
    pub(crate) codecs_in: Vec<String>,
    pub(crate) codecs_out: Vec<String>,
    pub(crate) negotiation: Negotiation,
    pub(crate) late_negotiation: bool,
    pub(crate) telephone_event: Option<u8>,
    pub(crate) dtmf_by_signalling: bool,
    pub(crate) hold_music: Option<String>,
    pub(crate) media_timeout: Option<Duration>,
    pub(crate) hold_timeout: Option<Duration>,
    pub(crate) sdp_user: String,
    pub(crate) ignore_183_without_sdp: bool,

    pub(crate) realm: Realm,
    pub(crate) nonce_ttl: Duration,
    pub(crate) max_nonce_uses: u32,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) auth_calls: bool,
    pub(crate) auth_calls_acl_only: bool,
    pub(crate) auth_subscriptions: bool,
    pub(crate) auth_messages: bool,
    pub(crate) accept_blind_reg: bool,
    pub(crate) accept_blind_auth: bool,
    pub(crate) force_matching_username: bool,
    pub(crate) inbound_acls: Vec<AclUse>,
    pub(crate) register_acls: Vec<String>,
    pub(crate) acl_with_port: bool,
    pub(crate) force_register_domain: Option<String>,
    pub(crate) force_register_db_domain: Option<String>,
    pub(crate) log_auth_failures: bool,

    pub(crate) disable_register: bool,
    pub(crate) disable_transfer: bool,
    pub(crate) multiple: Multiple,
    pub(crate) max_contacts: usize,
    pub(crate) user_agent_filter: Option<String>,
    pub(crate) force_expires: Option<u32>,
    pub(crate) min_expires: Option<u32>,
    pub(crate) max_expires: Option<u32>,
    pub(crate) expires_deviation: u32,
    pub(crate) expires_margin: u32,

    pub(crate) user_agent: Option<String>,
    pub(crate) contact_user: String,
    pub(crate) caller_id: CallerIdType,
    pub(crate) identity_in_1xx: bool,
    pub(crate) pass_callee_id: bool,
    pub(crate) send_display_update: bool,
    pub(crate) allow_update: bool,
    pub(crate) callid_as_uuid: bool,
    pub(crate) uuid_as_callid: bool,
    pub(crate) outbound_proxy: Option<String>,
    pub(crate) enable_100rel: bool,
    /// Session timer: what we ask for and the least we accept, seconds; `None`: no session timers.
    pub(crate) session_timer: Option<(u32, u32)>,
    pub(crate) max_calls: Option<usize>,
    pub(crate) max_proceeding: Option<usize>,
    /// Requests a second that strangers may send together; 0: no limit.
    pub(crate) requests_per_second: u32,
    pub(crate) options_503_when_busy: bool,
    pub(crate) auto_100: bool,
    pub(crate) durations: Durations,
    pub(crate) trace: bool,
    pub(crate) tcp_keepalive: Option<Duration>,
    pub(crate) tcp_unregister_on_close: bool,
    pub(crate) presence_hosts: String,
}

/// Compiles a profile; `None` never happens for reasons other than reported errors.
pub(super) fn compile(
    name: &str,
    element: &Element,
    context: &CompileContext<'_>,
    report: &mut Diagnostics,
) -> Option<ProfileConf> {
    if !is_plain(name) {
        report.error(
            Some(element.source.clone()),
            format!("profile `{}` has an odd name", name.escape_debug()),
            "names stand in dial strings: letters, digits, `.`, `-` and `_` only",
            "rename it",
        );
        return None;
    }
    gateways(name, element, report);
    let aliases = named(element, "aliases", "alias");
    let domains = element
        .elements_named("domains")
        .flat_map(|domains| domains.elements_named("domain"))
        .filter_map(|domain| {
            Some(DomainRule {
                name: domain
                    .attr("name")
                    .filter(|name| !name.is_empty())?
                    .to_owned(),
                alias: domain.attr("alias").is_some_and(is_true),
            })
        })
        .collect();
    let own_v4 = context.globals.get("local_ip_v4");
    let mut params = Params::new(element.child("settings"), report);
    let p = &mut params;
    p.meaningless(TUNING);
    later(p);

    let source = p.source("sip-ip");
    let text = p.text("sip-ip");
    let sip_ip = local("sip-ip", text, own_v4, source, p.report());
    let sip_port = match p.text("sip-port") {
        Some(text) if text.eq_ignore_ascii_case("auto") => 0,
        _ => p.number("sip-port", 5060, 0..=65_535),
    };
    let source = p.source("rtp-ip");
    let mut rtp_ips = Vec::new();
    for text in p.all("rtp-ip") {
        rtp_ips.push(local(
            "rtp-ip",
            Some(text),
            own_v4,
            source.clone(),
            p.report(),
        ));
    }
    if rtp_ips.is_empty() {
        rtp_ips.push(sip_ip);
    }
    let ext_sip_ip = external(p, "ext-sip-ip");
    let ext_rtp_ip = external(p, "ext-rtp-ip");
    let both = p.text_or("codec-prefs", DEFAULT_CODECS);
    let codecs_in = codecs(p, "inbound-codec-prefs", &both);
    let codecs_out = codecs(p, "outbound-codec-prefs", &both);
    let local_network_acl = Some(p.text_or("local-network-acl", "localnet.auto"))
        .filter(|list| !list.eq_ignore_ascii_case("none"));
    let nat_acls = nat_acls(p, context, sip_ip, &ext_sip_ip);
    let inbound_acls = p
        .all("apply-inbound-acl")
        .into_iter()
        .map(acl_use)
        .collect();
    let register_acls = owned(p.all("apply-register-acl"));
    for list in owned(p.all("apply-inbound-acl"))
        .iter()
        .chain(&register_acls)
    {
        known_list(p, list, context);
    }

    let conf = ProfileConf {
        name: name.to_owned(),
        source: element.source.clone(),
        aliases,
        domains,
        shards: p.number("shards", default_shards(), 1..=64),
        sip_ip,
        sip_port,
        ext_sip_ip,
        ext_sip_port: Some(p.number("ext-sip-port", 0, 0..=65_535)).filter(|port| *port != 0),
        rtp_ips,
        ext_rtp_ip,
        local_network_acl,
        nat_acls,
        aggressive_nat: p.boolean("aggressive-nat-detection", false),
        tcp_always_nat: p.boolean("tcp-always-nat", false),
        context: p.text_or("context", "default"),
        dialplan: p.text_or("dialplan", "XML"),
        full_id_in_dialplan: p.boolean("full-id-in-dialplan", false),
        codecs_in,
        codecs_out,
        negotiation: match p.choice(
            "inbound-codec-negotiation",
            &["generous", "greedy", "scrooge"],
        ) {
            Some("greedy") => Negotiation::Greedy,
            Some("scrooge") => Negotiation::Scrooge,
            _ => Negotiation::Generous,
        },
        late_negotiation: p.boolean("inbound-late-negotiation", false),
        telephone_event: None,
        dtmf_by_signalling: false,
        hold_music: p
            .text("hold-music")
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        media_timeout: seconds(p, "rtp-timeout-sec"),
        hold_timeout: seconds(p, "rtp-hold-timeout-sec"),
        sdp_user: p.text_or("username", "Strowger"),
        ignore_183_without_sdp: p.boolean("ignore-183nosdp", false),
        realm: match p.text_or("challenge-realm", "auto_to").as_str() {
            "auto_from" => Realm::From,
            "auto_to" => Realm::To,
            text => Realm::Literal(text.to_owned()),
        },
        nonce_ttl: Duration::from_secs(p.number("nonce-ttl", 60u64, 0..=86_400).max(60)),
        max_nonce_uses: p.number("max-auth-validity", 0, 0..=u32::MAX),
        algorithms: algorithms(p),
        auth_calls: p.boolean("auth-calls", false),
        auth_calls_acl_only: p.boolean("auth-calls-acl-only", false),
        auth_subscriptions: p.boolean("auth-subscriptions", true)
            && !p.boolean("disable-auth-subscriptions", false),
        auth_messages: p.boolean("auth-messages", true)
            && !p.boolean("disable-auth-messages", false),
        accept_blind_reg: p.boolean("accept-blind-reg", false),
        accept_blind_auth: p.boolean("accept-blind-auth", false),
        force_matching_username: p.boolean("inbound-reg-force-matching-username", true),
        inbound_acls,
        register_acls,
        acl_with_port: p.boolean("use-port-for-acl-check", false),
        force_register_domain: domain(p, "force-register-domain"),
        force_register_db_domain: domain(p, "force-register-db-domain"),
        log_auth_failures: p.boolean("log-auth-failures", false),
        disable_register: p.boolean("disable-register", false),
        disable_transfer: p.boolean("disable-transfer", false),
        multiple: multiple(p),
        max_contacts: p.number(
            "max-registrations-per-extension",
            MAX_CONTACTS,
            1..=MAX_CONTACTS,
        ),
        user_agent_filter: p
            .text("user-agent-filter")
            .filter(|t| !t.is_empty())
            .map(str::to_owned),
        force_expires: expiry(p, "sip-force-expires"),
        min_expires: expiry(p, "sip-force-expires-min"),
        max_expires: expiry(p, "sip-force-expires-max"),
        expires_deviation: p.number("sip-expires-max-deviation", 0, 0..=86_400),
        expires_margin: p.number("sip-expires-late-margin", 60, 0..=3_600),
        user_agent: match p.text("user-agent-string") {
            Some("_undef_") => None,
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => Some(concat!("Strowger/", env!("CARGO_PKG_VERSION")).to_owned()),
        },
        contact_user: p.text_or("contact-user", "mod_sofia"),
        caller_id: p
            .choice("caller-id-type", &["rpid", "pid", "none"])
            .and_then(CallerIdType::read)
            .unwrap_or(CallerIdType::None),
        identity_in_1xx: p.boolean("cid-in-1xx", true),
        pass_callee_id: p.boolean("pass-callee-id", true),
        send_display_update: p.boolean("send-display-update", true),
        allow_update: p.boolean("allow-update", true),
        callid_as_uuid: p.boolean("inbound-use-callid-as-uuid", false),
        uuid_as_callid: p.boolean("outbound-use-uuid-as-callid", false),
        outbound_proxy: p
            .text("outbound-proxy")
            .filter(|t| !t.is_empty())
            .map(str::to_owned),
        enable_100rel: p.boolean("enable-100rel", false),
        session_timer: session_timer(p),
        max_calls: limit(p, "max-calls"),
        max_proceeding: limit(p, "max-proceeding"),
        requests_per_second: p.number("max-recv-requests-per-second", 1_000, 0..=10_000_000),
        options_503_when_busy: p.boolean("sip-options-respond-503-on-busy", false),
        auto_100: p.boolean("auto-invite-100", true),
        durations: durations(p),
        trace: p.boolean("sip-trace", false),
        tcp_keepalive: seconds(p, "socket-tcp-keepalive"),
        tcp_unregister_on_close: p.boolean("tcp-unreg-on-socket-close", false),
        presence_hosts: p.text_or("presence-hosts", "n/a"),
    };
    let conf = ProfileConf {
        telephone_event: Some(p.number("rfc2833-pt", 101, 96..=127)),
        ..conf
    };
    let dtmf = p.choice("dtmf-type", &["rfc2833", "info", "none"]);
    let conf = ProfileConf {
        telephone_event: conf
            .telephone_event
            .filter(|_| !matches!(dtmf, Some("info" | "none"))),
        dtmf_by_signalling: dtmf == Some("info"),
        ..conf
    };
    params.finish();
    Some(conf)
}
