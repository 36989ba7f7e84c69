//! Zip archives: their members as inputs, and the bytes of one.
//!
//! The directory of an archive is read once, and of each member only what is needed to find it is kept, so that an
//! archive of a hundred thousand small files is read like as many files. Members are unpacked as they are read.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::Path;
use std::sync::Arc;

use ::zip::result::ZipError;
use ::zip::{CompressionMethod, ZipArchive};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::input::{Input, Inputs, Origin};
use crate::error::IngestError;

/// What an archive, and every member in it, begins with (APPNOTE.TXT 4.3.7).
pub const MAGIC: &[u8] = b"PK\x03\x04";

/// What an archive without members is: the end of its directory (APPNOTE.TXT 4.3.16).
const MAGIC_OF_EMPTY: &[u8] = b"PK\x05\x06";

/// Bytes that tell whether something is an archive.
pub const MAGIC_BYTES: usize = MAGIC.len();

/// Whether the first [`MAGIC_BYTES`] of something are those of an archive.
pub fn is_magic(first: &[u8]) -> bool {
    first == MAGIC || first == MAGIC_OF_EMPTY
}

/// Most that is read of a packed member at once.
const BUFFER_BYTES: usize = 128 << 10;

/// A folder in which macOS keeps what is no content.
const MAC_FOLDER: &str = "__MACOSX/";

/// Where a member is.
#[derive(Debug, Clone)]
pub struct Member {
    archive: Arc<Path>,
    /// Byte at which it begins, behind its header.
    start: u64,
    packed_bytes: u64,
    bytes: u64,
    checksum: u32,
    is_deflated: bool,
}

/// The members of the archive at `path`, which is called `name`, sorted by name. Beside directories what is not read is
/// counted: links, and files and folders whose name begins with a dot or that macOS adds, a folder as one.
///
/// # Errors
/// [`IngestError::Read`], [`IngestError::Zip`], [`IngestError::ZipMember`], [`IngestError::EmptyZip`].
pub fn members(path: &Path, name: &str) -> Result<Inputs, IngestError> {
    let file = File::open(path).map_err(|source| IngestError::Read { input: name.to_owned(), byte: 0, source })?;
    let unreadable = |source| IngestError::Zip { input: name.to_owned(), source };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    let path: Arc<Path> = path.into();
    let mut members = Vec::new();
    let mut unread = BTreeSet::new();
    for member_idx in 0..archive.len() {
        let entry = archive.by_index_raw(member_idx).map_err(unreadable)?;
        let inside = entry.name().replace('\\', "/");
        if let Some(hidden) = hidden_part(&inside) {
            unread.insert(hidden.to_owned());
            continue;
        }
        if entry.is_dir() {
            continue;
        }
        if entry.is_symlink() {
            unread.insert(inside);
            continue;
        }
        let input = format!("{name}!{inside}");
        if entry.encrypted() {
            return Err(IngestError::ZipMember { input, how: "encrypted" });
        }
        let is_deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            _ => return Err(IngestError::ZipMember { input, how: "compressed by a method other than deflate" }),
        };
        let member = Member {
            archive: Arc::clone(&path),
            start: entry.data_start().ok_or(ZipError::FileNotFound).map_err(unreadable)?,
            packed_bytes: entry.compressed_size(),
            bytes: entry.size(),
            checksum: entry.crc32(),
            is_deflated,
        };
        members.push(Input { name: input, bytes: Some(member.bytes), origin: Origin::Member(member), found: true });
    }
    if members.is_empty() {
        return Err(IngestError::EmptyZip { input: name.to_owned() });
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Inputs { list: members, unread: unread.len() as u64 })
}

/// The beginning of a member's path up to a folder or file that is not read for its name.
fn hidden_part(inside: &str) -> Option<&str> {
    if inside.starts_with(MAC_FOLDER) {
        return Some(MAC_FOLDER);
    }
    let mut from = 0;
    for part in inside.split('/') {
        let end = from + part.len();
        // Some programs write `./a.csv`.
        if part.starts_with('.') && part != "." && part != ".." {
            return Some(&inside[..end]);
        }
        from = end + 1;
    }
    None
}

impl Member {
    /// Its bytes.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub fn open(&self) -> io::Result<Unpacked> {
        let mut file = File::open(&self.archive)?;
        file.seek(SeekFrom::Start(self.start))?;
        let buffer_bytes = usize::try_from(self.packed_bytes).unwrap_or(BUFFER_BYTES).clamp(1, BUFFER_BYTES);
        let packed = BufReader::with_capacity(buffer_bytes, file).take(self.packed_bytes);
        let stream =
            if self.is_deflated { Stream::Deflated(DeflateDecoder::new(packed)) } else { Stream::Stored(packed) };
        Ok(Unpacked { stream, left: self.bytes, crc: Crc::new(), checksum: self.checksum })
    }
}

/// The bytes of a member, checked against length and checksum when they end.
pub struct Unpacked {
    stream: Stream,
    /// Bytes that are still to come.
    left: u64,
    crc: Crc,
    checksum: u32,
}

enum Stream {
    Stored(Take<BufReader<File>>),
    Deflated(DeflateDecoder<Take<BufReader<File>>>),
}

impl Read for Unpacked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.stream {
            Stream::Stored(stream) => stream.read(out),
            Stream::Deflated(stream) => stream.read(out),
        };
        let length = match read {
            // Errors of the system have its number; the others come from the decompressor.
            Err(error) if error.raw_os_error().is_none() && error.kind() == io::ErrorKind::InvalidInput => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
            read => read?,
        };
        let too_long = || io::Error::new(io::ErrorKind::InvalidData, "longer than the directory says");
        self.left = self.left.checked_sub(length as u64).ok_or_else(too_long)?;
        self.crc.update(&out[..length]);
        if length == 0 && !out.is_empty() {
            if self.left > 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "shorter than the directory says"));
            }
            if self.crc.sum() != self.checksum {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum is another"));
            }
        }
        Ok(length)
    }
}

#[cfg(test)]
pub mod tests;
