//! The direction of a stream and its algebra (RFC 3264 sections 5.1, 6.1 and 8.4).

use std::fmt;

/// Who sends, seen from the side that wrote the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Sends and receives.
    #[default]
    SendRecv,
    /// Sends only.
    SendOnly,
    /// Receives only.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The direction with these two halves.
    pub fn from_halves(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    /// The direction an attribute name stands for, in any letter case.
    pub fn from_attribute(name: &str) -> Option<Self> {
        [
            Direction::SendRecv,
            Direction::SendOnly,
            Direction::RecvOnly,
            Direction::Inactive,
        ]
        .into_iter()
        .find(|direction| name.eq_ignore_ascii_case(direction.as_str()))
    }

    /// The attribute name: `sendrecv`, `sendonly`, `recvonly` or `inactive`.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// The same stream seen from the other side.
    #[must_use]
    pub fn reverse(self) -> Self {
        Direction::from_halves(self.receives(), self.sends())
    }

    /// Whether this side sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether this side receives.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    /// What both allow, both seen from the same side.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Direction::from_halves(
            self.sends() && other.sends(),
            self.receives() && other.receives(),
        )
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the peer holds us, and how it said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HoldKind {
    /// Not held: the peer listens.
    #[default]
    None,
    /// Held: the peer does not listen.
    Held {
        /// The direction the peer wrote (`sendrecv` is possible with a zero address).
        direction: Direction,
        /// The peer gave no address to send to: `c=` was 0.0.0.0 or `::` (the RFC 2543 way) or a name in `.invalid`.
        zero_address: bool,
    },
}

impl HoldKind {
    /// Whether the peer holds us.
    pub fn is_held(self) -> bool {
        self != HoldKind::None
    }
}
