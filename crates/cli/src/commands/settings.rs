//! `tape settings`: shows or changes the rules, targets and zone of an archive.

use tapemeasure_archive::Archive;
use tapemeasure_model::settings::Settings as Stored;

use super::{note, print};
use crate::args::{Global, Settings};
use crate::failure::{Done, Failure};

/// Shows all settings, shows one, changes one, or takes one back.
pub async fn run(global: &Global, verb: &Settings) -> Result<Done, Failure> {
    let archive = Archive::open(&global.archive).await?;
    let path = archive.settings_path();
    match (&verb.key, &verb.value) {
        (None, _) => {
            let all = Stored::load(&path)?.list();
            let width = all.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
            print(&all.iter().map(|(key, value)| format!("{key:width$}  {value}\n")).collect::<String>())?;
        }
        (Some(key), _) if verb.unset => {
            // What is there may be what is to be mended.
            let before = Stored::load(&path).unwrap_or_default();
            match Stored::unset_in_file(&path, key)? {
                Some(after) => tell_what_changes(key, &before, &after),
                None => note(&format!("{key} is not set in {}; nothing to take back", path.display())),
            }
        }
        (Some(key), None) => match Stored::load(&path)?.get(key)? {
            Some(value) => print(&format!("{value}\n"))?,
            None => note(&format!("{key} is not set; the more general setting holds")),
        },
        (Some(key), Some(value)) => {
            let before = Stored::load(&path).unwrap_or_default();
            let after = Stored::set_in_file(&path, key, value)?;
            tell_what_changes(key, &before, &after);
        }
    }
    Ok(Done::Well)
}

fn tell_what_changes(key: &str, before: &Stored, after: &Stored) {
    if before.fold_hash() != after.fold_hash() {
        note("this changes history: waits and sessions are derived again at the next question");
    }
    if key.starts_with("keywords") && before.keywords != after.keywords {
        note("this holds for what is ingested from now on; stored messages stay messages");
    }
}
