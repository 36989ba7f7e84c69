//! The numbers of one report, as plain data.
//!
//! Instants and labels arrive as text, already in the zone of the report; durations are seconds. `None` and numbers that
//! are not finite are "not known" and shown as "–", never as zero (kpi-rules A2).

mod method;
mod rules;
mod series;

use serde::Serialize;

pub use method::{DefinitionText, Method};
pub use rules::{Drill, RuleOutcome, RuleStatus, RuleThreshold};
pub use series::{ChannelSeries, Distribution, Messages, Point, Reached, Series, Subscriptions, TimeSeries, WeekCell};

/// Name of the KPI that counts questions.
pub const INBOUND_MESSAGE_VOLUME: &str = "inbound_message_volume";
/// Name of the KPI that counts messages by channel.
pub const MESSAGE_VOLUME_BY_CHANNEL: &str = "message_volume_by_channel";
/// Name of the KPI over the first wait of each session.
pub const FIRST_RESPONSE_TIME: &str = "first_response_time";
/// Name of the KPI over all waits.
pub const AVERAGE_RESPONSE_TIME: &str = "average_response_time";
/// Name of the KPI that finds the longest wait.
pub const LONGEST_WAIT_TIME: &str = "longest_wait_time";
/// Name of the KPI from open to close.
pub const RESOLUTION_TIME: &str = "resolution_time";
/// Name of the KPI over contacts that opted out.
pub const UNSUBSCRIBED_CONTACTS: &str = "unsubscribed_contacts";

/// One report: what it covers, seven KPIs, and what they are made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Digest {
    /// Heading of the report.
    pub title: String,
    /// Name or address of the archive; left out of the report when empty.
    pub archive: String,
    /// The version of the archive that was read.
    pub version: Option<i64>,
    /// The period that the numbers are over.
    pub period: Period,
    /// IANA name of the zone that all texts and hours are in.
    pub zone: String,
    /// What the archive holds.
    pub coverage: Coverage,
    /// The as-of time: later events do not exist for the report.
    pub as_of: Option<String>,
    /// Label of the period that changes are measured against.
    pub previous_label: Option<String>,
    /// The KPIs in the order in which they are shown.
    pub kpis: Vec<KpiCard>,
    /// The channels in the order in which they are shown.
    pub channels: Vec<ChannelRow>,
    /// The hours of the week with the longest waits, worst first.
    pub worst_hours: Vec<WorstCell>,
    /// The topics with the longest waits, worst first.
    pub topics: Vec<TopicRow>,
    /// Every topic, those with the most answered waits first.
    pub topic_waits: Vec<TopicRow>,
    /// The KPIs over time.
    pub series: Series,
    /// Questions and waits by hour of the week; hours without either are left out.
    pub week: Vec<WeekCell>,
    /// How long waits and resolutions were.
    pub distributions: Vec<Distribution>,
    /// What must be looked at; filled from [`findings`](crate::findings()).
    pub findings: Vec<Finding>,
    /// What could be done; filled from [`suggest`](mod@crate::suggest).
    pub suggestions: Vec<Suggestion>,
    /// Every rule, whether it fired or not.
    pub rules: Vec<RuleOutcome>,
    /// Definitions, settings and SQL behind the numbers.
    pub method: Method,
}

impl Digest {
    /// The KPI of that machine name, if the digest has it.
    pub fn kpi(&self, name: &str) -> Option<&KpiCard> {
        self.kpis.iter().find(|card| card.name == name)
    }
}

/// A period `[since, until)` in the words of the report; an absent side is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Where it starts.
    pub since: Option<String>,
    /// Where it ends; this instant is not part of it.
    pub until: Option<String>,
}

/// What the archive holds, whatever the period of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Time of the first event.
    pub first: Option<String>,
    /// Time of the last event.
    pub last: Option<String>,
    /// Events.
    pub events: u64,
    /// Seconds from the last event to the as-of time, rounded down; `None` where the as-of time is earlier.
    pub behind_s: Option<u64>,
    /// The sources with their public messages, in the order of their names.
    pub sources: Vec<SourceRow>,
}

/// One source of the archive, whatever the period of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceRow {
    /// Its name.
    pub source: String,
    /// Questions, answers and bot messages.
    pub messages: u64,
    /// The quarter of an hour of the first of them.
    pub first: Option<String>,
    /// The quarter of an hour of the last of them.
    pub last: Option<String>,
}

/// What a KPI is counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A length of time, in seconds.
    Seconds,
    /// A number of things.
    #[default]
    Count,
    /// A part of a whole, 0 to 1.
    Share,
    /// Any other number, such as messages an agent.
    Number,
}

/// Which way a KPI should go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Down is better.
    Lower,
    /// Up is better.
    Higher,
    /// Neither way is better in itself.
    #[default]
    Neither,
}

/// One KPI over the period.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KpiCard {
    /// Machine name, one of the constants of this module or a KPI of the user's.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What `value` and `previous` are counted in.
    pub unit: Unit,
    /// The number; `None` with nothing to measure.
    pub value: Option<f64>,
    /// How many things the value is the mean or share of; `None` where the value is itself a count.
    pub n: Option<u64>,
    /// The number of the previous period.
    pub previous: Option<f64>,
    /// `n` of the previous period.
    pub previous_n: Option<u64>,
    /// Which way is better.
    pub better: Better,
    /// Target in seconds; the value should not be above it.
    pub target_s: Option<f64>,
    /// Share within the target, 0 to 1 (kpi-rules G1).
    pub within_target: Option<f64>,
    /// The value over time, one entry a bucket, oldest first; `None` is a bucket without data.
    pub spark: Vec<Option<f64>>,
    /// What a bucket of `spark` is: "day", "week".
    pub spark_grain: String,
    /// Further numbers as label and text: ("p50", "4 min 05 s").
    pub details: Vec<(String, String)>,
    /// The number can still change: the period is not over, or waits in it are open (kpi-rules T3).
    pub provisional: bool,
    /// What is usual for the KPI.
    pub baseline: Option<Baseline>,
    /// How the KPI stands to what is usual: "better", "worse", "within usual range" (kpi-rules B2).
    pub verdict: Option<String>,
    /// Why the number is missing or to be read with care: "no close events".
    pub note: Option<String>,
}

