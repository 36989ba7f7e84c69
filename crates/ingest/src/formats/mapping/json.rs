//! JSON records: values by their paths, and lists that give an event for every element.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Number, Value as Json};

use super::Mapping;
use super::error::MappingError;
use super::eval::{Fields, Value};
use super::reader::Reader;
use super::spec::{ColumnId, ColumnRef, Spec};
use crate::error::IngestError;
use crate::formats::adapter::shape::Shape;
use crate::formats::adapter::{JsonAdapter, Out, Stop, json};
use crate::formats::choice::MAPPING;
use crate::formats::{FormatSettings, Head, Opening};
use crate::inputs::Framing;
use crate::quarantine::Reason;

/// Deepest path that [`Shape`] keeps.
const MAX_SHAPE_DEPTH: usize = 8;

/// Reads JSON records by a mapping.
#[derive(Debug)]
struct MappedRecords {
    reader: Reader,
}

/// How a JSON input is read by a mapping.
///
/// # Errors
/// [`MappingError`]: nothing of the mapping is there, no zone, no people.
pub fn open(mapping: &Arc<Mapping>, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
    let reader = Reader::new(mapping, head.name, settings, &|_| false)?;
    let under = mapping.spec().input.under;
    check_paths(mapping, head, json::framing_of(head, under) == Framing::Lines)?;
    Ok(json::open(MappedRecords { reader }, MAPPING, head, settings, under))
}

/// Paths cannot be checked one by one as columns can, because a record may leave out what it has not. But an input that
/// has none of them is another one, or has its records under a key. `has_record` says that the head holds a whole one.
fn check_paths(mapping: &Mapping, head: &Head<'_>, has_record: bool) -> Result<(), MappingError> {
    let spec = mapping.spec();
    let shape = Shape::of(head, spec.input.under);
    let of_record: Vec<&ColumnRef> = spec.columns.iter().filter(|column| column.item == 0).collect();
    let Some(first) = of_record.first() else { return Ok(()) };
    if of_record.iter().any(|column| may_have(&shape, None, column)) {
        return Ok(());
    }
    let (at, input, path) = (mapping.at(first.line), head.name.to_owned(), first.name.clone());
    let above = shape.keys().find(|key| of_record.iter().all(|column| may_have(&shape, Some(*key), column)));
    match above {
        Some(key) => Err(MappingError::PathsUnderKey { at, input, path, key: key.to_owned() }),
        None if has_record => Err(MappingError::NoPaths { at, input, path }),
        None => Ok(()),
    }
}

/// Whether a path of the record is in a shape, from its beginning or from a key. A shape leaves out places in lists and
/// what lies too deep.
fn may_have(shape: &Shape, above: Option<&str>, column: &ColumnRef) -> bool {
    let is_key = |key: &&str| key.parse::<usize>().is_err();
    let own = column.path.iter().map(String::as_str).filter(is_key);
    let keys: Vec<&str> = above.into_iter().chain(own).collect();
    keys.len() > MAX_SHAPE_DEPTH || shape.has(&keys.join("."))
}

impl JsonAdapter for MappedRecords {
    type Record<'a> = Json;

    fn decode(&self, text: &[u8]) -> Result<Json, Reason> {
        json::parse(text)
    }

    fn to_events(&self, record: &Json, out: &mut Out<'_>) -> Result<(), Stop> {
        let spec = self.reader.spec();
        if spec.events.iter().all(|event| event.each.is_empty()) {
            self.reader.record(&PathFields { spec, items: &[record] }, out)?;
            return Ok(());
        }
        if !self.reader.reads(&PathFields { spec, items: &[record] })? {
            out.ignore()?;
            return Ok(());
        }
        let mut given = false;
        for event_idx in 0..spec.events.len() {
            given |= self.elements(event_idx, &mut vec![record], out)?;
        }
        if !given {
            out.ignore()?;
        }
        Ok(())
    }
}

impl MappedRecords {
    /// Gives an event for every element of its lists, or of the record if it has none. `items` are the record and the
    /// elements that are open. False if there is no event.
    fn elements(&self, event_idx: usize, items: &mut Vec<&Json>, out: &mut Out<'_>) -> Result<bool, IngestError> {
        let spec = self.reader.spec();
        let Some(each) = spec.events[event_idx].each.get(items.len() - 1) else {
            return self.reader.give(event_idx, &PathFields { spec, items: items.as_slice() }, out);
        };
        let column = &spec.columns[each.list.0];
        let elements = match items.get(column.item).copied().and_then(|item| at(item, &column.path)) {
            None | Some(Json::Null) => return Ok(false),
            Some(Json::Array(elements)) => elements.as_slice(),
            // Where lists come from XML, one of a single element is that element.
            Some(element) => std::slice::from_ref(element),
        };
        let mut given = false;
        for element in elements {
            items.push(element);
            let done = self.elements(event_idx, items, out);
            items.pop();
            given |= done?;
        }
        Ok(given)
    }
}

/// The paths of a record, and of the elements of its lists.
struct PathFields<'r> {
    spec: &'r Spec,
    /// The record, then the elements, the outermost first.
    items: &'r [&'r Json],
}

impl Fields for PathFields<'_> {
    fn get(&self, column: ColumnId) -> Result<Option<Value<'_>>, Reason> {
        let column = &self.spec.columns[column.0];
        let value = self.items.get(column.item).copied().and_then(|item| at(item, &column.path));
        Ok(match value {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Value::of_text(text),
            Some(Json::Number(number)) => Some(Value::Text(Cow::Owned(number_text(number)))),
            Some(Json::Bool(flag)) => Some(Value::Text(Cow::Borrowed(if *flag { "true" } else { "false" }))),
            Some(Json::Array(list)) if list.is_empty() => None,
            Some(Json::Object(object)) if object.is_empty() => None,
            Some(Json::Array(_) | Json::Object(_)) => Some(Value::Other),
        })
    }
}

/// A number as its text: an id that was spoilt to a float, `848.0`, reads as the id.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// What stands at a path; `None` if nothing does.
fn at<'v>(value: &'v Json, path: &[String]) -> Option<&'v Json> {
    path.iter().try_fold(value, |value, key| match value {
        Json::Object(object) => object.get(key),
        Json::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}
