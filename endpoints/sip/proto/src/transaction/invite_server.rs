//! The INVITE server transaction (RFC 3261 §17.2.1, with the Accepted state of RFC 6026 §7.1).

use std::time::Duration;

use super::{Fate, Port};
use crate::config::PROVISIONAL_REPEAT;
use crate::flow::Destination;
use crate::timer::Timer;

enum State {
    /// No final response yet; the last provisional one answers retransmissions.
    Proceeding { last: Option<Vec<u8>> },
    /// A failure was sent and is repeated until its ACK.
    Completed {
        response: Vec<u8>,
        interval: Duration,
    },
    /// The ACK of a failure came.
    Confirmed,
    /// A 2xx was sent; its repetition is the user's business.
    Accepted,
}

pub(super) struct InviteServer {
    reliable: bool,
    state: State,
}

impl InviteServer {
    pub(super) fn start(reliable: bool) -> Self {
        Self {
            reliable,
            state: State::Proceeding { last: None },
        }
    }

    pub(super) fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted)
    }

    pub(super) fn repeat(&mut self, port: &mut Port<'_>, to: &Destination) {
        match &self.state {
            State::Proceeding {
                last: Some(response),
            }
            | State::Completed { response, .. } => {
                port.send_again(to, response);
            }
            State::Proceeding { last: None } | State::Confirmed | State::Accepted => {}
        }
    }

    /// `None` when there was a final response before.
    pub(super) fn respond(
        &mut self,
        port: &mut Port<'_>,
        to: &Destination,
        status: u16,
        octets: Vec<u8>,
    ) -> Option<Fate> {
        if !matches!(self.state, State::Proceeding { .. }) {
            return None;
        }
        port.send(to, &octets);
        match status {
            100 => self.state = State::Proceeding { last: Some(octets) },
            101..=199 => {
                port.set(Timer::Provisional, PROVISIONAL_REPEAT);
                self.state = State::Proceeding { last: Some(octets) };
            }
            200..=299 => {
                port.cancel(Timer::Provisional);
                port.set(Timer::L, port.durations.transaction());
                self.state = State::Accepted;
            }
            _ => {
                port.cancel(Timer::Provisional);
                let interval = port.durations.t1;
                if !self.reliable {
                    port.set(Timer::G, interval);
                }
                port.set(Timer::H, port.durations.transaction());
                self.state = State::Completed {
                    response: octets,
                    interval,
                };
            }
        }
        Some(Fate::Lives)
    }

    pub(super) fn acknowledge(&mut self, port: &mut Port<'_>) -> Fate {
        if !matches!(self.state, State::Completed { .. }) {
            return Fate::Lives;
        }
        port.cancel(Timer::G);
        port.cancel(Timer::H);
        if self.reliable {
            return Fate::Ends;
        }
        port.set(Timer::I, port.durations.t4);
        self.state = State::Confirmed;
        Fate::Lives
    }

    pub(super) fn timer(&mut self, port: &mut Port<'_>, to: &Destination, timer: Timer) -> Fate {
        match (&mut self.state, timer) {
            (
                State::Proceeding {
                    last: Some(response),
                },
                Timer::Provisional,
            ) => {
                port.send_again(to, response);
                port.set(Timer::Provisional, PROVISIONAL_REPEAT);
                Fate::Lives
            }
            (State::Completed { response, interval }, Timer::G) => {
                *interval = (*interval * 2).min(port.durations.t2);
                port.send_again(to, response);
                port.set(Timer::G, *interval);
                Fate::Lives
            }
            (State::Completed { .. }, Timer::H)
            | (State::Confirmed, Timer::I)
            | (State::Accepted, Timer::L) => Fate::Ends,
            _ => Fate::Lives,
        }
    }
}
