//! One event as bytes: the form in which rows are buffered, spilled, compared and merged.
//!
//! ```text
//! conversation_key i64 | occurred_at i64 | order u64 | type u8 | direction u8 | author u8 | flags u8 | rank u8
//! lengths of source, conversation_id, event_id          | their bytes
//! lengths of contact_id, channel, agent_id, team, topic,
//!            target_event_id, body                       | their bytes
//! ```
//! Numbers are little-endian. A length is LEB128: 0 is null, n + 1 a text of n bytes. The encoding is canonical: rows
//! of equal content are equal bytes but for `order`.

use std::cmp::Ordering;

use tapemeasure_model::event::{Author, Direction, EventType, rank};

/// Set in the [`order`] of rows of this ingest, so that they come after every stored row.
pub const NEW: u64 = 1 << 63;

/// Bits of [`order`] for the place within an input: 1 TiB of text. The rest tells 8 million inputs apart.
const ORDINAL_BITS: u32 = 40;

/// Inputs that [`order_of`] can tell apart.
pub const MAX_INPUTS: usize = 1 << (63 - ORDINAL_BITS);

/// Length of the fixed part of a row.
pub const FIXED: usize = 29;

/// One event. Texts are UTF-8, kept as bytes because merging only moves and compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    pub key: i64,
    pub time_us: i64,
    pub event_type: EventType,
    pub direction: Option<Direction>,
    pub author: Option<Author>,
    pub private: Option<bool>,
    pub automated: Option<bool>,
    pub source: &'a [u8],
    pub conversation_id: Option<&'a [u8]>,
    pub event_id: &'a [u8],
    pub contact_id: Option<&'a [u8]>,
    pub channel: Option<&'a [u8]>,
    pub agent_id: Option<&'a [u8]>,
    pub team: Option<&'a [u8]>,
    pub topic: Option<&'a [u8]>,
    pub target_event_id: Option<&'a [u8]>,
    pub body: Option<&'a [u8]>,
}

/// The texts that take part in the sort key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ids<'a> {
    pub source: &'a [u8],
    pub conversation_id: Option<&'a [u8]>,
    pub event_id: &'a [u8],
}

/// When a row of this ingest arrived: a later input, and a later place in it, is greater. `ordinal` is the byte at
/// which the record begins, or its row number, and grows within an input. Beyond 2^40 all are one place: of two versions
/// of an event that both lie there either may stand.
pub fn order_of(input: usize, ordinal: u64) -> u64 {
    NEW | ((input as u64) << ORDINAL_BITS) | ordinal.min((1 << ORDINAL_BITS) - 1)
}

/// Most bytes that [`encode`] writes for an event.
pub fn bound(event: &Event<'_>) -> usize {
    let optional = [
        event.conversation_id,
        event.contact_id,
        event.channel,
        event.agent_id,
        event.team,
        event.topic,
        event.target_event_id,
        event.body,
    ];
    let texts = optional.iter().flatten().map(|text| text.len()).sum::<usize>();
    FIXED + 10 * 10 + event.source.len() + event.event_id.len() + texts
}

/// Appends the row of an event.
pub fn encode(event: &Event<'_>, order: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&event.key.to_le_bytes());
    out.extend_from_slice(&event.time_us.to_le_bytes());
    out.extend_from_slice(&order.to_le_bytes());
    out.extend_from_slice(&[
        event.event_type as u8,
        event.direction.map_or(0, |d| 1 + d as u8),
        event.author.map_or(0, |a| 1 + a as u8),
        flag_code(event.private) | (flag_code(event.automated) << 2),
        rank(event.event_type, event.direction),
    ]);
    put_texts([Some(event.source), event.conversation_id, Some(event.event_id)], out);
    put_texts(
        [event.contact_id, event.channel, event.agent_id, event.team, event.topic, event.target_event_id, event.body],
        out,
    );
}

