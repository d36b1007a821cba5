//! Path (RFC 3327) and Service-Route (RFC 3608): the way to a registered phone, and from it.

use crate::message::{HeaderError, HeaderTable, NameAddr};

impl HeaderTable {
    /// Path values of a REGISTER, in the order in which a request to the phone takes them.
    pub fn paths(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.addresses("Path")
    }

    /// Service-Route values of a response to REGISTER.
    pub fn service_routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.addresses("Service-Route")
    }
}
