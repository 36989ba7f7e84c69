//! Raw exports to events, and events into the archive.
