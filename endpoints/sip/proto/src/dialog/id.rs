//! What names a dialog: Call-ID and both tags (RFC 3261 §12).

/// The identity of a dialog as one side sees it. An old peer may have no tag: then it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DialogId {
    /// Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag.
    pub remote_tag: String,
}
