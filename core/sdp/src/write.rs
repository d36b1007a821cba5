//! Values to text, in the order RFC 8866 section 9 sets, CRLF after each line.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use crate::attribute::Attribute;
use crate::media::MediaDescription;
use crate::session::{Bandwidth, Connection, Host, SessionDescription};

impl Display for SessionDescription {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        line(f, 'v', &"0")?;
        line(
            f,
            'o',
            &format_args!(
                "{} {} {} IN {} {}",
                or_dash(&origin.username),
                or_dash(&origin.session_id),
                origin.version,
                family(&origin.address),
                origin.address
            ),
        )?;
        line(f, 's', &or_dash(&self.name))?;
        information(f, self.information.as_deref())?;
        connection(f, self.connection.as_ref())?;
        bandwidth(f, &self.bandwidth)?;
        for time in &self.times {
            line(f, 't', &format_args!("{} {}", time.start, time.stop))?;
        }
        attributes(f, &self.attributes)?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl Display for MediaDescription {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = format!("{} {}", self.kind, self.port);
        if let Some(count) = self.port_count {
            text.push_str(&format!("/{count}"));
        }
        text.push_str(&format!(" {}", self.protocol));
        for format in &self.formats {
            text.push_str(&format!(" {format}"));
        }
        line(f, 'm', &text)?;
        information(f, self.information.as_deref())?;
        connection(f, self.connection.as_ref())?;
        bandwidth(f, &self.bandwidth)?;
        attributes(f, &self.attributes)
    }
}

/// Writes one line. Control characters are left out, so that no value, wherever it came from, can start a line of its
/// own.
fn line(f: &mut Formatter<'_>, kind: char, value: &dyn Display) -> fmt::Result {
    let text: String = value
        .to_string()
        .chars()
        .filter(|c| !c.is_control() || *c == '\t')
        .collect();
    write!(f, "{kind}={text}\r\n")
}

fn or_dash(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

fn information(f: &mut Formatter<'_>, text: Option<&str>) -> fmt::Result {
    text.map_or(Ok(()), |text| line(f, 'i', &text))
}

fn connection(f: &mut Formatter<'_>, connection: Option<&Connection>) -> fmt::Result {
    let Some(connection) = connection else {
        return Ok(());
    };
    let mut text = format!("IN {} {}", family(&connection.host), connection.host);
    if let Some(suffix) = &connection.suffix {
        text.push_str(&format!("/{suffix}"));
    }
    line(f, 'c', &text)
}

fn family(host: &Host) -> &'static str {
    match host {
        Host::Ip(IpAddr::V6(_)) => "IP6",
        Host::Ip(IpAddr::V4(_)) | Host::Name(_) => "IP4",
    }
}

fn bandwidth(f: &mut Formatter<'_>, lines: &[Bandwidth]) -> fmt::Result {
    lines
        .iter()
        .try_for_each(|b| line(f, 'b', &format_args!("{}:{}", b.kind, b.value)))
}

fn attributes(f: &mut Formatter<'_>, lines: &[Attribute]) -> fmt::Result {
    lines
        .iter()
        .try_for_each(|attribute| match &attribute.value {
            Some(value) => line(f, 'a', &format_args!("{}:{value}", attribute.name)),
            None => line(f, 'a', &attribute.name),
        })
}
