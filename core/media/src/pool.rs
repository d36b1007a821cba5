//! The media pool: worker threads, where legs are placed, ports, load.

use crate::frame::gain_factor;
use crate::handle::{
    ID_WORKER_SHIFT, LegHandle, LegId, LegShared, Overloaded, PlayerId, PlayerShared, worker_of,
};
use crate::leg::Leg;
use crate::leg::event::LegListener;
use crate::leg::prepared::{Input, InputFrom, ResolvedWrites};
use crate::leg::write_list::{Source, WriteList};
use crate::ports::{Ports, RtpSockets};
use crate::rate::SampleRate;
use crate::transport::memory::MemoryTransport;
use crate::worker::command::{COMMAND_QUEUE, Command, Retired};
use crate::worker::link::{Link, LinkReader};
use crate::worker::{Worker, WorkerLoad};
use rand::random;
use rtrb::{Consumer, RingBuffer};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Objects that wait for the janitor, per worker; when full they are dropped within the tick.
const RETIRED_QUEUE: usize = 8_192;
/// How often the janitor looks.
const JANITOR_PERIOD: Duration = Duration::from_millis(50);
/// The most workers a pool may have (ids keep 8 bits for them).
const MAX_WORKERS: usize = 255;

/// How a pool is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// Worker threads; 0: one less than there are processors, at least one.
    pub workers: usize,
    /// First UDP port for media.
    pub first_port: u16,
    /// Last UDP port for media.
    pub last_port: u16,
}

impl Default for MediaConfig {
    fn default() -> MediaConfig {
        MediaConfig {
            workers: 0,
            first_port: 16_384,
            last_port: 32_768,
        }
    }
}

/// Why the pool cannot do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// No port pair is free.
    #[error(
        "none of the {pairs} RTP port pairs is free; widen the range between first and last RTP port"
    )]
    NoPorts {
        /// Pairs in the range.
        pairs: usize,
    },
    /// A socket could not be bound.
    #[error("cannot bind RTP to {address}: {why}; is it an address of this host?")]
    Bind {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        why: String,
    },
    /// A thread could not be started.
    #[error("cannot start a media thread: {0}")]
    Thread(String),
    /// The worker's command queue is full.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The pool was stopped.
    #[error("the media pool is stopped")]
    Stopped,
}

/// How busy a pool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaLoad {
    /// Legs open.
    pub legs: usize,
    /// Port pairs in use.
    pub ports_in_use: usize,
    /// The longest tick of any worker within the last second.
    pub busiest_tick: Duration,
    /// The mean tick of the busiest worker within the last second. One long tick may only mean that the system ran
    /// something else; a high mean is load.
    pub mean_tick: Duration,
    /// Ticks that began more than one quantum late, since the start.
    pub late_ticks: u64,
}

/// What carries a leg's packets.
pub enum TransportSpec {
    /// UDP sockets from [`MediaPool::bind`].
    Udp(RtpSockets),
    /// Packets within the process.
    Memory(MemoryTransport),
}

/// What a leg begins with.
pub struct LegSpec {
    /// What carries its packets.
    pub transport: TransportSpec,
    /// Its rate until it is configured.
    pub rate: SampleRate,
    /// Open it on the worker of this leg, so that a bridge between them needs no link.
    pub near: Option<LegId>,
}

/// Worker threads and the legs on them. Clones are the same pool; it stops when the last is dropped.
#[derive(Clone)]
pub struct MediaPool {
    shared: Arc<PoolShared>,
    threads: Arc<Threads>,
}

/// The part of the pool that handles keep alive.
pub(crate) struct PoolShared {
    workers: Vec<WorkerPort>,
    ports: Ports,
    /// Random per pool, so that ids of two pools in a process differ.
    tag: u64,
    next: AtomicU32,
    legs: Mutex<HashMap<LegId, Weak<LegShared>>>,
    players: Mutex<HashMap<PlayerId, Weak<PlayerShared>>>,
}

struct WorkerPort {
    commands: SyncSender<Command>,
    load: Arc<WorkerLoad>,
}

struct Threads {
    stopping: Arc<AtomicBool>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PoolShared {
    pub(crate) fn send(&self, worker: usize, command: Command) -> Result<(), Overloaded> {
        let port = self.workers.get(worker).ok_or(Overloaded)?;
        port.commands.try_send(command).map_err(|_| Overloaded)
    }

    /// A fresh id on `worker`.
    pub(crate) fn next_id(&self, worker: usize) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.tag | (worker as u64) << ID_WORKER_SHIFT | u64::from(number)
    }

    pub(crate) fn forget_leg(&self, id: LegId) {
        locked(&self.legs).remove(&id);
    }

