//! One line for an error, and the exit code.

use std::error::Error;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};
use tapemeasure_archive::ArchiveError;
use tapemeasure_facts::FactsError;
use tapemeasure_ingest::{IngestError, QuarantineError};
use tapemeasure_model::settings::SettingsError;
use tapemeasure_query::{Meant, QueryError, nearest};

use crate::args::Args;

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

    /// A word that an option does not take, with the one that was probably meant, and all.
    pub fn word(option: &str, given: &str, known: &[&str]) -> Self {
        let meant = Meant::of(given, known);
        Self::usage(format!("{option} cannot be {given:?}; {meant}known are {}", known.join(", ")))
    }

    /// Output that could not be written to `place`: a file, or what messages call it.
    pub fn output(place: &str, error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::PipeClosed;
        }
        Self::failed(format!("cannot write to {place}: {}", unwritten(place, &error)), error)
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

/// Why a place could not be written, and what to do.
fn unwritten(place: &str, error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let folder = Path::new(place).parent().filter(|folder| !folder.as_os_str().is_empty());
    match (error.kind(), folder) {
        (ErrorKind::NotFound, Some(folder)) if !folder.exists() => {
            format!("there is no folder {}; make it first", folder.display())
        }
        (ErrorKind::IsADirectory, _) => "it is a folder; name a file".to_owned(),
        (ErrorKind::NotADirectory, _) => "a part of its path is a file, not a folder; name another place".to_owned(),
        (ErrorKind::PermissionDenied, _) => "permission denied; name a place that you may write to".to_owned(),
        (ErrorKind::ReadOnlyFilesystem, _) => "its disk is read-only; name a place on another one".to_owned(),
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => {
            "there is no space left; make some, or name a place on another disk".to_owned()
        }
        _ => format!("{error}; check the place and its disk"),
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
            eprintln!("tape: {}; see `{} --help`", said(error), asked());
            ExitCode::from(2)
        }
    }
}

/// What clap says, without the usage below it. A tip that no one could have meant is left out.
fn said(error: &clap::Error) -> String {
    let is_far = match (error.get(ContextKind::InvalidArg), error.get(ContextKind::SuggestedArg)) {
        (Some(ContextValue::String(given)), Some(ContextValue::String(tip))) => {
            nearest(given, &[tip.as_str()]).is_none()
        }
        _ => false,
    };
    let text = error.render().to_string();
    let said: Vec<String> = text
        .split("\n\n")
        .map(one_line)
        .take_while(|part| !part.starts_with("Usage:") && !part.starts_with("For more information"))
        .filter(|part| !(part.is_empty() || is_far && part.starts_with("tip: a similar argument")))
        .map(|part| part.trim_start_matches("error: ").trim_start_matches("tip: ").to_owned())
        .collect();
    said.join("; ")
}

/// The command that was meant, as far as it can be told: its help is the one to read.
fn asked() -> String {
    let mut name = "tape".to_owned();
    let Ok(found) = Args::command().ignore_errors(true).try_get_matches() else { return name };
    let mut next = found.subcommand();
    while let Some((verb, matches)) = next {
        name.push(' ');
        name.push_str(verb);
        next = matches.subcommand();
    }
    name
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
                | QueryError::UnknownTime { .. }
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

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};

    use clap::Parser;

    use super::*;

    #[test]
    fn an_unwritten_place_says_why() {
        for (place, kind, line) in [
            ("no_such_folder/x.html", ErrorKind::NotFound, "there is no folder no_such_folder; make it first"),
            ("x.html", ErrorKind::IsADirectory, "it is a folder; name a file"),
            (
                "src/main.rs/x.html",
                ErrorKind::NotADirectory,
                "a part of its path is a file, not a folder; name another place",
            ),
            ("/x.html", ErrorKind::PermissionDenied, "permission denied; name a place that you may write to"),
            ("/x.html", ErrorKind::ReadOnlyFilesystem, "its disk is read-only; name a place on another one"),
            (
                "standard output",
                ErrorKind::StorageFull,
                "there is no space left; make some, or name a place on another disk",
            ),
        ] {
            let failure = Failure::output(place, io::Error::from(kind));
            assert_eq!(failure.line(), format!("cannot write to {place}: {line}"));
        }
        let other = Failure::output("x.html", io::Error::other("the cable is out"));
        assert_eq!(other.line(), "cannot write to x.html: the cable is out; check the place and its disk");
        assert!(matches!(Failure::output("x", io::Error::from(ErrorKind::BrokenPipe)), Failure::PipeClosed));
    }

    #[test]
    fn what_clap_says_is_one_sentence() {
        for (arguments, line) in [
            (
                &["report", "--widht", "7"][..],
                "unexpected argument '--widht' found; a similar argument exists: '--width'",
            ),
            (&["baseline", "save", "--bogus", "x"][..], "unexpected argument '--bogus' found"),
            (&["repot"][..], "unrecognized subcommand 'repot'; a similar subcommand exists: 'report'"),
            (&["generate"][..], "the following required arguments were not provided: --conversations <N>"),
            (
                &["drill", "x", "--order=odd"][..],
                "invalid value 'odd' for '--order <ORDER>' [possible values: longest, time]",
            ),
            (&["info", "--at=x"][..], "invalid value 'x' for '--at <VERSION>': write a whole number"),
            (
                &["report", "--width=99999999999999999999"][..],
                "invalid value '99999999999999999999' for '--width <N>': write a smaller whole number",
            ),
        ] {
            let given = std::iter::once("tape").chain(arguments.iter().copied());
            let error = Args::try_parse_from(given).expect_err("it is wrong");
            assert_eq!(said(&error), line);
        }
    }

    #[test]
    fn a_word_that_is_none_has_the_nearest() {
        let line = |given: &str| Failure::word("--every", given, &["day", "week"]).line().to_owned();
        assert_eq!(line("wek"), "--every cannot be \"wek\"; did you mean week? known are day, week");
        assert_eq!(line("never"), "--every cannot be \"never\"; known are day, week");
    }
}
