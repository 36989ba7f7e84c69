//! Which deletions may have hit a file of events: asked of its bloom filters once, and kept.
//!
//! The answer is a function of the file and of the ids, so that it is kept as a derived file named by both: a bit an id,
//! in their order.

use tapemeasure_archive::{Archive, EventFile, may_contain_event_id};

use crate::FactsError;
use crate::deletions::DeletedIds;
use crate::derive::names::{digits, line, of_file};

/// Ids of events that were deleted, in the order of source and id.
pub(crate) struct Hits<'a> {
    ids: Vec<(&'a str, &'a str)>,
    digest: String,
    /// Answers that are there already are taken, and new ones kept.
    kept: bool,
}

impl<'a> Hits<'a> {
    /// Those of some deletions. With `afresh` no answer is taken that is there already, and none is kept.
    pub(crate) fn of(deletions: &'a DeletedIds, afresh: bool) -> Self {
        let ids = deletions.sorted();
        let mut hash = blake3::Hasher::new();
        ids.iter().flat_map(|(source, id)| [source, id]).for_each(|text| line(&mut hash, text));
        Self { ids, digest: digits(&hash), kept: !afresh }
    }

    /// The deletions that may have hit any of some files.
    ///
    /// # Errors
    /// A file is missing or damaged.
    pub(crate) fn within(&self, archive: &Archive, files: &[EventFile]) -> Result<DeletedIds, FactsError> {
        let mut hit = vec![false; self.ids.len()];
        if !self.ids.is_empty() {
            for file in files {
                hit.iter_mut().zip(self.of_file(archive, file)?).for_each(|(hit, may)| *hit |= may);
            }
        }
        Ok(DeletedIds::new(self.ids.iter().zip(hit).filter(|(_, hit)| *hit).map(|(id, _)| *id)))
    }

    /// Name of the answer for a file in the derived store.
    pub(crate) fn name(&self, file: &EventFile) -> String {
        format!("deletions/{}-{}.hits", of_file(file), self.digest)
    }

    fn of_file(&self, archive: &Archive, file: &EventFile) -> Result<Vec<bool>, FactsError> {
        let (store, name) = (archive.derived(), self.name(file));
        let n = self.ids.len();
        if self.kept
            && let Ok(kept) = std::fs::read(store.path_of(&name))
            && kept.len() == n.div_ceil(8)
        {
            return Ok((0..n).map(|idx| kept[idx / 8] & (1 << (idx % 8)) != 0).collect());
        }
        let ids: Vec<&str> = self.ids.iter().map(|(_, id)| *id).collect();
        let may = may_contain_event_id(archive, file, &ids)?;
        let mut bits = vec![0_u8; n.div_ceil(8)];
        may.iter().enumerate().filter(|(_, may)| **may).for_each(|(idx, _)| bits[idx / 8] |= 1 << (idx % 8));
        if self.kept {
            // An answer that cannot be kept is asked for again.
            let _ = store.write_atomically(&name, |path| {
                std::fs::write(path, bits).map_err(|source| FactsError::Io { path: path.display().to_string(), source })
            });
        }
        Ok(may)
    }
}
