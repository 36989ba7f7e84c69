//! What a file may say, and what is said about one that says something else.

use super::*;

const SOUND: &str = r#"name = "answers"
title = "Answers"
description = "Answers."
table = "messages"
time = "occurred_at"
unit = "messages"
better = "higher"

[[measures]]
name = "answers"
sql = "count(*) FILTER (WHERE kind = 'answer')"
"#;

const WAITS: &str = r#"name = "own_waits"
title = "Waits"
description = "Waits."
table = "waits"
time = "opened_at"
unit = "seconds"
better = "lower"
target = "response"

[[measures]]
name = "n"
count = "wait_us"

[[measures]]
name = "mean_s"
mean = "wait_us"
unit = "s"

[[measures]]
name = "late"
count_breached = "wait_us"
"#;

const DERIVED: &str = r#"name = "both"
title = "Both"
description = "Both."
kind = "derived"
unit = "waits"
better = "neither"

[[measures]]
name = "waits"
kpi = "average_response_time.n"

[[measures]]
name = "closed"
kpi = "resolution_time.n"

[[measures]]
name = "per_close"
ratio = ["waits", "closed"]
"#;

fn load(text: &str) -> Result<Definition, QueryError> {
    let mut definitions = Definitions::built_in();
    definitions.load("own.toml", text)?;
    Ok(definitions.iter().last().unwrap().clone())
}

/// The error of a text in which one thing is replaced.
#[track_caller]
fn check_in(sound: &str, replaced: &str, by: &str, expected: &str) {
    let text = sound.replacen(replaced, by, 1);
    assert_ne!(text, sound, "{replaced:?} is not in the text");
    let error = load(&text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}\n  expected: {expected}");
}

#[track_caller]
fn check(replaced: &str, by: &str, expected: &str) {
    check_in(SOUND, replaced, by, expected);
}

/// The SQL of the measures that `text` makes of `WAITS`, hidden ones too.
fn sql_of(text: &str) -> Vec<(String, Expression)> {
    let definition = load(&format!("{WAITS}\n[[measures]]\n{text}\n")).unwrap();
    definition.measures.into_iter().skip(3).map(|measure| (measure.name, measure.expression)).collect()
}

fn aggregate(name: &str, sql: &str) -> (String, Expression) {
    (name.to_owned(), Expression::Aggregate(sql.to_owned()))
}

fn row(name: &str, sql: &str) -> (String, Expression) {
    (name.to_owned(), Expression::Row(sql.to_owned()))
}

#[test]
fn a_definition_needs_little() {
    let found = load(SOUND).unwrap();
    assert_eq!(found.kind, Kind::Flow);
    assert_eq!(found.dimensions, DIMENSIONS);
    assert_eq!((found.headline.as_str(), found.n.as_deref(), found.min_n), ("answers", None, 30));
    let count = Expression::Aggregate("count(*) FILTER (WHERE kind = 'answer')".to_owned());
    assert_eq!(
        found.measures,
        [Measure { name: "answers".to_owned(), expression: count, rollup: None, hidden: false, empty: Empty::ByType }]
    );
    let waits = load(WAITS).unwrap();
    assert_eq!((waits.headline.as_str(), waits.n.as_deref()), ("mean_s", Some("n")));
    assert_eq!(waits.headline().expression, Expression::Aggregate("mean_s(wait_us)".to_owned()));
}

