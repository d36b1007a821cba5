//! What the machine tells its user: keys of calls and transactions, events, and why something failed.

use crate::flow::Flow;
use crate::message::{Request, Response};

/// Our handle of one INVITE usage, from the INVITE to [`UaEvent::Terminated`]; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallKey(pub u64);

/// A request of the peer that awaits `respond`; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerKey(pub u64);

/// A request of ours that awaits its response; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientKey(pub u64);

/// Why a request of ours failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// No answer in time (counts as 408, RFC 3261 §8.1.3.1).
    Timeout,
    /// Not deliverable: no connection, unreachable, no such name (counts as 503).
    Transport,
    /// A final response other than 2xx, given beside this.
    Status,
    /// We hung up first.
    Cancelled,
}

/// What happened. Each is raised once.
///
/// For a call that came in: `Invite`, then either `Cancelled`, or after `accept` one of `Ack` and `AckTimeout`; then
/// whatever happens within the call; at last `Terminated`. For a call that we placed: any number of `Provisional`, then exactly one of
/// `Answered` and `Rejected`; at last `Terminated`.
#[derive(Debug)]
pub enum UaEvent {
    /// A call comes in. `100 Trying` was sent already, unless configured otherwise.
    Invite {
        /// The new call.
        call: CallKey,
        /// Where it came from.
        flow: Flow,
        /// The request.
        request: Request,
    },
    /// The caller gave up before we answered; 487 was sent.
    Cancelled {
        /// The call; `Terminated` follows.
        call: CallKey,
        /// The CANCEL, which may carry a Reason (RFC 3326).
        request: Request,
    },
    /// Our 2xx, to the INVITE or to a re-INVITE, was acknowledged.
    Ack {
        /// The call.
        call: CallKey,
        /// The body: the answer, when our 2xx carried the offer.
        body: Option<(String, Vec<u8>)>,
    },
    /// Our 2xx was never acknowledged within 64·T1; a BYE was sent and `Terminated` follows (RFC 3261 §13.3.1.4). Or a
    /// reliable provisional response never was: then the INVITE was refused with 504 (RFC 3262 §3).
    AckTimeout {
        /// The call.
        call: CallKey,
    },
    /// The peer hung up; 200 was sent and `Terminated` follows.
    Bye {
        /// The call.
        call: CallKey,
        /// The BYE, which may carry a Reason.
        request: Request,
    },
    /// The peer wants to change the session: answer with `answer_reinvite`.
    Reinvite {
        /// The call.
        call: CallKey,
        /// The request.
        request: Request,
    },
    /// The peer withdrew a re-INVITE before we answered it; 487 was sent. The session stays as it was.
    ReinviteCancelled {
        /// The call.
        call: CallKey,
    },
    /// Our reliable provisional response was acknowledged (RFC 3262). With a key, the PRACK brings a new offer: answer with
    /// `respond`; without, its body, if any, is the answer to the offer in our response.
    Prack {
        /// The call.
        call: CallKey,
        /// To be answered.
        key: Option<ServerKey>,
        /// The request.
        request: Request,
    },
    /// The peer sent UPDATE (RFC 3311): answer with `respond` when there is a key; without a body it was answered.
    Update {
        /// The call.
        call: CallKey,
        /// To be answered.
        key: Option<ServerKey>,
        /// The request.
        request: Request,
    },
    /// The peer sent INFO: answer with `respond`.
    Info {
        /// The call.
        call: CallKey,
        /// To be answered.
        key: ServerKey,
        /// The request.
        request: Request,
    },
    /// Any other request within the call (REFER, NOTIFY, MESSAGE, OPTIONS …): answer with `respond`.
    InDialog {
        /// The call.
        call: CallKey,
        /// To be answered.
        key: ServerKey,
        /// The request.
        request: Request,
    },
    /// A provisional response to our INVITE, other than 100.
    Provisional {
        /// The call.
        call: CallKey,
        /// The response.
        response: Response,
        /// The To tag: which early dialog, when the call forked. Empty when the response makes none.
        early: String,
    },
    /// Our INVITE was answered with 2xx: acknowledge with `ack`.
    Answered {
        /// The call.
        call: CallKey,
        /// The response.
        response: Response,
    },
    /// Our INVITE failed; `Terminated` follows.
    Rejected {
        /// The call.
        call: CallKey,
        /// The final response, when there was one.
        response: Option<Response>,
        /// Why.
        cause: Failure,
    },
    /// Our re-INVITE was answered with 2xx: acknowledge with `ack`.
    ReinviteAnswered {
        /// The call.
        call: CallKey,
        /// The response.
        response: Response,
    },
    /// Our re-INVITE failed: the session stays as it was. After 408 or 481 the call ends by itself (RFC 3261 §12.2.1.2).
    ReinviteRejected {
        /// The call.
        call: CallKey,
        /// The final response, when there was one.
        response: Option<Response>,
        /// Why.
        cause: Failure,
    },
    /// The peer let the session timer run out (RFC 4028 §10); a BYE was sent and `Terminated` follows.
    SessionExpired {
        /// The call.
        call: CallKey,
    },
    /// A request outside any call (REGISTER, OPTIONS, MESSAGE, SUBSCRIBE …): answer with `respond`.
    Request {
        /// To be answered.
        key: ServerKey,
        /// Where it came from.
        flow: Flow,
        /// The request.
        request: Request,
    },
    /// The outcome of a request that we sent with `request` or `request_in_dialog`.
    Response {
        /// Our request.
        key: ClientKey,
        /// A final response of any status, or why there was none.
        response: Result<Response, Failure>,
    },
    /// The call is gone and its key means nothing any more.
    Terminated {
        /// The call.
        call: CallKey,
    },
}
