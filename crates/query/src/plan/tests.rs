//! Flows through DataFusion, against the oracle's `kpis` as a plain loop over random rows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use datafusion::prelude::SessionContext;
use tapemeasure_model::instant::{DAY_US, HOUR_US, parse_instant};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{Grain, WeekStart, Zone};

use super::period::{Asked, Period};
use super::sql::Query;
use super::{Hours, fill, flow, result, targets};
use crate::definitions::{Definitions, Selection};
use crate::functions::local_time::Clocks;
use crate::testing::{Random, flags, instants, numbers, session, texts};

const CHANNELS: [Option<&str>; 3] = [Some("sms"), Some("web_chat_of_the_shop"), None];
const DAYS: i64 = 5;

fn first_us() -> i64 {
    parse_instant("2025-03-03T00:00:00Z").unwrap()
}

fn as_of_us() -> i64 {
    first_us() + DAYS * DAY_US - 10 * HOUR_US
}

fn clocks() -> Arc<Clocks> {
    Arc::new(Clocks::new(Zone::UTC, WeekStart::Monday, (first_us(), as_of_us())))
}

/// The finished result of a KPI over tables in memory.
async fn kpi(context: &SessionContext, name: &str, by: &[&str], grain: Grain, filter: Option<&str>) -> RecordBatch {
    answer(context, name, by, grain, filter, &[], false).await
}

/// As [`kpi`], of some measures, over the table itself or its rollup.
async fn answer(
    context: &SessionContext,
    name: &str,
    by: &[&str],
    grain: Grain,
    filter: Option<&str>,
    measures: &[&str],
    rollup: bool,
) -> RecordBatch {
    let definitions = Definitions::built_in();
    let definition = definitions.get(name).unwrap();
    let by: Vec<String> = by.iter().map(|&d| d.to_owned()).collect();
    let asked = Asked { grain, since_us: None, until_us: None, as_of_us: as_of_us(), first_us: Some(first_us()) };
    let period = Period::new(asked, &clocks()).unwrap();
    let target = targets::expression(&Settings::default(), definition, None);
    let names: Vec<String> = measures.iter().map(|&name| name.to_owned()).collect();
    let query = Query {
        definition,
        measures: Selection::new(definition, Some(&names)).unwrap(),
        by: &by,
        asked,
        filter,
        target,
        table: &definition.table,
        time_nullable: true,
        rollup: if rollup { definition.rollup.as_ref() } else { None },
        hours: Hours::Elapsed,
    };
    let rows = flow::run(context, &query, &query.flow(), &period, true).await.unwrap();
    result::dressed(&fill::sorted(&rows, by.len()).unwrap(), &period).unwrap()
}

#[derive(Clone, Copy)]
struct Wait {
    channel: Option<&'static str>,
    opened_us: i64,
    end: &'static str,
    is_first: bool,
    wait_us: Option<i64>,
}

/// Waits of some days; the third day has none.
fn waits(seed: u64) -> Vec<Wait> {
    let mut random = Random(seed);
    let waits = (0..400).map(|_| {
        let end = random.of(&["replied", "replied", "replied", "closed", "opted_out", "abandoned", "open"]);
        let opened_us = first_us() + random.below((DAYS * 24 - 12) as usize * 3_600) as i64 * 1_000_000;
        let wait_us = (end == "replied").then(|| random.below(1_200) as i64 * 1_000_000 + random.below(3) as i64);
        Wait { channel: random.of(&CHANNELS), opened_us, end, is_first: random.below(3) == 0, wait_us }
    });
    waits.filter(|wait| (wait.opened_us - first_us()) / DAY_US != 2).collect()
}

fn waits_table(waits: &[Wait]) -> RecordBatch {
    let ids: Vec<String> = (0..waits.len()).map(|i| format!("c{i:03}")).collect();
    RecordBatch::try_from_iter([
        ("source", texts(waits.iter().map(|_| Some("s")))),
        ("conversation_id", texts(ids.iter().map(|id| Some(id.as_str())))),
        ("channel", texts(waits.iter().map(|w| w.channel))),
        ("opened_at", instants(waits.iter().map(|w| w.opened_us))),
        ("end_reason", texts(waits.iter().map(|w| Some(w.end)))),
        ("is_first", flags(waits.iter().map(|w| Some(w.is_first)))),
        ("wait_us", numbers(waits.iter().map(|w| w.wait_us))),
    ])
    .unwrap()
}

