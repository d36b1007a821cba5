//! `log`: lines of the exchange's log for clients that want them.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use strowger_model::LogLevel;
use tokio::sync::mpsc;

/// Lines that wait for one client; a client that is slower misses lines.
const WAITING: usize = 512;

/// One line.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// How important it is.
    pub level: LogLevel,
    /// Where in the program it comes from.
    pub file: String,
    /// The part of the program.
    pub function: String,
    /// The line there.
    pub line: u32,
    /// The channel that it is about.
    pub uuid: Option<String>,
    /// The line as it is written, with its end.
    pub text: String,
}

struct Reader {
    level: LogLevel,
    lines: mpsc::Sender<Arc<LogLine>>,
}

#[derive(Default)]
struct Shared {
    readers: Mutex<Vec<Reader>>,
    /// The most detailed level that somebody wants, plus one; 0: nobody.
    wanted: AtomicU8,
}

/// Where the program's log hands its lines over. Cheap to clone.
#[derive(Clone, Default)]
pub struct LogTap(Arc<Shared>);

impl LogTap {
    /// Whether anybody wants lines of this level.
    pub fn wants(&self, level: LogLevel) -> bool {
        level.number() < self.0.wanted.load(Ordering::Relaxed)
    }

    /// Hands a line to those who want it. Never waits, and writes no log itself.
    pub fn line(&self, line: LogLine) {
        let line = Arc::new(line);
        let mut readers = self.lock();
        let before = readers.len();
        readers.retain(|reader| {
            line.level > reader.level
                || !matches!(
                    reader.lines.try_send(line.clone()),
                    Err(mpsc::error::TrySendError::Closed(_))
                )
        });
        if readers.len() != before {
            self.count(&readers);
        }
    }

    /// Lines of this level and more important ones, until the receiver is dropped.
    pub(crate) fn subscribe(&self, level: LogLevel) -> mpsc::Receiver<Arc<LogLine>> {
        let (lines, receiver) = mpsc::channel(WAITING);
        let mut readers = self.lock();
        readers.retain(|reader| !reader.lines.is_closed());
        readers.push(Reader { level, lines });
        self.count(&readers);
        receiver
    }

    fn count(&self, readers: &[Reader]) {
        let most = readers.iter().map(|reader| reader.level.number() + 1).max();
        self.0.wanted.store(most.unwrap_or(0), Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: LogLevel) -> LogLine {
        LogLine {
            level,
            file: "a.rs".into(),
            function: "a".into(),
            line: 1,
            uuid: None,
            text: "text\n".into(),
        }
    }

    #[test]
    fn a_reader_gets_its_levels_until_it_leaves() {
        let tap = LogTap::default();
        assert!(!tap.wants(LogLevel::Err));
        let mut lines = tap.subscribe(LogLevel::Warning);
        assert!(tap.wants(LogLevel::Err) && !tap.wants(LogLevel::Info));
        tap.line(line(LogLevel::Info));
        tap.line(line(LogLevel::Err));
        let got = lines.try_recv().expect("a line");
        assert_eq!(got.level, LogLevel::Err);
        assert!(lines.try_recv().is_err());
        drop(lines);
        tap.line(line(LogLevel::Err));
        assert!(!tap.wants(LogLevel::Err));
    }

    #[test]
    fn a_slow_reader_misses_lines_and_nobody_waits() {
        let tap = LogTap::default();
        let lines = tap.subscribe(LogLevel::Debug);
        for _ in 0..WAITING * 2 {
            tap.line(line(LogLevel::Debug));
        }
        assert_eq!(lines.len(), WAITING);
    }
}
