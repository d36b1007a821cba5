//! The client transaction of every other request (RFC 3261 §17.1.2).

use std::time::Duration;

use super::{Fate, Port, Upward};
use crate::flow::Destination;
use crate::timer::Timer;

enum State {
    Trying { interval: Duration },
    Proceeding,
    Completed,
}

pub(super) struct Client {
    octets: Vec<u8>,
    reliable: bool,
    state: State,
}

impl Client {
    /// The request was just sent: arms E and F.
    pub(super) fn start(port: &mut Port<'_>, octets: Vec<u8>, reliable: bool) -> Self {
        let interval = port.durations.t1;
        if !reliable {
            port.set(Timer::E, interval);
        }
        port.set(Timer::F, port.durations.transaction());
        Self {
            octets,
            reliable,
            state: State::Trying { interval },
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(super) fn is_trying(&self) -> bool {
        matches!(self.state, State::Trying { .. })
    }

    pub(super) fn response(&mut self, port: &mut Port<'_>, status: u16) -> (Upward, Fate) {
        match self.state {
            State::Completed => (Upward::Absorb, Fate::Lives),
            _ if status < 200 => {
                self.state = State::Proceeding;
                (Upward::Deliver, Fate::Lives)
            }
            _ => {
                port.cancel(Timer::E);
                port.cancel(Timer::F);
                if self.reliable {
                    return (Upward::Deliver, Fate::Ends);
                }
                port.set(Timer::K, port.durations.t4);
                self.octets = Vec::new();
                self.state = State::Completed;
                (Upward::Deliver, Fate::Lives)
            }
        }
    }

    pub(super) fn timer(&mut self, port: &mut Port<'_>, to: &Destination, timer: Timer) -> Fate {
        match (&mut self.state, timer) {
            (State::Trying { interval }, Timer::E) => {
                *interval = (*interval * 2).min(port.durations.t2);
                port.send_again(to, &self.octets);
                port.set(Timer::E, *interval);
                Fate::Lives
            }
            (State::Proceeding, Timer::E) => {
                port.send_again(to, &self.octets);
                port.set(Timer::E, port.durations.t2);
                Fate::Lives
            }
            (State::Trying { .. } | State::Proceeding, Timer::F) => Fate::TimedOut,
            (State::Completed, Timer::K) => Fate::Ends,
            _ => Fate::Lives,
        }
    }
}
