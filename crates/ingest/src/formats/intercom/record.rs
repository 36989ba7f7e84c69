//! Intercom's conversations as the interface writes them: their fields, and no meaning.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::adapter::lenient::Lenient;
use crate::formats::adapter::scalar::Scalar;

/// A conversation. Absent and null are the same.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Conversation<'a> {
    /// `conversation`; other objects have other types.
    #[serde(borrow, rename = "type")]
    pub kind: Scalar<'a>,
    #[serde(borrow)]
    pub id: Scalar<'a>,
    /// Seconds since 1970.
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    /// The team that has it now; 0 is none.
    #[serde(borrow)]
    pub team_assignee_id: Scalar<'a>,
    /// The first message.
    #[serde(borrow)]
    pub source: Option<Source<'a>>,
    #[serde(borrow)]
    pub contacts: List<Person<'a>>,
    #[serde(borrow)]
    pub tags: List<Lenient<Tag<'a>>>,
    /// Everything behind the first message. Pages of conversations leave it out.
    #[serde(borrow, rename = "conversation_parts")]
    pub parts: List<Part<'a>>,
}

/// What a conversation began with. It has no time of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Source<'a> {
    /// The channel.
    #[serde(borrow, rename = "type")]
    pub kind: Scalar<'a>,
    #[serde(borrow)]
    pub delivered_as: Scalar<'a>,
    #[serde(borrow)]
    pub author: Person<'a>,
    /// HTML, or text if the export asked for it.
    #[serde(borrow)]
    pub body: Scalar<'a>,
    pub attachments: List<IgnoredAny>,
    #[serde(borrow)]
    pub redacted: Scalar<'a>,
}

/// A message, or a step of the conversation, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub part_type: Scalar<'a>,
    /// Seconds since 1970.
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    #[serde(borrow)]
    pub author: Person<'a>,
    #[serde(borrow)]
    pub assigned_to: Person<'a>,
    /// As [`Source::body`].
    #[serde(borrow)]
    pub body: Scalar<'a>,
    pub attachments: List<IgnoredAny>,
    #[serde(borrow)]
    pub redacted: Scalar<'a>,
}

/// A tag of a conversation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tag<'a> {
    #[serde(borrow)]
    pub name: Scalar<'a>,
}

/// A contact, admin, bot or team. Written as an object; by older exports as an id alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person<'a> {
    /// `type`.
    pub kind: Scalar<'a>,
    pub id: Scalar<'a>,
    pub email: Scalar<'a>,
    /// Whether the AI agent wrote in its name.
    pub is_ai: bool,
}

impl Person<'_> {
    /// Its id; 0 is nobody.
    pub fn id(&self) -> Option<&str> {
        self.id.as_str().filter(|id| *id != "0")
    }
}

/// The object of a [`Person`].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    email: Scalar<'a>,
    #[serde(borrow)]
    from_ai_agent: Scalar<'a>,
    #[serde(borrow)]
    is_ai_answer: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Person<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PersonVisitor(PhantomData))
    }
}

struct PersonVisitor<'a>(PhantomData<&'a ()>);

impl<'a> PersonVisitor<'a> {
    fn of_id(id: Scalar<'a>) -> Person<'a> {
        Person { id, ..Person::default() }
    }
}

impl<'de: 'a, 'a> Visitor<'de> for PersonVisitor<'a> {
    type Value = Person<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a person, or the id of one")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Person<'a>, E> {
        Ok(Self::of_id(Scalar(Some(Cow::Borrowed(text)))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Person<'a>, E> {
        Ok(Self::of_id(Scalar(Some(Cow::Owned(text.to_owned())))))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Person<'a>, E> {
        Ok(Person::default())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Person<'a>, E> {
        Ok(Self::of_id(Scalar(Some(Cow::Owned(number.to_string())))))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Person<'a>, E> {
        Ok(Self::of_id(Scalar(Some(Cow::Owned(number.to_string())))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Person<'a>, E> {
        Ok(Self::of_id(Scalar(Some(Cow::Owned(number.to_string())))))
    }

    fn visit_unit<E: Error>(self) -> Result<Person<'a>, E> {
        Ok(Person::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Person<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Person::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Person<'a>, A::Error> {
        let named: Named<'a> = Named::deserialize(MapAccessDeserializer::new(object))?;
        let is_ai = named.from_ai_agent.is_true() || named.is_ai_answer.is_true();
        Ok(Person { kind: named.kind, id: named.id, email: named.email, is_ai })
    }
}

/// A list in the vendor's wrapping, `{"type": "contact.list", "contacts": []}`, or without it. Anything else is empty.
#[derive(Debug)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element::<Option<T>>()? {
            elements.extend(element);
        }
        Ok(List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<List<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(key) = object.next_key::<Scalar<'de>>()? {
            if matches!(key.as_str(), Some("contacts" | "tags" | "conversation_parts" | "data")) {
                elements = object.next_value::<Self::Value>()?.0;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(List(elements))
    }

    fn visit_borrowed_str<E: Error>(self, _: &'de str) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }
}
