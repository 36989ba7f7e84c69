//! Thresholds of what a report suggests: `report.<rule>.<threshold>`. No facts and no KPI depend on them.

use std::collections::BTreeMap;

/// What a threshold is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdKind {
    /// Things, from 1: `30`.
    Count,
    /// A part of something, up to ten times of it: `5%`, `0.05`.
    Share,
    /// A multiple, more than 0: `1.5`.
    Times,
}

/// One threshold of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// The rule.
    pub rule: &'static str,
    /// The threshold within the rule.
    pub name: &'static str,
    /// What it is counted in.
    pub kind: ThresholdKind,
    /// Ones of a count, millionths of a share or multiple.
    default: i64,
}

const fn threshold(rule: &'static str, name: &'static str, kind: ThresholdKind, default: i64) -> Threshold {
    Threshold { rule, name, kind, default }
}

/// Every threshold, in the order of the rules.
pub const THRESHOLDS: &[Threshold] = &[
    threshold("volume_flat", "months", ThresholdKind::Count, 3),
    threshold("volume_flat", "growth", ThresholdKind::Share, 50_000),
    threshold("volume_flat", "min_questions", ThresholdKind::Count, 30),
    threshold("channel_quiet", "share_of_others", ThresholdKind::Share, 200_000),
    threshold("channel_quiet", "min_questions", ThresholdKind::Count, 30),
    threshold("first_response_over_target", "times_target", ThresholdKind::Times, 1_000_000),
    threshold("first_response_over_target", "hours", ThresholdKind::Count, 3),
    threshold("first_response_over_target", "concentrated", ThresholdKind::Share, 250_000),
    threshold("first_response_over_target", "min_answers", ThresholdKind::Count, 30),
    threshold("hours_late", "hours", ThresholdKind::Count, 3),
    threshold("hours_late", "late_share", ThresholdKind::Share, 500_000),
    threshold("hours_late", "min_late", ThresholdKind::Count, 10),
    threshold("hours_late", "min_waits", ThresholdKind::Count, 30),
    threshold("topic_waits_longest", "times_mean", ThresholdKind::Times, 1_500_000),
    threshold("topic_waits_longest", "min_waits", ThresholdKind::Count, 30),
    threshold("resolution_over_target", "times_target", ThresholdKind::Times, 1_000_000),
    threshold("resolution_over_target", "min_resolutions", ThresholdKind::Count, 30),
    threshold("unsubscribes_rising", "rise", ThresholdKind::Share, 100_000),
    threshold("unsubscribes_rising", "min_more", ThresholdKind::Count, 5),
    threshold("unsubscribes_rising", "min_contacts", ThresholdKind::Count, 30),
];

impl Threshold {
    /// The name of its setting.
    pub fn key(&self) -> String {
        format!("report.{}.{}", self.rule, self.name)
    }
}

/// The thresholds that are not what they are by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportSettings {
    /// By rule and name; in the unit of [`Threshold::default`](Threshold).
    own: BTreeMap<(&'static str, &'static str), i64>,
}

impl ReportSettings {
    /// A threshold as it holds: things, or parts of one.
    pub fn number(&self, threshold: &Threshold) -> f64 {
        let value = self.value(threshold);
        match threshold.kind {
            ThresholdKind::Count => value as f64,
            ThresholdKind::Share | ThresholdKind::Times => value as f64 / 1e6,
        }
    }

    /// A threshold as it holds, as [`Settings::list`](super::Settings::list) writes it: `30`, `5%`, `1.5`.
    pub fn text(&self, threshold: &Threshold) -> String {
        let value = self.value(threshold);
        match threshold.kind {
            ThresholdKind::Count => value.to_string(),
            ThresholdKind::Share => format!("{}%", decimal(value, 10_000)),
            ThresholdKind::Times => decimal(value, 1_000_000),
        }
    }

    /// Every threshold with its key, in the order of [`THRESHOLDS`].
    pub(super) fn list(&self) -> impl Iterator<Item = (String, String)> {
        THRESHOLDS.iter().map(|threshold| (threshold.key(), self.text(threshold)))
    }

