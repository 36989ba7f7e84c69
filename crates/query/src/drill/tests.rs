use tapemeasure_model::zone::Grain;

use super::request::{DrillOrder, DrillRequest};
use super::result::Listed;
use super::rows::Rows;
use super::seek::Sought;
use super::{Texts, cell, contacts};
use crate::definitions::columns::schema_of;
use crate::definitions::{Definitions, Kind, Selection};
use crate::error::QueryError;
use crate::plan::Hours;
use crate::plan::period::Asked;
use crate::plan::sql::Query;

/// What is asked of a KPI, with the rest as it mostly is.
struct Case<'a> {
    kpi: &'a str,
    measure: Option<&'a str>,
    by: &'a [&'a str],
    conditions: &'a [&'a str],
    filter: Option<&'a str>,
    listed: Listed,
    order: DrillOrder,
}

const LONGEST: Case<'static> = Case {
    kpi: "longest_wait_time",
    measure: None,
    by: &[],
    conditions: &[],
    filter: None,
    listed: Listed::Waits,
    order: DrillOrder::Longest,
};

fn texts(case: &Case<'_>) -> Texts {
    let definitions = Definitions::built_in();
    let definition = definitions.get(case.kpi).unwrap();
    let by: Vec<String> = case.by.iter().map(|&name| name.to_owned()).collect();
    let named = case.measure.map(|name| vec![name.to_owned()]);
    let measures = Selection::new(definition, named.as_deref()).unwrap();
    let query = Query {
        definition,
        measures: Selection::new(definition, None).unwrap(),
        by: &by,
        asked: Asked { grain: Grain::Total, since_us: Some(0), until_us: None, as_of_us: 1_000_000, first_us: Some(0) },
        filter: case.filter,
        target: definition.target.map(|_| "600000000".to_owned()),
        table: &definition.table,
        time_nullable: false,
        rollup: None,
        hours: Hours::Elapsed,
    };
    let conditions: Vec<String> = case.conditions.iter().map(|&condition| condition.to_owned()).collect();
    if let Kind::Stock(stock) = &definition.kind {
        let request = DrillRequest { measure: case.measure.map(str::to_owned), ..DrillRequest::new(case.kpi) };
        return contacts::texts(&query, stock, &measures, &conditions, &request);
    }
    let schema = schema_of(&definition.table).unwrap();
    let (listed, order) = (case.listed, case.order);
    Rows { query: &query, measures: &measures, schema: &schema, conditions, listed, order, limit: 7 }.texts()
}

#[test]
fn a_wait_comes_with_its_clock() {
    let found = texts(&Case { conditions: &["channel = 'sms'"], filter: Some("team = 'x' -- mine"), ..LONGEST });
    assert_eq!(
        found.rows,
        "WITH base AS (
  SELECT
    *
  FROM waits
  WHERE opened_at >= instant('1970-01-01T00:00:00.000000Z')
),
cell AS (
  SELECT
    *
  FROM base
  WHERE (channel = 'sms')
    AND (
      team = 'x' -- mine
    )
)
SELECT
  source,
  conversation_id,
  contact_id,
  channel,
  team,
  topic,
  agent_id,
  is_first,
  opened_at,
  CAST(NULL AS VARCHAR) AS opening_event_id,
  ended_at,
  end_reason,
  CAST(NULL AS VARCHAR) AS ending_event_id,
  CAST(wait_us AS DOUBLE) / 1000000 AS wait_s,
  CASE WHEN end_reason = 'open' THEN CAST(elapsed_us(opened_at, instant('1970-01-01T00:00:01.000000Z')) AS DOUBLE) / \
         1000000 END AS open_s,
  CAST(NULL AS BOOLEAN) AS within_target,
  wait_us IS NOT NULL AS counted,
  CASE
    WHEN end_reason = 'open' THEN 'open'
    WHEN end_reason = 'closed' THEN 'closed unanswered'
    WHEN end_reason = 'opted_out' THEN 'opted out'
    WHEN end_reason = 'abandoned' THEN 'abandoned'
  END AS not_counted_because
FROM cell
ORDER BY wait_us DESC NULLS LAST, opened_at, source, conversation_id
LIMIT 7"
    );
    assert_eq!(found.sought, Sought::Waits);
}

#[test]
fn rows_are_held_against_the_target_where_measures_are() {
    let found = texts(&Case { kpi: "first_response_time", order: DrillOrder::Time, ..LONGEST });
    assert!(found.rows.contains("    600000000 AS target_us\n  FROM waits\n  WHERE (is_first)\n"), "{}", found.rows);
    assert!(found.rows.contains("WHEN end_reason = 'replied' THEN wait_us <= target_us\n"), "{}", found.rows);
    assert!(found.rows.ends_with("ORDER BY opened_at NULLS LAST, source, conversation_id\nLIMIT 7"), "{}", found.rows);
}

#[test]
fn totals_have_the_measures_that_a_cell_has_by_itself() {
    let found = texts(&Case { kpi: "message_volume_by_channel", listed: Listed::Conversations, ..LONGEST });
    assert_eq!(
        found.totals,
        "WITH base AS (
  SELECT
    *
  FROM messages
  WHERE (kind IN ('question', 'answer', 'bot'))
    AND occurred_at >= instant('1970-01-01T00:00:00.000000Z')
),
cell AS (
  SELECT
    *
  FROM base
),
grouped AS (
  SELECT
    0 AS bucket,
    count(*) FILTER (WHERE kind = 'question') AS inbound,
    count(*) FILTER (WHERE kind = 'answer') AS agent,
    count(*) FILTER (WHERE kind = 'bot') AS bot,
    count(*) AS drill_counted_rows
  FROM cell
)
SELECT
  (SELECT count(*) FROM (SELECT source, conversation_id FROM cell GROUP BY source, conversation_id)) AS drill_rows,
  drill_counted_rows AS drill_messages,
  inbound,
  agent,
  bot
FROM grouped"
    );
    let Sought::Messages { cell } = &found.sought else {
        unreachable!("conversations have a first and a last message")
    };
    assert!(cell.ends_with("END AS act\nFROM cell\nWHERE "), "{cell}");
}

