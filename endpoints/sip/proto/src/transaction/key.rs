//! How transactions are told apart: branch, sent-by and method (RFC 3261 §17.1.3, §17.2.3), or RFC 2543's headers.

use crate::message::Method;

/// Our handle of a transaction; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionKey(pub u64);

/// What makes two received requests the same request (RFC 3261 §17.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ServerId {
    /// A branch with the magic cookie.
    Branch {
        /// Via branch.
        branch: String,
        /// Via host and port, lower case.
        sent_by: String,
        /// Method; an ACK looks for its INVITE.
        method: Method,
    },
    /// An RFC 2543 peer: everything that must match, in one text. To is left out as the ACK's has our tag.
    Old {
        /// Request-URI, From tag, Call-ID, CSeq number and the whole top Via.
        text: String,
        /// Method; an ACK looks for its INVITE.
        method: Method,
    },
}

impl ServerId {
    /// The same identity but of another method: what a CANCEL cancels.
    pub(crate) fn with_method(&self, method: Method) -> Self {
        match self {
            Self::Branch {
                branch, sent_by, ..
            } => Self::Branch {
                branch: branch.clone(),
                sent_by: sent_by.clone(),
                method,
            },
            Self::Old { text, .. } => Self::Old {
                text: text.clone(),
                method,
            },
        }
    }
}

/// What makes a response ours (RFC 3261 §17.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientId {
    /// Our branch.
    pub(crate) branch: String,
    /// The method of CSeq.
    pub(crate) method: Method,
}

/// What makes two requests of different branches one request that came by two ways (RFC 3261 §8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MergeId {
    /// From tag.
    pub(crate) from_tag: String,
    /// Call-ID.
    pub(crate) call_id: String,
    /// CSeq number.
    pub(crate) cseq: u32,
    /// CSeq method.
    pub(crate) method: Method,
}
