//! What a report suggests: for each rule a log on which it must fire and one on which it must not, and the command behind a
//! suggestion lists as many rows as the sentence says. What is usual by a saved baseline.

use serde_json::{Value, json};
use std::process::Command;
use tapemeasure_tests::{Archive, run, same, tape_path};

/// A log that is written event by event; ids count up.
#[derive(Default)]
struct Events {
    lines: String,
    written: usize,
}

/// A conversation: a question, then what is not `None`.
struct Talk<'a> {
    /// `2025-06-09T09:00:00Z`.
    at_s: i64,
    channel: &'a str,
    topic: Option<&'a str>,
    answered_after_s: Option<i64>,
    closed_after_s: Option<i64>,
}

fn seconds(instant: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(instant).expect("a well-formed instant").timestamp()
}

/// A short conversation on WhatsApp that begins some minutes after an instant.
fn talk(instant: &str, minutes: i64) -> Talk<'static> {
    let at_s = seconds(instant) + 60 * minutes;
    Talk { at_s, channel: "whatsapp", topic: None, answered_after_s: Some(60), closed_after_s: None }
}

impl Events {
    fn add(&mut self, at_s: i64, fields: Value) {
        let at = chrono::DateTime::from_timestamp(at_s, 0).expect("a time in range").to_rfc3339();
        let mut event = json!({"source": "shop", "event_id": format!("e{}", self.written), "occurred_at": at});
        let own = fields.as_object().expect("an object was written").clone();
        event.as_object_mut().expect("an object was written").extend(own);
        self.lines.push_str(&format!("{event}\n"));
        self.written += 1;
    }

    fn talk(&mut self, talk: &Talk<'_>) {
        let id = format!("c{}", self.written);
        let message = |direction: &str, author: &str| {
            json!({
                "event_type": "message", "conversation_id": id, "contact_id": id, "channel": talk.channel,
                "topic": talk.topic, "direction": direction, "author": author,
            })
        };
        self.add(talk.at_s, message("inbound", "contact"));
        if let Some(after_s) = talk.answered_after_s {
            self.add(talk.at_s + after_s, message("outbound", "agent"));
        }
        if let Some(after_s) = talk.closed_after_s {
            self.add(talk.at_s + after_s, json!({"event_type": "closed", "conversation_id": id}));
        }
    }

    /// The log as an archive; one last note makes July begin, so that June is over.
    fn archive(mut self) -> Archive {
        let private = json!({
            "event_type": "message", "conversation_id": "last", "channel": "whatsapp", "direction": "outbound",
            "author": "agent", "private": true,
        });
        self.add(seconds("2025-07-02T00:00:00Z"), private);
        let archive = Archive::new();
        let raw = archive.write("events.ndjson", &self.lines);
        archive.ingest(&[&raw], &[]);
        archive
    }
}

/// The report on June 2025.
fn june(archive: &Archive) -> Value {
    let arguments = ["report", "--format", "json", "--since", "2025-06-01", "--until", "2025-07-01"];
    serde_json::from_str(archive.run(&arguments).done().text()).expect("JSON was asked for")
}

fn of_rule<'a>(digest: &'a Value, list: &str, rule: &str) -> Option<&'a Value> {
    digest[list].as_array().expect("a list").iter().find(|entry| entry["rule"] == rule)
}

/// That the rule fires with this text and these numbers, and that its command lists so many rows.
#[track_caller]
fn fires(events: Events, rule: &str, text: &str, evidence: &str, rows: u64) {
    let archive = events.archive();
    let digest = june(&archive);
    let outcome = of_rule(&digest, "rules", rule).expect("every rule is listed");
    let suggestion = of_rule(&digest, "suggestions", rule).unwrap_or_else(|| panic!("{rule} is silent: {outcome}"));
    assert_eq!((&suggestion["text"], &suggestion["evidence"]), (&json!(text), &json!(evidence)));
    assert_eq!((&outcome["status"], &outcome["why"]), (&json!("fired"), &json!(evidence)));
    assert_eq!(suggestion["drill"]["rows"], json!(rows));
    let line = suggestion["drill"]["command"].as_str().expect("a command line");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("tape() {{ \"$TAPE\" \"$@\"; }}\n{line} --format ndjson")]).env("TAPE", tape_path());
    let listed = run(shell).done().rows();
    assert_eq!(u64::try_from(listed.len()).ok(), Some(rows), "{line}");
}

/// That the rule does not fire, for this reason.
#[track_caller]
fn silent(events: Events, rule: &str, status: &str, why: &str) {
    let digest = june(&events.archive());
    assert_eq!(of_rule(&digest, "suggestions", rule), None);
    let outcome = of_rule(&digest, "rules", rule).expect("every rule is listed");
    assert_eq!((&outcome["status"], &outcome["why"]), (&json!(status), &json!(why)));
}

