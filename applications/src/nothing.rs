//! Applications that take no arguments.

use strowger_model::Arguments;

/// No arguments.
#[derive(Arguments, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nothing;