/// The event of a row; `None` if the bytes are no row.
pub fn decode(row: &[u8]) -> Option<Event<'_>> {
    if row.len() < FIXED {
        return None;
    }
    let mut texts = Texts { row, at: FIXED };
    let [source, conversation_id, event_id] = texts.take::<3>()?;
    let [contact_id, channel, agent_id, team, topic, target_event_id, body] = texts.take::<7>()?;
    Some(Event {
        key: key(row),
        time_us: time_us(row),
        event_type: *EventType::ALL.get(usize::from(row[24]))?,
        direction: named(Direction::ALL, row[25])?,
        author: named(Author::ALL, row[26])?,
        private: flag_of(row[27] & 3),
        automated: flag_of((row[27] >> 2) & 3),
        source: source?,
        conversation_id,
        event_id: event_id?,
        contact_id,
        channel,
        agent_id,
        team,
        topic,
        target_event_id,
        body,
    })
}

/// The ids of a row; empty ones if the bytes are no row, which [`decode`] reports.
pub fn ids(row: &[u8]) -> Ids<'_> {
    let mut texts = Texts { row, at: FIXED };
    match texts.take::<3>() {
        Some([source, conversation_id, event_id]) => {
            Ids { source: source.unwrap_or_default(), conversation_id, event_id: event_id.unwrap_or_default() }
        }
        None => Ids::default(),
    }
}

/// `conversation_key` of a row.
pub fn key(row: &[u8]) -> i64 {
    i64::from_le_bytes(word(row, 0))
}

/// `occurred_at` of a row.
pub fn time_us(row: &[u8]) -> i64 {
    i64::from_le_bytes(word(row, 8))
}

/// When a row arrived, see [`order_of`]; a stored row has its place in the stored run.
pub fn order(row: &[u8]) -> u64 {
    u64::from_le_bytes(word(row, 16))
}

/// Rank within an instant (kpi-rules O1).
pub fn rank_of(row: &[u8]) -> u8 {
    row[28]
}

/// Order of the sort key: conversation_key, source, conversation_id (null first), occurred_at, rank, event_id.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    key(a).cmp(&key(b)).then_with(|| {
        let (x, y) = (ids(a), ids(b));
        (x.source, x.conversation_id, time_us(a), rank_of(a), x.event_id).cmp(&(
            y.source,
            y.conversation_id,
            time_us(b),
            rank_of(b),
            y.event_id,
        ))
    })
}

/// Whether two rows have one sort key. Equal sort keys are one identity.
pub fn same_sort_key(a: &[u8], b: &[u8]) -> bool {
    a[..16] == b[..16] && compare(a, b) == Ordering::Equal
}

/// Whether two rows say the same. `but_body`: texts of messages do not count.
pub fn same_content(a: &[u8], b: &[u8], but_body: bool) -> bool {
    if a[..16] == b[..16] && a[24..] == b[24..] {
        return true;
    }
    if !but_body {
        return false;
    }
    match (decode(a), decode(b)) {
        (Some(a), Some(b)) => Event { body: None, ..a } == Event { body: None, ..b },
        _ => false,
    }
}

fn word(row: &[u8], at: usize) -> [u8; 8] {
    let mut word = [0; 8];
    word.copy_from_slice(&row[at..at + 8]);
    word
}

