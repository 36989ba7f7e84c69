//! The columns of each table.

pub(crate) mod cells;
pub(crate) mod changes;
pub(crate) mod first_messages;
pub(crate) mod sessions;
pub(crate) mod waits;
