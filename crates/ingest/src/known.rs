//! Which inputs the archive has already, and what makes two inputs the same.
//!
//! An input is recorded with the digest of its bytes and of everything else that its events follow from:
//!
//! ```text
//! <BLAKE3 of the bytes>[;lookups=<hash>][;source=<name>][;body=keep][;with=<hash of the other options>]
//! ```
//! `lookups` is what the first pass found, in formats that survey: the same table of messages gives other events beside
//! another table of conversations.

use std::collections::HashMap;
use std::io::{self, Read};

use tapemeasure_archive::{Archive, InputDigest};

use crate::control::Control;
use crate::error::IngestError;
use crate::inputs::Input;
use crate::options::IngestOptions;

/// Bytes hashed at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Stands before the hash of the lookups.
const LOOKUPS: &str = ";lookups=";

/// Says that bodies were kept.
const BODY: &str = ";body=keep";

/// Stands before the hash of the other options.
const WITH: &str = ";with=";

/// Count of replaced events, among the metrics of a version.
const REPLACED: &str = "replaced";

/// Characters of the hash of options.
const HASH_LENGTH: usize = 16;

/// An input that a version has taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    input: InputDigest,
    /// Whether that version replaced events.
    replaced: bool,
}

/// An earlier reading of an input with the same bytes and options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Hash of the lookups that there were.
    pub lookups: String,
    /// Events that it had.
    pub records: u64,
}

/// Earlier readings, by index of the input.
pub type SeenBefore = HashMap<usize, Vec<Seen>>;

/// Inputs, parted.
#[derive(Debug, Default)]
pub struct Parted {
    /// Those that are to be read.
    pub fresh: Vec<Input>,
    /// Of these, by their index, the ones that were ingested before if the lookups are the same.
    pub seen: SeenBefore,
    /// Names of those that are not read because the archive has them.
    pub skipped: Vec<String>,
    /// Events that these had.
    pub skipped_events: u64,
}

/// Every input that any version has taken in, the latest first.
///
/// # Errors
/// The archive's log cannot be read.
pub async fn recorded(archive: &Archive) -> Result<Vec<Recorded>, IngestError> {
    let history = archive.history().await?;
    let inputs = history.into_iter().flat_map(|version| {
        let replaced = version.metrics.get(REPLACED).is_some_and(|&count| count > 0);
        version.inputs.into_iter().map(move |input| Recorded { input, replaced })
    });
    Ok(inputs.collect())
}

/// Parts the inputs that are to be read from those that are recorded with the same content. Only what has the size and
/// the last name of a recorded one is hashed, since that means to read it once more.
///
/// # Errors
/// An input cannot be read, or the ingest was stopped.
pub fn without_known(
    inputs: Vec<Input>,
    known: &[Recorded],
    options: &IngestOptions,
    control: &Control<'_>,
) -> Result<Parted, IngestError> {
    let mut by_name_and_size: HashMap<(&str, u64), Vec<&Recorded>> = HashMap::new();
    for recorded in known {
        let input = &recorded.input;
        by_name_and_size.entry((last_part(&input.name), input.bytes)).or_default().push(recorded);
    }
    let mut parted = Parted::default();
    for input in inputs {
        let candidates = input.bytes.and_then(|bytes| by_name_and_size.get(&(last_part(&input.name), bytes)));
        if let Some(candidates) = candidates {
            let digest = digest_of(&input, control)?;
            let (seen, records) = standing(candidates, &digest, options);
            if let Some(records) = records {
                parted.skipped.push(input.name);
                parted.skipped_events += records;
                continue;
            }
            if !seen.is_empty() {
                parted.seen.insert(parted.fresh.len(), seen);
            }
        }
        parted.fresh.push(input);
    }
    Ok(parted)
}

/// Earlier readings of the same bytes with the same options, and the events of one that had no lookups. Readings before
/// a version that read the bytes otherwise and replaced events are none: what they gave does not stand any more.
fn standing(candidates: &[&Recorded], digest: &str, options: &IngestOptions) -> (Vec<Seen>, Option<u64>) {
    let (source, own) = (source_part(options), suffix(options));
    let mut seen = Vec::new();
    for recorded in candidates {
        let Some(how) = recorded.input.digest.strip_prefix(digest) else { continue };
        let (lookups, with) = match how.strip_prefix(LOOKUPS) {
            Some(behind) => behind.split_at(behind.find(';').unwrap_or(behind.len())),
            None => ("", how),
        };
        let records = recorded.input.records;
        if with == own {
            if lookups.is_empty() {
                return (seen, Some(records));
            }
            seen.push(Seen { lookups: lookups.to_owned(), records });
        } else if others_of(with, &source).is_none_or(|others| Some(others) == others_of(&own, &source)) {
            // Of another source, or the same but for the texts: it replaces nothing that matters here.
            continue;
        }
        if recorded.replaced {
            break;
        }
    }
    (seen, None)
}

/// What a fingerprint says of the options beside source and texts; `None` if it is of another source.
fn others_of<'f>(fingerprint: &'f str, source: &str) -> Option<&'f str> {
    let rest = fingerprint.strip_prefix(source)?;
    let others = rest.strip_prefix(BODY).unwrap_or(rest);
    (others.is_empty() || others.starts_with(WITH)).then_some(others)
}