fn flag_code(flag: Option<bool>) -> u8 {
    match flag {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

fn flag_of(code: u8) -> Option<bool> {
    match code {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

fn named<T: Copy>(all: &[T], code: u8) -> Option<Option<T>> {
    match usize::from(code).checked_sub(1) {
        None => Some(None),
        Some(place) => all.get(place).copied().map(Some),
    }
}

fn put_texts<const N: usize>(texts: [Option<&[u8]>; N], out: &mut Vec<u8>) {
    for text in texts {
        let mut rest = text.map_or(0, |text| text.len() + 1);
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }
    for text in texts.into_iter().flatten() {
        out.extend_from_slice(text);
    }
}

/// Reads the variable part of a row.
struct Texts<'a> {
    row: &'a [u8],
    at: usize,
}

impl<'a> Texts<'a> {
    fn take<const N: usize>(&mut self) -> Option<[Option<&'a [u8]>; N]> {
        let mut lengths = [0_usize; N];
        for length in &mut lengths {
            *length = self.length()?;
        }
        let mut texts = [None; N];
        for (text, length) in texts.iter_mut().zip(lengths) {
            if let Some(length) = length.checked_sub(1) {
                let end = self.at.checked_add(length)?;
                *text = Some(self.row.get(self.at..end)?);
                self.at = end;
            }
        }
        Some(texts)
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0_usize;
        let mut shift = 0;
        loop {
            let byte = *self.row.get(self.at)?;
            self.at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(length);
            }
            shift += 7;
            if shift > 56 {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full<'a>(body: &'a [u8]) -> Event<'a> {
        Event {
            key: -7,
            time_us: 1_700_000_000_000_001,
            event_type: EventType::OptedIn,
            direction: Some(Direction::Outbound),
            author: Some(Author::System),
            private: Some(false),
            automated: Some(true),
            source: b"s",
            conversation_id: Some(b""),
            event_id: b"e",
            contact_id: Some(b"contact"),
            channel: None,
            agent_id: Some(b"a"),
            team: None,
            topic: Some("caf\u{e9}".as_bytes()),
            target_event_id: None,
            body: Some(body),
        }
    }

    fn encoded(event: &Event<'_>, order: u64) -> Vec<u8> {
        let mut row = Vec::new();
        encode(event, order, &mut row);
        assert!(row.len() <= bound(event));
        row
    }

    #[test]
    fn an_event_goes_there_and_back_at_every_length() {
        for length in [0, 1, 126, 127, 128, 16_383, 16_384, 3_000_000] {
            let body = vec![b'x'; length];
            let event = full(&body);
            let row = encoded(&event, order_of(3, 99));
            assert_eq!(decode(&row), Some(event));
            assert_eq!(order(&row), NEW | (3 << 40) | 99);
            assert_eq!(ids(&row), Ids { source: b"s", conversation_id: Some(b""), event_id: b"e" });
            assert_eq!(rank_of(&row), 1);
        }
        let bare = Event {
            direction: None,
            author: None,
            private: None,
            automated: None,
            conversation_id: None,
            contact_id: None,
            agent_id: None,
            topic: None,
            body: None,
            ..full(b"")
        };
        assert_eq!(decode(&encoded(&bare, 0)), Some(bare));
    }

    #[test]
    fn a_later_input_is_later_wherever_its_record_stands() {
        assert!(order_of(2, 0) > order_of(1, u64::MAX));
        assert!(order_of(MAX_INPUTS - 1, u64::MAX) > order_of(MAX_INPUTS - 1, 0));
        assert_eq!(order_of(1, 1 << 40), order_of(1, u64::MAX));
    }

    #[test]
    fn every_cut_of_a_row_is_no_row() {
        let row = encoded(&full(b"text"), 1);
        for length in 0..row.len() {
            assert_eq!(decode(&row[..length]), None, "{length}");
        }
    }

    #[test]
    fn the_sort_key_orders_part_by_part() {
        let base = Event {
            key: 1,
            time_us: 10,
            event_type: EventType::Message,
            direction: Some(Direction::Inbound),
            conversation_id: Some(b"c"),
            source: b"m",
            event_id: b"m",
            ..full(b"")
        };
        let ascending = [
            Event { key: -1, ..base },
            Event { source: b"a", time_us: 99, ..base },
            Event { conversation_id: None, time_us: 99, ..base },
            Event { conversation_id: Some(b"b"), time_us: 99, ..base },
            Event { time_us: 9, event_id: b"z", ..base },
            Event { event_type: EventType::Opened, direction: None, event_id: b"z", ..base },
            Event { event_id: b"a", ..base },
            base,
            Event { direction: Some(Direction::Outbound), event_id: b"a", ..base },
            Event { event_type: EventType::Closed, event_id: b"a", ..base },
            Event { time_us: 11, event_id: b"a", ..base },
            Event { key: 2, time_us: 0, ..base },
        ];
        let rows: Vec<_> = ascending.iter().map(|e| encoded(e, 5)).collect();
        for i in 0..rows.len() {
            for j in 0..rows.len() {
                assert_eq!(compare(&rows[i], &rows[j]), i.cmp(&j), "{i} {j}");
                assert_eq!(same_sort_key(&rows[i], &rows[j]), i == j);
            }
        }
    }

    #[test]
    fn content_is_everything_but_order_and_on_demand_body() {
        let a = encoded(&full(b"one"), 1);
        assert!(same_content(&a, &encoded(&full(b"one"), 2), false));
        assert!(!same_content(&a, &encoded(&full(b"two"), 1), false));
        assert!(same_content(&a, &encoded(&full(b"two"), 1), true));
        let other = Event { private: None, ..full(b"one") };
        assert!(!same_content(&a, &encoded(&other, 1), true));
    }
}
