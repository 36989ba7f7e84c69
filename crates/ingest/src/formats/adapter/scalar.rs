//! A JSON value whose type varies: an id that is a number in one record and a text in the next.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, number or flag as its text. `None` for null, and for an object or list, which is passed over. The empty text
/// is kept, so that it can be told from null.
///
/// | JSON | text |
/// |---|---|
/// | `"a"` | `a`, borrowed where it has no escapes |
/// | `17`, `-3` | `17`, `-3` |
/// | `1.5`, `848.0` | `1.5`, `848`: an id that was spoilt to a float reads as the id |
/// | `true`, `false` | `true`, `false` |
/// | `null`, `{..}`, `[..]` | none |
///
/// ```text
/// #[serde(borrow, default)]
/// id: Scalar<'a>,
/// ```
#[derive(Debug, Clone, Default)]
pub struct Scalar<'a>(Form<'a>);

/// What a value is kept as.
#[derive(Debug, Clone, Default)]
enum Form<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Number(Digits),
}

/// Digits and sign of a number that [`Digits`] holds at most: with them it takes no more room than a text beside it.
const MAX_DIGITS: usize = 15;

/// A whole number as its text. Many vendors' ids are numbers, several in each record: held in place they cost no
/// allocation.
#[derive(Debug, Clone, Copy)]
struct Digits {
    text: [u8; MAX_DIGITS],
    length: u8,
}

impl Digits {
    /// `None` for a number that is too long.
    fn of(magnitude: u64, is_negative: bool) -> Option<Self> {
        let length = magnitude.checked_ilog10().map_or(1, |log| log as usize + 1) + usize::from(is_negative);
        let mut text = [b'-'; MAX_DIGITS];
        let digits = text.get_mut(usize::from(is_negative)..length)?;
        let mut rest = magnitude;
        // Two at a time: each division waits for the one before.
        let mut pairs = digits.rchunks_exact_mut(2);
        for pair in &mut pairs {
            let two = (rest % 100) as u8;
            rest /= 100;
            pair.copy_from_slice(&[b'0' + two / 10, b'0' + two % 10]);
        }
        for digit in pairs.into_remainder() {
            *digit = b'0' + rest as u8;
        }
        Some(Self { text, length: length as u8 })
    }

    fn as_str(&self) -> Option<&str> {
        self.text.get(..usize::from(self.length)).and_then(|text| std::str::from_utf8(text).ok())
    }
}

impl<'a> Scalar<'a> {
    /// A text; `None` is null.
    pub fn of(text: Option<&'a str>) -> Self {
        Self(text.map_or(Form::None, |text| Form::Text(Cow::Borrowed(text))))
    }

    /// A text that is not borrowed from the record.
    pub fn of_owned(text: String) -> Self {
        Self(Form::Text(Cow::Owned(text)))
    }

    /// A whole number from zero on.
    pub fn of_unsigned(number: u64) -> Self {
        Self(Digits::of(number, false).map_or_else(|| Form::Text(Cow::Owned(number.to_string())), Form::Number))
    }

    /// A whole number.
    pub fn of_signed(number: i64) -> Self {
        let digits = Digits::of(number.unsigned_abs(), number < 0);
        Self(digits.map_or_else(|| Form::Text(Cow::Owned(number.to_string())), Form::Number))
    }

    /// The text, also the empty one.
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Form::None => None,
            Form::Text(text) => Some(text),
            Form::Number(digits) => digits.as_str(),
        }
    }

    /// The text, also the empty one, borrowed from the record where it is a text without escapes.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self.0 {
            Form::None => None,
            Form::Text(text) => Some(text),
            Form::Number(digits) => digits.as_str().map(|text| Cow::Owned(text.to_owned())),
        }
    }

    /// The text; `None` also for the empty one.
    pub fn as_str(&self) -> Option<&str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// Whether it is `true` or 1, as flag, number or text.
    pub fn is_true(&self) -> bool {
        matches!(self.as_str(), Some("true" | "1"))
    }
}

