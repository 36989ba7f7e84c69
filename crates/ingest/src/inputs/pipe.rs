//! Streams that can be given up, standard input first of all: a read of a pipe that nobody writes to never returns, so it
//! happens on a thread that nobody waits for.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::progress::Progress;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;

/// How long a cancellation may go unnoticed.
const POLL: Duration = Duration::from_millis(100);

/// Bytes from another thread.
#[derive(Debug)]
pub struct Pipe {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
}

impl Pipe {
    /// Reads `from` on a thread of its own, which ends with it, or at its first byte after the pipe was dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(mut from: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(2);
        thread::Builder::new().name("ingest-pipe".to_owned()).spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = match from.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(length) => {
                        chunk.truncate(length);
                        Ok(chunk)
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(Self { chunks, chunk: Vec::new(), at: 0 })
    }

    /// The next bytes, as many as asked for unless the stream ends before. Reading gives them once more.
    ///
    /// # Errors
    /// Those of the stream, and the user wants it stopped.
    pub fn peek(&mut self, length: usize, progress: &dyn Progress) -> io::Result<&[u8]> {
        while self.chunk.len() - self.at < length {
            let Some(next) = self.receive(progress)? else { break };
            self.chunk.extend_from_slice(&next);
        }
        let end = self.chunk.len().min(self.at + length);
        Ok(&self.chunk[self.at..end])
    }

    /// The bytes, until the user wants it stopped.
    pub fn watched(self, progress: &dyn Progress) -> Watched<'_> {
        Watched { pipe: self, progress }
    }

    /// The next chunk; `None` at the end.
    fn receive(&self, progress: &dyn Progress) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.chunks.recv_timeout(POLL) {
                Ok(chunk) => return chunk.map(Some),
                Err(RecvTimeoutError::Timeout) if progress.cancelled() => return Err(io::Error::other("cancelled")),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

/// Reads a pipe.
pub struct Watched<'a> {
    pipe: Pipe,
    progress: &'a dyn Progress,
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let pipe = &mut self.pipe;
        while pipe.at == pipe.chunk.len() {
            let Some(next) = pipe.receive(self.progress)? else { return Ok(0) };
            pipe.chunk = next;
            pipe.at = 0;
        }
        let length = out.len().min(pipe.chunk.len() - pipe.at);
        out[..length].copy_from_slice(&pipe.chunk[pipe.at..pipe.at + length]);
        pipe.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Unwatched;

    struct Stopped;

    impl Progress for Stopped {
        fn started(&self, _total_bytes: Option<u64>) {}
        fn advanced(&self, _bytes: u64, _rows: u64) {}
        fn phase(&self, _name: &str) {}
        fn cancelled(&self) -> bool {
            true
        }
    }

    /// Never ends and never gives a byte.
    struct Silent;

    impl Read for Silent {
        fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
            loop {
                thread::park();
            }
        }
    }

    #[test]
    fn everything_arrives_in_order() {
        let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut read = Vec::new();
        let mut pipe = Pipe::new(io::Cursor::new(bytes.clone())).unwrap();
        // What was looked at comes once more.
        for length in [0, 4, 1, 300_000] {
            assert!(pipe.peek(length, &Unwatched).unwrap() == &bytes[..length]);
        }
        pipe.watched(&Unwatched).read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        let mut short = Pipe::new(&b"PK"[..]).unwrap();
        assert_eq!(short.peek(4, &Unwatched).unwrap(), b"PK");
    }

    #[test]
    fn a_silent_pipe_can_be_given_up() {
        let error = Pipe::new(Silent).unwrap().watched(&Stopped).read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.to_string(), "cancelled");
    }
}
