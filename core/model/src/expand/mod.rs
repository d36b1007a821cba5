//! Text with origin, and templates that expand to it.

pub mod expanded;
pub mod template;
