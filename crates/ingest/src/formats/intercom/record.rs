//! Intercom's conversations as the interface writes them: their fields, and no meaning.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::adapter::lenient::{Lenient, ObjectOrName, nothing_of_scalars};
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
        Ok(match ObjectOrName::<Named<'a>>::deserialize(deserializer)? {
            ObjectOrName::Object(named) => {
                let is_ai = named.from_ai_agent.is_true() || named.is_ai_answer.is_true();
                Person { kind: named.kind, id: named.id, email: named.email, is_ai }
            }
            ObjectOrName::Name(id) => Person { id, ..Person::default() },
            ObjectOrName::Neither => Person::default(),
        })
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

    nothing_of_scalars!(List::default());
}
