//! Where a result goes. A file appears under its name once it is whole.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;

/// Bytes of a part of a result, written on their own and then taken.
#[derive(Clone, Default)]
pub struct Part {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Part {
    /// A sink for the part.
    pub fn open(&self) -> Sink {
        Sink { out: Box::new(self.clone()), file: None }
    }

    /// What was written.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Standard output or a file.
pub struct Sink {
    out: Box<dyn Write + Send>,
    /// The file's name, and the name it has until it is whole.
    file: Option<(PathBuf, PathBuf)>,
}

impl Sink {
    /// Opens the file, or standard output for `None`.
    ///
    /// # Errors
    /// The file cannot be made, or its name is that of a folder.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self { out: Box::new(BufWriter::new(std::io::stdout())), file: None });
        };
        if path.is_dir() {
            // The name is given last, which would fail when all is written.
            let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(Failure::output(&path.display().to_string(), error));
        }
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("output");
        let staged = path.with_file_name(format!(".{name}.writing"));
        let file = File::create(&staged).map_err(|e| Failure::output(&path.display().to_string(), e))?;
        Ok(Self { out: Box::new(BufWriter::with_capacity(1 << 20, file)), file: Some((path.to_owned(), staged)) })
    }

    /// How messages name it.
    pub fn place(&self) -> String {
        self.file.as_ref().map_or_else(|| "standard output".to_owned(), |(path, _)| path.display().to_string())
    }

    /// Flushes, and gives a file its name.
    ///
    /// # Errors
    /// The rest cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        let place = self.place();
        self.out.flush().map_err(|e| Failure::output(&place, e))?;
        match self.file.take() {
            Some((path, staged)) => std::fs::rename(&staged, &path).map_err(|e| Failure::output(&place, e)),
            None => Ok(()),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some((_, staged)) = &self.file {
            // Not finished: what cannot be removed is a hidden file that the next writing replaces.
            let _ = std::fs::remove_file(staged);
        }
    }
}
