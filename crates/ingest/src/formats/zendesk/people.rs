//! Who of Zendesk's users is a customer, an agent, a bot.

use super::record::{Kind, Outline, User};
use super::ticket::Ticket;
use crate::formats::FormatSettings;
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::names::Names;
use crate::formats::adapter::scalar::Scalar;

/// Table of [`Lookups`]: roles by user id.
const TABLE: &str = "zendesk role";

/// Author of what Zendesk does by itself.
pub const SYSTEM_USER: &str = "-1";

/// What a user is to the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An end user.
    Customer,
    /// An agent or administrator.
    Agent,
    /// A program.
    Bot,
}

impl Role {
    /// Its text in the table, where the greater one stands: somebody who once was an agent is one.
    const fn code(self) -> &'static str {
        match self {
            Self::Customer => "1",
            Self::Agent => "2",
            Self::Bot => "3",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Customer, Self::Agent, Self::Bot].into_iter().find(|role| role.code() == code)
    }

    /// By the name in a user's `role`. A custom role of the company is an `agent` there.
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "end-user" => Some(Self::Customer),
            "agent" | "admin" => Some(Self::Agent),
            _ => None,
        }
    }
}

/// Tells what users are.
#[derive(Debug)]
pub struct People {
    agents: Names,
    bots: Names,
}

impl People {
    /// With the user's lists, which outrank what Zendesk says.
    pub fn new(settings: &FormatSettings) -> Self {
        Self { agents: settings.agents.clone(), bots: settings.bots.clone() }
    }

    /// Keeps the role of a user that is a record by itself, or those of the users that came with a ticket.
    pub fn keep(&self, record: &Outline<'_>, lookups: &Lookups) {
        let keep = |id: &Scalar<'_>, role: &Scalar<'_>, email: &Scalar<'_>| {
            if let Some(id) = id.as_str()
                && let Some(role) = self.listed(id, email.as_str()).or_else(|| role.as_str().and_then(Role::from_name))
            {
                lookups.put(TABLE, id, role.code());
            }
        };
        if record.kind() == Kind::User {
            keep(&record.id, &record.role, &record.email);
        }
        let within = record.ticket.as_deref().and_then(|ticket| ticket.users.as_deref());
        for user in record.users.as_deref().or(within).unwrap_or_default() {
            keep(&user.id, &user.role, &user.email);
        }
    }

    /// What the author of a comment is: by the user's lists, the users that came with the ticket, those of any record;
    /// else by the ticket. `None` if nothing tells.
    pub fn role(&self, author: &str, is_private: bool, ticket: &Ticket<'_>, lookups: &Lookups) -> Option<Role> {
        if author == SYSTEM_USER {
            return Some(Role::Bot);
        }
        let user = ticket.users.iter().find(|user| user.id.as_str() == Some(author));
        self.listed(author, user.and_then(|user| user.email.as_str()))
            .or_else(|| user.and_then(role_of))
            .or_else(|| lookups.get(TABLE, author).and_then(|code| Role::from_code(&code)))
            .or_else(|| guess(author, is_private, ticket))
    }

    fn listed(&self, id: &str, email: Option<&str>) -> Option<Role> {
        let is_in = |names: &Names| {
            !names.is_empty() && (names.contains(id) || email.is_some_and(|email| names.contains_address(email)))
        };
        if is_in(&self.bots) {
            Some(Role::Bot)
        } else if is_in(&self.agents) {
            Some(Role::Agent)
        } else {
            None
        }
    }
}

fn role_of(user: &User<'_>) -> Option<Role> {
    user.role.as_str().and_then(Role::from_name)
}

/// The role of an author whom no list of users has. The requester is the customer; only agents write notes, open
/// tickets for others, have them and follow them; who is copied and none of these is a customer; anybody else who may
/// write in the ticket is an agent.
fn guess(author: &str, is_private: bool, ticket: &Ticket<'_>) -> Option<Role> {
    let is_among = |ids: &[Scalar<'_>]| ids.iter().any(|id| id.as_str() == Some(author));
    if ticket.requester == Some(author) {
        return Some(Role::Customer);
    }
    if is_private || [ticket.submitter, ticket.assignee].contains(&Some(author)) || is_among(ticket.followers) {
        return Some(Role::Agent);
    }
    // Without the requester it cannot be told who is not the requester.
    ticket.requester?;
    Some(if ticket.copied.iter().any(|ids| is_among(ids)) { Role::Customer } else { Role::Agent })
}
