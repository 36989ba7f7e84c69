//! Zendesk's objects as the interface and export tools write them: their fields, and no meaning.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::via::Via;
use crate::formats::adapter::lenient::{Lenient, LenientList};
use crate::formats::adapter::scalar::Scalar;

/// An object of whichever kind: the fields of all of them. Absent and null are the same.
///
/// `E` is what is kept of a comment or change, `A` what is kept of an audit.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "E: Default + Deserialize<'de>, A: Default + Deserialize<'de>"))]
pub struct Record<'a, E = Entry<'a>, A = Audit<'a>> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    /// RFC 3339.
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    #[serde(borrow)]
    pub via: Via<'a>,
    /// Of a ticket: question, incident, problem, task. Of a comment: Comment, VoiceComment.
    #[serde(borrow, rename = "type")]
    pub kind: Scalar<'a>,

    // A ticket.
    /// The ticket's fields, where an export tool puts them beside `comments` and not around it.
    #[serde(borrow, deserialize_with = "object")]
    pub ticket: Option<Box<Record<'a, E, A>>>,
    #[serde(borrow)]
    pub status: Scalar<'a>,
    #[serde(borrow)]
    pub requester_id: Scalar<'a>,
    #[serde(borrow)]
    pub submitter_id: Scalar<'a>,
    #[serde(borrow)]
    pub assignee_id: Scalar<'a>,
    #[serde(borrow)]
    pub group_id: Scalar<'a>,
    #[serde(borrow, deserialize_with = "ids")]
    pub follower_ids: Option<Vec<Scalar<'a>>>,
    #[serde(borrow, deserialize_with = "ids")]
    pub email_cc_ids: Option<Vec<Scalar<'a>>>,
    /// Followers and copied in one, as older exports have them.
    #[serde(borrow, deserialize_with = "ids")]
    pub collaborator_ids: Option<Vec<Scalar<'a>>>,
    #[serde(borrow)]
    pub tags: Tags<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub metric_set: Option<MetricSet<'a>>,
    pub comments: Option<Vec<E>>,
    pub audits: Option<Vec<A>>,
    #[serde(borrow, deserialize_with = "users")]
    pub users: Option<Vec<User<'a>>>,

    // A comment, an audit, an update of the incremental event export.
    #[serde(borrow)]
    pub ticket_id: Scalar<'a>,
    #[serde(borrow)]
    pub author_id: Scalar<'a>,
    #[serde(borrow)]
    pub body: Scalar<'a>,
    #[serde(borrow)]
    pub plain_body: Scalar<'a>,
    #[serde(borrow)]
    pub public: Scalar<'a>,
    pub events: Option<Vec<E>>,
    pub child_events: Option<Vec<E>>,
    /// Seconds since 1970.
    #[serde(borrow)]
    pub timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub updater_id: Scalar<'a>,

    // A user.
    #[serde(borrow)]
    pub role: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,

    // A metric event, a satisfaction rating.
    #[serde(borrow)]
    pub metric: Scalar<'a>,
    #[serde(borrow)]
    pub score: Scalar<'a>,
}

/// An object without its comments and audits, of which only is known whether there are any: all that the first pass
/// needs of most objects is short beside them.
pub type Outline<'a> = Record<'a, IgnoredAny, IgnoredAny>;

/// An object beside what matters. Anything else is nothing, so that it does not cost the ticket.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Lenient::deserialize(deserializer).map(|object| object.0)
}

/// A list of ids. Anything else is nothing.
fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Scalar<'de>>>, D::Error> {
    LenientList::deserialize(deserializer).map(|list| unless_empty(list.0))
}

/// A list of users. Anything else is nothing.
fn users<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<User<'de>>>, D::Error> {
    let list: LenientList<Lenient<User<'de>>> = LenientList::deserialize(deserializer)?;
    Ok(unless_empty(list.0.into_iter().filter_map(|user| user.0).collect()))
}

fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// Which of Zendesk's objects a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ticket, with or without comments and audits.
    Ticket,
    /// A comment by itself.
    Comment,
    /// An audit by itself.
    Audit,
    /// An update of the incremental event export, with `child_events`.
    Update,
    /// A user, or a page of them among other lines.
    User,
    /// A measure or a rating.
    Measure,
    /// None of these.
    Unknown,
}

impl<E, A> Record<'_, E, A> {
    /// Which object it is, by the fields that only that one has.
    pub fn kind(&self) -> Kind {
        let has = |field: &Scalar<'_>| field.as_str().is_some();
        if self.ticket.is_some() || self.comments.is_some() || self.audits.is_some() {
            Kind::Ticket
        } else if self.events.is_some() {
            Kind::Audit
        } else if self.child_events.is_some() {
            Kind::Update
        } else if has(&self.metric) || has(&self.score) {
            Kind::Measure
        } else if has(&self.requester_id) || has(&self.status) {
            Kind::Ticket
        } else if has(&self.role) || self.users.is_some() {
            Kind::User
        } else if has(&self.author_id) {
            Kind::Comment
        } else {
            Kind::Unknown
        }
    }
}

