//! Dialogs (RFC 3261 §12): identity, sequence numbers, route set and remote target of two parties that talk.

mod id;
mod route_set;
mod target;

pub use id::DialogId;
pub use route_set::{RoutePlan, RouteSet};
pub(crate) use target::{contact_uri, refreshes};

use crate::draft::Draft;
use crate::facts::Facts;
use crate::message::{HeaderTable, Method, NameAddr, Uri};

/// One side's view of a dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    id: DialogId,
    /// Our From in requests, with tag.
    local: String,
    /// Our To in requests: the peer, with its tag.
    remote: String,
    target: Uri,
    routes: RouteSet,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    /// RSeq of the last reliable provisional response (RFC 3262 §4).
    rseq: Option<u32>,
}

impl Dialog {
    /// The called side's dialog, made of a request that our `tag` answers (§12.1.1). `None` without a usable Contact.
    pub(crate) fn of_request(
        facts: &Facts,
        headers: &HeaderTable,
        tag: &str,
        first_cseq: u32,
    ) -> Option<Self> {
        let id = DialogId {
            call_id: facts.call_id.clone(),
            local_tag: tag.to_owned(),
            remote_tag: facts.from_tag.clone(),
        };
        Some(Self {
            local: with_tag(&facts.to, tag),
            remote: facts.from.clone(),
            target: contact_uri(headers).or_else(|| old_target(facts, headers))?,
            routes: RouteSet::from_request(record_routes(headers)),
            local_cseq: first_cseq,
            remote_cseq: Some(facts.cseq),
            rseq: None,
            id,
        })
    }

    /// The calling side's dialog, made of a response to our request (§12.1.2). Without a Contact in the response, which a
    /// provisional one may lack, requests go to where the first one went.
    pub(crate) fn of_response(draft: &Draft, facts: &Facts, headers: &HeaderTable) -> Self {
        Self {
            id: DialogId {
                call_id: facts.call_id.clone(),
                local_tag: facts.from_tag.clone(),
                remote_tag: facts.to_tag.clone(),
            },
            local: draft.from.clone(),
            remote: facts.to.clone(),
            target: contact_uri(headers).unwrap_or_else(|| draft.uri.clone()),
            routes: RouteSet::from_response(record_routes(headers)),
            local_cseq: draft.cseq,
            remote_cseq: None,
            rseq: None,
        }
    }

    /// Its identity.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Where the peer wants its requests.
    pub fn target(&self) -> &Uri {
        &self.target
    }

    /// Whether proxies are in the path.
    pub fn is_routed(&self) -> bool {
        !self.routes.is_empty()
    }

    /// The 2xx may correct what a provisional response said: route set and target (RFC 3261 §13.2.2.4).
    pub(crate) fn confirm(&mut self, headers: &HeaderTable, cseq: u32) {
        self.local_cseq = self.local_cseq.max(cseq);
        self.routes = RouteSet::from_response(record_routes(headers));
        self.refresh(headers);
    }

    /// Moves the target to the message's Contact, if it has one.
    pub(crate) fn refresh(&mut self, headers: &HeaderTable) {
        if let Some(target) = contact_uri(headers) {
            self.target = target;
        }
    }

    /// Whether a request of the peer is in order; if so it is remembered (§12.2.2).
    pub(crate) fn accept_cseq(&mut self, cseq: u32) -> bool {
        if self.remote_cseq.is_some_and(|last| cseq <= last) {
            return false;
        }
        self.remote_cseq = Some(cseq);
        true
    }

    /// Whether a reliable provisional response is the next of its dialog; if so it is remembered.
    pub(crate) fn accept_rseq(&mut self, number: u32) -> bool {
        if self
            .rseq
            .is_some_and(|last| last.checked_add(1) != Some(number))
        {
            return false;
        }
        self.rseq = Some(number);
        true
    }

    /// The number for our next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.local_cseq
    }

    /// Where the next request goes.
    pub(crate) fn plan(&self) -> RoutePlan {
        self.routes.plan(&self.target)
    }

    /// A request of ours; ACK takes the number of what it acknowledges, others the next.
    pub(crate) fn draft(&mut self, method: Method, cseq: Option<u32>) -> (Draft, Uri) {
        let plan = self.plan();
        let cseq = cseq.unwrap_or_else(|| self.next_cseq());
        let draft = Draft {
            method,
            uri: plan.request_uri,
            from: self.local.clone(),
            to: self.remote.clone(),
            call_id: self.id.call_id.clone(),
            cseq,
            routes: plan.routes,
            contact: None,
            contact_user: None,
            credentials: Vec::new(),
            headers: Vec::new(),
            body: None,
        };
        (draft, plan.next_hop)
    }
}

/// A From or To with a tag.
pub(crate) fn with_tag(address: &str, tag: &str) -> String {
    match NameAddr::parse(address) {
        Ok(address) => address.with_tag(tag).to_string(),
        Err(_) => format!("{address};tag={tag}"),
    }
}

/// A peer of RFC 2543, known by its branch, may send no Contact: then From says where it is.
fn old_target(facts: &Facts, headers: &HeaderTable) -> Option<Uri> {
    if facts.via.unique_branch().is_some() || headers.has("Contact") {
        return None;
    }
    let from = NameAddr::parse(&facts.from).ok()?;
    from.uri.is_sip().then(|| from.uri.without_headers())
}

fn record_routes(headers: &HeaderTable) -> impl Iterator<Item = String> {
    headers
        .values("Record-Route")
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}
