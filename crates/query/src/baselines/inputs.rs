//! Fingerprints of what the rows of a window lay in: the same fingerprint means the same rows.
//!
//! Derived files are named by all that they are made from, and files of events by their content, so names and digests
//! are enough: nothing is read. A file counts for a window if the times of its rows touch it. That can be too many
//! files, never too few; whoever finds another fingerprint works the numbers out again and looks whether they changed.

use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use tapemeasure_archive::Snapshot;
use tapemeasure_facts::{FactTable, Facts};

use super::windows::Window;

/// Hexadecimal digits of a fingerprint: 128 bits, so that no two meet by chance.
const DIGITS: usize = 32;

/// What one snapshot and its facts lie in.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Names of files, and the first and last time of their rows.
    files: Vec<(String, i64, i64)>,
    /// The digests of the files of events, in their order.
    events: Vec<(String, i64, i64)>,
    /// Times of rows that can still change, sorted.
    open_us: Vec<i64>,
    /// The version of the archive.
    version: i64,
    as_of_us: i64,
}

impl Inputs {
    /// Those of a snapshot and the facts derived from it.
    pub fn new(snapshot: &Snapshot, facts: &Facts) -> Self {
        let tables: [(&FactTable, &str); 3] =
            [(&facts.waits, "opened_at"), (&facts.sessions, "closed_at"), (&facts.message_cells, "cell_start")];
        let (mut files, mut open_us) = (Vec::new(), Vec::new());
        for (table, time) in tables {
            for file in &table.files {
                if let (Some(min_us), Some(max_us)) = (file.min_time_us, file.max_time_us) {
                    files.push((name_of(&file.path), min_us, max_us));
                }
            }
            for batch in &table.open {
                open_us.extend(times(batch, time));
            }
        }
        open_us.sort_unstable();
        let events =
            snapshot.files().iter().map(|f| (f.digest.clone(), f.min_time_us, f.max_time_us)).collect::<Vec<_>>();
        Self { files, events, open_us, version: snapshot.version(), as_of_us: facts.as_of_us }
    }

    /// The version of the archive.
    pub(super) fn version(&self) -> i64 {
        self.version
    }

    /// The fingerprint of a window. With `reach_back` all that lies before it counts too; with `dated` the as-of time
    /// counts even where no row is open and the window is over.
    pub(super) fn of_window(&self, window: Window, reach_back: bool, dated: bool) -> String {
        let from_us = if reach_back { i64::MIN } else { window.start_us };
        let touches = |min_us: i64, max_us: i64| min_us < window.end_us && max_us >= from_us;
        let mut hash = blake3::Hasher::new();
        let mut line = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        for (name, min_us, max_us) in self.files.iter().chain(&self.events) {
            if touches(*min_us, *max_us) {
                line(name);
            }
        }
        let first_open = self.open_us.partition_point(|&us| us < from_us);
        let has_open = self.open_us.get(first_open).is_some_and(|&us| us < window.end_us);
        if has_open {
            // What becomes of an open row can be decided by any event.
            for (digest, _, _) in &self.events {
                line(digest);
            }
        }
        if has_open || dated || window.end_us > self.as_of_us.saturating_add(1) {
            line(&self.as_of_us.to_string());
        }
        hash.finalize().to_hex()[..DIGITS].to_owned()
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The times of a column that are there. Derived rows have them as microseconds; were they anything else, the column
/// would have none, and the test of the tables' types would fail.
fn times(batch: &RecordBatch, column: &str) -> impl Iterator<Item = i64> {
    let column = batch.column_by_name(column).and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
    column.into_iter().flat_map(|times| times.iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Inputs {
        let file = |name: &str, min_us, max_us| (name.to_owned(), min_us, max_us);
        Inputs {
            files: vec![file("waits-1", 0, 9), file("waits-2", 8, 19)],
            events: vec![file("e1", 0, 9), file("e2", 10, 19)],
            open_us: vec![15],
            version: 1,
            as_of_us: 19,
        }
    }

    #[test]
    fn a_window_changes_with_the_files_that_touch_it() {
        let window = |start_us, end_us| Window { start_us, end_us };
        let before = inputs();
        let mut after = inputs();
        after.files[1].0 = "waits-2b".to_owned();
        let same = |w: Window, back: bool| before.of_window(w, back, false) == after.of_window(w, back, false);
        assert!(same(window(0, 8), false));
        assert!(!same(window(0, 9), false), "the other file has a row at 8");
        assert!(!same(window(10, 12), false));
        let mut after = inputs();
        after.files[0].0 = "waits-1b".to_owned();
        let same = |w: Window, back: bool| before.of_window(w, back, false) == after.of_window(w, back, false);
        assert!(same(window(10, 12), false));
        assert!(!same(window(10, 12), true), "all that lies before counts");
    }

    #[test]
    fn open_rows_and_running_windows_depend_on_the_as_of_time() {
        let window = |start_us, end_us| Window { start_us, end_us };
        let before = inputs();
        let later = Inputs { as_of_us: 25, ..inputs() };
        let same = |w: Window, dated: bool| before.of_window(w, false, dated) == later.of_window(w, false, dated);
        assert!(same(window(0, 15), false));
        assert!(!same(window(0, 15), true));
        assert!(!same(window(0, 16), false), "a row at 15 is open");
        assert!(!same(window(18, 30), false), "the window runs");
        let mut other = inputs();
        other.events[0].0 = "e1b".to_owned();
        assert_ne!(before.of_window(window(12, 16), false, false), other.of_window(window(12, 16), false, false));
    }
}
