//! What decoders give, and whole inputs through a format as the pipeline reads them, for tests.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::choice::Choice;
use super::{AUTO, Format, FormatSettings, Head, Sink, choose};
use crate::control::Control;
use crate::error::IngestError;
use crate::inputs::beginning::Beginning;
use crate::inputs::source::Source;
use crate::inputs::{Input, Inputs, Origin, unpack, zip};
use crate::progress::Unwatched;
use crate::quarantine::{Position, Reason};
use crate::reading::{Context, Outcome, Pass, Task, read_input};
use crate::rows::canonical::canonical;
use crate::rows::codec::{self, Event};
use crate::spill::Scratch;

/// Sizes of blocks that make no difference.
const BLOCK_BYTES: [usize; 3] = [1, 64, 1 << 20];

/// Files of a fixture that are no inputs.
const EXPECTED: &str = "expected.ndjson";
const REJECTED: &str = "rejected.txt";

/// Inputs: name, content.
pub type Files = Vec<(String, Vec<u8>)>;

/// Keeps everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// Rows with their positions.
    pub rows: Vec<(Position, Vec<u8>)>,
    /// Names of the inputs that the rows are of.
    pub row_files: Vec<String>,
    /// Rejects: reason, position, record.
    pub rejects: Vec<(String, Position, Vec<u8>)>,
    /// Names of the inputs that the rejects are of.
    pub reject_files: Vec<String>,
    /// Records that are no events.
    pub ignored: u64,
    /// Name of the input that is being read.
    file: String,
}

impl Kept {
    /// The events, in order.
    pub fn events(&self) -> Vec<Event<'_>> {
        self.rows.iter().map(|(_, row)| codec::decode(row).unwrap()).collect()
    }

    /// The events as canonical JSON, in order.
    pub fn json(&self) -> Vec<Value> {
        self.events().iter().map(canonical).collect()
    }

    /// How many events, rejects and ignored records there are.
    pub fn counts(&self) -> (u64, u64, u64) {
        (self.rows.len() as u64, self.rejects.len() as u64, self.ignored)
    }

    /// Reason, line and byte of the rejects.
    pub fn reasons(&self) -> Vec<(&str, u64, Option<u64>)> {
        self.rejects.iter().map(|(reason, at, _)| (reason.as_str(), at.line, at.byte)).collect()
    }

    /// The rejects as `rejected.txt` has them: `<file>:<line>: <reason>`.
    pub fn rejected_lines(&self) -> Vec<String> {
        let rejects = self.reject_files.iter().zip(&self.rejects);
        rejects.map(|(file, (reason, at, _))| format!("{file}:{}: {reason}", at.line)).collect()
    }
}

impl Sink for Kept {
    fn event(&mut self, event: &Event<'_>, at: Position) -> Result<(), IngestError> {
        let mut row = Vec::new();
        codec::encode(event, codec::order_of(0, at.ordinal), &mut row);
        self.rows.push((at, row));
        self.row_files.push(self.file.clone());
        Ok(())
    }

    fn reject(&mut self, reason: Reason, at: Position, record: &[u8]) -> Result<(), IngestError> {
        self.rejects.push((reason.to_string(), at, record.to_vec()));
        self.reject_files.push(self.file.clone());
        Ok(())
    }

    fn ignore(&mut self) -> Result<(), IngestError> {
        self.ignored += 1;
        Ok(())
    }
}

/// Settings that keep bodies; nothing else is said.
pub fn settings() -> FormatSettings {
    FormatSettings { keep_body: true, ..FormatSettings::default() }
}

/// Reads inputs with a format, whatever would recognise them.
pub fn read(format: &'static dyn Format, inputs: &[(&str, &[u8])], settings: &FormatSettings) -> Kept {
    let files: Files = inputs.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    read_files(format, &files, settings, 1 << 20).unwrap()
}

