//! `tape kpi --compare`: every other side against a run of its own, and a log in which all numbers are worked out by hand.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tapemeasure_tests::{Archive, Log, Oracle, Row, Run, same};

/// The headline of each KPI.
const HEADLINES: [(&str, &str); 7] = [
    ("inbound_message_volume", "messages"),
    ("message_volume_by_channel", "share"),
    ("first_response_time", "mean_s"),
    ("average_response_time", "mean_s"),
    ("longest_wait_time", "max_s"),
    ("resolution_time", "mean_s"),
    ("unsubscribed_contacts", "unsubscribed_share"),
];

/// Conversations of one question and one answer, at 10:00 UTC of the first 20 days of February and March 2025, one by
/// `sms` and one by `email` each day, and a last one on 1 April.
///
/// | answered after | February | March |
/// |---|---|---|
/// | sms | 400 s | 300 s |
/// | email | 800 s | 700 s |
/// | mean of both | 600 s | 500 s |
fn log() -> Log {
    let mut events = Vec::new();
    for (month, sms_s, email_s) in [(2, 400, 800), (3, 300, 700)] {
        for day in 1..=20 {
            for (channel, wait_s) in [("sms", sms_s), ("email", email_s)] {
                conversation(&mut events, &format!("2025-{month:02}-{day:02}"), channel, wait_s);
            }
        }
    }
    conversation(&mut events, "2025-04-01", "sms", 60);
    Log::new(events)
}

fn conversation(events: &mut Vec<Row>, day: &str, channel: &str, wait_s: u32) {
    let answered = format!("{:02}:{:02}", wait_s / 60, wait_s % 60);
    for (kind, clock, direction, author) in
        [("q", "00:00", "inbound", "contact"), ("a", answered.as_str(), "outbound", "agent")]
    {
        let event = json!({
            "source": "s", "event_id": format!("{kind} {day} {channel}"), "occurred_at": format!("{day}T10:{clock}Z"),
            "event_type": "message", "conversation_id": format!("{day} {channel}"), "contact_id": format!("u {day}"),
            "channel": channel, "direction": direction, "author": author,
        });
        match event {
            Value::Object(event) => events.push(event),
            _ => unreachable!("an object was written"),
        }
    }
}

/// Runs `tape kpi` with these arguments.
fn kpi(archive: &Archive, arguments: &[&str]) -> Run {
    archive.run(&[&["kpi", "--format", "ndjson"][..], arguments].concat())
}

/// The rows of `first_response_time` with these arguments.
#[track_caller]
fn rows(archive: &Archive, arguments: &[&str]) -> Vec<Row> {
    kpi(archive, &[&["first_response_time"][..], arguments].concat()).done().rows()
}

/// Asserts the columns of a comparison: other bucket, other mean, other n, difference, ratio, verdict.
#[track_caller]
fn assert_other(row: &Row, expected: Value) {
    let names = ["other_bucket", "other_mean_s", "other_n", "difference", "ratio", "verdict"];
    let Value::Array(expected) = expected else { unreachable!("an array was written") };
    for (name, expected) in names.iter().zip(&expected) {
        let found = row.get(*name).unwrap_or(&Value::Null);
        assert!(same(expected, found), "{name} is {found} instead of {expected} in {row:?}");
    }
}

const MARCH: [&str; 2] = ["--since=2025-03", "--until=2025-04"];

#[test]
fn a_month_against_the_one_before() {
    let archive = Archive::of(&log());
    let run = kpi(&archive, &["first_response_time", MARCH[0], MARCH[1], "--compare=previous"]).done();
    let found = run.rows();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["n"], &found[0]["mean_s"]), (&json!(40), &json!(500.0)));
    assert_other(&found[0], json!(["2025-02-01/2025-03-01", 600.0, 40, -100.0, 500.0 / 600.0, "better"]));
    assert!(run.stderr.contains("compared with 2025-02-01 to 2025-03-01"), "{}", run.stderr);

    let found = rows(&archive, &[MARCH[0], MARCH[1], "--by=channel", "--compare=previous"]);
    // Twenty on each side are too few to judge; the numbers stand there all the same.
    assert_eq!((&found[0]["channel"], &found[1]["channel"]), (&json!("email"), &json!("sms")));
    assert_other(&found[0], json!(["2025-02-01/2025-03-01", 800.0, 20, -100.0, 0.875, "too few"]));
    assert_other(&found[1], json!(["2025-02-01/2025-03-01", 400.0, 20, -100.0, 0.75, "too few"]));
}

