//! How records are read, from the command line and the archive's settings.

use std::path::Path;
use std::sync::Arc;

use tapemeasure_ingest::{IngestOptions, Mapping};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::Zone;

use crate::args::{Decoding, Global};
use crate::failure::Failure;

/// The settings of an archive, in its directory. They are read before there is an archive too.
const SETTINGS: &str = "settings.toml";

/// The options of an ingest as far as they say how records are read, and with what means.
///
/// # Errors
/// A zone or a list is none, a mapping or the settings cannot be read.
pub fn options_of(global: &Global, decoding: &Decoding) -> Result<IngestOptions, Failure> {
    let keywords = Settings::load(&global.archive.join(SETTINGS))?.keywords;
    let zone = decoding.zone.as_deref().map(Zone::parse).transpose();
    let mapping = decoding.mapping.as_deref().map(Mapping::load).transpose();
    let defaults = IngestOptions::default();
    Ok(IngestOptions {
        source: decoding.source.clone(),
        format: decoding.format.clone(),
        keep_body: decoding.body == "keep",
        memory_bytes: global.memory.unwrap_or(defaults.memory_bytes),
        threads: global.threads(),
        zone: zone.map_err(|error| Failure::usage(format!("--zone: {error}")))?,
        agents: names("--agents", &decoding.agents)?,
        bots: names("--bots", &decoding.bots)?,
        keywords_stop: keywords.stop_words(),
        keywords_start: keywords.start_words(),
        mapping: mapping.map_err(|error| Failure::failed(error.to_string(), error))?.map(Arc::new),
        ..defaults
    })
}

/// The names of lists with commas between them. `@FILE` stands for the lines of a file; what has an `@` before it and
/// is no file is a handle or a domain.
fn names(option: &str, lists: &[String]) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in lists.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|entry| !entry.is_empty()) {
        match entry.strip_prefix('@').map(Path::new) {
            Some(path) if path.is_file() => {
                let text = std::fs::read_to_string(path).map_err(|e| {
                    Failure::failed(format!("{option}: cannot read the list {}: {e}", path.display()), e)
                })?;
                names.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
            }
            Some(path) if is_meant_as_path(path) => {
                return Err(Failure::usage(format!("{option} {entry:?}: there is no such file; check the name")));
            }
            _ => names.push(entry.to_owned()),
        }
    }
    Ok(names)
}

/// Whether something that is no file looks like one: a list in another directory, or one with the ending of a text.
fn is_meant_as_path(path: &Path) -> bool {
    path.components().count() > 1 || path.extension().is_some_and(|ending| ending == "txt" || ending == "csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lists: &[&str]) -> Result<Vec<String>, String> {
        let lists: Vec<String> = lists.iter().map(|&list| list.to_owned()).collect();
        names("--agents", &lists).map_err(|error| match error {
            Failure::Usage { line, .. } | Failure::Failed { line, .. } => line,
            _ => String::new(),
        })
    }

    #[test]
    fn names_come_from_lists_and_files() {
        let path = std::env::temp_dir().join(format!("tape-names-{}", std::process::id()));
        std::fs::write(&path, "ann\n\n bo@example.com \r\n").unwrap();
        let file = format!("@{}", path.display());
        assert_eq!(
            of(&["+4930, @AppleSupport,,@example.com", &file]),
            Ok(["+4930", "@AppleSupport", "@example.com", "ann", "bo@example.com"].map(str::to_owned).to_vec())
        );
        std::fs::remove_file(&path).unwrap();
        let wrong = of(&[&file]).unwrap_err();
        assert!(wrong.ends_with("there is no such file; check the name"), "{wrong}");
        assert!(of(&["@agents.txt"]).is_err());
    }
}