/// What is usual for a KPI, in its unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Baseline {
    /// Where it comes from, for people: "the 8 weeks before", the name of a saved baseline.
    pub name: String,
    /// The number that is held against it, where that is not the value of the card: the median of its weeks.
    pub held: Option<f64>,
    /// Its middle.
    pub mean: Option<f64>,
    /// Lowest number that is usual.
    pub low: Option<f64>,
    /// Highest number that is usual.
    pub high: Option<f64>,
    /// Measurements that it rests on.
    pub n: Option<u64>,
}

/// One channel over the period.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ChannelRow {
    /// The channel; `None` for messages that name none.
    pub channel: Option<String>,
    /// Questions.
    pub inbound: u64,
    /// Answers.
    pub agent: u64,
    /// Bot messages.
    pub bot: u64,
    /// Its share of all messages of the period, 0 to 1.
    pub share: Option<f64>,
    /// Its target of the first response; `None` where that depends on the source.
    pub first_response_target_s: Option<f64>,
    /// Share of first responses within the target, 0 to 1 (kpi-rules G1).
    pub first_response_within: Option<f64>,
    /// Its target of every response; `None` where that depends on the source.
    pub response_target_s: Option<f64>,
    /// Share of responses within the target, 0 to 1.
    pub response_within: Option<f64>,
    /// Its target of the resolution; `None` where that depends on the source.
    pub resolution_target_s: Option<f64>,
    /// Share of resolutions within the target, 0 to 1.
    pub resolution_within: Option<f64>,
    /// Mean first response.
    pub first_response_mean_s: Option<f64>,
    /// First responses behind the mean.
    pub first_response_n: u64,
    /// Mean response.
    pub response_mean_s: Option<f64>,
    /// 90th percentile of the responses.
    pub response_p90_s: Option<f64>,
    /// Responses behind mean, percentile and longest wait.
    pub response_n: u64,
    /// Longest wait that was answered.
    pub longest_s: Option<f64>,
    /// Mean resolution.
    pub resolution_mean_s: Option<f64>,
    /// Closed sessions behind the mean.
    pub resolution_n: u64,
    /// Contacts that are opted out of this channel at the end of the period.
    pub unsubscribed: Option<u64>,
}

/// One hour of the week and its waits.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WorstCell {
    /// ISO weekday, 1 = Monday to 7 = Sunday.
    pub day_of_week: i32,
    /// Local hour of the day, 0 to 23.
    pub hour: i32,
    /// Longest wait that began in the hour.
    pub max_wait_s: f64,
    /// Mean wait that began in the hour.
    pub mean_wait_s: f64,
    /// Waits behind both.
    pub n: u64,
    /// Conversation of the longest wait.
    pub conversation_id: Option<String>,
}

/// One topic and its waits.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TopicRow {
    /// The topic; `None` for conversations that name none.
    pub topic: Option<String>,
    /// Waits behind mean and longest.
    pub waits: u64,
    /// Mean wait.
    pub mean_s: Option<f64>,
    /// Half of the waits were no longer.
    pub p50_s: Option<f64>,
    /// Nine in ten waits were no longer.
    pub p90_s: Option<f64>,
    /// Longest wait that was answered.
    pub longest_s: Option<f64>,
    /// Conversation of the longest wait.
    pub conversation_id: Option<String>,
}

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A KPI misses its target.
    Missed,
    /// A KPI is worse than usual.
    Worse,
}

/// Something that must be looked at, and the numbers that say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// Machine name of the KPI.
    pub kpi: String,
    /// What it is, in one sentence.
    pub text: String,
    /// The numbers that say so.
    pub evidence: String,
}

/// Something to do, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Machine name of the rule that it comes from.
    pub rule: String,
    /// What to do, in one sentence.
    pub text: String,
    /// The numbers that say so.
    pub evidence: String,
    /// The command line that lists the rows behind them.
    pub drill: Option<Drill>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serializes_as_plain_data() {
        let digest = Digest {
            title: "March".to_owned(),
            kpis: vec![KpiCard {
                name: RESOLUTION_TIME.to_owned(),
                unit: Unit::Seconds,
                better: Better::Lower,
                details: vec![("p50".to_owned(), "31 min".to_owned())],
                ..KpiCard::default()
            }],
            ..Digest::default()
        };
        let json = serde_json::to_value(&digest).unwrap();
        assert_eq!(json["title"], "March");
        assert_eq!(json["period"]["since"], serde_json::Value::Null);
        assert_eq!(json["kpis"][0]["unit"], "seconds");
        assert_eq!(json["kpis"][0]["better"], "lower");
        assert_eq!(json["kpis"][0]["details"][0][1], "31 min");
    }

    #[test]
    fn finds_a_kpi_by_its_name() {
        let card = KpiCard { name: FIRST_RESPONSE_TIME.to_owned(), n: Some(7), ..KpiCard::default() };
        let digest = Digest { kpis: vec![KpiCard::default(), card], ..Digest::default() };
        assert_eq!(digest.kpi(FIRST_RESPONSE_TIME).and_then(|card| card.n), Some(7));
        assert_eq!(digest.kpi(RESOLUTION_TIME), None);
    }
}
