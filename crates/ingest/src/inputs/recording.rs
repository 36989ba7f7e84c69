//! Keeps the bytes of a stream that can be read only once, so that they can be read again from scratch.
//!
//! Whether they are needed is known when the input is recognised; what was read until then is held in memory.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::rc::Rc;

use crate::error::IngestError;
use crate::spill::failed;

/// Says what becomes of the bytes of a [`Recording`].
#[derive(Debug, Clone, Default)]
pub struct Recorder(Rc<RefCell<Record>>);

/// What became of the bytes so far.
#[derive(Debug)]
enum Record {
    /// Held in memory.
    Held(Vec<u8>),
    /// Written to a file.
    Written(PathBuf, File),
    /// Not kept.
    Forgotten,
    /// The file could not be written.
    Failed(PathBuf, io::Error),
}

impl Default for Record {
    fn default() -> Self {
        Self::Held(Vec::new())
    }
}

impl Recorder {
    /// Keeps what is read of a stream.
    pub fn recording<R: Read>(&self, stream: R) -> Recording<R> {
        Recording { stream, record: Rc::clone(&self.0) }
    }

    /// Puts the bytes, those read so far too, into a new file.
    ///
    /// # Errors
    /// [`IngestError::Scratch`].
    pub fn write_to(&self, path: PathBuf) -> Result<(), IngestError> {
        let mut record = self.0.borrow_mut();
        let Record::Held(bytes) = &*record else { return Ok(()) };
        let written = File::create(&path).and_then(|mut file| file.write_all(bytes).map(|()| file));
        match written {
            Ok(file) => {
                *record = Record::Written(path, file);
                Ok(())
            }
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Keeps nothing.
    pub fn forget(&self) {
        *self.0.borrow_mut() = Record::Forgotten;
    }

    /// Why reading failed, if it was not the stream that did.
    pub fn failure(&self) -> Option<IngestError> {
        match std::mem::replace(&mut *self.0.borrow_mut(), Record::Forgotten) {
            Record::Failed(path, error) => Some(failed(&path, error)),
            _ => None,
        }
    }
}

/// A stream whose bytes are kept.
pub struct Recording<R> {
    stream: R,
    record: Rc<RefCell<Record>>,
}

impl<R: Read> Read for Recording<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(out)?;
        let mut record = self.record.borrow_mut();
        match &mut *record {
            Record::Held(bytes) => bytes.extend_from_slice(&out[..length]),
            Record::Written(path, file) => {
                if let Err(error) = file.write_all(&out[..length]) {
                    let path = std::mem::take(path);
                    *record = Record::Failed(path, error);
                    return Err(io::Error::other("the copy in scratch could not be written"));
                }
            }
            Record::Forgotten | Record::Failed(..) => {}
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_read_can_be_read_again() {
        let home = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        for before in [0, 1, 70_000, bytes.len()] {
            let path = home.path().join(before.to_string());
            let recorder = Recorder::default();
            let mut stream = recorder.recording(&bytes[..]);
            let mut read = vec![0; before];
            stream.read_exact(&mut read).unwrap();
            recorder.write_to(path.clone()).unwrap();
            stream.read_to_end(&mut read).unwrap();
            assert!(read == bytes && std::fs::read(path).unwrap() == bytes);
            assert!(recorder.failure().is_none());
        }
    }

    #[test]
    fn what_is_forgotten_is_nowhere() {
        let recorder = Recorder::default();
        let mut stream = recorder.recording(&b"some text"[..]);
        recorder.forget();
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
        assert!(matches!(*recorder.0.borrow(), Record::Forgotten));
    }
}
