//! The known name that a mistyped one was probably meant to be.

pub use tapemeasure_model::nearest::{Meant, nearest};
