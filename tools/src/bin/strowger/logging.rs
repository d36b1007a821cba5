//! The log on standard error, and what a panic leaves in it.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use strowger_event_socket::{LogLine, LogTap};
use strowger_model::LogLevel;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::{self, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// Longest part of a panic's message that is logged, characters.
const MESSAGE: usize = 160;

/// Changes what is logged.
pub struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    /// For clients of the event socket.
    pub tap: LogTap,
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
        let tap = LogTap::default();
        let wanted = tap.clone();
        let wanted = dynamic_filter_fn(move |metadata, _| {
            // Mostly nobody wants anything: that has to be the cheap answer.
            wanted.wants(level_of(*metadata.level()))
                && (metadata.target().starts_with(OURS) || metadata.target() == DIALPLAN)
        })
        .with_max_level_hint(LevelFilter::DEBUG);
        tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .with(ToClients(tap.clone()).with_filter(wanted))
            .try_init()
            .map_err(|error| error.to_string())?;
        std::panic::set_hook(Box::new(panicked));
        Ok(Log {
            filter: handle,
            tap,
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

/// Parts of the program whose lines clients get: our own, and what a dialplan logs.
const OURS: &str = "strowger";
const DIALPLAN: &str = "dialplan";

/// Hands log lines to clients of the event socket.
struct ToClients(LogTap);

impl<S: Subscriber> Layer<S> for ToClients {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = level_of(*metadata.level());
        let place = metadata.line().unwrap_or(0);
        let text = format!(
            "{} [{level}] {}:{place} {}{}\n",
            chrono::Local::now().format("%Y-%m-%d %H:%M:%S%.6f"),
            metadata.target(),
            fields.message,
            fields.others,
        );
        self.0.line(LogLine {
            level,
            file: metadata.file().unwrap_or_default().to_owned(),
            function: metadata.target().to_owned(),
            line: place,
            uuid: fields.uuid,
            text,
        });
    }
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Err,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}

/// The parts of a log line.
#[derive(Default)]
struct Fields {
    message: String,
    uuid: Option<String>,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.message = value,
            "uuid" => self.uuid = Some(value),
            name => self.others.push_str(&format!(" {name}={value}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "uuid" => self.uuid = Some(value.to_owned()),
            _ => self.record_debug(field, &value),
        }
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
