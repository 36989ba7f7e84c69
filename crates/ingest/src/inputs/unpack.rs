//! Zip archives among the inputs become their members.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::input::{Inputs, Origin};
use super::pipe::Pipe;
use super::zip;
use crate::control::Control;
use crate::error::IngestError;
use crate::rows::codec::MAX_INPUTS;
use crate::spill::{Scratch, failed};

/// Bytes copied at once.
const CHUNK_BYTES: usize = 1 << 20;

/// The inputs, with the members of every zip archive in its place. An archive is told by its first bytes; one that is no
/// regular file is copied to scratch, because its directory is at its end.
///
/// # Errors
/// An input cannot be read, an archive is damaged or in a form that is not read, or there are too many inputs.
pub fn unpack(inputs: Inputs, scratch: &Scratch, control: &Control<'_>) -> Result<Inputs, IngestError> {
    let mut unpacked = Inputs { list: Vec::with_capacity(inputs.list.len()), unread: inputs.unread };
    for (input_idx, mut input) in inputs.list.into_iter().enumerate() {
        control.check()?;
        match &input.origin {
            Origin::File(path) if input.is_lasting() => {
                let begins = begins_as_zip(path).map_err(|source| IngestError::Read {
                    input: input.name.clone(),
                    byte: 0,
                    source,
                })?;
                if begins {
                    unpacked.extend(zip::members(path, &input.name)?);
                    continue;
                }
            }
            Origin::Member(_) => {}
            Origin::StandardInput | Origin::File(_) | Origin::Begun(_) => {
                let read = |source| match control.check() {
                    Ok(()) => IngestError::Read { input: input.name.clone(), byte: 0, source },
                    Err(cancelled) => cancelled,
                };
                let mut pipe = input.pipe().map_err(read)?;
                if zip::is_magic(pipe.peek(zip::MAGIC_BYTES, control.progress).map_err(read)?) {
                    let path = scratch.path_of(&format!("archive-{input_idx}.zip"))?;
                    copy(pipe, &path, &input.name, control)?;
                    unpacked.extend(zip::members(&path, &input.name)?);
                    continue;
                }
                input.origin = Origin::Begun(Arc::new(Mutex::new(Some(pipe))));
            }
        }
        unpacked.list.push(input);
    }
    if unpacked.list.len() > MAX_INPUTS {
        return Err(IngestError::TooManyInputs { count: unpacked.list.len(), most: MAX_INPUTS });
    }
    Ok(unpacked)
}

fn begins_as_zip(path: &Path) -> std::io::Result<bool> {
    let mut first = Vec::with_capacity(zip::MAGIC_BYTES);
    File::open(path)?.take(zip::MAGIC_BYTES as u64).read_to_end(&mut first)?;
    Ok(zip::is_magic(&first))
}

fn copy(pipe: Pipe, path: &Path, name: &str, control: &Control<'_>) -> Result<(), IngestError> {
    let mut file = File::create(path).map_err(|error| failed(path, error))?;
    let mut stream = pipe.watched(control.progress);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut byte = 0;
    loop {
        let read = stream.read(&mut chunk);
        control.check()?;
        let length = read.map_err(|source| IngestError::Read { input: name.to_owned(), byte, source })?;
        if length == 0 {
            return Ok(());
        }
        file.write_all(&chunk[..length]).map_err(|error| failed(path, error))?;
        byte += length as u64;
    }
}
