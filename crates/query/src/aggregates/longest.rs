//! `longest(us, at, id)`: the longest span, when it began and whose it was.
//!
//! ```text
//! wait_us   opened_at  conversation_id        longest(wait_us, opened_at, conversation_id)
//! ────────  ─────────  ───────────────        ────────────────────────────────────────────
//! 60000000  09:10      c1
//! 90000000  09:20      c2               ──►   {us: 90000000, at: 09:05, id: c3}
//! 90000000  09:05      c3
//! null      09:00      c4
//! ```
//!
//! Rows without a span do not count. Ties go to the earliest (kpi-rules L1), among equals to the first id in the order
//! of bytes, so that the answer does not depend on the order of rows.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringArray, StringViewArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::cast::{as_int64_array, as_string_view_array, as_timestamp_microsecond_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};
use tapemeasure_model::schema::instant_type;

use super::kernel::{GroupKernel, Grouped, Single, selection};
use crate::functions::{catalog, is_text};

/// The fields of a result, which are the columns of a state as well.
static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        Field::new("us", DataType::Int64, true),
        Field::new("at", instant_type(), true),
        Field::new("id", DataType::Utf8View, true),
    ])
});

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Longest {
    signature: Signature,
}

impl Longest {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Longest {
    fn name(&self) -> &str {
        "longest"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [us, at, id]
                if (us.is_integer() || us.is_null())
                    && (matches!(at, DataType::Timestamp(..)) || at.is_null())
                    && is_text(id) =>
            {
                let mut types: Vec<DataType> = FIELDS.iter().map(|field| field.data_type().clone()).collect();
                if *id == DataType::Utf8 {
                    // Most ids are never looked at: views of them would be made in vain.
                    types[2] = DataType::Utf8;
                }
                Ok(types)
            }
            _ => plan_err!(
                "longest takes whole microseconds, a timestamp and a text, such as wait_us, opened_at, conversation_id"
            ),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let state = |field: &FieldRef| {
            let name = format_state_name(args.name, field.name());
            Arc::new(Field::new(name, field.data_type().clone(), true))
        };
        Ok(FIELDS.iter().map(state).collect())
    }

    // DISTINCT changes nothing here, and is let through.
    fn accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single::try_new(Champions::default())?))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(Champions::default())))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// A column of ids.
enum Ids<'a> {
    Plain(&'a StringArray),
    Views(&'a StringViewArray),
}

impl<'a> Ids<'a> {
    fn of(ids: &'a ArrayRef) -> Result<Self> {
        match ids.as_string_opt() {
            Some(plain) => Ok(Self::Plain(plain)),
            None => as_string_view_array(ids).map(Self::Views),
        }
    }

    fn at(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(ids) => ids.is_valid(row).then(|| ids.value(row)),
            Self::Views(ids) => ids.is_valid(row).then(|| ids.value(row)),
        }
    }
}

/// The longest span of a group.
#[derive(Debug, Clone)]
struct Champion {
    us: i64,
    at: Option<i64>,
    id: Option<String>,
}

/// The longest span of each group that has one.
#[derive(Debug, Default)]
struct Champions {
    best: Vec<Option<Champion>>,
    id_bytes: usize,
}

impl Champions {
    /// Takes a span into a group, if it beats what is there.
    fn challenge(&mut self, group: usize, us: i64, at: Option<i64>, id: Option<&str>) {
        let seat = &mut self.best[group];
        if let Some(best) = seat {
            // An unknown time is later than any other; an unknown id comes first.
            let at_order = best.at.unwrap_or(i64::MAX).cmp(&at.unwrap_or(i64::MAX));
            if us.cmp(&best.us).then(at_order).then_with(|| best.id.as_deref().cmp(&id)) != Ordering::Greater {
                return;
            }
            self.id_bytes -= best.id.as_ref().map_or(0, String::capacity);
        }
        let id = id.map(str::to_owned);
        self.id_bytes += id.as_ref().map_or(0, String::capacity);
        *seat = Some(Champion { us, at, id });
    }

    fn columns(&self, n: usize) -> Vec<ArrayRef> {
        let best = || self.best[..n].iter().map(Option::as_ref);
        let us: Int64Array = best().map(|b| b.map(|b| b.us)).collect();
        let at: TimestampMicrosecondArray = best().map(|b| b.and_then(|b| b.at)).collect();
        let id: StringViewArray = best().map(|b| b.and_then(|b| b.id.as_deref())).collect();
        vec![Arc::new(us), Arc::new(at.with_timezone("UTC")), Arc::new(id)]
    }
}

impl GroupKernel for Champions {
    fn grow(&mut self, total: usize) -> Result<()> {
        if self.best.len() < total {
            self.best.resize(total, None);
        }
        Ok(())
    }

