//! What can be written on the command line.
//!
//! | file | is |
//! |---|---|
//! | this file | what every verb takes, and the verbs that ask |
//! | [`drill`] | the verb that shows what is behind a number |
//! | [`baseline`] | the verbs of saved KPI values |
//! | [`input`] | the verbs that make, read and mend raw input |

mod baseline;
mod drill;
mod input;

use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use tapemeasure_report::terminal::WIDTH_MIN;

pub use baseline::{Baseline, BaselineVerb, Held};
pub use drill::Drill;
pub use input::{Decoding, Formats, Generate, Ingest, Quarantine, QuarantineVerb};

/// Exact, explainable KPIs over archives of customer conversations.
#[derive(Debug, Parser)]
#[command(
    name = "tape",
    version,
    about = "Exact, explainable KPIs over archives of customer conversations",
    max_term_width = 100
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The archive
    #[arg(long, global = true, value_name = "DIR", env = "TAPE_ARCHIVE", default_value = "archive")]
    pub archive: PathBuf,
    /// Threads to work with [default: one for each core]
    #[arg(long, global = true, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<usize>,
    /// Bound on memory, such as 512MiB or 2GiB [default: 1GiB for an ingest, none for queries]
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size)]
    pub memory: Option<usize>,
    /// Add the causes to an error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Global {
    /// Threads to work with.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make an example year, ingest it, and print its report
    Demo(Demo),
    /// Write a realistic archive as raw input, always the same for a seed
    Generate(Generate),
    /// Take raw events into the archive: all of them in one commit, or nothing
    Ingest(Ingest),
    /// List the input formats, with what each is recognised by and what it cannot tell
    Formats(Formats),
    /// List, show or ingest again what was rejected
    Quarantine(Quarantine),
    /// Compute one KPI or all seven
    Kpi(Kpi),
    /// List the conversations behind a number, with the events that started and stopped each clock
    Drill(Drill),
    /// Save KPI values of periods, and hold others against them
    Baseline(Baseline),
    /// Print the digest of all seven KPIs
    Report(Report),
    /// Run a query, or start the shell
    Sql(Sql),
    /// Show size, coverage and freshness of the archive
    Info(Info),
    /// Check every invariant of the archive
    Verify(Verify),
    /// Remove files that no version needs
    Vacuum(Vacuum),
    /// List the versions of the archive
    History(History),
    /// Show or change settings
    Settings(Settings),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print a page of the manual, as troff
    Man(Man),
}

/// Which state of the archive is read.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Reading {
    /// Read the archive as it was at this version
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true, value_parser = parse_whole::<i64>)]
    pub at: Option<i64>,
    /// Nothing later than this exists [default: the latest event]
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Time zone of buckets and of times without offset, such as Europe/Berlin [default: from settings]
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Folder with definitions of KPIs, beside those in the archive's folder `kpis`; can be given several times
    #[arg(long = "kpis", value_name = "DIR")]
    pub kpis: Vec<PathBuf>,
}

/// Where a result goes, and in what form.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Output {
    /// table, vertical, csv, tsv, json, ndjson, markdown, html, parquet or arrow [default: table on a terminal, else csv]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write to a file, in the format of its name
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The period that is asked for.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Span {
    /// Start: an RFC 3339 time, 2025-03-01, 2025-03, 2025-Q1, 2025, today, mtd, qtd, ytd, fytd, last-30d, last-3mo;
    /// alone also a stretch that is over: yesterday, last-week, last-month
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// End, not included: as for --since
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// `tape demo`.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Where to put the example [default: a folder `tapemeasure-demo` here]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Conversations in the example year
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = parse_whole::<u64>)]
    pub conversations: u64,
}

/// `tape kpi`.
#[derive(Debug, clap::Args)]
pub struct Kpi {
    /// Names of KPIs [default: all]; `check` and names or files runs the tests of their definitions
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Dimensions: source, channel, team, topic, agent_id, contact_id, day_of_week, hour_of_day
    #[arg(long, value_name = "D,...")]
    pub by: Option<String>,
    /// total, hour, day, week, month, quarter, year, fiscal_quarter or fiscal_year
    #[arg(long, value_name = "GRAIN", default_value = "total")]
    pub grain: String,
    #[command(flatten)]
    pub span: Span,
    /// Hold every row against: previous, year, weekday, target, baseline:NAME, or another group such as channel=email
    #[arg(long, value_name = "WITH")]
    pub compare: Option<String>,
    /// Only rows for which this SQL condition holds
    #[arg(long = "where", value_name = "SQL")]
    pub filter: Option<String>,
    /// What spans are measured in: elapsed, or business for the part inside the hours of the calendars in the settings
    #[arg(long, value_name = "HOURS", default_value = "elapsed")]
    pub hours: String,
    /// Target in place of the settings', such as 10m
    #[arg(long, value_name = "DURATION")]
    pub target: Option<String>,
    /// Leave out buckets in which nothing happened
    #[arg(long)]
    pub sparse: bool,
    /// Exact numbers only, no sketches: what is computed is exact in any case
    #[arg(long)]
    pub exact: bool,
    /// List the KPIs
    #[arg(long)]
    pub list: bool,
    /// Show what a KPI means, the rows that it counts and leaves out, and the SQL that computes it
    #[arg(long, conflicts_with = "compare")]
    pub explain: bool,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub output: Output,
}

