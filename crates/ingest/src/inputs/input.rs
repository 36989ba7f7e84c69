//! One input: its name, and where its bytes are.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::pipe::Pipe;
use super::zip::Member;
use crate::control::lock;
use crate::error::IngestError;
use crate::progress::Progress;

/// Where the bytes of an input are.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Standard input.
    StandardInput,
    /// A file, or what opens like one.
    File(PathBuf),
    /// A stream whose beginning was looked at. It is there for one reader.
    Begun(Arc<Mutex<Option<Pipe>>>),
    /// A member of a zip archive.
    Member(Member),
}

/// One input.
#[derive(Debug, Clone)]
pub struct Input {
    /// Name for messages and for the record of the commit; of a member of an archive `archive.zip!member`.
    pub name: String,
    /// Where its bytes are.
    pub origin: Origin,
    /// Its size, if it can be read as often as one likes: a regular file, or a member of an archive as it is unpacked.
    pub bytes: Option<u64>,
    /// Whether it was found in a directory, by a pattern or in a zip archive, and not named itself: then nobody said
    /// that there are events in it.
    pub found: bool,
}

/// What the names of the user stand for.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The inputs, in the order of the names.
    pub list: Vec<Input>,
    /// What directories and zip archives hold beside them and is never read, see [`super::expand()`] and
    /// [`super::zip::members`].
    pub unread: u64,
}

impl Inputs {
    /// Takes others in, behind its own.
    pub(super) fn extend(&mut self, others: Self) {
        self.list.extend(others.list);
        self.unread += others.unread;
    }
}

impl Input {
    /// # Errors
    /// [`IngestError::Read`] if there is nothing at the path.
    pub fn of_file(path: PathBuf, found: bool) -> Result<Self, IngestError> {
        let name = path.display().to_string();
        let metadata =
            fs::metadata(&path).map_err(|source| IngestError::Read { input: name.clone(), byte: 0, source })?;
        let bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self { name, origin: Origin::File(path), bytes, found })
    }

    /// Whether it can be read more than once.
    pub fn is_lasting(&self) -> bool {
        self.bytes.is_some()
    }

    /// Its bytes as they lie on disk; those of a member of an archive are unpacked. What is no regular file may keep a
    /// reader waiting, and is given up when the user wants it.
    ///
    /// # Errors
    /// [`IngestError::Read`], [`IngestError::Corrupt`] if it cannot be opened.
    pub fn open<'a>(&self, progress: &'a dyn Progress) -> Result<Box<dyn Read + 'a>, IngestError> {
        let opened: io::Result<Box<dyn Read + 'a>> = match &self.origin {
            Origin::File(path) if self.is_lasting() => {
                File::open(path).map(|file| Box::new(file) as Box<dyn Read + 'a>)
            }
            Origin::Member(member) => member.open().map(|member| Box::new(member) as Box<dyn Read + 'a>),
            _ => self.pipe().map(|pipe| Box::new(pipe.watched(progress)) as Box<dyn Read + 'a>),
        };
        opened.map_err(|source| {
            let input = self.name.clone();
            match (&self.origin, source.raw_os_error()) {
                (Origin::Member(_), None) => IngestError::Corrupt { input, byte: 0, compression: "zip", source },
                _ => IngestError::Read { input, byte: 0, source },
            }
        })
    }

    /// The bytes of what can be read only once.
    pub(super) fn pipe(&self) -> io::Result<Pipe> {
        match &self.origin {
            Origin::StandardInput => Pipe::new(io::stdin()),
            Origin::File(path) => Pipe::new(File::open(path)?),
            Origin::Begun(pipe) => lock(pipe).take().ok_or_else(|| io::Error::other("it was read before")),
            Origin::Member(member) => Pipe::new(member.open()?),
        }
    }
}
