//! What an ingest tells whoever watches it, and asks of them.

/// Watches an ingest. Called from several threads at once, a few times a second to a few hundred; must not block.
pub trait Progress: Sync {
    /// Reading begins. `total_bytes` is the size of all inputs as they lie on disk (compressed), `None` if one of them
    /// is a pipe.
    fn started(&self, total_bytes: Option<u64>);

    /// That many more bytes of the inputs (as they lie on disk) and that many more records were read.
    fn advanced(&self, bytes: u64, rows: u64);

    /// The next stretch of work: `reading`, `sorting`, `merging`, `committing`.
    fn phase(&self, name: &str);

    /// True once the user wants it stopped. Polled for every block of input and every batch of output.
    fn cancelled(&self) -> bool;
}

/// Watches nothing and never stops anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn started(&self, _total_bytes: Option<u64>) {}
    fn advanced(&self, _bytes: u64, _rows: u64) {}
    fn phase(&self, _name: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
}
