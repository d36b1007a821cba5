//! When things happened to a call.

/// Moments of a call in µs since 1970-01-01 UTC; 0 means it has not happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The channel was made.
    pub created: i64,
    /// The current caller profile was made (a transfer makes a new one).
    pub profile_created: i64,
    /// Ringing was reported.
    pub progress: i64,
    /// Early media began.
    pub progress_media: i64,
    /// The call was answered.
    pub answered: i64,
    /// The leg was bridged to another for the first time.
    pub bridged: i64,
    /// The last hold began.
    pub last_hold: i64,
    /// All finished holds together: a length in µs, not a moment.
    pub hold_accum: i64,
    /// The call ended.
    pub hungup: i64,
    /// The call was transferred away from this profile.
    pub transferred: i64,
    /// The call was taken up again after a restart.
    pub resurrected: i64,
}
