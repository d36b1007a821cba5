//! The exchange's wall clock and zone, replaceable for tests in virtual time.

use chrono::{DateTime, TimeDelta, Utc};
use strowger_model::Zone;
use tokio::time::Instant;

/// What time it is.
#[derive(Clone, Debug)]
pub struct Clock {
    /// `None`: the system's clock. Otherwise a start that advances with tokio's (perhaps paused) time.
    virtual_start: Option<(DateTime<Utc>, Instant)>,
    zone: Zone,
}

impl Clock {
    /// The system's clock and zone.
    pub fn system() -> Clock {
        Clock {
            virtual_start: None,
            zone: Zone::system(),
        }
    }

    /// A clock that shows `start` now and advances with tokio's time.
    pub fn starting_at(start: DateTime<Utc>, zone: Zone) -> Clock {
        Clock {
            virtual_start: Some((start, Instant::now())),
            zone,
        }
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.virtual_start {
            None => Utc::now(),
            Some((start, at)) => *start + TimeDelta::from_std(at.elapsed()).unwrap_or_default(),
        }
    }

    /// Now, in microseconds since 1970.
    pub fn micros(&self) -> i64 {
        self.now().timestamp_micros()
    }

    /// Lets time pass without holding anybody up.
    pub async fn rest(&self, time: std::time::Duration) {
        tokio::time::sleep(time).await;
    }

    /// The zone of local times.
    pub fn zone(&self) -> Zone {
        self.zone.clone()
    }
}
