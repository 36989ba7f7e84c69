use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{Grain, Zone};

use super::reads::Reading;
use super::{settings, words};
use crate::definitions::Definitions;
use crate::plan::KpiRequest;

#[test]
fn every_row_has_one_place() {
    let measures = [("n".to_owned(), Some("(wait_us) IS NOT NULL".to_owned())), ("messages".to_owned(), None)];
    let reading = Reading {
        table: "waits",
        from: "waits".to_owned(),
        time: "opened_at",
        wanted: "rows",
        since_us: Some(0),
        until_us: Some(1_000_000),
        conditions: vec!["is_first".to_owned(), "channel = 'sms'".to_owned()],
        filter: Some("team = 'x' -- mine"),
        derived: vec!["600000000 AS target_us".to_owned()],
        measures: &measures,
    };
    assert_eq!(
        reading.text(),
        "WITH rows_read AS (
  SELECT
    *,
    600000000 AS target_us
  FROM waits
),
placed AS (
  SELECT
    *,
    CASE
      WHEN opened_at IS NULL THEN -2
      WHEN opened_at < instant('1970-01-01T00:00:00.000000Z') THEN -1
      WHEN opened_at >= instant('1970-01-01T00:00:01.000000Z') THEN -1
      WHEN (is_first) IS NOT TRUE THEN 1
      WHEN (channel = 'sms') IS NOT TRUE THEN 2
      WHEN (
        team = 'x' -- mine
      ) IS NOT TRUE THEN 3
      ELSE 0
    END AS explained_place
  FROM rows_read
)
SELECT
  explained_place,
  CASE explained_place WHEN 0 THEN
    CASE
      WHEN end_reason = 'open' THEN 'open'
      WHEN end_reason = 'closed' THEN 'closed unanswered'
      WHEN end_reason = 'opted_out' THEN 'opted out'
      WHEN end_reason = 'abandoned' THEN 'abandoned'
    END
  END AS detail,
  CAST(count(*) AS BIGINT) AS n_rows,
  count(*) FILTER (WHERE (wait_us) IS NOT NULL) AS n_counted_0,
  count(*) AS n_counted_1
FROM placed
GROUP BY 1, 2"
    );
}

#[test]
fn only_settings_that_change_a_number_matter() {
    let mut set = Settings::default();
    set.sources.entry("zendesk".to_owned()).or_default().session_gap_us = Some(Some(86_400_000_000));
    set.sources.entry("zendesk".to_owned()).or_default().targets.resolution_us = Some(1_000_000);
    set.channels.entry("email".to_owned()).or_default().response_us = Some(3_600_000_000);
    let definitions = Definitions::built_in();
    let keys = |name: &str, grain: Grain| -> Vec<String> {
        let request = KpiRequest { grain, ..KpiRequest::new(name) };
        let found = settings::that_matter(definitions.get(name).unwrap(), &request, &set, &Zone::UTC);
        found.into_iter().map(|setting| format!("{}={}", setting.key, setting.value)).collect()
    };
    let rules = ["time_zone=UTC", "session_gap=never", "abandon_after=never", "bots=ignore"];
    assert_eq!(
        keys("average_response_time", Grain::Day),
        [&rules[..], &["targets.response=10m", "source.zendesk.session_gap=1d", "channel.email.targets.response=1h"]]
            .concat()
    );
    assert_eq!(
        keys("longest_wait_time", Grain::Week),
        [&rules[..], &["week_start=monday", "source.zendesk.session_gap=1d"]].concat()
    );
    assert_eq!(keys("inbound_message_volume", Grain::Total), ["time_zone=UTC"]);
}

#[test]
fn the_hash_is_that_of_the_settings_alone() {
    let of = |name: &str, set: &Settings| {
        let definitions = Definitions::built_in();
        let found = settings::that_matter(definitions.get(name).unwrap(), &KpiRequest::new(name), set, &Zone::UTC);
        settings::hash(&found)
    };
    let plain = Settings::default();
    let mut other = Settings::default();
    other.targets.resolution_us = 1;
    assert_eq!(of("average_response_time", &plain).len(), 16);
    assert_eq!(of("average_response_time", &plain), of("average_response_time", &other));
    assert_ne!(of("resolution_time", &plain), of("resolution_time", &other));
}

#[test]
fn definitions_are_told_in_words() {
    let definitions = Definitions::built_in();
    let told = |name: &str| words::of_definition(definitions.get(name).unwrap());
    assert_eq!(
        told("first_response_time")[..3],
        [
            "Each row is a wait: from a question of a customer to its answer, or to what else ended it.",
            "Only rows for which `is_first` (the first wait of a session that the customer began) holds.",
            "A row counts whole at opened_at: when the question came that opened the wait. The end of a period lies \
             outside of it.",
        ]
    );
    assert_eq!(
        told("first_response_time")[4],
        "Rows are held against a target: the setting targets.first_response, per channel and source; the first that fits \
         holds."
    );
    assert_eq!(words::left_out_by("private IS NOT TRUE"), "notes");
    assert_eq!(words::left_out_by("a  =\n 1"), "`a = 1` does not hold");
}
