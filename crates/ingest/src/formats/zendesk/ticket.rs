//! What is known of the ticket that a comment or a change belongs to.

use std::borrow::Cow;

use super::record::{Record, User};
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::scalar::Scalar;

/// Table of [`Lookups`]: tickets by id, for comments and audits that come by themselves.
const TABLE: &str = "zendesk ticket";

/// Stands between the values of a ticket in the table; no id, channel or tag has it.
const SEPARATOR: &str = "\u{1f}";

/// A ticket, as far as it is known. Absent is unknown.
#[derive(Debug, Clone)]
pub struct Ticket<'r> {
    /// The conversation.
    pub id: &'r str,
    /// The customer.
    pub requester: Option<&'r str>,
    /// Who opened it, for himself or for the requester.
    pub submitter: Option<&'r str>,
    /// The agent who has it.
    pub assignee: Option<&'r str>,
    /// Agents who follow it.
    pub followers: &'r [Scalar<'r>],
    /// People who are copied, in two lists.
    pub copied: [&'r [Scalar<'r>]; 2],
    /// Users that came with it.
    pub users: &'r [User<'r>],
    /// The channel on which it began.
    pub channel: Option<Cow<'r, str>>,
    /// Id of the group that has it.
    pub team: Option<&'r str>,
    /// Its first tag, else its type.
    pub topic: Option<&'r str>,
}

impl<'r> Ticket<'r> {
    /// A ticket of which nothing is known.
    fn unknown(id: &'r str) -> Self {
        Self {
            id,
            requester: None,
            submitter: None,
            assignee: None,
            followers: &[],
            copied: [&[], &[]],
            users: &[],
            channel: None,
            team: None,
            topic: None,
        }
    }

    /// A ticket with its fields.
    pub fn of<E, A>(id: &'r str, fields: &'r Record<'_, E, A>) -> Self {
        Self {
            id,
            requester: fields.requester_id.as_str(),
            submitter: fields.submitter_id.as_str(),
            assignee: fields.assignee_id.as_str(),
            followers: fields.follower_ids.as_deref().unwrap_or_default(),
            copied: [
                fields.email_cc_ids.as_deref().unwrap_or_default(),
                fields.collaborator_ids.as_deref().unwrap_or_default(),
            ],
            users: fields.users.as_deref().unwrap_or_default(),
            channel: fields.via.channel(),
            team: fields.group_id.as_str(),
            topic: fields.tags.0.as_deref().or(fields.kind.as_str()),
        }
    }

    /// Keeps what comments and audits of other records need.
    pub fn keep(&self, lookups: &Lookups) {
        let values = [self.requester, self.channel.as_deref(), self.team, self.topic];
        lookups.put(TABLE, self.id, &values.map(Option::unwrap_or_default).join(SEPARATOR));
    }

    /// What [`Ticket::keep`] kept, for [`Ticket::kept`].
    pub fn find(id: &str, lookups: &Lookups) -> Option<String> {
        lookups.get(TABLE, id)
    }

    /// A ticket of which only this is known.
    pub fn kept(id: &'r str, values: Option<&'r str>) -> Self {
        let mut values =
            values.unwrap_or_default().split(SEPARATOR).map(|value| Some(value).filter(|value| !value.is_empty()));
        let mut next = || values.next().flatten();
        Self { requester: next(), channel: next().map(Cow::Borrowed), team: next(), topic: next(), ..Self::unknown(id) }
    }
}
