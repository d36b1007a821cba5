//! Headers of the extensions: typed values, their text, and accessors on the header table.

pub mod diversion;
pub mod event;
pub mod identity;
pub mod path;
pub mod rack;
pub mod reason;
pub mod refer_to;
pub mod replaces;
pub mod session_expires;

#[cfg(test)]
mod tests;

pub use diversion::{Diversion, HistoryInfo};
pub use event::{Event, SubscriptionState};
pub use identity::{Privacy, RemotePartyId};
pub use rack::RAck;
pub use reason::Reason;
pub use refer_to::ReferTo;
pub use replaces::Replaces;
pub use session_expires::{Refresher, SessionExpires};

use crate::message::{HeaderError, Params, trim};

/// Splits `value;params`, the form of most of these headers.
fn with_params<'a>(header: &'static str, text: &'a str) -> Result<(&'a str, Params), HeaderError> {
    let (value, params) = text.split_at(text.find(';').unwrap_or(text.len()));
    let params =
        Params::parse(params).ok_or(HeaderError::new(header, "a parameter is malformed"))?;
    Ok((trim(value), params))
}
