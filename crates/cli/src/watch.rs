//! Progress on a terminal, and Ctrl-C.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tapemeasure_ingest::Progress;
use tokio::runtime::Runtime;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How long a verb may take to stop by itself after Ctrl-C before the process ends at once. Nothing is lost by that:
/// what is not committed does not exist, and scratch files of a dead process are removed by a vacuum.
const GRACE: Duration = Duration::from_millis(900);

/// Whether the user pressed Ctrl-C.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Forgets a Ctrl-C: the shell goes on after a query was cancelled.
pub fn forget_interrupt() {
    INTERRUPTED.store(false, Ordering::Relaxed);
}

/// Waits for a Ctrl-C: for what can be dropped at any moment, such as a query.
pub async fn until_interrupted() {
    while !interrupted() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Listens for Ctrl-C until the process ends.
pub fn listen(runtime: &Runtime) {
    runtime.spawn(async {
        loop {
            // Without a handler Ctrl-C ends the process at once, which is as safe.
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        }
    });
}

/// Ends the process a moment after a Ctrl-C that finds it waiting for something that does not come, such as input from
/// a pipe.
pub fn end_soon_after_interrupt() {
    std::thread::spawn(|| {
        while !interrupted() {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(GRACE);
        exit_interrupted();
    });
}

#[expect(clippy::print_stderr, reason = "the process ends here, past the place where errors are told")]
fn exit_interrupted() -> ! {
    eprintln!("tape: interrupted; the archive is as it was");
    std::process::exit(130);
}

/// A bar on standard error, where that is a terminal.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that counts `what`.
    pub fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { bar: ProgressBar::with_draw_target(None, target) }
    }

    /// Begins a stretch of `total` units.
    pub fn begin(&self, total: Option<u64>, template: &str) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        // The templates are constants of this program; one that does not parse leaves the plain bar.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("━╸─"));
        }
        self.bar.reset();
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Units more.
    pub fn advance(&self, units: u64) {
        self.bar.inc(units);
    }

    /// What is being done.
    pub fn say(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Watches an ingest.
pub struct IngestWatch {
    bar: Bar,
    rows: std::sync::atomic::AtomicU64,
}

impl IngestWatch {
    /// A bar for an ingest.
    pub fn new() -> Self {
        Self { bar: Bar::new(), rows: std::sync::atomic::AtomicU64::new(0) }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish();
    }
}

impl Progress for IngestWatch {
    fn started(&self, total_bytes: Option<u64>) {
        let template = match total_bytes {
            Some(_) => "{msg:<28} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
            None => "{msg:<28} {spinner} {bytes} {bytes_per_sec}",
        };
        self.bar.begin(total_bytes, template);
        self.bar.say("reading");
    }

    fn advanced(&self, bytes: u64, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar.advance(bytes);
        self.bar.say(&format!("reading {} events", tapemeasure_report::quantity::count(rows)));
    }

    fn phase(&self, name: &str) {
        self.bar.say(name);
    }

    fn cancelled(&self) -> bool {
        interrupted()
    }
}
