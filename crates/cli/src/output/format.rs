//! The formats and how one is chosen.

use std::io::IsTerminal;
use std::path::Path;

use tapemeasure_query::Meant;

use crate::args::Output;
use crate::failure::Failure;

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines and columns for people.
    Table,
    /// One line a value, for wide rows.
    Vertical,
    /// Comma-separated, RFC 4180, with a header.
    Csv,
    /// Tab-separated, with a header.
    Tsv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// A table in Markdown.
    Markdown,
    /// A table in HTML.
    Html,
    /// A Parquet file.
    Parquet,
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    /// All, with their names and the endings of file names that mean them.
    pub const ALL: &'static [(Self, &'static str, &'static [&'static str])] = &[
        (Self::Table, "table", &["txt"]),
        (Self::Vertical, "vertical", &[]),
        (Self::Csv, "csv", &["csv"]),
        (Self::Tsv, "tsv", &["tsv"]),
        (Self::Json, "json", &["json"]),
        (Self::Ndjson, "ndjson", &["ndjson", "jsonl"]),
        (Self::Markdown, "markdown", &["md"]),
        (Self::Html, "html", &["html", "htm"]),
        (Self::Parquet, "parquet", &["parquet"]),
        (Self::Arrow, "arrow", &["arrow", "arrows"]),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(format, _, _)| *format == self).map_or("", |(_, name, _)| name)
    }

    /// Whether it is no text, and so nothing for a terminal.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// The format of a name.
    ///
    /// # Errors
    /// A usage error that lists the names.
    pub fn of_name(name: &str) -> Result<Self, Failure> {
        Self::ALL.iter().find(|(_, n, _)| *n == name).map(|(format, _, _)| *format).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, n, _)| *n).collect();
            let meant = Meant::of(name, &names);
            Failure::usage(format!("unknown format {name:?}; {meant}known are {}", names.join(", ")))
        })
    }

    /// What the options say: the format named, else that of the file's name, else by whether a person looks on.
    ///
    /// # Errors
    /// A usage error for an unknown name or ending.
    pub fn choose(options: &Output) -> Result<Self, Failure> {
        match (&options.format, &options.output) {
            (Some(name), _) => Self::of_name(name),
            (None, Some(path)) => Self::of_ending(path),
            (None, None) if std::io::stdout().is_terminal() => Ok(Self::Table),
            (None, None) => Ok(Self::Csv),
        }
    }

    /// The format that the ending of a file's name means.
    ///
    /// # Errors
    /// A usage error for an unknown ending.
    pub fn of_ending(path: &Path) -> Result<Self, Failure> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        Self::ALL
            .iter()
            .find(|(_, _, endings)| endings.contains(&ending.as_str()))
            .map(|(format, _, _)| *format)
            .ok_or_else(|| {
                Failure::usage(format!("cannot tell a format from the name {}; add --format", path.display()))
            })
    }
}
