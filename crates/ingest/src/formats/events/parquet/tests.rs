//! Every type that a column may have, and rows that are no events.

use std::sync::Arc;

use arrow::array::{
    DictionaryArray, Int64Array, LargeStringArray, StringViewArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::formats::testing::Kept;

const T: i64 = 1_740_992_400;

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Two rows of a close; columns given replace those of the same name.
fn batch(changes: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let instants = TimestampMillisecondArray::from(vec![T * 1_000, T * 1_000 + 1]).with_timezone("+02:00");
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("source", texts(&["s", "s"])),
        ("event_id", texts(&["1", "2"])),
        ("occurred_at", Arc::new(instants) as ArrayRef),
        ("event_type", texts(&["closed", "closed"])),
        ("conversation_id", texts(&["c", "c"])),
        ("unknown", texts(&["x", "y"])),
    ];
    for change in changes {
        columns.retain(|column| column.0 != change.0);
        columns.push(change);
    }
    RecordBatch::try_from_iter(columns).unwrap()
}

fn decode_groups(batch: &RecordBatch, rows_per_group: usize) -> Kept {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("events");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows_per_group)).build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    assert!(recognises(&path));
    let decoder = RowGroupDecoder::open(&path, "events", FormatSettings::default()).unwrap();
    let mut kept = Kept::default();
    for part_idx in 0..decoder.parts() {
        assert_ne!(decoder.bytes_of(part_idx), 0);
        decoder.decode(part_idx, &mut kept).unwrap();
    }
    kept
}

fn times(kept: &Kept) -> Vec<i64> {
    kept.events().iter().map(|event| event.time_us).collect()
}

#[test]
fn instants_are_instants_in_every_unit_and_zone() {
    assert_eq!(times(&decode_groups(&batch(vec![]), 10)), [T * 1_000_000, T * 1_000_000 + 1_000]);
    let seconds = TimestampSecondArray::from(vec![T, T + 1]).with_timezone("UTC");
    let kept = decode_groups(&batch(vec![("occurred_at", Arc::new(seconds) as ArrayRef)]), 10);
    assert_eq!(times(&kept), [T * 1_000_000, T * 1_000_000 + 1_000_000]);
    // Before 1970 rounding goes down too.
    let nanos = TimestampNanosecondArray::from(vec![-1, 1_999]).with_timezone("UTC");
    let kept = decode_groups(&batch(vec![("occurred_at", Arc::new(nanos) as ArrayRef)]), 10);
    assert_eq!(times(&kept), [-1, 1]);
    let kept = decode_groups(
        &batch(vec![("occurred_at", texts(&["2025-03-03T10:00:00+01:00", "2025-03-03T09:00:00.5Z"]))]),
        10,
    );
    assert_eq!(times(&kept), [T * 1_000_000, T * 1_000_000 + 500_000]);
}

#[test]
fn texts_may_be_of_any_text_type() {
    let dictionary: DictionaryArray<Int32Type> = vec!["d1", "d2"].into_iter().collect();
    let kept = decode_groups(
        &batch(vec![
            ("event_id", Arc::new(LargeStringArray::from(vec!["l1", "l2"])) as ArrayRef),
            ("conversation_id", Arc::new(dictionary) as ArrayRef),
            ("topic", Arc::new(StringViewArray::from(vec![Some("a topic longer than twelve"), None])) as ArrayRef),
            ("automated", Arc::new(BooleanArray::from(vec![Some(true), None])) as ArrayRef),
        ]),
        10,
    );
    let events = kept.events();
    assert_eq!((events[0].event_id, events[1].event_id), (&b"l1"[..], &b"l2"[..]));
    assert_eq!((events[0].conversation_id, events[1].conversation_id), (Some(&b"d1"[..]), Some(&b"d2"[..])));
    assert_eq!((events[0].topic, events[1].topic), (Some(&b"a topic longer than twelve"[..]), None));
    assert_eq!((events[0].automated, events[1].automated), (Some(true), None));
}

#[test]
fn rows_are_rejected_with_their_number_over_row_groups() {
    let local = TimestampMillisecondArray::from(vec![Some(0), None]);
    let kept = decode_groups(&batch(vec![("occurred_at", Arc::new(local) as ArrayRef)]), 1);
    assert_eq!(kept.reasons(), [("occurred_at has no UTC offset", 1, None), ("occurred_at is missing", 2, None)]);
    let numbers = Int64Array::from(vec![Some(7), None]);
    let kept = decode_groups(&batch(vec![("agent_id", Arc::new(numbers) as ArrayRef)]), 10);
    assert_eq!(kept.reasons(), [("agent_id has the wrong type", 1, None)]);
    let record: Value = serde_json::from_slice(&kept.rejects[0].2).unwrap();
    assert_eq!(
        record,
        serde_json::json!({
            "source": "s", "event_id": "1", "occurred_at": "2025-03-03T09:00:00.000000Z", "event_type": "closed",
            "conversation_id": "c", "agent_id": "7",
        })
    );
    assert_eq!(kept.events().len(), 1);
}

#[test]
fn columns_and_damage_are_found_before_anything_is_read() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("events");
    let batch = batch(vec![]).project(&[0, 1, 3]).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let message = |path: &Path| match RowGroupDecoder::open(path, "events", FormatSettings::default()) {
        Ok(_) => "opened".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(message(&path), "events: column \"occurred_at\" is missing; add it to the header and the rows");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    assert_eq!(message(&path), "events: not a readable Parquet file; write it again");
}
