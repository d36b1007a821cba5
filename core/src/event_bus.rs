//! The event bus: typed, immutable events to whoever subscribed. A slow subscriber loses events and is told how
//! many; nothing that the exchange itself needs depends on the bus.

use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use strowger_model::{Event, EventName};
use tokio::sync::mpsc;

/// Events that wait for one subscriber.
pub const WAITING_EVENTS: usize = 1_024;

/// Which events a subscriber wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// All of them.
    pub all: bool,
    /// These names.
    pub names: Vec<EventName>,
    /// These subclasses of CUSTOM (none: every CUSTOM event when `names` has it).
    pub subclasses: Vec<String>,
}

impl EventFilter {
    /// Whether an event passes.
    pub fn passes(&self, event: &Event) -> bool {
        if self.all {
            return true;
        }
        if event.name == EventName::Custom {
            if self.subclasses.is_empty() {
                return self.names.contains(&EventName::Custom);
            }
            return event
                .subclass
                .as_ref()
                .is_some_and(|subclass| self.subclasses.contains(subclass));
        }
        self.names.contains(&event.name)
    }

    fn wants(&self, name: EventName) -> bool {
        self.all
            || self.names.contains(&name)
            || (name == EventName::Custom && !self.subclasses.is_empty())
    }
}

struct Subscriber {
    filter: ArcSwap<EventFilter>,
    queue: mpsc::Sender<Arc<Event>>,
    lost: AtomicU64,
}

/// A subscription; dropping it ends it.
pub struct Subscription {
    subscriber: Arc<Subscriber>,
    events: mpsc::Receiver<Arc<Event>>,
    bus: Weak<Shared>,
}

impl Subscription {
    /// The next event; `None` when the exchange stops.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        self.events.recv().await
    }

    /// An event that waits already.
    pub fn try_next(&mut self) -> Option<Arc<Event>> {
        self.events.try_recv().ok()
    }

    /// Replaces the filter.
    pub fn set_filter(&self, filter: EventFilter) {
        self.subscriber.filter.store(Arc::new(filter));
        if let Some(bus) = self.bus.upgrade() {
            bus.count_wishes();
        }
    }

    /// How many events were lost since the last call, because this subscriber was slow.
    pub fn take_lost(&self) -> u64 {
        self.subscriber.lost.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(bus) = self.bus.upgrade() {
            bus.remove(&self.subscriber);
        }
    }
}

/// Puts the common headers on an event with its sequence number.
type Stamp = dyn Fn(&mut Event, u64) + Send + Sync;

struct Shared {
    subscribers: ArcSwap<Vec<Arc<Subscriber>>>,
    /// One bit per event name that somebody wants.
    wishes: [AtomicU64; 2],
    sequence: AtomicU64,
    stamp: Box<Stamp>,
}

impl Shared {
    fn count_wishes(&self) {
        let mut bits = [0u64; 2];
        let subscribers = self.subscribers.load();
        for name in EventName::all() {
            if subscribers
                .iter()
                .any(|subscriber| subscriber.filter.load().wants(*name))
            {
                let index = *name as usize;
                bits[index / 64 % 2] |= 1 << (index % 64);
            }
        }
        for (wish, bits) in self.wishes.iter().zip(bits) {
            wish.store(bits, Ordering::Relaxed);
        }
    }

    fn remove(&self, gone: &Arc<Subscriber>) {
        self.subscribers.rcu(|list| {
            list.iter()
                .filter(|subscriber| !Arc::ptr_eq(subscriber, gone))
                .cloned()
                .collect::<Vec<_>>()
        });
        self.count_wishes();
    }
}

/// The bus of one switch. Cheap to clone.
#[derive(Clone)]
pub struct EventBus(Arc<Shared>);

impl EventBus {
    /// A bus that puts the common headers on each event with `stamp` (event, sequence number).
    pub fn new(stamp: impl Fn(&mut Event, u64) + Send + Sync + 'static) -> EventBus {
        EventBus(Arc::new(Shared {
            subscribers: ArcSwap::default(),
            wishes: Default::default(),
            sequence: AtomicU64::new(0),
            stamp: Box::new(stamp),
        }))
    }

    /// Whether anybody wants events of this name; those who make events ask first.
    pub fn wanted(&self, name: EventName) -> bool {
        let index = name as usize;
        self.0.wishes[index / 64 % 2].load(Ordering::Relaxed) & (1 << (index % 64)) != 0
    }

    /// The event with the headers that every event begins with, for those who show it without publishing.
    pub fn stamped(&self, mut event: Event) -> Event {
        let number = self.0.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        (self.0.stamp)(&mut event, number);
        event
    }

    /// Publishes an event to those who want it.
    pub fn publish(&self, event: Event) {
        if !self.wanted(event.name) {
            return;
        }
        let event = Arc::new(self.stamped(event));
        for subscriber in self.0.subscribers.load().iter() {
            if subscriber.filter.load().passes(&event)
                && subscriber.queue.try_send(event.clone()).is_err()
            {
                subscriber.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Subscribes.
    pub fn subscribe(&self, filter: EventFilter) -> Subscription {
        let (queue, events) = mpsc::channel(WAITING_EVENTS);
        let subscriber = Arc::new(Subscriber {
            filter: ArcSwap::from_pointee(filter),
            queue,
            lost: AtomicU64::new(0),
        });
        self.0.subscribers.rcu(|list| {
            let mut list = (**list).clone();
            list.push(subscriber.clone());
            list
        });
        self.0.count_wishes();
        Subscription {
            subscriber,
            events,
            bus: Arc::downgrade(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus() -> EventBus {
        EventBus::new(|_, _| {})
    }

    #[test]
    fn only_wanted_events_are_delivered() {
        let bus = bus();
        assert!(!bus.wanted(EventName::ChannelAnswer));
        let mut subscription = bus.subscribe(EventFilter {
            names: vec![EventName::ChannelAnswer],
            ..EventFilter::default()
        });
        assert!(bus.wanted(EventName::ChannelAnswer));
        bus.publish(Event::new(EventName::ChannelHangup));
        bus.publish(Event::new(EventName::ChannelAnswer));
        assert_eq!(
            subscription.try_next().map(|event| event.name),
            Some(EventName::ChannelAnswer)
        );
        assert!(subscription.try_next().is_none());
        drop(subscription);
        assert!(!bus.wanted(EventName::ChannelAnswer));
    }

    #[test]
    fn a_slow_subscriber_is_told_what_it_lost() {
        let bus = bus();
        let subscription = bus.subscribe(EventFilter {
            all: true,
            ..EventFilter::default()
        });
        for _ in 0..WAITING_EVENTS + 5 {
            bus.publish(Event::new(EventName::Heartbeat));
        }
        assert_eq!(subscription.take_lost(), 5);
    }
}