#[test]
fn buckets_against_the_buckets_before() {
    let archive = Archive::of(&log());
    let months = ["first_response_time", "--since=2025-02", "--until=2025-04", "--grain=month", "--compare=previous"];
    let run = kpi(&archive, &months).done();
    let said = "nothing is known of what 1 of 2 months would be compared with";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let found = run.rows();
    assert_eq!(found.len(), 2);
    // Of January nothing is known.
    assert_other(&found[0], json!(["2025-01-01", null, null, null, null, "too few"]));
    assert_other(&found[1], json!(["2025-02-01", 600.0, 40, -100.0, 500.0 / 600.0, "better"]));
    // 21 March was empty: nothing to average, on whichever side.
    let found = rows(&archive, &["--since=2025-03-20", "--until=2025-03-23", "--grain=day", "--compare=previous"]);
    assert_other(&found[0], json!(["2025-03-19", 500.0, 2, 0.0, 1.0, "too few"]));
    assert_other(&found[1], json!(["2025-03-20", 500.0, 2, null, null, "too few"]));
    assert_other(&found[2], json!(["2025-03-21", null, 0, null, null, "too few"]));
    // Tuesday 18 March, a week and 364 days before.
    let tuesday = ["--since=2025-03-18", "--until=2025-03-19", "--grain=day"];
    let found = rows(&archive, &[&tuesday[..], &["--compare=weekday"]].concat());
    assert_other(&found[0], json!(["2025-03-11", 500.0, 2, 0.0, 1.0, "too few"]));
    let found = rows(&archive, &[&tuesday[..], &["--compare=year"]].concat());
    assert_other(&found[0], json!(["2024-03-19", null, null, null, null, "too few"]));
}

#[test]
fn counts_of_what_is_not_there_are_zero_and_neither_way_is_better() {
    let archive = Archive::of(&log());
    let arguments =
        ["inbound_message_volume", "--since=2025-03", "--until=2025-04-02", "--grain=month", "--by=channel"];
    let found = kpi(&archive, &[&arguments[..], &["--compare=previous"]].concat()).done().rows();
    let april = &found[3];
    assert_eq!((&april["bucket"], &april["channel"]), (&json!("2025-04-01"), &json!("sms")));
    // April is known to its first day, 10:01: against March to the same instant.
    assert_eq!(april["other_bucket"], "2025-03-01/2025-03-01T10:01:00+00:00");
    assert_eq!((&april["messages"], &april["other_messages"]), (&json!(1), &json!(1)));
    assert_eq!((&april["difference"], &april["ratio"], &april["verdict"]), (&json!(0.0), &json!(1.0), &Value::Null));
    let days = ["inbound_message_volume", "--since=2025-03-21", "--until=2025-03-23", "--grain=day"];
    let found = kpi(&archive, &[&days[..], &["--compare=previous"]].concat()).done().rows();
    assert_eq!((&found[0]["other_messages"], &found[0]["difference"]), (&json!(2), &json!(-2.0)));
    // Nothing can be so many times zero.
    assert_eq!((&found[1]["other_messages"], &found[1]["ratio"]), (&json!(0), &Value::Null));
}

#[test]
fn a_month_so_far_against_as_much_of_the_one_before() {
    let archive = Archive::of(&log());
    for since in ["--since=mtd", "--since=2025-03", "--since=this-month"] {
        let arguments = ["first_response_time", since, "--as-of=2025-03-10T12:00:00Z", "--compare=previous"];
        let run = kpi(&archive, &arguments).done();
        let found = run.rows();
        assert_eq!((&found[0]["n"], &found[0]["provisional"]), (&json!(20), &json!(true)), "{since}");
        let part = "2025-02-01/2025-02-10T12:00:00+00:00";
        assert_other(&found[0], json!([part, 600.0, 20, -100.0, 500.0 / 600.0, "too few"]));
        assert!(run.stderr.contains("compared with the same part"), "{}", run.stderr);
    }
    // By month the same; a month that has not begun cannot be judged.
    let arguments =
        ["--since=2025-03", "--until=2025-05", "--grain=month", "--as-of=2025-03-10T12:00:00Z", "--compare=previous"];
    let found = rows(&archive, &arguments);
    assert_eq!((&found[0]["other_mean_s"], &found[0]["other_n"]), (&json!(600.0), &json!(20)));
    assert_other(&found[1], json!([null, null, null, null, null, "incomplete"]));
}

