//! Spoken values: one file per language and kind of value.

mod date;
mod english;
mod number;
mod spelling;

pub use english::English;

#[cfg(test)]
mod tests;
