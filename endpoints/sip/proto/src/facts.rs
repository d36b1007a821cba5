//! What the machine reads off every message, once: Call-ID, From, To, their tags, CSeq and the top Via.

use crate::message::{HeaderTable, Method, NameAddr, Via};
use crate::transaction::{MergeId, ServerId};

/// The mandatory headers of a message.
pub(crate) struct Facts {
    pub(crate) call_id: String,
    pub(crate) from: String,
    pub(crate) from_tag: String,
    pub(crate) to: String,
    pub(crate) to_tag: String,
    pub(crate) cseq: u32,
    pub(crate) method: Method,
    pub(crate) via: Via,
}

impl Facts {
    /// Reads them; `None` when one is missing or malformed, which the parser has refused before.
    pub(crate) fn of(headers: &HeaderTable) -> Option<Self> {
        let cseq = headers.cseq().ok()?;
        Some(Self {
            call_id: headers.get("Call-ID")?.to_owned(),
            from: headers.get("From")?.to_owned(),
            from_tag: tag(&headers.from().ok()?),
            to: headers.get("To")?.to_owned(),
            to_tag: tag(&headers.to().ok()?),
            cseq: cseq.number,
            method: cseq.method,
            via: headers.via_top().ok()?,
        })
    }

    /// The identity of the server transaction of a request (RFC 3261 §17.2.3).
    pub(crate) fn server_id(&self, uri: &str) -> ServerId {
        let method = if self.method == Method::ACK {
            Method::INVITE
        } else {
            self.method.clone()
        };
        match self.via.unique_branch() {
            Some(branch) => ServerId::Branch {
                branch: branch.to_owned(),
                sent_by: format!("{}:{}", self.via.host, self.via.port.unwrap_or(0))
                    .to_ascii_lowercase(),
                method,
            },
            None => ServerId::Old {
                text: format!(
                    "{uri}\n{}\n{}\n{}\n{}",
                    self.from_tag, self.call_id, self.cseq, self.via
                ),
                method,
            },
        }
    }

    /// The identity of a request whatever way it took.
    pub(crate) fn merge_id(&self) -> MergeId {
        MergeId {
            from_tag: self.from_tag.clone(),
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            method: self.method.clone(),
        }
    }
}

fn tag(address: &NameAddr) -> String {
    address.tag().unwrap_or_default().to_owned()
}
