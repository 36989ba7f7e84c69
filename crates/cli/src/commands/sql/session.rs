//! What a shell, or one call of `tape sql`, works with: the engine, values of parameters, the look of results.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use tapemeasure_query::{Engine, last};
use tapemeasure_report::quantity::count;

use super::answer::Finished;
use super::caret::{self, Source};
use super::look::Look;
use super::perform::perform;
use super::query::{self, Ran, Trouble};
use super::validate::{Piece, parameters, pieces};
use super::vocabulary::{Known, Vocabulary};
use crate::args::Global;
use crate::commands::note;
use crate::context::Opened;
use crate::failure::Failure;
use crate::watch;

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Go,
    Leave,
}

/// Files that run files that run files ...: deeper than this they run in a circle.
pub const DEPTH: usize = 16;

/// An archive that is being asked.
pub struct Session<'a> {
    pub global: &'a Global,
    pub opened: Opened,
    pub engine: Arc<Engine>,
    /// Values of parameters, by their names without the `$`.
    pub params: BTreeMap<String, String>,
    pub look: Look,
    /// What the editor knows.
    pub known: Known,
    /// How many files are being run.
    pub depth: usize,
}

impl<'a> Session<'a> {
    /// A session on an open archive.
    ///
    /// # Errors
    /// Facts cannot be derived, or tables not be registered.
    pub async fn new(
        global: &'a Global,
        opened: Opened,
        params: BTreeMap<String, String>,
        look: Look,
    ) -> Result<Self, Failure> {
        let engine = Arc::new(opened.engine(global).await?);
        Ok(Self { global, opened, engine, params, look, known: Known::default(), depth: 0 })
    }

    /// Runs the statements and commands of a text in their order, up to the first that fails. A statement at the end needs
    /// no semicolon.
    ///
    /// # Errors
    /// Whatever a statement or command fails with.
    pub async fn run(&mut self, source: Source<'_>) -> Result<Flow, Failure> {
        let cut = pieces(source.text);
        let mut pieces = cut.done;
        pieces.extend(cut.open.map(Piece::Statement));
        let alone = pieces.len() == 1;
        if !self.look.shell {
            self.check_params(source.text, &pieces)?;
        }
        for piece in pieces {
            if watch::interrupted() {
                return Err(Failure::Interrupted);
            }
            match piece {
                Piece::Command(range) => {
                    // In a box, because a command may run a file with others.
                    if Box::pin(perform(self, &source.text[range])).await? == Flow::Leave {
                        return Ok(Flow::Leave);
                    }
                }
                Piece::Statement(range) => self.statement(source, range, alone).await?,
            }
        }
        Ok(Flow::Go)
    }

    /// Tells the editor which words there are now.
    pub async fn refresh(&self) {
        // Without the columns of a table that cannot be read the editor works as well.
        if let Ok(catalog) = self.engine.catalog().await {
            let params = self.params.keys().cloned().collect();
            self.known.set(Vocabulary::new(catalog, self.engine.definitions(), params));
        }
    }

    async fn statement(&mut self, source: Source<'_>, range: Range<usize>, alone: bool) -> Result<(), Failure> {
        let sql = &source.text[range.clone()];
        let named = parameters(sql);
        let wanted = self.params.iter().filter(|(name, _)| named.contains(&name.as_str()));
        let params = wanted.map(|(name, value)| (name.clone(), value.clone())).collect();
        let keep = self.look.shell || self.depth > 0 || !alone;
        match query::run(&self.engine, sql, params, &mut self.look, keep).await {
            Ok(ran) => self.told(ran),
            Err(Trouble::Query(error)) => {
                // Without names to compare with, the error says as much as it can.
                let catalog = self.engine.catalog().await.unwrap_or_default();
                Err(caret::failure(error, source, &range, &catalog))
            }
            Err(Trouble::Other(failure)) => Err(failure),
        }
    }

    /// Tells what there is to tell of a statement that ran, and keeps its result.
    fn told(&self, ran: Ran) -> Result<(), Failure> {
        let seconds = ran.elapsed.as_secs_f64();
        match ran.finished {
            Some(finished) => {
                let rows =
                    if finished.rows == 1 { "1 row".to_owned() } else { format!("{} rows", count(finished.rows)) };
                match (&finished.file, self.look.timing) {
                    (Some(file), true) => note(&format!("{rows} to {} in {seconds:.3} s", file.display())),
                    (Some(file), false) if self.look.shell => note(&format!("{rows} to {}", file.display())),
                    (None, true) => note(&format!("{rows} in {seconds:.3} s")),
                    (_, false) => {}
                }
                self.keep(&finished)
            }
            None => {
                if self.look.timing {
                    note(&format!("done in {seconds:.3} s"));
                }
                Ok(())
            }
        }
    }

    /// Makes the result the table `_`.
    fn keep(&self, finished: &Finished) -> Result<(), Failure> {
        let Some(held) = &finished.held else { return Ok(()) };
        match held.kept() {
            Some(rows) => self.engine.keep_last(&finished.schema, rows)?,
            None => {
                self.engine.forget_last()?;
                let (rows, bytes) = (count(last::LAST_ROWS_MAX), last::LAST_BYTES_MAX >> 20);
                note(&format!("not kept as _: the result has more than {rows} rows or {bytes} MiB; there is no _ now"));
            }
        }
        Ok(())
    }

    /// Every value of a parameter that was given must be asked for somewhere.
    fn check_params(&self, text: &str, pieces: &[Piece]) -> Result<(), Failure> {
        // A file that is run may ask for it.
        if self.depth > 0 || pieces.iter().any(|piece| matches!(piece, Piece::Command(_))) {
            return Ok(());
        }
        let statements = pieces.iter().filter_map(|piece| match piece {
            Piece::Statement(range) => Some(&text[range.clone()]),
            Piece::Command(_) => None,
        });
        let named: Vec<&str> = statements.flat_map(parameters).collect();
        match self.params.keys().find(|name| !named.contains(&name.as_str())) {
            Some(name) => {
                let known = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
                Err(Failure::usage(format!("the query has no parameter {name:?}; it has {known}")))
            }
            None => Ok(()),
        }
    }
}
