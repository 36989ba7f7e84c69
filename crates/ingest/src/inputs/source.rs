//! One input as a stream: its bytes counted and hashed as they lie on disk, then decompressed.

use std::cell::RefCell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use crate::error::IngestError;

/// Bytes looked at to recognise compression and format.
pub const HEAD_BYTES: usize = 64 << 10;

/// Buffer in front of a decompressor.
const BUFFER_BYTES: usize = 128 << 10;

/// How an input is compressed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952), of one or several members.
    Gzip,
    /// zstd (RFC 8878), of one or several frames.
    Zstd,
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A skippable frame: pzstd and seekable zstd begin with one.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// What was read of an input.
#[derive(Debug, Default)]
struct Tally {
    hasher: blake3::Hasher,
    bytes: u64,
}

/// Counts and hashes what goes through.
struct Tallied<R> {
    inner: R,
    tally: Rc<RefCell<Tally>>,
}

impl<R: Read> Read for Tallied<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(out)?;
        let mut tally = self.tally.borrow_mut();
        tally.hasher.update(&out[..length]);
        tally.bytes += length as u64;
        Ok(length)
    }
}

/// An open input.
pub struct Source<'a> {
    stream: Box<dyn Read + 'a>,
    meter: Meter,
}

/// Says how far an input was read. Stays usable while the input is being read.
#[derive(Clone)]
pub struct Meter {
    input: String,
    compression: Compression,
    tally: Rc<RefCell<Tally>>,
}

impl<'a> Source<'a> {
    /// Looks at the first bytes of `raw` and sets the decompressor up.
    ///
    /// # Errors
    /// [`IngestError::Read`].
    pub fn open(name: &str, raw: impl Read + 'a) -> Result<Self, IngestError> {
        let failed = |source| IngestError::Read { input: name.to_owned(), byte: 0, source };
        let tally = Rc::new(RefCell::new(Tally::default()));
        let mut tallied = Tallied { inner: raw, tally: Rc::clone(&tally) };
        let mut head = Vec::new();
        fill(&mut tallied, &mut head, 4).map_err(failed)?;
        let compression = Compression::of(&head);
        let whole = Cursor::new(head).chain(tallied);
        let stream: Box<dyn Read + 'a> = match compression {
            Compression::Plain => Box::new(whole),
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, whole))),
            Compression::Zstd => {
                let buffered = BufReader::with_capacity(BUFFER_BYTES, whole);
                Box::new(zstd::stream::read::Decoder::with_buffer(buffered).map_err(failed)?)
            }
        };
        Ok(Self { stream, meter: Meter { input: name.to_owned(), compression, tally } })
    }

    /// How it is compressed.
    pub fn compression(&self) -> Compression {
        self.meter.compression
    }

    /// What says how far it was read.
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

impl Meter {
    /// Bytes read so far, as they lie on disk.
    pub fn bytes_read(&self) -> u64 {
        self.tally.borrow().bytes
    }

    /// BLAKE3 of the bytes read so far, as they lie on disk: of the whole input once it was read to its end.
    pub fn digest(&self) -> String {
        self.tally.borrow().hasher.finalize().to_hex().to_string()
    }

    /// What an error of reading means for the user.
    pub fn error(&self, source: io::Error) -> IngestError {
        let (input, byte, compression) = (self.input.clone(), self.bytes_read(), self.compression.name());
        // Errors of the system have its number; the others come from the decompressor.
        match self.compression {
            _ if source.raw_os_error().is_some() => IngestError::Read { input, byte, source },
            // Of what is not compressed by itself these can only come from the zip archive that it is a member of.
            Compression::Plain => match source.kind() {
                io::ErrorKind::UnexpectedEof => IngestError::Truncated { input, byte, compression: "zip", source },
                io::ErrorKind::InvalidData => IngestError::Corrupt { input, byte, compression: "zip", source },
                _ => IngestError::Read { input, byte, source },
            },
            _ if source.kind() == io::ErrorKind::UnexpectedEof => {
                IngestError::Truncated { input, byte, compression, source }
            }
            _ => IngestError::Corrupt { input, byte, compression, source },
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.read(out)
    }
}

/// Reads until a buffer holds `most` bytes. True if the stream ended before.
///
/// # Errors
/// Those of the stream.
pub fn fill(stream: &mut impl Read, out: &mut Vec<u8>, most: usize) -> io::Result<bool> {
    let missing = most.saturating_sub(out.len());
    stream.take(missing as u64).read_to_end(out)?;
    Ok(out.len() < most)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression as Level;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<(Vec<u8>, String), IngestError> {
        let mut source = Source::open("x", bytes)?;
        let mut out = Vec::new();
        match source.read_to_end(&mut out) {
            Ok(_) => Ok((out, source.meter().digest())),
            Err(error) => Err(source.meter().error(error)),
        }
    }

    #[test]
    fn every_compression_gives_the_text_and_the_digest_of_the_file() {
        let text = b"some text, some text\n".repeat(10_000);
        let zstd = zstd::bulk::compress(&text, 1).unwrap();
        let skippable = [&[0x50_u8, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd[..]].concat();
        let members = [gzip(&text[..7]), gzip(b""), gzip(&text[7..])].concat();
        let frames =
            [zstd::bulk::compress(&text[..100], 1).unwrap(), zstd::bulk::compress(&text[100..], 1).unwrap()].concat();
        for file in [text.clone(), gzip(&text), members, zstd, skippable, frames] {
            let (out, digest) = read(&file).unwrap();
            assert!(out == text);
            assert_eq!(digest, blake3::hash(&file).to_hex().to_string());
        }
        for short in [&b""[..], b"\n", b"{}"] {
            assert_eq!(read(short).unwrap().0, short);
        }
    }

    #[test]
    fn compressed_data_that_ends_early_is_told_from_damage() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for (name, file) in [("gzip", gzip(&text)), ("zstd", zstd::bulk::compress(&text, 1).unwrap())] {
            for length in [9, file.len() / 2, file.len() - 1] {
                let error = read(&file[..length]).unwrap_err();
                let expected =
                    format!("x: {name} data ends early at byte {length}; the file is cut off, fetch it again");
                assert_eq!(error.to_string(), expected);
            }
        }
        let mut damaged = gzip(&text);
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0xff);
        let error = read(&damaged).unwrap_err();
        // Damage may show itself as data that never ends.
        assert!(matches!(error, IngestError::Corrupt { .. } | IngestError::Truncated { .. }), "{error}");
    }
}
