//! The known name that a mistyped one comes nearest to.

pub use tapemeasure_model::nearest::{near, nearest};
