//! Whether a value is better or worse than what is usual (kpi-rules B2).
//!
//! What is usual is read off the *weekly* values of a KPI's headline in a window of history. A week holds each weekday
//! and each hour of the week once, so the rhythm of a week is in none of them; whoever looks at single weekdays or hours
//! compares them with the same weekday or hour of other weeks: [`usual_range_of_slot`], or a baseline grouped by
//! `day_of_week` or `hour_of_day`.
//!
//! # The usual range
//!
//! A control chart for single values (Shewhart) whose middle and spread are robust, so that one bad week in the window
//! neither widens nor shifts it (Rousseeuw and Croux 1993, "Alternatives to the median absolute deviation"; Iglewicz and
//! Hoaglin 1993, "How to detect and handle outliers", the modified z-score):
//!
//! - The *middle* is the median of the weekly values.
//! - The *spread* is 1.4826 times their median absolute deviation from it, which is the standard deviation where noise is
//!   normal, times the correction for few values of Croux and Rousseeuw (1992, "Time-efficient algorithms for two highly
//!   robust estimators of scale"). Where more than half of the values are equal, and the median deviation is 0 for that,
//!   it is 1.2533 times their mean absolute deviation, as Iglewicz and Hoaglin do.
//! - The range is the middle plus and minus `3.2 × √(1/k + 1/(2n)) × (1 + 3.6/n)` spreads for the median of `k` weeks held
//!   against `n`. One week against many is so held to 3.2 spreads, between the 3 of Shewhart and the 3.5 of Iglewicz
//!   and Hoaglin; against 26 weeks it is 3.7, against 8 weeks 4.8. The form was fitted to the smallest limits that keep
//!   false alarms at about 4 % for normal, lognormal, exponential, Laplace, Poisson, binomial and Student's t (3 degrees)
//!   noise, 6 to 52 weeks of history, and medians of 1, 2, 4 and 8 weeks.
//! - Where all weekly values are above zero, middle, spread and range are those of their logarithms: times and volumes
//!   have long right tails, and twice as long is as far away as half as long.
//! - Fewer than [`MIN_WEEKS`] weekly values have no range: their median deviation says too little.
//!
//! # What it finds
//!
//! Noise alone leaves the range in at most 5 weeks of 100, whichever of the above it is. A lasting step of 1.5 times the
//! distance from the middle to the border of the range is found in the first week after it, in 9 cases of 10 and more. A
//! step of 1.5 *spreads* is smaller than what single weeks do by themselves; it is found by the median of several
//! ([`UsualRange::over`]): of 13 weeks after it against 52 before, in 8 cases of 10 and more where noise is normal or has
//! heavy tails on both sides. Noise with a long right tail hides more: there the same step upwards is a smaller ratio, and
//! is found in 6 cases of 10 of lognormal noise (σ = 0.5), and in fewer than 2 of exponential noise. The tests measure all
//! of these.

#[cfg(test)]
mod tests;

use crate::definitions::Better;

/// The rows that a value must rest on to be judged, where a definition does not say otherwise (kpi-rules B2).
pub const DEFAULT_MIN_N: u64 = 30;

/// The weekly values that a usual range needs at least.
pub const MIN_WEEKS: usize = 6;

/// The standard deviation of normal noise in median absolute deviations: 1 / Φ⁻¹(3/4).
const SPREAD_OF_MEDIAN_DEVIATION: f64 = 1.4826;

/// The standard deviation of normal noise in mean absolute deviations: √(π/2).
const SPREAD_OF_MEAN_DEVIATION: f64 = 1.2533;

/// What the median absolute deviation of 2 to 9 values is too small by (Croux and Rousseeuw 1992).
const FEW_VALUES: [f64; 8] = [1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107];

/// Values this close to a border, relative to it, are on it: sums of many numbers differ in their last digits.
const TOLERANCE: f64 = 1e-9;

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Outside the usual range, on the better side.
    Better,
    /// Outside the usual range, on the worse side.
    Worse,
    /// Above the usual range, of a KPI for which neither side is better.
    Above,
    /// Below the usual range, of a KPI for which neither side is better.
    Below,
    /// Inside the usual range.
    WithinUsualRange,
    /// Too few rows on one side, no value, or too few weeks to know what is usual.
    TooFew,
}

impl Verdict {
    /// As the output writes it: `better`, `worse`, `above usual range`, `below usual range`, `within usual range`,
    /// `too few`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Above => "above usual range",
            Self::Below => "below usual range",
            Self::WithinUsualRange => "within usual range",
            Self::TooFew => "too few",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is usual: the range that a value of one further week lies in, unless something has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsualRange {
    /// Weekly values that it was made from.
    weeks: usize,
    /// Weeks whose median is held against it; 1 at first.
    judged_weeks: usize,
    /// Median, of the logarithms where `logarithmic`.
    middle: f64,
    /// Robust standard deviation, of the logarithms where `logarithmic`.
    spread: f64,
    logarithmic: bool,
}

impl UsualRange {
    /// The same history, for the median of the values of so many weeks: the more weeks, the narrower. 0 counts as 1.
    #[must_use]
    pub fn over(self, judged_weeks: usize) -> Self {
        Self { judged_weeks: judged_weeks.max(1), ..self }
    }

