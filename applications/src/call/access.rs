//! `check_acl`: only callers from certain addresses go on.

use crate::call::end::end;
use std::net::IpAddr;
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, HangupCause};

/// Arguments of `check_acl`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct CheckAcl {
    /// the address
    pub address: String,
    /// name of an access list, or a network such as 10.0.0.0/8
    pub list: String,
    /// cause with which other calls end
    #[argument(default = "CALL_REJECTED")]
    pub cause: String,
}

/// Ends the call unless the list allows the address.
pub async fn check_acl(session: &mut Session, args: CheckAcl) -> AppResult {
    let allowed = match args.address.parse::<IpAddr>() {
        Ok(address) => session.config().acls().check(&args.list, address).allowed,
        // Who has no address is on no list.
        Err(_) => false,
    };
    if allowed {
        return Ok(());
    }
    tracing::warn!(
        uuid = session.uuid(),
        address = args.address,
        list = args.list,
        "the address is not allowed here"
    );
    end(session, HangupCause::parse(&args.cause))
}
