//! `kpi(...)` over tables in memory: the rows that the KPI gives, and what is wrong with calls.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use tapemeasure_model::instant::parse_instant;
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{Grain, WeekStart, Zone};
use tokio::sync::RwLock;

use super::*;
use crate::definitions::Definitions;
use crate::functions::local_time::Clocks;
use crate::plan::{KpiRequest, gather};
use crate::testing::{flags, instants, numbers, session, texts};

/// Four first waits of two days and two channels, in Berlin: 23:30 UTC is the next day there.
fn waits() -> RecordBatch {
    let opened = ["2025-03-03T09:00:00Z", "2025-03-03T23:30:00Z", "2025-03-04T09:00:00Z", "2025-03-04T10:00:00Z"];
    let channels = ["sms", "sms", "email", "sms"].map(Some);
    RecordBatch::try_from_iter([
        ("source", texts([Some("s"); 4].into_iter())),
        ("conversation_id", texts(["a", "b", "c", "d"].into_iter().map(Some))),
        ("contact_id", texts(["u", "v", "w", "x"].into_iter().map(Some))),
        ("channel", texts(channels.into_iter())),
        ("team", texts([None; 4].into_iter())),
        ("topic", texts([None; 4].into_iter())),
        ("agent_id", texts([None; 4].into_iter())),
        ("opened_at", instants(opened.iter().map(|text| parse_instant(text).unwrap()))),
        ("end_reason", texts(["replied", "replied", "replied", "closed"].into_iter().map(Some))),
        ("is_first", flags([Some(true); 4].into_iter())),
        ("wait_us", numbers([Some(60_000_000), Some(90_000_000), Some(30_000_000), None].into_iter())),
    ])
    .unwrap()
}

fn kpis() -> Arc<Kpis> {
    let (first_us, as_of_us) =
        (parse_instant("2025-03-03T09:00:00Z").unwrap(), parse_instant("2025-03-05T12:00:00Z").unwrap());
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let clocks = Arc::new(Clocks::new(berlin, WeekStart::Monday, (first_us, as_of_us)));
    let kpis = Arc::new(Kpis {
        context: session(&clocks, vec![("waits", waits())]),
        definitions: Definitions::built_in(),
        settings: Settings::default(),
        clocks,
        as_of_us,
        first_us: Some(first_us),
        has_closes: true,
        loaded: RwLock::new(None),
    });
    register(&kpis).unwrap();
    kpis
}

async fn rows(kpis: &Kpis, sql: &str) -> Result<RecordBatch, QueryError> {
    let frame = kpis.context.sql(sql).await.map_err(QueryError::of_user)?;
    gather(frame).await.map_err(QueryError::of_user)
}

async fn fault(sql: &str) -> String {
    rows(&kpis(), sql).await.map(|rows| format!("{rows:?}")).unwrap_err().to_string()
}

