//! `tape baseline`: saved KPI values.

use clap::Subcommand;

use super::{Output, Reading, Span};

/// `tape baseline`.
#[derive(Debug, clap::Args)]
pub struct Baseline {
    #[command(subcommand)]
    pub verb: BaselineVerb,
}

/// What a baseline holds.
#[derive(Debug, Clone, clap::Args)]
pub struct Held {
    /// KPIs, with commas between them [default: all]
    #[arg(long = "kpi", value_name = "NAME,...", value_delimiter = ',')]
    pub kpi: Vec<String>,
    /// Dimensions: source, channel, team, topic, agent_id, day_of_week, hour_of_day [default: that of each KPI]
    #[arg(long, value_name = "D,...")]
    pub by: Option<String>,
    /// elapsed or business
    #[arg(long, value_name = "HOURS", default_value = "elapsed")]
    pub hours: String,
}

/// The verbs of `tape baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineVerb {
    /// Save the KPIs of a period
    Save {
        /// Name of the baseline: letters, digits, `.`, `_`, `-`
        #[arg(value_name = "NAME", value_parser = parse_name)]
        name: String,
        /// The period: 2025, 2025-Q1, 2025-03, 2025-03-01, last-week, last-month
        #[arg(long, value_name = "PERIOD", conflicts_with_all = ["since", "until"])]
        period: Option<String>,
        #[command(flatten)]
        span: Span,
        #[command(flatten)]
        held: Held,
        #[command(flatten)]
        reading: Reading,
    },
    /// Save the KPIs of every window of a history; run again it goes on where it was stopped
    Backfill {
        /// Name of the baseline: letters, digits, `.`, `_`, `-`
        #[arg(value_name = "NAME", value_parser = parse_name)]
        name: String,
        /// Windows end after this time [default: the first window lies in the data]
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// And not after this one [default: the as-of time]
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        /// A window ends with every day, week, month, quarter or year
        #[arg(long, value_name = "STEP", default_value = "week")]
        every: String,
        /// How long a window is: 8w, 30d, 3mo, 1y
        #[arg(long, value_name = "LENGTH", default_value = "8w")]
        window: String,
        #[command(flatten)]
        held: Held,
        #[command(flatten)]
        reading: Reading,
    },
    /// List the baselines
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Show the rows of a baseline
    Show {
        /// Name of the baseline
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Hold a period against a baseline [default: the last four whole weeks]
    Compare {
        /// Name of the baseline
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        span: Span,
        /// KPIs, with commas between them [default: all that it has]
        #[arg(long = "kpi", value_name = "NAME,...", value_delimiter = ',')]
        kpi: Vec<String>,
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a baseline
    Drop {
        /// Name of the baseline
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Most characters of a name.
const NAME_MAX: usize = 100;

fn parse_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.chars().count() > NAME_MAX || !text.chars().all(fits) {
        return Err(format!("write at most {NAME_MAX} letters, digits, `.`, `_` and `-`"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["2025-Q1", "before_the_move", "größe.1"] {
            assert_eq!(parse_name(name).as_deref(), Ok(name));
        }
        let (longest, longer) = ("a".repeat(100), "a".repeat(101));
        assert_eq!(parse_name(&longest), Ok(longest.clone()));
        for wrong in ["", "a b", "a,b", "a/b", "a:b", longer.as_str()] {
            let said = "write at most 100 letters, digits, `.`, `_` and `-`".to_owned();
            assert_eq!(parse_name(wrong), Err(said), "{wrong}");
        }
    }
}
