//! Paths as people write them, files of queries, and where the shell keeps its history.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A path with `~/` written out.
pub fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

/// The text of a file of queries.
///
/// # Errors
/// It cannot be read, or is no UTF-8.
pub fn queries(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| unread(&path.display().to_string(), error))
}

/// That queries cannot be read from a place.
pub fn unread(place: &str, error: std::io::Error) -> Failure {
    Failure::failed(format!("cannot read queries from {place}: {error}; name a text file that may be read"), error)
}

/// The file of the history: `tapemeasure/history` in `XDG_STATE_HOME`, else in `~/.local/state` (XDG Base Directory
/// Specification 0.8). `None` without a home.
pub fn history() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = named.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("tapemeasure/history"))
}
