//! `strowger users`: what to type into phones.

use crate::check::load_offline;
use crate::failure::Failure;
use crate::options::{Fixed, Options};
use crate::output::show;
use serde_json::{Value, json};
use std::process::ExitCode;
use strowger_model::User;
use strowger_tools::secrets::Secrets;

/// Shows every user; passwords and PINs only to those who may read the data directory.
pub fn users(options: &Options, fixed: Fixed, json: bool) -> Result<ExitCode, Failure> {
    let site = options.site(fixed);
    let wanted = Secrets::wanted(&site.paths.conf);
    let (secrets, readable) = match Secrets::ensure(&site.paths.data, &wanted) {
        Ok(secrets) => (secrets, true),
        Err(error) => {
            eprintln!("strowger: passwords are not shown: {error}");
            (Secrets::temporary(&wanted), false)
        }
    };
    let (snapshot, report) = load_offline(&site, &secrets);
    let snapshot = snapshot.ok_or(Failure::Configuration(report))?;
    let rows: Vec<Row> = snapshot
        .directory()
        .domains()
        .iter()
        .flat_map(|domain| domain.users())
        .map(|user| Row::of(user, readable))
        .collect();
    if json {
        let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
        show(&format!("{:#}\n", Value::from(rows)));
    } else {
        show(&table(&rows));
    }
    Ok(ExitCode::SUCCESS)
}

struct Row {
    user: String,
    domain: String,
    name: String,
    password: Option<String>,
    pin: Option<String>,
}

impl Row {
    fn of(user: &User, readable: bool) -> Row {
        let secret = |name: &str| {
            user.secret(name)
                .map(|secret| secret.reveal().clone())
                .filter(|text| readable && !text.is_empty())
        };
        let name = user
            .variable("effective_caller_id_name")
            .filter(|name| !name.is_empty());
        Row {
            user: user.id.clone(),
            domain: user.domain.clone(),
            name: name.unwrap_or(&user.id).to_owned(),
            password: secret("password"),
            pin: secret("vm-password"),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "user": self.user,
            "domain": self.domain,
            "name": self.name,
            "password": self.password,
            "pin": self.pin,
        })
    }

    fn cells(&self) -> [&str; 5] {
        [
            &self.user,
            &self.domain,
            &self.name,
            self.password.as_deref().unwrap_or("-"),
            self.pin.as_deref().unwrap_or("-"),
        ]
    }
}

fn table(rows: &[Row]) -> String {
    let head = ["USER", "DOMAIN", "NAME", "PASSWORD", "VOICEMAIL PIN"];
    let lines: Vec<[&str; 5]> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let mut widths = [0; 5];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in lines {
        let row: String = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}  "))
            .collect();
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_unknown_secrets_are_dashes() {
        let row = |user: &str, password: Option<&str>| Row {
            user: user.into(),
            domain: "192.0.2.1".into(),
            name: user.into(),
            password: password.map(str::to_owned),
            pin: None,
        };
        let text = table(&[row("1000", Some("abc")), row("10", None)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "1000  192.0.2.1  1000  abc       -");
        assert_eq!(lines[2], "10    192.0.2.1  10    -         -");
    }
}
