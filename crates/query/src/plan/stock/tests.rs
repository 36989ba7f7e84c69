//! Stocks through DataFusion, against the oracle's `unsubscribed` as a plain loop over random events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use tapemeasure_model::instant::{DAY_US, HOUR_US, parse_instant};
use tapemeasure_model::zone::{Grain, WeekStart, Zone};

use crate::definitions::{Definitions, Kind, Selection};
use crate::functions::local_time::Clocks;
use crate::plan::period::{Asked, Period};
use crate::plan::sql::Query;
use crate::plan::{Hours, fill, stock};
use crate::testing::{Random, flags, instants, session, texts};

const CHANNELS: [Option<&str>; 3] = [None, Some("email"), Some("sms")];
const SOURCES: [&str; 2] = ["a", "a-longer-source-name"];
const CONTACTS: usize = 12;
const DAYS: i64 = 6;

#[derive(Clone, Debug)]
struct Event {
    source: &'static str,
    contact: String,
    channel: Option<&'static str>,
    at_us: i64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Inbound,
    Outbound,
    Note,
    OptedOut,
    OptedIn,
}

fn first_us() -> i64 {
    parse_instant("2025-03-03T00:00:00Z").unwrap()
}

/// Events in the order of kpi-rules O1. Times are few, so that many fall on one instant or on the end of a day.
fn events(seed: u64) -> Vec<Event> {
    let mut random = Random(seed);
    let mut events: Vec<Event> = (0..160)
        .map(|_| Event {
            source: random.of(&SOURCES),
            contact: format!("u{}", random.below(CONTACTS)),
            channel: random.of(&CHANNELS),
            at_us: first_us() + random.below((DAYS * 4) as usize) as i64 * 6 * HOUR_US,
            what: random.of(&[
                What::Inbound,
                What::Outbound,
                What::Note,
                What::OptedOut,
                What::OptedOut,
                What::OptedIn,
            ]),
        })
        .collect();
    events.sort_by_key(|e| (e.at_us, if e.what == What::OptedIn { 0 } else { 1 }));
    events
}

fn messages(events: &[Event]) -> RecordBatch {
    let messages: Vec<&Event> = events.iter().filter(|e| !matches!(e.what, What::OptedOut | What::OptedIn)).collect();
    RecordBatch::try_from_iter([
        ("source", texts(messages.iter().map(|e| Some(e.source)))),
        ("contact_id", texts(messages.iter().map(|e| Some(e.contact.as_str())))),
        ("channel", texts(messages.iter().map(|e| e.channel))),
        ("occurred_at", instants(messages.iter().map(|e| e.at_us))),
        (
            "direction",
            texts(messages.iter().map(|e| Some(if e.what == What::Inbound { "inbound" } else { "outbound" }))),
        ),
        ("private", flags(messages.iter().map(|e| (e.what == What::Note).then_some(true)))),
    ])
    .unwrap()
}

/// The table `contacts`: the first message of each contact on each channel, in order of time.
fn contacts(events: &[Event]) -> RecordBatch {
    let mut rows: BTreeMap<(&str, &str, Option<&str>), i64> = BTreeMap::new();
    for e in events.iter().filter(|e| !matches!(e.what, What::OptedOut | What::OptedIn)) {
        let first = rows.entry((e.source, e.contact.as_str(), e.channel)).or_insert(e.at_us);
        *first = e.at_us.min(*first);
    }
    let is_first = |key: &(&str, &str, Option<&str>)| {
        let of_contact = rows.iter().filter(|(other, _)| (other.0, other.1) == (key.0, key.1));
        of_contact.map(|(other, at_us)| (*at_us, other.2)).min() == Some((rows[key], key.2))
    };
    let ever_opted_out = |key: &(&str, &str, Option<&str>)| {
        events.iter().any(|e| e.what == What::OptedOut && (e.source, e.contact.as_str()) == (key.0, key.1))
    };
    RecordBatch::try_from_iter([
        ("source", texts(rows.keys().map(|key| Some(key.0)))),
        ("contact_id", texts(rows.keys().map(|key| Some(key.1)))),
        ("channel", texts(rows.keys().map(|key| key.2))),
        ("first_message_at", instants(rows.values().copied())),
        ("is_first", flags(rows.keys().map(|key| Some(is_first(key))))),
        ("ever_opted_out", flags(rows.keys().map(|key| Some(ever_opted_out(key))))),
    ])
    .unwrap()
}

