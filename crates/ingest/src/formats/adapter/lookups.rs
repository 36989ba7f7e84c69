//! What a first pass over the inputs found, for formats whose records do not stand by themselves: the contact of a
//! conversation that another table has, the message that a message answers.

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use twox_hash::XxHash3_64;

/// Parts of the table, each with a lock of its own.
const SHARDS: usize = 64;

/// Bytes that an entry takes beside its value: key, slice, share of the table's room.
const ENTRY_BYTES: usize = 40;

/// A part of the table.
type Shard = HashMap<(u64, u64), Box<str>>;

/// Texts by table and key. Filled in the first pass by many threads, read in the second, which may add what follows from
/// the first.
///
/// Keys are kept as 128-bit hashes, values as texts: about 40 bytes an entry and the length of its value.
#[derive(Debug)]
pub struct Lookups {
    shards: Vec<RwLock<Shard>>,
    bytes: AtomicUsize,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect(), bytes: AtomicUsize::new(0) }
    }
}

impl Lookups {
    /// Keeps a value. Of two values of one key the greater text stays, so that the order of inputs makes no difference.
    pub fn put(&self, table: &str, key: &str, value: &str) {
        let key = hash(table, key);
        // Most values come many times, each record with the same people: they only need to be looked at.
        let shard = self.shard(key).read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if shard.get(&key).is_some_and(|known| **known >= *value) {
            return;
        }
        drop(shard);
        let mut shard = self.shard(key).write().unwrap_or_else(std::sync::PoisonError::into_inner);
        match shard.get_mut(&key) {
            Some(known) if **known >= *value => {}
            Some(known) => {
                self.bytes.fetch_add(value.len().saturating_sub(known.len()), Ordering::Relaxed);
                *known = value.into();
            }
            None => {
                self.bytes.fetch_add(ENTRY_BYTES + value.len(), Ordering::Relaxed);
                shard.insert(key, value.into());
            }
        }
    }

    /// The value of a key; `None` if there is none.
    pub fn get(&self, table: &str, key: &str) -> Option<String> {
        // Often nothing was kept of any input.
        if self.bytes() == 0 {
            return None;
        }
        let key = hash(table, key);
        let shard = self.shard(key).read().unwrap_or_else(std::sync::PoisonError::into_inner);
        shard.get(&key).map(|value| value.to_string())
    }

    /// Memory held, in bytes, about.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Hash of all that is held, whatever the order in which it came: 32 hexadecimal digits. Events of formats that
    /// survey follow from their input and from this.
    pub fn digest(&self) -> String {
        let (mut first, mut second) = (0_u64, 0_u64);
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            for (key, value) in shard.iter() {
                first = first.wrapping_add(XxHash3_64::oneshot_with_seed(key.0, value.as_bytes()));
                second = second.wrapping_add(XxHash3_64::oneshot_with_seed(key.1, value.as_bytes()));
            }
        }
        format!("{first:016x}{second:016x}")
    }

    fn shard(&self, key: (u64, u64)) -> &RwLock<Shard> {
        &self.shards[(key.0 % SHARDS as u64) as usize]
    }
}

fn hash(table: &str, key: &str) -> (u64, u64) {
    let seed = XxHash3_64::oneshot(table.as_bytes());
    (XxHash3_64::oneshot_with_seed(seed, key.as_bytes()), XxHash3_64::oneshot_with_seed(!seed, key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_table_and_key_whatever_the_order() {
        for values in [["9", "10"], ["10", "9"]] {
            let lookups = Lookups::default();
            values.iter().for_each(|value| lookups.put("contact", "17", value));
            lookups.put("inbox", "17", "1");
            assert_eq!(lookups.get("contact", "17").as_deref(), Some("9"));
            assert_eq!(lookups.get("inbox", "17").as_deref(), Some("1"));
            assert_eq!(lookups.get("contact", "18"), None);
            assert!(lookups.bytes() > 0);
        }
    }

    #[test]
    fn the_digest_is_that_of_the_content() {
        let of = |entries: &[(&str, &str, &str)]| {
            let lookups = Lookups::default();
            entries.iter().for_each(|(table, key, value)| lookups.put(table, key, value));
            lookups.digest()
        };
        let (a, b) = (("contact", "17", "9"), ("inbox", "1", "x"));
        assert_eq!(of(&[]), "0".repeat(32));
        assert_eq!(of(&[a, b]), of(&[b, a, b]));
        let others = [("contact", "17", "8"), ("contact", "18", "9"), ("inbox", "17", "9"), ("contact", "17", "")];
        assert!(others.iter().all(|&other| of(&[other, b]) != of(&[a, b])));
    }
}
