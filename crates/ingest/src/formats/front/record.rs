//! Messages, comments and events of Front's interface, and what its webhooks send, as they are written.
//!
//! One type holds all of them, because an event has a message, a comment, a tag, a teammate or an inbox as its target:
//! what is not of a kind is absent.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::adapter::lenient::{Each, First};
use crate::formats::adapter::scalar::Scalar;

/// A resource of the interface. The field names are Front's
/// (<https://github.com/frontapp/front-api-specs>, `core-api/core-api.json`).
#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    /// `msg_..`, `com_..`, `evt_..`, `tag_..`, `tea_..`, `inb_..`.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// Of an event what happened, of a message the kind of channel.
    #[serde(borrow, default, rename = "type")]
    pub kind: Scalar<'a>,
    /// Of a message: whether the customer sent it.
    #[serde(borrow, default)]
    pub is_inbound: Scalar<'a>,
    /// Of a message: when it was sent or received, in seconds since 1970 with a fraction.
    #[serde(borrow, default)]
    pub created_at: Scalar<'a>,
    /// Of a message: `private` or `shared` while it is a draft.
    #[serde(borrow, default)]
    pub draft_mode: Scalar<'a>,
    /// The same in the older interface.
    #[serde(borrow, default)]
    pub is_draft: Scalar<'a>,
    /// Of a message: why it could not be sent; it is a draft again.
    #[serde(borrow, default)]
    pub error_type: Scalar<'a>,
    /// Of a message its text, in mail its HTML; of a comment its text.
    #[serde(borrow, default)]
    pub body: Scalar<'a>,
    /// Of a mail: its text without HTML.
    #[serde(borrow, default)]
    pub text: Scalar<'a>,
    /// Of a message or comment: the teammate who wrote it.
    #[serde(borrow, default)]
    pub author: First<Teammate<'a>>,
    /// Of a message: who it is from and to.
    #[serde(borrow, default)]
    pub recipients: Each<Recipient<'a>>,
    /// Links to other resources.
    #[serde(borrow, default, rename = "_links")]
    pub links: First<Links<'a>>,
    /// Of a comment: when it was written, in seconds since 1970 with a fraction.
    #[serde(borrow, default)]
    pub posted_at: Scalar<'a>,
    /// Of a tag or inbox.
    #[serde(borrow, default)]
    pub name: Scalar<'a>,
    /// Of an event: when it happened, in seconds since 1970 with a fraction.
    #[serde(borrow, default)]
    pub emitted_at: Scalar<'a>,
    /// Of an event: who or what did it.
    #[serde(borrow, default)]
    pub source: First<Box<Side<'a>>>,
    /// Of an event: what it was done to.
    #[serde(borrow, default)]
    pub target: First<Box<Side<'a>>>,
    /// Of an event: where it happened.
    #[serde(borrow, default)]
    pub conversation: First<Conversation<'a>>,
    /// Of a delivery of an application's webhook: whose events it tells of.
    #[serde(default)]
    pub authorization: First<IgnoredAny>,
    /// Of such a delivery: the event (<https://dev.frontapp.com/docs/application-webhooks>).
    #[serde(borrow, default)]
    pub payload: First<Box<Record<'a>>>,
}

impl Record<'_> {
    /// Id of the conversation that a message or comment links to.
    pub fn linked_conversation(&self) -> Option<&str> {
        id_of(self.links.get()?.related.get()?.conversation.as_str()?)
    }
}

/// A user of Front, or what acts as one.
#[derive(Debug, Deserialize)]
pub struct Teammate<'a> {
    /// `tea_..`.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// `user`, `visitor`; of what is no human `rule`, `api`, `ai`, ...
    #[serde(borrow, default, rename = "type")]
    pub kind: Scalar<'a>,
    /// Handle for mentions.
    #[serde(borrow, default)]
    pub username: Scalar<'a>,
    /// Address.
    #[serde(borrow, default)]
    pub email: Scalar<'a>,
}

/// One end of a message.
#[derive(Debug, Deserialize)]
pub struct Recipient<'a> {
    /// Address, number or name on the channel.
    #[serde(borrow, default)]
    pub handle: Scalar<'a>,
    /// `from`, `to`, `cc`, `bcc`, `reply-to`.
    #[serde(borrow, default)]
    pub role: Scalar<'a>,
    /// Link to the contact.
    #[serde(borrow, default, rename = "_links")]
    pub links: First<Links<'a>>,
}

