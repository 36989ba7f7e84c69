//! `tape generate`: a realistic archive as raw input.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};

use tapemeasure_generate::{Format, GenerateError, GenerateOptions, Generator, Month};
use tapemeasure_query::Meant;

use super::note;
use crate::args::{Generate, Global};
use crate::failure::{Done, Failure};
use crate::output::Sink;
use crate::watch::{self, Bar};

/// Conversations that are made at once: about 8 MB.
const CHUNK_CONVERSATIONS: u64 = 4_096;

/// The bytes of some conversations, and how many events they are.
type Chunk = Result<(Vec<u8>, u64), GenerateError>;

/// Writes the archive.
pub fn run(global: &Global, verb: &Generate) -> Result<Done, Failure> {
    let format = format_of(verb)?;
    let told_by = verb.told_by.as_deref().map(|name| named("--told-by", name)).transpose()?;
    if told_by.is_some() && !matches!(format, Format::Ndjson | Format::Csv) {
        return Err(Failure::usage("--told-by reduces canonical events; write them as ndjson or csv"));
    }
    let start = Month::parse(&verb.start)
        .ok_or_else(|| Failure::usage(format!("--start {:?} is no month; write one such as 2025-01", verb.start)))?;
    let options = GenerateOptions {
        conversations: verb.conversations,
        months: verb.months,
        start,
        seed: verb.seed,
        format,
        told_by,
    };
    let mut sink = Sink::open(verb.output.as_deref())?;
    let events = write(&options, global.threads(), &mut sink)?;
    sink.finish()?;
    if verb.output.is_some() {
        let what = if matches!(format, Format::Ndjson | Format::Csv) { "events" } else { "records" };
        note(&format!("{} {what}", tapemeasure_report::quantity::count(events)));
    }
    Ok(Done::Well)
}

/// The format named, else that of the file's name, else NDJSON.
fn format_of(verb: &Generate) -> Result<Format, Failure> {
    let ending = verb.output.as_ref().and_then(|path| path.extension()?.to_str());
    let name = match (&verb.format, ending) {
        (Some(name), _) => name,
        (None, Some("csv")) => "csv",
        (None, _) => return Ok(Format::Ndjson),
    };
    named("--format", name)
}

fn named(option: &str, name: &str) -> Result<Format, Failure> {
    Format::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|f| f.as_str()).collect();
        let (meant, known) = (Meant::of(name, &names), names.join(", "));
        Failure::usage(format!("{option} {name:?} is not one that can be generated; {meant}known are {known}"))
    })
}

/// Makes conversations on `threads` threads and writes them in order: the bytes do not depend on the threads. Gives
/// the number of events.
///
/// # Errors
/// The options name no possible archive, the sink cannot be written, or the user asked to stop.
pub fn write(options: &GenerateOptions, threads: usize, sink: &mut Sink) -> Result<u64, Failure> {
    use std::io::Write;

    let place = sink.place();
    let generator = Generator::new(options).map_err(|e| Failure::usage(e.to_string()))?;
    let bar = Bar::new();
    bar.begin(Some(options.conversations), "{msg:<28} {wide_bar} {human_pos}/{human_len} conversations {eta} left");
    bar.say("generating");
    sink.write_all(generator.header()).map_err(|e| Failure::output(&place, e))?;
    std::thread::scope(|scope| {
        // Each thread makes every n-th chunk; they are taken in turn.
        let makers: Vec<Receiver<Chunk>> = (0..threads as u64)
            .map(|first| {
                let (to_writer, made) = sync_channel(2);
                let generator = &generator;
                scope.spawn(move || {
                    for range in chunks(options.conversations).skip(first as usize).step_by(threads) {
                        let mut bytes = Vec::new();
                        let chunk = generator.write(range, &mut bytes, None).map(|made| (bytes, made.events));
                        if to_writer.send(chunk).is_err() {
                            return;
                        }
                    }
                });
                made
            })
            .collect();
        let mut events = 0;
        for (at, range) in chunks(options.conversations).enumerate() {
            if watch::interrupted() {
                return Err(Failure::Interrupted);
            }
            let Ok(chunk) = makers[at % threads].recv() else { break };
            let (bytes, made) = chunk.map_err(|e| Failure::failed(e.to_string(), e))?;
            sink.write_all(&bytes).map_err(|e| Failure::output(&place, e))?;
            events += made;
            bar.advance(range.end - range.start);
        }
        Ok(events)
    })
}

fn chunks(conversations: u64) -> impl Iterator<Item = Range<u64>> {
    (0..conversations.div_ceil(CHUNK_CONVERSATIONS))
        .map(move |i| i * CHUNK_CONVERSATIONS..((i + 1) * CHUNK_CONVERSATIONS).min(conversations))
}
