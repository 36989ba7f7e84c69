//! The store for derived files: what can be made again from events and settings.
//!
//! A derived file is named by what it is made from, so a name that is there is valid, and one that is not is to be
//! made. Writing is renaming into place, after the content is on disk: no reader and no crash sees a part of a file.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use uuid::Uuid;

use crate::archive::Archive;
use crate::durable;
use crate::error::ArchiveError;

/// Start of the names of files that are being written.
const STAGED: &str = ".writing-";

/// The derived files of an archive. Any number of threads and programs may read and write at once; who writes a name
/// last wins, with the same content. Who reads a file piece by piece needs the same bytes throughout: files that do not
/// come out byte by byte the same are [written once](Self::write_once).
#[derive(Debug, Clone)]
pub struct DerivedStore {
    dir: PathBuf,
}

/// A derived file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedFile {
    /// Its name, parted by `/` where it lies in a directory.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub modified: SystemTime,
}

impl Archive {
    /// The store for derived files.
    pub fn derived(&self) -> DerivedStore {
        DerivedStore { dir: self.derived_dir() }
    }
}

impl DerivedStore {
    /// Where the file of a name lies, whether or not it is there. Names are relative and may have directories,
    /// `waits/2025-03-4f1c.parquet`; parts that start with a dot are refused when writing.
    pub fn path_of(&self, name: &str) -> PathBuf {
        let mut path = self.dir.clone();
        path.extend(name.split('/'));
        path
    }

    /// Whether the file of a name is there, and so is valid.
    pub fn exists(&self, name: &str) -> bool {
        is_name(name) && self.path_of(name).is_file()
    }

    /// Lets `write` fill a file under another name, then gives it its own. After an error of `write` nothing is left.
    ///
    /// # Errors
    /// The error of `write`, [`ArchiveError::BadDerivedName`], or the file system forbids it.
    pub fn write_atomically<T, E: From<ArchiveError>>(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_then(name, write, durable::publish)
    }

    /// As [`write_atomically`](Self::write_atomically), but of several writers the first wins, and its file is never
    /// replaced: for files with the same rows in an order that depends on who writes.
    ///
    /// # Errors
    /// As there.
    pub fn write_once<T, E: From<ArchiveError>>(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_then(name, write, durable::publish_once)
    }

    fn write_then<T, E: From<ArchiveError>>(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<T, E>,
        publish: fn(&Path, &Path) -> io::Result<()>,
    ) -> Result<T, E> {
        if !is_name(name) {
            return Err(ArchiveError::BadDerivedName { name: name.to_owned() }.into());
        }
        let path = self.path_of(name);
        let dir = path.parent().unwrap_or(&self.dir);
        durable::create_dir_all(dir).map_err(|e| ArchiveError::io("create the directory", dir, e))?;
        let staged = dir.join(format!("{STAGED}{}", Uuid::new_v4()));
        let result = write(&staged).and_then(|value| {
            publish(&staged, &path).map_err(|e| ArchiveError::io("write", &path, e))?;
            Ok(value)
        });
        if result.is_err() {
            // What cannot be removed now is removed by a vacuum.
            let _ = fs::remove_file(&staged);
        }
        result
    }

    /// The files, by name. Those that are being written are not among them.
    ///
    /// # Errors
    /// The directory cannot be listed.
    pub fn list(&self) -> Result<Vec<DerivedFile>, ArchiveError> {
        let mut files = self.walk()?;
        files.retain(|file| is_name(&file.name));
        Ok(files)
    }

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// [`ArchiveError::BadDerivedName`], or the file system forbids it.
    pub fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        if !is_name(name) {
            return Err(ArchiveError::BadDerivedName { name: name.to_owned() });
        }
        let path = self.path_of(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(ArchiveError::io("remove", &path, e)),
            _ => Ok(()),
        }
    }

    /// Files whose writing was begun, and perhaps never ended.
    pub(crate) fn list_staged(&self) -> Result<Vec<DerivedFile>, ArchiveError> {
        let mut files = self.walk()?;
        files.retain(|file| file.name.rsplit('/').next().is_some_and(|name| name.starts_with(STAGED)));
        Ok(files)
    }

    fn walk(&self) -> Result<Vec<DerivedFile>, ArchiveError> {
        let mut files = Vec::new();
        let mut dirs = vec![(self.dir.clone(), String::new())];
        while let Some((dir, prefix)) = dirs.pop() {
            let cannot = |e| ArchiveError::io("list", &dir, e);
            let entries = match fs::read_dir(&dir) {
                Ok(entries) => entries,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(cannot(e)),
            };
            for entry in entries {
                let entry = entry.map_err(cannot)?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                let metadata = match entry.metadata() {
                    Ok(metadata) => metadata,
                    // Renamed or removed since it was listed.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(cannot(e)),
                };
                if metadata.is_dir() {
                    dirs.push((entry.path(), format!("{name}/")));
                } else {
                    let modified = metadata.modified().map_err(cannot)?;
                    files.push(DerivedFile { name, bytes: metadata.len(), modified });
                }
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }
}

/// Whether a text names a file below the store: no way up or out, nothing hidden, no empty part.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(dir: &Path) -> DerivedStore {
        DerivedStore { dir: dir.join("derived") }
    }

    fn names(store: &DerivedStore) -> Vec<String> {
        store.list().unwrap().into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        assert_eq!(names(&store), [""; 0]);
        let length = store
            .write_atomically("waits/2025-03-aa.parquet", |path| {
                fs::write(path, "rows").map_err(|e| ArchiveError::io("write", path, e))?;
                assert!(!store.exists("waits/2025-03-aa.parquet"));
                assert_eq!(store.list_staged().unwrap().len(), 1);
                Ok::<_, ArchiveError>(4)
            })
            .unwrap();
        assert_eq!(length, 4);
        assert!(store.exists("waits/2025-03-aa.parquet"));
        assert_eq!(fs::read_to_string(store.path_of("waits/2025-03-aa.parquet")).unwrap(), "rows");

        let failed: Result<(), ArchiveError> = store.write_atomically("b", |path| {
            fs::write(path, "part").map_err(|e| ArchiveError::io("write", path, e))?;
            Err(ArchiveError::Cancelled)
        });
        assert!(matches!(failed, Err(ArchiveError::Cancelled)));
        assert_eq!(names(&store), ["waits/2025-03-aa.parquet"]);
        assert_eq!(store.list_staged().unwrap().len(), 0);

        store.remove("waits/2025-03-aa.parquet").unwrap();
        store.remove("waits/2025-03-aa.parquet").unwrap();
        assert!(!store.exists("waits/2025-03-aa.parquet"));
    }

    #[test]
    fn of_several_writers_the_first_wins_where_bytes_differ() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        for text in ["first", "second"] {
            let write = |path: &Path| fs::write(path, text).map_err(|e| ArchiveError::io("write", path, e));
            store.write_once("a", write).unwrap();
            assert_eq!(fs::read_to_string(store.path_of("a")).unwrap(), "first");
        }
        assert_eq!(names(&store), ["a"]);
        assert_eq!(store.list_staged().unwrap().len(), 0);
    }

    #[test]
    fn names_stay_below_the_store() {
        for (name, good) in
            [("a", true), ("a/b.c", true), ("", false), ("/a", false), ("a/", false), ("../a", false), ("a/.b", false)]
        {
            assert_eq!(is_name(name), good, "{name}");
        }
    }
}
