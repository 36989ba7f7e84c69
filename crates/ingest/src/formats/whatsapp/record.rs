//! A delivery of WhatsApp's webhooks as Meta writes it. Absent and null are the same in every field.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::adapter::lenient::{Lenient, LenientList, nothing_of_scalars};
use crate::formats::adapter::scalar::Scalar;

/// What `object` says in deliveries of WhatsApp.
pub const OBJECT: &str = "whatsapp_business_account";

/// A delivery: `{"object": "whatsapp_business_account", "entry": [..]}`, or an object whose values are deliveries, as
/// collections of them by name and the envelopes of relays are. Other fields are passed over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delivery<'a> {
    /// What there is of accounts, of all deliveries in the record.
    pub entries: Vec<Entry<'a>>,
    /// Whether it is the delivery of another product: `object` is there and names one.
    pub is_foreign: bool,
}

/// What happened in one business account.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Entry<'a> {
    /// One for each kind of news.
    #[serde(borrow, default)]
    pub changes: Option<Vec<Change<'a>>>,
}

/// News of one kind.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Change<'a> {
    /// The news; of kinds that are not about messages no field is known here.
    #[serde(borrow, default)]
    pub value: Option<Value<'a>>,
}

/// News of one phone number.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Value<'a> {
    /// The business's number.
    #[serde(borrow, default)]
    pub metadata: Lenient<Metadata<'a>>,
    /// What customers wrote.
    #[serde(borrow, default)]
    pub messages: Option<Vec<Lenient<Message<'a>>>>,
    /// What the business wrote in the app.
    #[serde(borrow, default)]
    pub message_echoes: Option<Vec<Lenient<Message<'a>>>>,
    /// How far messages of the business got.
    #[serde(borrow, default)]
    pub statuses: Option<Vec<Lenient<Status<'a>>>>,
    /// Who wants marketing messages.
    #[serde(borrow, default)]
    pub user_preferences: Option<Vec<Lenient<Preference<'a>>>>,
    /// Chats from before the number came to the Cloud API.
    #[serde(borrow, default)]
    pub history: Option<Vec<History<'a>>>,
}

impl Value<'_> {
    /// Whether there is nothing about messages.
    pub fn is_empty(&self) -> bool {
        let none = |length: Option<usize>| length.unwrap_or(0) == 0;
        none(self.messages.as_ref().map(Vec::len))
            && none(self.message_echoes.as_ref().map(Vec::len))
            && none(self.statuses.as_ref().map(Vec::len))
            && none(self.user_preferences.as_ref().map(Vec::len))
            && none(self.history.as_ref().map(Vec::len))
    }
}

/// The business's number.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Metadata<'a> {
    /// Its id.
    #[serde(borrow, default)]
    pub phone_number_id: Scalar<'a>,
    /// The number itself.
    #[serde(borrow, default)]
    pub display_phone_number: Scalar<'a>,
}

/// A message of a customer, or of the business in the app.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Message<'a> {
    /// Identity, `wamid...`.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// Number of who wrote.
    #[serde(borrow, default)]
    pub from: Scalar<'a>,
    /// Id of a customer whose number is hidden behind a user name.
    #[serde(borrow, default)]
    pub from_user_id: Scalar<'a>,
    /// In echoes: number of the customer.
    #[serde(borrow, default)]
    pub to: Scalar<'a>,
    /// In echoes: as `from_user_id`.
    #[serde(borrow, default)]
    pub to_user_id: Scalar<'a>,
    /// The group it was written in.
    #[serde(borrow, default)]
    pub group_id: Scalar<'a>,
    /// Seconds since 1970.
    #[serde(borrow, default)]
    pub timestamp: Scalar<'a>,
    /// `text`, `image`, `reaction`, `revoke`, ...; the content is under a key of that name.
    #[serde(borrow, default, rename = "type")]
    pub kind: Scalar<'a>,
    #[serde(borrow, default)]
    text: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    button: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    interactive: Lenient<Interactive<'a>>,
    #[serde(borrow, default)]
    image: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    video: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    document: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    order: Lenient<Content<'a>>,
    /// Of type `revoke`.
    #[serde(borrow, default)]
    pub revoke: Lenient<Revoke<'a>>,
    /// Of messages in a history.
    #[serde(borrow, default)]
    pub history_context: Lenient<HistoryContext<'a>>,
}

impl Message<'_> {
    /// The text: what was typed, the caption, or the label of the button.
    pub fn body(&self) -> Option<&str> {
        let choice = self.interactive.get().and_then(|interactive| {
            [&interactive.button_reply, &interactive.list_reply, &interactive.nfm_reply]
                .into_iter()
                .find_map(Lenient::get)
        });
        [&self.text, &self.button, &self.image, &self.video, &self.document, &self.order]
            .into_iter()
            .filter_map(Lenient::get)
            .chain(choice)
            .find_map(|content| content.0.as_str())
    }
}

/// The text of what a message holds. There are nine places for it in a message, and one at most is taken.
#[derive(Debug, Clone, Default, PartialEq)]
struct Content<'a>(Scalar<'a>);

