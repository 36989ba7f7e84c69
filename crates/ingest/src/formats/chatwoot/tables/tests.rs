//! Tables against events worked out by hand, and traps one by one.

use serde_json::Value;

use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{check_fixture, read, settings};

#[test]
fn tables_of_an_account() {
    check_fixture(&ChatwootTables, "chatwoot_tables/account", &settings(), 15);
}

#[test]
fn messages_by_themselves() {
    check_fixture(&ChatwootTables, "chatwoot_tables/messages_only", &settings(), 0);
}

#[test]
fn accounts_with_the_same_numbers_stay_apart() {
    check_fixture(&ChatwootTables, "chatwoot_tables/two_accounts", &settings(), 3);
}

/// A header and its rows.
const REPORTS: &str = "id,name,value,conversation_id,inbox_id,event_end_time,created_at,actor_type\n";

#[test]
fn who_resolved_is_told_by_newer_databases() {
    for (actor, automated) in
        [("", false), ("User", false), ("AutomationRule", true), ("AgentBot", true), ("Captain::Assistant", true)]
    {
        let table = format!("{REPORTS}1,conversation_resolved,5,17,3,2025-03-03 09:00:00,,{actor}\n");
        let events = read(&ChatwootTables, &[("reports", table.as_bytes())], &settings()).json();
        assert_eq!(events[0]["event_type"], "closed");
        assert_eq!(events[0]["conversation_id"], "pk:17");
        assert_eq!(events[0].get("automated"), automated.then_some(&Value::Bool(true)), "{actor}");
    }
}

#[test]
fn the_first_opening_is_no_reopening() {
    for (value, counts) in [("0", (0, 0, 1)), ("0.0", (0, 0, 1)), ("12.5", (1, 0, 0)), ("", (1, 0, 0))] {
        let table = format!("{REPORTS}1,conversation_opened,{value},17,3,2025-03-03 09:00:00,,\n");
        assert_eq!(read(&ChatwootTables, &[("reports", table.as_bytes())], &settings()).counts(), counts, "{value}");
    }
}

#[test]
fn agents_that_are_bots_are_named_by_the_user() {
    let table = concat!(
        "id,conversation_id,inbox_id,message_type,sender_type,sender_id,created_at\n",
        "1,17,3,1,User,7,2025-03-03 09:00:00\n",
        "2,17,3,1,User,8,2025-03-03 09:00:01\n"
    );
    let settings = FormatSettings { bots: Names::new(["7"]), ..settings() };
    let events = read(&ChatwootTables, &[("messages", table.as_bytes())], &settings).json();
    let authors: Vec<&Value> = events.iter().map(|event| &event["author"]).collect();
    assert_eq!(authors, ["bot", "agent"]);
}

#[test]
fn attributes_that_cannot_be_read_say_nothing() {
    for attributes in ["{", "\"\"\"{\"", "[1]", "\"\"\"x\"\"\"", "null"] {
        let table = format!(
            "id,conversation_id,inbox_id,message_type,sender_type,created_at,content_attributes\n\
             1,17,3,1,User,2025-03-03 09:00:00,{attributes}\n"
        );
        let kept = read(&ChatwootTables, &[("messages", table.as_bytes())], &settings());
        assert_eq!(kept.counts(), (1, 0, 0), "{attributes}");
        assert_eq!(kept.json()[0]["author"], "agent");
    }
}

#[test]
fn recognition() {
    let head = |text: &'static str| Head { name: "x", bytes: text.as_bytes(), whole: true, file: None };
    assert!(ChatwootTables.recognises(&head("created_at,sender_type,message_type,inbox_id,conversation_id,id\n")));
    for other in [
        "id,name,email\n1,a,b\n",
        "event_id,occurred_at,event_type,conversation_id\n",
        "{\"id\":1}",
        "id,conversation_id",
    ] {
        assert!(!ChatwootTables.recognises(&head(other)), "{other}");
    }
    let error = ChatwootTables.open(&head("id,name\n1,a\n"), &settings()).err().unwrap();
    assert_eq!(error.to_string(), "x: column \"conversation_id\" is missing; export the file again with this column");
}