/// The table `subscriptions`, its rows in another order than the one they are to be read in.
fn subscriptions(events: &[Event]) -> RecordBatch {
    let mut state: BTreeMap<(&str, &str, Option<&str>), bool> = BTreeMap::new();
    let mut rows: Vec<(&Event, bool, String)> = Vec::new();
    for (number, e) in events.iter().enumerate() {
        if matches!(e.what, What::OptedOut | What::OptedIn) {
            let was =
                state.insert((e.source, e.contact.as_str(), e.channel), e.what == What::OptedOut).unwrap_or(false);
            rows.push((e, was, format!("e{number:04}")));
        }
    }
    rows.reverse();
    RecordBatch::try_from_iter([
        ("source", texts(rows.iter().map(|r| Some(r.0.source)))),
        ("contact_id", texts(rows.iter().map(|r| Some(r.0.contact.as_str())))),
        ("channel", texts(rows.iter().map(|r| r.0.channel))),
        ("changed_at", instants(rows.iter().map(|r| r.0.at_us))),
        ("event_id", texts(rows.iter().map(|r| Some(r.2.as_str())))),
        ("opted_out", flags(rows.iter().map(|r| Some(r.0.what == What::OptedOut)))),
        ("was_opted_out", flags(rows.iter().map(|r| Some(r.1)))),
    ])
    .unwrap()
}

/// The oracle's `unsubscribed` for the group of one channel, or of everything: known, out, went out, reached.
fn oracle(events: &[Event], group: Option<Option<&str>>, start_us: i64, end_us: i64) -> [usize; 4] {
    let in_group = |e: &Event| group.is_none_or(|channel| e.channel == channel);
    let mut known = BTreeSet::new();
    let mut reached = BTreeSet::new();
    let mut went_out = BTreeSet::new();
    let mut state: BTreeMap<(&str, &str, Option<&str>), Option<&Event>> = BTreeMap::new();
    for e in events.iter().filter(|e| e.at_us < end_us) {
        let contact = (e.source, e.contact.as_str());
        let key = (contact.0, contact.1, e.channel);
        match e.what {
            What::OptedOut => {
                let put_out = state.entry(key).or_default();
                if put_out.is_none() {
                    *put_out = Some(e);
                    if in_group(e) && e.at_us >= start_us {
                        went_out.insert(contact);
                    }
                }
            }
            What::OptedIn => {
                state.insert(key, None);
            }
            What::Inbound | What::Outbound | What::Note if in_group(e) => {
                known.insert(contact);
                if e.what == What::Outbound && e.at_us >= start_us {
                    reached.insert(contact);
                }
            }
            What::Inbound | What::Outbound | What::Note => {}
        }
    }
    let out: BTreeSet<(&str, &str)> =
        state.values().flatten().filter(|e| in_group(e)).map(|e| (e.source, e.contact.as_str())).collect();
    known.extend(&out);
    [known.len(), out.len(), went_out.len(), reached.len()]
}

