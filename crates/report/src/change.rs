//! A KPI against its previous period and against its target.

use crate::digest::{Better, KpiCard, Unit};
use crate::quantity::{self, known};

/// Fewer than this on either side make no verdict (kpi-rules B2).
pub const MIN_N: u64 = 30;

/// Which way a number went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// It rose.
    Up,
    /// It fell.
    Down,
    /// The difference rounds to nothing.
    Same,
}

/// What the change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It went the way it should.
    Better,
    /// It went the other way.
    Worse,
    /// It did not move.
    Unchanged,
    /// Too few measurements on one side to tell.
    TooFew,
    /// Neither way is better.
    Neutral,
}

/// A KPI against its previous period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which way it went.
    pub trend: Trend,
    /// What that means.
    pub verdict: Verdict,
    /// The difference with its sign: a length of time, a percentage of a count, points of a share.
    pub text: String,
}

impl Change {
    /// The change of a KPI; `None` unless both periods have a value.
    pub fn of(card: &KpiCard) -> Option<Change> {
        let (value, previous) = (known(card.value)?, known(card.previous)?);
        let difference = value - previous;
        let text = match card.unit {
            Unit::Seconds => quantity::signed_duration(difference),
            Unit::Count | Unit::Number if previous > 0.0 => quantity::signed_relative(difference / previous),
            Unit::Count => quantity::signed_count(difference),
            Unit::Number => quantity::signed_decimal(difference),
            Unit::Share => quantity::signed_points(difference),
        };
        let trend = if text.starts_with('±') {
            Trend::Same
        } else if difference > 0.0 {
            Trend::Up
        } else {
            Trend::Down
        };
        let verdict = if too_few(card.n) || too_few(card.previous_n) {
            Verdict::TooFew
        } else {
            match (trend, card.better) {
                (Trend::Same, _) => Verdict::Unchanged,
                (_, Better::Neither) => Verdict::Neutral,
                (Trend::Down, Better::Lower) | (Trend::Up, Better::Higher) => Verdict::Better,
                (Trend::Up, Better::Lower) | (Trend::Down, Better::Higher) => Verdict::Worse,
            }
        };
        Some(Change { trend, verdict, text })
    }

    /// An arrow or an equals sign: the direction for those who see no colour.
    pub fn sign(&self) -> char {
        match self.trend {
            Trend::Up => '▲',
            Trend::Down => '▼',
            Trend::Same => '=',
        }
    }

    /// The verdict in a word; empty where there is none.
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Unchanged => "unchanged",
            Verdict::TooFew => "too few",
            Verdict::Neutral => "",
        }
    }

    /// Sign, difference and word: "▼ −38 s better", "▲ +12 %", "= unchanged".
    pub fn words(&self) -> String {
        match (self.verdict, self.word()) {
            (Verdict::Unchanged, word) => format!("{} {word}", self.sign()),
            (_, "") => format!("{} {}", self.sign(), self.text),
            (_, word) => format!("{} {} {word}", self.sign(), self.text),
        }
    }
}

/// A KPI against its target.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The target, in seconds.
    pub target_s: f64,
    /// Whether the value is at most the target. Without a value it is missed where nothing at all was within it, else
    /// `None`.
    pub met: Option<bool>,
    /// Share within the target, 0 to 1.
    pub within: Option<f64>,
}

impl Target {
    /// The target of a KPI that has one.
    pub fn of(card: &KpiCard) -> Option<Target> {
        let target_s = known(card.target_s)?;
        let within = known(card.within_target);
        let met = match known(card.value) {
            Some(value) => Some(value <= target_s),
            None => within.filter(|&within| within <= 0.0).map(|_| false),
        };
        Some(Target { target_s, met, within })
    }

    /// "82.4 % within 10 min", or "target 10 min" without a share.
    pub fn words(&self) -> String {
        let target = quantity::human_duration(self.target_s);
        match self.within {
            Some(within) => format!("{} within {target}", quantity::share(within)),
            None => format!("target {target}"),
        }
    }