/// Reads inputs with a format in one thread: head, both passes, blocks of a size. Lookups are those of these inputs.
pub fn read_files(
    format: &'static dyn Format,
    files: &[(String, Vec<u8>)],
    settings: &FormatSettings,
    block_bytes: usize,
) -> Result<Kept, IngestError> {
    let home = tempfile::tempdir().unwrap();
    let control = Control::new(&Unwatched);
    let scratch = Scratch::new(&home.path().join("scratch"), Vec::new());
    let inputs = files.iter().enumerate().map(|(n, (name, content))| {
        let path = home.path().join(n.to_string());
        fs::write(&path, content).unwrap();
        Input { name: name.clone(), origin: Origin::File(path), bytes: Some(content.len() as u64), found: false }
    });
    let inputs = unpack(Inputs { list: inputs.collect(), unread: 0 }, &scratch, &control)?.list;
    let settings = FormatSettings { lookups: Arc::default(), ..settings.clone() };
    let context = Context::new(Choice::Named(format), settings, block_bytes, usize::MAX, &control, &scratch);
    let mut kept = Kept::default();
    let mut surveyed = Vec::new();
    for input_idx in 0..inputs.len() {
        if read_one(&context, &inputs, input_idx, Pass::First, &mut kept)? == Outcome::Surveyed {
            surveyed.push(input_idx);
        }
    }
    for input_idx in surveyed {
        read_one(&context, &inputs, input_idx, Pass::Second, &mut kept)?;
    }
    Ok(kept)
}

fn read_one(
    context: &Context<'_>,
    inputs: &[Input],
    input_idx: usize,
    pass: Pass,
    kept: &mut Kept,
) -> Result<Outcome, IngestError> {
    let mut take = |task: Task| -> Result<ControlFlow<()>, IngestError> {
        kept.file.clone_from(&inputs[task.input_idx].name);
        task.work.run(context, kept)?;
        Ok(ControlFlow::Continue(()))
    };
    read_input(context, input_idx, &inputs[input_idx], pass, &mut take)
}

/// Name of the one format that recognises a file; none if the file is blank.
pub fn recognised(name: &str, content: &[u8]) -> Result<Option<&'static str>, IngestError> {
    let failed = |source| IngestError::Read { input: name.to_owned(), byte: 0, source };
    let mut source = Source::open(name, content)?;
    let Some(beginning) = Beginning::read(&mut source, failed, || Ok(()))? else { return Ok(None) };
    let head = Head { name, bytes: &beginning.bytes, whole: beginning.whole, file: None };
    choose(AUTO, &head).map(|format| Some(format.info().name))
}

/// The folder of this package, by the checkout whose tests run: two checkouts with one target folder share what is built,
/// so the folder of building may be another one.
pub fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// The folder of all fixtures.
pub fn fixtures() -> PathBuf {
    package().join("fixtures")
}

/// The inputs of a fixture, sorted by name.
pub fn files_of(dir: &str) -> Files {
    let root = fixtures().join(dir);
    let mut files = Vec::new();
    add_files(&root, "", &mut files);
    files.retain(|(name, _)| name != EXPECTED && name != REJECTED);
    assert_ne!(files.len(), 0, "{dir} has no input");
    files.sort();
    files
}

fn add_files(dir: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            add_files(&path, &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(&path).unwrap()));
        }
    }
}

fn lines_of(dir: &str, name: &str) -> Vec<String> {
    let text = fs::read_to_string(fixtures().join(dir).join(name)).unwrap_or_default();
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

/// Reads a fixture at several sizes of blocks. Every file must be recognised as of this format and no other; events,
/// rejects and the number of ignored records must be those that the fixture expects.
#[track_caller]
pub fn check_fixture(format: &'static dyn Format, dir: &str, settings: &FormatSettings, ignored: u64) {
    let files = files_of(dir);
    let name_of_format = format.info().name;
    for (name, content) in files.iter().filter(|(_, content)| !content.starts_with(zip::MAGIC)) {
        match recognised(name, content) {
            Ok(found) => assert!(found.is_none_or(|found| found == name_of_format), "{dir}/{name}: {found:?}"),
            Err(error) => panic!("{dir}/{name}: {error}"),
        }
    }
    let expected: Vec<Value> = lines_of(dir, EXPECTED).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rejected = lines_of(dir, REJECTED);
    for block_bytes in BLOCK_BYTES {
        let kept = read_files(format, &files, settings, block_bytes).unwrap();
        let place = format!("{dir}, blocks of {block_bytes} bytes");
        let events = kept.json();
        for (event_idx, (event, expected)) in events.iter().zip(&expected).enumerate() {
            assert_eq!(event, expected, "{place}: line {} of {EXPECTED}", event_idx + 1);
        }
        let more = events.get(expected.len()..).unwrap_or_default();
        assert_eq!(more, &[] as &[Value], "{place}: more events than expected");
        assert_eq!(events.len(), expected.len(), "{place}: fewer events than expected");
        assert_eq!(kept.rejected_lines(), rejected, "{place}: rejects");
        assert_eq!(kept.ignored, ignored, "{place}: ignored records");
    }
}
