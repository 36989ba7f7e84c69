//! Which events never happened (kpi-rules E3).

use std::collections::HashMap;

use tapemeasure_model::key::identity_hash;

/// Bits of the filter for each deletion: one in 64 of the ids that were not deleted passes it.
const FILTER_BITS_EACH: usize = 64;

/// The events that `deleted` events name, by (source, event id).
#[derive(Debug, Clone, Default)]
pub struct DeletedIds {
    /// One bit for a cheap hash of an id: most ids need no second look.
    filter: Vec<u64>,
    shift: u32,
    by_hash: HashMap<u64, Vec<(String, String)>>,
    len: usize,
}

impl DeletedIds {
    /// The set of some (source, event id); repeats count once.
    pub fn new<'a>(ids: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut by_hash: HashMap<u64, Vec<(String, String)>> = HashMap::new();
        let mut len = 0;
        for (source, id) in ids {
            let same_hash = by_hash.entry(identity_hash(source, id, 0)).or_default();
            if !same_hash.iter().any(|(s, i)| s == source && i == id) {
                same_hash.push((source.to_owned(), id.to_owned()));
                len += 1;
            }
        }
        let bits = (len * FILTER_BITS_EACH).next_power_of_two().max(64);
        let shift = 64 - bits.trailing_zeros();
        let mut filter = vec![0_u64; bits / 64];
        for (_, id) in by_hash.values().flatten() {
            let bit = cheap_hash(id.as_bytes()) >> shift;
            filter[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        Self { filter, shift, by_hash, len }
    }

    /// Whether an event was deleted.
    #[inline]
    pub fn contains(&self, source: &str, event_id: &str) -> bool {
        if self.len == 0 {
            return false;
        }
        let bit = cheap_hash(event_id.as_bytes()) >> self.shift;
        self.filter[(bit / 64) as usize] & (1 << (bit % 64)) != 0 && self.surely_contains(source, event_id)
    }

    /// Whether nothing was deleted.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many events were named.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The (source, event id) in order of both.
    pub fn sorted(&self) -> Vec<(&str, &str)> {
        let mut ids: Vec<_> = self.by_hash.values().flatten().map(|(s, i)| (s.as_str(), i.as_str())).collect();
        ids.sort_unstable();
        ids
    }

    fn surely_contains(&self, source: &str, event_id: &str) -> bool {
        self.by_hash
            .get(&identity_hash(source, event_id, 0))
            .is_some_and(|same| same.iter().any(|(s, i)| s == source && i == event_id))
    }
}

/// A hash of the length and the last eight bytes, where ids differ most; its high bits are the mixed ones. The factor
/// is 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
#[inline]
fn cheap_hash(id: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let tail = match id.last_chunk::<8>() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => id.iter().fold(0, |n, &b| n << 8 | u64::from(b)),
    };
    let mixed = (tail ^ id.len() as u64).wrapping_mul(FACTOR);
    (mixed ^ mixed >> 32).wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_exactly_what_it_was_given() {
        let ids: Vec<String> = (0..1_000).map(|n| format!("e-{n}")).collect();
        let deleted = DeletedIds::new(ids.iter().step_by(3).map(|id| ("a", id.as_str())));
        assert_eq!(deleted.len(), 334);
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(deleted.contains("a", id), n % 3 == 0, "{id}");
            assert!(!deleted.contains("b", id));
        }
        assert!(!DeletedIds::default().contains("a", "e-0"));
        assert_eq!(DeletedIds::new([("a", "x"), ("a", "x"), ("b", "x")]).sorted(), [("a", "x"), ("b", "x")]);
    }
}