/// Two questions a day from February to May 2025, and so many a day in June.
fn daily(in_june: i64) -> Events {
    let mut events = Events::default();
    let (first_s, june_s) = (seconds("2025-02-01T00:00:00Z"), seconds("2025-06-01T00:00:00Z"));
    for day in 0..150 {
        let day_s = first_s + day * 86_400;
        let questions = if day_s < june_s { 2 } else { in_june };
        for question in 0..questions {
            events.talk(&Talk { at_s: day_s + question * 3_600, ..talk("2025-02-01T00:00:00Z", 0) });
        }
    }
    events
}

#[test]
fn volume_that_does_not_grow_for_months() {
    fires(
        daily(2),
        "volume_flat",
        "Promote messaging and publish its entry points (site, app, e-mail footer, phone menu): inbound volume has been \
         flat for 3 months",
        "60 questions in Jun 2025, 2 a day, against 2 a day in Mar 2025 (±0 %)",
        60,
    );
    silent(daily(3), "volume_flat", "not_fired", "3 questions a day in Jun 2025 against 2 in Mar 2025 (+50 %)");
}

/// A hundred questions on WhatsApp, 60 by mail, and so many by SMS.
fn on_channels(sms: i64) -> Events {
    let mut events = Events::default();
    for (channel, questions) in [("whatsapp", 100), ("email", 60), ("sms", sms)] {
        for question in 0..questions {
            events.talk(&Talk { channel, ..talk("2025-06-10T00:00:00Z", question) });
        }
    }
    events
}

#[test]
fn a_channel_far_below_the_others() {
    // (100 + 60) / 2 = 80.
    let text = "Publicise sms: customers hardly write there";
    fires(on_channels(5), "channel_quiet", text, "5 questions (sms 5); the other channels have 80 on average", 5);
    let why = "sms has the fewest questions, 20: 25.0 % of the mean of the others, 80";
    silent(on_channels(20), "channel_quiet", "not_fired", why);
}

#[test]
fn a_threshold_is_a_setting_that_changes_no_number() {
    let archive = on_channels(5).archive();
    let before = archive.numbers();
    archive.set("report.channel_quiet.share_of_others", "5%");
    let digest = june(&archive);
    assert_eq!(of_rule(&digest, "suggestions", "channel_quiet"), None);
    let outcome = of_rule(&digest, "rules", "channel_quiet").expect("every rule is listed");
    let first = json!({"setting": "report.channel_quiet.share_of_others", "value": "5%"});
    assert_eq!((&outcome["status"], &outcome["thresholds"][0]), (&json!("not_fired"), &first));
    assert_eq!(archive.numbers(), before);
    let shown = archive.run(&["settings", "report.channel_quiet.share_of_others"]).done();
    assert_eq!(shown.text(), "5%\n");
    archive.run(&["settings", "report.channel_quiet.share_of_others", "few"]).fails(2, &["a share such as 5%"]);
    let near = "did you mean report.channel_quiet.share_of_others?";
    archive.run(&["settings", "report.channel_quiet.share_of_other", "5%"]).fails(2, &[near]);
}

/// Thirty conversations on a Monday from nine to half past, answered after so many seconds, and ten quick ones on Tuesday.
fn monday(answered_after_s: i64) -> Events {
    let mut events = Events::default();
    for minutes in 0..30 {
        let late = talk("2025-06-09T09:00:00Z", minutes);
        events.talk(&Talk { answered_after_s: Some(answered_after_s), ..late });
    }
    for minutes in 0..10 {
        events.talk(&talk("2025-06-10T10:00:00Z", minutes));
    }
    events
}

#[test]
fn first_responses_over_their_target() {
    // (30 × 1,200 s + 10 × 60 s) / 40 = 915 s.
    fires(
        monday(1_200),
        "first_response_over_target",
        "Add staff on Mon 09:00–10:00: first responses take longer than their target, and 100.0 % of the late ones begin \
         then",
        "mean 15 min 15 s against 10 min (n 40); 30 late, most on Mon 09:00–10:00 30",
        30,
    );
    // (30 × 300 s + 10 × 60 s) / 40 = 240 s.
    silent(monday(300), "first_response_over_target", "not_fired", "mean 4 min against 10 min (n 40)");
}

#[test]
fn hours_in_which_waits_are_late() {
    fires(
        monday(1_200),
        "hours_late",
        "Add people on Mon 09:00–10:00: of 30 late waits, 30 began then and could have been saved",
        "late: Mon 09:00–10:00 30 of 30 waits (100.0 %)",
        30,
    );
    let why = "late at most on Mon 09:00–10:00 0 of 30 waits (0.0 %)";
    silent(monday(300), "hours_late", "not_fired", why);
}

