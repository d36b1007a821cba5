//! The machine as its user and its peers see it: pairs of cores in virtual time, and raw peers.

mod basic;
mod cancel;
mod digest;
mod forks;
mod pair;
mod prack;
mod random;
mod reinvite;
mod session_timer;
mod strays;
mod streams;
mod timers;
mod torture;
