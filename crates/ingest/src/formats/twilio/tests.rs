use tapemeasure_model::zone::Zone;

use super::super::adapter::names::Names;
use super::super::testing::{check_fixture, read, settings};
use super::*;

fn with_bots(bots: &[&str]) -> FormatSettings {
    FormatSettings { bots: Names::new(bots), ..settings() }
}

fn message(direction: &str, status: &str, date_sent: &str, more: &str) -> String {
    format!(
        r#"{{"sid":"SM1","account_sid":"AC1","direction":"{direction}","from":"+1500","to":"+4917","status":"{status}",
        "date_sent":{date_sent},"date_created":"Tue, 04 Mar 2025 09:00:00 +0000"{more}}}"#
    )
    .replace('\n', " ")
}

#[test]
fn pages_and_records_of_the_interface() {
    check_fixture(&Twilio, "twilio/rest", &with_bots(&["+15005550009"]), 3);
}

#[test]
fn bulk_export() {
    check_fixture(&Twilio, "twilio/bulk", &settings(), 1);
}

#[test]
fn console() {
    check_fixture(&Twilio, "twilio/console", &settings(), 1);
}

/// Expected: the layouts differ in nothing that an event holds, so overlapping exports repeat each other.
#[test]
fn a_message_is_the_same_event_in_every_layout() {
    let page = r#"{"messages":[{"sid":"SM1","account_sid":"AC1","direction":"inbound","from":"+4917","to":"+1500",
        "date_created":"Tue, 04 Mar 2025 08:59:59 +0000","date_sent":"Tue, 04 Mar 2025 09:00:00 +0000","body":" a\nb ",
        "status":"received","num_segments":"1"}],"page":0}"#;
    let bulk =
        r#"{"sid":"SM1","account_sid":"AC1","direction":"inbound","from":"+4917","to":"+1500","status":"received",
        "date_created":"2025-03-04T08:59:59Z","date_sent":"2025-03-04T09:00:00Z","body":" a\nb ","num_segments":1}"#
            .replace('\n', " ");
    let csv = "From,To,Body,Status,SentDate,Sid,Direction\n+4917,+1500,\" a\nb \",received,2025-03-04T09:00:00Z,SM1,inbound\n";
    let inputs = [page.as_bytes(), bulk.as_bytes(), csv.as_bytes()];
    let [page, bulk, csv] = inputs.map(|input| read(&Twilio, &[("x", input)], &settings()).json());
    assert_eq!(page.len(), 1);
    assert_eq!(page[0]["conversation_id"], "+1500:+4917");
    assert_eq!(page, bulk);
    assert_eq!(page, csv);
}

/// Expected: (events, rejects, ignored).
#[test]
fn what_was_not_sent_is_no_message() {
    let sent = r#""Tue, 04 Mar 2025 09:00:05 +0000""#;
    let cases = [
        ("outbound-api", "delivered", sent, (1, 0, 0)),
        ("outbound-api", "sending", sent, (1, 0, 0)),
        ("outbound-api", "sent", "null", (1, 0, 0)),
        ("outbound-api", "queued", "null", (0, 0, 1)),
        ("outbound-api", "accepted", "null", (0, 0, 1)),
        ("outbound-api", "failed", sent, (0, 0, 1)),
        ("outbound-reply", "Undelivered", sent, (0, 0, 1)),
        ("inbound", "failed", sent, (1, 0, 0)),
        ("inbound", "receiving", "null", (0, 0, 1)),
    ];
    for (direction, status, date_sent, counts) in cases {
        let text = message(direction, status, date_sent, "");
        let kept = read(&Twilio, &[("x", text.as_bytes())], &settings());
        assert_eq!(kept.counts(), counts, "{text}");
    }
}

#[test]
fn authors_are_told_by_direction_and_the_list_of_bots() {
    let author = |direction: &str, bots: &[&str]| {
        let text = message(direction, "sent", r#""Tue, 04 Mar 2025 09:00:05 +0000""#, "");
        read(&Twilio, &[("x", text.as_bytes())], &with_bots(bots)).json()[0]["author"].clone()
    };
    assert_eq!(author("outbound-api", &[]), "agent");
    assert_eq!(author("outbound-call", &["+1501"]), "agent");
    assert_eq!(author("outbound-api", &["1500"]), "bot");
    assert_eq!(author("outbound-reply", &[]), "bot");
    assert_eq!(author("inbound", &["+4917", "+1500"]), "contact");
}

/// Expected: 09:00 in New York in March before the change of clocks is 14:00 UTC.
#[test]
fn times_of_the_console_without_offset_are_of_the_zone_that_is_given() {
    let csv = "From,To,Body,Status,SentDate,Sid,Direction\n+1,+2,a,received,2025-03-04 09:00:00,SM1,inbound\n\
               +1,+2,b,received,2025-03-04T09:00:00Z,SM2,inbound\n";
    let times = |zone: Option<Zone>| {
        let kept = read(&Twilio, &[("x", csv.as_bytes())], &FormatSettings { zone, ..settings() });
        kept.json().iter().map(|event| event["occurred_at"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(times(None), ["2025-03-04T09:00:00.000000Z"; 2]);
    let zone = Zone::parse("America/New_York").unwrap();
    assert_eq!(times(Some(zone)), ["2025-03-04T14:00:00.000000Z", "2025-03-04T09:00:00.000000Z"]);
}

#[test]
fn other_content_is_not_recognised() {
    let recognised =
        |text: &str| Twilio.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None });
    assert!(recognised(
        "rubbish\n{\"sid\":\"SM1\",\"account_sid\":\"AC1\",\"direction\":\"inbound\",\"date_sent\":\"Tue"
    ));
    assert!(recognised(" [{\"sid\":\"SM1\",\"account_sid\":\"AC1\",\"direction\":\"inbound\",\"date_sent\":null"));
    for text in [
        r#"{"sid":"CA1","account_sid":"AC1","direction":"inbound","start_time":"Tue"}"#,
        r#"{"event_id":"e","occurred_at":"t","direction":"inbound"}"#,
        "From,To,Date,Subject\na,b,c,d\n",
        "id,account_id,body,created_at,date_sent,direction\n1,2,3,4,5,6\n",
    ] {
        assert!(!recognised(text), "{text}");
    }
}

#[test]
fn a_csv_without_the_columns_is_an_error_that_names_one() {
    let text = b"From,To,Body,Status,SentDate,Direction\n";
    let error = Twilio.open(&Head { name: "x.csv", bytes: text, whole: true, file: None }, &settings()).err().unwrap();
    assert!(matches!(error, IngestError::MissingColumn { column: "Sid", .. }), "{error}");
}