    fn groups(&self) -> usize {
        self.best.len()
    }

    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let us = as_int64_array(&arguments[0])?;
        let at = as_timestamp_microsecond_array(&arguments[1])?;
        let ids = Ids::of(&arguments[2])?;
        let take = |row: usize| {
            let (group, us) = (groups[row], us.value(row));
            // Most spans are shorter than what is there: nothing else of them is looked at.
            if self.best[group].as_ref().is_none_or(|best| us >= best.us) {
                let at = at.is_valid(row).then(|| at.value(row));
                self.challenge(group, us, at, ids.at(row));
            }
        };
        match selection(us.nulls(), filter) {
            None => (0..us.len()).for_each(take),
            Some(selected) => selected.set_indices().for_each(take),
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(states, groups, None)
    }

    fn results(&mut self, n: usize) -> Result<ArrayRef> {
        Ok(Arc::new(StructArray::new(FIELDS.clone(), self.columns(n), None)))
    }

    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        Ok(self.columns(n))
    }

    fn forget(&mut self, n: usize) {
        for champion in self.best.drain(..n.min(self.best.len())).flatten() {
            self.id_bytes -= champion.id.as_ref().map_or(0, String::capacity);
        }
    }

    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows = Self::default();
        let groups: Vec<usize> = (0..arguments[0].len()).collect();
        rows.grow(groups.len())?;
        rows.update(arguments, &groups, filter)?;
        Ok(rows.columns(groups.len()))
    }

    fn bytes(&self) -> usize {
        self.best.capacity() * size_of::<Option<Champion>>() + self.id_bytes
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

    use super::super::kernel::testing::{Batch, every_way};
    use super::*;
    use crate::testing::Random;

    type Row = (i64, i64, String);

    /// Ids as plain texts, or as views.
    fn random_batches(seed: u64, groups: usize, plain_ids: bool) -> Vec<Batch> {
        let mut random = Random(seed);
        (0..6)
            .map(|batch| {
                let rows = random.below(120);
                // Few values, so that there are ties of every depth.
                let us: Int64Array = (0..rows).map(|_| (random.below(4) > 0).then(|| random.below(9) as i64)).collect();
                let at = TimestampMicrosecondArray::from_iter_values((0..rows).map(|_| random.below(3) as i64));
                let id: Vec<String> = (0..rows).map(|_| format!("c{}", random.below(40))).collect();
                let id: ArrayRef = match plain_ids {
                    true => Arc::new(StringArray::from(id)),
                    false => Arc::new(StringViewArray::from(id)),
                };
                let group_of = (0..rows).map(|_| random.below(groups)).collect();
                let filter =
                    (batch % 2 == 1).then(|| (0..rows).map(|_| Some(random.below(3) > 0)).collect::<BooleanArray>());
                let columns = vec![Arc::new(us) as ArrayRef, Arc::new(at.with_timezone("UTC")), id];
                (columns, group_of, filter)
            })
            .collect()
    }

    #[test]
    fn every_way_through_gives_what_sorting_gives() {
        for (groups, plain_ids) in [(1, true), (3, false), (25, true), (25, false)] {
            let batches = random_batches(11 + groups as u64, groups, plain_ids);
            let mut plain: Vec<Vec<Row>> = vec![Vec::new(); groups];
            for (arguments, group_of, filter) in &batches {
                let us = arguments[0].as_primitive::<Int64Type>();
                let at = arguments[1].as_primitive::<TimestampMicrosecondType>();
                let id: Vec<&str> = match plain_ids {
                    true => arguments[2].as_string::<i32>().iter().flatten().collect(),
                    false => arguments[2].as_string_view().iter().flatten().collect(),
                };
                for row in 0..us.len() {
                    if us.is_valid(row) && filter.as_ref().is_none_or(|f| f.value(row)) {
                        plain[group_of[row]].push((us.value(row), at.value(row), id[row].to_owned()));
                    }
                }
            }
            let expected: Vec<Option<Row>> = plain
                .into_iter()
                .map(|mut rows| {
                    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
                    rows.into_iter().next()
                })
                .collect();
            for (way, result) in every_way(Champions::default, &batches, groups).into_iter().enumerate() {
                let result = result.as_struct();
                let us = result.column(0).as_primitive::<Int64Type>();
                let at = result.column(1).as_primitive::<TimestampMicrosecondType>();
                let id = result.column(2).as_string_view();
                let found: Vec<Option<Row>> = (0..groups)
                    .map(|g| us.is_valid(g).then(|| (us.value(g), at.value(g), id.value(g).to_owned())))
                    .collect();
                assert_eq!(found, expected, "way {way}, {groups} groups");
            }
        }
    }
}
