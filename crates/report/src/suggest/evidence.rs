//! What rules read beside the digest, and how a command line reaches the same numbers.

use crate::command::command_line;
use crate::digest::Drill;

/// Numbers that the digest does not have. An empty list is "not known", unless a field says something else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// How commands reach the archive and period of the digest.
    pub place: Place,
    /// Whole months up to the end of the period, oldest first, that lie wholly within the archive.
    pub months: Vec<MonthVolume>,
    /// First responses by hour of the week, as they were held against their targets.
    pub first_hours: Vec<HourOfWeek>,
    /// All waits by hour of the week, as they were held against their targets.
    pub hours: Vec<HourOfWeek>,
    /// Contacts that opted out, by channel; `None` without a period before.
    pub opt_outs: Option<Vec<ChannelOptOuts>>,
}

/// The questions of one whole month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthVolume {
    /// Its first day: "2025-03-01".
    pub since: String,
    /// The day after its last.
    pub until: String,
    /// Days in it.
    pub days: u32,
    /// Questions.
    pub questions: u64,
}

/// Waits that began in one hour of the week (kpi-rules G1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HourOfWeek {
    /// ISO weekday, 1 = Monday to 7 = Sunday.
    pub day_of_week: i32,
    /// Local hour of the day, 0 to 23.
    pub hour: i32,
    /// Waits that met their target.
    pub in_time: u64,
    /// Waits that missed it: answered later, abandoned, or open for longer.
    pub late: u64,
}

impl HourOfWeek {
    /// Waits that count on either side.
    pub fn judged(&self) -> u64 {
        self.in_time + self.late
    }
}

/// Contacts that opted out of one channel, and what was sent there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelOptOuts {
    /// The channel; `None` for opt-outs that name none.
    pub channel: Option<String>,
    /// Contacts that opted out within the period.
    pub now: u64,
    /// The same within the period before.
    pub before: u64,
    /// Answers and bot messages of the period.
    pub sent: u64,
    /// The same of the period before.
    pub sent_before: u64,
}

/// What a command line says so that it reads what the digest has read. Texts are not quoted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The archive, where it is not the one that is taken by default.
    pub archive: Option<String>,
    /// Start of the period: a date, or an instant.
    pub since: String,
    /// End of the period: a date, or an instant.
    pub until: String,
    /// Further options with their values: zone, as-of time, version.
    pub options: Vec<String>,
}

/// Rows that `tape drill` lists where no limit is given.
const ROWS_SHOWN: u64 = 100;

impl Place {
    /// The command that lists the rows of a KPI over the period of the digest.
    pub(crate) fn drill(&self, kpi: &str, options: &[&str], rows: u64) -> Drill {
        self.drill_in((&self.since, &self.until), kpi, options, rows)
    }

    /// The command that lists the rows of a KPI over another period.
    pub(crate) fn drill_in(&self, (since, until): (&str, &str), kpi: &str, options: &[&str], rows: u64) -> Drill {
        let mut words = vec!["tape"];
        if let Some(archive) = &self.archive {
            words.extend(["--archive", archive.as_str()]);
        }
        words.extend(["drill", kpi]);
        words.extend(options);
        for (name, value) in [("--since", since), ("--until", until)] {
            if !value.is_empty() {
                words.extend([name, value]);
            }
        }
        words.extend(self.options.iter().map(String::as_str));
        let limit = rows.to_string();
        if rows > ROWS_SHOWN {
            words.extend(["--limit", limit.as_str()]);
        }
        Drill { command: command_line(&words), rows }
    }
}

/// A text as SQL.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { since: "2025-03-01".to_owned(), until: "2025-04-01".to_owned(), ..Place::default() }
    }

    #[test]
    fn a_command_has_what_it_needs() {
        let drill = place().drill("resolution_time", &["--measure", "n"], 100);
        assert_eq!(drill.command, "tape drill resolution_time --measure n --since 2025-03-01 --until 2025-04-01");
        let elsewhere = Place {
            archive: Some("/data/our support".to_owned()),
            options: ["--tz", "Europe/Berlin"].map(str::to_owned).into(),
            ..place()
        };
        let drill = elsewhere.drill_in(("2025-02-01", ""), "average_response_time", &[], 101);
        assert_eq!(
            drill.command,
            "tape --archive '/data/our support' drill average_response_time --since 2025-02-01 --tz Europe/Berlin \
             --limit 101"
        );
        assert_eq!(drill.rows, 101);
    }

    #[test]
    fn quotes_are_kept_by_sql() {
        assert_eq!(literal("O'Brien"), "'O''Brien'");
    }
}