/// Forty conversations on one topic, answered after so many seconds, and 60 on another, answered after 100.
fn topics(answered_after_s: i64) -> Events {
    let mut events = Events::default();
    for (topic, conversations, after_s) in [("driver's note, lost", 40, answered_after_s), ("billing", 60, 100)] {
        for minutes in 0..conversations {
            let on_topic = talk("2025-06-10T00:00:00Z", minutes);
            events.talk(&Talk { topic: Some(topic), answered_after_s: Some(after_s), ..on_topic });
        }
    }
    events
}

#[test]
fn a_topic_that_waits_long() {
    // (40 × 1,000 s + 60 × 100 s) / 100 = 460 s.
    fires(
        topics(1_000),
        "topic_waits_longest",
        "Train the team on “driver's note, lost” or write answers to reuse: its customers wait longest",
        "40 waits, mean 16 min 40 s against 7 min 40 s over all, longest 16 min 40 s",
        40,
    );
    // (40 × 140 s + 60 × 100 s) / 100 = 116 s, of which half as much again is 174 s.
    let why = "slowest is “driver's note, lost”: mean 2 min 20 s against 1 min 56 s over all (n 40)";
    silent(topics(140), "topic_waits_longest", "not_fired", why);
}

/// Fifteen conversations that are closed after ten minutes, and 25 after so many seconds.
fn closed(after_s: i64) -> Events {
    let mut events = Events::default();
    for minutes in 0..40 {
        let closed_after_s = Some(if minutes < 15 { 600 } else { after_s });
        events.talk(&Talk { closed_after_s, ..talk("2025-06-10T00:00:00Z", minutes) });
    }
    events
}

#[test]
fn resolutions_over_their_target() {
    // (15 × 600 s + 25 × 3,600 s) / 40 = 2,475 s.
    fires(
        closed(3_600),
        "resolution_over_target",
        "Offer a call when a conversation runs past 30 min: resolutions take longer than their target",
        "mean 41 min 15 s against 30 min (n 40); 25 of them took longer than 30 min (62.5 %)",
        25,
    );
    silent(closed(600), "resolution_over_target", "not_fired", "mean 10 min against 30 min (n 40)");
}

/// Forty contacts that were answered on SMS, 10 in April, 10 in May, 20 on 9 June; one opted out in May, and so many on 9
/// June.
fn opted_out(in_june: usize) -> Events {
    let mut events = Events::default();
    let mut contacts = Vec::new();
    for (instant, conversations) in
        [("2025-04-10T08:00:00Z", 10), ("2025-05-10T08:00:00Z", 10), ("2025-06-09T08:00:00Z", 20)]
    {
        for minutes in 0..conversations {
            contacts.push(format!("c{}", events.written));
            events.talk(&Talk { channel: "sms", ..talk(instant, minutes) });
        }
    }
    for (place, contact) in contacts.iter().enumerate().take(in_june + 1) {
        let instant = if place == 0 { "2025-05-20T08:00:00Z" } else { "2025-06-09T18:00:00Z" };
        let out = json!({"event_type": "opted_out", "contact_id": contact, "channel": "sms"});
        events.add(seconds(instant), out);
    }
    events
}

#[test]
fn opt_outs_that_rise() {
    fires(
        opted_out(7),
        "unsubscribes_rising",
        "Send less on sms, and only to those who want it: more contacts opt out after more was sent",
        "7 opted out of sms against 1 before (+600 %); 20 messages sent there against 10 (+100 %); over all channels most on \
         Mon 9 Jun 2025: 7 with 20 sent",
        7,
    );
    let why = "5 opted out of sms, the most added, against 1 before";
    silent(opted_out(5), "unsubscribes_rising", "not_fired", why);
}

#[test]
fn few_data_suggest_nothing() {
    let mut events = Events::default();
    for minutes in 0..29 {
        let slow = talk("2025-06-09T09:00:00Z", minutes);
        events.talk(&Talk {
            answered_after_s: Some(7_200),
            closed_after_s: Some(9_000),
            topic: Some("billing"),
            ..slow
        });
    }
    let archive = events.archive();
    let digest = june(&archive);
    assert_eq!(digest["suggestions"], json!([]));
    let rules = digest["rules"].as_array().expect("a list");
    assert!(rules.iter().all(|outcome| outcome["status"] == "too_few"), "{rules:#?}");
    let shown = archive.run(&["report", "--rules", "--since", "2025-06-01", "--until", "2025-07-01"]).done();
    for outcome in rules {
        let name = outcome["rule"].as_str().expect("a name");
        let line = format!(" † {name}  too few");
        assert!(shown.text().lines().any(|shown| shown == line), "no line {line:?} in\n{}", shown.text());
    }
    let arguments = ["report", "--rules", "--format", "json", "--since", "2025-06-01", "--until", "2025-07-01"];
    let listed: Value = serde_json::from_str(archive.run(&arguments).done().text()).expect("JSON was asked for");
    assert_eq!(listed, digest["rules"]);
    archive.run(&["report", "--rules", "--format", "html"]).fails(2, &["text, markdown or json"]);
}

