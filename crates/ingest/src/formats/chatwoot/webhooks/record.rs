//! A payload with its fields named.
//!
//! One struct for every event: a message has its conversation in `conversation`, a conversation has the same fields at
//! the top. [`Thread`] is the conversation of either.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::adapter::lenient::{Lenient, LenientList, nothing_of_scalars};
use crate::formats::adapter::scalar::Scalar;
use crate::formats::chatwoot::meaning::{self, AdditionalAttributes, ChannelHints, ContentAttributes};

/// What Chatwoot sends of one event, or what a relay wraps around it.
#[derive(Debug, Deserialize)]
pub struct Payload<'a> {
    #[serde(borrow, default)]
    pub event: Scalar<'a>,
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    #[serde(borrow, default)]
    pub display_id: Scalar<'a>,
    #[serde(borrow, default)]
    pub created_at: Scalar<'a>,
    #[serde(borrow, default)]
    pub updated_at: Scalar<'a>,
    #[serde(borrow, default)]
    pub additional_attributes: Lenient<AdditionalAttributes<'a>>,

    // Of a message.
    #[serde(borrow, default)]
    pub message_type: Scalar<'a>,
    #[serde(borrow, default)]
    pub content: Scalar<'a>,
    #[serde(borrow, default)]
    pub content_attributes: Lenient<ContentAttributes<'a>>,
    #[serde(borrow, default)]
    pub private: Scalar<'a>,
    #[serde(borrow, default)]
    pub sender: Lenient<Person<'a>>,
    #[serde(borrow, default)]
    pub contact: Lenient<Identified<'a>>,
    #[serde(borrow, default)]
    pub inbox: Lenient<Named<'a>>,
    #[serde(borrow, default)]
    pub conversation: Lenient<Conversation<'a>>,

    // Of a conversation.
    #[serde(borrow, default)]
    pub status: Scalar<'a>,
    #[serde(borrow, default)]
    pub channel: Scalar<'a>,
    #[serde(borrow, default)]
    pub labels: LenientList<Scalar<'a>>,
    #[serde(borrow, default)]
    pub meta: Lenient<Meta<'a>>,
    #[serde(borrow, default)]
    pub contact_inbox: Lenient<ContactInbox<'a>>,
    #[serde(borrow, default)]
    pub changed_attributes: Changes<'a>,

    // Of a relay.
    #[serde(borrow, default)]
    data: Lenient<Box<Payload<'a>>>,
    #[serde(borrow, default)]
    body: Lenient<Box<Payload<'a>>>,
    #[serde(borrow, default)]
    payload: Lenient<Box<Payload<'a>>>,
}

impl<'a> Payload<'a> {
    /// What Chatwoot sent, out of what a relay wrapped around it. A payload itself has none of the relays' keys.
    pub fn unwrapped(&self) -> &Payload<'a> {
        let wrapped = [&self.data, &self.body, &self.payload].into_iter().filter_map(|wrapper| wrapper.get());
        wrapped.map(|inner| inner.unwrapped()).find(|inner| inner.event.as_str().is_some()).unwrap_or(self)
    }

    /// The conversation that the payload is.
    pub fn as_thread(&self) -> Thread<'_, 'a> {
        Thread {
            id: &self.id,
            display_id: &self.display_id,
            channel: &self.channel,
            labels: &self.labels,
            meta: self.meta.get(),
            contact_inbox: self.contact_inbox.get(),
            additional_attributes: self.additional_attributes.get(),
        }
    }
}

/// The conversation of a message.
#[derive(Debug, Deserialize)]
pub struct Conversation<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    display_id: Scalar<'a>,
    #[serde(borrow, default)]
    channel: Scalar<'a>,
    #[serde(borrow, default)]
    labels: LenientList<Scalar<'a>>,
    #[serde(borrow, default)]
    meta: Lenient<Meta<'a>>,
    #[serde(borrow, default)]
    contact_inbox: Lenient<ContactInbox<'a>>,
    #[serde(borrow, default)]
    additional_attributes: Lenient<AdditionalAttributes<'a>>,
}

impl<'a> Conversation<'a> {
    /// The conversation.
    pub fn as_thread(&self) -> Thread<'_, 'a> {
        Thread {
            id: &self.id,
            display_id: &self.display_id,
            channel: &self.channel,
            labels: &self.labels,
            meta: self.meta.get(),
            contact_inbox: self.contact_inbox.get(),
            additional_attributes: self.additional_attributes.get(),
        }
    }
}

/// A conversation, wherever in the payload it stands.
#[derive(Debug, Clone, Copy)]
pub struct Thread<'r, 'a> {
    id: &'r Scalar<'a>,
    display_id: &'r Scalar<'a>,
    channel: &'r Scalar<'a>,
    labels: &'r LenientList<Scalar<'a>>,
    meta: Option<&'r Meta<'a>>,
    contact_inbox: Option<&'r ContactInbox<'a>>,
    additional_attributes: Option<&'r AdditionalAttributes<'a>>,
}

