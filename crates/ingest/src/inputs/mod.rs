//! Inputs: from names to blocks of whole records.
//!
//! | module | does |
//! |---|---|
//! | [`expand`] | files, directories, patterns and `-` to a list of inputs |
//! | `pattern` | matches names against `*`, `?`, `[..]`, `**` |
//! | [`source`] | reads an input: counted, hashed, decompressed |
//! | [`stdin`] | standard input that can be given up |
//! | [`split`] | cuts a stream into blocks at borders of records |

pub mod expand;
mod pattern;
pub mod source;
pub mod split;
pub mod stdin;

pub use expand::{Input, Origin, expand};
pub use split::{Block, Framing, MAX_RECORD_BYTES, Piece, Splitter};
