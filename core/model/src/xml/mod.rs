//! Located XML: every element and attribute knows the file, line and column it was written at.

pub mod parse;
pub mod position;
pub mod preprocess;
pub mod tree;

pub use parse::parse;
pub use preprocess::{FileHost, PreprocessHost, load};
pub use tree::{Attribute, Document, Element, Node};
