//! What to type to have records read that need others of their export.

use std::path::{Path, PathBuf};

use tapemeasure_ingest::{AUTO, Export};
use tapemeasure_report::command::command_line;

use crate::args::Decoding;

/// Files that a command names before they are only counted.
const NAMED: usize = 5;

/// Standard input, as inputs are called and on the command line.
const STANDARD_INPUT: (&str, &str) = ("standard input", "-");

/// What is done with texts of messages when nobody says otherwise.
const DROP: &str = "drop";

/// The ingest of an export, with the options that were given for a retry.
pub fn with_export(archive: &Path, decoding: &Decoding, export: &Export) -> String {
    let mut words = begun(archive, &["ingest", "--force"]);
    words.extend(options(decoding, export.source.as_deref()));
    let names = export.files.iter().take(NAMED).map(String::as_str);
    words.extend(names.map(|name| if name == STANDARD_INPUT.0 { STANDARD_INPUT.1 } else { name }).map(str::to_owned));
    let more = match export.files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("{more} more files, and "),
    };
    format!("to read them with their export: {} (and {more}whatever else belongs to it)", command_line(&words))
}

/// The same retry, which reads them without their export.
pub fn alone(archive: &Path, decoding: &Decoding, files: &[PathBuf]) -> String {
    let mut words = begun(archive, &["quarantine", "retry", "--alone"]);
    words.extend(options(decoding, decoding.source.as_deref()));
    words.extend(files.iter().map(|path| path.display().to_string()));
    format!("to read them without it: {}", command_line(&words))
}

fn begun(archive: &Path, verb: &[&str]) -> Vec<String> {
    let mut words = vec!["tape".to_owned(), "--archive".to_owned(), archive.display().to_string()];
    words.extend(verb.iter().map(|&word| word.to_owned()));
    words
}

fn options(decoding: &Decoding, source: Option<&str>) -> Vec<String> {
    let mapping = decoding.mapping.as_ref().map(|path| path.display().to_string());
    let single = [
        ("--source", source),
        ("--format", Some(decoding.format.as_str()).filter(|format| *format != AUTO)),
        ("--mapping", mapping.as_deref()),
        ("--zone", decoding.zone.as_deref()),
        ("--body", Some(decoding.body.as_str()).filter(|body| *body != DROP)),
    ];
    let mut words = Vec::new();
    for (name, value) in single {
        words.extend(value.map(|value| [name.to_owned(), value.to_owned()]).into_iter().flatten());
    }
    for (name, lists) in [("--agents", &decoding.agents), ("--bots", &decoding.bots)] {
        words.extend(lists.iter().flat_map(|list| [name.to_owned(), list.clone()]));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoding() -> Decoding {
        Decoding {
            source: None,
            format: AUTO.to_owned(),
            mapping: None,
            zone: Some("Europe/Berlin".to_owned()),
            agents: vec!["acme.com,anna@partner.example".to_owned()],
            bots: vec!["Acme Bot".to_owned()],
            body: "keep".to_owned(),
        }
    }

    #[test]
    fn commands_are_whole() {
        let export = |source: Option<&str>, files: &[&str]| Export {
            source: source.map(str::to_owned),
            files: files.iter().map(|&file| file.to_owned()).collect(),
        };
        let said = "tape --archive a/b ingest --force --source 'it'\\''s' --zone Europe/Berlin --body keep \
                    --agents acme.com,anna@partner.example --bots 'Acme Bot' Inbox.mbox 'Sent mail.mbox' -";
        assert_eq!(
            with_export(
                Path::new("a/b"),
                &decoding(),
                &export(Some("it's"), &["Inbox.mbox", "Sent mail.mbox", "standard input"])
            ),
            format!("to read them with their export: {said} (and whatever else belongs to it)")
        );
        let plain = Decoding { zone: None, agents: Vec::new(), bots: Vec::new(), body: DROP.to_owned(), ..decoding() };
        assert_eq!(
            with_export(Path::new("a"), &plain, &export(None, &["1", "2", "3", "4", "5", "6", "7"])),
            "to read them with their export: tape --archive a ingest --force 1 2 3 4 5 (and 2 more files, and whatever \
             else belongs to it)"
        );
        let own = Decoding { source: Some("s".to_owned()), format: "mail".to_owned(), ..plain };
        assert_eq!(
            alone(Path::new("a"), &own, &[PathBuf::from("q/1.ndjson")]),
            "to read them without it: tape --archive a quarantine retry --alone --source s --format mail q/1.ndjson"
        );
    }
}