/// Runs the KPI over random events, and checks every row.
async fn check(seed: u64, by_channel: bool, since_us: Option<i64>, until_us: Option<i64>, as_of_us: i64) {
    let events: Vec<Event> = events(seed).into_iter().filter(|e| e.at_us <= as_of_us).collect();
    let clocks = Arc::new(Clocks::new(Zone::UTC, WeekStart::Monday, (first_us(), as_of_us)));
    let tables = vec![
        ("messages", messages(&events)),
        ("contacts", contacts(&events)),
        ("subscriptions", subscriptions(&events)),
    ];
    let context = session(&clocks, tables);
    let definitions = Definitions::built_in();
    let definition = definitions.get("unsubscribed_contacts").unwrap();
    let Kind::Stock(of) = &definition.kind else { unreachable!("it is a stock") };
    let by: Vec<String> = if by_channel { vec!["channel".to_owned()] } else { Vec::new() };
    let asked = Asked { grain: Grain::Day, since_us, until_us, as_of_us, first_us: Some(first_us()) };
    let period = Period::new(asked, &clocks).unwrap();
    let query = |asked_for: &[&str], rollup: bool| {
        let names: Vec<String> = asked_for.iter().map(|&name| name.to_owned()).collect();
        Query {
            definition,
            measures: Selection::new(definition, Some(&names)).unwrap(),
            by: &by,
            asked,
            filter: None,
            target: None,
            table: &definition.table,
            time_nullable: true,
            rollup: if rollup { definition.rollup.as_ref() } else { None },
            hours: Hours::Elapsed,
        }
    };
    let all = query(&[], false);
    let rows = stock::run(&context, &all, &stock::texts(&all, of), &period, true).await.unwrap();
    let rows = fill::sorted(&rows, by.len()).unwrap();
    let others: [(&[&str], bool); 3] = [(&[], true), (&["unsubscribed_share"], true), (&["newly_unsubscribed"], false)];
    for (asked_for, rollup) in others {
        let some = query(asked_for, rollup);
        let found = stock::run(&context, &some, &stock::texts(&some, of), &period, true).await.unwrap();
        let found = fill::sorted(&found, by.len()).unwrap();
        for (field, column) in found.schema_ref().fields().iter().zip(found.columns()) {
            assert_eq!(Some(column), rows.column_by_name(field.name()), "seed {seed}, {}", field.name());
        }
    }

    let groups: Vec<Option<Option<&str>>> =
        if by_channel { CHANNELS.iter().map(|&channel| Some(channel)).collect() } else { vec![None] };
    let ids = period.ids().unwrap();
    assert_eq!(rows.num_rows(), ids.len() * groups.len());
    for row in 0..rows.num_rows() {
        let (id, group) = (ids[row / groups.len()], groups[row % groups.len()]);
        if let Some(channel) = group {
            let column = rows.column(1).as_string_view();
            assert_eq!(column.is_valid(row).then(|| column.value(row)), channel);
        }
        let (start_us, end_us) = period.part(id);
        let end_us = end_us.unwrap().min(as_of_us + 1);
        let expected = oracle(&events, group, start_us.unwrap(), end_us);
        let integer = |name: &str| rows.column_by_name(name).unwrap().as_primitive::<Int64Type>().value(row) as usize;
        let found = ["contacts", "unsubscribed", "newly_unsubscribed", "contacts_messaged"].map(integer);
        assert_eq!(found, expected, "seed {seed}, bucket {}, group {group:?}", period.label(id));
        let ratio = |name: &str| {
            let column = rows.column_by_name(name).unwrap().as_primitive::<Float64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        let [known, out, went_out, reached] = expected.map(|n| n as f64);
        assert_eq!(ratio("unsubscribed_share"), (known > 0.0).then(|| out / known));
        assert_eq!(ratio("unsubscribe_rate"), (reached > 0.0).then(|| went_out / reached));
    }
}

#[tokio::test]
async fn every_day_is_as_the_oracle_says() {
    for seed in 1..6 {
        let as_of_us = first_us() + DAYS * DAY_US;
        check(seed, false, None, None, as_of_us).await;
        check(seed, true, None, None, as_of_us).await;
    }
}

#[tokio::test]
async fn periods_cut_buckets_and_the_as_of_time_cuts_the_last() {
    for seed in 6..10 {
        let (since_us, until_us) = (first_us() + 30 * HOUR_US, first_us() + 100 * HOUR_US);
        check(seed, false, Some(since_us), Some(until_us), first_us() + DAYS * DAY_US).await;
        check(seed, true, Some(since_us), Some(until_us), first_us() + 90 * HOUR_US).await;
    }
}

#[test]
fn the_texts_put_the_condition_into_every_query() {
    let definitions = Definitions::built_in();
    let definition = definitions.get("unsubscribed_contacts").unwrap();
    let Kind::Stock(of) = &definition.kind else { unreachable!("it is a stock") };
    let by = vec!["source".to_owned()];
    let asked = Asked { grain: Grain::Month, since_us: None, until_us: Some(0), as_of_us: 0, first_us: None };
    let filter = Some("team = 'x'");
    let query = Query {
        definition,
        measures: Selection::new(definition, None).unwrap(),
        by: &by,
        asked,
        filter,
        target: None,
        table: &definition.table,
        time_nullable: false,
        rollup: None,
        hours: Hours::Elapsed,
    };
    assert_eq!(stock::texts(&query, of).tables(&query), "messages, subscriptions");
    assert_eq!(
        stock::texts(&query, of).shown(),
        "-- contacts by when they were first seen; one by one where they ever opted out
WITH base AS (
  SELECT
    *
  FROM messages
),
seen AS (
  SELECT
    source AS contact_source,
    contact_id AS contact,
    source,
    min(occurred_at) AS first_at
  FROM base
  WHERE (contact_id IS NOT NULL)
    AND occurred_at < instant('1970-01-01T00:00:00.000000Z')
    AND (
      team = 'x'
    )
  GROUP BY source, contact_id
),
changed AS (
  SELECT DISTINCT source AS contact_source, contact_id AS contact
  FROM subscriptions
  WHERE opted_out
)
SELECT
  bucket_id(seen.first_at, 'month') AS bucket,
  seen.source AS source,
  changed.contact_source AS contact_source,
  changed.contact AS contact,
  count(*) AS contacts,
  min(seen.first_at) AS first_at
FROM seen
LEFT JOIN changed
  ON seen.contact_source = changed.contact_source AND seen.contact = changed.contact
GROUP BY bucket_id(seen.first_at, 'month'), seen.source, changed.contact_source, changed.contact;

-- contacts that were reached
WITH base AS (
  SELECT
    *
  FROM messages
)
SELECT
  bucket_id(occurred_at, 'month') AS bucket,
  source,
  count_distinct_pair(source, contact_id) AS contacts
FROM base
WHERE (contact_id IS NOT NULL AND direction = 'outbound' AND private IS NOT TRUE)
  AND occurred_at < instant('1970-01-01T00:00:00.000000Z')
  AND (
    team = 'x'
  )
GROUP BY bucket_id(occurred_at, 'month'), source;

-- who opted out and in
WITH base AS (
  SELECT
    *
  FROM subscriptions
)
SELECT
  source AS contact_source,
  contact_id AS contact,
  channel AS contact_channel,
  changed_at,
  opted_out,
  was_opted_out,
  source,
  coalesce((
    team = 'x'
  ), false) AS counted
FROM base
ORDER BY contact_source, contact, contact_channel NULLS FIRST, changed_at, opted_out, event_id;"
    );
}

#[test]
fn only_what_is_asked_is_read() {
    let definitions = Definitions::built_in();
    let definition = definitions.get("unsubscribed_contacts").unwrap();
    let Kind::Stock(of) = &definition.kind else { unreachable!("it is a stock") };
    let asked = Asked { grain: Grain::Total, since_us: None, until_us: Some(0), as_of_us: 0, first_us: None };
    let tables = |asked_for: &str| {
        let query = Query {
            definition,
            measures: Selection::new(definition, Some(&[asked_for.to_owned()])).unwrap(),
            by: &[],
            asked,
            filter: None,
            target: None,
            table: &definition.table,
            time_nullable: false,
            rollup: definition.rollup.as_ref(),
            hours: Hours::Elapsed,
        };
        let texts = stock::texts(&query, of);
        (texts.tables(&query), texts.shown())
    };
    let (read, text) = tables("unsubscribed_share");
    assert_eq!(read, "contacts, subscriptions");
    let seen = "FROM contacts
WHERE NOT ever_opted_out
  AND is_first
  AND first_message_at < instant('1970-01-01T00:00:00.000000Z')
GROUP BY bucket_id(first_message_at, 'total')
UNION ALL
";
    assert!(text.contains(seen), "{text}");
    assert_eq!(tables("unsubscribe_rate").0, "messages, subscriptions");
    assert_eq!(tables("contacts_messaged").0, "messages, subscriptions");
    assert_eq!(tables("newly_unsubscribed").0, "subscriptions");
}
