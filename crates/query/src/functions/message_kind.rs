//! `message_kind(event_type, direction, author, private, automated)`: what an event counts as (kpi-rules M1 to M3).
//!
//! `question`, `answer`, `bot` or `other`, never null. All names involved are at most twelve bytes long, which Arrow
//! keeps inside the view itself: a row costs a few comparisons of integers and one look into a table that
//! [`message_kind`](tapemeasure_model::event::message_kind) filled.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, StringViewArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_boolean_array, as_string_view_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use tapemeasure_model::event::{Author, Direction, EventType, message_kind};

use super::{catalog, is_text, result, rows_of};

/// Possible directions and authors, none and unknown names included.
const DIRECTIONS: usize = Direction::ALL.len() + 1;
const AUTHORS: usize = Author::ALL.len() + 1;

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MessageKindOf {
    signature: Signature,
    /// The view of the kind, by direction, author, private, automated.
    kinds: Vec<u128>,
}

impl MessageKindOf {
    pub(super) fn new() -> Self {
        let mut kinds = Vec::with_capacity(DIRECTIONS * AUTHORS * 4);
        for direction in 0..DIRECTIONS {
            for author in 0..AUTHORS {
                for private in [false, true] {
                    for automated in [false, true] {
                        let (direction, author) = (Direction::ALL.get(direction), Author::ALL.get(author));
                        let kind =
                            message_kind(EventType::Message, direction.copied(), author.copied(), private, automated);
                        kinds.push(short_view(kind.as_str()));
                    }
                }
            }
        }
        Self { signature: Signature::user_defined(Volatility::Immutable), kinds }
    }
}

impl ScalarUDFImpl for MessageKindOf {
    fn name(&self) -> &str {
        "message_kind"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let is_flag = |t: &DataType| matches!(t, DataType::Boolean | DataType::Null);
        match arg_types {
            [event_type, direction, author, private, automated]
                if [event_type, direction, author].into_iter().all(is_text)
                    && is_flag(private)
                    && is_flag(automated) =>
            {
                let text = DataType::Utf8View;
                Ok(vec![text.clone(), text.clone(), text, DataType::Boolean, DataType::Boolean])
            }
            _ => plan_err!("write message_kind(event_type, direction, author, private, automated)"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let columns: Vec<ArrayRef> = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<_>>()?;
        let event_type = Names::new(as_string_view_array(&columns[0])?, &[EventType::Message.as_str()]);
        let direction = Names::new(as_string_view_array(&columns[1])?, &names(Direction::ALL, |d| d.as_str()));
        let author = Names::new(as_string_view_array(&columns[2])?, &names(Author::ALL, |a| a.as_str()));
        let (private, automated) = (flags(as_boolean_array(&columns[3])?), flags(as_boolean_array(&columns[4])?));
        let other = short_view("other");
        let views: Vec<u128> = (0..rows)
            .map(|row| {
                if event_type.at(row) != 0 {
                    return other;
                }
                let place = (direction.at(row) * AUTHORS + author.at(row)) * 4
                    + usize::from(private.value(row)) * 2
                    + usize::from(automated.value(row));
                self.kinds[place]
            })
            .collect();
        let kinds = StringViewArray::try_new(ScalarBuffer::from(views), Vec::<Buffer>::new(), None)?;
        result(Arc::new(kinds), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// A column of text that is compared with a few short names.
struct Names<'a> {
    views: &'a [u128],
    nulls: Option<&'a NullBuffer>,
    known: Vec<u128>,
}

impl<'a> Names<'a> {
    fn new(column: &'a StringViewArray, known: &[&str]) -> Self {
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
        Self { views: column.views(), nulls, known: known.iter().map(|name| short_view(name)).collect() }
    }

    /// Which of the names a row has; for null and any other text their number.
    #[inline]
    fn at(&self, row: usize) -> usize {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return self.known.len();
        }
        let view = self.views[row];
        self.known.iter().position(|&known| known == view).unwrap_or(self.known.len())
    }
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|&one| name(one)).collect()
}

/// A column of flags in which null is false.
fn flags(column: &BooleanArray) -> BooleanBuffer {
    match column.nulls() {
        Some(nulls) => column.values() & nulls.inner(),
        None => column.values().clone(),
    }
}

/// The view of a text of at most twelve bytes: length, then the bytes, padded with zeros (Arrow columnar format,
/// "Variable-size Binary View Layout").
fn short_view(text: &str) -> u128 {
    debug_assert!(text.len() <= 12, "{text} does not fit into a view");
    let mut view = [0; 16];
    view[0] = text.len() as u8;
    for (place, byte) in view[4..].iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    u128::from_le_bytes(view)
}

#[cfg(test)]
mod tests {
    use super::super::testing::call;
    use super::*;

    #[test]
    fn views_are_those_of_arrow() {
        for text in ["", "bot", "question", "unsubscribed"] {
            assert_eq!(short_view(text), StringViewArray::from_iter_values([text]).views()[0], "{text}");
        }
    }

    #[test]
    fn every_row_counts_as_the_rules_say() {
        let types = [Some("message"), Some("closed"), Some("a-rather-long-event-type"), None];
        let directions = [None, Some("inbound"), Some("outbound"), Some("sideways-and-up")];
        let authors = [None, Some("contact"), Some("agent"), Some("bot"), Some("system"), Some("ghost")];
        let flag = [None, Some(false), Some(true)];
        let mut rows = Vec::new();
        for t in types {
            for d in directions {
                for a in authors {
                    for p in flag {
                        rows.extend(flag.map(|auto| (t, d, a, p, auto)));
                    }
                }
            }
        }
        let args = vec![
            ColumnarValue::Array(Arc::new(rows.iter().map(|r| r.0).collect::<StringViewArray>())),
            ColumnarValue::Array(Arc::new(rows.iter().map(|r| r.1).collect::<StringViewArray>())),
            ColumnarValue::Array(Arc::new(rows.iter().map(|r| r.2).collect::<StringViewArray>())),
            ColumnarValue::Array(Arc::new(rows.iter().map(|r| r.3).collect::<BooleanArray>())),
            ColumnarValue::Array(Arc::new(rows.iter().map(|r| r.4).collect::<BooleanArray>())),
        ];
        let ColumnarValue::Array(found) = call(&MessageKindOf::new(), args, rows.len()).unwrap() else {
            unreachable!("columns give a column")
        };
        let found = as_string_view_array(&found).unwrap();
        for (row, (t, d, a, p, auto)) in rows.into_iter().enumerate() {
            let expected = message_kind(
                t.and_then(EventType::from_name).unwrap_or(EventType::Tagged),
                d.and_then(Direction::from_name),
                a.and_then(Author::from_name),
                p.unwrap_or(false),
                auto.unwrap_or(false),
            );
            assert_eq!(found.value(row), expected.as_str(), "{t:?} {d:?} {a:?} {p:?} {auto:?}");
        }
    }
}
