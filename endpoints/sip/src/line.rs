//! What a shard remembers of one call.

use crate::outbound::Plan;
use strowger_core::endpoint::{Sdp, Signal};
use strowger_sip_proto::message::HeaderTable;
use strowger_sip_proto::{CallKey, ServerKey};
use tokio::sync::mpsc;

/// What the peer's phone can do, as it said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// UPDATE (RFC 3311).
    pub(crate) update: bool,
    /// REFER (RFC 3515).
    pub(crate) refer: bool,
    /// INFO `message/update_display`.
    pub(crate) display_info: bool,
}

impl Abilities {
    /// Reads them off a message.
    pub(crate) fn of(headers: &HeaderTable) -> Abilities {
        let allows = |method: &str| {
            headers
                .allow()
                .iter()
                .any(|known| known.eq_ignore_ascii_case(method))
        };
        Abilities {
            update: allows("UPDATE"),
            refer: allows("REFER"),
            display_info: headers
                .values("X-FS-Support")
                .any(|word| word.eq_ignore_ascii_case("update_display")),
        }
    }
}

/// One call of a shard.
pub(crate) struct Line {
    pub(crate) number: u64,
    /// The machine's key, once there is an INVITE.
    pub(crate) key: Option<CallKey>,
    /// The channel's uuid.
    pub(crate) uuid: String,
    pub(crate) call_id: String,
    pub(crate) signals: mpsc::Sender<Signal>,
    /// We placed it.
    pub(crate) outbound: bool,
    pub(crate) answered: bool,
    /// Our 2xx carried an offer: the ACK brings the answer.
    pub(crate) answer_in_ack: bool,
    /// The peer's 2xx carried an offer: our ACK waits for the answer.
    pub(crate) ack_wanted: bool,
    /// The peer's UPDATE that awaits our answer; otherwise it is a re-INVITE.
    pub(crate) update: Option<ServerKey>,
    pub(crate) abilities: Abilities,
    /// How to place the call.
    pub(crate) plan: Option<Box<Plan>>,
    /// Our offer, to be sent again to where the call is redirected.
    pub(crate) offer: Option<Sdp>,
    pub(crate) redirects: u8,
}