    /// Sets one; `None` if there is none of that name, the inner error is what it takes.
    pub(super) fn apply(&mut self, rule: &str, name: &str, value: &str) -> Option<Result<(), &'static str>> {
        let threshold = THRESHOLDS.iter().find(|threshold| threshold.rule == rule && threshold.name == name)?;
        let value = match threshold.kind {
            ThresholdKind::Count => parse_count(value).ok_or("a whole number from 1 on, such as 30"),
            ThresholdKind::Share => parse_share(value).ok_or("a share such as 5% or 0.05"),
            ThresholdKind::Times => parse_times(value).ok_or("a multiple such as 1.5"),
        };
        Some(value.map(|value| {
            self.own.insert((threshold.rule, threshold.name), value);
        }))
    }

    fn value(&self, threshold: &Threshold) -> i64 {
        self.own.get(&(threshold.rule, threshold.name)).copied().unwrap_or(threshold.default)
    }
}

fn parse_count(text: &str) -> Option<i64> {
    text.trim().parse::<i64>().ok().filter(|count| (1..=1_000_000_000).contains(count))
}

fn parse_share(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(percent) => scaled(percent.trim_end(), 10_000.0),
        None => scaled(text, 1e6),
    }
    .filter(|millionths| (0..=10_000_000).contains(millionths))
}

fn parse_times(text: &str) -> Option<i64> {
    scaled(text.trim(), 1e6).filter(|millionths| (1..=1_000_000_000).contains(millionths))
}

/// A decimal number in units of which `units` make 1, rounded to whole ones.
fn scaled(text: &str, units: f64) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = text.parse::<f64>().ok().filter(|number| plain && *number < 1e6)?;
    Some((number * units).round() as i64)
}

/// A number of units of which `units`, a power of ten, make 1, with no more decimals than it has.
fn decimal(value: i64, units: i64) -> String {
    let width = units.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / units, value % units);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Settings;
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::from_toml(text, Path::new("settings.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_listed() {
        let settings = Settings::default();
        let get = |key: &str| settings.get(key).unwrap().unwrap();
        assert_eq!(get("report.volume_flat.growth"), "5%");
        assert_eq!(get("report.topic_waits_longest.times_mean"), "1.5");
        assert_eq!(get("report.resolution_over_target.times_target"), "1");
        assert_eq!(get("report.unsubscribes_rising.min_more"), "5");
        let listed = settings.list().iter().filter(|(key, _)| key.starts_with("report.")).count();
        assert_eq!(listed, THRESHOLDS.len());
    }

    #[test]
    fn a_share_is_per_cent_or_a_part() {
        for (text, shown, number) in
            [("5%", "5%", 0.05), ("0.125", "12.5%", 0.125), (" 7.25 % ", "7.25%", 0.0725), ("250%", "250%", 2.5)]
        {
            let settings = parse(&format!("report.volume_flat.growth = '{text}'")).unwrap();
            assert_eq!(settings.get("report.volume_flat.growth").unwrap().as_deref(), Some(shown), "{text}");
            assert_eq!(settings.report.number(&THRESHOLDS[1]), number, "{text}");
        }
    }

    #[test]
    fn what_a_threshold_cannot_be_is_said() {
        for (text, says) in [
            ("report.volume_flat.growth = 'little'", "write a share such as 5% or 0.05"),
            ("report.volume_flat.growth = '-5%'", "write a share such as 5% or 0.05"),
            ("report.volume_flat.months = '0'", "write a whole number from 1 on, such as 30"),
            ("report.topic_waits_longest.times_mean = '0'", "write a multiple such as 1.5"),
            ("report.topic_waits_longest.time_mean = '2'", "did you mean report.topic_waits_longest.times_mean?"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn no_hash_knows_them() {
        let settings = parse("[report.hours_late]\nhours = '5'\nlate_share = '75%'").unwrap();
        assert_eq!(settings.report.number(&THRESHOLDS[10]), 0.75);
        assert_eq!(settings.fold_hash(), Settings::default().fold_hash());
        assert_eq!(settings.hash(), Settings::default().hash());
        assert_ne!(settings, Settings::default());
    }
}
