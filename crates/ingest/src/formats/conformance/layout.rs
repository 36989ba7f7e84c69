//! Files written otherwise that say the same.

use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

use super::*;

/// Cuts of a file that are tried.
const MAX_CUTS: usize = 40;

/// A result without the line ends of texts, which belong to the layout where a text goes over several lines.
fn without_returns(mut found: Found) -> Found {
    for event in &mut found.events {
        if let Some(body) = body_of(event) {
            event["body"] = Value::from(body.replace('\r', ""));
        }
    }
    found
}

#[test]
fn nothing_gives_nothing() {
    for case in cases() {
        for blank in ["", "\n", "\u{feff}", " \r\n\r\n"] {
            let files = case.changed(|_, _| Some(blank.as_bytes().to_vec()));
            let result = case.read(&files);
            assert_eq!(result, Found { events: Vec::new(), rejects: Vec::new(), ignored: 0 }, "{} {blank:?}", case.dir);
        }
    }
}

#[test]
fn a_last_line_needs_no_end() {
    for case in cases() {
        let files = case.changed(|_, content| is_text(content).then(|| content.trim_ascii_end().to_vec()));
        assert_eq!(case.read(&files), case.as_it_stands(), "{}", case.dir);
    }
}

#[test]
fn lines_may_end_in_crlf() {
    for case in cases() {
        let files = case.changed(|_, content| is_text(content).then(|| with_crlf(content)));
        assert_eq!(without_returns(case.read(&files)), without_returns(case.as_it_stands()), "{}", case.dir);
    }
}

fn with_crlf(content: &[u8]) -> Vec<u8> {
    let mut crlf = Vec::with_capacity(content.len());
    for (place, &byte) in content.iter().enumerate() {
        if byte == b'\n' && (place == 0 || content[place - 1] != b'\r') {
            crlf.push(b'\r');
        }
        crlf.push(byte);
    }
    crlf
}

#[test]
fn a_byte_order_mark_is_no_content() {
    for case in cases() {
        let marked = |content: &[u8]| is_text(content) && !content.starts_with(b"\xef\xbb\xbf");
        let files = case.changed(|_, content| marked(content).then(|| [&b"\xef\xbb\xbf"[..], content].concat()));
        assert_eq!(case.read(&files), case.as_it_stands(), "{}", case.dir);
    }
}

#[test]
fn unknown_fields_are_passed_over() {
    for case in cases() {
        let files = case.changed(|name, content| match case.framing(name, content)? {
            Framing::Lines | Framing::Json(_) => Some(with_unknown_keys(content)),
            Framing::CsvRecords { delimiter } => Some(with_unknown_column(content, delimiter)),
            Framing::Mbox => Some(with_unknown_header(content)),
        });
        let (changed, expected) = (case.read(&files), case.as_it_stands());
        // What comes behind a quote without end is read otherwise by whoever added the column.
        if !expected.rejects.iter().any(|reject| reject.ends_with("quote is not closed")) {
            assert_eq!(changed, expected, "{}", case.dir);
        }
    }
}

/// JSON with one more key in every object.
fn with_unknown_keys(content: &[u8]) -> Vec<u8> {
    let mut changed = Vec::new();
    let (mut in_text, mut escaped) = (false, false);
    for (place, &byte) in content.iter().enumerate() {
        changed.push(byte);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            // No text goes over the end of a line.
            b'\n' => in_text = false,
            b'{' if !in_text => {
                changed.extend_from_slice(br#""zz_unknown":[{"zz_deep":null},1.5]"#);
                if content[place + 1..].trim_ascii_start().first() != Some(&b'}') {
                    changed.push(b',');
                }
            }
            _ => {}
        }
    }
    changed
}

/// CSV with one more column at the end.
fn with_unknown_column(content: &[u8], delimiter: u8) -> Vec<u8> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(content);
    let mut writer = WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
    let mut row = ByteRecord::new();
    let mut field: &[u8] = b"zz_unknown";
    while reader.read_byte_record(&mut row).unwrap() {
        row.push_field(field);
        writer.write_byte_record(&row).unwrap();
        field = b"zz, \"x\"";
    }
    writer.into_inner().unwrap()
}

/// Mails with one more header each.
fn with_unknown_header(content: &[u8]) -> Vec<u8> {
    let header = "X-Zz-Unknown: x\n";
    let text = String::from_utf8_lossy(content);
    if !text.starts_with("From ") {
        return [header.as_bytes(), content].concat();
    }
    let mut changed = String::new();
    let mut before = "\n";
    for line in text.split_inclusive('\n') {
        changed.push_str(line);
        if line.starts_with("From ") && before.trim_end().is_empty() {
            changed.push_str(header);
        }
        before = line;
    }
    changed.into_bytes()
}

#[test]
fn a_file_may_be_cut_in_two_between_records() {
    let mut without: Vec<&str> = cases().iter().map(|case| case.name).collect();
    for case in cases() {
        let expected = case.as_it_stands();
        let kept = case.kept(&case.files);
        for (file_idx, (name, content)) in case.files.iter().enumerate() {
            let Some(framing) = case.framing(name, content) else { continue };
            // A page is one answer of an interface, with members behind its records: nobody cuts it.
            if matches!(framing, Framing::Json(_)) && content.trim_ascii_start().starts_with(b"{") {
                continue;
            }
            // Beginnings of records that gave events: each half has one.
            let rows = kept.rows.iter().zip(&kept.row_files).filter(|(_, file)| *file == name);
            let mut starts: Vec<usize> = rows.filter_map(|((at, _), _)| at.byte).map(|byte| byte as usize).collect();
            starts.sort_unstable();
            starts.dedup();
            for &start in starts.iter().skip(1).take(MAX_CUTS) {
                for cut in cuts_before(start, content, framing) {
                    let (first, second) = content.split_at(cut);
                    let second = match framing {
                        Framing::CsvRecords { .. } => [&content[..header_of(content)], second].concat(),
                        _ => second.to_vec(),
                    };
                    let mut files = case.files.clone();
                    files[file_idx].1 = first.to_vec();
                    files.insert(file_idx + 1, (name.clone(), second));
                    assert_eq!(case.read(&files), expected, "{}/{name}, cut at byte {cut}", case.dir);
                    without.retain(|name| *name != case.name);
                }
            }
        }
    }
    assert_eq!(without, [""; 0], "formats without a file of two records");
}

/// Where a file may be cut before a record: at its beginning, and in an array before the comma as well.
fn cuts_before(start: usize, content: &[u8], framing: Framing) -> Vec<usize> {
    let before = content[..start].trim_ascii_end();
    match (framing, before.last()) {
        (Framing::Json(_), Some(b',')) => vec![start, before.len() - 1],
        _ => vec![start],
    }
}

/// Length of the header of a CSV with what is before it.
fn header_of(content: &[u8]) -> usize {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let mut row = ByteRecord::new();
    assert!(reader.read_byte_record(&mut row).unwrap());
    usize::try_from(reader.position().byte()).unwrap()
}