#[tokio::test]
async fn rows_are_those_of_the_kpi() {
    let kpis = kpis();
    for (call, request) in [
        ("kpi('first_response_time')", KpiRequest::new("first_response_time")),
        (
            "kpi('first_response_time', 'day', 'channel')",
            KpiRequest {
                grain: Grain::Day,
                by: Some(vec!["channel".to_owned()]),
                ..KpiRequest::new("first_response_time")
            },
        ),
        (
            "KPI('average_response_time', grain => 'hour', BY => '', filter => 'channel = ''sms''', sparse => true)",
            KpiRequest {
                grain: Grain::Hour,
                by: Some(Vec::new()),
                filter: Some("channel = 'sms'".to_owned()),
                fill: false,
                ..KpiRequest::new("average_response_time")
            },
        ),
        (
            "kpi('longest_wait_time', 'day', since => '2025-03-04', until => '2025-03-05', by => 'day_of_week, channel')",
            KpiRequest {
                grain: Grain::Day,
                by: Some(vec!["day_of_week".to_owned(), "channel".to_owned()]),
                since_us: Some(parse_instant("2025-03-03T23:00:00Z").unwrap()),
                until_us: Some(parse_instant("2025-03-04T23:00:00Z").unwrap()),
                ..KpiRequest::new("longest_wait_time")
            },
        ),
        (
            "kpi('first_response_time', 'day', since => 'yesterday')",
            KpiRequest {
                grain: Grain::Day,
                since_us: Some(parse_instant("2025-03-03T23:00:00Z").unwrap()),
                until_us: Some(parse_instant("2025-03-04T23:00:00Z").unwrap()),
                ..KpiRequest::new("first_response_time")
            },
        ),
        (
            "kpi('first_response_time', NULL, '', instant('2025-03-03T10:00:00Z'), DATE '2025-03-05', NULL, '1m')",
            KpiRequest {
                by: Some(Vec::new()),
                since_us: Some(parse_instant("2025-03-03T10:00:00Z").unwrap()),
                until_us: Some(parse_instant("2025-03-04T23:00:00Z").unwrap()),
                target_us: Some(60_000_000),
                ..KpiRequest::new("first_response_time")
            },
        ),
    ] {
        let expected = kpis.answer(&request).await.unwrap().batch;
        let found = rows(&kpis, &format!("SELECT * FROM {call}")).await.unwrap();
        assert_eq!(found.schema().fields().len(), expected.schema().fields().len(), "{call}");
        for (at, field) in expected.schema().fields().iter().enumerate() {
            assert_eq!(found.schema().field(at).name(), field.name(), "{call}");
            assert_eq!(found.column(at), expected.column(at), "{call}: {}", field.name());
        }
    }
}

#[tokio::test]
async fn a_view_is_the_kpi_by_day() {
    let kpis = kpis();
    let view = rows(&kpis, "SELECT * FROM kpi_first_response_time").await.unwrap();
    let call = rows(&kpis, "SELECT * FROM kpi('first_response_time', 'day')").await.unwrap();
    assert_eq!(view, call);
    let names = kpis.context.catalog("datafusion").unwrap().schema("public").unwrap().table_names();
    assert!(names.contains(&"waits".to_owned()) && names.contains(&"kpi_first_response_time".to_owned()));
    // The views are no part of a schema that could lose them.
    let error = rows(&kpis, "DROP VIEW kpi_first_response_time").await.unwrap_err().to_string();
    assert_eq!(error, "bad query: View 'kpi_first_response_time' doesn't exist");
    assert_eq!(rows(&kpis, "SELECT * FROM kpi_first_response_time").await.unwrap(), call);
}

#[tokio::test]
async fn the_rows_can_be_worked_with() {
    let kpis = kpis();
    let days = "SELECT a.bucket, b.n AS n FROM kpi('first_response_time', 'day', '') AS a \
                JOIN kpi_first_response_time AS b ON a.bucket = b.bucket WHERE a.n > 0 ORDER BY a.bucket";
    let found = rows(&kpis, days).await.unwrap();
    let n: Vec<i64> = found.column(1).as_primitive::<Int64Type>().values().to_vec();
    // Berlin: the first wait on 3 March; of the other three one has no answer.
    assert_eq!(n, [1, 2]);
    let count = rows(&kpis, "SELECT count(*) FROM kpi('first_response_time', 'day', '')").await.unwrap();
    assert_eq!(count.column(0).as_primitive::<Int64Type>().value(0), 3);
    // Only what is read is worked out, and the queries are part of the plan.
    let plan = rows(&kpis, "EXPLAIN SELECT max_s FROM kpi('first_response_time', 'day', '')").await.unwrap();
    let plan = plan.column(1).as_string::<i32>().iter().flatten().collect::<Vec<_>>().join("\n");
    assert!(plan.contains("KpiExec: name=first_response_time, grain=day"), "{plan}");
    assert!(plan.contains("max(") && !plan.contains("percentiles_s"), "{plan}");
}

