//! Records there, inputs here; texts worked out by hand.

use super::*;

fn rejected(file: &str, line: u64, record: &[u8], header: Option<&str>) -> Rejected {
    let mut rejected = Rejected {
        file: file.to_owned(),
        line,
        byte: Some(line * 10),
        reason: "id is missing".to_owned(),
        record: String::new(),
        record_base64: None,
        format: Some("events".to_owned()),
        header: header.map(str::to_owned),
        source: None,
    };
    rejected.keep(record);
    rejected
}

const ASKED: Asked<'static> = Asked { format: AUTO, source: None, has_mapping: false, alone: false };

/// The content of the inputs, and why records are left.
fn regrouped(records: &[Rejected]) -> (Vec<(String, String)>, Vec<&'static str>, Vec<Rejected>) {
    let home = tempfile::tempdir().unwrap();
    let scratch = Scratch::new(home.path(), Vec::new());
    let mut inputs = Inputs::new(&scratch, ASKED);
    for record in records {
        inputs.add(record.clone(), Path::new("q")).unwrap();
    }
    inputs.finish().unwrap();
    let paths: Vec<String> = inputs.batches().into_values().flatten().collect();
    let texts = paths
        .iter()
        .map(|path| {
            let tail: Vec<_> = Path::new(path).components().rev().take(2).collect();
            let name = tail.iter().rev().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            (name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
        })
        .collect();
    // What stands on the third line of the first input.
    let again = paths.first().map(|path| inputs.relocate(rejected(path, 3, b"", None)));
    (texts, inputs.left.iter().map(|(why, _)| *why).collect(), again.into_iter().collect())
}

#[test]
fn rows_come_under_their_header() {
    let header = Some("a,b");
    let (texts, left, again) = regrouped(&[
        rejected("x/y/one.csv", 7, b"1", header),
        rejected("x/y/one.csv", 9, b"\"2\n2\",3", header),
        rejected("x/y/one.csv", 9, b"\"2\n2\",3", header),
        rejected("x/y/one.csv", 12, b"\"open", header),
        rejected("../two.csv", 3, b"4,5\xff", header),
    ]);
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("retry-2/two.csv", "a,b\n4,5\u{fffd}\n"),
            ("y/one.csv", "a,b\n1\n\"2\n2\",3\n"),
            ("y/one.csv", "a,b\n\"open\n"),
        ]
    );
    assert_eq!(left, [""; 0]);
    // The third line of the first input is none; the last record before it counts.
    assert_eq!((again[0].file.as_str(), again[0].line, again[0].byte), ("../two.csv", 3, Some(30)));
    assert_eq!(again[0].header.as_deref(), header);
}

#[test]
fn objects_come_on_lines_and_the_rest_is_left() {
    let (texts, left, _) = regrouped(&[
        rejected("a", 1, b"{\n \"x\": 1\r\n}", None),
        rejected("a", 4, b"{\"x\":", None),
        rejected("a", 5, b"[1]", None),
        rejected("m.eml", 1, b"From: a\n\nhi", None),
        rejected("a", 6, b"{}", None),
    ]);
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0].1, "{  \"x\": 1  }\n{}\n");
    assert_eq!(texts[1].1, "From: a\n\nhi\n");
    assert_eq!(left, ["broken JSON", "not a JSON object"]);
}

#[test]
fn rows_that_take_others_in_are_found() {
    for row in ["a,b", "a,\"b\"", "a,5\" pipe", "\"a\"\"b\",c", "\"a\nb\"", "", "x"] {
        assert!(is_closed(row.as_bytes()), "{row}");
    }
    for row in ["a,\"b", "\"", "\"a\"\"", "a;\"b"] {
        assert!(!is_closed(row.as_bytes()), "{row}");
    }
}

#[test]
fn records_that_need_others_are_left_with_the_names_of_their_exports() {
    let home = tempfile::tempdir().unwrap();
    let name = |name: &str| home.path().join(name).display().to_string();
    for file in ["all!.zip", "b!c.csv"] {
        fs::write(name(file), b"").unwrap();
    }
    let scratch = Scratch::new(home.path(), Vec::new());
    let mut inputs = Inputs::new(&scratch, ASKED);
    for (file, source) in [("all!.zip!d/x.csv", None), ("all!.zip!e.csv", None), ("b!c.csv", Some("s")), ("gone", None)]
    {
        let mut rejected = rejected(&name(file), 3, b"1,2", Some("a,b"));
        rejected.format = Some("twcs".to_owned());
        rejected.source = source.map(str::to_owned);
        inputs.add(rejected, Path::new("q")).unwrap();
    }
    assert_eq!(inputs.left.iter().map(|(why, _)| *why).collect::<Vec<_>>(), [NEEDS_OTHERS; 4]);
    let expected = [
        (None, BTreeSet::from([name("all!.zip"), name("gone")])),
        (Some("s".to_owned()), BTreeSet::from([name("b!c.csv")])),
    ];
    assert_eq!(inputs.exports(), BTreeMap::from(expected));
}
