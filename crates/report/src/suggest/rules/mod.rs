//! The rules, a file each.
//!
//! | rule | looks at |
//! |---|---|
//! | [`volume_flat`] | questions over months |
//! | [`channel_quiet`] | a channel beside the others |
//! | [`first_response`] | first responses against their target |
//! | [`hours_late`] | late waits by hour of the week |
//! | [`topic`] | waits by topic |
//! | [`resolution`] | resolutions against their target |
//! | [`unsubscribes`] | contacts that opt out |
//!
//! [`RULES`] is the one list of them: evaluation, `tape report --rules`, settings, documentation and tests go by it.

mod channel_quiet;
mod first_response;
mod hours_late;
mod resolution;
mod topic;
mod unsubscribes;
mod volume_flat;

use super::evidence::{Evidence, HourOfWeek};
use super::thresholds::{Threshold, Thresholds};
use crate::digest::{Digest, Drill, WorstCell};
use crate::phrase;

/// Every rule, in the order of the KPIs.
pub const RULES: &[Rule] = &[
    volume_flat::RULE,
    channel_quiet::RULE,
    first_response::RULE,
    hours_late::RULE,
    topic::RULE,
    resolution::RULE,
    unsubscribes::RULE,
];

/// A rule: what it looks at, what it suggests, and when.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Machine name; its thresholds are the settings `report.<name>.*`.
    pub name: &'static str,
    /// What it looks at, in a sentence.
    pub looks_at: &'static str,
    /// What it suggests, in a few words.
    pub suggests: &'static str,
    /// What it is held against.
    pub thresholds: &'static [Threshold],
    pub(super) judge: fn(&Case<'_>) -> Judgement,
}

/// What a rule reads.
pub(super) struct Case<'a> {
    pub(super) rule: &'static str,
    pub(super) digest: &'a Digest,
    pub(super) evidence: &'a Evidence,
    pub(super) thresholds: &'a Thresholds,
}

impl Case<'_> {
    /// A threshold of the rule as it holds.
    fn limit(&self, threshold: &Threshold) -> f64 {
        self.thresholds.get(self.rule, threshold)
    }

    /// A threshold that counts things.
    fn count(&self, threshold: &Threshold) -> u64 {
        self.limit(threshold).max(0.0).round() as u64
    }

    /// A threshold that counts entries of a list.
    fn entries(&self, threshold: &Threshold) -> usize {
        usize::try_from(self.count(threshold)).unwrap_or(usize::MAX)
    }
}

/// What a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It suggests something.
    Fires {
        /// What to do, in one sentence.
        text: String,
        /// The numbers that say so.
        evidence: String,
        /// The rows behind the number.
        drill: Option<Drill>,
    },
    /// It does not, with the numbers that decided.
    Silent(String),
    /// It cannot, with what is missing.
    TooFew(String),
}

/// "a", "a and b", "a, b and c".
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// An hour of the week: "Mon 09:00–10:00".
fn slot(hour: &HourOfWeek) -> String {
    phrase::slot(&WorstCell { day_of_week: hour.day_of_week, hour: hour.hour, ..WorstCell::default() })
}

/// Those with most late waits first; of equal ones the earlier hour of the week.
fn latest_first(hours: &[HourOfWeek]) -> Vec<HourOfWeek> {
    let mut hours = hours.to_vec();
    hours.sort_by_key(|hour| (std::cmp::Reverse(hour.late), hour.day_of_week, hour.hour));
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn every_rule_and_threshold_has_a_name_of_its_own() {
        for (place, rule) in RULES.iter().enumerate() {
            assert!(RULES[..place].iter().all(|other| other.name != rule.name), "{}", rule.name);
            for (place, threshold) in rule.thresholds.iter().enumerate() {
                assert!(rule.thresholds[..place].iter().all(|other| other.name != threshold.name), "{}", rule.name);
            }
            assert!(rule.thresholds.iter().any(|threshold| threshold.name.starts_with("min_")), "{}", rule.name);
        }
    }
}
