//! Files and directories that are on disk once they can be seen under their name.
//!
//! A file is written under a staged name, synced, then given its name, then the directory is synced. After a crash a
//! name refers to the whole content or to nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What to do with a file that already has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// The new content takes its place.
    Replace,
    /// The write fails with [`io::ErrorKind::AlreadyExists`]; of two writers exactly one wins.
    Refuse,
}

/// Writes a file from pieces of its content. Missing directories are made.
pub(crate) fn write_file<'a>(
    path: &Path,
    content: impl IntoIterator<Item = &'a [u8]>,
    existing: Existing,
) -> io::Result<()> {
    let (mut file, staged) = open_staged(path)?;
    let written = content.into_iter().try_for_each(|piece| file.write_all(piece)).and_then(|()| file.sync_all());
    drop(file);
    let named = written.and_then(|()| match existing {
        Existing::Replace => fs::rename(&staged, path),
        Existing::Refuse => fs::hard_link(&staged, path),
    });
    if named.is_err() || existing == Existing::Refuse {
        // A staged name that stays behind is skipped by every listing, and vacuum removes it.
        let _ = fs::remove_file(&staged);
    }
    named?;
    sync_parent(path)
}

/// Gives a finished file its name, in the same directory, in place of what had it.
pub(crate) fn publish(staged: &Path, path: &Path) -> io::Result<()> {
    sync_file(staged)?;
    fs::rename(staged, path)?;
    sync_parent(path)
}

/// Gives a finished file its name, in the same directory, unless another file has it: that one stays, and this one goes.
pub(crate) fn publish_once(staged: &Path, path: &Path) -> io::Result<()> {
    sync_file(staged)?;
    if let Err(e) = fs::hard_link(staged, path)
        && e.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(e);
    }
    // A staged name that stays behind is skipped by every listing, and vacuum removes it.
    let _ = fs::remove_file(staged);
    sync_parent(path)
}

/// Syncs the content of a file that another handle wrote.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).open(path)?.sync_all()
}

/// Syncs the names in a directory.
#[cfg(unix)]
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Syncs the names in a directory: these systems do so on their own, and cannot open a directory.
#[cfg(not(unix))]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Syncs the directory that holds a file.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    sync_dir(parent_of(path))
}

/// Makes a directory and those above it that are missing, each synced in its parent.
pub(crate) fn create_dir_all(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    create_dir_all(parent_of(path))?;
    match fs::create_dir(path) {
        Ok(()) => sync_parent(path),
        // Somebody else was faster.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(e),
    }
}

/// Whether a file name is a staged one: `name#7`. The form is that of `object_store`, whose listings skip it.
pub(crate) fn is_staged(name: &str) -> bool {
    name.split_once('#').is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn open_staged(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 0_u32;
    loop {
        let mut staged = path.as_os_str().to_owned();
        staged.push(format!("#{number}"));
        let staged = PathBuf::from(staged);
        match OpenOptions::new().write(true).create_new(true).open(&staged) {
            Ok(file) => return Ok((file, staged)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !parent_of(path).exists() => {
                create_dir_all(parent_of(path))?;
            }
            Err(e) => return Err(e),
        }
    }
}

/// The directory of a path; `.` for a bare name.
fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_or_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/down/file");
        write_file(&path, [b"on".as_slice(), b"e".as_slice()], Existing::Refuse).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");

        let refused = write_file(&path, [b"two".as_slice()], Existing::Refuse).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");

        write_file(&path, [b"three".as_slice()], Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["file"]);
    }

    #[test]
    fn staged_names_are_known() {
        for (name, staged) in [("a.json#0", true), ("a#12", true), ("a#", false), ("a#1b", false), ("a", false)] {
            assert_eq!(is_staged(name), staged, "{name}");
        }
    }
}
