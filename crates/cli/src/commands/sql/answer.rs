//! Where the rows of one result go as they come: to a file, to a pipe, or to the screen once all are there.

use std::io::IsTerminal;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::held::Held;
use super::look::Look;
use super::screen;
use crate::commands::print;
use crate::failure::Failure;
use crate::output::{BatchWriter, Format, Sink};

/// A result under way.
pub struct Answer {
    schema: SchemaRef,
    format: Format,
    /// What writes rows as they come.
    writer: Option<BatchWriter>,
    /// The file that they go to.
    file: Option<PathBuf>,
    /// What is held for the screen, and to be the last result.
    held: Option<Held>,
    rows: u64,
}

/// Keeps a result apart from those that standard output holds before it. Readers of a binary format would see one of
/// them alone, and readers of Markdown one table.
///
/// # Errors
/// A usage error for a second result in a binary format.
fn apart(format: Format, before: u32) -> Result<(), Failure> {
    match format {
        _ if before == 0 => Ok(()),
        Format::Parquet | Format::Arrow => Err(Failure::usage(format!(
            "standard output holds the first result, and {} cannot hold two; run one query at a time, or send each to \
             a file with \\o",
            format.name()
        ))),
        Format::Markdown => print("\n"),
        _ => Ok(()),
    }
}

/// A result that is out.
pub struct Finished {
    pub schema: SchemaRef,
    pub rows: u64,
    /// The file that it went to.
    pub file: Option<PathBuf>,
    /// The rows, where they were to be held.
    pub held: Option<Held>,
}

impl Answer {
    /// A result with these columns. With `keep` its rows are held as far as they may be, wherever they go.
    ///
    /// # Errors
    /// The file cannot be made, the format cannot hold the columns, or it is nothing for a terminal.
    pub fn begin(schema: SchemaRef, look: &mut Look, keep: bool) -> Result<Self, Failure> {
        let ends = look.rows.map(|rows| rows.div_ceil(2));
        if let Some(files) = &mut look.files {
            let format = files.format;
            let (path, sink) = files.open()?;
            let writer = BatchWriter::new(format, sink, SchemaRef::clone(&schema))?;
            let held = keep.then(|| Held::new(Some(0)));
            return Ok(Self { schema, format, writer: Some(writer), file: Some(path), held, rows: 0 });
        }
        let format = look.format;
        if !std::io::stdout().is_terminal() {
            apart(format, look.piped)?;
            look.piped += 1;
            let writer = BatchWriter::new(format, Sink::open(None)?, SchemaRef::clone(&schema))?;
            let held = keep.then(|| Held::new(Some(0)));
            return Ok(Self { schema, format, writer: Some(writer), file: None, held, rows: 0 });
        }
        if format.is_binary() {
            let write = if look.shell { "\\o FILE" } else { "-o FILE" };
            return Err(Failure::usage(format!("{} is nothing for a terminal; write it with {write}", format.name())));
        }
        Ok(Self { schema, format, writer: None, file: None, held: Some(Held::new(ends)), rows: 0 })
    }

    /// Takes rows. Of a result that is too long for pages and no table, rows are printed from then on as they come.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn take(&mut self, batch: RecordBatch) -> Result<(), Failure> {
        self.rows += batch.num_rows() as u64;
        if self.writer.is_none() && self.format != Format::Table {
            let held = self.held.iter().find(|held| self.rows > screen::PAGED_ROWS || !held.would_fit(&batch));
            if let Some(all) = held.and_then(Held::all) {
                let mut writer = BatchWriter::new(self.format, Sink::open(None)?, SchemaRef::clone(&self.schema))?;
                for batch in all {
                    writer.write(batch)?;
                }
                self.writer = Some(writer);
            }
        }
        if let Some(writer) = &mut self.writer {
            writer.write(&batch)?;
        }
        if let Some(held) = &mut self.held {
            held.take(batch);
        }
        Ok(())
    }

    /// Whether rows are being printed while others come.
    pub fn is_printing(&self) -> bool {
        self.writer.is_some() && self.file.is_none()
    }

    /// Brings out what is left.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self, look: &Look) -> Result<Finished, Failure> {
        let Self { schema, format, writer, file, held, rows } = self;
        match (writer, &held) {
            (Some(writer), _) => {
                writer.finish()?;
            }
            (None, Some(held)) if format == Format::Table => screen::table(&schema, held, look)?,
            (None, held) => {
                let all = held.as_ref().and_then(Held::all).unwrap_or_default();
                screen::text(format, &schema, all, look)?;
            }
        }
        Ok(Finished { schema, rows, file, held })
    }
}
