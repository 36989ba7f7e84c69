//! What there is, in words: tables, columns, KPIs.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use tapemeasure_query::{Catalog, Definition, Definitions, Meant};

use crate::failure::Failure;

/// The tables and views.
pub fn tables(catalog: &Catalog) -> RecordBatch {
    let rows = catalog.tables.iter().map(|table| {
        vec![table.name.clone(), table.columns.len().to_string(), table.meaning.unwrap_or_default().to_owned()]
    });
    list(&["table", "columns", "rows are"], rows.collect())
}

/// The columns of a table.
///
/// # Errors
/// A usage error with the nearest name for a table that there is not.
pub fn columns(catalog: &Catalog, name: &str) -> Result<RecordBatch, Failure> {
    let name = name.trim_matches('"');
    let Some(table) = catalog.table(name) else {
        let known: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        let meant = Meant::of(name, &known);
        return Err(Failure::usage(format!("there is no table {name:?}; {meant}\\d lists all")));
    };
    let rows = table.columns.iter().map(|column| {
        vec![
            column.name.clone(),
            column.sql_type.clone(),
            if column.nullable { "yes" } else { "no" }.to_owned(),
            column.meaning.unwrap_or_default().to_owned(),
        ]
    });
    Ok(list(&["column", "type", "null", "meaning"], rows.collect()))
}

/// The KPIs.
pub fn kpis(definitions: &Definitions) -> RecordBatch {
    let rows = definitions
        .iter()
        .map(|definition| vec![definition.name.clone(), definition.title.clone(), definition.unit.clone()]);
    list(&["kpi", "title", "unit"], rows.collect())
}

/// What a KPI means.
pub fn kpi(definition: &Definition) -> String {
    let fields: Vec<&str> = definition.visible().map(|measure| measure.name.as_str()).collect();
    format!(
        "{} ({})\n\n{}\n\ncounts    {}\nover      {}, by {}\nbetter    {}\nfields    {}\ngroups    {}\n",
        definition.title,
        definition.name,
        definition.description.trim(),
        definition.unit,
        definition.table,
        definition.time,
        definition.better.as_str(),
        fields.join(", "),
        definition.dimensions.join(", "),
    )
}

/// Rows of texts under names; an empty text is null.
pub fn list(names: &[&str], rows: Vec<Vec<String>>) -> RecordBatch {
    let schema = Schema::new(names.iter().map(|&name| Field::new(name, DataType::Utf8, true)).collect::<Vec<_>>());
    let column = |i: usize| -> ArrayRef {
        let values = rows.iter().map(|row| row.get(i).map(String::as_str).filter(|text| !text.is_empty()));
        Arc::new(values.collect::<StringArray>())
    };
    let columns = (0..names.len()).map(column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).expect("columns of text that are as long as each other are a batch")
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::testing::vocabulary;
    use super::*;
    use crate::output::table_of_parts;

    fn shown(list: &RecordBatch) -> String {
        table_of_parts(&list.schema(), &[std::slice::from_ref(list)], None).unwrap()
    }

    #[test]
    fn tables_and_columns_have_their_meaning() {
        let catalog = vocabulary().catalog;
        let text = shown(&tables(&catalog));
        assert!(text.lines().any(|line| line.contains("waits") && line.contains("from a question to its answer")));
        let text = shown(&columns(&catalog, "WAITS").unwrap());
        assert!(text.lines().any(|line| line.contains("opened_at") && line.contains("instant")), "{text}");
        match columns(&catalog, "wait") {
            Err(Failure::Usage { line, .. }) => {
                assert_eq!(line, "there is no table \"wait\"; did you mean waits? \\d lists all");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_kpi_is_said_in_words() {
        let definitions = Definitions::built_in();
        let text = kpi(definitions.get("resolution_time").unwrap());
        assert!(text.contains("(resolution_time)") && text.contains("better    lower"), "{text}");
        assert!(shown(&kpis(&definitions)).contains("resolution_time"));
    }
}