#[test]
fn simple_forms_are_sql() {
    let us = |key: &str| sql_of(&format!("name = \"x\"\n{key}"));
    assert_eq!(us("count = true"), [aggregate("x", "count(*)")]);
    assert_eq!(us("count = true\nwhere = \"is_first\""), [aggregate("x", "count(*) FILTER (WHERE is_first)")]);
    assert_eq!(us("count = \"topic\""), [aggregate("x", "count(topic)")]);
    assert_eq!(us("count_distinct = \"topic\""), [aggregate("x", "count(DISTINCT topic)")]);
    assert_eq!(
        us("count_distinct = [\"source\", \"contact_id\"]"),
        [aggregate("x", "count_distinct_pair(source, contact_id)")]
    );
    assert_eq!(us("sum = \"n_inbound\""), [aggregate("x", "sum(n_inbound)")]);
    assert_eq!(us("mean = \"n_inbound\""), [aggregate("x", "avg(n_inbound)")]);
    assert_eq!(us("mean = \"wait_us\"\nunit = \"m\""), [aggregate("x", "mean_s(wait_us) / 60")]);
    assert_eq!(us("min = \"wait_us\"\nunit = \"us\""), [aggregate("x", "min(wait_us)")]);
    assert_eq!(
        us("sum = \"wait_us\"\nunit = \"h\"\nwhere = \"is_first\""),
        [aggregate("x", "CAST(sum(wait_us) FILTER (WHERE is_first) AS DOUBLE) / 3600000000")]
    );
    assert_eq!(
        us("percentile = { of = \"wait_us\", p = 0.8 }\nunit = \"s\""),
        [aggregate("x", "CAST(exact_percentile(wait_us, 0.8) AS DOUBLE) / 1000000")]
    );
    assert_eq!(us("ratio = [\"late\", \"n\"]"), [row("x", "CAST(late AS DOUBLE) / nullif(n, 0)")]);
    assert_eq!(
        us("share_within_target = \"wait_us\""),
        [
            aggregate("x_met", "count(*) FILTER (WHERE wait_us <= target_us)"),
            row("x", "CAST(x_met AS DOUBLE) / nullif(x_met + late, 0)")
        ]
    );
}

#[test]
fn percentiles_share_one_pass() {
    let two = "name = \"p50_m\"\npercentile = { of = \"wait_us\", p = 0.5 }\nunit = \"m\"\n[[measures]]\n\
               name = \"p90_s\"\npercentile = { of = \"wait_us\", p = 0.9 }\nunit = \"s\"";
    assert_eq!(
        sql_of(two),
        [
            aggregate("percentiles", "percentiles_s(wait_us)"),
            row("p50_m", "percentiles['p50_s'] / 60"),
            row("p90_s", "percentiles['p90_s']")
        ]
    );
}

#[test]
fn a_maximum_can_bring_its_row() {
    assert_eq!(
        sql_of("name = \"max_s\"\nmax = \"wait_us\"\nunit = \"s\"\nof_row = [\"conversation_id\", \"opened_at\"]"),
        [
            aggregate("row_of_max_s", "longest(wait_us, opened_at, conversation_id)"),
            row("max_s", "CAST(row_of_max_s['us'] AS DOUBLE) / 1000000"),
            row("conversation_id", "row_of_max_s['id']"),
            row("opened_at", "row_of_max_s['at']"),
        ]
    );
    assert_eq!(
        sql_of("name = \"least\"\nmin = \"n_inbound\"\nof_row = [\"ended_at\"]"),
        [
            aggregate(
                "row_of_least",
                "first_value(named_struct('value', n_inbound, 'ended_at', ended_at) ORDER BY n_inbound ASC, opened_at, \
                 ended_at) FILTER (WHERE n_inbound IS NOT NULL)"
            ),
            row("least", "row_of_least['value']"),
            row("ended_at", "row_of_least['ended_at']"),
        ]
    );
}

