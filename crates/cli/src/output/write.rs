//! Record batches in each format.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::writer::{JsonArray, LineDelimited};
use arrow::json::{Writer, WriterBuilder};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::cells::{Cells, text_table};
use super::nested::plain;
use super::{Format, Sink};
use crate::failure::Failure;

/// Writes batches one by one. Tables for people are held back until the end, because the widths of columns are known
/// only then; all other formats stream.
pub struct BatchWriter {
    schema: SchemaRef,
    rows: u64,
    /// Whether a batch was written, be it empty.
    begun: bool,
    form: Form,
}

enum Form {
    Table(Sink, Vec<RecordBatch>),
    Vertical(Sink),
    Separated(Box<arrow::csv::Writer<Sink>>),
    Json(Writer<Sink, JsonArray>),
    Ndjson(Writer<Sink, LineDelimited>),
    Markdown(Sink),
    Html(Sink),
    Parquet(Box<ArrowWriter<Sink>>),
    Arrow(Box<StreamWriter<Sink>>),
}

impl BatchWriter {
    /// A writer of rows of `schema`.
    ///
    /// # Errors
    /// The format cannot hold the columns, or the sink not be written.
    pub fn new(format: Format, sink: Sink, schema: SchemaRef) -> Result<Self, Failure> {
        let place = sink.place();
        let arrow_error = |e: ArrowError| arrow_failure(&place, e);
        let json = || WriterBuilder::new().with_explicit_nulls(true);
        let form = match format {
            Format::Table => Form::Table(sink, Vec::new()),
            Format::Vertical => Form::Vertical(sink),
            Format::Csv | Format::Tsv => {
                let delimiter = if format == Format::Csv { b',' } else { b'\t' };
                let builder = arrow::csv::WriterBuilder::new().with_header(true).with_delimiter(delimiter);
                Form::Separated(Box::new(builder.build(sink)))
            }
            Format::Json => Form::Json(json().build(sink)),
            Format::Ndjson => Form::Ndjson(json().build(sink)),
            Format::Markdown => Form::Markdown(sink),
            Format::Html => Form::Html(sink),
            Format::Parquet => {
                let properties =
                    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
                let writer = ArrowWriter::try_new(sink, SchemaRef::clone(&schema), Some(properties))
                    .map_err(|e| Failure::failed(format!("cannot write Parquet to {place}: {e}"), e))?;
                Form::Parquet(Box::new(writer))
            }
            Format::Arrow => Form::Arrow(Box::new(StreamWriter::try_new(sink, &schema).map_err(arrow_error)?)),
        };
        let mut writer = Self { schema, rows: 0, begun: false, form };
        writer.begin(&place)?;
        Ok(writer)
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// The sink cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let place = "the output";
        let io = |e| Failure::output(place, e);
        let arrow_error = |e| arrow_failure(place, e);
        self.begun = true;
        let first_row = self.rows;
        self.rows += batch.num_rows() as u64;
        match &mut self.form {
            Form::Table(_, held) => held.push(batch.clone()),
            Form::Vertical(sink) => vertical(sink, &self.schema, batch, first_row)?,
            Form::Separated(writer) => {
                plain(batch).and_then(|batch| writer.write(&batch)).map_err(arrow_error)?;
            }
            Form::Json(writer) => writer.write(batch).map_err(arrow_error)?,
            Form::Ndjson(writer) => writer.write(batch).map_err(arrow_error)?,
            Form::Markdown(sink) => {
                let cells = Cells::new(batch).map_err(arrow_error)?;
                for row in 0..batch.num_rows() {
                    let texts = (0..batch.num_columns())
                        .map(|c| cells.text(c, row).unwrap_or_default().replace('|', "\\|").replace('\n', " "));
                    writeln!(sink, "| {} |", texts.collect::<Vec<_>>().join(" | ")).map_err(io)?;
                }
            }
            Form::Html(sink) => {
                let cells = Cells::new(batch).map_err(arrow_error)?;
                for row in 0..batch.num_rows() {
                    let texts = (0..batch.num_columns())
                        .map(|c| format!("<td>{}</td>", escaped(&cells.text(c, row).unwrap_or_default())));
                    writeln!(sink, "<tr>{}</tr>", texts.collect::<String>()).map_err(io)?;
                }
            }
            Form::Parquet(writer) => {
                writer.write(batch).map_err(|e| Failure::failed(format!("cannot write Parquet: {e}"), e))?;
            }
            Form::Arrow(writer) => writer.write(batch).map_err(arrow_error)?,
        }
        Ok(())
    }

