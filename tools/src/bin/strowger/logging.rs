//! The log on standard error, and what a panic leaves in it.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use strowger_model::LogLevel;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// Longest part of a panic's message that is logged, characters.
const MESSAGE: usize = 160;

/// Changes what is logged.
pub struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    /// The operator said what to log; the configuration does not change it.
    named: bool,
}

impl Log {
    /// Starts logging.
    pub fn start(level: Option<&str>) -> Result<Log, String> {
        let filter = EnvFilter::try_new(level.unwrap_or("info")).map_err(|error| {
            format!("--log: {error}; write error, warn, info, debug or trace, or target=level,...")
        })?;
        let (filter, handle) = reload::Layer::new(filter);
        let lines = fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal());
        tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .try_init()
            .map_err(|error| error.to_string())?;
        std::panic::set_hook(Box::new(panicked));
        Ok(Log {
            filter: handle,
            named: level.is_some(),
        })
    }

    /// Takes over the level of the configuration, unless the operator named one.
    pub fn configured(&self, level: Option<LogLevel>) {
        let Some(level) = level.filter(|_| !self.named) else {
            return;
        };
        let word = match level {
            LogLevel::Console | LogLevel::Alert | LogLevel::Crit | LogLevel::Err => "error",
            LogLevel::Warning => "warn",
            LogLevel::Notice | LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        };
        // Fails only when the subscriber is gone, and with it the log.
        let _ = self.filter.reload(EnvFilter::new(word));
    }
}

/// Logs where a panic happened. Its formatted message may quote what was being worked on, a password or a caller's
/// words, so only its beginning, up to the first quotation, is kept.
fn panicked(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let what = match info.payload().downcast_ref::<&'static str>() {
        Some(fixed) => (*fixed).to_owned(),
        None => info
            .payload()
            .downcast_ref::<String>()
            .map_or_else(|| "unknown".to_owned(), |text| harmless(text)),
    };
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let trace = std::backtrace::Backtrace::capture();
    if matches!(trace.status(), std::backtrace::BacktraceStatus::Captured) {
        tracing::error!("panic in thread {thread} at {place}: {what}\n{trace}");
    } else {
        tracing::error!("panic in thread {thread} at {place}: {what}");
    }
}

fn harmless(message: &str) -> String {
    let end = message.find([':', '`', '"', '\'']).unwrap_or(message.len());
    message[..end]
        .chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_panic_does_not_quote_what_it_worked_on() {
        let message = "called `Result::unwrap()` on an `Err` value: BadPassword(\"hush\")";
        assert!(!harmless(message).contains("hush"));
        let message = "byte index 3 is not a char boundary; it is inside 'é' of `hush`";
        assert!(!harmless(message).contains("hush"));
        assert_eq!(harmless("no such leg"), "no such leg");
    }
}
