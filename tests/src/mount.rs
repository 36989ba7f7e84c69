//! Small and read-only file systems, for what a full or write-protected disk does to an archive.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system, unmounted when dropped.
#[derive(Debug)]
pub struct Mount {
    at: PathBuf,
}

impl Mount {
    /// An empty file system in memory of `size` (as in `4m`) at an existing folder.
    ///
    /// # Errors
    /// The words of `mount`, where this user may not mount.
    pub fn tmpfs(at: &Path, size: &str) -> Result<Mount, String> {
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tapemeasure-tests"], &[at])?;
        Ok(Mount { at: at.to_owned() })
    }

    /// Makes an existing folder read-only, for the administrator too, whom file permissions do not bind.
    ///
    /// # Errors
    /// The words of `mount`, where this user may not mount.
    pub fn read_only(at: &Path) -> Result<Mount, String> {
        mount(&["--bind"], &[at, at])?;
        let mounted = Mount { at: at.to_owned() };
        mount(&["-o", "remount,bind,ro"], &[at])?;
        Ok(mounted)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = |lazily: &[&str]| {
            let status = Command::new("umount").args(lazily).arg(&self.at).output();
            status.is_ok_and(|output| output.status.success())
        };
        // A folder that something still holds open is detached at once and goes when it is let go.
        let _ = unmounted(&[]) || unmounted(&["-l"]);
    }
}

fn mount(options: &[&str], paths: &[&Path]) -> Result<(), String> {
    match Command::new("mount").args(options).args(paths).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("mounting is not permitted: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("mount cannot be started: {error}")),
    }
}
