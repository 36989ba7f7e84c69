//! The rules as a state machine over one conversation at a time.
//!
//! | file | is |
//! |---|---|
//! | [`act`] | what an event does, decided once a row from its type, direction, author and flags |
//! | [`session`] | an open session, and how an event or the passing of time changes it |
//! | [`batch`] | the columns of a batch of events as numbers |
//! | [`range`] | the walk over the events of one range of keys and period, with what was carried into it |

pub mod act;
pub(crate) mod batch;
pub(crate) mod range;
pub mod session;
#[cfg(test)]
mod tests;