/// An audit beside its ticket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Audit<'a> {
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    #[serde(borrow)]
    pub author_id: Scalar<'a>,
    #[serde(borrow)]
    pub via: Via<'a>,
    #[serde(borrow)]
    pub events: Option<Vec<Entry<'a>>>,
}

/// A comment, an event of an audit, or a child event of an update: they share their fields.
///
/// | where | a comment | a change of status |
/// |---|---|---|
/// | `comments` | the whole object | – |
/// | `audits[].events` | `type: Comment` | `type: Change, field_name: status, previous_value, value` |
/// | `child_events` | `event_type: Comment`, or only `comment_present` | `event_type: Change, status, previous_value` |
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Entry<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Scalar<'a>,
    #[serde(borrow)]
    pub event_type: Scalar<'a>,
    #[serde(borrow)]
    pub created_at: Scalar<'a>,
    #[serde(borrow)]
    pub via: Via<'a>,
    #[serde(borrow)]
    pub author_id: Scalar<'a>,
    #[serde(borrow)]
    pub body: Scalar<'a>,
    #[serde(borrow)]
    pub plain_body: Scalar<'a>,
    #[serde(borrow)]
    pub public: Scalar<'a>,
    #[serde(borrow)]
    pub comment_present: Scalar<'a>,
    #[serde(borrow)]
    pub comment_public: Scalar<'a>,
    #[serde(borrow)]
    field_name: Scalar<'a>,
    #[serde(borrow)]
    value: Scalar<'a>,
    #[serde(borrow)]
    previous_value: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    assignee_id: Scalar<'a>,
    #[serde(borrow)]
    group_id: Scalar<'a>,
}

impl Entry<'_> {
    /// Whether an event of an audit or of an update is a comment.
    pub fn is_comment(&self) -> bool {
        matches!(self.name(), Some("Comment" | "VoiceComment" | "TpeVoiceComment" | "FacebookComment"))
            || self.comment_present.is_true()
    }

    /// The status before, if it is said, and the one that was set.
    pub fn status(&self) -> Option<(Option<&str>, &str)> {
        let value = self.set("status", &self.status)?;
        Some((self.previous_value.as_str(), value))
    }

    /// The agent that the ticket was given to.
    pub fn assignee(&self) -> Option<&str> {
        self.set("assignee_id", &self.assignee_id)
    }

    /// The group that the ticket was given to.
    pub fn group(&self) -> Option<&str> {
        self.set("group_id", &self.group_id)
    }

    fn name(&self) -> Option<&str> {
        self.kind.as_str().or(self.event_type.as_str())
    }

    /// The value that a field was set to: named in an audit, a key of its own in an update.
    fn set<'s>(&'s self, field: &str, own: &'s Scalar<'_>) -> Option<&'s str> {
        if !matches!(self.name(), Some("Create" | "Change")) {
            return None;
        }
        match self.field_name.as_str() {
            Some(name) if name == field => self.value.as_str(),
            Some(_) => None,
            None => own.as_str(),
        }
    }
}

/// A user, by itself or sideloaded with a ticket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct User<'a> {
    #[serde(borrow)]
    pub id: Scalar<'a>,
    #[serde(borrow)]
    pub role: Scalar<'a>,
    #[serde(borrow)]
    pub email: Scalar<'a>,
}

/// The sideload `metric_sets`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetricSet<'a> {
    #[serde(borrow)]
    pub solved_at: Scalar<'a>,
}

/// The first tag of a ticket, of those that Zendesk does not set itself: from a list, or from a text with spaces
/// between tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags<'a>(pub Option<Cow<'a, str>>);

/// Whether a tag says what a ticket is about, and not what Zendesk did with it.
fn is_topic(tag: &str) -> bool {
    !tag.is_empty() && tag != "closed_by_merge" && !tag.starts_with("system_") && !tag.starts_with("zopim_")
}

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor(PhantomData))
    }
}

struct TagsVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for TagsVisitor<'a> {
    type Value = Tags<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tags")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tags<'a>, A::Error> {
        let mut first = None;
        while let Some(tag) = list.next_element::<Scalar<'a>>()? {
            first = first.or_else(|| tag.into_text().filter(|tag| is_topic(tag)));
        }
        Ok(Tags(first))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Tags<'a>, E> {
        Ok(Tags(text.split_whitespace().find(|tag| is_topic(tag)).map(Cow::Borrowed)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Tags<'a>, E> {
        Ok(Tags(text.split_whitespace().find(|tag| is_topic(tag)).map(|tag| Cow::Owned(tag.to_owned()))))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Tags<'a>, E> {
        Ok(Tags(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Tags<'a>, E> {
        Ok(Tags(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Tags<'a>, E> {
        Ok(Tags(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Tags<'a>, E> {
        Ok(Tags(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Tags<'a>, E> {
        Ok(Tags(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tags<'a>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Tags(None))
    }
}