#[test]
fn mistakes_are_shown_where_they_are() {
    check(
        "name = \"answers\"",
        "name = \"resolution_time\"",
        "own.toml, line 1: there is a KPI resolution_time already, built in; choose another name",
    );
    check("name = \"answers\"", "name = \"Answers!\"", "own.toml, line 1: the name \"Answers!\" must be");
    check("name = \"answers\"", "name = \"check\"", "own.toml, line 1: a KPI cannot be called check");
    check("messages\"\ntime", "mesages\"\ntime", "own.toml, line 4: unknown table \"mesages\"; did you mean messages?");
    check(
        "occurred_at",
        "ocurred_at",
        "own.toml, line 5: unknown column of messages \"ocurred_at\"; did you mean occurred_at?",
    );
    check("better = \"higher\"", "better = \"hihger\"", "own.toml, line 7:");
    check("unit = ", "units = ", "own.toml, line 6:");
    check("title = \"Answers\"", "title = 7", "own.toml, line 2:");
    check(
        "unit = ",
        "default_by = [\"chanel\"]\nunit = ",
        "own.toml, line 6: unknown dimension \"chanel\"; did you mean channel?",
    );
    check("]]\nname = \"answers\"", "]]\nname = \"bucket\"", "own.toml, line 10: a measure cannot be called bucket");
    check("count(*)", "count({x})", "own.toml, line 11: braces are for {as_of} only");
    check("sql = ", "count = true\nsql = ", "own.toml, line 10: measure answers has sql and count; leave one of them");
    check(
        "sql = ",
        "hidden = true #",
        "own.toml, line 10: measure answers does not say how it is worked out; give it one of sql,",
    );
    check("sql = ", "where = \"true\"\nsql = ", "own.toml, line 11: where does not go with sql");
    check("better = ", "kind = \"stock\"\nbetter = ", "own.toml, line 11: measure answers: sql is not for stocks");
    check(
        "better = ",
        "headline = \"answer\"\nbetter = ",
        "own.toml, line 7: unknown measure \"answer\"; did you mean answers?",
    );
    check(
        "better = ",
        "hours = \"business\"\nbetter = ",
        "own.toml, line 7: hours are for spans of time, and rows of messages",
    );
    check(
        "better = ",
        "target = \"response\"\nbetter = ",
        "own.toml, line 7: a target is for spans of time, and rows of messages have none",
    );
    check(
        "[[measures]]",
        "[dimensions]\nchannel = \"team\"\n[[measures]]",
        "own.toml, line 10: an own dimension cannot be called channel",
    );
}

#[test]
fn mistakes_in_simple_forms_say_what_to_write() {
    let check = |replaced: &str, by: &str, expected: &str| check_in(WAITS, replaced, by, expected);
    check(
        "mean = \"wait_us\"",
        "mean = \"wait_uss\"",
        "own.toml, line 16: unknown column of waits \"wait_uss\"; did you mean wait_us?",
    );
    check("unit = \"s\"", "", "own.toml, line 15: wait_us is in microseconds: add unit = \"s\"");
    check(
        "mean = \"wait_us\"",
        "mean = \"n\"",
        "own.toml, line 16: mean takes a column of waits, and n is a measure; a mean of means is no mean",
    );
    check(
        "mean = \"wait_us\"",
        "percentile = { of = \"n\", p = 0.5 }",
        "own.toml, line 16: percentile takes a column of waits, and n is a measure",
    );
    check(
        "mean = \"wait_us\"",
        "percentile = { of = \"wait_us\", p = 90 }",
        "own.toml, line 16: p = 90 is no percentile",
    );
    check(
        "mean = \"wait_us\"",
        "mean = \"channel\"",
        "own.toml, line 16: mean takes a column of numbers, and channel of waits is none",
    );
    check("mean = \"wait_us\"", "mean = \"n_inbound\"", "own.toml, line 17: unit is for columns in microseconds");
    check(
        "mean = \"wait_us\"\nunit = \"s\"",
        "ratio = [\"late\", \"nn\"]",
        "own.toml, line 16: unknown measure \"nn\"; did you mean n?",
    );
    check("name = \"mean_s\"", "name = \"n\"", "own.toml, line 15: there are two measures n");
    check(
        "mean = \"wait_us\"",
        "kpi = \"resolution_time.n\"\n#",
        "own.toml, line 15: measure mean_s: kpi is for definitions with kind = \"derived\"",
    );
    check("target = \"response\"\n", "", "own.toml, line 19: measure late needs a target");
    check("count_breached = \"wait_us\"", "count = true", "own.toml, line 8: no measure asks for the target");
    check(
        "name = \"late\"",
        "name = \"share\"\nratio = [\"mean_s\", \"n\"]\n[[measures]]\nname = \"late\"",
        "own.toml, line 21: a ratio of mean_s, which is a mean: a ratio is one sum over another",
    );
    check(
        "[[measures]]",
        "[targets]\nchanel.email = \"4h\"\n[[measures]]",
        "own.toml, line 11: unknown dimension \"chanel\"; did you mean channel?",
    );
    check(
        "[[measures]]",
        "[targets]\nchannel.email = \"4x\"\n[[measures]]",
        "own.toml, line 11: \"4x\" is no duration",
    );
    check(
        "[[measures]]",
        "[targets]\ndefault = \"4h\"\n[[measures]]",
        "own.toml, line 11: target takes the default from the settings",
    );
    check("time = ", "view = \"SELECT 1\"\ntime = ", "own.toml, line 5: leave one of table and view");
}

