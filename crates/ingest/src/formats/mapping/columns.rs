//! The columns that a mapping names, in an input that has columns.

use super::Mapping;
use super::error::{MappingError, advice};
use super::spec::ColumnRef;

/// What may stand between the fields of a header that is read as one column.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The place of a column among the names of an input, from 0: the name itself, else one that differs in letter case
/// only. Names of the input have no spaces around them.
///
/// # Errors
/// [`MappingError::MissingColumn`], [`MappingError::DuplicateColumn`].
pub fn place_of(mapping: &Mapping, column: &ColumnRef, names: &[&str], input: &str) -> Result<usize, MappingError> {
    let exact = |name: &str| name == column.name;
    let folded = |name: &str| name.to_lowercase() == column.name.to_lowercase();
    let has_exact = names.iter().any(|name| exact(name));
    let mut fitting = names.iter().enumerate().filter(|(_, name)| if has_exact { exact(name) } else { folded(name) });
    let at = || mapping.at(column.line);
    match (fitting.next(), fitting.next()) {
        (Some((place, _)), None) => Ok(place),
        (Some(_), Some(_)) => {
            Err(MappingError::DuplicateColumn { at: at(), input: input.to_owned(), column: column.name.clone() })
        }
        (None, _) => Err(MappingError::MissingColumn {
            at: at(),
            input: input.to_owned(),
            column: column.name.clone(),
            advice: delimiter_of(names).unwrap_or_else(|| advice(&column.name, names)),
        }),
    }
}

/// What to do about a header that another delimiter would part.
fn delimiter_of(names: &[&str]) -> Option<String> {
    let [only] = names else { return None };
    let delimiter = DELIMITERS.into_iter().find(|delimiter| only.contains(*delimiter))?.to_string();
    Some(format!("the header is one column, {only:?}; give delimiter = {delimiter:?} under [input]"))
}

/// Checks that no event goes over a list: only JSON has lists.
///
/// # Errors
/// [`MappingError::EachWithoutJson`].
pub fn without_lists(mapping: &Mapping, input: &str, layout: &'static str) -> Result<(), MappingError> {
    match mapping.spec().events.iter().find(|event| !event.each.is_empty()) {
        None => Ok(()),
        Some(event) => {
            Err(MappingError::EachWithoutJson { at: mapping.at(event.line), input: input.to_owned(), layout })
        }
    }
}
