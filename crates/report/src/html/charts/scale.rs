//! Numbers to places between 0 and 1, and the numbers that an axis names.

/// Lengths of time that people think in, far apart: from a second to a year.
const FAR_S: [f64; 10] = [1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0, 31_536_000.0];

/// The same, close together.
const CLOSE_S: [f64; 27] = [
    0.1,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    14_400.0,
    28_800.0,
    43_200.0,
    86_400.0,
    172_800.0,
    345_600.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
    7_776_000.0,
    15_552_000.0,
    31_536_000.0,
];

/// Differences of numbers this small, relative to them, come from rounding.
const ROUNDING: f64 = 1e-9;

/// A scale from zero to a round number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Linear {
    step: f64,
    steps: u32,
}

impl Linear {
    /// A scale that holds numbers up to `highest`, in about three steps.
    pub(crate) fn of(highest: f64) -> Linear {
        let highest = if highest.is_finite() && highest > 0.0 { highest } else { 1.0 };
        let step = round_step(highest, 3);
        Linear { step, steps: ((highest / step - ROUNDING).ceil() as u32).max(1) }
    }

    /// The same for things that come whole.
    pub(crate) fn of_counts(highest: u64) -> Linear {
        let scale = Linear::of(highest as f64);
        if scale.step < 1.0 { Linear { step: 1.0, steps: highest.max(1) as u32 } } else { scale }
    }

    /// The number at the upper end.
    pub(crate) fn high(&self) -> f64 {
        self.step * f64::from(self.steps)
    }

    /// Where a number lies: 0 at zero, 1 at the upper end.
    pub(crate) fn at(&self, number: f64) -> f64 {
        (number / self.high()).clamp(0.0, 1.0)
    }

    /// The numbers that the axis names, lowest first.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        (0..=self.steps).map(|step| f64::from(step) * self.step).collect()
    }
}

/// A logarithmic scale of lengths of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Log {
    low: f64,
    high: f64,
}

impl Log {
    /// A scale with some room around the lengths; what is shorter than a second lies at its lower end. `None` without any
    /// length.
    pub(crate) fn of(lengths_s: impl Iterator<Item = f64>) -> Option<Log> {
        let (low, high) = lengths_s
            .filter(|length| length.is_finite())
            .fold((f64::INFINITY, 0.0_f64), |(low, high), length| (low.min(length), high.max(length)));
        if low > high {
            return None;
        }
        let low = low.max(1.0) * 0.8;
        Some(Log { low, high: high.max(low * 10.0) * 1.25 })
    }

    /// A scale between two lengths, both above zero and the second above the first.
    pub(crate) fn between(low: f64, high: f64) -> Log {
        Log { low, high }
    }

    /// Where a length lies: 0 at the lower end, 1 at the upper.
    pub(crate) fn at(&self, length_s: f64) -> f64 {
        let length_s = length_s.clamp(self.low, self.high);
        (length_s / self.low).ln() / (self.high / self.low).ln()
    }

    /// The lengths that the axis names, at most `most` (above zero), shortest first.
    pub(crate) fn ticks(&self, most: usize) -> Vec<f64> {
        let inside = |lengths: &[f64]| -> Vec<f64> {
            lengths.iter().copied().filter(|length| (self.low..=self.high).contains(length)).collect()
        };
        let far = inside(&FAR_S);
        let chosen = if far.len() >= 3 { far } else { inside(&CLOSE_S) };
        let every = chosen.len().div_ceil(most.max(1)).max(1);
        chosen.into_iter().step_by(every).collect()
    }
}

/// Lengths of time between the shortest and the longest that cut them into at most `steps` classes, shortest first.
pub(crate) fn breaks_of_lengths(shortest_s: f64, longest_s: f64, steps: usize) -> Vec<f64> {
    let inside: Vec<f64> =
        CLOSE_S.iter().copied().filter(|length| *length > shortest_s && *length < longest_s).collect();
    let wanted = steps.saturating_sub(1);
    if inside.len() <= wanted {
        return inside;
    }
    // Evenly among those that there are, neither end favoured.
    (1..=wanted).map(|class| inside[class * inside.len() / (wanted + 1)]).collect()
}

/// Whole numbers that cut `1..=highest` into at most `steps` classes of one width, smallest first.
pub(crate) fn breaks_of_counts(highest: u64, steps: u32) -> Vec<u64> {
    if highest <= 1 {
        return Vec::new();
    }
    let step = round_step(highest as f64, steps).max(1.0) as u64;
    (1..u64::from(steps)).map(|class| class * step).take_while(|limit| *limit < highest).collect()
}

