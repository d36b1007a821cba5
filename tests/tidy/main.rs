//! House rules: what ARCHITECTURE.md and CONTRIBUTING.md promise about the tree, held by tests.

mod arrows;
mod calls;
mod docs;
mod files;
mod source;
mod tree;
mod words;