#[test]
fn a_rollup_is_checked_too() {
    let with = |step: &str, more: &str| {
        format!(
            "better = \"higher\"\n[rollup]\ntable = \"message_cells\"\ntime = \"cell_start\"\n\
             dimensions = [\"channel\"]\n{step}\n{more}\n"
        )
    };
    let better = "better = \"higher\"\n";
    let sound = SOUND.replacen(better, &with("step = \"15m\"", "having = \"sum(answers) > 0\""), 1);
    let found = load(&sound).unwrap().rollup.unwrap();
    assert_eq!((found.table.as_str(), found.step_us), ("message_cells", Some(900_000_000)));
    check(better, &with("", ""), "own.toml, line 9: the rollup of a flow needs a step");
    check(better, &with("step = \"7m\"", ""), "own.toml, line 12: step \"7m\" must be whole minutes");
    check(better, &with("step = \"15m\"", "").replace("message_cells", "cells"), "unknown rollup \"cells\"");
    check("sql = ", "rollup = \"sum(answers)\"\nsql = ", "rollup is for measures over rows, in a definition with");
    let cells = with("step = \"15m\"", "");
    check(
        better,
        &cells.replace("cell_start", "cell_strat"),
        "own.toml, line 10: unknown column of message_cells \"cell_strat\"; did you mean cell_start?",
    );
    check(
        better,
        &cells.replace("[\"channel\"]", "[\"hour_of_day\", \"team\"]"),
        "own.toml, line 11: message_cells keeps no team; leave it out of the dimensions of [rollup]",
    );
}

#[test]
fn the_rollup_of_a_stock_has_contacts() {
    let stock = include_str!("../../kpis/unsubscribed_contacts.toml").replacen("unsubscribed_contacts", "own", 1);
    assert_eq!(load(&stock).unwrap().rollup.unwrap().dimensions, ["source", "channel"]);
    let check = |replaced: &str, by: &str, expected: &str| check_in(&stock, replaced, by, expected);
    check(
        "table = \"contacts\"",
        "table = \"message_cells\"",
        "own.toml, line 22: rollup.table cannot be \"message_cells\" in a stock, which counts contacts; write \
         \"contacts\", or leave [rollup] out",
    );
    check("first_message_at", "first_message", "own.toml, line 23: unknown column of contacts \"first_message\"; did");
    check("first_message_at", "is_first", "own.toml, line 23: is_first of contacts is no instant");
    for none in ["topic", "hour_of_day"] {
        let expected =
            format!("own.toml, line 24: contacts keeps no {none}; leave it out of the dimensions of [rollup]");
        check("\"source\", \"channel\"", &format!("\"source\", \"{none}\""), &expected);
    }
}

