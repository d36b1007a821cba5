//! Many calls through the exchange: a calling SIPp as 1000, a called one registered as 1001.

use crate::exchange::{Exchange, Setup};
use crate::phone::Line;
use crate::sipp::{Counted, Sipp};
use std::time::Duration;

/// Port blocks for some 2,000 calls: each takes four ports, which rest for half a minute before they are used again.
const PORT_BLOCKS: u16 = 14;
/// Registration of the called side: longer than any run.
const REGISTERED_SECONDS: u32 = 3_600;

/// An exchange whose limits allow the load: the stock ones are made for an office.
pub fn setup() -> Setup {
    let limits = "autoload_configs/switch.conf.xml";
    Setup::stock()
        .edit(
            limits,
            "name=\"max-sessions\" value=\"1000\"",
            "name=\"max-sessions\" value=\"4000\"",
        )
        .edit(
            limits,
            "name=\"sessions-per-second\" value=\"30\"",
            "name=\"sessions-per-second\" value=\"500\"",
        )
        .port_blocks(PORT_BLOCKS)
}

/// Both ends of the calls.
pub struct Traffic<'a> {
    exchange: &'a Exchange,
}

impl<'a> Traffic<'a> {
    /// Registers the called side.
    pub fn prepare(exchange: &'a Exchange) -> Traffic<'a> {
        let mut line = Line::new(exchange, &exchange.user("1001"));
        let status = line.register_at(exchange.test_port(0), REGISTERED_SECONDS);
        assert_eq!(status, 200, "registration of the called side");
        Traffic { exchange }
    }

    /// Makes `calls` calls, `rate` new ones a second, each of that length, and waits for their end.
    pub fn run(&self, scenario: &str, calls: u32, rate: u32, length: Duration) -> Counted {
        self.run_meanwhile(scenario, calls, rate, length, || {}).0
    }

    /// The same; `meanwhile` is done while the calls run.
    pub fn run_meanwhile<T>(
        &self,
        scenario: &str,
        calls: u32,
        rate: u32,
        length: Duration,
        meanwhile: impl FnOnce() -> T,
    ) -> (Counted, T) {
        let limit = Duration::from_secs(u64::from(calls / rate)) + length + Duration::from_secs(40);
        let called = Sipp::callee(
            "answer",
            self.exchange.test_port(0),
            self.exchange.test_port(2),
        )
        .calls(calls, rate)
        .within(limit)
        .start();
        let user = self.exchange.user("1000");
        let caller = Sipp::caller(self.exchange, scenario, &user, "1001", 1)
            .calls(calls, rate)
            .lasting(length)
            .within(limit)
            .start();
        let result = meanwhile();
        let counted = caller.finish();
        called.finish();
        (counted, result)
    }
}
