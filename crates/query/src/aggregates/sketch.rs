//! Numbers by their order of magnitude: the buckets of DDSketch (Masson, Rim, Lee, "DDSketch: A fast and fully-mergeable
//! quantile sketch with relative-error guarantees", VLDB 2019, section 2).
//!
//! Bucket `i` holds the values from `GAMMA^(i-1)` to `GAMMA^i`; one value stands for all of them, and lies within
//! [`ACCURACY`] of each, as long as numbers have all their digits (from 1e-300 on). Nothing is collapsed: there are at
//! most some 160,000 buckets.

/// How far a value stands from those of its bucket at most, as a share of them. The rules allow 1 % (kpi-rules A1); the
/// rest is room for the rounding of logarithms.
pub(super) const ACCURACY: f64 = 0.009;

/// The ratio of one bound to the one before.
const GAMMA: f64 = (1.0 + ACCURACY) / (1.0 - ACCURACY);

/// More than the largest bucket, and than the smallest is below zero: logarithms to base [`GAMMA`] of 64-bit numbers lie
/// between -41,400 and 39,500.
const SHIFT: i32 = 50_000;

/// The code of infinity, beyond all buckets.
const INFINITE: i32 = 2 * SHIFT;

/// The code of what is no number, which lies above all numbers as in PostgreSQL.
const NOT_A_NUMBER: i32 = i32::MAX;

/// The bucket of a value, as a code in the order of the values: 0 for zero, negative for negative ones.
pub(super) fn code(value: f64) -> i32 {
    if value.is_nan() {
        return NOT_A_NUMBER;
    }
    let magnitude = value.abs();
    let code = if magnitude == 0.0 {
        0
    } else if magnitude.is_infinite() {
        INFINITE
    } else {
        (magnitude.ln() / GAMMA.ln()).ceil() as i32 + SHIFT
    };
    if value < 0.0 { -code } else { code }
}

/// The value that stands for a bucket.
pub(super) fn value(code: i32) -> f64 {
    let magnitude = match code.checked_abs() {
        _ if code == NOT_A_NUMBER => return f64::NAN,
        Some(0) => return 0.0,
        Some(INFINITE) | None => f64::INFINITY,
        // The middle of the bucket, as seen from both its ends.
        Some(code) => (f64::from(code - SHIFT) * GAMMA.ln() + (2.0 / (GAMMA + 1.0)).ln()).exp().min(f64::MAX),
    };
    if code < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn no_value_is_farther_off_than_promised() {
        let mut random = Random(5);
        for _ in 0..200_000 {
            // Fourteen orders of magnitude, more than there are between a microsecond and three years.
            let exponent = random.below(140) as f64 / 10.0 - 6.0;
            let given = (1.0 + random.below(1 << 20) as f64 / f64::from(1 << 20)) * 10_f64.powf(exponent);
            for given in [given, -given] {
                let found = value(code(given));
                assert!((found - given).abs() <= 0.01 * given.abs(), "{given} stands as {found}");
            }
        }
    }

    #[test]
    fn codes_keep_the_order() {
        let ascending =
            [f64::NEG_INFINITY, f64::MIN, -7.0, -5e-324, 0.0, 5e-324, 0.3, 7.0, f64::MAX, f64::INFINITY, f64::NAN];
        for pair in ascending.windows(2) {
            assert!(code(pair[0]) < code(pair[1]), "{pair:?}");
        }
        for exact in [f64::NEG_INFINITY, 0.0, f64::INFINITY] {
            assert_eq!(value(code(exact)), exact);
        }
        assert!(value(code(f64::NAN)).is_nan());
    }
}
