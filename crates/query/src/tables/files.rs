//! Tables of Parquet files, and of rows in memory beside them.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, project_schema};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileGroupPartitioner, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use object_store::path::Path as ObjectPath;
use tapemeasure_archive::{Archive, EventFile, Snapshot};
use tapemeasure_facts::FactTable;
use tapemeasure_model::schema::{col, events_schema};

use crate::error::QueryError;

/// Other readers of the table's log may keep times in milliseconds when they rewrite it, cutting off the rest.
const STATISTICS_SLACK_US: i64 = 1_000;

/// A table of Parquet files that all have the table's columns, and of rows in memory.
#[derive(Debug)]
pub(super) struct FileTable {
    schema: SchemaRef,
    files: Vec<PartitionedFile>,
    /// Rows of all files.
    rows: usize,
    memory: Vec<RecordBatch>,
}

impl FileTable {
    /// Every stored event of a snapshot.
    ///
    /// # Errors
    /// [`QueryError::Path`], [`QueryError::ObjectPath`].
    pub(super) fn of_events(archive: &Archive, snapshot: &Snapshot) -> Result<Self, QueryError> {
        let schema = with_views(&events_schema());
        let mut files = Vec::with_capacity(snapshot.files().len());
        for file in snapshot.files() {
            let statistics = Arc::new(statistics_of(&schema, file));
            files.push(partitioned_file(&archive.file_path(file), file.bytes)?.with_statistics(statistics));
        }
        Ok(Self { schema, files, rows: snapshot.rows() as usize, memory: Vec::new() })
    }

    /// A table of facts, whose files are sorted by the column `time`.
    ///
    /// # Errors
    /// [`QueryError::Path`], [`QueryError::ObjectPath`].
    pub(super) fn of_facts(table: &FactTable, time: &str) -> Result<Self, QueryError> {
        Self::of_facts_as(table, time, with_views(&table.schema))
    }

    /// A table of facts whose texts are as they lie in the files: those with few values as dictionaries.
    ///
    /// # Errors
    /// As [`of_facts`](Self::of_facts).
    pub(super) fn of_coded_facts(table: &FactTable, time: &str) -> Result<Self, QueryError> {
        Self::of_facts_as(table, time, Arc::clone(&table.schema))
    }

    fn of_facts_as(table: &FactTable, time: &str, schema: SchemaRef) -> Result<Self, QueryError> {
        let mut files = Vec::with_capacity(table.files.len());
        for file in &table.files {
            let mut statistics = Statistics::new_unknown(&schema).with_num_rows(Precision::Exact(file.rows as usize));
            if let (Some(min_us), Some(max_us)) = (file.min_time_us, file.max_time_us) {
                set_bounds(&mut statistics, &schema, time, instant(min_us), instant(max_us));
            }
            files.push(partitioned_file(&file.path, file.bytes)?.with_statistics(Arc::new(statistics)));
        }
        let rows = table.files.iter().map(|file| file.rows as usize).sum();
        let memory = table
            .open
            .iter()
            .filter(|batch| batch.num_rows() > 0)
            .map(|batch| converted(batch, &schema))
            .collect::<Result<Vec<_>>>()
            .map_err(QueryError::while_doing("converting open rows"))?;
        Ok(Self { schema, files, rows, memory })
    }

    /// The files in as many groups as there are partitions to read them, each about as large as the others. Files are
    /// cut: where rows in memory stand beside the files, the optimizer would not do so.
    fn groups(&self, partitions: usize, least_bytes: usize) -> Vec<FileGroup> {
        let whole = FileGroup::new(self.files.clone());
        FileGroupPartitioner::new()
            .with_target_partitions(partitions.max(1))
            .with_repartition_file_min_size(least_bytes)
            .repartition_file_groups(std::slice::from_ref(&whole))
            .unwrap_or_else(|| vec![whole])
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::local_filesystem();
        let store = state.runtime_env().object_store(&url)?;
        let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
        let options = state.config_options().execution.parquet.clone();
        let mut source = ParquetSource::new(Arc::clone(&self.schema))
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(store, footers)));
        if let Some(hint) = options.metadata_size_hint {
            source = source.with_metadata_size_hint(hint);
        }
        let source = source
            .with_table_parquet_options(TableParquetOptions { global: options, ..TableParquetOptions::default() });
        let groups =
            self.groups(state.config().target_partitions(), state.config_options().optimizer.repartition_file_min_size);
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(Statistics::new_unknown(&self.schema).with_num_rows(Precision::Exact(self.rows)))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // Filters stay above the scan; the optimizer hands them down once more to skip files, row groups and pages.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::with_capacity(2);
        if !self.files.is_empty() {
            inputs.push(self.scan_files(state, projection, limit)?);
        }
        if !self.memory.is_empty() {
            let batches = std::slice::from_ref(&self.memory);
            inputs.push(MemorySourceConfig::try_new_exec(batches, Arc::clone(&self.schema), projection.cloned())?);
        }
        if inputs.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema, projection)?)));
        }
        UnionExec::try_new(inputs)
    }
}

