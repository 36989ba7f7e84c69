//! Why a record is no event.

use std::fmt;

use crate::inputs::MAX_RECORD_BYTES;

/// Why a record is no event. The texts are few and fixed, so that rejects group by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The line is no JSON.
    BrokenJson,
    /// The line is JSON, but no object.
    NotAnObject,
    /// JSON in which a field has another type than the format gives it.
    UnexpectedJson,
    /// Bytes that are no UTF-8.
    InvalidUtf8,
    /// A CSV row with more or fewer fields than the header.
    ColumnCount,
    /// A CSV quote that is never closed.
    UnclosedQuote,
    /// A record longer than [`MAX_RECORD_BYTES`].
    TooLong,
    /// A needed field is absent, null or empty.
    Missing(&'static str),
    /// A field is there with a value of another type.
    WrongType(&'static str),
    /// A field holds a name that the rules do not know.
    UnknownName(&'static str),
    /// A field that holds no time.
    BadTime(&'static str),
    /// A field that holds a time without an offset, where the user named no zone.
    TimeWithoutZone(&'static str),
    /// A time without `Z` or offset.
    TimeWithoutOffset,
    /// A time that is not RFC 3339.
    MalformedTime,
    /// A time outside the years 1 to 9999.
    TimeOutOfRange,
}

/// Stands for the name of a field in [`known_reasons`].
const FIELD: &str = "FIELD";

/// The text of every reason, with `FIELD` for the name of a field.
pub fn known_reasons() -> Vec<String> {
    let reasons = [
        Reason::BrokenJson,
        Reason::NotAnObject,
        Reason::UnexpectedJson,
        Reason::InvalidUtf8,
        Reason::ColumnCount,
        Reason::UnclosedQuote,
        Reason::TooLong,
        Reason::Missing(FIELD),
        Reason::WrongType(FIELD),
        Reason::UnknownName(FIELD),
        Reason::BadTime(FIELD),
        Reason::TimeWithoutZone(FIELD),
        Reason::TimeWithoutOffset,
        Reason::MalformedTime,
        Reason::TimeOutOfRange,
    ];
    reasons.iter().map(|reason| reason.to_string()).collect()
}

/// Whether a text is a part of any reason, with whatever name of a field. A name alone is none: it could be any word.
pub fn is_part_of_reason(text: &str) -> bool {
    let text = text.trim();
    known_reasons().iter().any(|reason| match reason.strip_prefix(FIELD) {
        None => reason.contains(text),
        Some(rest) => rest.contains(text) || text.char_indices().skip(1).any(|(end, _)| rest.starts_with(&text[end..])),
    })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenJson => f.write_str("broken JSON"),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::UnexpectedJson => f.write_str("a field has another type than this format gives it"),
            Self::InvalidUtf8 => f.write_str("invalid UTF-8"),
            Self::ColumnCount => f.write_str("wrong number of columns"),
            Self::UnclosedQuote => f.write_str("quote is not closed"),
            Self::TooLong => write!(f, "longer than {} MiB", MAX_RECORD_BYTES >> 20),
            Self::Missing(field) => write!(f, "{field} is missing"),
            Self::WrongType(field) => write!(f, "{field} has the wrong type"),
            Self::UnknownName(field) => write!(f, "{field} is unknown"),
            Self::BadTime(field) => write!(f, "{field} is not a time"),
            Self::TimeWithoutZone(field) => write!(f, "{field} has no UTC offset (--zone says where it is meant)"),
            Self::TimeWithoutOffset => f.write_str("occurred_at has no UTC offset"),
            Self::MalformedTime => f.write_str("occurred_at is not an RFC 3339 time"),
            Self::TimeOutOfRange => f.write_str("the time is outside the years 1 to 9999"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_those_that_are_documented() {
        let documented = include_str!("../../../../docs/formats.md");
        for reason in known_reasons() {
            assert!(documented.contains(&format!("`{reason}`")), "{reason}");
        }
    }

    #[test]
    fn parts_of_reasons_are_known() {
        for known in ["JSON", "zone", "is missing", "source is missing", "created_at is", "FIELD is unknown", "offset "]
        {
            assert!(is_part_of_reason(known), "{known}");
        }
        for unknown in ["zzz", "brokn", "zzz ", "source is missed", "source"] {
            assert!(!is_part_of_reason(unknown), "{unknown}");
        }
    }
}
