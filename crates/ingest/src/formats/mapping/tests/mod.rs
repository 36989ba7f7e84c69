//! Mappings and inputs to events.
//!
//! | module | tests |
//! |---|---|
//! | `features` | what a mapping can say |
//! | `layouts` | CSV, JSON, Parquet |
//! | `errors` | what is said of every mistake in a mapping |
//! | `inputs` | what is said of an input that a mapping does not fit |
//! | `documented` | the examples of the documentation |
//! | `shipped` | the mappings in `data/mappings` |

mod documented;
mod errors;
mod features;
mod inputs;
mod layouts;
mod shipped;

use super::*;
use crate::formats::Sink;
use crate::formats::testing::Kept;
use crate::inputs::{Piece, Splitter};

/// What a mapping is called in tests.
const FILE: &str = "m.toml";

/// A sound mapping, in whose lines the tests make their mistakes.
const SOUND: &str = r#"[input]
zone = "America/New_York"
time_format = "%m/%d/%Y %I:%M:%S %p"

[fields]
conversation_id = "{CASE}"

[fields.channel]
column = "Source"
map = { "Constituent Call" = "voice" }

[[event]]
type = "opened"
id = "opened:{CASE}"
time = { column = "OPEN_DT" }

[[event]]
type = "closed"
id = "closed:{CASE}"
time = { column = "CLOSED_DT" }
"#;

fn mapping(text: &str) -> Arc<Mapping> {
    Arc::new(Mapping::parse(text, FILE).unwrap())
}

fn keeping_bodies() -> FormatSettings {
    FormatSettings { keep_body: true, ..FormatSettings::default() }
}

/// Splits and decodes as the pipeline does.
fn read_by_blocks(
    mapping: &Arc<Mapping>,
    input: (&str, &[u8]),
    settings: &FormatSettings,
    block_bytes: usize,
) -> Result<Kept, IngestError> {
    let (name, bytes) = input;
    let head = Head { name, bytes, whole: true, file: None };
    let mut kept = Kept::default();
    match mapping.open(&head, settings)? {
        Opening::Blocks { framing, skip, decoder } => {
            let line = 1 + bytes[..skip].iter().filter(|&&byte| byte == b'\n').count() as u64;
            let mut splitter = Splitter::new(&bytes[skip..], framing, block_bytes, skip as u64, line);
            while let Some(piece) = splitter.next(Vec::new()).unwrap() {
                match piece {
                    Piece::Block(block) => decoder.decode(&block, &mut kept)?,
                    Piece::Broken { reason, at, record } => kept.reject(reason, at, &record)?,
                }
            }
        }
        Opening::Parts { count, decoder } => {
            for part_idx in 0..count {
                decoder.decode(part_idx, &mut kept)?;
            }
        }
    }
    Ok(kept)
}

/// Reads an input in blocks of any size, which makes no difference.
#[track_caller]
fn read(mapping: &Arc<Mapping>, input: (&str, &str), settings: &FormatSettings) -> Kept {
    let input = (input.0, input.1.as_bytes());
    let whole = read_by_blocks(mapping, input, settings, 1 << 20).unwrap();
    for block_bytes in [1, 64] {
        let kept = read_by_blocks(mapping, input, settings, block_bytes).unwrap();
        assert_eq!(kept.json(), whole.json(), "blocks of {block_bytes}");
        assert_eq!(kept.reasons(), whole.reasons(), "blocks of {block_bytes}");
        assert_eq!(kept.ignored, whole.ignored, "blocks of {block_bytes}");
    }
    whole
}

/// Events as lines of JSON.
#[track_caller]
fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads an input and compares: the events, reasons of the rejects with their lines, and how many are ignored.
#[track_caller]
fn check(text: &str, input: &str, events: &str, rejects: &[(&str, u64)], ignored: u64) {
    let kept = read(&mapping(text), ("in", input), &keeping_bodies());
    assert_eq!(kept.json(), lines(events));
    let reasons: Vec<(&str, u64)> = kept.reasons().iter().map(|(reason, line, _)| (*reason, *line)).collect();
    assert_eq!(reasons, rejects);
    assert_eq!(kept.ignored, ignored);
}
