//! Which deletions may have their target in a file of events: asked of its bloom filters once, and kept.
//!
//! The answer is a function of the file and of the ids, so that it is kept as a derived file named by both: a bit an id,
//! in their order.

use tapemeasure_archive::{Archive, EventFile, may_contain_event_id};

use crate::FactsError;
use crate::deletions::DeletedIds;

/// Hexadecimal digits of a digest in a name.
const DIGITS: usize = 32;

/// Ids of events that were deleted, in the order of source and id.
pub(crate) struct Targets<'a> {
    ids: Vec<(&'a str, &'a str)>,
    digest: String,
    /// Answers that are there already are taken, and new ones kept.
    kept: bool,
}

impl<'a> Targets<'a> {
    /// Those of some deletions. With `afresh` no answer is taken that is there already, and none is kept.
    pub(crate) fn of(deletions: &'a DeletedIds, afresh: bool) -> Self {
        let ids = deletions.sorted();
        let mut hash = blake3::Hasher::new();
        for text in ids.iter().flat_map(|(source, id)| [source, id]) {
            // Length first, so that no two lists run into the same bytes.
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        let digest = hash.finalize().to_hex()[..DIGITS].to_owned();
        Self { ids, digest, kept: !afresh }
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
        format!("deletions/{}-{}.targets", &file.digest[..file.digest.len().min(DIGITS)], self.digest)
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
