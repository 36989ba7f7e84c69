//! `count_distinct_pair(source, id)`: the exact number of distinct pairs of texts.
//!
//! ```text
//! source  conversation_id        count_distinct_pair(source, conversation_id)
//! ──────  ───────────────        ────────────────────────────────────────────
//! a       7
//! a       7                ──►   2
//! b       7
//! b       null
//! ```
//!
//! Ids are unique inside a source only, so that conversations and contacts are counted in pairs. A pair with a null
//! does not count. Every pair is held once, whatever the number of groups that it is in, and compared as text: a hash
//! only says where to look.

use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, LargeBinaryArray, LargeListArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::cast::{as_large_binary_array, as_large_list_array, as_string_view_array};
use datafusion::common::{Result, ScalarValue, exec_err, internal_datafusion_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::kernel::{GroupKernel, Grouped, Single, check_group_count, selection};
use crate::functions::{catalog, is_text};

/// The hash of pairs, one for all states.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// The group of a pair that is in none.
const NO_GROUP: u32 = u32::MAX;

/// The state of a group: its pairs, each as the length of the source in four bytes, the source, the id.
fn state_type() -> DataType {
    DataType::LargeList(pair_field())
}

fn pair_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::LargeBinary, true))
}

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CountDistinctPair {
    signature: Signature,
}

impl CountDistinctPair {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for CountDistinctPair {
    fn name(&self) -> &str {
        "count_distinct_pair"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() == 2 && arg_types.iter().all(is_text) {
            return Ok(vec![DataType::Utf8View; 2]);
        }
        plan_err!("count_distinct_pair takes two columns of text, such as source and conversation_id")
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _data_type: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "pairs"), state_type(), true))])
    }

    // DISTINCT changes nothing here, and is let through.
    fn accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single::try_new(Pairs::default())?))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(Pairs::default())))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// A pair that was seen.
#[derive(Debug)]
struct Pair {
    /// Where its id lies in [`Pairs::text`].
    start: usize,
    len: u32,
    /// The number of its source in [`Pairs::sources`].
    source: u32,
    /// One of the groups that it is in. Most pairs are in one only: a conversation is over within a day.
    group: u32,
}

/// All pairs of all groups.
#[derive(Debug, Default)]
struct Pairs {
    /// Distinct pairs of each group.
    counts: Vec<i64>,
    /// The sources that were seen: few.
    sources: Vec<String>,
    source_bytes: usize,
    /// The ids of all pairs, one after the other.
    text: Vec<u8>,
    pairs: Vec<Pair>,
    /// Hash and number of each pair: the hash, so that a growing table reads nothing else.
    index: HashTable<(u64, u32)>,
    /// Further groups of pairs that are in more than one: group in the upper half, number of the pair in the lower.
    more: HashTable<u64>,
}

impl Pairs {
    /// The number of a source, new or not. Rows of one source follow one another, and there are few: the search starts
    /// with the one before.
    fn source(&mut self, source: &str, last: u32) -> Result<u32> {
        if self.sources.get(last as usize).is_some_and(|s| s == source) {
            return Ok(last);
        }
        if let Some(known) = self.sources.iter().position(|s| s == source) {
            return Ok(known as u32);
        }
        let Ok(number) = u32::try_from(self.sources.len()) else {
            return exec_err!("more than {} sources; count fewer at a time", u32::MAX);
        };
        self.sources.push(source.to_owned());
        self.source_bytes += source.len();
        Ok(number)
    }

    /// The number of a pair, new or not.
    fn pair(&mut self, source: u32, id: &str) -> Result<u32> {
        let Self { text, pairs, index, .. } = self;
        let hash = HASHER.hash_one((source, id));
        let same = |&(known, number): &(u64, u32)| {
            let pair = &pairs[number as usize];
            known == hash && pair.source == source && text[pair.start..pair.start + pair.len as usize] == *id.as_bytes()
        };
        match index.entry(hash, same, |&(hash, _)| hash) {
            Entry::Occupied(known) => Ok(known.get().1),
            Entry::Vacant(place) => {
                let (Ok(number), Ok(len)) = (u32::try_from(pairs.len()), u32::try_from(id.len())) else {
                    return exec_err!("more than {} distinct pairs; count fewer at a time", u32::MAX);
                };
                place.insert((hash, number));
                pairs.push(Pair { start: text.len(), len, source, group: NO_GROUP });
                text.extend_from_slice(id.as_bytes());
                Ok(number)
            }
        }
    }

    /// Puts a pair into a group.
    fn put(&mut self, number: u32, group: u32) {
        let pair = &mut self.pairs[number as usize];
        if pair.group == group {
            return;
        }
        if pair.group == NO_GROUP {
            pair.group = group;
        } else {
            let membership = (u64::from(group) << 32) | u64::from(number);
            match self.more.entry(HASHER.hash_one(membership), |&m| m == membership, |m| HASHER.hash_one(m)) {
                Entry::Occupied(_) => return,
                Entry::Vacant(place) => {
                    place.insert(membership);
                }
            }
        }
        self.counts[group as usize] += 1;
    }

    /// Every (group, number of pair). Where a pair is in one group only, in the order of the index: whoever takes them in
    /// goes through an index of the same hashes from its start to its end, and not to and fro.
    fn memberships(&self) -> impl Iterator<Item = (u32, u32)> {
        let first = self.index.iter().map(|&(_, number)| (self.pairs[number as usize].group, number));
        let more = self.more.iter().map(|&m| ((m >> 32) as u32, m as u32));
        first.chain(more).filter(|&(group, _)| group != NO_GROUP)
    }
}