#[test]
fn derived_ones_know_their_parts() {
    let found = load(DERIVED).unwrap();
    let Kind::Derived(parts) = &found.kind else { unreachable!("it is derived") };
    let parts: Vec<(&str, &[String], bool)> =
        parts.iter().map(|part| (part.kpi.as_str(), part.fields.as_slice(), part.fingerprint.len() == 16)).collect();
    let n = ["n".to_owned()];
    assert_eq!(parts, [("average_response_time", &n[..], true), ("resolution_time", &n[..], true)]);
    assert_eq!(found.dimensions, DIMENSIONS);
    assert_eq!(found.headline, "waits");

    let check = |replaced: &str, by: &str, expected: &str| check_in(DERIVED, replaced, by, expected);
    check(
        "average_response_time.n",
        "average_respons_time.n",
        "own.toml, line 10: unknown KPI \"average_respons_time\"; did you mean average_response_time?",
    );
    check(
        "resolution_time.n",
        "resolution_time.max",
        "own.toml, line 14: unknown field of resolution_time \"max\"; did you mean max_s?",
    );
    check(
        "average_response_time.n",
        "both.waits",
        "own.toml, line 1: a KPI cannot be made of itself: both is made of both",
    );
    check("resolution_time.n", "resolution_time", "own.toml, line 14: kpi names a field of a KPI");
    check("unit = ", "time = \"x\"\nunit = ", "own.toml, line 5: a derived KPI has no rows");
    check("unit = ", "target = \"response\"\nunit = ", "own.toml, line 5: a derived KPI has no target");
    check(
        "kpi = \"resolution_time.n\"",
        "mean = \"wait_us\"",
        "own.toml, line 13: measure closed: mean is for rows, and a derived KPI has none",
    );
}

#[test]
fn fingerprints_follow_the_numbers() {
    let of = |text: &str| load(text).unwrap().fingerprint();
    let same = of(WAITS);
    assert_eq!(same.len(), 16);
    assert!(same.bytes().all(|b| b.is_ascii_hexdigit()), "{same}");
    let with = |by: &str| WAITS.replacen("target = ", &format!("{by}\ntarget = "), 1);
    for unchanged in [
        WAITS.replace("description = \"Waits.\"", "description = \"Other words.\""),
        WAITS.replace("title = \"Waits\"", "title = \"Other\""),
        with("owner = \"somebody\""),
        with("headline = \"late\"\nmin_n = 5"),
        with("").replace("lower", "higher"),
        format!("{WAITS}\n[[tests]]\nname = \"t\"\nevents = []\nexpect = []\n"),
    ] {
        assert_eq!(of(&unchanged), same, "{unchanged}");
    }
    let filtered = of(&with("filter = \"is_first\""));
    let mut all = vec![same, filtered.clone()];
    all.extend([
        of(&with("filter = \"NOT is_first\"")),
        of(&with("hours = \"business\"")),
        of(&with("unsettled = \"end_reason = 'open'\"")),
        of(&WAITS.replace("\"response\"", "\"first_response\"")),
        of(&WAITS.replace("time = \"opened_at\"", "time = \"ended_at\"")),
        of(&WAITS.replace("count = \"wait_us\"", "count = true")),
        of(&format!("{WAITS}[targets]\nchannel.email = \"4h\"\n")),
        of(&format!("{WAITS}[dimensions]\nsize = \"n_inbound\"\n")),
    ]);
    let n = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), n, "two of them are the same");
    assert_eq!(of(&with("filter = \"\"\"\n  is_first\n\"\"\"")), filtered, "blanks change nothing");
}

#[tokio::test]
async fn the_built_in_ones_fit_their_tables() {
    let definitions = Definitions::built_in();
    for name in definitions.names() {
        let faults: Vec<String> =
            super::check(&definitions, name).await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
        assert!(!definitions.get(name).unwrap().tests.is_empty(), "{name} has a test");
    }
}