#[test]
fn one_value_of_a_dimension_against_the_others() {
    let archive = Archive::of(&log());
    let march = |more: &[&str]| rows(&archive, &[&MARCH[..], more].concat());
    let found = march(&["--by=channel", "--compare=channel=email"]);
    assert_other(&found[0], json!(["total", 700.0, 20, 0.0, 1.0, "too few"]));
    assert_other(&found[1], json!(["total", 700.0, 20, -400.0, 300.0 / 700.0, "too few"]));
    // Not grouped by it, all channels together stand against that one.
    let found = march(&["--compare=channel=email"]);
    assert_other(&found[0], json!(["total", 700.0, 20, -200.0, 500.0 / 700.0, "too few"]));
    // 3 March 2025 was a Monday; the three Mondays of the log have as many answers as any other weekday.
    let found = march(&["--by=channel,day_of_week", "--compare=day_of_week=1"]);
    let sunday =
        found.iter().find(|row| row["channel"] == "sms" && row["day_of_week"] == 7).expect("Sundays are there");
    assert_other(sunday, json!(["total", 300.0, 3, 0.0, 1.0, "too few"]));

    let arguments = ["first_response_time", MARCH[0], MARCH[1], "--by=channel", "--compare=channel=emial"];
    let run = kpi(&archive, &arguments).done();
    assert_other(&run.rows()[0], json!(["total", null, null, null, null, "too few"]));
    assert!(run.stderr.contains("no row has channel \"emial\"; did you mean email?"), "{}", run.stderr);
}

#[test]
fn a_mean_against_its_target() {
    let archive = Archive::of(&log());
    let march = |more: &[&str]| rows(&archive, &[&MARCH[..], more].concat());
    // Ten minutes unless set.
    assert_other(&march(&["--compare=target"])[0], json!([null, 600.0, null, -100.0, 500.0 / 600.0, "better"]));
    assert_other(&march(&["--compare=target", "--target=400s"])[0], json!([null, 400.0, null, 100.0, 1.25, "worse"]));
    assert_other(&march(&["--compare=target", "--target=500s"])[0], json!([null, 500.0, null, 0.0, 1.0, "equal"]));

    archive.set("channel.email.targets.first_response", "1000s");
    let found = march(&["--by=channel", "--compare=target"]);
    assert_other(&found[0], json!([null, 1000.0, null, -300.0, 0.7, "too few"]));
    assert_other(&found[1], json!([null, 600.0, null, -300.0, 0.5, "too few"]));
    let run = kpi(&archive, &["first_response_time", MARCH[0], MARCH[1], "--compare=target"]).done();
    assert_other(&run.rows()[0], json!([null, null, null, null, null, "too few"]));
    assert!(run.stderr.contains("several targets"), "{}", run.stderr);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let archive = Archive::of(&log());
    let fails = |arguments: &[&str], parts: &[&str]| {
        kpi(&archive, arguments).fails(2, parts);
    };
    fails(&["--compare=prevoius"], &["prevoius", "did you mean previous?", "baseline:NAME"]);
    fails(&["longest_wait_time", "--compare=target"], &["longest_wait_time", "no target", "first_response_time"]);
    fails(&["first_response_time", "--compare=previous"], &["no start", "--since"]);
    fails(&["--compare=year"], &["no start", "--since"]);
    fails(&["first_response_time", "--since=2025-03", "--compare=weekday"], &["7 days"]);
    fails(&["first_response_time", "--grain=month", "--compare=weekday"], &["month", "--grain day"]);
    fails(&["first_response_time", "--compare=chanel=email"], &["chanel", "did you mean channel?"]);
    // Of all KPIs those that can be are.
    let run = kpi(&archive, &["--compare=target"]).done();
    let names: Vec<Value> = run.rows().iter().map(|row| row["kpi"].clone()).collect();
    assert_eq!(names, ["first_response_time", "average_response_time", "resolution_time"]);
    assert!(run.stderr.contains("left out: cannot compare longest_wait_time with target"), "{}", run.stderr);
}

#[test]
fn every_format_has_the_other_side() {
    let archive = Archive::of(&log());
    let arguments = |format: &str| {
        let format = format!("--format={format}");
        let run = archive.run(&["kpi", "first_response_time", MARCH[0], MARCH[1], "--compare=previous", &format]);
        run.done().text().to_owned()
    };
    let csv = arguments("csv");
    let head = csv.lines().next().unwrap_or_default();
    let last = ",other_bucket,other_mean_s,other_n,difference,ratio,verdict,provisional";
    assert!(head.starts_with("kpi,bucket,n,mean_s,") && head.ends_with(last), "{head}");
    let other = ",2025-02-01/2025-03-01,600.0,40,-100.0,0.8333333333333334,better,false";
    assert!(csv.lines().nth(1).is_some_and(|line| line.ends_with(other)), "{csv}");
    for format in ["table", "vertical"] {
        let text = arguments(format);
        assert!(text.contains("0.833333") && !text.contains("0.8333333"), "{text}");
    }
    for format in ["tsv", "json", "markdown", "html"] {
        assert!(arguments(format).contains("other_mean_s"), "{format}");
    }
}