    /// "✓ met", "✗ missed", or nothing without a value.
    pub fn verdict(&self) -> &'static str {
        match self.met {
            Some(true) => "✓ met",
            Some(false) => "✗ missed",
            None => "",
        }
    }
}

/// Whether a number of measurements is known and too small to judge by.
pub(crate) fn too_few(n: Option<u64>) -> bool {
    n.is_some_and(|n| n < MIN_N)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(unit: Unit, better: Better, value: f64, previous: f64) -> KpiCard {
        KpiCard { unit, better, value: Some(value), previous: Some(previous), ..KpiCard::default() }
    }

    fn words(card: &KpiCard) -> String {
        Change::of(card).unwrap().words()
    }

    #[test]
    fn the_direction_belongs_to_the_kpi() {
        assert_eq!(words(&card(Unit::Seconds, Better::Lower, 372.0, 410.0)), "▼ −38 s better");
        assert_eq!(words(&card(Unit::Seconds, Better::Lower, 560.0, 370.0)), "▲ +3 min 10 s worse");
        assert_eq!(words(&card(Unit::Count, Better::Higher, 112.0, 100.0)), "▲ +12 % better");
        assert_eq!(words(&card(Unit::Count, Better::Higher, 88.0, 100.0)), "▼ −12 % worse");
        assert_eq!(words(&card(Unit::Count, Better::Neither, 112.0, 100.0)), "▲ +12 %");
        assert_eq!(words(&card(Unit::Share, Better::Lower, 0.021, 0.018)), "▲ +0.3 pp worse");
    }

    #[test]
    fn nothing_before_is_no_ratio() {
        assert_eq!(words(&card(Unit::Count, Better::Neither, 12.0, 0.0)), "▲ +12");
        assert_eq!(words(&card(Unit::Count, Better::Neither, 0.0, 0.0)), "= unchanged");
        assert_eq!(words(&card(Unit::Count, Better::Neither, 0.0, 12.0)), "▼ −100 %");
    }

    #[test]
    fn what_rounds_to_nothing_is_unchanged() {
        assert_eq!(words(&card(Unit::Seconds, Better::Lower, 372.0, 372.01)), "= unchanged");
    }

    #[test]
    fn too_few_on_either_side_is_no_verdict() {
        let few = KpiCard { n: Some(29), previous_n: Some(500), ..card(Unit::Seconds, Better::Lower, 372.0, 410.0) };
        assert_eq!(words(&few), "▼ −38 s too few");
        let before = KpiCard { n: Some(500), previous_n: Some(29), ..few.clone() };
        assert_eq!(words(&before), "▼ −38 s too few");
        let enough = KpiCard { n: Some(30), previous_n: Some(30), ..few };
        assert_eq!(words(&enough), "▼ −38 s better");
    }

    #[test]
    fn a_missing_side_is_no_change() {
        let card = KpiCard { value: Some(1.0), ..KpiCard::default() };
        assert_eq!(Change::of(&card), None);
    }

    #[test]
    fn a_target_is_met_up_to_itself() {
        let card =
            KpiCard { target_s: Some(600.0), within_target: Some(0.824), value: Some(600.0), ..KpiCard::default() };
        let target = Target::of(&card).unwrap();
        assert_eq!((target.words().as_str(), target.verdict()), ("82.4 % within 10 min", "✓ met"));
        let card = KpiCard { value: Some(600.1), within_target: None, ..card };
        let target = Target::of(&card).unwrap();
        assert_eq!((target.words().as_str(), target.verdict()), ("target 10 min", "✗ missed"));
        let card = KpiCard { value: None, ..card };
        assert_eq!(Target::of(&card).unwrap().verdict(), "");
        assert_eq!(Target::of(&KpiCard::default()), None);
    }
}
