//! The local file system as an object store whose writes survive a power cut.
//!
//! `object_store` 0.13 gives a file its name before its content is on disk. After a crash that leaves an empty entry in
//! the table's log, which no reader can pass. Here content comes first, then the name, then the directory.

use std::fmt;
use std::io;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use crate::durable::{self, Existing};

const NAME: &str = "SyncedLocalStore";

/// [`LocalFileSystem`] from the root of the file system, with synced writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct SyncedLocalStore {
    inner: LocalFileSystem,
}

impl SyncedLocalStore {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    async fn write(&self, location: &Path, pieces: Vec<Bytes>, existing: Existing) -> Result<PutResult> {
        let path = self.inner.path_to_filesystem(location)?;
        let place = location.to_string();
        blocking(place, move || durable::write_file(&path, pieces.iter().map(|piece| &piece[..]), existing)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn sync(&self, location: &Path) -> Result<()> {
        let path = self.inner.path_to_filesystem(location)?;
        blocking(location.to_string(), move || {
            durable::sync_file(&path)?;
            durable::sync_parent(&path)
        })
        .await
    }
}

impl fmt::Display for SyncedLocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for SyncedLocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let existing = match &opts.mode {
            PutMode::Overwrite => Existing::Replace,
            PutMode::Create => Existing::Refuse,
            // The local file system knows no versions of a file; the inner store says so.
            PutMode::Update(_) => return self.inner.put_opts(location, payload, opts).await,
        };
        self.write(location, payload.into_iter().collect(), existing).await
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(BufferedUpload { store: self.clone(), location: location.clone(), pieces: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        self.sync(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await?;
        self.sync(to).await
    }
}

/// Parts of an upload, kept in memory until they are complete: the table's log has nothing larger than a checkpoint,
/// and event files do not come this way.
#[derive(Debug)]
struct BufferedUpload {
    store: SyncedLocalStore,
    location: Path,
    pieces: Vec<Bytes>,
}

#[async_trait]
impl MultipartUpload for BufferedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.pieces.extend(data);
        futures::future::ready(Ok(())).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let pieces = std::mem::take(&mut self.pieces);
        self.store.write(&self.location, pieces, Existing::Replace).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.pieces.clear();
        Ok(())
    }
}

/// Runs file work where it may block, and says its errors in the words of object stores.
async fn blocking(place: String, work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| Error::Generic { store: NAME, source: Box::new(source) })?;
    done.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: place, source: Box::new(source) },
        io::ErrorKind::NotFound => Error::NotFound { path: place, source: Box::new(source) },
        _ => Error::Generic { store: NAME, source: Box::new(source) },
    })
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;

    use super::*;

    #[tokio::test]
    async fn create_is_atomic_and_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = SyncedLocalStore::new();
        let at = Path::from_absolute_path(dir.path().join("log/0.json")).unwrap();
        let create = || PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        store.put_opts(&at, PutPayload::from_static(b"first"), create()).await.unwrap();
        let again = store.put_opts(&at, PutPayload::from_static(b"second"), create()).await.unwrap_err();
        assert!(matches!(again, Error::AlreadyExists { .. }), "{again}");
        assert_eq!(store.get(&at).await.unwrap().bytes().await.unwrap(), Bytes::from_static(b"first"));
    }

    #[tokio::test]
    async fn parts_become_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = SyncedLocalStore::new();
        let at = Path::from_absolute_path(dir.path().join("checkpoint")).unwrap();
        let mut upload = store.put_multipart(&at).await.unwrap();
        upload.put_part(PutPayload::from_static(b"ab")).await.unwrap();
        upload.put_part(PutPayload::from_static(b"cd")).await.unwrap();
        assert!(!dir.path().join("checkpoint").exists());
        upload.complete().await.unwrap();
        assert_eq!(std::fs::read(dir.path().join("checkpoint")).unwrap(), b"abcd");
    }
}
