//! Numbers and instants as text, appended to bytes without the formatting machinery.

use crate::calendar::{DAY_US, SECOND_US, date_of};

/// `00` to `99`.
static PAIRS: [u8; 200] = pairs();

const fn pairs() -> [u8; 200] {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
}

/// Writes a number below 100 as two digits at `at`.
fn put_pair(text: &mut [u8], at: usize, number: i64) {
    let pair = 2 * number as usize;
    text[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
}

/// Appends a number in decimal digits.
pub(crate) fn append_number(out: &mut Vec<u8>, number: u64) {
    append_padded(out, number, 1);
}

/// Appends a number in at least `width` (1 to 20) decimal digits, with zeros before it.
pub(crate) fn append_padded(out: &mut Vec<u8>, number: u64, width: usize) {
    // The largest number of 64 bits has 20 digits.
    let mut text = [b'0'; 20];
    let mut at = text.len();
    let mut rest = number;
    while rest >= 10 {
        at -= 2;
        put_pair(&mut text, at, (rest % 100) as i64);
        rest /= 100;
    }
    if rest > 0 {
        at -= 1;
        text[at] = b'0' + rest as u8;
    }
    out.extend_from_slice(&text[at.min(text.len() - width)..]);
}

/// Appends an instant (microseconds since 1970 UTC, years 0 to 9999) in RFC 3339 with as many digits of the second as
/// it has: none, three or six.
pub(crate) fn append_instant(out: &mut Vec<u8>, us: i64) {
    let (year, month, day) = date_of(us.div_euclid(DAY_US));
    let of_day_us = us.rem_euclid(DAY_US);
    let (second, fraction) = (of_day_us / SECOND_US, of_day_us % SECOND_US);
    let mut text = *b"0000-00-00T00:00:00.000000";
    put_pair(&mut text, 0, year / 100);
    put_pair(&mut text, 2, year % 100);
    put_pair(&mut text, 5, month);
    put_pair(&mut text, 8, day);
    put_pair(&mut text, 11, second / 3_600);
    put_pair(&mut text, 14, second / 60 % 60);
    put_pair(&mut text, 17, second % 60);
    let length = if fraction == 0 {
        19
    } else {
        put_pair(&mut text, 20, fraction / 10_000);
        put_pair(&mut text, 22, fraction / 100 % 100);
        put_pair(&mut text, 24, fraction % 100);
        if fraction % 1_000 == 0 { 23 } else { 26 }
    };
    out.extend_from_slice(&text[..length]);
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    use tapemeasure_model::instant::parse_instant;

    fn text(append: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        append(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_those_of_the_formatting_machinery() {
        for number in [0, 1, 9, 10, 11, 99, 100, 101, 909, 1_000, 123_456_789, 10_000_000_000, u64::MAX] {
            assert_eq!(text(|out| append_number(out, number)), number.to_string());
            for width in [1, 2, 9, 20] {
                assert_eq!(text(|out| append_padded(out, number, width)), format!("{number:0width$}"));
            }
        }
    }

    #[test]
    fn instants_have_the_digits_they_need() {
        for (us, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_741_129_200_000_000, "2025-03-04T23:00:00Z"),
            (1_741_129_205_040_000, "2025-03-04T23:00:05.040Z"),
            (1_741_129_205_000_007, "2025-03-04T23:00:05.000007Z"),
            (951_868_799_999_999, "2000-02-29T23:59:59.999999Z"),
        ] {
            assert_eq!(text(|out| append_instant(out, us)), expected);
            assert_eq!(parse_instant(expected).unwrap(), us);
        }
    }
}
