//! `status`, `version`, `uptime`.

use super::INTERFACE_VERSION;
use std::time::Duration;
use strowger_core::clock::Clock;
use strowger_core::shutdown::Phase;
use strowger_core::{CommandCall, Switch};

/// How long the processors are watched to say how idle they are.
const WATCH: Duration = Duration::from_millis(50);

/// Whether new calls are taken.
pub(super) fn is_ready(switch: &Switch) -> bool {
    switch.shutdown().phase() == Phase::Running && !switch.limits().paused(false)
}

fn full_version() -> String {
    format!("{INTERFACE_VERSION}+strowger.{}", env!("CARGO_PKG_VERSION"))
}

/// `version`.
pub(super) async fn version(call: CommandCall<'_>) -> String {
    if call.arguments.as_str().trim() == "short" {
        return format!("{INTERFACE_VERSION}\n");
    }
    format!(
        "FreeSWITCH Version {} (Strowger {})\n",
        full_version(),
        env!("CARGO_PKG_VERSION")
    )
}

/// `uptime`.
pub(super) async fn uptime(call: CommandCall<'_>) -> String {
    let up = call.switch.uptime();
    let seconds = u128::from(up.as_secs());
    let value = match call.arguments.as_str().trim() {
        "us" | "microseconds" => up.as_micros(),
        "ms" | "milliseconds" => up.as_millis(),
        "" | "s" | "seconds" => seconds,
        "m" | "minutes" => seconds / 60,
        "h" | "hours" => seconds / 3_600,
        "d" | "days" => seconds / 86_400,
        _ => return "-USAGE: [us|ms|s|m|h|d]\n".to_owned(),
    };
    format!("{value}\n")
}

/// `status`.
pub(super) async fn status(call: CommandCall<'_>) -> String {
    let switch = call.switch;
    let (sessions, limits) = (switch.sessions(), switch.limits());
    let mut out = format!("{}\n", up_line(switch.uptime()));
    let ready = if is_ready(switch) {
        "ready"
    } else {
        "not ready"
    };
    out.push_str(&format!(
        "FreeSWITCH (Version {}) is {ready}\n",
        full_version()
    ));
    out.push_str(&format!(
        "{} session(s) since startup\n",
        sessions.since_start()
    ));
    out.push_str(&format!(
        "{} session(s) - peak {}, last 5min {} \n",
        sessions.len(),
        sessions.peak(),
        sessions.recent_peak()
    ));
    out.push_str(&format!(
        "{} session(s) per Sec out of max {}, peak {}, last 5min {} \n",
        limits.last_rate(),
        limits.sessions_per_second(),
        limits.peak_rate(),
        limits.recent_peak_rate()
    ));
    out.push_str(&format!("{} session(s) max\n", limits.max_sessions()));
    if let Some(idle) = idle(switch.clock()).await {
        out.push_str(&format!("min idle cpu 0.00/{idle:.2}\n"));
    }
    if let Some((soft, hard)) = stack() {
        out.push_str(&format!("Current Stack Size/Max {soft}K/{hard}K\n"));
    }
    out
}

/// `UP 0 years, 0 days, 1 hour, …`
fn up_line(up: Duration) -> String {
    let seconds = up.as_secs();
    let days = seconds / 86_400;
    let parts = [
        (days / 365, "year"),
        (days % 365, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
        (u64::from(up.subsec_millis()), "millisecond"),
        (u64::from(up.subsec_micros() % 1_000), "microsecond"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    format!("UP {}", parts.join(", "))
}

/// Share of time in which the processors had nothing to do, percent; `None` where the system does not say.
async fn idle(clock: &Clock) -> Option<f64> {
    let before = processor_times(&std::fs::read_to_string("/proc/stat").ok()?)?;
    clock.rest(WATCH).await;
    let after = processor_times(&std::fs::read_to_string("/proc/stat").ok()?)?;
    let (idle, all) = (
        after.0.saturating_sub(before.0),
        after.1.saturating_sub(before.1),
    );
    // In a shorter time than the system counts the average since its start is the best answer.
    let (idle, all) = if all == 0 { after } else { (idle, all) };
    (all > 0).then(|| idle as f64 * 100.0 / all as f64)
}

/// Idle and total ticks of all processors in `/proc/stat`.
fn processor_times(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        // Guest time is counted in user time already.
        .take(8)
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let idle = ticks.get(3)? + ticks.get(4).copied().unwrap_or(0);
    Some((idle, ticks.iter().sum()))
}

/// Soft and hard limit of the stack in kilobytes; `None` where there is none or the system does not say.
fn stack() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("Max stack size"))?;
    let mut numbers = line["Max stack size".len()..].split_whitespace();
    let soft: u64 = numbers.next()?.parse().ok()?;
    let hard: u64 = numbers.next()?.parse().unwrap_or(soft);
    Some((soft / 1_024, hard / 1_024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_own_plural() {
        let up = Duration::new(366 * 86_400 + 3_600 + 2 * 60 + 3, 456_789_000);
        assert_eq!(
            up_line(up),
            "UP 1 year, 1 day, 1 hour, 2 minutes, 3 seconds, 456 milliseconds, 789 microseconds"
        );
        assert!(up_line(Duration::ZERO).starts_with("UP 0 years, 0 days, 0 hours"));
    }

    #[test]
    fn processor_times_are_read() {
        let text = "cpu  10 0 10 70 10 0 0 0 5 0\ncpu0 1 2 3 4\n";
        assert_eq!(processor_times(text), Some((80, 100)));
        assert_eq!(processor_times("nothing"), None);
    }
}
