//! Sorting, against sorting whole rows.

use tapemeasure_model::event::{Direction, EventType};
use tapemeasure_model::instant::{DAY_US, parse_instant};
use tapemeasure_model::period::PeriodKind;

use super::codec::{self, Event};
use super::{RowBuffer, SortedRows};

fn event<'a>(key: i64, source: &'a [u8], conversation: Option<&'a [u8]>, time_us: i64, id: &'a [u8]) -> Event<'a> {
    Event {
        key,
        time_us,
        event_type: EventType::Message,
        direction: Some(Direction::Inbound),
        author: None,
        private: None,
        automated: None,
        source,
        conversation_id: conversation,
        event_id: id,
        contact_id: None,
        channel: None,
        agent_id: None,
        team: None,
        topic: None,
        target_event_id: None,
        body: None,
    }
}

fn rows_of(sorted: &SortedRows) -> Vec<Vec<u8>> {
    sorted.segments().values().flat_map(|places| places.clone().map(|place| sorted.row(place).to_vec())).collect()
}

#[test]
fn sorted_rows_are_the_rows_sorted_whole() {
    // A small multiplicative generator: the order is wild, and the same every time.
    let mut state = 12_345_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let conversations: [Option<&[u8]>; 3] = [None, Some(b"c1"), Some(b"c2")];
    let ids: Vec<Vec<u8>> = (0..50).map(|n| format!("e{n}").into_bytes()).collect();
    let mut buffer = RowBuffer::new(1 << 20);
    let mut expected = Vec::new();
    for ordinal in 0..5_000 {
        // Few keys for many conversations: collisions everywhere.
        let key = next(5) as i64 - 2;
        let source: &[u8] = if next(2) == 0 { b"a" } else { b"b" };
        let time_us = next(6) as i64 * DAY_US * 10 + next(3) as i64;
        let event = event(key, source, conversations[next(3) as usize], time_us, &ids[next(50) as usize]);
        let order = codec::order_of(0, ordinal);
        buffer.push(&event, order);
        let mut row = Vec::new();
        codec::encode(&event, order, &mut row);
        expected.push(row);
    }
    assert_eq!(buffer.len(), 5_000);
    for kind in [PeriodKind::Month, PeriodKind::Day] {
        expected.sort_by(|a, b| {
            let period = |row: &[u8]| kind.period_of(codec::time_us(row));
            period(a)
                .cmp(&period(b))
                .then_with(|| codec::compare(a, b))
                .then_with(|| codec::order(a).cmp(&codec::order(b)))
        });
        let sorted = buffer.sort(kind).settled();
        assert_eq!(rows_of(&sorted), expected);
        for (&period, places) in sorted.segments() {
            for keys in [i64::MIN..=-2, -1..=0, 1..=i64::MAX, 5..=9] {
                let inside = |place: &usize| keys.contains(&codec::key(sorted.row(*place)));
                let expected: Vec<usize> = places.clone().filter(inside).collect();
                assert_eq!(sorted.places(period, keys.clone()).collect::<Vec<_>>(), expected);
            }
        }
        // The memory is used again, the rows are not.
        buffer = sorted.into_empty();
        assert_eq!(buffer.len(), 0);
        for row in &expected {
            buffer.push(&codec::decode(row).unwrap(), codec::order(row));
        }
    }
}

#[test]
fn periods_are_found_in_the_first_and_the_last_year() {
    let mut buffer = RowBuffer::new(1 << 20);
    let times = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"];
    for (ordinal, time) in (0_u64..).zip(times) {
        buffer.push(&event(0, b"s", Some(b"c"), parse_instant(time).unwrap(), b"e"), codec::order_of(0, ordinal));
    }
    let sorted = buffer.sort(PeriodKind::Month);
    let labels: Vec<_> = sorted.segments().iter().map(|(period, places)| (period.label(), places.len())).collect();
    let expected = [("0001-01", 1), ("1969-12", 1), ("1970-01", 1), ("9999-12", 1)];
    assert_eq!(labels, expected.map(|(label, rows)| (label.to_owned(), rows)));
}

#[test]
fn a_buffer_is_full_at_its_budget_and_takes_long_rows() {
    let mut buffer = RowBuffer::new(64 << 10);
    assert!(!buffer.is_full());
    let long = vec![b'x'; 1 << 20];
    buffer.push(&event(0, b"s", None, 0, &long), codec::order_of(0, 0));
    assert!(buffer.is_full());
    let sorted = buffer.sort(PeriodKind::Month);
    assert_eq!(codec::ids(sorted.row(0)).event_id, &long[..]);
    // The chunk of the long row is not kept.
    assert!(sorted.into_empty().spare.is_empty());
}
