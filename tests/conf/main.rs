//! The configuration: what loads, what is explained, what a bad reload changes.

mod explains;
mod loads;
mod reload;
