//! JSON objects and lists that are something else in odd records: the record is read without them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::scalar::Scalar;

/// An object; `None` for null, and for a text, number, flag or list, which is passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Lenient<T>(pub Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Lenient<T> {
    /// The object.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

/// A list; empty for null, and for anything else, which is passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct LenientList<T>(pub Vec<T>);

impl<T> Default for LenientList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for LenientList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// Visits of what is neither object nor list.
macro_rules! nothing_of_scalars {
    ($nothing:expr) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}
pub(crate) use nothing_of_scalars;

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Lenient<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|value| Lenient(Some(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lenient<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }

    nothing_of_scalars!(Lenient(None));
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = LenientList<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<LenientList<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(LenientList)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<LenientList<T>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(LenientList(Vec::new()))
    }

    nothing_of_scalars!(LenientList(Vec::new()));
}

/// An object, or the first object of a list. `None` for anything else, which is passed over.
#[derive(Debug)]
pub struct First<T>(Option<T>);

impl<T> First<T> {
    /// The object.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstVisitor(PhantomData))
    }
}

struct FirstVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstVisitor<T> {
    type Value = First<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<First<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|object| First(Some(object)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<T>, A::Error> {
        let mut first = First(None);
        while let Some(next) = list.next_element::<First<T>>()? {
            if first.0.is_none() {
                first = next;
            }
        }
        Ok(first)
    }

    nothing_of_scalars!(First(None));
}

/// The objects of a list, or an object alone. None for anything else, which is passed over.
#[derive(Debug)]
pub struct Each<T>(Vec<T>);

impl<T> Each<T> {
    /// The objects, in their order.
    pub fn get(&self) -> &[T] {
        &self.0
    }
}

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EachVisitor(PhantomData))
    }
}

struct EachVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EachVisitor<T> {
    type Value = Each<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Each<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|object| Each(vec![object]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Each<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(next) = list.next_element::<First<T>>()? {
            all.extend(next.0);
        }
        Ok(Each(all))
    }

    nothing_of_scalars!(Each(Vec::new()));
}

/// An object, or what names it: a text or a number.
#[derive(Debug)]
pub enum ObjectOrName<'a, T> {
    /// The object.
    Object(T),
    /// A text, or a number as its text.
    Name(Scalar<'a>),
    /// Null, a flag or a list, which is passed over.
    Neither,
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for ObjectOrName<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectOrNameVisitor(PhantomData))
    }
}

struct ObjectOrNameVisitor<'a, T>(PhantomData<(&'a (), T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for ObjectOrNameVisitor<'a, T> {
    type Value = ObjectOrName<'a, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(ObjectOrName::Object)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Name(Scalar::of(Some(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Name(Scalar::of_owned(text.to_owned())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Name(Scalar::of_signed(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Name(Scalar::of_unsigned(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Name(Scalar::of_owned(number.to_string())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Neither)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(ObjectOrName::Neither)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ObjectOrName::Neither)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::adapter::scalar::Scalar;

    #[derive(Debug, serde::Deserialize)]
    struct Inner<'a> {
        #[serde(borrow, default)]
        id: Scalar<'a>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Outer<'a> {
        #[serde(borrow, default)]
        object: Lenient<Inner<'a>>,
        #[serde(borrow, default)]
        list: LenientList<Scalar<'a>>,
        behind: u8,
    }

    /// The object's id, and the list.
    fn read(json: &str) -> (Option<String>, Vec<Option<String>>) {
        let outer: Outer<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(outer.behind, 7, "{json}");
        let id = outer.object.get().and_then(|inner| inner.id.as_str()).map(str::to_owned);
        (id, outer.list.0.iter().map(|item| item.as_str().map(str::to_owned)).collect())
    }

    #[test]
    fn objects_and_lists_are_read_and_all_else_is_passed_over() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(r#"{"object":{"id":1,"x":{"y":[2]}},"list":["a",2,null],"behind":7}"#),
            (text("1"), vec![text("a"), text("2"), None])
        );
        for odd in ["null", "true", "-1", "1", "1.5", "\"#<Contact>\"", "\"\\\"\""] {
            let json = format!(r#"{{"object":{odd},"list":{odd},"behind":7}}"#);
            assert_eq!(read(&json), (None, Vec::new()), "{odd}");
        }
        assert_eq!(read(r#"{"object":[{"id":1}],"list":{"a":[1]},"behind":7}"#), (None, Vec::new()));
        assert_eq!(read(r#"{"behind":7}"#), (None, Vec::new()));
    }
}