#[test]
fn lengths_are_added_up_in_two_parts() {
    let found = texts(&Case { kpi: "average_response_time", measure: Some("mean_s"), ..LONGEST });
    assert!(
        found.totals.ends_with(
            "grouped AS (
  SELECT
    0 AS bucket,
    mean_s(wait_us) AS mean_s,
    count(*) AS drill_counted_rows,
    count(wait_us) AS drill_counted,
    sum(wait_us / 1000000) AS drill_sum_s,
    sum(wait_us % 1000000) AS drill_sum_rest_us,
    count(*) FILTER (WHERE end_reason = 'open') AS drill_left_out_0,
    count(*) FILTER (WHERE end_reason = 'closed') AS drill_left_out_1,
    count(*) FILTER (WHERE end_reason = 'opted_out') AS drill_left_out_2,
    count(*) FILTER (WHERE end_reason = 'abandoned') AS drill_left_out_3
  FROM cell
)
SELECT
  drill_counted_rows AS drill_rows,
  drill_counted,
  drill_sum_s,
  drill_sum_rest_us,
  drill_left_out_0,
  drill_left_out_1,
  drill_left_out_2,
  drill_left_out_3,
  mean_s
FROM grouped"
        ),
        "{}",
        found.totals
    );
}

#[test]
fn messages_and_changes_have_their_columns_but_no_texts() {
    let found = texts(&Case { kpi: "inbound_message_volume", listed: Listed::Messages, ..LONGEST });
    assert!(found.rows.contains("\nSELECT\n  source,\n  event_id,\n  occurred_at,\n  kind,\n"), "{}", found.rows);
    assert!(found.rows.contains("\nORDER BY occurred_at NULLS LAST, source, event_id,"), "{}", found.rows);
    assert!(!found.rows.contains("body"), "{}", found.rows);
    assert_eq!(found.sought, Sought::Nothing);
}

#[test]
fn a_measure_of_a_stock_lists_the_contacts_that_it_is_made_of() {
    let case = |measure| Case { kpi: "unsubscribed_contacts", measure, ..LONGEST };
    let out = "SELECT source, contact_id, last_changed_at AS at FROM states WHERE is_out";
    let went_out = "SELECT source, contact_id, last_changed_at AS at FROM states WHERE went_out";
    let reached = "SELECT source, contact_id, first_at AS at FROM reached";
    for (measure, there, absent) in [
        (None, &[out, went_out][..], &[reached][..]),
        (Some("newly_unsubscribed"), &[went_out][..], &[out, reached][..]),
        (Some("unsubscribe_rate"), &[went_out, reached][..], &[out][..]),
    ] {
        let found = texts(&case(measure));
        for text in there {
            assert!(found.rows.contains(text) && found.totals.contains(text), "{measure:?} {}", found.rows);
        }
        for text in absent {
            assert!(!found.rows.contains(text) && !found.totals.contains(text), "{measure:?} {}", found.rows);
        }
        assert_eq!((found.listed, &found.sought), (Listed::Contacts, &Sought::Nothing));
    }
}

#[test]
fn an_opt_in_is_of_the_cell_whose_opt_out_it_ends() {
    let found = texts(&Case {
        kpi: "unsubscribed_contacts",
        by: &["channel"],
        conditions: &["channel = 'sms'"],
        filter: Some("source = 'a'"),
        ..LONGEST
    });
    assert!(found.rows.contains("coalesce((channel = 'sms') AND (\n      source = 'a'\n    ), false) AS in_cell"));
    assert!(
        found.rows.contains("ELSE lag(in_cell) OVER (PARTITION BY source, contact_id, channel ORDER BY changed_at,")
    );
}

#[test]
fn values_of_a_cell_are_conditions() {
    let definitions = Definitions::built_in();
    let definition = definitions.get("average_response_time").unwrap();
    let schema = schema_of("waits").unwrap();
    let of = |dimension: &str, value: Option<&str>| {
        cell::conditions(definition, &schema, &[(dimension.to_owned(), value.map(str::to_owned))])
    };
    assert_eq!(of("channel", Some("o'neill")).unwrap(), ["channel = 'o''neill'"]);
    assert_eq!(of("topic", None).unwrap(), ["topic IS NULL"]);
    assert_eq!(of("hour_of_day", Some("07")).unwrap(), ["hour_of_day = 7"]);
    assert_eq!(of("hour_of_day", Some("0")).unwrap(), ["hour_of_day = 0"]);
    assert_eq!(of("day_of_week", Some("7")).unwrap(), ["day_of_week = 7"]);
    for (dimension, no) in [("hour_of_day", "24"), ("hour_of_day", "-1"), ("day_of_week", "0"), ("day_of_week", "8")] {
        assert!(matches!(of(dimension, Some(no)), Err(QueryError::BadCell { .. })), "{dimension} {no}");
    }
    assert_eq!(
        of("day_of_week", Some("monday")).unwrap_err().to_string(),
        "day_of_week of average_response_time cannot be \"monday\"; write a whole number, as `tape kpi --by day_of_week` \
         prints it"
    );
}