fn text<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name).unwrap().as_string::<i32>();
    column.is_valid(row).then(|| column.value(row))
}

fn integer(batch: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = batch.column_by_name(name).unwrap().as_primitive::<Int64Type>();
    column.is_valid(row).then(|| column.value(row))
}

fn float(batch: &RecordBatch, name: &str, row: usize) -> Option<f64> {
    let column = batch.column_by_name(name).unwrap().as_primitive::<Float64Type>();
    column.is_valid(row).then(|| column.value(row))
}

#[track_caller]
fn near(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} {expected}");
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

/// The oracle's `percentile`.
fn percentile(sorted: &[f64], q: f64) -> Option<f64> {
    let x = q * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (x as usize, (x as usize + 1).min(sorted.len() - 1));
    Some(sorted[low] + (sorted[high] - sorted[low]) * (x - low as f64))
}

/// The oracle's `answered`, and the order of the groups.
#[tokio::test]
async fn response_times_are_the_oracles() {
    let waits = waits(77);
    let context = session(&clocks(), vec![("waits", waits_table(&waits))]);
    let found = kpi(&context, "first_response_time", &["channel"], Grain::Day, None).await;
    let mut channels = CHANNELS;
    channels.sort_unstable();
    assert_eq!(found.num_rows(), DAYS as usize * channels.len());
    let target_us = 600_000_000;
    for row in 0..found.num_rows() {
        let (day, channel) = ((row / channels.len()) as i64, channels[row % channels.len()]);
        assert_eq!(text(&found, "bucket", row), Some(format!("2025-03-{:02}", day + 3).as_str()));
        assert_eq!(text(&found, "channel", row), channel);
        let group: Vec<&Wait> = waits
            .iter()
            .filter(|w| w.is_first && w.channel == channel && (w.opened_us - first_us()) / DAY_US == day)
            .collect();
        let replied: Vec<i64> = group.iter().filter_map(|w| w.wait_us).collect();
        let ages = || group.iter().filter(|w| w.end == "open").map(|w| as_of_us() - w.opened_us);
        let ended = |end: &str| group.iter().filter(|w| w.end == end).count() as i64;
        let met = replied.iter().filter(|&&us| us <= target_us).count() as i64;
        let breached = replied.len() as i64 - met
            + ended("abandoned")
            + ages().filter(|&age_us| age_us > target_us).count() as i64;
        let mut seconds: Vec<f64> = replied.iter().map(|&us| us as f64 / 1e6).collect();
        seconds.sort_by(f64::total_cmp);
        let mean = (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64);
        for (name, expected) in [
            ("n", replied.len() as i64),
            ("n_open", ended("open")),
            ("n_closed_unanswered", ended("closed")),
            ("n_opted_out", ended("opted_out")),
            ("n_abandoned", ended("abandoned")),
            ("n_within_target", met),
            ("n_breached", breached),
        ] {
            assert_eq!(integer(&found, name, row), Some(expected), "{name} {day} {channel:?}");
        }
        near(float(&found, "mean_s", row), mean, "mean_s");
        near(float(&found, "p50_s", row), percentile(&seconds, 0.5), "p50_s");
        near(float(&found, "p90_s", row), percentile(&seconds, 0.9), "p90_s");
        near(float(&found, "p95_s", row), percentile(&seconds, 0.95), "p95_s");
        near(float(&found, "max_s", row), seconds.last().copied(), "max_s");
        let within = (met + breached > 0).then(|| met as f64 / (met + breached) as f64);
        near(float(&found, "within_target", row), within, "within_target");
    }
}