/// What planning finds in a definition that can be read.
async fn faults(text: &str) -> Vec<String> {
    let mut definitions = Definitions::built_in();
    definitions.load("own.toml", text).unwrap();
    let name = definitions.names().last().unwrap().to_owned();
    super::check(&definitions, &name).await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn sql_is_checked_against_the_tables() {
    assert_eq!(faults(SOUND).await, Vec::<String>::new());
    assert_eq!(faults(WAITS).await, Vec::<String>::new());
    assert_eq!(faults(DERIVED).await, Vec::<String>::new());
    for (text, replaced, by, expected) in [
        (
            SOUND,
            "kind = 'answer'",
            "knd = 'answer'",
            "own.toml, line 11: unknown column of messages \"knd\"; did you mean kind?",
        ),
        (SOUND, "count(*) FILTER (WHERE kind = 'answer')", "kind", "own.toml, line 11: "),
        (SOUND, "count(*)", "mean_s(channel)", "own.toml, line 11: "),
        (SOUND, "count(*)", "cuont(*)", "own.toml, line 11: "),
        (
            WAITS,
            "target = ",
            "filter = \"is_frist\"\ntarget = ",
            "own.toml, line 8: unknown column of waits \"is_frist\"; did you mean is_first?",
        ),
        (WAITS, "target = ", "filter = \"wait_us\"\ntarget = ", "own.toml, line 8: "),
        (
            WAITS,
            "target = ",
            "filter = \"1 = 1) OR (is_first\"\ntarget = ",
            "own.toml, line 8: it goes on behind its condition; write one condition",
        ),
        (
            WAITS,
            "[[measures]]",
            "[dimensions]\nlong = \"wait_us > x\"\n[[measures]]",
            "own.toml, line 11: unknown column of waits \"x\"",
        ),
        (
            WAITS,
            "[[measures]]",
            "[[measures]]\nname = \"r\"\nrow = \"late / nn\"\n[[measures]]",
            "own.toml, line 12: unknown measure \"nn\"; did you mean n?",
        ),
        (
            DERIVED,
            "ratio = [\"waits\", \"closed\"]",
            "row = \"waits + close\"",
            "own.toml, line 18: unknown measure \"close\"",
        ),
        (
            WAITS,
            "count = \"wait_us\"",
            "count = true\nwhere = \"wait_uss > 5\"",
            "own.toml, line 13: unknown column of waits \"wait_uss\"; did you mean wait_us?",
        ),
    ] {
        let changed = text.replacen(replaced, by, 1);
        assert_ne!(changed, text, "{replaced:?} is not in the text");
        let found = faults(&changed).await;
        assert!(found.first().is_some_and(|fault| fault.starts_with(expected)), "{found:?}\n  expected: {expected}");
        assert!(found.iter().all(|fault| !fault.contains('\n')), "{found:?}");
    }
}

/// What is wrong in one place is not said of others too: own dimensions are in all rows, and ratios are over counts.
#[tokio::test]
async fn what_rests_on_a_mistake_is_not_blamed() {
    let rows =
        WAITS.replacen("[[measures]]", "[dimensions]\nlong = \"CASE WHEN is_first THEN 1 ELS 2 END\"\n[[measures]]", 1);
    let found = faults(&rows).await;
    assert!(found.len() == 1 && found[0].starts_with("own.toml, line 11: "), "{found:?}");
    let counts = WAITS.replacen("count = \"wait_us\"", "count = true\nwhere = \"is_first )\"", 1);
    let found = faults(&format!("{counts}\n[[measures]]\nname = \"late_share\"\nratio = [\"late\", \"n\"]\n")).await;
    assert!(found.len() == 1 && found[0].starts_with("own.toml, line 13: "), "{found:?}");
}

#[tokio::test]
async fn a_comment_ends_where_its_text_does() {
    let commented = WAITS
        .replacen(
            "target = ",
            "filter = \"is_first -- the first\"\nunsettled = \"end_reason = 'open' -- yet\"\ntarget = ",
            1,
        )
        .replacen("count = \"wait_us\"", "sql = \"count(wait_us) -- answered\"", 1);
    let commented = format!("{commented}\n[[measures]]\nname = \"twice\"\nrow = \"n * 2 -- of them\"\n");
    assert_eq!(faults(&commented).await, Vec::<String>::new());
}

const VIEW: &str = r#"name = "long_waits"
title = "Long waits"
description = "Waits by their length."
view = "SELECT source, channel, opened_at AS began, wait_us / 60000000 AS minutes FROM waits"
time = "began"
unit = "waits"
better = "lower"

[[measures]]
name = "n"
count = "minutes"
"#;

#[tokio::test]
async fn a_view_is_a_table_of_its_own() {
    assert_eq!(load(VIEW).unwrap().table, "rows_of_long_waits");
    assert_eq!(faults(VIEW).await, Vec::<String>::new());
    for (replaced, by, expected) in [
        (
            "time = \"began\"",
            "time = \"begun\"",
            "own.toml, line 5: unknown column of the view \"begun\"; did you mean began?",
        ),
        ("time = \"began\"", "time = \"minutes\"", "own.toml, line 5: minutes of the view is no instant"),
        (
            "count = \"minutes\"",
            "count = \"minuets\"",
            "own.toml, line 10: unknown column of the view \"minuets\"; did you mean minutes?",
        ),
        ("FROM waits", "FROM wait", "own.toml, line 4: "),
        ("unit = ", "dimensions = [\"team\"]\nunit = ", "own.toml, line 6: the view has no column team to group by"),
    ] {
        let found = faults(&VIEW.replacen(replaced, by, 1)).await;
        assert!(found.first().is_some_and(|fault| fault.starts_with(expected)), "{found:?}\n  expected: {expected}");
    }
}

/// The fields of the oracle's row, name for name.
#[test]
fn the_built_in_ones_have_the_fields_of_the_oracle() {
    let times = ["n", "mean_s", "p50_s", "p90_s", "p95_s", "max_s"];
    let lost = ["n_open", "n_closed_unanswered", "n_opted_out", "n_abandoned"];
    let met = ["n_within_target", "n_breached", "within_target"];
    let answered = [times.as_slice(), &lost, &met].concat();
    let resolved = [times.as_slice(), &["n_auto_closed", "within_target"]].concat();
    let expected: [(&str, &[&str], &str); 7] = [
        ("inbound_message_volume", &["messages", "conversations", "contacts"], "messages"),
        ("message_volume_by_channel", &["inbound", "agent", "bot", "share"], "share"),
        ("first_response_time", &answered, "mean_s"),
        ("average_response_time", &answered, "mean_s"),
        ("longest_wait_time", &["max_s", "conversation_id", "opened_at", "oldest_open_s"], "max_s"),
        ("resolution_time", &resolved, "mean_s"),
        (
            "unsubscribed_contacts",
            &[
                "contacts",
                "unsubscribed",
                "unsubscribed_share",
                "newly_unsubscribed",
                "contacts_messaged",
                "unsubscribe_rate",
            ],
            "unsubscribed_share",
        ),
    ];
    let definitions = Definitions::built_in();
    assert_eq!(definitions.names().collect::<Vec<_>>(), expected.map(|(name, ..)| name));
    for (name, fields, headline) in expected {
        let definition = definitions.get(name).unwrap();
        let found: Vec<&str> = definition.visible().map(|measure| measure.name.as_str()).collect();
        assert_eq!(found, fields, "{name}");
        assert_eq!(definition.headline().name, headline, "{name}");
        assert_eq!(definition.min_n, 30, "{name}");
    }
}

#[test]
fn an_unknown_name_gets_the_nearest() {
    let error = Definitions::built_in().get("first_respons_time").unwrap_err().to_string();
    assert!(
        error.starts_with("unknown KPI \"first_respons_time\"; did you mean first_response_time? known"),
        "{error}"
    );
}

#[test]
fn an_unknown_dimension_gets_the_nearest() {
    let definitions = Definitions::built_in();
    let definition = definitions.get("resolution_time").unwrap();
    let error = definition.check_dimensions(&["chanel".to_owned()]).unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown dimension \"chanel\" of resolution_time; did you mean channel? known are source, channel, team, \
         topic, agent_id, contact_id, day_of_week, hour_of_day"
    );
    let twice = definition.check_dimensions(&["team".to_owned(), "team".to_owned()]).unwrap_err();
    assert!(matches!(twice, QueryError::RepeatedDimension { .. }));
}
