use super::*;

fn slot(accepts: u8, last: bool) -> Slot {
    let (source, conversation) = ("s".to_owned(), "c".to_owned());
    Slot { row: 0, column: 0, source, conversation, at_us: 7, accepts, last, found: None }
}

/// Source, conversation, time, id, what it is.
type Event<'a> = (&'a str, &'a str, i64, &'a str, &'a str);

fn events_of(rows: &[Event<'_>]) -> RecordBatch {
    let text = |of: &dyn Fn(&Event<'_>) -> String| {
        Arc::new(StringArray::from_iter_values(rows.iter().map(of))) as arrow::array::ArrayRef
    };
    RecordBatch::try_from_iter([
        ("source", text(&|row| row.0.to_owned())),
        ("conversation_id", text(&|row| row.1.to_owned())),
        ("occurred_at", crate::testing::instants(rows.iter().map(|row| row.2))),
        ("event_id", text(&|row| row.3.to_owned())),
        ("act", text(&|row| row.4.to_owned())),
    ])
    .unwrap()
}

/// One instant with everything in it, by hand in the order of O1: o9, q2, q5, a3 and b1 by id, x1, z1, z2. Where bots
/// reply, the answer still comes first.
#[test]
fn the_first_of_an_instant_is_found_by_rank_then_id() {
    let instant = events_of(&[
        ("s", "c", 7, "z2", "closed"),
        ("s", "c", 7, "q5", "question"),
        ("s", "c", 7, "a3", "answer"),
        ("s", "c", 7, "z1", "closed"),
        ("s", "c", 7, "b1", "bot"),
        ("s", "c", 7, "q2", "question"),
        ("s", "c", 7, "x1", "opted_out"),
        ("s", "c", 7, "o9", "opened"),
        ("s", "c", 8, "a0", "answer"),
        ("s", "d", 7, "a0", "answer"),
        ("t", "c", 7, "a0", "answer"),
    ]);
    let accepts = [OPENS, QUESTION, ANSWER, ANSWER | BOT, OPTED_OUT, CLOSED, QUESTION | ANSWER];
    let mut wanted = Wanted::new(accepts.into_iter().map(|accepts| slot(accepts, false)).collect());
    wanted.slots.push(slot(CLOSED, true));
    let mut wanted = Wanted::new(wanted.slots);
    wanted.take(&instant).unwrap();
    let found: Vec<&str> = wanted.slots.iter().map(|slot| slot.found.as_ref().unwrap().1.as_str()).collect();
    assert_eq!(found, ["o9", "q2", "a3", "a3", "x1", "z1", "q2", "z2"]);
    assert_eq!(wanted.bounds(), Some((7, 7)));
}

#[test]
fn messages_of_a_cell_are_ordered_by_direction_within_an_instant() {
    let instant =
        events_of(&[("s", "c", 7, "m1", "outbound"), ("s", "c", 7, "m2", "inbound"), ("s", "c", 7, "m3", "inbound")]);
    let mut wanted = Wanted::new(vec![slot(MESSAGE, false), slot(MESSAGE, true)]);
    wanted.take(&instant).unwrap();
    let found: Vec<&str> = wanted.slots.iter().map(|slot| slot.found.as_ref().unwrap().1.as_str()).collect();
    assert_eq!(found, ["m2", "m1"]);
}

#[test]
fn few_keys_are_listed_and_many_are_bounded() {
    let text = events("true", &BTreeSet::from([-5, 3]));
    assert!(text.contains("AND conversation_key IN (-5, 3)\n"), "{text}");
    let text = events("true", &(0..21).collect());
    assert!(text.contains("AND conversation_key BETWEEN 0 AND 20\n"), "{text}");
    assert!(Wanted::new(Vec::new()).bounds().is_none());
}
