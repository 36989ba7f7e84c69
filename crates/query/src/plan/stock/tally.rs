//! Contacts by group and bucket: sums over the answers.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use datafusion::common::cast::{
    as_boolean_array, as_int64_array, as_string_view_array, as_timestamp_microsecond_array,
};
use datafusion::common::{HashMap, HashSet};
use datafusion::error::Result;

use super::groups::Groups;
use super::{Answers, column};
use crate::definitions::{Contacts, Expression};
use crate::plan::sql::Query;

/// Counts of contacts by group and bucket. What is counted at the end of buckets is kept as differences between one and
/// the next.
pub(super) struct Tally {
    ids: Vec<i64>,
    starts: Vec<i64>,
    /// The first instant after each bucket, never beyond the as-of time: ascending.
    ends: Vec<i64>,
    groups: usize,
    known: Vec<i64>,
    out: Vec<i64>,
    went_out: Vec<i64>,
    reached: Vec<i64>,
}

/// A contact by number, in a group.
type Member = (usize, usize);

impl Tally {
    pub(super) fn new(ids: Vec<i64>, starts: Vec<i64>, ends: Vec<i64>, groups: usize) -> Self {
        let zeros = vec![0; ids.len() * groups];
        let (known, out, went_out) = (zeros.clone(), zeros.clone(), zeros.clone());
        Self { ids, starts, ends, groups, known, out, went_out, reached: zeros }
    }

    /// The first bucket whose end lies after an instant; as many as there are buckets if none does.
    fn first_ending_after(&self, us: i64) -> usize {
        self.ends.partition_point(|&end| end <= us)
    }

    /// Counts one more at the end of the buckets `from..to`.
    fn add(differences: &mut [i64], from: usize, to: usize) {
        if from < to {
            differences[from] += 1;
            if let Some(after) = differences.get_mut(to) {
                *after -= 1;
            }
        }
    }

    /// The place of a group's buckets.
    fn places(&self, group: usize) -> Range<usize> {
        group * self.ids.len()..(group + 1) * self.ids.len()
    }

    pub(super) fn take(&mut self, answers: &Answers, [seen, reached, changes]: &[Vec<usize>; 3]) -> Result<()> {
        if let Some(batch) = &answers.reached {
            self.take_reached(batch, reached)?;
        }
        let mut contacts = Numbers::default();
        let first_seen = match &answers.seen {
            Some(batch) => self.take_seen(batch, seen, &mut contacts)?,
            None => HashMap::new(),
        };
        let spans = self.take_changes(&answers.changes, changes, &mut contacts)?;
        for ((group, contact), mut spans) in spans {
            let known_from =
                first_seen.get(&(group, contact)).map_or(self.ids.len(), |&us| self.first_ending_after(us));
            let places = self.places(group);
            spans.sort_unstable();
            // Out on two channels at once is out once.
            let mut covered = 0;
            for (from, to) in spans {
                let from = from.max(covered);
                Self::add(&mut self.out[places.clone()], from, to);
                Self::add(&mut self.known[places.clone()], from, to.min(known_from));
                covered = covered.max(to);
            }
        }
        Ok(())
    }

    fn take_reached(&mut self, batch: &RecordBatch, groups: &[usize]) -> Result<()> {
        let (buckets, counts) =
            (as_int64_array(column(batch, "bucket")?)?, as_int64_array(column(batch, "contacts")?)?);
        for (row, &group) in groups.iter().enumerate() {
            if let Ok(bucket) = self.ids.binary_search(&buckets.value(row)) {
                let place = self.places(group).start + bucket;
                self.reached[place] += counts.value(row);
            }
        }
        Ok(())
    }

