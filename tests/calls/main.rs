//! Whole calls with audio, in virtual time.

mod basics;
