//! Words that options of several verbs take.

use tapemeasure_model::settings::duration::parse_duration_us;
use tapemeasure_model::zone::Grain;
use tapemeasure_query::Hours;

use crate::failure::Failure;

/// The grain of a name, one of `known`.
///
/// # Errors
/// A usage error that names the option, the nearest name, and all.
pub fn grain(option: &str, name: &str, known: &[Grain]) -> Result<Grain, Failure> {
    Grain::from_name(name).filter(|grain| known.contains(grain)).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|grain| grain.as_str()).collect();
        Failure::word(option, name, &known)
    })
}

/// What `--hours` names.
///
/// # Errors
/// As [`grain`].
pub fn hours(name: &str) -> Result<Hours, Failure> {
    Hours::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Hours::ALL.iter().map(|hours| hours.as_str()).collect();
        Failure::word("--hours", name, &known)
    })
}

/// The microseconds of `--target`, if it is given.
///
/// # Errors
/// A usage error for a text that is no duration.
pub fn target_us(text: Option<&str>) -> Result<Option<i64>, Failure> {
    let read = |text: &str| {
        parse_duration_us(text)
            .ok_or_else(|| Failure::usage(format!("--target {text:?} is no duration; write one such as 10m or 600s")))
    };
    text.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_or_refused_with_the_nearest() {
        let steps = &[Grain::Day, Grain::Week];
        assert_eq!(grain("--every", "week", steps).unwrap(), Grain::Week);
        for (given, line) in [
            ("wek", "--every cannot be \"wek\"; did you mean week? known are day, week"),
            ("year", "--every cannot be \"year\"; known are day, week"),
        ] {
            assert_eq!(grain("--every", given, steps).unwrap_err().line(), line);
        }
        assert_eq!(hours("business").unwrap(), Hours::Business);
        let line = "--hours cannot be \"busines\"; did you mean business? known are elapsed, business";
        assert_eq!(hours("busines").unwrap_err().line(), line);
        assert_eq!(target_us(None).unwrap(), None);
        assert_eq!(target_us(Some("10m")).unwrap(), Some(600_000_000));
        let line = "--target \"10 parsecs\" is no duration; write one such as 10m or 600s";
        assert_eq!(target_us(Some("10 parsecs")).unwrap_err().line(), line);
    }
}
