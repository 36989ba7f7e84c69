//! Where results go and in what form: standard output, files by their names, the archive that is named.

use serde_json::{Value, json};
use tapemeasure_tests::{Archive, Log};

const QUERY: &str = "select conversation_id, n_inbound from waits order by conversation_id limit 2";

#[test]
fn a_result_that_is_piped_is_csv() {
    let archive = Archive::of(&Log::questions(3));
    let run = archive.run(&["sql", QUERY]).done();
    assert_eq!(run.text(), "conversation_id,n_inbound\nc0,1\nc1,1\n");
}

#[test]
fn a_format_is_named_or_taken_from_the_name_of_the_file() {
    let archive = Archive::of(&Log::questions(3));
    let rows = json!([{"conversation_id": "c0", "n_inbound": 1}, {"conversation_id": "c1", "n_inbound": 1}]);
    for (format, name) in [("csv", "out.csv"), ("tsv", "out.tsv"), ("json", "out.json"), ("ndjson", "out.ndjson")] {
        let printed = archive.run(&["sql", QUERY, "--format", format]).done();
        let out = archive.input(name);
        let written = archive.run(&["sql", QUERY, "-o", &out.to_string_lossy()]).done();
        assert_eq!(written.text(), "", "a result in a file is not printed too");
        let text = std::fs::read_to_string(&out).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
        assert_eq!(text, printed.text(), "{name}");
        match format {
            "csv" => assert_eq!(text, "conversation_id,n_inbound\nc0,1\nc1,1\n"),
            "tsv" => assert_eq!(text, "conversation_id\tn_inbound\nc0\t1\nc1\t1\n"),
            "json" => assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON was asked for"), rows),
            _ => assert_eq!(json!(printed.rows()), rows),
        }
    }
}

#[test]
fn lists_and_structs_are_json_text_in_csv() {
    let archive = Archive::of(&Log::questions(3));
    let query = "select [1, 2] as a, {'x': 1, 'y': 'b'} as b, 3 as c";
    let text = archive.run(&["sql", query, "--format", "csv"]).done().text().to_owned();
    assert_eq!(text, "a,b,c\n\"[1,2]\",\"{\"\"x\"\":1,\"\"y\"\":\"\"b\"\"}\",3\n");
    // A header without rows is quoted like any other.
    let none = archive.run(&["sql", "select [1] as \"a,b\", 2 as c where false", "--format", "csv"]).done();
    assert_eq!(none.text(), "\"a,b\",c\n");
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_the_reason() {
    let archive = Archive::of(&Log::questions(3));
    let missing = archive.input("missing").join("out.csv");
    let said = format!("there is no folder {}; make it first", archive.input("missing").display());
    archive.run(&["sql", QUERY, "-o", &missing.to_string_lossy()]).fails(1, &["out.csv", &said]);
    let folder = archive.input("folder.csv");
    std::fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    archive.run(&["sql", QUERY, "-o", &folder.to_string_lossy()]).fails(1, &["it is a folder; name a file"]);
}

#[test]
fn wrong_arguments_point_to_the_help_of_their_verb() {
    let archive = Archive::new();
    archive.run(&["report", "--widht", "80"]).fails(2, &["'--width'; see `tape report --help`"]);
    archive.run(&["report", "--width", "39"]).fails(2, &["write a number from 40 to 400; see `tape report --help`"]);
    archive.run(&["baseline", "save", "--bogus", "x"]).fails(2, &["see `tape baseline save --help`"]);
    archive.run(&["info", "--at", "x"]).fails(2, &["write a whole number; see `tape info --help`"]);
    archive.run(&["repot"]).fails(2, &["a similar subcommand exists: 'report'; see `tape --help`"]);
    archive.run(&["kpi", "--grain", "dya"]).fails(2, &["--grain cannot be \"dya\"; did you mean day? known are total"]);
    archive.run(&["kpi", "nope"]).fails(2, &["unknown KPI \"nope\"; known are inbound_message_volume"]);
    archive.run(&["kpi", "--format", "jsn"]).fails(2, &["unknown format \"jsn\"; did you mean json? known are table"]);
    let format = ["generate", "--conversations", "1", "--format", "twillio"];
    archive.run(&format).fails(2, &["is not one that can be generated; did you mean twilio? known are ndjson"]);
    let share = ["ingest", "--max-rejected", "-1", "x.ndjson"];
    archive.run(&share).fails(2, &["--max-rejected -1 is no percentage; write one from 0 to 100"]);
}

#[test]
fn a_time_that_is_none_is_wrong_usage_in_sql_too() {
    let archive = Archive::of(&Log::questions(3));
    let call = "select * from kpi('first_response_time', since => '2025-Q5')";
    archive
        .run(&["sql", call])
        .fails(2, &["kpi(): since \"2025-Q5\" is no time that is known here; write an RFC 3339 time"]);
}

#[test]
fn a_report_is_as_wide_as_it_is_asked_to_be() {
    let archive = Archive::of(&Log::questions(3));
    for width in [40, 100, 160] {
        let text = archive.run(&["report", "--width", &width.to_string()]).done().text().to_owned();
        // A command line is broken between words only.
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("tape ") && !line.ends_with('\\'));
        assert_eq!(lines.map(|line| line.chars().count()).max(), Some(width), "{text}");
    }
}

#[test]
fn the_archive_on_the_command_line_goes_before_that_of_the_environment() {
    let (named, environment) = (Archive::of(&Log::questions(5)), Archive::of(&Log::questions(3)));
    let root = named.root().to_string_lossy();
    let query = "select count(*) as n from events";
    assert_eq!(environment.sql(query, &[])[0]["n"], 3);
    assert_eq!(environment.sql(query, &["--archive", &*root])[0]["n"], 5);
}
