//! Texts with the cursor at `|`, and what is offered there.

use super::super::vocabulary::testing::vocabulary;
use super::*;

fn offered(marked: &str) -> Vec<String> {
    let cursor = marked.find('|').expect("the cursor is marked");
    let whole = marked.replacen('|', "", 1);
    suggestions(&whole[..cursor], &whole, &vocabulary()).into_iter().map(|suggestion| suggestion.value).collect()
}

#[track_caller]
fn check(marked: &str, expect: &[&str]) {
    assert_eq!(offered(marked), expect, "{marked}");
}

#[test]
fn tables_come_after_from_and_join() {
    check("select * from |", &["sessions", "waits", "kpi("]);
    check("select * from wa|", &["waits"]);
    check("SELECT * FROM WA|", &["waits"]);
    check("select * from waits w join s|", &["sessions"]);
    check("select * from waits w, s|", &["sessions"]);
    check("describe w|", &["waits"]);
    check("select 1; select * from s|", &["sessions"]);
}

#[test]
fn columns_are_those_of_the_tables_named() {
    check("select c| from sessions", &["channel", "count(", "case", "cast", "create", "cross", "current"]);
    check("select wait| from waits", &["wait_us", "waits"]);
    check("select resol| from sessions", &["resolution_us"]);
    check("select resol| from waits", &[]);
    check("select * from waits where op|", &["opened_at", "options"]);
    check("select * from waits where |", &["channel", "wait_us", "opened_at"]);
    check("select a, op| from waits order by 1 desc, 2", &["opened_at", "options"]);
    check("select 'from sessions', wait| from waits -- from sessions", &["wait_us", "waits"]);
}

#[test]
fn a_dot_asks_for_the_columns_before_it() {
    check("select w.| from waits w", &["channel", "wait_us", "opened_at"]);
    check("select s.r| from waits w join sessions as s on true", &["resolution_us"]);
    check("select waits.o| from waits", &["opened_at"]);
    check("select x.o| from waits", &[]);
}

#[test]
fn words_of_the_language_and_functions() {
    check("sel|", &["select"]);
    check("SEL|", &["SELECT"]);
    check("select local|", &["local_day("]);
    check("select day| from waits", &["day"]);
    check("select _day| from waits", &["local_day("]);
    check("select * from waits gro|", &["group", "grouping"]);
    check("select $f|", &["$from_day"]);
}

#[test]
fn texts_and_comments_are_the_users_own() {
    check("select 'wa|", &[]);
    check("select -- wa|", &[]);
    check("select * from waits where channel = 'c|", &[]);
}

#[test]
fn kpis_are_known_inside_their_call() {
    check("select * from kpi('|", &["resolution_time"]);
    check("select * from kpi('res|", &["resolution_time"]);
    check("select * from kpi('resolution_time', 'mo|", &["month"]);
    check("select * from kpi('resolution_time', 'month', 'channel,t|", &["total", "team"]);
    check("select * from kpi('resolution_time', 'month', 'channel, te|", &["team"]);
    check("select * from other('|", &[]);
}

#[test]
fn commands_and_what_they_take() {
    check("\\ti|", &["\\timing"]);
    check("\\d wa|", &["waits"]);
    check("\\kpi re|", &["resolution_time"]);
    check("\\format nd|", &["ndjson"]);
    check("\\timing o|", &["on", "off"]);
    check("\\set fr|", &["from_day"]);
    check("\\q |", &[]);
    check("\\timing on\nselect * from wa|", &["waits"]);
}

#[test]
fn the_word_at_the_cursor_is_replaced() {
    let text = "select * from waits where op";
    let found = suggestions(text, text, &vocabulary());
    assert_eq!((found[0].span.start, found[0].span.end), (26, 28));
    assert!(!found[0].append_whitespace);
    let found = suggestions("select * from wa", "select * from wa", &vocabulary());
    assert!(found[0].append_whitespace);
    assert_eq!(found[0].description.as_deref(), Some("from a question to its answer"));
}

#[test]
fn files_are_offered_by_their_beginning() {
    let folder = std::env::temp_dir().join(format!("tape-complete-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("out")).unwrap();
    std::fs::write(folder.join("over view.csv"), "").unwrap();
    std::fs::write(folder.join(".hidden"), "").unwrap();
    let at = folder.display().to_string();
    check(&format!("\\o {at}/o|"), &[&format!("{at}/out/"), &format!("{at}/over view.csv")]);
    check(&format!("\\i {at}/over v|"), &[&format!("{at}/over view.csv")]);
    check(&format!("\\i {at}/|"), &[&format!("{at}/out/"), &format!("{at}/over view.csv")]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn names_that_need_quotes_have_them() {
    for (name, written) in [("wait_us", "wait_us"), ("count(*)", "\"count(*)\""), ("A", "\"A\""), ("2x", "\"2x\"")] {
        assert_eq!(quoted(name), written);
    }
}
