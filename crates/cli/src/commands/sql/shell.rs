//! The shell: reads, runs, and reads again.

use reedline::Signal;
use tapemeasure_model::instant::format_instant;
use tapemeasure_report::quantity::count;

use super::caret::Source;
use super::editor::{Line, editor};
use super::session::{Flow, Session};
use crate::commands::note;
use crate::failure::{Done, Failure};
use crate::watch;

/// Runs until the user leaves.
///
/// # Errors
/// The terminal cannot be read. What a statement or command fails with is told, and the shell goes on.
pub async fn run(session: &mut Session<'_>) -> Result<Done, Failure> {
    greet(session);
    session.refresh().await;
    let mut editor = editor(&session.known);
    loop {
        let read = editor.read_line(&Line);
        watch::forget_interrupt();
        match read {
            Ok(Signal::Success(text)) => {
                // A process that is killed leaves its history all the same. Where it cannot be written, nothing else fails.
                let _ = editor.sync_history();
                match session.run(Source { text: &text, file: None }).await {
                    Ok(Flow::Go) => {}
                    Ok(Flow::Leave) => return Ok(Done::Well),
                    Err(Failure::Interrupted) => note("stopped"),
                    Err(error) => drop(error.tell(session.global.verbose)),
                }
                session.refresh().await;
                watch::forget_interrupt();
            }
            // The editor has thrown away what was typed.
            Ok(Signal::CtrlC) => {}
            Ok(Signal::CtrlD) => return Ok(Done::Well),
            Err(e) => return Err(Failure::failed(format!("the terminal cannot be read: {e}"), e)),
        }
    }
}

fn greet(session: &Session<'_>) {
    let (archive, snapshot) = (&session.opened.archive, &session.opened.snapshot);
    let events = count(snapshot.rows());
    let until = snapshot.latest_us().map_or(String::new(), |us| format!(" up to {}", format_instant(us)));
    note(&format!("{} at version {}, {events} events{until}", archive.root().display(), snapshot.version()));
    note("\\? lists the commands, Tab completes, a query ends with ;");
}
