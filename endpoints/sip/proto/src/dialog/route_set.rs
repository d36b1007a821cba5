//! Route sets: the proxies that asked to stay in the path, and what they make of a request (RFC 3261 §12.2.1.1).

use crate::message::{NameAddr, Uri};

/// The route set of a dialog, first hop first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteSet(Vec<String>);

/// Where a request within a dialog goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePlan {
    /// The Request-URI.
    pub request_uri: Uri,
    /// Route header fields.
    pub routes: Vec<String>,
    /// The URI whose resolution says where to send the request.
    pub next_hop: Uri,
}

impl RouteSet {
    /// The called side's route set: the request's Record-Route as it is (§12.1.1).
    pub fn from_request(record_routes: impl Iterator<Item = String>) -> Self {
        Self(record_routes.collect())
    }

    /// The calling side's route set: the response's Record-Route, reversed (§12.1.2).
    pub fn from_response(record_routes: impl Iterator<Item = String>) -> Self {
        let mut routes: Vec<String> = record_routes.collect();
        routes.reverse();
        Self(routes)
    }

    /// Whether no proxy is in the path.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies loose or strict routing to a request for `target`.
    pub fn plan(&self, target: &Uri) -> RoutePlan {
        let Some((first, rest)) = self.0.split_first() else {
            return RoutePlan {
                request_uri: target.clone(),
                routes: Vec::new(),
                next_hop: target.clone(),
            };
        };
        let Ok(address) = NameAddr::parse(first) else {
            // A Route that nobody can read cannot be followed: the target itself is the best guess left.
            return RoutePlan {
                request_uri: target.clone(),
                routes: self.0.clone(),
                next_hop: target.clone(),
            };
        };
        let hop = address.uri.clone().without_headers();
        if address.uri.is_loose() {
            return RoutePlan {
                request_uri: target.clone(),
                routes: self.0.clone(),
                next_hop: hop,
            };
        }
        let mut routes = rest.to_vec();
        routes.push(format!("<{target}>"));
        RoutePlan {
            request_uri: hop.clone(),
            routes,
            next_hop: hop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bob() -> Uri {
        Uri::parse("sip:bob@192.0.2.4").expect("a URI")
    }

    fn set(routes: &[&str]) -> RouteSet {
        RouteSet::from_request(routes.iter().map(|route| (*route).to_owned()))
    }

    #[test]
    fn rfc3261_12_2_1_1_loose_routes_leave_the_target_in_the_request_uri() {
        let plan = set(&["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]).plan(&bob());
        assert_eq!(plan.request_uri.to_string(), "sip:bob@192.0.2.4");
        assert_eq!(
            plan.routes,
            ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]
        );
        assert_eq!(plan.next_hop.to_string(), "sip:p1.example.com;lr");
    }

    #[test]
    fn rfc3261_12_2_1_1_a_strict_router_gets_its_own_uri() {
        let plan = set(&["<sip:p1.example.com>", "<sip:p2.example.com;lr>"]).plan(&bob());
        assert_eq!(plan.request_uri.to_string(), "sip:p1.example.com");
        assert_eq!(
            plan.routes,
            ["<sip:p2.example.com;lr>", "<sip:bob@192.0.2.4>"]
        );
    }

    #[test]
    fn rfc3261_12_1_2_the_caller_reverses_record_route() {
        let routes = ["<sip:p1;lr>", "<sip:p2;lr>"].map(String::from);
        let plan = RouteSet::from_response(routes.into_iter()).plan(&bob());
        assert_eq!(plan.routes, ["<sip:p2;lr>", "<sip:p1;lr>"]);
    }
}
