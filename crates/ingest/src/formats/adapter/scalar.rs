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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scalar<'a>(pub Option<Cow<'a, str>>);

impl Scalar<'_> {
    /// The text; `None` also for the empty one.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// Whether it is `true` or 1, as flag, number or text.
    pub fn is_true(&self) -> bool {
        matches!(self.as_str(), Some("true" | "1"))
    }
}

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
        Ok(Scalar(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'a>, E> {
        Ok(Scalar(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar<'a>, E> {
        Ok(Scalar(Some(Cow::Borrowed(if flag { "true" } else { "false" }))))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'a>, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'a>, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'a>, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar<'a>, E> {
        Ok(Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar<'a>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
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
            assert_eq!(id(json).0.as_deref(), text, "{json}");
        }
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(id(r#"{"id":"wamid.1","behind":7}"#), Scalar(Some(Cow::Borrowed("wamid.1")))));
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
