//! Who wrote, or was written to, when first.

use tapemeasure_model::key::contact_key;

use super::dealt::Dealt;
use super::tables::first_messages::FirstMessageColumns;

/// Parts that contacts are dealt out to, by the high bits of their hash: one is put together at a time, and those of some
/// million contacts fit into the cache of a processor.
pub(crate) const PARTS: i32 = 1 << PART_BITS;

const PART_BITS: u32 = 6;

/// Contacts, each on a channel, that are remembered while a conversation lasts. One more, and all are forgotten: those
/// that write again have another row, which does no harm.
const REMEMBERED: usize = 8;

/// The first messages of a walk and period: of each conversation those of each contact and channel.
#[derive(Default)]
pub(crate) struct FirstMessages {
    dealt: Dealt<FirstMessageColumns>,
    /// Of the conversation that the walk is in.
    seen: Vec<Seen>,
    /// Room for texts.
    spare: Vec<String>,
}

struct Seen {
    source: u32,
    channel: u32,
    contact: String,
    at: i64,
    part: i32,
}

/// The part of a contact. Equal for all rows of a contact, whatever archive or run they come from.
pub(crate) fn part_of(hash: u64) -> i32 {
    (hash >> (u64::BITS - PART_BITS)) as i32
}

/// The hash of a contact.
pub(crate) fn contact_hash(source: &str, contact: &str) -> u64 {
    contact_key(source, contact) as u64
}

impl FirstMessages {
    /// Notes a message of a contact. `source` is its number and its text.
    #[inline]
    pub(crate) fn see(&mut self, at: i64, source: (u32, &str), channel: u32, contact: &str) {
        let same = |seen: &&mut Seen| seen.source == source.0 && seen.channel == channel && seen.contact == contact;
        match self.seen.iter_mut().rev().find(same) {
            Some(seen) => seen.at = seen.at.min(at),
            None => self.remember(at, source, channel, contact),
        }
    }

    fn remember(&mut self, at: i64, source: (u32, &str), channel: u32, contact: &str) {
        if self.seen.len() == REMEMBERED {
            self.forget();
        }
        let mut text = self.spare.pop().unwrap_or_default();
        text.push_str(contact);
        let part = part_of(contact_hash(source.1, contact));
        self.seen.push(Seen { source: source.0, channel, contact: text, at, part });
    }

    /// Ends a conversation.
    pub(crate) fn forget(&mut self) {
        for mut seen in self.seen.drain(..) {
            let part = self.dealt.group(seen.part);
            part.push(seen.source, &seen.contact, seen.channel, seen.at, seen.part);
            seen.contact.clear();
            self.spare.push(seen.contact);
        }
    }

    /// The rows by their part.
    pub(crate) fn dealt(mut self) -> Dealt<FirstMessageColumns> {
        self.forget();
        self.dealt
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow::array::AsArray;
    use arrow::datatypes::{Int32Type, TimestampMicrosecondType};

    use super::*;
    use crate::fold::batch::Interners;
    use crate::rows::values::Values;
    use crate::schema::first_messages_schema;

    /// Contact, its part and the time of each row.
    fn rows(first_messages: FirstMessages) -> Vec<(String, i32, i64)> {
        let mut interners = Interners::default();
        interners.source.id("s");
        let rows = first_messages.dealt().rows(&Arc::new(Values::of(&interners)));
        let mut all = Vec::new();
        for batch in rows.batches(first_messages_schema()) {
            let (_, batch) = batch.unwrap();
            let at = batch.column(3).as_primitive::<TimestampMicrosecondType>();
            let part = batch.column(4).as_primitive::<Int32Type>();
            for row in 0..batch.num_rows() {
                all.push((batch.column(1).as_string::<i32>().value(row).to_owned(), part.value(row), at.value(row)));
            }
        }
        all
    }

    #[test]
    fn a_contact_has_one_row_a_conversation_with_its_least_time() {
        let mut seen = FirstMessages::default();
        for (at, contact) in [(5, "a"), (3, "a"), (6, "b"), (2, "a")] {
            seen.see(at, (1, "s"), 0, contact);
        }
        seen.forget();
        seen.see(9, (1, "s"), 0, "a");
        let mut rows = rows(seen);
        rows.sort();
        let found: Vec<(&str, i64)> = rows.iter().map(|(contact, _, at)| (contact.as_str(), *at)).collect();
        assert_eq!(found, [("a", 2), ("a", 9), ("b", 6)]);
    }

    #[test]
    fn more_contacts_than_are_remembered_keep_their_least_time_and_their_part() {
        let mut seen = FirstMessages::default();
        for round in 0..3 {
            for contact in 0..20 {
                seen.see(100 * (3 - round) + contact, (1, "s"), 0, &format!("u{contact}"));
            }
        }
        let mut least: BTreeMap<String, (i32, i64)> = BTreeMap::new();
        for (contact, part, at) in rows(seen) {
            assert!((0..PARTS).contains(&part));
            let known = least.entry(contact).or_insert((part, at));
            assert_eq!(known.0, part, "a contact has one part");
            known.1 = known.1.min(at);
        }
        assert_eq!(least.len(), 20);
        assert!((0..20).all(|contact| least[&format!("u{contact}")].1 == 100 + contact));
    }

    #[test]
    fn parts_are_the_high_bits() {
        assert_eq!([0, 1 << 58, u64::MAX].map(part_of), [0, 1, PARTS - 1]);
    }
}
