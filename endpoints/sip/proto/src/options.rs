//! What we can do, told in Allow, Accept and Supported (RFC 3261 §11, §20.5).

use crate::command::HeaderList;
use crate::config::CoreConfig;

/// Allow: the methods we take.
pub(crate) fn allow(config: &CoreConfig) -> String {
    let names: Vec<&str> = config.allow.iter().map(|method| method.as_str()).collect();
    names.join(", ")
}

/// Supported: the option tags we know.
pub(crate) fn supported(config: &CoreConfig) -> String {
    config.supported.join(", ")
}

/// What an answer to OPTIONS says of us (§11.2).
pub(crate) fn capabilities(config: &CoreConfig) -> HeaderList {
    let mut headers = session(config);
    headers.insert(0, ("Accept".to_owned(), "application/sdp".to_owned()));
    headers
}

/// What an INVITE, its 2xx, and requests that open a session say of us.
pub(crate) fn session(config: &CoreConfig) -> HeaderList {
    let mut headers = vec![("Allow".to_owned(), allow(config))];
    if !config.supported.is_empty() {
        headers.push(("Supported".to_owned(), supported(config)));
    }
    headers
}
