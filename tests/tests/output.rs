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
fn the_archive_on_the_command_line_goes_before_that_of_the_environment() {
    let (named, environment) = (Archive::of(&Log::questions(5)), Archive::of(&Log::questions(3)));
    let root = named.root().to_string_lossy();
    let query = "select count(*) as n from events";
    assert_eq!(environment.sql(query, &[])[0]["n"], 3);
    assert_eq!(environment.sql(query, &["--archive", &*root])[0]["n"], 5);
}