/// The digest of an input as it is recorded: of its bytes, and of the options that make other events of the same bytes.
pub fn fingerprinted(mut input: InputDigest, options: &IngestOptions) -> InputDigest {
    input.digest += &suffix(options);
    input
}

/// The digest of bytes that were read with lookups.
pub fn with_lookups(digest: &str, lookups: &str) -> String {
    format!("{digest}{LOOKUPS}{lookups}")
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn digest_of(input: &Input, control: &Control<'_>) -> Result<String, IngestError> {
    let mut stream = input.open(control.progress)?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        control.check()?;
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
            Ok(length) => hasher.update(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => {
                return Err(IngestError::Read { input: input.name.clone(), byte: hasher.count(), source });
            }
        };
    }
}

/// What of the options makes other events of the same bytes. Options as they are without being given leave no trace.
fn suffix(options: &IngestOptions) -> String {
    let body = if options.keep_body { BODY } else { "" };
    let others = serde_json::json!([
        options.mapping.as_deref().map(|mapping| mapping.digest()),
        Some(&options.format).filter(|_| options.mapping.is_none()),
        options.zone.as_ref().map(|zone| zone.name()),
        as_set(&options.agents),
        as_set(&options.bots),
        as_set(&options.keywords_stop),
        as_set(&options.keywords_start),
    ])
    .to_string();
    let usual = r#"[null,"auto",null,[],[],[],[]]"#;
    let with = if others == usual {
        String::new()
    } else {
        format!("{WITH}{}", &blake3::hash(others.as_bytes()).to_hex()[..HASH_LENGTH])
    };
    source_part(options) + body + &with
}

fn source_part(options: &IngestOptions) -> String {
    options.source.as_deref().map(|source| format!(";source={source}")).unwrap_or_default()
}

/// Names in an order that does not depend on how they were given.
fn as_set(names: &[String]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::zone::Zone;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn every_option_that_changes_events_is_in_the_fingerprint() {
        let usual = IngestOptions::default();
        assert_eq!(suffix(&usual), "");
        // Archives of earlier versions recorded these two.
        let named = IngestOptions { source: Some("s".to_owned()), keep_body: true, ..usual.clone() };
        assert_eq!(suffix(&named), ";source=s;body=keep");
        let others = [
            IngestOptions { format: "events".to_owned(), ..usual.clone() },
            IngestOptions { zone: Some(Zone::UTC), ..usual.clone() },
            IngestOptions { agents: names(&["a", "b"]), ..usual.clone() },
            IngestOptions { bots: names(&["a", "b"]), ..usual.clone() },
            IngestOptions { keywords_stop: names(&["a"]), ..usual.clone() },
            IngestOptions { keywords_start: names(&["a"]), ..usual.clone() },
        ];
        let mut suffixes: Vec<String> = others.iter().map(suffix).collect();
        assert!(suffixes.iter().all(|suffix| suffix.len() == WITH.len() + HASH_LENGTH));
        suffixes.sort();
        suffixes.dedup();
        assert_eq!(suffixes.len(), others.len());
        let same = IngestOptions { agents: names(&["B ", "a", "b"]), ..usual.clone() };
        assert_eq!(suffix(&same), suffix(&others[2]));
        let unlike = IngestOptions { threads: 7, memory_bytes: 1, max_rejected_share: 1.0, force: true, ..usual };
        assert_eq!(suffix(&unlike), "");
    }

    #[test]
    fn a_reading_whose_events_were_replaced_by_another_is_none() {
        let plain = IngestOptions::default();
        let bots = IngestOptions { bots: names(&["b"]), ..plain.clone() };
        let texts = IngestOptions { keep_body: true, ..plain.clone() };
        let named = IngestOptions { source: Some("s".to_owned()), bots: names(&["b"]), ..plain.clone() };
        let read = |options: &IngestOptions, lookups: &str, replaced: bool| {
            let digest = format!("d{lookups}{}", suffix(options));
            Recorded { input: InputDigest { name: "f".to_owned(), digest, bytes: 1, records: 7 }, replaced }
        };
        let found = |later: Recorded, first: Recorded| {
            let (seen, records) = standing(&[&later, &first], "d", &plain);
            (seen.into_iter().map(|seen| seen.lookups).collect::<Vec<_>>().join(","), records)
        };
        let first = || read(&plain, "", false);
        assert_eq!(found(read(&bots, "", true), first()), (String::new(), None));
        for later in [read(&bots, "", false), read(&texts, "", true), read(&named, "", true), first()] {
            assert_eq!(found(later, first()), (String::new(), Some(7)));
        }
        let surveyed = |lookups: &str, replaced| read(&plain, &format!("{LOOKUPS}{lookups}"), replaced);
        assert_eq!(found(surveyed("2", false), surveyed("1", false)), ("2,1".to_owned(), None));
        assert_eq!(found(surveyed("2", true), surveyed("1", false)), ("2".to_owned(), None));
    }
}
