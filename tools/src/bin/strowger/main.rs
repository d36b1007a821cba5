//! The exchange.
fn main() {}
