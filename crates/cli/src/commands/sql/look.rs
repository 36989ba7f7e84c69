//! How results are shown, and where they go: what the commands of the shell change.

use std::path::{Path, PathBuf};

use super::pager::Pager;
use crate::failure::Failure;
use crate::output::{Format, Sink};

/// Rows of a long result that are shown where it cannot be turned in pages: half from its beginning, half from its end.
pub const ROWS_SHOWN: usize = 40;

/// How results are shown.
#[derive(Debug)]
pub struct Look {
    pub format: Format,
    /// The format that `\x off` goes back to.
    pub flat: Format,
    /// Rows and time are told after each result.
    pub timing: bool,
    pub pager: Pager,
    /// Most rows of a table that does not fit; `None` for all.
    pub rows: Option<usize>,
    /// Files that results go to.
    pub files: Option<Files>,
    /// Results that went to standard output where that is no terminal.
    pub piped: u32,
    /// A person types the queries.
    pub shell: bool,
}

impl Look {
    /// The look of one query, or of the shell.
    pub fn new(format: Format, shell: bool) -> Self {
        let flat = if format == Format::Vertical { Format::Table } else { format };
        let pager = Pager::from_environment();
        Self { format, flat, timing: shell, pager, rows: Some(ROWS_SHOWN), files: None, piped: 0, shell }
    }

    /// Other format from now on.
    pub fn set_format(&mut self, format: Format) {
        self.format = format;
        if format != Format::Vertical {
            self.flat = format;
        }
    }

    /// One line a value, or what it was before.
    pub fn set_vertical(&mut self, on: bool) {
        self.format = if on { Format::Vertical } else { self.flat };
    }
}

/// The files that results go to: the one that was named, and one beside it for each result more, so that none takes the
/// place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    named: PathBuf,
    pub format: Format,
    /// Only one result is expected.
    one: bool,
    written: u32,
}

impl Files {
    /// One result goes to that file.
    pub fn one(path: PathBuf, format: Format) -> Self {
        Self { named: path, format, one: true, written: 0 }
    }

    /// Results go to that file and to others beside it.
    pub fn many(path: PathBuf, format: Format) -> Self {
        Self { named: path, format, one: false, written: 0 }
    }

    /// The file that was named.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// Opens the file of the next result.
    ///
    /// # Errors
    /// It cannot be made, or only one result was expected.
    pub fn open(&mut self) -> Result<(PathBuf, Sink), Failure> {
        if self.one && self.written > 0 {
            return Err(Failure::usage(format!(
                "{} holds the first result; run one query at a time with -o, or use \\o in the file of queries",
                self.named.display()
            )));
        }
        let path = if self.written == 0 { self.named.clone() } else { self.free() };
        let sink = Sink::open(Some(&path))?;
        self.written += 1;
        Ok((path, sink))
    }

    /// The first of `out-2.csv`, `out-3.csv`, ... that does not exist.
    fn free(&self) -> PathBuf {
        let stem = self.named.file_stem().and_then(|name| name.to_str()).unwrap_or("result");
        let ending = self.named.extension().and_then(|name| name.to_str()).map(|name| format!(".{name}"));
        let ending = ending.unwrap_or_default();
        let mut n = self.written + 1;
        loop {
            let path = self.named.with_file_name(format!("{stem}-{n}{ending}"));
            if !path.exists() {
                return path;
            }
            n += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_result_takes_the_place_of_another() {
        let folder = std::env::temp_dir().join(format!("tape-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("out-2.csv"), "there before").unwrap();
        let mut files = Files::many(folder.join("out.csv"), Format::Csv);
        let mut names = Vec::new();
        for _ in 0..3 {
            let (path, sink) = files.open().unwrap();
            sink.finish().unwrap();
            names.push(path.file_name().unwrap().to_owned());
        }
        assert_eq!(names, ["out.csv", "out-3.csv", "out-4.csv"]);
        let mut one = Files::one(folder.join("one.csv"), Format::Csv);
        one.open().unwrap().1.finish().unwrap();
        assert!(matches!(one.open(), Err(Failure::Usage { .. })));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn vertical_goes_back_to_what_was_before() {
        let mut look = Look::new(Format::Csv, true);
        look.set_vertical(true);
        assert_eq!(look.format, Format::Vertical);
        look.set_vertical(false);
        assert_eq!(look.format, Format::Csv);
        look.set_format(Format::Vertical);
        look.set_vertical(false);
        assert_eq!(look.format, Format::Csv);
    }
}
