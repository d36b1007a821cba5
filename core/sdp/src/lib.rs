//! Session descriptions (SDP, RFC 8866) and the offer/answer model (RFC 3264) for one audio stream.
//!
//! One offer/answer, told: a phone's INVITE carries an offer. [`SessionDescription::parse`] turns its octets into
//! values, forgiving what real phones get wrong. [`answer`] picks the first audio stream that can be spoken, sorts the
//! codecs by the chosen [`Negotiation`], refuses addresses nobody should be made to flood ([`AddressRules`]), declines
//! every other stream with port 0, and returns the description to send plus what was [`Agreed`]: where to send, what to
//! send, what may arrive, in which direction, and whether the peer holds us. When we speak first, [`offer`] writes the
//! description and [`conclude`] reads the reply. Later changes go through [`re_offer`] or [`re_answer`], which keep
//! payload types and stream order and raise the version only when something changed.
//!
//! Nothing here opens a socket, reads a clock or draws a random number.

mod address;
mod attribute;
mod direction;
mod format;
mod media;
mod negotiate;
mod offer;
mod parse;
mod remote;
mod session;
mod write;

#[cfg(test)]
mod tests;

pub use address::{AddressProblem, AddressRules, OwnMedia};
pub use attribute::Attribute;
pub use direction::{Direction, HoldKind};
pub use format::{OfferedFormat, RtpFormat, TELEPHONE_EVENT, TELEPHONE_EVENT_PAYLOAD_TYPE};
pub use media::{MediaDescription, MediaKind, RtcpAddress};
pub use negotiate::{
    Agreed, Answered, LocalAudio, Negotiation, NegotiationError, answer, answer_with, conclude,
    conclude_with, re_answer,
};
pub use offer::{offer, re_offer};
pub use parse::{MAX_ATTRIBUTES, MAX_CRYPTO, MAX_FORMATS, MAX_MEDIA, MAX_OCTETS, Reason, SdpError};
pub use session::{Bandwidth, Connection, Host, Origin, SessionDescription, Timing};