/// The smallest of 1, 2, 5, 10 times a power of ten of which `steps` reach `highest`.
fn round_step(highest: f64, steps: u32) -> f64 {
    let least = highest / f64::from(steps);
    let power = 10_f64.powi(least.log10().floor() as i32);
    let fits = |factor: &f64| factor * power >= least * (1.0 - ROUNDING);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_hold_the_highest() {
        // 573 in three steps is 191 each: 200 is the next of 100, 200, 500.
        for (highest, ticks) in [
            (573.0, vec![0.0, 200.0, 400.0, 600.0]),
            (600.0, vec![0.0, 200.0, 400.0, 600.0]),
            (601.0, vec![0.0, 500.0, 1_000.0]),
            (3.0, vec![0.0, 1.0, 2.0, 3.0]),
            (1.0, vec![0.0, 0.5, 1.0]),
            (0.0, vec![0.0, 0.5, 1.0]),
            (f64::NAN, vec![0.0, 0.5, 1.0]),
        ] {
            assert_eq!(Linear::of(highest).ticks(), ticks, "{highest}");
        }
    }

    #[test]
    fn counts_have_whole_ticks() {
        assert_eq!(Linear::of_counts(1).ticks(), [0.0, 1.0]);
        assert_eq!(Linear::of_counts(2).ticks(), [0.0, 1.0, 2.0]);
        assert_eq!(Linear::of_counts(0).ticks(), [0.0, 1.0]);
        assert_eq!(Linear::of_counts(40).ticks(), [0.0, 20.0, 40.0]);
    }

    #[test]
    fn linear_places() {
        let scale = Linear::of(573.0);
        assert_eq!([scale.at(0.0), scale.at(150.0), scale.at(600.0), scale.at(-3.0)], [0.0, 0.25, 1.0, 0.0]);
    }

    #[test]
    fn logarithmic_places_are_equal_for_equal_ratios() {
        let scale = Log::between(1.0, 10_000.0);
        for (length, place) in [(1.0, 0.0), (10.0, 0.25), (100.0, 0.5), (10_000.0, 1.0), (0.0, 0.0), (1e9, 1.0)] {
            assert!((scale.at(length) - place).abs() < 1e-12, "{length}");
        }
    }

    #[test]
    fn logarithmic_ticks_are_lengths_that_people_know() {
        assert_eq!(Log::between(40.0, 200_000.0).ticks(6), [60.0, 600.0, 3_600.0, 21_600.0, 86_400.0]);
        assert_eq!(Log::between(40.0, 200_000.0).ticks(3), [60.0, 3_600.0, 86_400.0]);
        // Between 100 s and 1000 s lies only 10 min of the first list.
        assert_eq!(Log::between(100.0, 1_000.0).ticks(6), [120.0, 300.0, 600.0, 900.0]);
    }

    #[test]
    fn a_scale_has_room_around_its_lengths() {
        let scale = Log::of([100.0, 2_000.0, f64::NAN].into_iter()).unwrap();
        assert_eq!(scale, Log { low: 80.0, high: 2_500.0 });
        // Nothing is shorter than a second on it, and it spans at least a factor of ten.
        assert_eq!(Log::of([0.0, 0.0].into_iter()), Some(Log { low: 0.8, high: 10.0 }));
        assert_eq!(Log::of(std::iter::empty()), None);
    }

    #[test]
    fn classes_of_a_heat_map() {
        // 1 to 237 in five classes is 47.4 each: 50.
        assert_eq!(breaks_of_counts(237, 5), [50, 100, 150, 200]);
        assert_eq!(breaks_of_counts(3, 5), [1, 2]);
        assert_eq!(breaks_of_counts(1, 5), Vec::<u64>::new());
        // Between 50 min and 3 d 19 h lie 1, 2, 4, 8, 12 h, 1 and 2 d; a fifth, two fifths ... of seven are the 1st, 2nd,
        // 4th and 5th, counted from 0.
        assert_eq!(breaks_of_lengths(3_000.0, 327_600.0, 5), [7_200.0, 14_400.0, 43_200.0, 86_400.0]);
        assert_eq!(breaks_of_lengths(70.0, 290.0, 5), [120.0]);
    }
}
