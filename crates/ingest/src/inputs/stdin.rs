//! Standard input that can be given up: a read of a pipe that nobody writes to never returns, so it happens on a thread
//! that nobody waits for.

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
pub struct Pipe<'a> {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
    progress: &'a dyn Progress,
}

impl<'a> Pipe<'a> {
    /// Reads `from` on a thread of its own, which ends with it, or at its first byte after the pipe was dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(mut from: impl Read + Send + 'static, progress: &'a dyn Progress) -> io::Result<Self> {
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
        Ok(Self { chunks, chunk: Vec::new(), at: 0, progress })
    }
}

impl Read for Pipe<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.chunks.recv_timeout(POLL) {
                Ok(chunk) => {
                    self.chunk = chunk?;
                    self.at = 0;
                }
                Err(RecvTimeoutError::Timeout) if self.progress.cancelled() => {
                    return Err(io::Error::other("cancelled"));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
        let length = out.len().min(self.chunk.len() - self.at);
        out[..length].copy_from_slice(&self.chunk[self.at..self.at + length]);
        self.at += length;
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
        Pipe::new(io::Cursor::new(bytes.clone()), &Unwatched).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == bytes);
    }

    #[test]
    fn a_silent_pipe_can_be_given_up() {
        let error = Pipe::new(Silent, &Stopped).unwrap().read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.to_string(), "cancelled");
    }
}
