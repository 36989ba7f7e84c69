//! One query: run beside the shell, watched, cancelled by Ctrl-C.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use tapemeasure_query::{Engine, QueryError, Reading};
use tapemeasure_report::quantity::count;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::answer::{Answer, Finished};
use super::look::Look;
use crate::failure::Failure;
use crate::watch::{self, Bar};

/// How long a query runs before its progress is shown: shorter ones would only flicker.
const QUIET: Duration = Duration::from_millis(500);

/// How often it is shown.
const TICK: Duration = Duration::from_millis(100);

/// Batches that may wait to be shown.
const BATCHES: usize = 4;

/// Why there is no answer.
pub enum Trouble {
    /// The engine says so.
    Query(QueryError),
    /// It could not be brought out, or was cancelled.
    Other(Failure),
}

impl From<QueryError> for Trouble {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// How a statement ended.
pub struct Ran {
    /// Its result; `None` for statements such as `SET` that have none.
    pub finished: Option<Finished>,
    /// Until the last row was there.
    pub elapsed: Duration,
}

/// What comes from the task that runs a query.
enum Message {
    Begun(SchemaRef, Reading),
    Rows(RecordBatch),
}

/// Runs a statement and brings its result out. The engine works in a task of its own, which is dropped at a Ctrl-C:
/// whatever it is at, the shell is back at once.
///
/// # Errors
/// What the engine says, what happens to the output, [`Failure::Interrupted`].
pub async fn run(
    engine: &Arc<Engine>,
    sql: &str,
    params: Vec<(String, String)>,
    look: &mut Look,
    keep: bool,
) -> Result<Ran, Trouble> {
    let begun = Instant::now();
    let (sender, mut receiver) = mpsc::channel(BATCHES);
    let mut task = Task(tokio::spawn(work(Arc::clone(engine), sql.to_owned(), params, sender)));
    let mut progress = Progress { begun, bar: None, reading: None };
    let mut answer: Option<Answer> = None;
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            message = receiver.recv() => match message {
                Some(Message::Begun(schema, reading)) => {
                    progress.reading = Some(reading);
                    // A statement without a result has no columns.
                    if !schema.fields().is_empty() {
                        answer = Some(Answer::begin(schema, look, keep)?);
                    }
                }
                Some(Message::Rows(batch)) => {
                    if let Some(answer) = &mut answer {
                        if answer.is_printing() {
                            progress.stop();
                        }
                        answer.take(batch)?;
                    }
                }
                None => break,
            },
            _ = ticks.tick() => {
                if !answer.as_ref().is_some_and(Answer::is_printing) {
                    progress.tick();
                }
            }
            () = watch::until_interrupted() => return Err(Failure::Interrupted.into()),
        }
    }
    let ended = (&mut task.0).await;
    progress.stop();
    ended.map_err(|error| Failure::failed("the query ended in a fault of this program; please report it", error))??;
    let elapsed = begun.elapsed();
    let finished = answer.map(|answer| answer.finish(look)).transpose()?;
    Ok(Ran { finished, elapsed })
}

async fn work(
    engine: Arc<Engine>,
    sql: String,
    params: Vec<(String, String)>,
    sender: mpsc::Sender<Message>,
) -> Result<(), QueryError> {
    let mut stream = engine.sql(&sql, &params).await?;
    // Where nobody listens any more, there is nothing left to do.
    if sender.send(Message::Begun(stream.schema(), stream.reading())).await.is_err() {
        return Ok(());
    }
    while let Some(batch) = stream.next_batch().await {
        if sender.send(Message::Rows(batch?)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// A task that ends with its owner.
struct Task(JoinHandle<Result<(), QueryError>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a query has done so far, on a terminal.
struct Progress {
    begun: Instant,
    bar: Option<Bar>,
    reading: Option<Reading>,
}

impl Progress {
    fn tick(&mut self) {
        if self.begun.elapsed() < QUIET {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = Bar::new();
            bar.begin(None, "{spinner} {msg}");
            bar
        });
        let read = self.reading.as_ref().map_or(0, Reading::rows);
        let seconds = self.begun.elapsed().as_secs_f64();
        bar.say(&format!("{seconds:.1} s, {} rows read; Ctrl-C stops", count(read)));
    }

    /// Takes it away.
    fn stop(&mut self) {
        // Dropping the bar clears its line.
        self.bar = None;
    }
}
