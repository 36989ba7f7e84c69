//! Durations, counts, shares and differences as people read them.
//!
//! A number that is not finite is not known and reads "–". Texts are plain: a space before the unit, a true minus sign,
//! commas between thousands.

use crate::digest::Unit;

/// What stands in the place of a number that is not known (kpi-rules A2: null, never zero).
pub const MISSING: &str = "–";

/// U+2212, as wide as a plus sign; a hyphen reads as a dash.
const MINUS: char = '−';

/// A length of time in its two largest units: "0.4 s", "42 s", "6 min 12 s", "3 h 05 min", "2 d 4 h".
///
/// Rounded once, to the smaller unit shown: 59.6 s is "1 min", never "60 s". A smaller unit that is zero is left out
/// ("10 min"). More than nothing and less than a twentieth of a second is "<0.1 s".
pub fn human_duration(seconds: f64) -> String {
    duration(seconds, " ", "min")
}

/// The same as [`human_duration`] for narrow columns, at most seven wide below 100 days: "6m 12s", "3h 05m", "2d 4h".
pub fn compact_duration(seconds: f64) -> String {
    duration(seconds, "", "m")
}

/// A count with its thousands apart: "1,234,567".
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A part of a whole, 0 to 1, as percent with one decimal: "12.3 %".
///
/// More than nothing never reads as nothing ("<0.1 %"), less than everything never as everything (">99.9 %").
pub fn share(ratio: f64) -> String {
    if !ratio.is_finite() {
        return MISSING.to_owned();
    }
    let tenths = (ratio * 1000.0).round();
    if ratio > 0.0 && tenths < 1.0 {
        "<0.1 %".to_owned()
    } else if ratio < 1.0 && tenths >= 1000.0 {
        ">99.9 %".to_owned()
    } else {
        format!("{:.1} %", tenths / 10.0)
    }
}

/// A share beside others: with as many digits, up to four, as its text needs to differ from theirs.
pub(crate) fn share_among(ratio: f64, others: &[f64]) -> String {
    let text = |ratio: f64, digits: usize| format!("{:.digits$} %", ratio * 100.0);
    let apart = |digits: &usize| {
        let differs = |a: f64, b: f64| a == b || text(a, *digits) != text(b, *digits);
        others.iter().all(|&a| others.iter().all(|&b| differs(a, b)))
    };
    match (1..=4).find(apart) {
        Some(1) | None => share(ratio),
        Some(digits) => text(ratio, digits),
    }
}

/// A difference of lengths of time: "−3 min 10 s", "+42 s"; "±0 s" where nothing is left after rounding.
pub fn signed_duration(seconds: f64) -> String {
    if seconds.abs() < TWENTIETH_S {
        return "±0 s".to_owned();
    }
    signed(seconds, &human_duration(seconds.abs()))
}

/// A difference of counts: "+1,200", "−3", "±0".
pub fn signed_count(difference: f64) -> String {
    let magnitude = difference.abs().round();
    if magnitude < 1.0 {
        return "±0".to_owned();
    }
    signed(difference, &count(magnitude as u64))
}

/// A difference of other numbers: "+0.25", "−3", "±0".
pub fn signed_decimal(difference: f64) -> String {
    match decimal(difference.abs()).as_str() {
        "0" => "±0".to_owned(),
        text => signed(difference, text),
    }
}

/// A relative change, 0.12 for twelve percent more: "+12 %", below ten percent with a decimal: "−3.4 %".
pub fn signed_relative(ratio: f64) -> String {
    if !ratio.is_finite() {
        return MISSING.to_owned();
    }
    let percent = ratio.abs() * 100.0;
    // 9.95 is where one decimal would round up to 10.0.
    let text = if percent < 9.95 { one_decimal(percent) } else { count(percent.round() as u64) };
    if text == "0" {
        return "±0 %".to_owned();
    }
    signed(ratio, &format!("{text} %"))
}

/// A difference of two shares in percentage points: "+0.3 pp", below a tenth with two decimals: "−0.04 pp".
pub fn signed_points(difference: f64) -> String {
    let points = difference.abs() * 100.0;
    let text = match (points * 100.0).round() as u64 {
        0 if points.is_finite() => return "±0 pp".to_owned(),
        hundredths @ 1..10 => format!("0.0{hundredths}"),
        _ => one_decimal(points),
    };
    signed(difference, &format!("{text} pp"))
}

/// A value in its unit, "–" where it is not known.
pub fn value(unit: Unit, value: Option<f64>) -> String {
    match (known(value), unit) {
        (None, _) => MISSING.to_owned(),
        (Some(seconds), Unit::Seconds) => human_duration(seconds),
        (Some(number), Unit::Count) => count(number.round() as u64),
        (Some(ratio), Unit::Share) => share(ratio),
        (Some(number), Unit::Number) => decimal(number),
    }
}

/// A number with at most two decimals, those at the end left out when they are zero: "1,234.5".
pub fn decimal(number: f64) -> String {
    if !number.is_finite() {
        return MISSING.to_owned();
    }
    let hundredths = (number.abs() * 100.0).round() as u64;
    let text = match hundredths % 100 {
        0 => count(hundredths / 100),
        rest => format!("{}.{}", count(hundredths / 100), format!("{rest:02}").trim_end_matches('0')),
    };
    if number < 0.0 && hundredths > 0 { format!("{MINUS}{text}") } else { text }
}

/// A length of time by [`human_duration`], "–" where it is not known.
pub fn maybe_duration(seconds: Option<f64>) -> String {
    value(Unit::Seconds, seconds)
}

