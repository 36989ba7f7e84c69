//! CSV with other delimiters and without a header, JSON with lists, Parquet with every type.

use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMillisecondArray, TimestampSecondArray,
};

use super::*;

/// The event of each record of these tests.
const EVENT: &str = "[[event]]\ntype = 'closed'\nid = '{id}'\ntime = '{at}'\nconversation_id = '{c}'\nsource = 's'\n";

fn event(id: &str, conversation: &str, more: &str) -> String {
    format!(
        "{{\"source\":\"s\",\"event_id\":\"{id}\",\"occurred_at\":\"2025-03-03T09:00:00.000000Z\",\
         \"event_type\":\"closed\",\"conversation_id\":\"{conversation}\"{more}}}\n"
    )
}

#[test]
fn csv_may_have_other_delimiters() {
    for delimiter in [";", "\t", "|"] {
        let text = format!("[input]\ndelimiter = {delimiter:?}\n{EVENT}");
        let input = format!(
            "id{delimiter}at{delimiter}c\n\
             1{delimiter}2025-03-03T09:00:00Z{delimiter}\"two\nlines, {delimiter} and \"\"quotes\"\"\"\n\
             2{delimiter}2025-03-03T09:00:00Z{delimiter}a,b\n\
             3,2025-03-03T09:00:00Z,c\n"
        );
        let first = format!("two\\nlines, {} and \\\"quotes\\\"", delimiter.escape_default());
        let events = [event("1", &first, ""), event("2", "a,b", "")];
        check(&text, &input, &events.concat(), &[("wrong number of columns", 5)], 0);
    }
}

#[test]
fn csv_may_have_no_header() {
    let text = format!("[input]\ncolumns = ['id', 'at', 'c']\n{EVENT}");
    let input = "1,2025-03-03T09:00:00Z,x\n2,2025-03-03T09:00:00Z,y\n";
    check(&text, input, &[event("1", "x", ""), event("2", "y", "")].concat(), &[], 0);
}

#[test]
fn csv_rejects_have_their_places() {
    let input = "id,at,c\r\n1,2025-03-03T09:00:00Z,x\r\n\r\n2,never,y\r\n";
    let kept = read(&mapping(EVENT), ("in", input), &keeping_bodies());
    assert_eq!(kept.reasons(), [("occurred_at is not a time", 4, Some(37))]);
    assert_eq!(kept.rejects[0].2, b"2,never,y");
}

#[test]
fn json_paths_lead_into_objects_and_lists() {
    let text = "[[event]]\ntype = 'closed'\nid = '{meta.id}'\ntime = '{meta.times.0.at}'\nsource = 's'\n\
                conversation_id = { path = 'a\\.b' }\ntopic = { path = 'tags.1' }\nteam = { path = 'team' }\n";
    let record = |id: &str, rest: &str| {
        format!("{{\"meta\":{{\"id\":{id},\"times\":[{{\"at\":\"2025-03-03T09:00:00Z\"}}]}},\"a.b\":\"x\"{rest}}}")
    };
    let records = [
        record("1", ",\"tags\":[\"p\",\"q\"],\"team\":null"),
        record("\"2\"", ",\"tags\":[\"p\"],\"team\":7.5"),
        record("3.0", ",\"tags\":[],\"team\":true"),
        record("4", ",\"tags\":\"none\",\"team\":[]"),
        record("5", ",\"team\":[\"x\"]"),
        "{\"meta\":{}}".to_owned(),
        "{\"meta\"".to_owned(),
    ];
    let events = [
        event("1", "x", ",\"topic\":\"q\""),
        event("2", "x", ",\"team\":\"7.5\""),
        event("3", "x", ",\"team\":\"true\""),
        event("4", "x", ""),
    ];
    let rejects = [("team has the wrong type", 5), ("broken JSON", 7)];
    check(text, &format!("{}\n", records.join("\n")), &events.concat(), &rejects, 1);
}