#[tokio::test]
async fn the_longest_wait_and_the_oldest_open_one() {
    let waits = waits(78);
    let context = session(&clocks(), vec![("waits", waits_table(&waits))]);
    let found =
        kpi(&context, "longest_wait_time", &[], Grain::Total, Some("channel = 'sms' AND day_of_week < 4")).await;
    let group = || {
        let day = |w: &Wait| (w.opened_us - first_us()) / DAY_US;
        waits.iter().enumerate().filter(move |(_, w)| w.channel == Some("sms") && day(w) < 3)
    };
    let (at, longest) =
        group().filter(|(_, w)| w.wait_us.is_some()).max_by_key(|(_, w)| (w.wait_us, -w.opened_us)).unwrap();
    let oldest_us = group().filter(|(_, w)| w.end == "open").map(|(_, w)| as_of_us() - w.opened_us).max().unwrap();
    assert_eq!((found.num_rows(), text(&found, "bucket", 0)), (1, Some("total")));
    assert_eq!(float(&found, "max_s", 0), longest.wait_us.map(|us| us as f64 / 1e6));
    assert_eq!(text(&found, "conversation_id", 0), Some(format!("c{at:03}").as_str()));
    let opened_at = found.column_by_name("opened_at").unwrap().as_primitive::<TimestampMicrosecondType>();
    assert_eq!(opened_at.value(0), longest.opened_us);
    assert_eq!(float(&found, "oldest_open_s", 0), Some(oldest_us as f64 / 1e6));
    assert!(found.column_by_name("provisional").unwrap().as_boolean().value(0));
}

#[tokio::test]
async fn a_total_of_nothing_is_one_row() {
    let context = session(&clocks(), vec![("waits", waits_table(&[]))]);
    let found = kpi(&context, "average_response_time", &[], Grain::Total, None).await;
    assert_eq!(found.num_rows(), 1);
    assert_eq!((integer(&found, "n", 0), integer(&found, "n_open", 0)), (Some(0), Some(0)));
    assert_eq!((float(&found, "mean_s", 0), float(&found, "within_target", 0)), (None, None));
    assert!(!found.column_by_name("provisional").unwrap().as_boolean().value(0));
}

/// Source, conversation, contact, channel, time, kind.
type Message = (&'static str, String, Option<&'static str>, Option<&'static str>, i64, &'static str);

fn messages(seed: u64) -> Vec<Message> {
    let mut random = Random(seed);
    (0..1_500)
        .map(|_| {
            (
                random.of(&["a", "b"]),
                format!("conversation-{}", random.below(40)),
                random.of(&[Some("u1"), Some("u2"), Some("a-contact-with-a-long-name"), None]),
                random.of(&CHANNELS),
                first_us() + random.below((DAYS * 24 - 12) as usize * 3_600) as i64 * 1_000_000,
                random.of(&["question", "question", "answer", "bot", "other"]),
            )
        })
        .collect()
}

