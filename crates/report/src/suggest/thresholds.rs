//! When rules speak: numbers that every rule declares with a default, and that settings can change.

use std::collections::BTreeMap;

/// What a threshold is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdUnit {
    /// Things.
    Count,
    /// A part of something, 0.05 for five per cent.
    Share,
    /// A multiple.
    Times,
}

/// A number that a rule is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Its name within the rule.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: ThresholdUnit,
    /// What it is where nobody says otherwise.
    pub default: f64,
    /// What it does.
    pub meaning: &'static str,
}

impl Threshold {
    /// A number of things.
    pub(crate) const fn count(name: &'static str, default: f64, meaning: &'static str) -> Self {
        Self { name, unit: ThresholdUnit::Count, default, meaning }
    }

    /// A part of something.
    pub(crate) const fn share(name: &'static str, default: f64, meaning: &'static str) -> Self {
        Self { name, unit: ThresholdUnit::Share, default, meaning }
    }

    /// A multiple.
    pub(crate) const fn times(name: &'static str, default: f64, meaning: &'static str) -> Self {
        Self { name, unit: ThresholdUnit::Times, default, meaning }
    }

    /// A value of it as settings write it: "30", "5%", "1.5".
    pub fn text(&self, value: f64) -> String {
        match self.unit {
            ThresholdUnit::Count | ThresholdUnit::Times => rounded(value),
            ThresholdUnit::Share => format!("{}%", rounded(value * 100.0)),
        }
    }
}

/// The thresholds that are not what they are by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thresholds {
    own: BTreeMap<(String, String), f64>,
}

impl Thresholds {
    /// Sets the threshold of a rule. One of another name is never asked for.
    pub fn set(&mut self, rule: &str, name: &str, value: f64) {
        self.own.insert((rule.to_owned(), name.to_owned()), value);
    }

    /// The threshold of a rule as it holds.
    pub fn get(&self, rule: &str, threshold: &Threshold) -> f64 {
        self.own.get(&(rule.to_owned(), threshold.name.to_owned())).copied().unwrap_or(threshold.default)
    }
}

/// With at most six decimals, which is what settings keep.
fn rounded(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_in_settings() {
        let texts = [
            Threshold::count("a", 30.0, "").text(30.0),
            Threshold::share("a", 0.05, "").text(0.05),
            Threshold::share("a", 0.05, "").text(0.125),
            Threshold::times("a", 1.5, "").text(1.5),
        ];
        assert_eq!(texts, ["30", "5%", "12.5%", "1.5"]);
    }

    #[test]
    fn what_is_set_goes_before_the_default() {
        let months = Threshold::count("months", 3.0, "");
        let mut thresholds = Thresholds::default();
        assert_eq!(thresholds.get("volume_flat", &months), 3.0);
        thresholds.set("volume_flat", "months", 6.0);
        assert_eq!(thresholds.get("volume_flat", &months), 6.0);
        assert_eq!(thresholds.get("other", &months), 3.0);
    }
}