/// Each type of message has its text under one of these.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Texts<'a> {
    #[serde(borrow)]
    body: Scalar<'a>,
    #[serde(borrow)]
    text: Scalar<'a>,
    #[serde(borrow)]
    title: Scalar<'a>,
    #[serde(borrow)]
    caption: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Texts::deserialize(deserializer)?;
        let mut texts = [texts.body, texts.text, texts.title, texts.caption].into_iter();
        Ok(Self(texts.find(|text| text.as_str().is_some()).unwrap_or_default()))
    }
}

/// The choice that a customer made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Interactive<'a> {
    #[serde(borrow, default)]
    button_reply: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    list_reply: Lenient<Content<'a>>,
    #[serde(borrow, default)]
    nfm_reply: Lenient<Content<'a>>,
}

/// The message that was taken back.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Revoke<'a> {
    /// Its id.
    #[serde(borrow, default)]
    pub original_message_id: Scalar<'a>,
}

/// What became of a message of a history.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct HistoryContext<'a> {
    /// Whether the business wrote it.
    #[serde(borrow, default)]
    pub from_me: Scalar<'a>,
    /// `read`, `delivered`, `error`, ...
    #[serde(borrow, default)]
    pub status: Scalar<'a>,
}

/// How far a message of the business got.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Status<'a> {
    /// Id of the message.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// `sent`, `delivered`, `read`, `played`, `failed`; of calls other names.
    #[serde(borrow, default)]
    pub status: Scalar<'a>,
    /// When it got there, in seconds since 1970.
    #[serde(borrow, default)]
    pub timestamp: Scalar<'a>,
    /// Number of the customer, or id of the group.
    #[serde(borrow, default)]
    pub recipient_id: Scalar<'a>,
    /// Id of a customer whose number is hidden behind a user name.
    #[serde(borrow, default)]
    pub recipient_user_id: Scalar<'a>,
    /// `group`, or nothing.
    #[serde(borrow, default)]
    pub recipient_type: Scalar<'a>,
    /// Whom of the group it is about.
    #[serde(borrow, default)]
    pub recipient_participant_id: Scalar<'a>,
    /// What the message costs.
    #[serde(borrow, default)]
    pub pricing: Lenient<Pricing<'a>>,
    /// Why it failed.
    #[serde(borrow, default)]
    pub errors: LenientList<Lenient<Failure<'a>>>,
}

/// What a message costs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Pricing<'a> {
    /// `PMP`: the category is the message's. `CBP`: it is that of the 24 hours around it.
    #[serde(borrow, default)]
    pub pricing_model: Scalar<'a>,
    /// `service` is free text; the others are kinds of templates.
    #[serde(borrow, default)]
    pub category: Scalar<'a>,
}

/// Why a message failed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Failure<'a> {
    /// Meta's number for it.
    #[serde(borrow, default)]
    pub code: Scalar<'a>,
}

/// A customer's choice about messages.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Preference<'a> {
    /// The customer's number.
    #[serde(borrow, default)]
    pub wa_id: Scalar<'a>,
    /// Id of a customer whose number is hidden behind a user name.
    #[serde(borrow, default)]
    pub user_id: Scalar<'a>,
    /// Which messages; `marketing_messages` is the only one there is.
    #[serde(borrow, default)]
    pub category: Scalar<'a>,
    /// `stop`, `resume`, `signup`.
    #[serde(borrow, default)]
    pub value: Scalar<'a>,
    /// Seconds since 1970.
    #[serde(borrow, default)]
    pub timestamp: Scalar<'a>,
}

/// A piece of the chats from before.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct History<'a> {
    /// None where the business shares no history.
    #[serde(borrow, default)]
    pub threads: Option<Vec<Thread<'a>>>,
}

/// A chat from before, or a piece of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Thread<'a> {
    /// The customer's number.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// Of both sides, in no order.
    #[serde(borrow, default)]
    pub messages: Option<Vec<Lenient<Message<'a>>>>,
}

/// A key of a delivery.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Entry,
    Object,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Delivery<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DeliveryVisitor(PhantomData))
    }
}

struct DeliveryVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for DeliveryVisitor<'a> {
    type Value = Delivery<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delivery")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Delivery<'a>, A::Error> {
        let mut delivery = Delivery::default();
        while let Some(key) = object.next_key::<Key>()? {
            match key {
                Key::Entry => delivery.entries.extend(object.next_value::<LenientList<Entry<'a>>>()?.0),
                Key::Object => {
                    let name = object.next_value::<Scalar<'a>>()?;
                    delivery.is_foreign = name.as_str().is_some_and(|name| name != OBJECT);
                }
                Key::Other => delivery.entries.extend(object.next_value::<Named<'a>>()?.0),
            }
        }
        Ok(delivery)
    }
}

/// The entries of a value that may be a delivery; none of any other value.
struct Named<'a>(Vec<Entry<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Named<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for NamedVisitor<'a> {
    type Value = Named<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Named<'a>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = object.next_key::<Key>()? {
            match key {
                Key::Entry => entries.extend(object.next_value::<LenientList<Entry<'a>>>()?.0),
                Key::Object | Key::Other => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Named(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Named<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Named(Vec::new()))
    }

    nothing_of_scalars!(Named(Vec::new()));
}
