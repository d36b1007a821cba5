//! Registrations, so that phones are reachable after a restart before they register again.

use super::writer::Writer;
use rusqlite::{Row, params};
use strowger_core::store::{Registration, RegistrationJournal, RegistrationKey, StoreError};

/// The journal of registrations.
pub struct Journal(pub Writer);

const COLUMNS: &str = "user, domain, contact, profile, call_id, cseq, user_agent, network_ip, network_port, \
                       transport, nat, path, q, expires, since, auth_user, auth_realm";

impl RegistrationJournal for Journal {
    fn load(&self) -> Result<Vec<Registration>, StoreError> {
        self.0
            .ask_blocking("registrations cannot be read", |connection| {
                let mut statement =
                    connection.prepare(&format!("SELECT {COLUMNS} FROM registration"))?;
                statement.query_map([], read)?.collect()
            })
    }

    fn save(&self, registration: &Registration) {
        let r = registration.clone();
        self.0
            .tell("a registration cannot be kept", move |connection| {
                connection
                    .prepare_cached(&format!(
                        "INSERT OR REPLACE INTO registration ({COLUMNS})
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    ))?
                    .execute(params![
                        r.user,
                        r.domain,
                        r.contact,
                        r.profile,
                        r.call_id,
                        r.cseq,
                        r.user_agent,
                        r.network_ip,
                        r.network_port,
                        r.transport,
                        r.nat,
                        r.path.join("\n"),
                        r.q,
                        r.expires,
                        r.since,
                        r.auth_user,
                        r.auth_realm,
                    ])
                    .map(|_| ())
            });
    }

    fn remove(&self, key: &RegistrationKey) {
        let key = key.clone();
        self.0
            .tell("a registration cannot be forgotten", move |connection| {
                connection
                    .prepare_cached(
                        "DELETE FROM registration WHERE user = ? AND domain = ? AND contact = ?",
                    )?
                    .execute(params![key.user, key.domain, key.contact])
                    .map(|_| ())
            });
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Registration> {
    let path: String = row.get("path")?;
    Ok(Registration {
        user: row.get("user")?,
        domain: row.get("domain")?,
        profile: row.get("profile")?,
        contact: row.get("contact")?,
        call_id: row.get("call_id")?,
        cseq: row.get("cseq")?,
        user_agent: row.get("user_agent")?,
        network_ip: row.get("network_ip")?,
        network_port: row.get("network_port")?,
        transport: row.get("transport")?,
        nat: row.get("nat")?,
        path: path.lines().map(str::to_owned).collect(),
        q: row.get("q")?,
        expires: row.get("expires")?,
        since: row.get("since")?,
        auth_user: row.get("auth_user")?,
        auth_realm: row.get("auth_realm")?,
        // A connection does not survive a restart.
        flow: None,
    })
}