/// `tape report`.
#[derive(Debug, clap::Args)]
pub struct Report {
    #[command(flatten)]
    pub span: Span,
    #[command(flatten)]
    pub reading: Reading,
    /// Write to a file: .html, .md, .json or .txt
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// html, markdown, json or text [default: by the name of the file, else text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// What changes are against: previous, year, or what is usual by baseline:NAME
    #[arg(long, value_name = "WHAT", default_value = "previous")]
    pub compare: String,
    /// Only the rules behind what is suggested: each with the numbers that decided, fired or not
    #[arg(long)]
    pub rules: bool,
    /// End with 3 if a KPI misses its target (missed) or is worse than usual (worse)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub fail_on: Vec<String>,
    /// Columns of the terminal report, from 40 to 400 [default: as wide as the terminal, at most 120]
    #[arg(long, value_name = "N", value_parser = parse_width)]
    pub width: Option<usize>,
}

/// `tape sql`.
#[derive(Debug, clap::Args)]
pub struct Sql {
    /// The query [default: start the shell]
    #[arg(value_name = "QUERY")]
    pub query: Option<String>,
    /// Read the query from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "query")]
    pub file: Option<PathBuf>,
    /// Value of $k in the query
    #[arg(long = "param", value_name = "K=V")]
    pub params: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub output: Output,
}

/// `tape info`.
#[derive(Debug, clap::Args)]
pub struct Info {
    /// Read the archive as it was at this version
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true, value_parser = parse_whole::<i64>)]
    pub at: Option<i64>,
    #[command(flatten)]
    pub output: Output,
}

/// `tape verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Check the archive as it was at this version
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true, value_parser = parse_whole::<i64>)]
    pub at: Option<i64>,
}

/// `tape vacuum`.
#[derive(Debug, clap::Args)]
pub struct Vacuum {
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep the files of versions that were current within this time
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    pub keep: String,
}

/// `tape history`.
#[derive(Debug, clap::Args)]
pub struct History {
    #[command(flatten)]
    pub output: Output,
}

/// `tape settings`.
#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Name of a setting [default: show all]
    pub key: Option<String>,
    /// New value
    pub value: Option<String>,
    /// Take the setting back: the more general one or the default holds
    #[arg(long, requires = "key", conflicts_with = "value")]
    pub unset: bool,
}

/// `tape completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// bash, zsh, fish, elvish or powershell
    pub shell: clap_complete::Shell,
}

/// `tape man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The verb that the page is about [default: all of them in short]
    #[arg(value_name = "VERB")]
    pub verb: Option<String>,
}

/// A whole number, as far as its type reaches.
fn parse_whole<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => "write a smaller whole number".to_owned(),
        _ => "write a whole number".to_owned(),
    })
}

/// Columns of the widest report: more than any screen has.
const WIDTH_MAX: usize = 400;

fn parse_width(text: &str) -> Result<usize, String> {
    let width = parse_whole::<usize>(text)?;
    if (WIDTH_MIN..=WIDTH_MAX).contains(&width) {
        Ok(width)
    } else {
        Err(format!("write a number from {WIDTH_MIN} to {WIDTH_MAX}"))
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("write a number from 1 to 1024".to_owned()),
    }
}

/// Bytes of `1GiB`, `512MiB`, `64mb`, `1000000`.
fn parse_size(text: &str) -> Result<usize, String> {
    let wrong = || "write a size such as 512MiB or 2GiB".to_owned();
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let n: usize = text[..digits].parse().map_err(|_| wrong())?;
    let unit: usize = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "kb" => 1_000,
        "m" | "mib" => 1 << 20,
        "mb" => 1_000_000,
        "g" | "gib" => 1 << 30,
        "gb" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    n.checked_mul(unit).filter(|&bytes| bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn widths_are_those_of_screens() {
        for (text, width) in [("40", Ok(40)), (" 121 ", Ok(121)), ("400", Ok(400))] {
            assert_eq!(parse_width(text), width);
        }
        for wrong in ["0", "39", "401"] {
            assert_eq!(parse_width(wrong), Err("write a number from 40 to 400".to_owned()), "{wrong}");
        }
        assert_eq!(parse_width("wide"), Err("write a whole number".to_owned()));
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("64MiB"), Ok(67_108_864));
        assert_eq!(parse_size("2 gb"), Ok(2_000_000_000));
        assert_eq!(parse_size("1048576"), Ok(1_048_576));
        for wrong in ["", "MiB", "1 parsec", "0", "-1", "99999999999999999999"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