impl PartialEq for Scalar<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Scalar<'_> {}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

/// Takes any value, so that an odd one costs its field and not the record.
struct ScalarVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ScalarVisitor<'a> {
    type Value = Scalar<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'a>, E> {
        Ok(Scalar::of(Some(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'a>, E> {
        Ok(Scalar::of_owned(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar<'a>, E> {
        Ok(Scalar::of(Some(if flag { "true" } else { "false" })))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'a>, E> {
        Ok(Scalar::of_signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'a>, E> {
        Ok(Scalar::of_unsigned(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'a>, E> {
        Ok(Scalar::of_owned(number.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar<'a>, E> {
        Ok(Scalar::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar<'a>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Record<'a> {
        #[serde(borrow, default)]
        id: Scalar<'a>,
        #[serde(default)]
        behind: u8,
    }

    fn id(json: &str) -> Scalar<'_> {
        let record: Record<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(record.behind, 7, "{json}");
        record.id
    }

    #[test]
    fn every_value_is_read_and_the_next_field_too() {
        let cases = [
            (r#"{"id":"a","behind":7}"#, Some("a")),
            (r#"{"id":"a\"é","behind":7}"#, Some("a\"é")),
            (r#"{"id":"","behind":7}"#, Some("")),
            (r#"{"id":17,"behind":7}"#, Some("17")),
            (r#"{"id":-3,"behind":7}"#, Some("-3")),
            (r#"{"id":18446744073709551615,"behind":7}"#, Some("18446744073709551615")),
            (r#"{"id":848.0,"behind":7}"#, Some("848")),
            (r#"{"id":1583240757.125,"behind":7}"#, Some("1583240757.125")),
            (r#"{"id":true,"behind":7}"#, Some("true")),
            (r#"{"id":null,"behind":7}"#, None),
            (r#"{"id":{"a":[1,{"b":null}]},"behind":7}"#, None),
            (r#"{"id":[1,[2,"x"]],"behind":7}"#, None),
            (r#"{"behind":7}"#, None),
        ];
        for (json, text) in cases {
            assert_eq!(id(json).text(), text, "{json}");
        }
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(id(r#"{"id":"wamid.1","behind":7}"#), Scalar(Form::Text(Cow::Borrowed("wamid.1")))));
    }

    /// Expected: the text of the standard library.
    #[test]
    fn numbers_of_every_length_are_their_text() {
        let powers = (0..19).map(|exponent| 10_i64.pow(exponent));
        let numbers = powers.flat_map(|power| [power, power - 1, power + 1, 7 * (power / 3)]).chain([i64::MAX]);
        for number in numbers.flat_map(|number| [number, -number]).chain([i64::MIN]) {
            let text = number.to_string();
            let scalar = Scalar::of_signed(number);
            let same = u64::try_from(number).map_or_else(|_| scalar.clone(), Scalar::of_unsigned);
            assert_eq!(same.text(), Some(text.as_str()));
            assert_eq!(scalar.text(), Some(text.as_str()));
            assert_eq!(matches!(scalar.0, Form::Number(_)), text.len() <= MAX_DIGITS, "{text}");
            assert_eq!(scalar, Scalar::of(Some(&text)));
            assert_eq!(scalar.into_text(), Some(Cow::Borrowed(text.as_str())));
        }
        assert_eq!(size_of::<Scalar<'_>>(), size_of::<Cow<'_, str>>());
    }

    #[test]
    fn the_empty_text_is_no_id_and_flags_come_in_three_types() {
        assert_eq!(id(r#"{"id":"","behind":7}"#).as_str(), None);
        for json in [r#"{"id":true,"behind":7}"#, r#"{"id":1,"behind":7}"#, r#"{"id":"true","behind":7}"#] {
            assert!(id(json).is_true(), "{json}");
        }
        for json in [r#"{"id":false,"behind":7}"#, r#"{"id":0,"behind":7}"#, r#"{"behind":7}"#] {
            assert!(!id(json).is_true(), "{json}");
        }
    }
}
