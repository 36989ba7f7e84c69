//! Paths as people write them, and where the shell keeps its history.

use std::path::{Path, PathBuf};

/// A path with `~/` written out.
pub fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

/// The file of the history: `tapemeasure/history` in `XDG_STATE_HOME`, else in `~/.local/state` (XDG Base Directory
/// Specification 0.8). `None` without a home.
pub fn history() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = named.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("tapemeasure/history"))
}
