//! The verb that shows what is behind a number.

use super::{Output, Reading, Span};

/// The most rows that can be asked for: more than any archive has, and a number that every format can hold.
const MAX_ROWS: u64 = 1_000_000_000_000;

/// `tape drill`.
#[derive(Debug, clap::Args)]
pub struct Drill {
    /// The KPI
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Values of dimensions, such as channel=sms,topic=billing; topic= is the rows without a topic
    #[arg(long, value_name = "D=V,...")]
    pub cell: Vec<String>,
    /// Only rows for which this SQL condition holds
    #[arg(long = "where", value_name = "SQL")]
    pub filter: Option<String>,
    /// How long the buckets are of which --bucket names one
    #[arg(long, value_name = "GRAIN", requires = "bucket")]
    pub grain: Option<String>,
    /// A bucket as `tape kpi --grain` prints it, such as 2025-03-03
    #[arg(long, value_name = "BUCKET", requires = "grain")]
    pub bucket: Option<String>,
    #[command(flatten)]
    pub span: Span,
    /// Only the rows that this field of the KPI counts, such as n_open or n_breached
    #[arg(long, value_name = "FIELD")]
    pub measure: Option<String>,
    /// What spans are measured in: elapsed, or business for the part inside the hours of the calendars in the settings
    #[arg(long, value_name = "HOURS", default_value = "elapsed")]
    pub hours: String,
    /// Target in place of the settings', such as 10m
    #[arg(long, value_name = "DURATION")]
    pub target: Option<String>,
    /// A row a message instead of a row a conversation, for KPIs over messages
    #[arg(long)]
    pub events: bool,
    /// Which rows come first: the longest, or the earliest
    #[arg(long, value_name = "ORDER", default_value = "longest", value_parser = ["longest", "time"])]
    pub order: String,
    /// The most rows that are shown
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = parse_limit)]
    pub limit: u64,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub output: Output,
}

fn parse_limit(text: &str) -> Result<u64, String> {
    let limit = text.trim().parse::<u64>().ok().filter(|&limit| limit <= MAX_ROWS);
    limit.ok_or_else(|| format!("write a whole number up to {MAX_ROWS}"))
}
