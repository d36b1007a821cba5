//! The one thread that uses the connection. Work queues up; whatever waits is done in one transaction.

use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use strowger_core::store::StoreError;
use tokio::sync::oneshot;

/// Work that may wait: beyond it, callers are told that the disk cannot keep up.
const QUEUE: usize = 4_096;
/// Work done in one transaction at most, so that nobody waits long for a commit.
const BATCH: usize = 256;
/// How long a flush may take.
const FLUSH: Duration = Duration::from_secs(10);

/// What is done after the commit, with its result.
type Finish = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;

struct Work {
    run: Box<dyn FnOnce(&Connection) -> Finish + Send>,
    /// Whether it must survive a loss of power once it is finished.
    durable: bool,
}

/// A way to the thread. Cheap to clone; the thread ends with the last of them.
#[derive(Clone)]
pub struct Writer(SyncSender<Work>);

impl Writer {
    /// Starts the thread.
    pub fn start(connection: Connection) -> Result<Writer, StoreError> {
        let (sender, receiver) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("database".into())
            .spawn(move || serve(&connection, &receiver))
            .map_err(|error| failure("the database's thread cannot be started", error))?;
        Ok(Writer(sender))
    }

    /// Does work and gives its value once it is committed.
    pub async fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue(what, true, work, move |value| {
            // Whoever asked may have hung up meanwhile.
            let _ = reply.send(value);
        })?;
        answer.await.unwrap_or_else(|_| Err(gone(what)))
    }

    /// As `ask`, for those who may block.
    pub fn ask_blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = std::sync::mpsc::channel();
        self.queue(what, true, work, move |value| {
            let _ = reply.send(value);
        })?;
        answer
            .recv_timeout(FLUSH)
            .unwrap_or_else(|_| Err(gone(what)))
    }

    /// Queues work whose result nobody waits for; a failure is logged.
    pub fn tell(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) {
        let queued = self.queue(what, false, work, move |result| {
            if let Err(error) = result {
                tracing::error!("{error}");
            }
        });
        if let Err(error) = queued {
            tracing::error!("{error}");
        }
    }

    /// Waits until everything queued before is in the file.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.ask_blocking("the database cannot be written to its end", |_| Ok(()))
    }

    fn queue<T: Send + 'static>(
        &self,
        what: &'static str,
        durable: bool,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        finish: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let run = Box::new(move |connection: &Connection| -> Finish {
            let value = work(connection);
            Box::new(move |committed| {
                finish(match (value, committed) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Ok(_), Err(error)) => Err(error.clone()),
                    (Err(error), _) => Err(failure(what, error)),
                });
            })
        });
        self.0
            .try_send(Work { run, durable })
            .map_err(|error| match error {
                TrySendError::Full(_) => failure(
                    what,
                    "the disk cannot keep up: too much waits to be written",
                ),
                TrySendError::Disconnected(_) => gone(what),
            })
    }
}

fn gone(what: &str) -> StoreError {
    failure(what, "the database's thread has ended or does not answer")
}

fn failure(what: &str, why: impl ToString) -> StoreError {
    StoreError {
        what: what.to_owned(),
        why: why.to_string(),
    }
}

fn serve(connection: &Connection, queue: &Receiver<Work>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        commit(connection, batch);
    }
}

/// Does a batch in one transaction. A statement that fails undoes itself alone.
fn commit(connection: &Connection, batch: Vec<Work>) {
    // FULL waits for the disk at the commit: a message that was accepted survives a loss of power.
    let durable = batch.iter().any(|work| work.durable);
    let level = if durable { "full" } else { "normal" };
    let begun = connection
        .pragma_update(None, "synchronous", level)
        .and_then(|()| connection.execute_batch("BEGIN IMMEDIATE"));
    let finishes: Vec<Finish> = batch
        .into_iter()
        .map(|work| (work.run)(connection))
        .collect();
    let ended = begun.and_then(|()| connection.execute_batch("COMMIT"));
    let result = ended.map_err(|error| failure("the database cannot be written", error));
    if result.is_err() && !connection.is_autocommit() {
        // What cannot be committed must not linger in the next transaction.
        let _ = connection.execute_batch("ROLLBACK");
    }
    for finish in finishes {
        finish(&result);
    }
}
