//! One line for an error, and the exit code.

use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;

use tapemeasure_archive::ArchiveError;
use tapemeasure_facts::FactsError;
use tapemeasure_ingest::{IngestError, QuarantineError};
use tapemeasure_model::settings::SettingsError;
use tapemeasure_query::QueryError;

/// How a verb ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// All of it: exit code 0.
    Well,
    /// Done, but some input was rejected or a check found something: exit code 3.
    WithFindings,
}

impl Done {
    /// The exit code.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Well => 0,
            Self::WithFindings => 3,
        })
    }
}

/// How a verb ended badly.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or an unknown name: exit code 2.
    Usage {
        /// What, where, what to do.
        line: String,
        /// Why.
        cause: Option<Box<dyn Error>>,
    },
    /// A query that is wrong: exit code 2.
    Query {
        /// What, where, what was perhaps meant.
        line: String,
        /// The place in the query, in lines for a terminal; empty if it is not known.
        picture: String,
        /// Why.
        cause: Option<Box<dyn Error>>,
    },
    /// Anything else: exit code 1.
    Failed {
        /// What, where, what to do.
        line: String,
        /// Why.
        cause: Option<Box<dyn Error>>,
    },
    /// The user pressed Ctrl-C: exit code 130.
    Interrupted,
    /// Whoever read our output wants no more: nothing to say.
    PipeClosed,
}

impl Failure {
    /// Wrong usage, in a line.
    pub fn usage(line: impl Into<String>) -> Self {
        Self::Usage { line: line.into(), cause: None }
    }

    /// A failure with its cause; the line says what and what to do.
    pub fn failed(line: impl Into<String>, cause: impl Error + 'static) -> Self {
        Self::Failed { line: line.into(), cause: Some(Box::new(cause)) }
    }

    /// Output that could not be written to `place`.
    pub fn output(place: &str, error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::PipeClosed;
        }
        Self::failed(format!("cannot write to {place}: {error}; check free space and permissions"), error)
    }

    fn of(error: impl Error + 'static, usage: bool) -> Self {
        let line = error.to_string();
        let cause: Option<Box<dyn Error>> = Some(Box::new(error));
        if usage { Self::Usage { line, cause } } else { Self::Failed { line, cause } }
    }

    /// What, where, what to do: one line, unless others wrote it.
    pub fn line(&self) -> &str {
        match self {
            Self::Usage { line, .. } | Self::Query { line, .. } | Self::Failed { line, .. } => line,
            Self::Interrupted => "interrupted",
            Self::PipeClosed => "nobody reads the output",
        }
    }

    /// Prints the line to standard error, with the causes if asked, and gives the exit code.
    #[expect(clippy::print_stderr, reason = "the one place where errors reach the user")]
    pub fn tell(self, verbose: bool) -> ExitCode {
        let mut below = String::new();
        let (line, cause, code) = match self {
            Self::Usage { line, cause } => (line, cause, 2),
            Self::Query { line, picture, cause } => {
                // A script reads one line.
                if std::io::stderr().is_terminal() {
                    below = picture;
                }
                (line, cause, 2)
            }
            Self::Failed { line, cause } => (line, cause, 1),
            Self::Interrupted => ("interrupted; the archive is as it was".to_owned(), None, 130),
            Self::PipeClosed => return ExitCode::SUCCESS,
        };
        eprintln!("tape: {}", one_line(&line));
        eprint!("{below}");
        if verbose {
            let mut next = cause
                .as_deref()
                .and_then(|cause| if cause.to_string() == line { cause.source() } else { Some(cause as &dyn Error) });
            while let Some(error) = next {
                eprintln!("  because: {error}");
                next = error.source();
            }
        }
        ExitCode::from(code)
    }
}

/// A text without line breaks, blanks in their place.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tells what clap found wrong, in one line; help and version go to standard output as they are.
#[expect(clippy::print_stderr, reason = "arguments are wrong before anything else is set up")]
pub fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nothing is lost when nobody reads the help.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // As above.
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            let text = error.render().to_string();
            let said: Vec<&str> = text
                .lines()
                .map(str::trim)
                .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
                .filter(|line| !line.is_empty())
                .collect();
            let line = said.join(" ");
            eprintln!("tape: {}; see `tape --help`", line.trim_start_matches("error: "));
            ExitCode::from(2)
        }
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        let usage = matches!(error, ArchiveError::UnknownVersion { .. });
        Self::of(error, usage)
    }
}

impl From<FactsError> for Failure {
    fn from(error: FactsError) -> Self {
        match error {
            FactsError::Cancelled => Self::Interrupted,
            FactsError::Archive(error) => error.into(),
            error => Self::of(error, false),
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let usage = matches!(
            error,
            SettingsError::UnknownKey { .. } | SettingsError::BadValue { .. } | SettingsError::Calendar { .. }
        );
        Self::of(error, usage)
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Cancelled => Self::Interrupted,
            IngestError::Archive(error) => (*error).into(),
            error => {
                let usage = matches!(
                    error,
                    IngestError::NoInputs
                        | IngestError::StandardInputTwice
                        | IngestError::UnknownFormat { .. }
                        | IngestError::NeedsOption { .. }
                        | IngestError::BadOption { .. }
                );
                Self::of(error, usage)
            }
        }
    }
}

impl From<QuarantineError> for Failure {
    fn from(error: QuarantineError) -> Self {
        match error {
            QuarantineError::Ingest(error) => (*error).into(),
            error => {
                let usage = matches!(error, QuarantineError::NoFile { .. });
                Self::of(error, usage)
            }
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let usage = matches!(
            error,
            QueryError::UnknownKpi { .. }
                | QueryError::UnknownDimension { .. }
                | QueryError::UnknownMeasure { .. }
                | QueryError::RepeatedDimension { .. }
                | QueryError::EmptyPeriod { .. }
                | QueryError::UnknownBaseline { .. }
                | QueryError::NoBaselines { .. }
                | QueryError::BaselineDimension { .. }
                | QueryError::NotInBaseline { .. }
                | QueryError::UnknownComparison { .. }
                | QueryError::BadComparison { .. }
                | QueryError::MadeOfOthers { .. }
                | QueryError::UnknownGrain { .. }
                | QueryError::BadCall { .. }
                | QueryError::Unread { .. }
                | QueryError::BadFilter { .. }
                | QueryError::UnknownBucket { .. }
                | QueryError::BadCell { .. }
                | QueryError::NoMessages { .. }
                | QueryError::UnknownParameter { .. }
                | QueryError::BadParameter { .. }
                | QueryError::BusinessHours { .. }
                | QueryError::BadQuery { .. }
                | QueryError::OwnTable { .. }
        );
        Self::of(error, usage)
    }
}