/// What one row and one KPI of a plain run are found by.
type Place = (String, String, Value);

fn by_place(rows: Vec<Row>) -> BTreeMap<String, Row> {
    let place = |row: &Row| -> Place {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (text("kpi"), text("bucket"), row["channel"].clone())
    };
    rows.into_iter().map(|row| (format!("{:?}", place(&row)), row)).collect()
}

/// Random logs: the other side of every row is what a run of its own says, the last week, which is not over, included.
#[test]
fn the_other_side_is_what_a_run_of_its_own_says() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in [311, 312] {
        let archive = Archive::of(&oracle.random(seed, 200));
        let asked = ["--by=channel", "--grain=week", "--tz=Europe/Berlin"];
        let plain = by_place(kpi(&archive, &asked).done().rows());
        let compared = kpi(&archive, &[&asked[..], &["--compare=previous"]].concat()).done().rows();
        assert_eq!(compared.len(), plain.len(), "a comparison adds no rows and takes none");
        let first = compared.iter().filter_map(|row| row["bucket"].as_str()).min().expect("there are weeks");
        let (mut whole, mut parts) = (0, 0);
        for row in &compared {
            let kpi_name = row["kpi"].as_str().expect("a KPI has a name");
            let (_, headline) =
                HEADLINES.iter().find(|(name, _)| *name == kpi_name).expect("all seven have a headline");
            let bucket = row["other_bucket"].as_str().expect("every week has one before");
            let other = match bucket.split_once('/') {
                None => {
                    whole += 1;
                    let place = format!("{:?}", (kpi_name.to_owned(), bucket.to_owned(), row["channel"].clone()));
                    plain.get(&place).cloned()
                }
                Some((since, until)) => {
                    parts += 1;
                    let (since, until) = (format!("--since={since}"), format!("--until={until}"));
                    let run = kpi(&archive, &[kpi_name, "--by=channel", "--tz=Europe/Berlin", &since, &until]).done();
                    run.rows().into_iter().find(|other| other["channel"] == row["channel"])
                }
            };
            let found = &row[&format!("other_{headline}")];
            let Some(other) = other else {
                // Before the archive nothing is known; of a part without rows counts and shares are 0, times null.
                let is_part = bucket.contains('/');
                let expected = (is_part && ["messages", "share"].contains(headline)).then_some(0.0);
                assert!(is_part || bucket < first, "{kpi_name} {bucket}: no such week in {row:?}");
                assert_eq!(found.as_f64(), expected, "{kpi_name} {bucket}: {row:?}");
                continue;
            };
            assert!(same(&other[*headline], found), "{kpi_name} {bucket}: {} and {found}", other[*headline]);
            let number = |value: &Value| value.as_f64();
            let (this, that) = (number(&row[*headline]), number(&other[*headline]));
            let difference = this.zip(that).map(|(this, that)| this - that);
            let ratio = this.zip(that).filter(|(_, that)| *that != 0.0).map(|(this, that)| this / that);
            assert!(same(&json!(difference), &row["difference"]), "{kpi_name} {bucket}: {row:?}");
            assert!(same(&json!(ratio), &row["ratio"]), "{kpi_name} {bucket}: {row:?}");
        }
        assert!(whole > 0 && parts > 0, "both kinds of other sides were met: {whole} and {parts}");
    }
}

