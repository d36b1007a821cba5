//! The server transaction of every other request (RFC 3261 §17.2.2).

use super::{Fate, Port};
use crate::flow::Destination;
use crate::timer::Timer;

enum State {
    Trying,
    Proceeding { last: Vec<u8> },
    Completed { response: Vec<u8> },
}

pub(super) struct Server {
    reliable: bool,
    state: State,
}

impl Server {
    /// Gives the user 64·T1 to answer; later nobody listens any more (RFC 4320 §4.1).
    pub(super) fn start(port: &mut Port<'_>, reliable: bool) -> Self {
        port.set(Timer::Unanswered, port.durations.transaction());
        Self {
            reliable,
            state: State::Trying,
        }
    }

    pub(super) fn repeat(&mut self, port: &mut Port<'_>, to: &Destination) {
        match &self.state {
            State::Trying => {}
            State::Proceeding { last: response } | State::Completed { response } => {
                port.send_again(to, response)
            }
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
        if matches!(self.state, State::Completed { .. }) {
            return None;
        }
        port.send(to, &octets);
        if status < 200 {
            self.state = State::Proceeding { last: octets };
            return Some(Fate::Lives);
        }
        port.cancel(Timer::Unanswered);
        if self.reliable {
            return Some(Fate::Ends);
        }
        port.set(Timer::J, port.durations.transaction());
        self.state = State::Completed { response: octets };
        Some(Fate::Lives)
    }

    pub(super) fn timer(&mut self, timer: Timer) -> Fate {
        match (&self.state, timer) {
            (State::Completed { .. }, Timer::J)
            | (State::Trying | State::Proceeding { .. }, Timer::Unanswered) => Fate::Ends,
            _ => Fate::Lives,
        }
    }
}