/// The number if there is one and it is finite.
pub(crate) fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|number| number.is_finite())
}

/// Below this a duration rounds to 0.0 s.
const TWENTIETH_S: f64 = 0.05;

fn duration(seconds: f64, gap: &str, minute: &str) -> String {
    if !seconds.is_finite() {
        return MISSING.to_owned();
    }
    let magnitude = seconds.abs();
    if magnitude < TWENTIETH_S {
        return if seconds > 0.0 { format!("<0.1{gap}s") } else { format!("0{gap}s") };
    }
    let text = magnitude_text(magnitude, gap, minute);
    if seconds < 0.0 { format!("{MINUS}{text}") } else { text }
}

/// Each step rounds to the smaller unit of its pair, and moves on where that fills the larger one.
fn magnitude_text(seconds: f64, gap: &str, minute: &str) -> String {
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str, digits: usize| {
        let first = format!("{}{gap}{large_unit}", count(large));
        if small == 0 { first } else { format!("{first} {small:0digits$}{gap}{small_unit}") }
    };
    if (seconds * 10.0).round() < 100.0 {
        return format!("{}{gap}s", one_decimal(seconds));
    }
    let whole_s = seconds.round() as u64;
    if whole_s < 60 {
        return format!("{whole_s}{gap}s");
    }
    if whole_s < 3600 {
        return pair(whole_s / 60, minute, whole_s % 60, "s", 2);
    }
    let minutes = (seconds / 60.0).round() as u64;
    if minutes < 24 * 60 {
        return pair(minutes / 60, "h", minutes % 60, minute, 2);
    }
    let hours = (seconds / 3600.0).round() as u64;
    pair(hours / 24, "d", hours % 24, "h", 1)
}

/// One decimal, left out when it is zero.
fn one_decimal(number: f64) -> String {
    let tenths = (number * 10.0).round() as u64;
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn signed(number: f64, magnitude: &str) -> String {
    if !number.is_finite() {
        MISSING.to_owned()
    } else if number < 0.0 {
        format!("{MINUS}{magnitude}")
    } else {
        format!("+{magnitude}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_show_two_units_rounded_once() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.01, "<0.1 s"),
            (0.4, "0.4 s"),
            (4.0, "4 s"),
            (9.94, "9.9 s"),
            (9.97, "10 s"),
            (42.0, "42 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (372.0, "6 min 12 s"),
            (365.0, "6 min 05 s"),
            (600.0, "10 min"),
            (3599.4, "59 min 59 s"),
            (3599.6, "1 h"),
            (11_100.0, "3 h 05 min"),
            (86_369.0, "23 h 59 min"),
            (86_399.0, "1 d"),
            (187_200.0, "2 d 4 h"),
            (86_400_000.0, "1,000 d"),
            (-372.0, "−6 min 12 s"),
            (-0.01, "0 s"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(human_duration(seconds), text, "{seconds} s");
        }
    }

    #[test]
    fn compact_durations_are_at_most_seven_wide() {
        for (seconds, text) in [
            (0.4, "0.4s"),
            (42.0, "42s"),
            (3599.0, "59m 59s"),
            (86_340.0, "23h 59m"),
            (187_200.0, "2d 4h"),
            (0.01, "<0.1s"),
        ] {
            assert_eq!(compact_duration(seconds), text);
        }
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
    }

    #[test]
    fn shares_never_round_to_nothing_or_everything() {
        for (ratio, text) in [
            (0.0, "0.0 %"),
            (0.0004, "<0.1 %"),
            (0.123, "12.3 %"),
            (0.9999, ">99.9 %"),
            (1.0, "100.0 %"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(share(ratio), text, "{ratio}");
        }
    }

    #[test]
    fn differences_carry_a_sign() {
        for (seconds, text) in [(-190.0, "−3 min 10 s"), (42.0, "+42 s"), (0.01, "±0 s"), (f64::NAN, "–")] {
            assert_eq!(signed_duration(seconds), text);
        }
        for (difference, text) in [(1200.0, "+1,200"), (-3.0, "−3"), (0.4, "±0")] {
            assert_eq!(signed_count(difference), text);
        }
        for (ratio, text) in [
            (0.12, "+12 %"),
            (0.1234, "+12 %"),
            (-0.034, "−3.4 %"),
            (0.05, "+5 %"),
            (12.5, "+1,250 %"),
            (0.0001, "±0 %"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(signed_relative(ratio), text);
        }
        for (difference, text) in
            [(0.003, "+0.3 pp"), (-0.0004, "−0.04 pp"), (0.05, "+5 pp"), (0.00001, "±0 pp"), (f64::NAN, "–")]
        {
            assert_eq!(signed_points(difference), text);
        }
    }

    #[test]
    fn values_follow_their_unit() {
        assert_eq!(value(Unit::Seconds, Some(372.0)), "6 min 12 s");
        assert_eq!(value(Unit::Count, Some(48_213.0)), "48,213");
        assert_eq!(value(Unit::Share, Some(0.021)), "2.1 %");
        for (number, text) in
            [(3.0, "3"), (3.4, "3.4"), (1_234.056, "1,234.06"), (0.004, "0"), (-0.5, "−0.5"), (f64::NAN, "–")]
        {
            assert_eq!(value(Unit::Number, Some(number)), text);
        }
        assert_eq!(value(Unit::Count, None), "–");
        assert_eq!(value(Unit::Seconds, Some(f64::NAN)), "–");
    }
}
