//! The verbs that make, read and mend raw input.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Output, parse_whole};

/// `tape generate`.
#[derive(Debug, clap::Args)]
pub struct Generate {
    /// How many conversations, about six events each
    #[arg(long, value_name = "N", value_parser = parse_whole::<u64>)]
    pub conversations: u64,
    /// How many months they spread over
    #[arg(long, value_name = "M", default_value_t = 12, value_parser = parse_whole::<u32>)]
    pub months: u32,
    /// First month
    #[arg(long, value_name = "MONTH", default_value = "2025-01")]
    pub start: String,
    /// Another seed gives another archive of the same nature
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = parse_whole::<u64>)]
    pub seed: u64,
    /// ndjson, csv, or the format of a platform: chatwoot, twilio, whatsapp, zendesk [default: by the name of the file,
    /// else ndjson]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Only what the format of this platform can say, as canonical events to compare its ingest with
    #[arg(long, value_name = "FORMAT")]
    pub told_by: Option<String>,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `tape ingest`.
#[derive(Debug, clap::Args)]
pub struct Ingest {
    /// Files, directories, globs, or - for standard input; plain, gzip, zstd or zip
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
    #[command(flatten)]
    pub decoding: Decoding,
    /// How a new archive is cut: day or month [default: by the density of the data]
    #[arg(long, value_name = "PERIOD", value_parser = ["day", "month"])]
    pub period: Option<String>,
    /// Percentage of rejected records above which nothing is taken
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 5.0,
        allow_negative_numbers = true,
        value_parser = parse_percentage
    )]
    pub max_rejected: f64,
    /// Read files again that were ingested before
    #[arg(long)]
    pub force: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Take nothing in: show the first events that would come of it, and the counts
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: how many events are shown [default: 20]
    #[arg(long, value_name = "N", requires = "dry_run", value_parser = parse_whole::<usize>)]
    pub limit: Option<usize>,
}

/// How records are read.
#[derive(Debug, clap::Args)]
pub struct Decoding {
    /// Source of records that name none
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// auto, or the name of a format (`tape formats`)
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub format: String,
    /// Read any CSV, JSON lines or Parquet as this file says: which column or field is what
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Time zone of times that name none, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Who is an agent, where the format does not say: addresses, domains, numbers, ids or handles, with commas between
    /// them; @FILE has one a line
    #[arg(long, value_name = "LIST")]
    pub agents: Vec<String>,
    /// Who is a bot, likewise
    #[arg(long, value_name = "LIST")]
    pub bots: Vec<String>,
    /// Whether texts of messages are kept: keep or drop
    #[arg(long, value_name = "WHAT", default_value = "drop", value_parser = ["keep", "drop"])]
    pub body: String,
}

/// `tape formats`.
#[derive(Debug, clap::Args)]
pub struct Formats {
    #[command(flatten)]
    pub output: Output,
}

/// `tape quarantine`.
#[derive(Debug, clap::Args)]
pub struct Quarantine {
    #[command(subcommand)]
    pub verb: QuarantineVerb,
}

/// The verbs of `tape quarantine`.
#[derive(Debug, Subcommand)]
pub enum QuarantineVerb {
    /// List the files of rejected records, with the reasons
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Show the rejected records of a file
    Show {
        /// Name of the file, as listed [default: the latest]
        #[arg(value_name = "FILE")]
        file: Option<String>,
        /// Only records whose reason holds this text, such as "missing"
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// At most so many records [default: 50 in a table, else all]
        #[arg(long, value_name = "N", value_parser = parse_whole::<u64>)]
        limit: Option<u64>,
        #[command(flatten)]
        output: Output,
    },
    /// Ingest rejected records again, after a mapping, an option or the record was mended
    Retry {
        /// Names of files, as listed [default: all]
        #[arg(value_name = "FILE")]
        files: Vec<String>,
        #[command(flatten)]
        decoding: Decoding,
        /// Also records of formats that need other records of the export, which are not in quarantine
        #[arg(long)]
        alone: bool,
        /// Print the summary as one JSON object
        #[arg(long)]
        json: bool,
    },
}

fn parse_percentage(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "write a percentage from 0 to 100".to_owned())
}