#[test]
fn a_stretch_that_is_over_is_both_bounds() {
    let archive = Archive::of(&log());
    let text = |arguments: &[&str]| kpi(&archive, arguments).done().text().to_owned();
    // 19 March 2025 was a Wednesday.
    let as_of = "--as-of=2025-03-19T12:00:00Z";
    for (name, since, until) in [
        ("last-week", "2025-03-10", "2025-03-17"),
        ("last-month", "2025-02-01", "2025-03-01"),
        ("yesterday", "2025-03-18", "2025-03-19"),
    ] {
        let bounds = [format!("--since={since}"), format!("--until={until}")];
        let expected = text(&[as_of, &bounds[0], &bounds[1]]);
        assert_eq!(text(&[as_of, &format!("--since={name}")]), expected, "{name}");
        // With another end it is its start, as every other name.
        let now = text(&[as_of, &bounds[0], "--until=now"]);
        assert_eq!(text(&[as_of, &format!("--since={name}"), "--until=now"]), now, "{name}");
        assert_eq!(text(&[as_of, &bounds[0]]), now, "{name}");
    }
    for (name, since) in
        [("this-week", "2025-03-17"), ("mtd", "2025-03-01"), ("qtd", "2025-01-01"), ("2025-Q1", "2025-01")]
    {
        let expected = text(&[as_of, &format!("--since={since}")]);
        assert_eq!(text(&[as_of, &format!("--since={name}")]), expected, "{name}");
    }
    kpi(&archive, &["--since=lastweek"]).fails(2, &["--since", "lastweek", "did you mean last-week?", "last-30d"]);
}

#[test]
fn fiscal_years_begin_where_the_settings_say() {
    let archive = Archive::of(&log());
    archive.set("fiscal_year_start", "04");
    assert_eq!(archive.run(&["settings", "fiscal_year_start"]).done().text().trim(), "april");
    let buckets = |grain: &str| -> Vec<Value> {
        let found = rows(&archive, &["--grain", grain]);
        found.iter().map(|row| json!([row["bucket"], row["n"]])).collect()
    };
    assert_eq!(buckets("fiscal_year"), [json!(["2024-04-01", 80]), json!(["2025-04-01", 1])]);
    assert_eq!(buckets("fiscal_quarter"), [json!(["2025-01-01", 80]), json!(["2025-04-01", 1])]);
    let since = rows(&archive, &["--since=fytd"]);
    assert_eq!(since[0]["n"], 1);
    archive.run(&["settings", "fiscal_year_start", "spring"]).fails(2, &["spring", "april"]);
}

/// A baseline over eight weeks, two answers a day after 300 s by `sms` and 700 s by `email`: every week has a mean of 500 s.
#[test]
fn a_month_against_a_baseline() {
    let mut events = Vec::new();
    for day in 0..84_i64 {
        // From Monday 6 January 2025 on; the last four weeks are slower.
        let date = days_after_6_january(day);
        let slower_s = if day < 56 { 0 } else { 200 };
        for (channel, wait_s) in [("sms", 300 + slower_s), ("email", 700 + slower_s)] {
            conversation(&mut events, &date, channel, wait_s);
        }
    }
    let archive = Archive::of(&Log::new(events));
    let baseline = ["--since=2025-01-06", "--until=2025-03-03"];
    archive.run(&[&["baseline", "save", "usual"][..], &baseline].concat()).done();

    let now = ["--since=2025-03-03", "--until=2025-03-31"];
    let found = rows(&archive, &[&now[..], &["--compare=baseline:usual"]].concat());
    assert_other(&found[0], json!(["2025-01-06/2025-03-03", 500.0, 112, 200.0, 1.4, "worse"]));
    let found = rows(&archive, &[&now[..], &["--grain=week", "--compare=baseline:usual"]].concat());
    assert_eq!(found.len(), 4);
    // Fourteen answers a week are too few to judge one by one.
    assert_other(&found[1], json!(["2025-01-06/2025-03-03", 500.0, 112, 200.0, 1.4, "too few"]));

    let fails = |arguments: &[&str], parts: &[&str]| {
        let arguments = [&["first_response_time"][..], &now[..], arguments].concat();
        kpi(&archive, &arguments).fails(2, parts);
    };
    fails(&["--compare=baseline:usal"], &["usal", "did you mean usual?"]);
    fails(&["--compare=baseline:usual", "--grain=day"], &["--grain week"]);
    fails(&["--compare=baseline:usual", "--by=team"], &["ungrouped", "--by"]);
    fails(&["--compare=baseline:usual", "--where=channel = 'sms'"], &["--where"]);
    archive.set("session_gap", "24h");
    kpi(&archive, &[&["first_response_time"][..], &now[..], &["--compare=baseline:usual"]].concat())
        .fails(1, &["session_gap was never then and is 1d now"]);
}

/// A date in the first half of 2025, so many days after Monday 6 January.
fn days_after_6_january(days: i64) -> String {
    let mut day = 6 + days;
    for (month, length) in [(1, 31), (2, 28), (3, 31), (4, 30)] {
        if day <= length {
            return format!("2025-{month:02}-{day:02}");
        }
        day -= length;
    }
    unreachable!("a day after April")
}
