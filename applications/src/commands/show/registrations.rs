//! `show registrations`: who is reachable where.

use super::table::Table;
use strowger_core::Switch;

/// All bindings that have not expired.
pub(super) fn table(switch: &Switch) -> Table {
    let mut table = Table::new(&[
        "reg_user",
        "realm",
        "token",
        "url",
        "expires",
        "network_ip",
        "network_port",
        "network_proto",
        "hostname",
        "metadata",
    ]);
    let now = switch.clock().now().timestamp();
    for binding in switch.store().registrations.all() {
        if binding.expires <= now {
            continue;
        }
        table.row(vec![
            binding.user.clone(),
            binding.domain.clone(),
            binding.call_id.clone(),
            format!("sofia/{}/{}", binding.profile, binding.contact),
            binding.expires.to_string(),
            binding.network_ip.clone(),
            binding.network_port.to_string(),
            binding.transport.clone(),
            switch.hostname().to_owned(),
            String::new(),
        ]);
    }
    table
}
