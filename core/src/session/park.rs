//! `CS_PARK`: wait until somebody moves the call on.

use super::Session;
use super::interrupt::Interrupt;
use super::life::Step;
use std::time::Duration;
use strowger_model::{ChannelState, EventName, HangupCause};
use tokio::time::Instant;

impl Session {
    pub(crate) async fn park_state(&mut self) -> Result<Step, Interrupt> {
        self.enter(ChannelState::Park);
        match self.park().await {
            Ok(()) => Ok(Step::End(HangupCause::NormalClearing)),
            Err(interrupt) => Err(interrupt),
        }
    }

    /// Waits, playing nothing, until an interrupt or `park_timeout` (`seconds[:CAUSE]`), which hangs up.
    pub async fn park(&mut self) -> Result<(), Interrupt> {
        let text = self.text("park_timeout");
        self.fire(EventName::ChannelPark, &[]);
        let result = match park_timeout(&text) {
            Some((time, cause)) => self.park_until(Instant::now() + time, cause).await,
            None => loop {
                if let Err(interrupt) = self.next().await {
                    break Err(interrupt);
                }
            },
        };
        self.fire(EventName::ChannelUnpark, &[]);
        result
    }

    async fn park_until(&mut self, deadline: Instant, cause: HangupCause) -> Result<(), Interrupt> {
        while self.next_until(deadline).await?.is_some() {}
        self.handle.hangup(cause);
        Err(Interrupt::Hangup(cause))
    }
}

/// `seconds[:CAUSE]`; the default cause is NORMAL_CLEARING.
fn park_timeout(text: &str) -> Option<(Duration, HangupCause)> {
    let (seconds, cause) = text.split_once(':').unwrap_or((text, "NORMAL_CLEARING"));
    let seconds: u64 = seconds.trim().parse().ok().filter(|&seconds| seconds > 0)?;
    Some((Duration::from_secs(seconds), HangupCause::parse(cause)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_park_timeout_is_seconds_and_a_cause() {
        assert_eq!(
            park_timeout("30"),
            Some((Duration::from_secs(30), HangupCause::NormalClearing))
        );
        assert_eq!(
            park_timeout("5:USER_BUSY"),
            Some((Duration::from_secs(5), HangupCause::UserBusy))
        );
        assert_eq!(park_timeout(""), None);
        assert_eq!(park_timeout("soon"), None);
    }
}