    /// Counts who was first seen when; tells when those who ever opted out were.
    fn take_seen<'a>(
        &mut self,
        batch: &'a RecordBatch,
        groups: &[usize],
        contacts: &mut Numbers<'a>,
    ) -> Result<HashMap<Member, i64>> {
        let (buckets, counts) =
            (as_int64_array(column(batch, "bucket")?)?, as_int64_array(column(batch, "contacts")?)?);
        let sources = as_string_view_array(column(batch, "contact_source")?)?;
        let names = as_string_view_array(column(batch, "contact")?)?;
        let first_at = as_timestamp_microsecond_array(column(batch, "first_at")?)?;
        let mut first_seen = HashMap::new();
        for (row, &group) in groups.iter().enumerate() {
            let bucket = self.ids.partition_point(|&id| id < buckets.value(row));
            if bucket < self.ids.len() {
                let place = self.places(group).start + bucket;
                self.known[place] += counts.value(row);
            }
            if sources.is_valid(row) && names.is_valid(row) {
                let contact = contacts.of(sources.value(row), names.value(row));
                first_seen.insert((group, contact), first_at.value(row));
            }
        }
        Ok(first_seen)
    }

    /// Counts who opted out when; tells at the end of which buckets each was out, channel by channel.
    fn take_changes<'a>(
        &mut self,
        batch: &'a RecordBatch,
        groups: &[usize],
        contacts: &mut Numbers<'a>,
    ) -> Result<HashMap<Member, Vec<(usize, usize)>>> {
        let sources = as_string_view_array(column(batch, "contact_source")?)?;
        let names = as_string_view_array(column(batch, "contact")?)?;
        let channels = as_string_view_array(column(batch, "contact_channel")?)?;
        let times = as_timestamp_microsecond_array(column(batch, "changed_at")?)?;
        let opted_out = as_boolean_array(column(batch, "opted_out")?)?;
        let was_opted_out = as_boolean_array(column(batch, "was_opted_out")?)?;
        let counted = as_boolean_array(column(batch, "counted")?)?;

        let mut spans: HashMap<Member, Vec<(usize, usize)>> = HashMap::new();
        let mut went_out = HashSet::new();
        // Who is out on the channel that is being read, and since when.
        let mut out: Option<(Member, i64)> = None;
        let mut last = None;
        let mut end = |out: &mut Option<(Member, i64)>, tally: &Self, until_us: i64| {
            if let Some((member, since_us)) = out.take() {
                let span = (tally.first_ending_after(since_us), tally.first_ending_after(until_us));
                spans.entry(member).or_default().push(span);
            }
        };
        for (row, &group) in groups.iter().enumerate() {
            let channel = channels.is_valid(row).then(|| channels.value(row));
            let this = Some((sources.value(row), names.value(row), channel));
            if this != last {
                end(&mut out, &*self, i64::MAX);
                last = this;
            }
            let at_us = times.value(row);
            match (was_opted_out.value(row), opted_out.value(row)) {
                (false, true) if counted.value(row) => {
                    let contact = contacts.of(sources.value(row), names.value(row));
                    out = Some(((group, contact), at_us));
                    let bucket = self.first_ending_after(at_us);
                    let inside = self.starts.get(bucket).is_some_and(|&start_us| start_us <= at_us);
                    if inside && went_out.insert((group, contact, bucket)) {
                        let place = self.places(group).start + bucket;
                        self.went_out[place] += 1;
                    }
                }
                (true, false) => end(&mut out, &*self, at_us),
                _ => {}
            }
        }
        end(&mut out, &*self, i64::MAX);
        Ok(spans)
    }

    /// The counts as columns: bucket, dimensions, one for each measure that counts contacts. `all` includes the rows
    /// that count nothing.
    pub(super) fn batch(mut self, groups: &Groups<'_>, query: &Query<'_>, all: bool) -> Result<RecordBatch> {
        let buckets = self.ids.len();
        for differences in self.known.chunks_mut(buckets.max(1)).chain(self.out.chunks_mut(buckets.max(1))) {
            let mut sum = 0;
            for count in differences {
                sum += *count;
                *count = sum;
            }
        }
        let counts_nothing = |place: usize| {
            [&self.known, &self.out, &self.went_out, &self.reached].iter().all(|counts| counts[place] == 0)
        };
        let places: Vec<usize> = (0..buckets * self.groups).filter(|&place| all || !counts_nothing(place)).collect();
        let pick = |of: &dyn Fn(usize) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(places.iter().map(|&place| of(place))))
        };
        let mut columns = vec![("bucket".to_owned(), pick(&|place| self.ids[place % buckets]))];
        let group_of: Vec<usize> = places.iter().map(|&place| place / buckets).collect();
        columns.extend(query.by.iter().cloned().zip(groups.columns(&group_of)?));
        for measure in query.measures.needed() {
            let Expression::Contacts(which) = measure.expression else { continue };
            let counts = match which {
                Contacts::Known => &self.known,
                Contacts::Out => &self.out,
                Contacts::WentOut => &self.went_out,
                Contacts::Reached => &self.reached,
            };
            columns.push((measure.name.clone(), pick(&|place| counts[place])));
        }
        Ok(RecordBatch::try_from_iter(columns)?)
    }
}

/// Contacts by number.
#[derive(Default)]
struct Numbers<'a> {
    numbers: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Numbers<'a> {
    fn of(&mut self, source: &'a str, contact: &'a str) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry((source, contact)).or_insert(next)
    }
}