impl Recipient<'_> {
    /// Id of the contact, if Front knows one.
    pub fn contact(&self) -> Option<&str> {
        id_of(self.links.get()?.related.get()?.contact.as_str()?)
    }
}

/// Links of a resource.
#[derive(Debug, Deserialize)]
pub struct Links<'a> {
    /// To other resources.
    #[serde(borrow, default)]
    pub related: First<Related<'a>>,
}

/// Links to other resources.
#[derive(Debug, Deserialize)]
pub struct Related<'a> {
    /// Of a message or comment.
    #[serde(borrow, default)]
    pub conversation: Scalar<'a>,
    /// Of a recipient.
    #[serde(borrow, default)]
    pub contact: Scalar<'a>,
}

/// Source or target of an event.
#[derive(Debug, Deserialize)]
pub struct Side<'a> {
    /// What `data` is.
    #[serde(borrow, default, rename = "_meta")]
    pub meta: First<Meta<'a>>,
    /// The resource; of several the first.
    #[serde(borrow, default)]
    pub data: First<Box<Record<'a>>>,
}

impl Side<'_> {
    /// Whether it is a resource of this type: `rule`, `teammate`, `inboxes`, `message`, ...
    pub fn is(&self, kind: &str) -> bool {
        self.meta.get().and_then(|meta| meta.kind.as_str()) == Some(kind)
    }
}

/// What a source or target is.
#[derive(Debug, Deserialize)]
pub struct Meta<'a> {
    /// Type of the resource.
    #[serde(borrow, default, rename = "type")]
    pub kind: Scalar<'a>,
}

/// The conversation of an event.
#[derive(Debug, Deserialize)]
pub struct Conversation<'a> {
    /// `cnv_..`.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// `conversation`; `discussion` and `task` are among teammates.
    #[serde(borrow, default, rename = "type")]
    pub kind: Scalar<'a>,
}

/// The id at the end of a link: `cnv_1` of `https://api2.frontapp.com/conversations/cnv_1`.
fn id_of(link: &str) -> Option<&str> {
    let path = link.split(['?', '#']).next()?;
    path.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_alone_and_in_lists() {
        let cases = [
            (r#"{"data":{"id":"a"},"_meta":{"type":"tag"}}"#, Some("a")),
            (r#"{"data":[null,{"id":"a"},{"id":"b"}],"_meta":{"type":"tag"}}"#, Some("a")),
            (r#"{"data":[],"_meta":{"type":"tag"}}"#, None),
            (r#"{"data":"a","_meta":{"type":"tag"}}"#, None),
            (r#"{"data":null,"_meta":{"type":"tag"}}"#, None),
            (r#"{"data":1.5,"_meta":{"type":"tag"}}"#, None),
        ];
        for (json, id) in cases {
            let side: Side<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(side.data.get().and_then(|data| data.id.as_str()), id, "{json}");
            assert!(side.is("tag") && !side.is("rule"), "{json}");
        }
    }

    #[test]
    fn odd_recipients_cost_themselves() {
        let cases: [(&str, &[&str]); 5] = [
            (r#"{"recipients":[null,{"handle":"a"},"b",{"handle":"c"}]}"#, &["a", "c"]),
            (r#"{"recipients":{"handle":"a"}}"#, &["a"]),
            (r#"{"recipients":"a"}"#, &[]),
            (r#"{"recipients":null}"#, &[]),
            ("{}", &[]),
        ];
        for (json, handles) in cases {
            let record: Record<'_> = serde_json::from_str(json).unwrap();
            let found: Vec<&str> = record.recipients.get().iter().filter_map(|one| one.handle.as_str()).collect();
            assert_eq!(found, handles, "{json}");
        }
    }

    #[test]
    fn ids_are_read_from_links() {
        for link in ["https://x.api.frontapp.com/conversations/cnv_1", "/cnv_1/", "cnv_1", "/a/cnv_1?referer=b/c"] {
            assert_eq!(id_of(link), Some("cnv_1"), "{link}");
        }
        assert_eq!(id_of("/"), None);
    }
}
