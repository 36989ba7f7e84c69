//! Inputs: from names to blocks of whole records.
//!
//! | module | does |
//! |---|---|
//! | [`expand`] | files, directories, patterns and `-` to a list of inputs |
//! | `pattern` | matches names against `*`, `?`, `[..]`, `**` |
//! | [`unpack`] | zip archives to their members |
//! | [`zip`] | the members of a zip archive, and the bytes of one |
//! | [`input`] | one input: its name, and where its bytes are |
//! | [`pipe`] | streams that can be given up |
//! | [`recording`] | keeps what can be read only once |
//! | [`source`] | reads an input: counted, hashed, decompressed |
//! | [`beginning`] | the first bytes, by which an input is recognised |
//! | [`split`] | cuts a stream into blocks at borders of records |

pub mod beginning;
pub mod expand;
pub mod input;
mod pattern;
pub mod pipe;
pub mod recording;
pub mod source;
pub mod split;
pub mod unpack;
pub mod zip;

pub use expand::expand;
pub use input::{Input, Inputs, Origin};
pub use split::{Block, Framing, MAX_RECORD_BYTES, Piece, Splitter};
pub use split::{begins_page, has_clock, is_separator};
pub use unpack::unpack;