    pub(crate) fn remember_player(&self, id: PlayerId, shared: &Arc<PlayerShared>) {
        locked(&self.players).insert(id, Arc::downgrade(shared));
    }

    pub(crate) fn forget_player(&self, id: PlayerId) {
        locked(&self.players).remove(&id);
    }

    /// Finds the sources of `list`: those on `leg`'s worker by id, those elsewhere through links.
    pub(crate) fn resolve(&self, leg: LegId, list: WriteList) -> ResolvedWrites {
        let here = worker_of(leg.0);
        let mut inputs = [const { None }; crate::leg::write_list::MAX_SOURCES];
        for (input, entry) in inputs.iter_mut().zip(list.entries()) {
            let from = match entry.source {
                Source::Read(id) if worker_of(id.0) == here => {
                    Some(InputFrom::Leg { id, slot: None })
                }
                Source::Write(id) if worker_of(id.0) == here => {
                    Some(InputFrom::Written { id, slot: None })
                }
                Source::Write(id) => {
                    let shared = locked(&self.legs).get(&id).and_then(Weak::upgrade);
                    shared.map(|s| linked(&s.write_link))
                }
                Source::Player(id) if worker_of(id.0) == here => Some(InputFrom::Player(id)),
                Source::Read(id) => {
                    let shared = locked(&self.legs).get(&id).and_then(Weak::upgrade);
                    shared.map(|s| linked(&s.link))
                }
                Source::Player(id) => {
                    let shared = locked(&self.players).get(&id).and_then(Weak::upgrade);
                    shared.map(|s| linked(&s.link))
                }
            };
            *input = from.map(|from| Input {
                from,
                gain: gain_factor(entry.gain_db),
                resampler: None,
            });
        }
        ResolvedWrites { list, inputs }
    }
}

fn linked(link: &std::sync::OnceLock<Arc<Link>>) -> InputFrom {
    InputFrom::Linked(LinkReader::new(Arc::clone(link.get_or_init(Link::new))))
}

impl MediaPool {
    /// Starts the worker threads and one janitor thread.
    pub fn start(config: MediaConfig) -> Result<MediaPool, MediaError> {
        let count = match config.workers {
            0 => std::thread::available_parallelism()
                .map_or(1, |n| n.get().saturating_sub(1))
                .max(1),
            n => n,
        };
        let (pool, workers, retired) = MediaPool::build(&config, count);
        // All workers keep one schedule, so that links have no drift.
        let epoch = Instant::now();
        let mut threads = Vec::new();
        for (number, mut worker) in workers.into_iter().enumerate() {
            let stopping = Arc::clone(&pool.threads.stopping);
            let thread = std::thread::Builder::new()
                .name(format!("media-{number}"))
                .spawn(move || worker.run(epoch, &stopping))
                .map_err(|e| MediaError::Thread(e.to_string()))?;
            threads.push(thread);
        }
        let stopping = Arc::clone(&pool.threads.stopping);
        let janitor = std::thread::Builder::new()
            .name("media-janitor".into())
            .spawn(move || sweep(retired, &stopping))
            .map_err(|e| MediaError::Thread(e.to_string()))?;
        threads.push(janitor);
        *locked(&pool.threads.running) = threads;
        Ok(pool)
    }

    /// A pool with one worker that only moves when it is told to: for tests in virtual time.
    pub fn manual(config: MediaConfig) -> (MediaPool, ManualWorker) {
        let (pool, mut workers) = MediaPool::manual_workers(MediaConfig {
            workers: 1,
            ..config
        });
        let worker = workers.pop().expect("one worker was asked for");
        (pool, worker)
    }

    /// As [`manual`](MediaPool::manual), with as many workers as `config` says (0: one).
    pub fn manual_workers(config: MediaConfig) -> (MediaPool, Vec<ManualWorker>) {
        crate::recorder::write_here();
        let (pool, workers, retired) = MediaPool::build(&config, config.workers.max(1));
        let manual = workers
            .into_iter()
            .zip(retired)
            .map(|(worker, retired)| ManualWorker { worker, retired });
        (pool, manual.collect())
    }

