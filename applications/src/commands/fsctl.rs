//! `fsctl`, `shutdown`: control of the exchange itself.

use super::hangup_all::hang_up;
use strowger_core::shutdown::Phase;
use strowger_core::{CommandCall, Switch};
use strowger_model::{HangupCause, is_false, is_true};

const USAGE: &str = "-ERR Invalid command\nUSAGE: fsctl [hupall|pause|resume|pause_check|shutdown [cancel|elegant|asap|now]|shutdown_check|ready_check|send_sighup|sps|last_sps|max_sessions|verbose_events]\n";

/// One of many sub-commands.
pub(super) async fn fsctl(call: CommandCall<'_>) -> String {
    let words: Vec<&str> = call.arguments.as_str().split_whitespace().collect();
    let Some((&first, rest)) = words.split_first() else {
        return USAGE.to_owned();
    };
    run(call.switch, first, rest).unwrap_or_else(|| USAGE.to_owned())
}

/// The same as `fsctl shutdown`.
pub(super) async fn shutdown(call: CommandCall<'_>) -> String {
    let words: Vec<&str> = call.arguments.as_str().split_whitespace().collect();
    stop(call.switch, &words).unwrap_or_else(|| USAGE.to_owned())
}

fn run(switch: &Switch, command: &str, rest: &[&str]) -> Option<String> {
    let ok = || Some("+OK\n".to_owned());
    let limits = switch.limits();
    match command {
        "pause" | "resume" => {
            let (inbound, outbound) = directions(rest)?;
            limits.pause(inbound, outbound, command == "pause");
            ok()
        }
        "pause_check" => {
            let (inbound, outbound) = directions(rest)?;
            let paused = (!inbound || limits.paused(false)) && (!outbound || limits.paused(true));
            Some(paused.to_string())
        }
        "shutdown" => stop(switch, rest),
        "shutdown_check" => Some((switch.shutdown().phase() != Phase::Running).to_string()),
        "ready_check" => Some(super::status::is_ready(switch).to_string()),
        "hupall" => {
            let cause = rest
                .first()
                .map_or(HangupCause::ManagerRequest, |text| HangupCause::parse(text));
            hang_up(switch, cause, &[]);
            ok()
        }
        "send_sighup" => {
            switch.rotate_call_records();
            ok()
        }
        "sps" => {
            if let Some(text) = rest.first() {
                limits.set_sessions_per_second(text.parse().ok()?);
            }
            Some(format!(
                "+OK sessions per second: {}\n",
                limits.sessions_per_second()
            ))
        }
        "last_sps" => Some(format!(
            "+OK last sessions per second: {}\n",
            limits.last_rate()
        )),
        "max_sessions" => {
            if let Some(text) = rest.first() {
                limits.set_max_sessions(text.parse().ok()?);
            }
            Some(format!("+OK max sessions: {}\n", limits.max_sessions()))
        }
        "verbose_events" => {
            match rest.first() {
                Some(text) if is_true(text) => switch.set_verbose_events(true),
                Some(text) if is_false(text) => switch.set_verbose_events(false),
                Some(_) => return None,
                None => {}
            }
            let state = if switch.verbose_events() { "on" } else { "off" };
            Some(format!("+OK verbose_events is {state} \n"))
        }
        _ => None,
    }
}

fn directions(rest: &[&str]) -> Option<(bool, bool)> {
    match rest.first() {
        None => Some((true, true)),
        Some(&"inbound") => Some((true, false)),
        Some(&"outbound") => Some((false, true)),
        Some(_) => None,
    }
}

/// Without a word, and with `now`, calls end at once; `elegant` and `asap` let them end by themselves.
fn stop(switch: &Switch, words: &[&str]) -> Option<String> {
    match words.first().copied() {
        Some("cancel") => switch.cancel_stop(),
        Some("elegant" | "asap") => switch.request_stop(),
        None | Some("now") => {
            switch.request_stop();
            hang_up(switch, HangupCause::SystemShutdown, &[]);
        }
        Some("restart" | "reincarnate") => {
            return Some(
                "-ERR the exchange does not start itself again; whoever supervises it does\n"
                    .to_owned(),
            );
        }
        Some(_) => return None,
    }
    Some("+OK\n".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_both_unless_one_is_named() {
        assert_eq!(directions(&[]), Some((true, true)));
        assert_eq!(directions(&["inbound"]), Some((true, false)));
        assert_eq!(directions(&["outbound"]), Some((false, true)));
        assert_eq!(directions(&["sideways"]), None);
    }
}
