//! What a query can name: tables with their columns, and functions.
//!
//! | file | is |
//! |---|---|
//! | this file | the names, as they are now: views and tables of the user's own included |
//! | [`meanings`] | a sentence for each table and column of an archive |

mod meanings;

use arrow::datatypes::DataType;
use datafusion::prelude::SessionContext;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::loaded;

/// What a query can name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Tables and views, in the order of their names.
    pub tables: Vec<Table>,
    /// Functions, in the order of their names.
    pub functions: Vec<Function>,
}

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What its rows are; `None` for those of the user's own.
    pub meaning: Option<&'static str>,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the documentation writes it: `text`, `instant`, `bigint`, ...
    pub sql_type: String,
    /// Whether it can be null.
    pub nullable: bool,
    /// What it says; `None` where nobody wrote it down.
    pub meaning: Option<&'static str>,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// How it is used.
    pub kind: FunctionKind,
    /// What it gives, in a sentence; `None` where nobody wrote it down.
    pub meaning: Option<String>,
}

/// How a function is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// A value for each row.
    Scalar,
    /// A value for each group.
    Aggregate,
    /// A value for each row, from rows around it.
    Window,
    /// Rows, in the place of a table.
    Table,
}

impl FunctionKind {
    /// `function`, `aggregate`, `window function` or `table function`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "function",
            Self::Aggregate => "aggregate",
            Self::Window => "window function",
            Self::Table => "table function",
        }
    }
}

impl Catalog {
    /// The table of a name, letter case aside.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

impl Engine {
    /// What a query can name now.
    ///
    /// # Errors
    /// [`QueryError::Storage`] where the columns of an external table of the user's own cannot be read.
    pub async fn catalog(&self) -> Result<Catalog, QueryError> {
        Ok(Catalog { tables: tables(self.context()).await?, functions: functions(self.context()) })
    }
}

async fn tables(context: &SessionContext) -> Result<Vec<Table>, QueryError> {
    let state = context.state();
    let options = state.config_options();
    let (catalog, schema) = (&options.catalog.default_catalog, &options.catalog.default_schema);
    let Some(schema) = context.catalog(catalog).and_then(|catalog| catalog.schema(schema)) else {
        return Ok(Vec::new());
    };
    let mut names = schema.table_names();
    // Rows in memory are the engine's own affair.
    names.retain(|name| loaded::SHAPES.iter().all(|shape| shape.name != name.as_str()));
    names.sort();
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let found = schema.table(&name).await.map_err(QueryError::while_doing("reading columns"))?;
        // A table that was dropped since is none.
        let Some(table) = found else { continue };
        let columns = table
            .schema()
            .fields()
            .iter()
            .map(|field| Column {
                name: field.name().clone(),
                sql_type: sql_type(field.data_type()),
                nullable: field.is_nullable(),
                meaning: meanings::of_column(&name, field.name()),
            })
            .collect();
        tables.push(Table { meaning: meanings::of_table(&name), name, columns });
    }
    Ok(tables)
}

fn functions(context: &SessionContext) -> Vec<Function> {
    let state = context.state();
    let mut functions: Vec<Function> = Vec::new();
    for (name, function) in state.scalar_functions() {
        let meaning = function.documentation().map(|text| first_sentence(&text.description));
        functions.push(Function { name: name.clone(), kind: FunctionKind::Scalar, meaning });
    }
    for (name, function) in state.aggregate_functions() {
        let meaning = function.documentation().map(|text| first_sentence(&text.description));
        functions.push(Function { name: name.clone(), kind: FunctionKind::Aggregate, meaning });
    }
    for (name, function) in state.window_functions() {
        let meaning = function.documentation().map(|text| first_sentence(&text.description));
        functions.push(Function { name: name.clone(), kind: FunctionKind::Window, meaning });
    }
    for name in state.table_functions().keys() {
        functions.push(Function { name: name.clone(), kind: FunctionKind::Table, meaning: None });
    }
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    // An aggregate is listed among the window functions too: the first kind is what people look for.
    functions.dedup_by(|later, earlier| later.name == earlier.name);
    functions
}

fn first_sentence(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').to_owned()
}

/// A type as the documentation writes it.
fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => "unsigned".to_owned(),
        DataType::Float16 | DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, Some(_)) => "instant".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        DataType::Null => "null".to_owned(),
        DataType::Dictionary(_, values) => sql_type(values),
        DataType::List(item) | DataType::LargeList(item) => format!("{}[]", sql_type(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), sql_type(field.data_type()))).collect();
            format!("struct({})", fields.join(", "))
        }
        other => other.to_string().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::RecordBatch;
    use arrow::datatypes::{Field, TimeUnit};

    use super::*;
    use crate::{aggregates, testing};

    #[test]
    fn types_read_as_in_the_documentation() {
        let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let pair = DataType::Struct(vec![Field::new("us", DataType::Int64, true), Field::new("id", text, true)].into());
        for (data_type, name) in [
            (DataType::Utf8View, "text"),
            (DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), "instant"),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), "timestamp"),
            (DataType::List(Arc::new(Field::new("item", DataType::Float64, true))), "double[]"),
            (pair, "struct(us bigint, id text)"),
            (DataType::Decimal128(10, 2), "decimal128(10, 2)"),
        ] {
            assert_eq!(sql_type(&data_type), name);
        }
    }

    #[tokio::test]
    async fn names_are_there_with_their_kinds() {
        let rows = RecordBatch::try_from_iter([("wait_us", testing::numbers([Some(1)].into_iter()))]).unwrap();
        let context = SessionContext::new();
        for function in aggregates::all() {
            context.register_udaf(function);
        }
        context.register_batch("waits", rows).unwrap();
        context.sql("create view mine as select wait_us * 2 as twice from waits").await.unwrap();
        let found = tables(&context).await.unwrap();
        let names: Vec<(&str, &str)> =
            found.iter().map(|table| (table.name.as_str(), table.columns[0].name.as_str())).collect();
        assert_eq!(names, [("mine", "twice"), ("waits", "wait_us")]);
        assert_eq!(found[0].meaning, None);
        assert_eq!(found[1].columns[0].meaning, meanings::of_column("waits", "wait_us"));
        let found = functions(&context);
        let kind = |name: &str| found.iter().find(|function| function.name == name).map(|function| function.kind);
        assert_eq!(kind("abs"), Some(FunctionKind::Scalar));
        assert_eq!(kind("mean_s"), Some(FunctionKind::Aggregate));
        assert_eq!(kind("row_number"), Some(FunctionKind::Window));
        assert_eq!(kind("no_such_function"), None);
    }
}