    /// Weekly values that it was made from.
    pub fn weeks(&self) -> usize {
        self.weeks
    }

    /// Median of the weekly values; where they are all above zero and even in number, the geometric mean of the middle two.
    pub fn middle(&self) -> f64 {
        self.value(self.middle)
    }

    /// Lowest value that is usual.
    pub fn low(&self) -> f64 {
        self.value(self.middle - self.half_width())
    }

    /// Highest value that is usual.
    pub fn high(&self) -> f64 {
        self.value(self.middle + self.half_width())
    }

    /// Whether a value is usual; borders are.
    pub fn contains(&self, value: f64) -> bool {
        let (low, high) = (self.low(), self.high());
        value >= low - low.abs() * TOLERANCE && value <= high + high.abs() * TOLERANCE
    }

    fn half_width(&self) -> f64 {
        let (n, k) = (self.weeks as f64, self.judged_weeks as f64);
        3.2 * (1.0 / k + 0.5 / n).sqrt() * (1.0 + 3.6 / n) * self.spread
    }

    fn value(&self, of: f64) -> f64 {
        if self.logarithmic { of.exp() } else { of }
    }
}

/// What is usual by weekly values, in any order. `None` if fewer than [`MIN_WEEKS`] of them are finite numbers; the others
/// are left out.
pub fn usual_range(values: &[f64]) -> Option<UsualRange> {
    let mut values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if values.len() < MIN_WEEKS {
        return None;
    }
    let logarithmic = values.iter().all(|&value| value > 0.0);
    if logarithmic {
        values.iter_mut().for_each(|value| *value = value.ln());
    }
    let middle = median(&values)?;
    Some(UsualRange { weeks: values.len(), judged_weeks: 1, middle, spread: spread(&values)?, logarithmic })
}

/// What is usual for one slot of a rhythm, such as a weekday (1 to 7) or an hour of the week (0 to 167): that slot's
/// values alone count. `values` are slots with values, in any order; `None` as for [`usual_range`].
pub fn usual_range_of_slot(values: &[(u16, f64)], slot: u16) -> Option<UsualRange> {
    let alike: Vec<f64> = values.iter().filter(|(of, _)| *of == slot).map(|&(_, value)| value).collect();
    usual_range(&alike)
}

/// The spread of values in their own unit: a standard deviation that outliers do not move, as described at the top of
/// this module. `None` for fewer than two.
pub fn spread(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let middle = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let typical = median(&deviations)?;
    if typical > 0.0 {
        return Some(SPREAD_OF_MEDIAN_DEVIATION * typical * few_values(values.len()));
    }
    Some(SPREAD_OF_MEAN_DEVIATION * deviations.iter().sum::<f64>() / deviations.len() as f64)
}

/// The median, of an even number the mean of the middle two. `None` for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[half]),
        _ => Some(f64::midpoint(sorted[half - 1], sorted[half])),
    }
}

/// One side of a comparison that is known already.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    /// Rows that it rests on; `None` where nothing counts them.
    pub n: Option<u64>,
    /// What is usual by it; `None` if its weeks are too few.
    pub range: Option<UsualRange>,
}

/// Holds a value that rests on `n` rows against a reference. Without a value, without a range, or with fewer than `min_n`
/// rows on either side the verdict is [`Verdict::TooFew`]; a side that does not know its rows has none.
pub fn judge(better: Better, value: Option<f64>, n: Option<u64>, reference: &Reference, min_n: u64) -> Verdict {
    let enough = |n: Option<u64>| n.is_some_and(|n| n >= min_n);
    let (Some(value), Some(range)) = (value, &reference.range) else { return Verdict::TooFew };
    if !enough(n) || !enough(reference.n) || value.is_nan() {
        return Verdict::TooFew;
    }
    if range.contains(value) {
        return Verdict::WithinUsualRange;
    }
    let is_above = value > range.middle();
    match (better, is_above) {
        (Better::Higher, true) | (Better::Lower, false) => Verdict::Better,
        (Better::Higher, false) | (Better::Lower, true) => Verdict::Worse,
        (Better::Neither, true) => Verdict::Above,
        (Better::Neither, false) => Verdict::Below,
    }
}

/// A value minus another, and over it: `None` where either is, the ratio also where the other is 0.
pub(crate) fn between(value: Option<f64>, other: Option<f64>) -> (Option<f64>, Option<f64>) {
    let sides = value.zip(other);
    let ratio = sides.filter(|&(_, other)| other != 0.0).map(|(value, other)| value / other);
    (sides.map(|(value, other)| value - other), ratio)
}

fn few_values(n: usize) -> f64 {
    match n.checked_sub(2).and_then(|i| FEW_VALUES.get(i)) {
        Some(&factor) => factor,
        None => n as f64 / (n as f64 - 0.8),
    }
}