#[test]
fn json_may_stand_in_pages() {
    let text = format!("[input]\nunder = ['tickets']\n{EVENT}");
    let record = |id: u32| format!("{{\"id\":{id},\"at\":\"2025-03-03T09:00:00Z\",\"c\":\"x\"}}");
    let over_lines = |id: u32| record(id).replace('{', "{\n").replace(',', ",\n").replace('}', "\n}");
    let events = [event("1", "x", ""), event("2", "x", "")].concat();
    for input in [
        format!("{}\n{}\n", record(1), record(2)),
        format!("{}\n{}\n", over_lines(1), over_lines(2)),
        format!("[{},\n{}]", record(1), record(2)),
        format!("{{\"tickets\":[{},{}],\"count\":2}}\n", record(1), record(2)),
        format!("{{\n\"count\":2,\n\"tickets\":[\n{},\n{}\n]\n}}\n", over_lines(1), over_lines(2)),
    ] {
        let kept = read(&mapping(&text), ("in", input.as_str()), &keeping_bodies());
        assert_eq!(kept.json(), lines(&events), "{input}");
    }
}

/// A ticket with comments, of which one has attachments.
const TICKETS: &str = concat!(
    r#"{"id":7,"opened":"2025-03-03T08:00:00Z","customer":"anna","comments":["#,
    r#"{"id":1,"at":"2025-03-03T09:00:00Z","by":"anna","files":["a.png","b.png"]},"#,
    r#"{"id":2,"at":"2025-03-03T09:00:00Z","by":"mia","public":false},"#,
    r#"{"id":3,"at":"soon","by":"mia"}]}"#,
    "\n",
    r#"{"id":8,"opened":"2025-03-03T08:00:00Z","customer":"anna","comments":[]}"#,
    "\n",
    r#"{"id":9,"customer":"anna","comments":null}"#,
    "\n",
    r#"{"id":10,"customer":"anna","comments":{"id":4,"at":"2025-03-03T09:00:00Z","by":"anna"}}"#,
    "\n",
);

#[test]
fn lists_give_an_event_for_each_element() {
    let text = "[people]\nagents = ['mia']\n\
                [fields]\nsource = 's'\nconversation_id = '{id}'\ncontact_id = '{customer}'\n\
                [[event]]\ntype = 'opened'\nid = 'opened:{id}'\ntime = '{opened}'\n\
                [[event]]\ntype = 'message'\neach = { list = 'comments', as = 'comment' }\n\
                id = '{comment.id}'\ntime = '{comment.at}'\n\
                direction = { role_of = 'comment.by' }\nauthor = { role_of = 'comment.by' }\n\
                agent_id = { agent_of = 'comment.by' }\nprivate = { path = 'comment.public', is = false }\n\
                [[event]]\ntype = 'tagged'\neach = [{ list = 'comments', as = 'comment' }, 'comment.files']\n\
                id = '{comment.id}:{item}'\ntime = '{comment.at}'\ntopic = '{item}'\n";
    let row = |id: &str, hour: &str, event_type: &str, conversation: &str, more: &str| {
        format!(
            "{{\"source\":\"s\",\"event_id\":\"{id}\",\"occurred_at\":\"2025-03-03T{hour}:00:00.000000Z\",\
             \"event_type\":\"{event_type}\",\"conversation_id\":\"{conversation}\",\"contact_id\":\"anna\"{more}}}\n"
        )
    };
    let question = ",\"direction\":\"inbound\",\"author\":\"contact\"";
    let note = ",\"direction\":\"outbound\",\"author\":\"agent\",\"agent_id\":\"mia\",\"private\":true";
    let events = [
        row("opened:7", "08", "opened", "7", ""),
        row("1", "09", "message", "7", question),
        row("2", "09", "message", "7", note),
        row("1:a.png", "09", "tagged", "7", ",\"topic\":\"a.png\""),
        row("1:b.png", "09", "tagged", "7", ",\"topic\":\"b.png\""),
        row("opened:8", "08", "opened", "8", ""),
        row("4", "09", "message", "10", question),
    ];
    check(text, TICKETS, &events.concat(), &[("occurred_at is not a time", 1)], 1);
}

/// Writes a batch in row groups of two rows, and reads it.
fn read_parquet(mapping: &Arc<Mapping>, columns: Vec<(&str, ArrayRef)>, settings: &FormatSettings) -> Kept {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("events");
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let head = Head { name: "events", bytes: &bytes, whole: true, file: Some(&path) };
    let mut kept = Kept::default();
    match mapping.open(&head, settings).unwrap() {
        Opening::Parts { count, decoder } => {
            for part_idx in 0..count {
                decoder.decode(part_idx, &mut kept).unwrap();
            }
        }
        Opening::Blocks { .. } => unreachable!("Parquet is read in parts"),
    }
    kept
}

