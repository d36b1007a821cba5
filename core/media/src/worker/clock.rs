//! Waiting for the next tick, or for a packet of a relayed leg: one epoll set that holds those sockets only.
#![allow(unsafe_code)] // epoll has no safe wrapper in the standard library

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// Sockets reported by one wait; more are reported by the next.
const READY_AT_ONCE: usize = 64;

/// See the module.
pub(crate) struct Waiting {
    /// `None` when the system has no descriptor left: relayed packets then wait for the tick.
    epoll: Option<OwnedFd>,
}

impl Waiting {
    pub(crate) fn new() -> Waiting {
        // SAFETY: takes no pointers; the result is checked before it is owned.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        // SAFETY: a descriptor just made, owned by nobody else.
        let epoll = (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) });
        Waiting { epoll }
    }

    /// Watches the socket of the leg in `slot`.
    pub(crate) fn watch(&self, fd: RawFd, slot: usize) {
        self.control(libc::EPOLL_CTL_ADD, fd, slot);
    }

    /// Watches a socket no longer.
    pub(crate) fn forget(&self, fd: RawFd) {
        self.control(libc::EPOLL_CTL_DEL, fd, 0);
    }

    fn control(&self, operation: i32, fd: RawFd, slot: usize) {
        let Some(epoll) = &self.epoll else { return };
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: slot as u64,
        };
        // SAFETY: `event` lives through the call, which keeps no pointer to it. A socket that cannot be watched is
        // still swept at every tick, so the result does not matter.
        unsafe { libc::epoll_ctl(epoll.as_raw_fd(), operation, fd, &raw mut event) };
    }

    /// Waits until `until` at most; fills `ready` with the slots whose sockets are readable and returns how many.
    pub(crate) fn wait(&self, until: Instant, ready: &mut [usize; READY_AT_ONCE]) -> usize {
        let left = until.saturating_duration_since(Instant::now());
        let whole_ms = left.as_millis() as i32;
        let Some(epoll) = self.epoll.as_ref().filter(|_| whole_ms > 0) else {
            // Less than the resolution of epoll: sleep the rest.
            std::thread::sleep(left.max(Duration::from_micros(1)));
            return 0;
        };
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; READY_AT_ONCE];
        // SAFETY: `events` has room for as many as are asked for and lives through the call.
        let count = unsafe {
            libc::epoll_wait(
                epoll.as_raw_fd(),
                events.as_mut_ptr(),
                READY_AT_ONCE as i32,
                whole_ms,
            )
        };
        let count = usize::try_from(count).unwrap_or(0).min(READY_AT_ONCE);
        for (slot, event) in ready.iter_mut().zip(&events[..count]) {
            *slot = event.u64 as usize;
        }
        count
    }

    /// Room for what [`wait`](Self::wait) reports.
    pub(crate) fn room() -> [usize; READY_AT_ONCE] {
        [0; READY_AT_ONCE]
    }
}