fn messages_table(messages: &[Message]) -> RecordBatch {
    let columns: [(&str, ArrayRef); 6] = [
        ("source", texts(messages.iter().map(|m| Some(m.0)))),
        ("conversation_id", texts(messages.iter().map(|m| Some(m.1.as_str())))),
        ("contact_id", texts(messages.iter().map(|m| m.2))),
        ("channel", texts(messages.iter().map(|m| m.3))),
        ("occurred_at", instants(messages.iter().map(|m| m.4))),
        ("kind", texts(messages.iter().map(|m| Some(m.5)))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[tokio::test]
async fn inbound_volume_counts_pairs() {
    let messages = messages(79);
    let context = session(&clocks(), vec![("messages", messages_table(&messages))]);
    let found = kpi(&context, "inbound_message_volume", &["hour_of_day"], Grain::Total, None).await;
    assert_eq!(found.num_rows(), 24);
    for hour in 0..24 {
        let group: Vec<&Message> =
            messages.iter().filter(|m| m.5 == "question" && (m.4 / HOUR_US) % 24 == hour as i64).collect();
        let conversations: HashSet<(&str, &str)> = group.iter().map(|m| (m.0, m.1.as_str())).collect();
        let contacts: HashSet<(&str, &str)> = group.iter().filter_map(|m| Some((m.0, m.2?))).collect();
        for (name, expected) in
            [("messages", group.len()), ("conversations", conversations.len()), ("contacts", contacts.len())]
        {
            assert_eq!(integer(&found, name, hour), Some(expected as i64), "{name} {hour}");
        }
    }
}

#[tokio::test]
async fn shares_are_of_the_bucket() {
    let messages: Vec<Message> =
        messages(80).into_iter().filter(|m| m.4 < first_us() + DAY_US || m.3 == Some("sms")).collect();
    let context = session(&clocks(), vec![("messages", messages_table(&messages))]);
    let found = kpi(&context, "message_volume_by_channel", &["channel"], Grain::Day, None).await;
    let mut of_bucket: BTreeMap<String, f64> = BTreeMap::new();
    for row in 0..found.num_rows() {
        let counts = ["inbound", "agent", "bot"].map(|name| integer(&found, name, row).unwrap());
        let day = text(&found, "bucket", row).unwrap().to_owned();
        if day != "2025-03-03" {
            // The other channels have nothing there: no part of what there is, which is not the same as unknown.
            let sms = text(&found, "channel", row) == Some("sms");
            assert_eq!(float(&found, "share", row), Some(if sms { 1.0 } else { 0.0 }));
            assert_eq!(sms, counts.iter().sum::<i64>() > 0);
        }
        *of_bucket.entry(day).or_default() += float(&found, "share", row).unwrap();
    }
    assert_eq!(of_bucket.len(), DAYS as usize);
    for (day, sum) in of_bucket {
        near(Some(sum), Some(1.0), &day);
    }
}

/// The table `message_cells`: some cells have two rows.
fn cells_table(messages: &[Message]) -> RecordBatch {
    let mut cells: BTreeMap<(i64, &str, Option<&str>, bool), [i64; 3]> = BTreeMap::new();
    for (number, m) in messages.iter().enumerate() {
        let counts = cells.entry((m.4 - m.4.rem_euclid(HOUR_US / 4), m.0, m.3, number % 3 == 0)).or_default();
        match m.5 {
            "question" => counts[0] += 1,
            "answer" => counts[1] += 1,
            "bot" => counts[2] += 1,
            _ => {}
        }
    }
    RecordBatch::try_from_iter([
        ("cell_start", instants(cells.keys().map(|key| key.0))),
        ("source", texts(cells.keys().map(|key| Some(key.1)))),
        ("channel", texts(cells.keys().map(|key| key.2))),
        ("questions", numbers(cells.values().map(|counts| Some(counts[0])))),
        ("answers", numbers(cells.values().map(|counts| Some(counts[1])))),
        ("bots", numbers(cells.values().map(|counts| Some(counts[2])))),
    ])
    .unwrap()
}

#[tokio::test]
async fn a_rollup_gives_what_the_messages_give() {
    for (seed, few) in [(81, false), (82, true)] {
        let mut messages = messages(seed);
        if few {
            // Channels and hours that have other messages only are no groups of questions.
            messages.retain(|m| m.5 != "question" || m.3 == Some("sms"));
        }
        let tables = vec![("messages", messages_table(&messages)), ("message_cells", cells_table(&messages))];
        let context = session(&clocks(), tables);
        let kpis: [(&str, &[&str]); 2] =
            [("inbound_message_volume", &["messages"]), ("message_volume_by_channel", &[])];
        let groupings: [&[&str]; 4] = [&[], &["channel"], &["source", "channel"], &["day_of_week", "hour_of_day"]];
        for (name, measures) in kpis {
            for by in groupings {
                for grain in [Grain::Total, Grain::Hour, Grain::Day, Grain::Month] {
                    let base = answer(&context, name, by, grain, None, measures, false).await;
                    let rollup = answer(&context, name, by, grain, None, measures, true).await;
                    assert_eq!(rollup, base, "{name} by {by:?}, {grain}");
                }
            }
        }
    }
    let context = session(&clocks(), vec![("messages", messages_table(&[])), ("message_cells", cells_table(&[]))]);
    for rollup in [false, true] {
        let found = answer(&context, "inbound_message_volume", &[], Grain::Total, None, &["messages"], rollup).await;
        assert_eq!((found.num_rows(), integer(&found, "messages", 0)), (1, Some(0)));
    }
}

#[tokio::test]
async fn some_measures_are_those_of_all() {
    let context = session(&clocks(), vec![("waits", waits_table(&waits(83)))]);
    let name = "average_response_time";
    let all = kpi(&context, name, &["channel"], Grain::Day, None).await;
    let some = answer(&context, name, &["channel"], Grain::Day, None, &["within_target", "p90_s"], false).await;
    let names: Vec<&str> = some.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["bucket", "channel", "p90_s", "within_target", "provisional"]);
    for name in names {
        assert_eq!(some.column_by_name(name), all.column_by_name(name), "{name}");
    }
}
