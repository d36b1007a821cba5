//! The INVITE client transaction (RFC 3261 §17.1.1, with the Accepted state of RFC 6026 §7.2).

use std::time::Duration;

use super::{Fate, Port, Upward};
use crate::config::FORKS;
use crate::draft::Draft;
use crate::flow::Destination;
use crate::timer::Timer;

/// Timer D on unreliable transports: at least 32 s whatever T1 is (RFC 3261 §17.1.1.2).
const D: Duration = Duration::from_secs(32);

enum State {
    /// Nothing heard; retransmitting on unreliable transports.
    Calling { interval: Duration },
    /// A provisional response came.
    Proceeding,
    /// A failure came, and this is its ACK.
    Completed { ack: Vec<u8> },
    /// A 2xx came; more may, from other forks.
    Accepted { acks: Vec<ForkAck> },
}

struct ForkAck {
    tag: String,
    octets: Vec<u8>,
    to: Destination,
}

pub(super) struct InviteClient {
    octets: Vec<u8>,
    reliable: bool,
    draft: Draft,
    via: String,
    state: State,
}

impl InviteClient {
    /// The request was just sent: arms A and B.
    pub(super) fn start(
        port: &mut Port<'_>,
        octets: Vec<u8>,
        reliable: bool,
        draft: Draft,
        via: String,
    ) -> Self {
        let interval = port.durations.t1;
        if !reliable {
            port.set(Timer::A, interval);
        }
        port.set(Timer::B, port.durations.transaction());
        Self {
            octets,
            reliable,
            draft,
            via,
            state: State::Calling { interval },
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(super) fn via(&self) -> &str {
        &self.via
    }

    pub(super) fn draft(&self) -> &Draft {
        &self.draft
    }

    pub(super) fn is_calling(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    pub(super) fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding)
    }

    pub(super) fn response(
        &mut self,
        port: &mut Port<'_>,
        destination: &Destination,
        status: u16,
        to: &str,
        tag: &str,
    ) -> (Upward, Fate) {
        match (&mut self.state, status) {
            (State::Calling { .. } | State::Proceeding, 100..=199) => {
                port.cancel(Timer::A);
                port.cancel(Timer::B);
                self.state = State::Proceeding;
                (Upward::Deliver, Fate::Lives)
            }
            (State::Calling { .. } | State::Proceeding, 200..=299) => {
                port.cancel(Timer::A);
                port.cancel(Timer::B);
                port.set(Timer::M, port.durations.transaction());
                self.octets = Vec::new();
                self.state = State::Accepted { acks: Vec::new() };
                (Upward::Deliver, Fate::Lives)
            }
            (State::Calling { .. } | State::Proceeding, _) => {
                port.cancel(Timer::A);
                port.cancel(Timer::B);
                let ack = self.draft.ack_of_failure(to).write(&self.via);
                port.send(destination, &ack);
                if self.reliable {
                    return (Upward::Deliver, Fate::Ends);
                }
                port.set(Timer::D, D.max(port.durations.transaction()));
                self.octets = Vec::new();
                self.state = State::Completed { ack };
                (Upward::Deliver, Fate::Lives)
            }
            (State::Completed { ack }, 300..) => {
                port.send_again(destination, ack);
                (Upward::Absorb, Fate::Lives)
            }
            (State::Accepted { acks }, 200..=299) => {
                if let Some(known) = acks.iter().find(|known| known.tag == tag) {
                    port.send_again(&known.to, &known.octets);
                    return (Upward::Absorb, Fate::Lives);
                }
                (Upward::Deliver, Fate::Lives)
            }
            (State::Completed { .. } | State::Accepted { .. }, _) => (Upward::Absorb, Fate::Lives),
        }
    }

    pub(super) fn remember_ack(&mut self, tag: &str, octets: &[u8], to: &Destination) {
        if let State::Accepted { acks } = &mut self.state
            && acks.len() < FORKS
            && acks.iter().all(|known| known.tag != tag)
        {
            acks.push(ForkAck {
                tag: tag.to_owned(),
                octets: octets.to_vec(),
                to: to.clone(),
            });
        }
    }

    pub(super) fn timer(&mut self, port: &mut Port<'_>, to: &Destination, timer: Timer) -> Fate {
        match (&mut self.state, timer) {
            (State::Calling { interval }, Timer::A) => {
                *interval *= 2;
                port.send_again(to, &self.octets);
                port.set(Timer::A, *interval);
                Fate::Lives
            }
            (State::Calling { .. }, Timer::B) => Fate::TimedOut,
            (State::Calling { .. } | State::Proceeding, Timer::Cancel) => Fate::Ends,
            (State::Completed { .. }, Timer::D) | (State::Accepted { .. }, Timer::M) => Fate::Ends,
            _ => Fate::Lives,
        }
    }
}
