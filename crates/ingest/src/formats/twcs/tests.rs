//! Tweets in, events out.

use super::record::id;
use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{check_fixture, read, settings};

const HEADER: &str = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n";

fn row(id: usize, author: &str, answered: &str) -> String {
    let inbound = author.bytes().all(|byte| byte.is_ascii_digit());
    let inbound = if inbound { "True" } else { "False" };
    format!("{id},{author},{inbound},Tue Oct 31 22:10:47 +0000 2017,x,,{answered}\n")
}

/// Values of a key, in the order of the events; `-` where there is none.
fn column_of(rows: &[String], key: &str) -> Vec<String> {
    let text = HEADER.to_owned() + &rows.concat();
    let kept = read(&Twcs, &[("twcs.csv", text.as_bytes())], &settings());
    assert_eq!(kept.counts(), (rows.len() as u64, 0, 0));
    kept.json().iter().map(|event| event[key].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn threads_are_found_over_missing_tweets_branches_and_circles() {
    let settings = FormatSettings { bots: Names::new(["@AcmeBot"]), ..settings() };
    check_fixture(&Twcs, "twcs/threads", &settings, 0);
}

#[test]
fn an_export_in_parts_is_one_export() {
    check_fixture(&Twcs, "twcs/parts", &settings(), 0);
}

#[test]
fn ids_are_their_digits() {
    for (text, expected) in [
        ("848", Some("848")),
        ("848.0", Some("848")),
        (" 0848.00 ", Some("848")),
        ("848.", Some("848")),
        ("0", Some("0")),
        ("00.0", Some("0")),
        ("18446744073709551616", Some("18446744073709551616")),
        ("848.5", None),
        ("8e2", None),
        ("-1", None),
        (".0", None),
        ("nan", None),
        ("", None),
    ] {
        assert_eq!(id(text), expected, "{text}");
    }
}

#[test]
fn authors_that_were_taken_for_numbers_are_read_as_what_they_were() {
    let rows = [row(1, "9001", ""), row(2, "AcmeHelp", "1.0"), row(3, "AcmeHelp", "None")];
    let rows = rows.map(|row| row.replace("9001", "9001.0"));
    assert_eq!(column_of(&rows, "contact_id"), ["9001", "9001", "-"]);
    assert_eq!(column_of(&rows, "conversation_id"), ["1", "1", "3"]);
}

#[test]
fn a_thread_longer_than_any_way_up_is_one_conversation() {
    let rows: Vec<String> = (1..3_000)
        .map(|id| row(id, if id % 2 == 1 { "9001" } else { "AcmeHelp" }, &(id - 1).to_string()))
        .rev()
        .collect();
    assert!(column_of(&rows, "conversation_id").iter().all(|root| root == "0"));
    assert!(column_of(&rows, "contact_id").iter().all(|contact| contact == "9001"));
}

#[test]
fn circles_of_brands_alone_end_without_a_customer() {
    let rows = [row(12, "AcmeHelp", "13"), row(13, "BoltCares", "14"), row(14, "AcmeHelp", "12")];
    assert_eq!(column_of(&rows, "conversation_id"), ["12", "12", "12"]);
    assert_eq!(column_of(&rows, "contact_id"), ["-", "-", "-"]);
    assert_eq!(column_of(&rows, "team"), ["AcmeHelp", "BoltCares", "AcmeHelp"]);
}

#[test]
fn other_tables_are_not_taken_for_tweets() {
    let recognised =
        |text: &str| Twcs.recognises(&Head { name: "x.csv", bytes: text.as_bytes(), whole: true, file: None });
    assert!(recognised(HEADER));
    assert!(recognised("Tweet_ID,author_id,inbound,created_at,in_response_to_tweet_id\n\"broken\n"));
    for text in
        ["tweet_id,author_id,text\n1,2,3\n", "source,event_id,occurred_at,event_type\n", "{\"tweet_id\":1}\n", ""]
    {
        assert!(!recognised(text), "{text}");
    }
}

#[test]
fn a_missing_column_is_named() {
    let text = b"tweet_id,author_id,inbound,in_response_to_tweet_id\n";
    let head = Head { name: "twcs.csv", bytes: text, whole: true, file: None };
    assert!(matches!(Twcs.open(&head, &settings()), Err(IngestError::MissingColumn { column: "created_at", .. })));
}