    /// Writes the end. Gives the number of rows.
    ///
    /// # Errors
    /// The sink cannot be written.
    pub fn finish(self) -> Result<u64, Failure> {
        let place = "the output";
        let io = |e| Failure::output(place, e);
        let arrow_error = |e| arrow_failure(place, e);
        let sink = match self.form {
            Form::Table(mut sink, held) => {
                let text = text_table(&self.schema, &held).map_err(arrow_error)?;
                writeln!(sink, "{text}").map_err(io)?;
                sink
            }
            Form::Vertical(sink) | Form::Markdown(sink) => sink,
            Form::Separated(mut writer) => {
                if !self.begun {
                    // arrow writes the header with the first batch.
                    let none = RecordBatch::new_empty(self.schema);
                    plain(&none).and_then(|none| writer.write(&none)).map_err(arrow_error)?;
                }
                writer.into_inner()
            }
            Form::Json(mut writer) => {
                writer.finish().map_err(arrow_error)?;
                let mut sink = writer.into_inner();
                writeln!(sink).map_err(io)?;
                sink
            }
            Form::Ndjson(mut writer) => {
                writer.finish().map_err(arrow_error)?;
                writer.into_inner()
            }
            Form::Html(mut sink) => {
                writeln!(sink, "</tbody></table>").map_err(io)?;
                sink
            }
            Form::Parquet(writer) => {
                writer.into_inner().map_err(|e| Failure::failed(format!("cannot write Parquet: {e}"), e))?
            }
            Form::Arrow(mut writer) => {
                writer.finish().map_err(arrow_error)?;
                writer.into_inner().map_err(arrow_error)?
            }
        };
        sink.finish()?;
        Ok(self.rows)
    }

    fn begin(&mut self, place: &str) -> Result<(), Failure> {
        let names: Vec<&str> = self.schema.fields().iter().map(|f| f.name().as_str()).collect();
        let io = |e| Failure::output(place, e);
        match &mut self.form {
            Form::Markdown(sink) => {
                writeln!(sink, "| {} |", names.join(" | ")).map_err(io)?;
                writeln!(sink, "|{}", "---|".repeat(names.len())).map_err(io)
            }
            Form::Html(sink) => {
                let heads: String = names.iter().map(|n| format!("<th scope=\"col\">{}</th>", escaped(n))).collect();
                writeln!(sink, "<table><thead><tr>{heads}</tr></thead><tbody>").map_err(io)
            }
            _ => Ok(()),
        }
    }
}

/// Writes all of some batches.
///
/// # Errors
/// As [`BatchWriter`].
pub fn write_batches(format: Format, sink: Sink, schema: SchemaRef, batches: &[RecordBatch]) -> Result<u64, Failure> {
    let mut writer = BatchWriter::new(format, sink, schema)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

fn vertical(sink: &mut Sink, schema: &SchemaRef, batch: &RecordBatch, first_row: u64) -> Result<(), Failure> {
    let io = |e| Failure::output("the output", e);
    let cells = Cells::for_people(batch).map_err(|e| arrow_failure("the output", e))?;
    let width = schema.fields().iter().map(|f| f.name().len()).max().unwrap_or(0);
    for row in 0..batch.num_rows() {
        writeln!(sink, "── row {} ──", first_row + row as u64 + 1).map_err(io)?;
        for (column, field) in schema.fields().iter().enumerate() {
            let text = cells.text(column, row).unwrap_or_else(|| "–".to_owned());
            writeln!(sink, "{:>width$}  {text}", field.name()).map_err(io)?;
        }
    }
    Ok(())
}

fn arrow_failure(place: &str, error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, error) => Failure::output(place, error),
        // Of what befalls CSV arrow keeps the text only.
        ArrowError::CsvError(text) if text.contains("Broken pipe") => Failure::PipeClosed,
        error => Failure::failed(format!("cannot write the result to {place}: {error}; try another --format"), error),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