impl GroupKernel for Pairs {
    fn grow(&mut self, total: usize) -> Result<()> {
        check_group_count(total)?;
        if self.counts.len() < total {
            self.counts.resize(total, 0);
        }
        Ok(())
    }

    fn groups(&self) -> usize {
        self.counts.len()
    }

    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let (sources, ids) = (as_string_view_array(&arguments[0])?, as_string_view_array(&arguments[1])?);
        let nulls = NullBuffer::union(sources.nulls(), ids.nulls());
        let selected = selection(nulls.as_ref(), filter);
        // The archive is sorted by conversation: most rows repeat the pair of the row before.
        // Rows with the very same views in the same group are not even read; equal texts may still have other views.
        let (source_views, id_views) = (sources.views(), ids.views());
        let mut before: Option<usize> = None;
        let mut last: Option<(&str, u32, u32)> = None;
        let take = |row: usize| -> Result<()> {
            if let Some(before) = before
                && id_views[row] == id_views[before]
                && groups[row] == groups[before]
                && source_views[row] == source_views[before]
            {
                return Ok(());
            }
            before = Some(row);
            let (source, id) = (sources.value(row), ids.value(row));
            let source = self.source(source, last.map_or(0, |(_, source, _)| source))?;
            let number = match last {
                Some((last_id, last_source, number)) if last_source == source && last_id == id => number,
                _ => self.pair(source, id)?,
            };
            last = Some((id, source, number));
            self.put(number, groups[row] as u32);
            Ok(())
        };
        match selected {
            None => (0..ids.len()).try_for_each(take),
            Some(selected) => selected.set_indices().try_for_each(take),
        }
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let lists = as_large_list_array(&states[0])?;
        let encoded = as_large_binary_array(lists.values())?;
        // In that order an index that is almost full would be filled at its start alone.
        self.index.reserve(encoded.len(), |&(hash, _)| hash);
        let mut source_number = 0;
        for (row, &group) in groups.iter().enumerate() {
            if lists.is_null(row) {
                continue;
            }
            for item in lists.value_offsets()[row]..lists.value_offsets()[row + 1] {
                let (source, id) = decode(encoded.value(item as usize))?;
                source_number = self.source(source, source_number)?;
                let number = self.pair(source_number, id)?;
                self.put(number, group as u32);
            }
        }
        Ok(())
    }

    fn results(&mut self, n: usize) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(self.counts[..n].to_vec())))
    }

    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        let lengths = self.counts[..n].iter().map(|&count| count as usize);
        let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
        let mut next: Vec<usize> = offsets[..n].iter().map(|&offset| offset as usize).collect();
        let mut numbers = vec![0; offsets[n] as usize];
        for (group, number) in self.memberships() {
            if let Some(at) = next.get_mut(group as usize) {
                numbers[*at] = number;
                *at += 1;
            }
        }
        let encoded = encode(numbers.iter().map(|&number| {
            let pair = &self.pairs[number as usize];
            (self.sources[pair.source as usize].as_str(), &self.text[pair.start..pair.start + pair.len as usize])
        }))?;
        Ok(vec![Arc::new(LargeListArray::new(pair_field(), offsets, encoded, None))])
    }

    fn forget(&mut self, n: usize) {
        if n >= self.counts.len() {
            *self = Self::default();
            return;
        }
        if n == 0 {
            return;
        }
        let left: Vec<(u32, u32)> = self.memberships().filter(|&(group, _)| group as usize >= n).collect();
        for pair in &mut self.pairs {
            pair.group = NO_GROUP;
        }
        self.more.clear();
        let groups = self.counts.len() - n;
        self.counts = vec![0; groups];
        for (group, number) in left {
            self.put(number, group - n as u32);
        }
    }

    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let (sources, ids) = (as_string_view_array(&arguments[0])?, as_string_view_array(&arguments[1])?);
        let nulls = NullBuffer::union(sources.nulls(), ids.nulls());
        let selected = selection(nulls.as_ref(), filter);
        let rows: Vec<usize> = match &selected {
            None => (0..ids.len()).collect(),
            Some(selected) => selected.set_indices().collect(),
        };
        let lengths = (0..ids.len()).map(|row| selected.as_ref().map_or(1, |s| usize::from(s.value(row))));
        let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
        let encoded = encode(rows.iter().map(|&row| (sources.value(row), ids.value(row).as_bytes())))?;
        Ok(vec![Arc::new(LargeListArray::new(pair_field(), offsets, encoded, None))])
    }

    fn bytes(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
            + self.sources.capacity() * size_of::<String>()
            + self.source_bytes
            + self.text.capacity()
            + self.pairs.capacity() * size_of::<Pair>()
            + self.index.allocation_size()
            + self.more.allocation_size()
    }
}

/// Writes pairs as the state has them.
fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<ArrayRef> {
    let mut bytes = Vec::new();
    let mut offsets = vec![0_i64];
    for (source, id) in pairs {
        let Ok(len) = u32::try_from(source.len()) else {
            return exec_err!("a source has a name of more than {} bytes", u32::MAX);
        };
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(source.as_bytes());
        bytes.extend_from_slice(id);
        offsets.push(bytes.len() as i64);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(LargeBinaryArray::new(offsets, Buffer::from_vec(bytes), None)))
}

/// Reads what [`encode`] wrote.
fn decode(bytes: &[u8]) -> Result<(&str, &str)> {
    split(bytes).ok_or_else(|| internal_datafusion_err!("count_distinct_pair got a state that it did not write"))
}

fn split(bytes: &[u8]) -> Option<(&str, &str)> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (source, id) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    Some((std::str::from_utf8(source).ok()?, std::str::from_utf8(id).ok()?))
}

#[cfg(test)]
mod tests;