/// 2025-03-03T09:00:00Z, from `date -u -d 2025-03-03T09:00:00Z +%s`.
const NINE_S: i64 = 1_740_992_400;

/// Columns of three rows, with a list that no field can hold in the last.
fn columns(time: (&'static str, ArrayRef)) -> Vec<(&'static str, ArrayRef)> {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_null();
    lists.append_null();
    lists.values().append_value("x");
    lists.append(true);
    vec![
        ("ID", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
        time,
        ("c", Arc::new(StringArray::from(vec![Some("x"), Some(" "), Some("z")])) as ArrayRef),
        ("float", Arc::new(Float64Array::from(vec![1.0, 2.5, f64::NAN])) as ArrayRef),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])) as ArrayRef),
        ("list", Arc::new(lists.finish()) as ArrayRef),
    ]
}

#[test]
fn parquet_columns_become_texts() {
    let text = format!("{EVENT}topic = '{{list}}'\nautomated = '{{flag}}'\n");
    let instants = TimestampMillisecondArray::from(vec![Some(NINE_S * 1_000); 3]).with_timezone("+02:00");
    let kept = read_parquet(&mapping(&text), columns(("at", Arc::new(instants) as ArrayRef)), &keeping_bodies());
    assert_eq!(kept.json(), lines(&event("1", "x", ",\"automated\":true")));
    let reasons = [("conversation_id is missing", 2, None), ("topic has the wrong type", 3, None)];
    assert_eq!(kept.reasons(), reasons);
    let record: serde_json::Value = serde_json::from_slice(&kept.rejects[0].2).unwrap();
    assert_eq!(record, lines(r#"{"ID":"2","at":"2025-03-03T09:00:00.000000Z"}"#)[0]);
}

#[test]
fn parquet_floats_that_are_whole_are_whole_numbers() {
    let text = EVENT.replace("'{c}'", "'{float}'");
    let instants = TimestampMillisecondArray::from(vec![Some(NINE_S * 1_000); 3]).with_timezone("+00:00");
    let kept = read_parquet(&mapping(&text), columns(("at", Arc::new(instants) as ArrayRef)), &keeping_bodies());
    assert_eq!(kept.json(), lines(&[event("1", "1", ""), event("2", "2.5", "")].concat()));
    assert_eq!(kept.reasons(), [("conversation_id is missing", 3, None)]);
}

#[test]
fn parquet_times_need_a_zone_where_they_have_none() {
    let text = "[[event]]\ntype = 'closed'\nid = '{ID}'\nconversation_id = 'c'\ntime = '{at}'\n";
    let times = |column: ArrayRef, zone: &str| {
        let settings = FormatSettings { zone: Some(Zone::parse(zone).unwrap()), ..FormatSettings::default() };
        let kept = read_parquet(&mapping(text), columns(("at", column)), &settings);
        kept.json().iter().map(|event| event["occurred_at"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let local = TimestampSecondArray::from(vec![Some(NINE_S), None, Some(NINE_S + 1)]);
    assert_eq!(times(Arc::new(local), "Europe/Berlin"), ["2025-03-03T08:00:00.000000Z", "2025-03-03T08:00:01.000000Z"]);
    // 20150 days after 1970-01-01, from `date -u -d 2025-03-03 +%s` / 86400.
    let dates = Date32Array::from(vec![Some(20_150), None, None]);
    assert_eq!(times(Arc::new(dates), "Europe/Berlin"), ["2025-03-02T23:00:00.000000Z"]);
    let texts = StringArray::from(vec![Some("2025-03-03T09:00:00Z"), None, None]);
    assert_eq!(times(Arc::new(texts), "UTC"), ["2025-03-03T09:00:00.000000Z"]);

    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("events");
    let dates = Arc::new(Date32Array::from(vec![20_150])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("ID", dates.clone()), ("at", dates)]).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let head = Head { name: "events", bytes: b"PAR1", whole: false, file: Some(&path) };
    let error = mapping(text).open(&head, &FormatSettings::default()).err().unwrap();
    assert!(error.to_string().starts_with("m.toml, line 5: events: these times say no zone"), "{error}");
}