#[tokio::test]
async fn nothing_registered_keeps_the_kpis_alive() {
    let kpis = kpis();
    rows(&kpis, "CREATE VIEW mine AS SELECT * FROM kpi('first_response_time', 'week')").await.unwrap();
    assert_eq!(rows(&kpis, "SELECT * FROM mine").await.unwrap().num_rows(), 1);
    let weak = Arc::downgrade(&kpis);
    drop(kpis);
    assert!(weak.upgrade().is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said() {
    for (call, expected) in [
        ("kpi()", "kpi(): it wants the name of a KPI first, such as kpi('first_response_time', 'week')"),
        ("kpi('frist_response_time')", "unknown KPI \"frist_response_time\"; did you mean first_response_time?"),
        ("kpi('first_response_time', 'weak')", "unknown grain \"weak\"; did you mean week? known are total, hour, day"),
        (
            "kpi('first_response_time', 'week', 'chanel')",
            "unknown dimension \"chanel\" of first_response_time; did you mean channel?",
        ),
        ("kpi('first_response_time', 'week', 'channel,channel')", "dimension \"channel\" is given twice"),
        (
            "kpi('first_response_time', '', '', '', '', '', '', '', false, 1)",
            "kpi(): 10 arguments are too many; it takes name, grain, by",
        ),
        ("kpi('first_response_time', 7)", "kpi(): grain must be a text in single quotes, not 7"),
        ("kpi('first_response_time', sparse => 'no')", "kpi(): sparse must be true or false, not no"),
        (
            "kpi(first_response_time)",
            "kpi(): first_response_time is no constant; write 'first_response_time' in single",
        ),
        ("kpi('first_response_time', $grain)", "kpi(): $grain is a parameter, and the columns depend on it"),
        ("kpi('first_response_time', random())", "kpi(): grain must be a constant"),
        (
            "kpi('first_response_time', grain = 'week')",
            "kpi(): grain = 'week' is a comparison; name an argument by grain =>",
        ),
        ("kpi('first_response_time', grian => 'week')", "kpi(): no argument \"grian\"; did you mean grain?"),
        ("kpi('first_response_time', grain => 'week', 'sms')", "kpi(): 'sms' comes after a named argument"),
        ("kpi('first_response_time', 'week', grain => 'day')", "kpi(): grain is given twice"),
        (
            "kpi('first_response_time', since => 'soon')",
            "kpi(): since \"soon\" is no time that is known here; write an RFC 3339 time",
        ),
        ("kpi('first_response_time', since => '2025-02-30')", "kpi(): since \"2025-02-30\" is no time"),
        ("kpi('first_response_time', since => 7)", "kpi(): since 7 is no time; write a text such as '2025-03-01'"),
        (
            "kpi('first_response_time', since => '2025-03-05', until => '2025-03-04')",
            "the period from 2025-03-04T23:00:00.000000Z to 2025-03-03T23:00:00.000000Z is empty",
        ),
        ("kpi('first_response_time', target => 'ten')", "kpi(): target \"ten\" is no duration"),
        (
            "kpi('first_response_time', hours => 'office')",
            "kpi(): hours \"office\" are none; write 'elapsed' or 'business'",
        ),
        ("kpi('first_response_time', filter => 'chanel = 1')", "bad condition \"chanel = 1\" for first_response_time"),
        (
            "LATERAL kpi('first_response_time', grain => 'week')",
            "the names of arguments after LATERAL would have no effect",
        ),
        ("LATERAL generate_series(start => 1, stop => 2)", "the names of arguments after LATERAL would have no effect"),
        ("waits TABLESAMPLE (10 PERCENT)", "TABLESAMPLE would have no effect here; leave it out"),
        ("generate_series(1, 3) WITH ORDINALITY", "WITH ORDINALITY would have no effect here"),
        ("functions(1)", "functions(): it takes no arguments; write functions()"),
    ] {
        let found = fault(&format!("SELECT * FROM {call}")).await;
        assert!(found.starts_with(expected), "{call}: {found}");
    }
}

#[tokio::test]
async fn the_list_of_functions_is_a_table() {
    let found = rows(&kpis(), "SELECT name FROM functions() WHERE kind = 'table' ORDER BY name").await.unwrap();
    let names: Vec<Option<&str>> = found.column(0).as_string::<i32>().iter().collect();
    assert_eq!(names, [Some("functions"), Some("kpi")]);
}
