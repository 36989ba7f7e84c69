//! Which derived files a snapshot does not need.

use std::collections::HashSet;

use tapemeasure_archive::Archive;

use super::Facts;
use super::names::FOLDER;
use crate::FactsError;

/// The derived files of facts that are not among those of `facts` nor make them: candidates for removal, by name.
/// Removing one that is needed after all costs only deriving it again.
///
/// # Errors
/// The folder cannot be listed.
pub fn drop_stale(archive: &Archive, facts: &Facts) -> Result<Vec<String>, FactsError> {
    let store = archive.derived();
    let in_use: HashSet<String> = facts
        .waits
        .files
        .iter()
        .chain(&facts.sessions.files)
        .filter_map(|file| file.path.file_name()?.to_str()?.split('.').next().map(str::to_owned))
        .collect();
    let stem =
        |name: &str| name.strip_prefix(&format!("{FOLDER}/")).and_then(|n| n.split('.').next().map(str::to_owned));
    Ok(store
        .list()?
        .into_iter()
        .filter(|file| stem(&file.name).is_some_and(|stem| !in_use.contains(&stem)))
        .map(|file| file.name)
        .collect())
}
