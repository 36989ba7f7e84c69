//! What is said of an input that a mapping does not fit.

use super::*;

/// What is said when an input is opened; nothing if it can be read.
#[track_caller]
fn check_open(text: &str, input: &str, expected: &str) {
    let head = Head { name: "cases", bytes: input.as_bytes(), whole: true, file: None };
    let said = mapping(text).open(&head, &FormatSettings::default()).err().map(|error| error.to_string());
    assert_eq!(said.unwrap_or_default(), expected);
}

#[test]
fn columns_are_looked_for_before_anything_is_read() {
    check_open(SOUND, "CASE,OPEN_DT,CLOSED_DT,Source\n", "");
    check_open(SOUND, "case,open_dt,closed_dt, SOURCE \n", "");
    // The exact name goes before others.
    check_open(SOUND, "CASE,OPEN_DT,CLOSED_DT,Source,source\n", "");
    check_open(
        SOUND,
        "CASE,OPENED_DT,CLOSED_DT,Source\n",
        "m.toml, line 15: column \"OPEN_DT\" is not in cases; did you mean \"OPENED_DT\"? known: CASE, OPENED_DT, \
         CLOSED_DT, Source",
    );
    check_open(
        SOUND,
        "CASE,OPEN_DT,CLOSED_DT\n",
        "m.toml, line 9: column \"Source\" is not in cases; known: CASE, OPEN_DT, CLOSED_DT",
    );
    check_open(
        SOUND,
        "CASE,OPEN_DT,OPEN_DT,CLOSED_DT,Source\n",
        "m.toml, line 15: column \"OPEN_DT\" is in cases twice; rename one",
    );
    check_open(
        SOUND,
        "CASE,OPEN_DT,CLOSED_DT,SOURCE,source\n",
        "m.toml, line 9: column \"Source\" is in cases twice; rename one",
    );
}

#[test]
fn a_header_that_is_one_column_has_another_delimiter() {
    check_open(
        SOUND,
        "CASE;OPEN_DT;CLOSED_DT;Source\n",
        "m.toml, line 15: column \"OPEN_DT\" is not in cases; the header is one column, \
         \"CASE;OPEN_DT;CLOSED_DT;Source\"; give delimiter = \";\" under [input]",
    );
    check_open(SOUND, "CASE\n", "m.toml, line 15: column \"OPEN_DT\" is not in cases; known: CASE");
}

#[test]
fn records_under_a_key_are_noticed() {
    let under = "m.toml, line 15: \"OPEN_DT\" is not in the beginning of cases, but under \"cases\"; if that is a list \
                 of records, add under = [\"cases\"] to [input], else write \"cases.OPEN_DT\"";
    let case = "{\"CASE\":1,\"OPEN_DT\":\"x\",\"CLOSED_DT\":null,\"Source\":\"y\"}";
    for input in
        [format!("{{\"cases\":[{case}],\"count\":1}}\n"), format!("{{\n\"count\":1,\n\"cases\":[\n{case},\n{case}]}}")]
    {
        check_open(SOUND, &input, under);
        check_open(&SOUND.replace("[input]", "[input]\nunder = \"cases\""), &input, "");
    }
    check_open(SOUND, "{\n\"cases\":[],\n\"count\":0}", "");
}

#[test]
fn what_an_input_must_be_is_said() {
    check_open(
        &SOUND.replace("[input]", "[input]\nlayout = \"parquet\""),
        "CASE,OPEN_DT,CLOSED_DT,Source\n",
        "m.toml, line 2: cases is not in the layout \"parquet\"; take \"layout\" out, or give the file that is meant",
    );
    let each = SOUND
        .replace("id = \"opened:{CASE}\"", "id = \"opened:{part.id}\"\neach = { list = \"parts\", as = \"part\" }");
    check_open(
        &each,
        "CASE,OPEN_DT,CLOSED_DT,Source\n",
        "m.toml, line 12: \"each\" goes over a list in JSON, and cases is CSV; take it out",
    );
    check_open(
        &SOUND.replace("zone = \"America/New_York\"", ""),
        "CASE,OPEN_DT,CLOSED_DT,Source\n",
        "m.toml, line 15: cases: these times say no zone; add zone = \"Europe/Berlin\" (or yours) here or to \
         [input], or give --zone",
    );
    check_open(
        &SOUND.replace("{ column = \"OPEN_DT\" }", "\"{OPEN_DT}\"\nagent_id = { agent_of = [\"Source\"] }"),
        "CASE,OPEN_DT,CLOSED_DT,Source\n",
        "m.toml, line 16: cases: this asks who is an agent, and nobody is named; list agents under [people], or \
         give --agents",
    );
    check_open(
        SOUND,
        "{\"id\":1,\"opened\":\"2025-03-03\",\"type\":\"x\"}\n{\"id\":2}\n",
        "m.toml, line 15: \"OPEN_DT\" is not in the beginning of cases, nor is any other path; is the mapping for \
         another file?",
    );
    let head = Head { name: "cases", bytes: b"CASE,\xff\n", whole: true, file: None };
    let error = mapping(SOUND).open(&head, &FormatSettings::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "m.toml: cases does not begin with a CSV header; check the delimiter, or list \"columns\" under [input]"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Mapping::load(Path::new("no/such/file.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no/such/file.toml: the mapping file cannot be read; check its name, its permissions, and that it is UTF-8"
    );
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    assert_eq!(cause.map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
}
