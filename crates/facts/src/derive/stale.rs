//! Which derived files a snapshot does not need.

use std::collections::HashSet;

use tapemeasure_archive::{Archive, Snapshot};

use super::Facts;
use super::names::FOLDER;
use crate::FactsError;
use crate::extract;
use crate::hits::Hits;

/// The derived files that neither hold `facts` nor help to derive those of `snapshot`, by name: candidates for removal.
/// Removing one that is needed after all costs only deriving it again.
///
/// # Errors
/// The folder cannot be listed.
pub fn stale(archive: &Archive, snapshot: &Snapshot, facts: &Facts) -> Result<Vec<String>, FactsError> {
    let store = archive.derived();
    let in_use: HashSet<&str> = facts.pieces.iter().map(String::as_str).collect();
    let hits = Hits::of(&facts.deletions, false);
    let of_files: HashSet<String> =
        snapshot.files().iter().flat_map(|file| [extract::name(file), hits.name(file)]).collect();
    let is_stale = |name: &str| match name.strip_prefix(FOLDER) {
        Some(_) => !in_use.contains(name.split('.').next().unwrap_or(name)),
        None => !of_files.contains(name),
    };
    Ok(store.list()?.into_iter().filter(|file| is_stale(&file.name)).map(|file| file.name).collect())
}
