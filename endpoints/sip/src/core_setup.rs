//! How the machine of a profile's shards is set up.

use crate::nat;
use crate::profile::Profile;
use strowger_sip_proto::message::Method;
use strowger_sip_proto::{CoreConfig, SessionTimer};

/// How the machine is set up for a profile.
pub(crate) fn core_config(profile: &Profile) -> CoreConfig {
    let conf = profile.conf.load();
    let mut config = CoreConfig::default();
    let shown = format!(
        "{}:{}",
        nat::host_text(profile.shown_local()),
        profile.local().port()
    );
    for transport in Profile::transports() {
        config.sent_by.insert(transport, shown.clone());
    }
    config.user_agent = conf.user_agent.clone();
    let refused = [
        (conf.disable_register, Method::REGISTER),
        (conf.disable_transfer, Method::REFER),
        (!conf.allow_update, Method::UPDATE),
    ];
    config
        .allow
        .retain(|method| !refused.contains(&(true, method.clone())));
    config.supported = vec!["path".to_owned()];
    config.session_timer = conf
        .session_timer
        .map(|(expires, minimum)| SessionTimer { expires, minimum });
    if config.session_timer.is_some() {
        config.supported.insert(0, "timer".to_owned());
    }
    if conf.enable_100rel {
        config.enable_100rel();
    }
    config.trying = conf.auto_100;
    config.durations = conf.durations;
    config
}
