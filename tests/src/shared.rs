//! What lies outside the project: the specification with its oracle and cases, the real data, Python.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The path of a part of the shared folder (`spec/oracle.py`, `spec/cases`, `data/...`): below `TAPEMEASURE_SHARED`, else
/// below `../shared` beside the workspace. `None` where it is absent and `TAPEMEASURE_WITHOUT_SHARED=1` permits that; the
/// test is then reported as skipped.
///
/// # Panics
/// Where it is absent and nobody said that it may be: a test that compares with nothing must not look as if it passed.
pub fn shared(part: &str) -> Option<PathBuf> {
    let beside = package().join("../../shared");
    let root = std::env::var_os("TAPEMEASURE_SHARED").map_or(beside, PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return Some(path);
    }
    let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let absent = format!("{name} not found at {}, set TAPEMEASURE_SHARED", path.display());
    assert!(
        std::env::var_os("TAPEMEASURE_WITHOUT_SHARED").is_some_and(|value| value == "1"),
        "{absent} (or TAPEMEASURE_WITHOUT_SHARED=1 to skip what needs it)"
    );
    skip(&absent);
    None
}

/// Says that the running test is skipped, and why. The line goes round the capture of the test runner, so that it is seen
/// in a passing run; `tests/run.sh` counts these lines.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let _ = writeln!(std::io::stderr(), "SKIPPED: {}: {reason}", thread.name().unwrap_or("a test"));
}

/// A command that starts Python: `PYTHON`, else `python3`.
pub fn python() -> Command {
    let mut command = Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
    command.env("PYTHONUTF8", "1").stdin(Stdio::null());
    command
}

/// Whether Python can import these modules.
pub fn python_has(modules: &[&str]) -> bool {
    let import = format!("import {}", modules.join(", "));
    let status = python().args(["-c", &import]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.expect("python3 can be started").success()
}

/// A script of this package: `tests/scripts/NAME`.
pub fn script(name: &str) -> PathBuf {
    package().join("scripts").join(name)
}

/// The folder of this package, by the checkout whose tests run: two checkouts with one target folder share what is built, so
/// the folder of building may be another one.
pub fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}
