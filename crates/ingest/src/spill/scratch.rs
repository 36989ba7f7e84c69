//! The directory for scratch data of one ingest: made when first needed, gone when the ingest ends, however it ends.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use uuid::Uuid;

use crate::control::lock;
use crate::error::IngestError;

/// A directory that is removed on drop.
#[derive(Debug)]
pub struct Scratch {
    dir: PathBuf,
    /// Directories above it that did not exist or are nobody's: removed too if nothing is left in them, inner first.
    above: Vec<PathBuf>,
    made: Mutex<bool>,
}

impl Scratch {
    /// Names a new directory in `parent` and makes nothing yet. `above` as the field says.
    pub fn new(parent: &Path, above: Vec<PathBuf>) -> Self {
        Self { dir: parent.join(Uuid::new_v4().to_string()), above, made: Mutex::new(false) }
    }

    /// A path in the directory, which exists afterwards.
    ///
    /// # Errors
    /// [`IngestError::Scratch`] if it cannot be made.
    pub fn path_of(&self, name: &str) -> Result<PathBuf, IngestError> {
        let mut made = lock(&self.made);
        if !*made {
            std::fs::create_dir_all(&self.dir)
                // Another ingest that ends may remove the parent at this moment; then it is made again.
                .or_else(|_| std::fs::create_dir_all(&self.dir))
                .map_err(|source| failed(&self.dir, source))?;
            *made = true;
        }
        Ok(self.dir.join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !*lock(&self.made) {
            return;
        }
        // What cannot be removed now is nobody's, and a vacuum finds it.
        std::fs::remove_dir_all(&self.dir).ok();
        for dir in &self.above {
            // Refused while something is in it, and that is what is wanted.
            std::fs::remove_dir(dir).ok();
        }
    }
}

/// The error of a file in the scratch directory.
pub fn failed(path: &Path, source: io::Error) -> IngestError {
    IngestError::Scratch { path: path.to_owned(), source }
}