/// Thirteen whole weeks from Monday 3 March 2025 on with five answered questions a day: 300 to 340 s in the first nine, 900 s in
/// the last four.
fn thirteen_weeks() -> Archive {
    let mut events = Events::default();
    for day in 0..91 {
        let after_s = if day < 63 { 300 + 20 * (day / 7 % 3) } else { 900 };
        for question in 0..5 {
            let begun = talk("2025-03-03T09:00:00Z", day * 1_440 + question * 60);
            events.talk(&Talk { answered_after_s: Some(after_s), ..begun });
        }
    }
    let archive = Archive::new();
    events.talk(&Talk { answered_after_s: None, ..talk("2025-06-02T09:00:00Z", 0) });
    let raw = archive.write("weeks.ndjson", &events.lines);
    archive.ingest(&[&raw], &[]);
    archive
}

#[test]
fn a_report_is_held_against_a_saved_baseline() {
    let archive = thirteen_weeks();
    let save = ["baseline", "save", "spring", "--since", "2025-03-03", "--until", "2025-05-05"];
    archive.run(&save).done();
    let against = |what: &str| archive.run(&["report", "--format", "json", "--compare", what]);
    let digest: Value = serde_json::from_str(against("baseline:spring").done().text()).expect("JSON was asked for");
    assert_eq!(digest["previous_label"], "2025-04-07 to 2025-05-05; usual is baseline spring");
    let cards = digest["kpis"].as_array().expect("a list of KPIs");
    let card = cards.iter().find(|card| card["name"] == "first_response_time").expect("it has a card");
    let baseline = &card["baseline"];
    assert_eq!((&card["verdict"], &baseline["held"]), (&json!("worse"), &json!(900.0)));
    assert_eq!(baseline["name"], "baseline spring (2025-03-03/2025-05-05)");
    // 63 days with five questions each.
    assert_eq!(baseline["n"], 315);
    let compare = ["baseline", "compare", "spring", "--kpi", "first_response_time", "--format", "ndjson"];
    let period = ["--since", "2025-05-05", "--until", "2025-06-02"];
    let rows = archive.run(&[compare.as_slice(), &period].concat()).done().rows();
    // Nine weeks, three each of 300, 320 and 340 s, and the range for the median of four: Python's `math` and `statistics`.
    for (field, column, expected) in [
        ("low", "usual_low", 250.11461146092972),
        ("high", "usual_high", 409.4123066296581),
        ("mean", "baseline_weekly", 320.0),
    ] {
        assert!(same(&json!(expected), &baseline[field]), "{field}: {baseline}");
        assert!(same(&json!(expected), &rows[0][column]), "{column}: {:?}", rows[0]);
    }
    let finding = &digest["findings"].as_array().expect("a list")[..];
    assert!(finding.iter().any(|one| one["kind"] == "worse" && one["kpi"] == "first_response_time"), "{finding:?}");

    against("baseline:sprin").fails(2, &["spring"]);
    against("target").fails(2, &["previous, year or baseline:NAME"]);
    against("yesteryear").fails(2, &["year"]);
    archive.set("session_gap", "24h");
    against("baseline:spring").fails(1, &["baseline spring of", "session_gap was never then and is 1d now"]);
}

#[test]
fn a_year_before_is_by_weekday_or_by_month() {
    let mut events = Events::default();
    // A Monday, the Monday 52 weeks later, and the day after.
    for (instant, questions) in [("2024-06-10T09:00:00Z", 3), ("2025-06-09T09:00:00Z", 4), ("2024-01-01T09:00:00Z", 1)]
    {
        for minutes in 0..questions {
            events.talk(&talk(instant, minutes));
        }
    }
    let archive = events.archive();
    let label = |since: &str, until: &str| {
        let arguments = ["report", "--format", "json", "--compare", "year", "--since", since, "--until", until];
        let digest: Value = serde_json::from_str(archive.run(&arguments).done().text()).expect("JSON was asked for");
        let cards = digest["kpis"].as_array().expect("a list of KPIs").clone();
        let card = cards.into_iter().find(|card| card["name"] == "inbound_message_volume").expect("it has a card");
        (digest["previous_label"].clone(), card["value"].clone(), card["previous"].clone())
    };
    let (week, month) = (label("2025-06-09", "2025-06-16"), label("2025-06-01", "2025-07-01"));
    assert_eq!(week, (json!("2024-06-10 to 2024-06-17"), json!(4.0), json!(3.0)));
    assert_eq!(month, (json!("2024-06-01 to 2024-07-01"), json!(4.0), json!(3.0)));
}