impl<'r> Thread<'r, '_> {
    /// The number that agents see. It has been called `id` since 2020, and `display_id` before.
    pub fn id(&self) -> Option<&'r str> {
        self.display_id.as_str().or(self.id.as_str())
    }

    /// The customer.
    pub fn contact_id(&self) -> Option<&'r str> {
        let sender = self.meta.and_then(|meta| meta.sender.get()).and_then(|sender| sender.id.as_str());
        sender.or_else(|| self.contact_inbox.and_then(|contact_inbox| contact_inbox.contact_id.as_str()))
    }

    /// The channel.
    pub fn channel(&self) -> Option<Cow<'r, str>> {
        let address = self.contact_inbox.and_then(|contact_inbox| contact_inbox.source_id.as_str());
        let hints = ChannelHints {
            whatsapp: address.is_some_and(|address| address.starts_with("whatsapp:")),
            instagram: self.additional_attributes.is_some_and(AdditionalAttributes::is_instagram),
        };
        self.channel.as_str().map(|class| meaning::channel(class, hints))
    }

    /// Name of the team that it is given to.
    pub fn team(&self) -> Option<&'r str> {
        self.meta.and_then(|meta| meta.team.get()).and_then(Named::text)
    }

    /// The agent that it is given to; none if that is a bot.
    pub fn assignee_id(&self) -> Option<&'r str> {
        let assignee = self.meta.and_then(|meta| meta.assignee.get())?;
        assignee.id.as_str().filter(|_| assignee.kind.as_str().is_none_or(|kind| kind == "user"))
    }

    /// The first label.
    pub fn topic(&self) -> Option<&'r str> {
        self.labels.0.iter().find_map(Scalar::as_str)
    }
}

/// A customer, agent or bot.
#[derive(Debug, Deserialize)]
pub struct Person<'a> {
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    #[serde(rename = "type", borrow, default)]
    pub kind: Scalar<'a>,
    #[serde(borrow, default)]
    pub name: Scalar<'a>,
    #[serde(borrow, default)]
    pub email: Scalar<'a>,
    #[serde(borrow, default)]
    pub blocked: Scalar<'a>,
}

/// An inbox or a team.
#[derive(Debug, Deserialize)]
pub struct Named<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    name: Scalar<'a>,
}

impl Named<'_> {
    /// Its name, or else its id.
    pub fn text(&self) -> Option<&str> {
        self.name.as_str().or(self.id.as_str())
    }
}

/// A customer of whom nothing but the id matters.
#[derive(Debug, Deserialize)]
pub struct Identified<'a> {
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
}

/// The agent or bot that a conversation is given to.
#[derive(Debug, Deserialize)]
struct Assignee<'a> {
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "type", borrow, default)]
    kind: Scalar<'a>,
}

/// People of a conversation.
#[derive(Debug, Deserialize)]
pub struct Meta<'a> {
    #[serde(borrow, default)]
    sender: Lenient<Identified<'a>>,
    #[serde(borrow, default)]
    assignee: Lenient<Assignee<'a>>,
    #[serde(borrow, default)]
    team: Lenient<Named<'a>>,
}

/// The customer's address in an inbox.
#[derive(Debug, Deserialize)]
pub struct ContactInbox<'a> {
    #[serde(borrow, default)]
    contact_id: Scalar<'a>,
    #[serde(borrow, default)]
    source_id: Scalar<'a>,
}

/// What changed of a conversation: `[{"status": {"previous_value": "open", "current_value": "resolved"}}]`, null for
/// nothing that Chatwoot would say.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// The status.
    pub status: Option<Change<'a>>,
    /// The time of the change itself: `conversation_updated` has it, `conversation_status_changed` has not.
    pub updated_at: Option<Change<'a>>,
    /// Whether labels were put on or taken off.
    pub labels: bool,
    /// Whether agent, bot or team changed.
    pub assignment: bool,
}

/// One value before and after.
#[derive(Debug, Default, Deserialize)]
pub struct Change<'a> {
    #[serde(borrow, default)]
    pub previous_value: Scalar<'a>,
    #[serde(borrow, default)]
    pub current_value: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Changes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChangesVisitor(PhantomData))
    }
}

struct ChangesVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ChangesVisitor<'a> {
    type Value = Changes<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Changes<'a>, A::Error> {
        let mut changes = Changes::default();
        while let Some(one) = list.next_element::<Changes<'a>>()? {
            changes.status = one.status.or(changes.status);
            changes.updated_at = one.updated_at.or(changes.updated_at);
            changes.labels |= one.labels;
            changes.assignment |= one.assignment;
        }
        Ok(changes)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Changes<'a>, A::Error> {
        let mut changes = Changes::default();
        while let Some(name) = object.next_key::<Scalar<'a>>()? {
            match name.as_str() {
                Some("status") => changes.status = object.next_value::<Lenient<Change<'a>>>()?.0,
                Some("updated_at") => changes.updated_at = object.next_value::<Lenient<Change<'a>>>()?.0,
                other => {
                    changes.labels |= matches!(other, Some("label_list" | "cached_label_list"));
                    changes.assignment |= matches!(other, Some("assignee_id" | "assignee_agent_bot_id" | "team_id"));
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(changes)
    }

    nothing_of_scalars!(Changes::default());
}
