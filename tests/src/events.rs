//! Event logs: lists of canonical events that can be cut, shifted in time, and written in more than one format.

use crate::{Row, instant_us};
use chrono::{DateTime, TimeDelta};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// The fields of an event in the order of kpi-rules.md section 1: the columns of a CSV file.
const FIELDS: [&str; 16] = [
    "source",
    "event_id",
    "occurred_at",
    "event_type",
    "conversation_id",
    "contact_id",
    "channel",
    "direction",
    "author",
    "agent_id",
    "team",
    "topic",
    "private",
    "automated",
    "target_event_id",
    "body",
];

/// An event log: canonical events in the order in which they are written, repeats included.
#[derive(Clone, Debug, Default)]
pub struct Log {
    events: Vec<Row>,
}

impl Log {
    /// The fields of an event in the order of kpi-rules.md section 1.
    pub const FIELDS: &'static [&'static str] = &FIELDS;

    /// The log of these events.
    pub fn new(events: Vec<Row>) -> Log {
        Log { events }
    }

    /// Reads one JSON object a line.
    ///
    /// # Panics
    /// On a line that is none: logs under test are well-formed, broken ones are written by hand.
    pub fn from_ndjson(text: &str) -> Log {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no event: {line}: {error}"));
        Log { events: text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect() }
    }

    /// `n` questions of one source, a minute apart from `2025-03-03T09:00:00Z`, each in a conversation of its own; event ids
    /// `q0`, `q1`, ...
    pub fn questions(n: usize) -> Log {
        let first = DateTime::parse_from_rfc3339("2025-03-03T09:00:00Z").expect("a well-formed instant");
        let question = |i: usize| {
            let minutes = i64::try_from(i).expect("a log is short");
            let event = serde_json::json!({
                "source": "s",
                "event_id": format!("q{i}"),
                "occurred_at": spelled(first + TimeDelta::minutes(minutes)),
                "event_type": "message",
                "conversation_id": format!("c{i}"),
                "contact_id": format!("u{i}"),
                "channel": "sms",
                "direction": "inbound",
                "author": "contact",
            });
            match event {
                Value::Object(row) => row,
                _ => unreachable!("an object was written"),
            }
        };
        Log { events: (0..n).map(question).collect() }
    }

    /// The events.
    pub fn events(&self) -> &[Row] {
        &self.events
    }

    /// How many events, repeats included.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// True of a log without events.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// How many different identities (source, event id): what an archive keeps of the log (rule E1).
    pub fn identities(&self) -> usize {
        let identity = |event: &Row| (event["source"].to_string(), event["event_id"].to_string());
        self.events.iter().map(identity).collect::<HashSet<_>>().len()
    }

    /// The log in `n` pieces of about equal length, in order.
    pub fn cut(&self, n: usize) -> Vec<Log> {
        let length = self.len().div_ceil(n);
        self.events.chunks(length).map(|piece| Log { events: piece.to_vec() }).collect()
    }

    /// The log written backwards.
    pub fn reversed(&self) -> Log {
        Log { events: self.events.iter().rev().cloned().collect() }
    }

    /// Only the events of one source.
    pub fn of_source(&self, source: &str) -> Log {
        let of_source = |event: &&Row| event["source"] == source;
        Log { events: self.events.iter().filter(of_source).cloned().collect() }
    }

    /// The same log so many days later.
    pub fn shifted(&self, days: i64) -> Log {
        let shift = |event: &Row| {
            let mut event = event.clone();
            let then = event["occurred_at"].as_str().expect("an event has a time");
            let then = DateTime::parse_from_rfc3339(then).unwrap_or_else(|error| panic!("{then}: {error}"));
            event.insert("occurred_at".to_owned(), spelled(then + TimeDelta::days(days)).into());
            event
        };
        Log { events: self.events.iter().map(shift).collect() }
    }

    /// The time, as text, of the event that stands at this share (0 to 1) of the log in order of time.
    pub fn time_at(&self, share: f64) -> String {
        let mut times: Vec<(i64, &str)> = self.events.iter().map(time_of).collect();
        times.sort_unstable();
        let last_idx = times.len() - 1;
        times[((last_idx as f64) * share) as usize].1.to_owned()
    }

    /// The log as NDJSON, a newline after every event.
    pub fn ndjson(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            text.push_str(&Value::Object(event.clone()).to_string());
            text.push('\n');
        }
        text
    }

    /// The log as CSV with every field as a column; a null is an empty cell.
    pub fn csv(&self) -> String {
        let mut text = FIELDS.join(",");
        text.push('\n');
        for event in &self.events {
            let cells: Vec<String> = FIELDS.iter().map(|field| cell(event.get(*field))).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }

    /// Writes the log as NDJSON.
    pub fn write_ndjson(&self, path: &Path) {
        write_file(path, self.ndjson().as_bytes());
    }
}

/// Writes `n` questions, each in a conversation of its own, spread over March 2025, whose ids no compression shortens: at
/// least 48 bytes of an archive each. Event ids differ for different seeds. Returns the bytes written.
pub fn write_incompressible(path: &Path, n: u64, seed: u64) -> u64 {
    const MARCH_US: u64 = 31 * 86_400 * 1_000_000;
    let start = DateTime::parse_from_rfc3339("2025-03-01T00:00:00Z").expect("a well-formed instant");
    let mut random = SplitMix64(seed);
    let mut line = String::new();
    let mut written = 0;
    let file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut out = BufWriter::new(file);
    for _ in 0..n {
        let after_us = i64::try_from(random.draw() % MARCH_US).expect("a month is short");
        let time = spelled(start + TimeDelta::microseconds(after_us));
        line.clear();
        write!(
            line,
            r#"{{"source":"s","event_id":"{:016x}{:016x}","occurred_at":"{time}","event_type":"message","conversation_id":"{:016x}{:016x}","contact_id":"{:016x}{:016x}","channel":"sms","direction":"inbound","author":"contact"}}"#,
            random.draw(),
            random.draw(),
            random.draw(),
            random.draw(),
            random.draw(),
            random.draw(),
        )
        .expect("text grows");
        line.push('\n');
        out.write_all(line.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        written += line.len() as u64;
    }
    out.flush().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    written
}

/// Writes a whole file.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn spelled(instant: DateTime<chrono::FixedOffset>) -> String {
    instant.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn time_of(event: &Row) -> (i64, &str) {
    let text = event["occurred_at"].as_str().expect("an event has a time");
    (instant_us(text).unwrap_or_else(|| panic!("no instant: {text}")), text)
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
