//! The KPIs over time, over the hours of the week and over lengths: what charts are drawn from.

use serde::Serialize;

/// The KPIs over time. Every list has one entry a bucket, in the order of `buckets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Series {
    /// How long a bucket is: "hour", "day", "week", "month".
    pub grain: String,
    /// The buckets as `tape kpi` names them, oldest first: "2025-03-03", "2025-03-03T14:00:00+0545".
    pub buckets: Vec<String>,
    /// Public messages by who wrote them.
    pub messages: Vec<Messages>,
    /// Questions by channel, the busiest channel first.
    pub channels: Vec<ChannelSeries>,
    /// First response, response and resolution.
    pub times: Vec<TimeSeries>,
    /// Contacts that opted out.
    pub subscriptions: Vec<Subscriptions>,
}

/// Public messages of one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// Questions.
    pub inbound: u64,
    /// Answers.
    pub agent: u64,
    /// Bot messages.
    pub bot: u64,
}

/// The questions of one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChannelSeries {
    /// The channel; `None` for messages that name none.
    pub channel: Option<String>,
    /// Questions, one number a bucket.
    pub inbound: Vec<u64>,
}

/// One time KPI.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TimeSeries {
    /// Machine name of the KPI.
    pub kpi: String,
    /// Name for people.
    pub title: String,
    /// Target in seconds.
    pub target_s: Option<f64>,
    /// Lowest and highest mean that are usual, in seconds; drawn as a band.
    pub usual_s: Option<(f64, f64)>,
    /// One point a bucket.
    pub points: Vec<Point>,
}

/// One bucket of a time KPI. Without measurements all but `n` are `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Point {
    /// Measurements.
    pub n: u64,
    /// Their mean in seconds.
    pub mean_s: Option<f64>,
    /// Half of them are no longer.
    pub p50_s: Option<f64>,
    /// Nine in ten of them are no longer.
    pub p90_s: Option<f64>,
    /// Share within the target, 0 to 1 (kpi-rules G1).
    pub within_target: Option<f64>,
    /// The numbers can still change (kpi-rules T3).
    pub provisional: bool,
}

/// Contacts that opted out, at the end of one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Subscriptions {
    /// Contacts that are opted out.
    pub unsubscribed: u64,
    /// Their share of known contacts, 0 to 1.
    pub share: Option<f64>,
    /// Contacts that opted out within the bucket.
    pub newly: u64,
}

/// One hour of the week.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WeekCell {
    /// ISO weekday, 1 = Monday to 7 = Sunday.
    pub day_of_week: i32,
    /// Local hour of the day, 0 to 23.
    pub hour: i32,
    /// Questions in the hour.
    pub questions: u64,
    /// Answered waits that began in the hour.
    pub waits: u64,
    /// Their mean.
    pub mean_s: Option<f64>,
    /// The longest of them.
    pub longest_s: Option<f64>,
    /// Conversation of the longest.
    pub conversation_id: Option<String>,
}

/// How many lengths are at most how long.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distribution {
    /// Machine name of the KPI whose lengths these are.
    pub kpi: String,
    /// The target, which is one of the edges.
    pub target_s: f64,
    /// All lengths.
    pub n: u64,
    /// How many reach no further than an edge, edges ascending, each twice the one before. What is longer than the last
    /// edge is the rest of `n`.
    pub reached: Vec<Reached>,
    /// What has no length, by name: waits that are open, closed unanswered.
    pub apart: Vec<(String, u64)>,
}

/// How many lengths are no longer than an edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Reached {
    /// The edge, in seconds.
    pub up_to_s: f64,
    /// Lengths that are no longer.
    pub n: u64,
}
