//! Identity, and the hash that the archive sorts by.
//!
//! The hashes are stored in archives, so they never change: XXH3-64 of the parts with a zero byte between them, seed 0
//! (<https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>). They only ever narrow a search: two
//! conversations with one hash are told apart by their ids.

use twox_hash::XxHash3_64;

/// Hash of a conversation: (`source`, `conversation_id`), as the signed number that Delta tables can hold.
pub fn conversation_key(source: &str, conversation_id: &str) -> i64 {
    of_parts(&[source.as_bytes(), conversation_id.as_bytes()]) as i64
}

/// Hash that stands in for the conversation of an event that has only a contact.
pub fn contact_key(source: &str, contact_id: &str) -> i64 {
    of_parts(&[source.as_bytes(), b"", contact_id.as_bytes()]) as i64
}

/// Hash of an event's identity at its time (kpi-rules E1). Equal identities have equal hashes; the reverse is to be
/// checked on the ids.
pub fn identity_hash(source: &str, event_id: &str, occurred_at_us: i64) -> u64 {
    of_parts(&[source.as_bytes(), event_id.as_bytes(), &occurred_at_us.to_le_bytes()])
}

fn of_parts(parts: &[&[u8]]) -> u64 {
    let len = parts.iter().map(|p| p.len()).sum::<usize>() + parts.len() - 1;
    let mut stack = [0_u8; 256];
    let mut heap = Vec::new();
    let buffer = if len <= stack.len() {
        &mut stack[..len]
    } else {
        heap.resize(len, 0);
        &mut heap[..]
    };
    let mut at = 0;
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            buffer[at] = 0;
            at += 1;
        }
        buffer[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    XxHash3_64::oneshot(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: Python package `xxhash` 4.1.0, `xxh3_64_intdigest(b"a\0c1")` and so on.
    #[test]
    fn agrees_with_another_implementation() {
        assert_eq!(of_parts(&[b"a", b"c1"]), XXH3_A_C1);
        assert_eq!(of_parts(&[&[b'x'; 300], b"y"]), XXH3_LONG);
    }

    const XXH3_A_C1: u64 = 5_478_439_453_794_479_939;
    const XXH3_LONG: u64 = 9_529_834_727_106_808_228;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(conversation_key("ab", "c"), conversation_key("a", "bc"));
        assert_ne!(conversation_key("a", "u1"), contact_key("a", "u1"));
    }
}