    fn build(
        config: &MediaConfig,
        count: usize,
    ) -> (MediaPool, Vec<Worker>, Vec<Consumer<Retired>>) {
        let count = count.min(MAX_WORKERS);
        let (mut ports, mut workers, mut retired) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let (commands, queue) = sync_channel(COMMAND_QUEUE);
            let (producer, consumer) = RingBuffer::new(RETIRED_QUEUE);
            let load = Arc::new(WorkerLoad::default());
            ports.push(WorkerPort {
                commands,
                load: Arc::clone(&load),
            });
            workers.push(Worker::new(queue, producer, load));
            retired.push(consumer);
        }
        let shared = PoolShared {
            workers: ports,
            ports: Ports::new(config.first_port, config.last_port),
            tag: random::<u64>() << 40,
            next: AtomicU32::new(1),
            legs: Mutex::new(HashMap::new()),
            players: Mutex::new(HashMap::new()),
        };
        let threads = Threads {
            stopping: Arc::new(AtomicBool::new(false)),
            running: Mutex::new(Vec::new()),
        };
        (
            MediaPool {
                shared: Arc::new(shared),
                threads: Arc::new(threads),
            },
            workers,
            retired,
        )
    }

    /// Binds a random free port pair on `ip`.
    pub fn bind(&self, ip: IpAddr) -> Result<RtpSockets, MediaError> {
        self.shared.ports.bind(ip)
    }

    /// Whether media of this pool arrives at this port now. A stranger's stream aimed there would loop.
    pub fn holds(&self, port: u16) -> bool {
        self.shared.ports.holds(port)
    }

    /// Opens a leg: silent and deaf until it is configured.
    pub fn open(
        &self,
        spec: LegSpec,
        listener: Arc<dyn LegListener>,
    ) -> Result<LegHandle, MediaError> {
        if self.threads.stopping.load(Ordering::Acquire) {
            return Err(MediaError::Stopped);
        }
        let shared = &self.shared;
        let worker = match spec.near {
            Some(near) if near.0 >> 40 == shared.tag >> 40 => worker_of(near.0),
            _ => (0..shared.workers.len())
                .min_by_key(|&w| shared.workers[w].load.legs.load(Ordering::Relaxed))
                .unwrap_or(0),
        };
        let id = LegId(shared.next_id(worker));
        let leg_shared = Arc::new(LegShared::new(id));
        let leg = Leg::new(Arc::clone(&leg_shared), listener, spec.transport, spec.rate);
        let port = shared.workers.get(worker).ok_or(Overloaded)?;
        // Counted here, so that many legs opened within one tick spread over the workers.
        port.load.legs.fetch_add(1, Ordering::Relaxed);
        if port
            .commands
            .try_send(Command::Open(Box::new(leg)))
            .is_err()
        {
            port.load.legs.fetch_sub(1, Ordering::Relaxed);
            return Err(Overloaded.into());
        }
        locked(&shared.legs).insert(id, Arc::downgrade(&leg_shared));
        Ok(LegHandle::new(leg_shared, Arc::clone(shared)))
    }

    /// How busy the pool is.
    pub fn load(&self) -> MediaLoad {
        let mut load = MediaLoad {
            ports_in_use: self.shared.ports.in_use(),
            ..MediaLoad::default()
        };
        for port in &self.shared.workers {
            load.legs += port.load.legs.load(Ordering::Relaxed);
            load.busiest_tick = load.busiest_tick.max(port.load.busiest_tick());
            load.mean_tick = load.mean_tick.max(port.load.mean_tick());
            load.late_ticks += port.load.late_ticks.load(Ordering::Relaxed);
        }
        load
    }

    /// Ends the threads and waits for them; legs that are still open end with `LegEvent::Closed`.
    pub fn stop(&self) {
        self.threads.stopping.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *locked(&self.threads.running));
        for thread in threads {
            if thread.thread().id() != std::thread::current().id() {
                // A worker that panicked outside a leg's step has said so on its way out.
                let _ = thread.join();
            }
        }
    }
}

/// The janitor: drops what workers retire, so that no tick frees memory or closes sockets.
fn sweep(mut retired: Vec<Consumer<Retired>>, stopping: &AtomicBool) {
    loop {
        let stop = stopping.load(Ordering::Acquire) && retired.iter().all(Consumer::is_abandoned);
        for consumer in &mut retired {
            while let Ok(object) = consumer.pop() {
                drop(object);
            }
        }
        if stop {
            return;
        }
        std::thread::sleep(JANITOR_PERIOD);
    }
}

/// A worker without a thread, driven by a test in virtual time.
pub struct ManualWorker {
    worker: Worker,
    retired: Consumer<Retired>,
}

impl ManualWorker {
    /// Runs one quantum as of `now`; call with times 20 ms apart, on the thread that made the pool. Recordings begun
    /// on that thread are written here too, so that they keep up with virtual time.
    pub fn tick(&mut self, now: Instant) {
        self.worker.tick(now);
        self.clean();
        crate::recorder::serve_here();
    }

    /// Forwards what has arrived for relayed legs, as a worker does between ticks.
    pub fn arrivals(&mut self, now: Instant) {
        self.worker.arrivals(now);
    }

    /// Runs one quantum without dropping retired objects afterwards, for measurements of the tick alone.
    pub fn tick_only(&mut self, now: Instant) {
        self.worker.tick(now);
    }

    fn clean(&mut self) {
        while let Ok(object) = self.retired.pop() {
            drop(object);
        }
    }
}