/// The schema with every column of text as views.
///
/// Of the types that text with few values could have, DataFusion 55 groups views column by column, comparing texts of
/// up to twelve bytes as integers (`aggregates/group_values/multi_group_by/bytes_view.rs`); one dictionary among the
/// keys makes it encode all of them row by row (`group_values/row.rs`). Reading views from a file's dictionary pages
/// copies no text.
pub(crate) fn with_views(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        DataType::Dictionary(_, values) if values.is_string() => {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// A batch with the types of a schema that has the same columns.
fn converted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| cast(column, field.data_type()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A file by its path in the file system.
fn partitioned_file(path: &Path, bytes: u64) -> Result<PartitionedFile, QueryError> {
    let absolute = std::path::absolute(path).map_err(|source| QueryError::Path { path: path.to_owned(), source })?;
    let location = ObjectPath::from_absolute_path(&absolute)
        .map_err(|source| QueryError::ObjectPath { path: absolute.clone(), source })?;
    let mut file = PartitionedFile::new(String::new(), bytes);
    file.object_meta.location = location;
    Ok(file)
}

/// What the log of the archive tells about a file of events, as the reader wants it: bounds of the two columns that it
/// knows.
fn statistics_of(schema: &Schema, file: &EventFile) -> Statistics {
    let mut statistics = Statistics::new_unknown(schema).with_num_rows(Precision::Exact(file.rows as usize));
    let from = instant(file.min_time_us.saturating_sub(STATISTICS_SLACK_US));
    let to = instant(file.max_time_us.saturating_add(STATISTICS_SLACK_US));
    set_bounds(&mut statistics, schema, col::OCCURRED_AT, from, to);
    let key = |key: i64| ScalarValue::Int64(Some(key));
    set_bounds(&mut statistics, schema, col::CONVERSATION_KEY, key(file.min_key), key(file.max_key));
    statistics
}

fn instant(us: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into()))
}

/// No value of the column, where it has one, lies outside `min..=max`.
fn set_bounds(statistics: &mut Statistics, schema: &Schema, column: &str, min: ScalarValue, max: ScalarValue) {
    if let Ok(index) = schema.index_of(column) {
        statistics.column_statistics[index] = ColumnStatistics {
            min_value: Precision::Exact(min),
            max_value: Precision::Exact(max),
            ..ColumnStatistics::new_unknown()
        };
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, DictionaryArray, Int64Array};
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn text_becomes_views_and_the_rest_stays() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let schema = Schema::new(vec![
            Field::new("channel", dictionary, true),
            Field::new("id", DataType::Utf8, false),
            Field::new("n", DataType::Int64, false),
        ]);
        let channels: DictionaryArray<Int32Type> = [Some("sms"), None, Some("sms")].into_iter().collect();
        let ids = arrow::array::StringArray::from(vec!["a", "b", "c"]);
        let numbers = Int64Array::from(vec![1, 2, 3]);
        let batch =
            RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(channels), Arc::new(ids), Arc::new(numbers)])
                .unwrap();
        let views = with_views(&schema);
        let found = converted(&batch, &views).unwrap();
        assert_eq!(found.schema(), views);
        let channels = found.column(0).as_string_view();
        assert_eq!((channels.value(0), channels.is_null(1), channels.value(2)), ("sms", true, "sms"));
        assert_eq!(views.field(1), &Field::new("id", DataType::Utf8View, false));
        assert_eq!(views.field(2), schema.field(2));
    }

    #[test]
    fn files_are_cut_into_even_groups() {
        let path = |name: &str| std::env::temp_dir().join(name);
        let files = vec![
            partitioned_file(&path("period=2025-03/a b.parquet"), 30 << 20).unwrap(),
            partitioned_file(&path("b.parquet"), 10 << 20).unwrap(),
        ];
        assert!(files[0].object_meta.location.as_ref().ends_with("period=2025-03/a b.parquet"));
        let table = FileTable { schema: with_views(&events_schema()), files, rows: 2, memory: Vec::new() };
        let groups = table.groups(4, 1 << 20);
        let bytes: Vec<u64> = groups.iter().map(|g| g.iter().map(PartitionedFile::effective_size).sum()).collect();
        assert_eq!(bytes, vec![10 << 20; 4]);
        assert_eq!(table.groups(4, 1 << 30).len(), 1);
    }
}
