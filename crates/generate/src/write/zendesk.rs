//! Conversations as Zendesk's tickets: one a line, with its comments, audits and users.

use tapemeasure_model::event::{Author, Direction, EventType};

use super::json::{braces, list, number, one, put, raw, text};
use crate::calendar::SECOND_US;
use crate::event::{ConversationId, Event, EventId};
use crate::people::Agent;
use crate::tables::TEAMS;
use crate::write::digits::{append_instant, append_number};

/// Name of the format, and of the source that its events get.
pub(super) const SOURCE: &str = "zendesk";

/// Ids of comments and changes begin here, so that all have as many digits and their order is that of the events.
const FIRST_ID: u64 = 100_000_000_000_000;

/// What a ticket says of an event; `None` if nothing.
///
/// To whole seconds. A ticket knows its last group and its last tags only, and gives them to everything. Comments of
/// bots and rules are the system's. It says nothing of `opened` (the first comment opens), of snoozes, handoffs and
/// deletions, and of when a tag was set. Opt-outs and opt-ins are comments of one word.
pub(super) fn told(event: &Event, conversation: &[Event]) -> Option<Event> {
    let mut told = *event;
    match (event.event_type, event.author) {
        (EventType::Message, Some(Author::System)) if event.automated != Some(true) => return None,
        (EventType::Message, Some(Author::System | Author::Bot)) => {
            told.author = Some(Author::Bot);
            told.automated = Some(true);
        }
        (EventType::Message | EventType::Assigned | EventType::OptedOut | EventType::OptedIn, _) => {}
        (EventType::Closed | EventType::Reopened, _) => told.agent_id = None,
        _ => return None,
    }
    told.source = SOURCE;
    told.occurred_at_us -= event.occurred_at_us.rem_euclid(SECOND_US);
    told.conversation_id = Some(ConversationId(event.event_id.conversation));
    told.team = last(conversation, |event| event.team);
    told.topic = last(conversation, |event| event.topic);
    Some(told)
}

/// Appends the ticket of a conversation whose events were [`told`], and gives the number of tickets: none for a
/// conversation without any event.
pub(super) fn append(told: &[Event], out: &mut Vec<u8>) -> u64 {
    let (Some(first), Some(last)) = (told.first(), told.last()) else { return 0 };
    let is_comment =
        |event: &&Event| matches!(event.event_type, EventType::Message | EventType::OptedOut | EventType::OptedIn);
    let assigned = |event: &&Event| event.event_type == EventType::Assigned;
    let done = told
        .iter()
        .rfind(|event| matches!(event.event_type, EventType::Closed | EventType::Reopened))
        .is_some_and(|event| event.event_type == EventType::Closed);
    let mut agents: Vec<Agent> = Vec::new();
    for agent in told.iter().filter_map(|event| event.agent_id) {
        if !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    braces(out, |out| {
        number(out, "id", first.event_id.conversation + 1);
        put(out, "created_at", |out| append_instant(out, first.occurred_at_us));
        put(out, "updated_at", |out| append_instant(out, last.occurred_at_us));
        text(out, "status", if done { "solved" } else { "open" });
        number(out, "requester_id", first.contact_id.id_number());
        number(out, "submitter_id", first.contact_id.id_number());
        match told.iter().rfind(assigned).and_then(|event| event.agent_id) {
            Some(agent) => number(out, "assignee_id", user(agent)),
            None => raw(out, "assignee_id", "null"),
        }
        match first.team.and_then(|team| TEAMS.iter().position(|known| *known == team)) {
            Some(team) => number(out, "group_id", team as u64 + 1),
            None => raw(out, "group_id", "null"),
        }
        list(out, "tags", first.topic, |topic, out| {
            out.push(b'"');
            out.extend_from_slice(topic.as_bytes());
            out.push(b'"');
        });
        raw(out, "via", via_of(first.channel));
        list(out, "comments", told.iter().filter(is_comment), |event, out| braces(out, |out| comment(event, out)));
        let changes = told.iter().filter(|event| !is_comment(event));
        list(out, "audits", changes, |event, out| braces(out, |out| audit(event, out)));
        list(out, "users", std::iter::once(None).chain(agents.iter().copied().map(Some)), |agent, out| {
            braces(out, |out| {
                number(out, "id", agent.map_or(first.contact_id.id_number(), user));
                text(out, "role", if agent.is_some() { "agent" } else { "end-user" });
            });
        });
    });
    out.push(b'\n');
    1
}

fn comment(event: &Event, out: &mut Vec<u8>) {
    number(out, "id", id_of(event.event_id));
    text(out, "type", "Comment");
    match (event.direction, event.agent_id) {
        (Some(Direction::Outbound), Some(agent)) => number(out, "author_id", user(agent)),
        (Some(Direction::Outbound), None) => raw(out, "author_id", "-1"),
        _ => number(out, "author_id", event.contact_id.id_number()),
    }
    put(out, "body", |out| match (event.event_type, &event.body) {
        (EventType::OptedOut, _) => out.extend_from_slice(b"STOP"),
        (EventType::OptedIn, _) => out.extend_from_slice(b"START"),
        (_, Some(body)) => body.append_to(out),
        (_, None) => {}
    });
    raw(out, "public", if event.private == Some(true) { "false" } else { "true" });
    put(out, "created_at", |out| append_instant(out, event.occurred_at_us));
    let by_rule = event.automated == Some(true);
    raw(out, "via", if by_rule { r#"{"channel":"rule","source":{"rel":"trigger"}}"# } else { via_of(event.channel) });
}

/// A change, with the comments left out: they stand by themselves.
fn audit(event: &Event, out: &mut Vec<u8>) {
    let id = id_of(event.event_id);
    let by_rule = event.automated == Some(true);
    number(out, "id", id);
    number(out, "ticket_id", event.event_id.conversation + 1);
    put(out, "created_at", |out| append_instant(out, event.occurred_at_us));
    match event.agent_id {
        Some(agent) if event.event_type != EventType::Assigned => number(out, "author_id", user(agent)),
        _ => raw(out, "author_id", "-1"),
    }
    raw(
        out,
        "via",
        if by_rule { r#"{"channel":"rule","source":{"rel":"automation"}}"# } else { r#"{"channel":"web"}"# },
    );
    one(out, "events", |out| {
        number(out, "id", id);
        text(out, "type", "Change");
        match (event.event_type, event.agent_id) {
            (EventType::Assigned, Some(agent)) => {
                text(out, "field_name", "assignee_id");
                put(out, "value", |out| append_number(out, user(agent)));
            }
            (EventType::Closed, _) => status("open", "solved", out),
            _ => status("solved", "open", out),
        }
    });
}

fn status(from: &str, to: &str, out: &mut Vec<u8>) {
    text(out, "field_name", "status");
    text(out, "value", to);
    text(out, "previous_value", from);
}

/// The last value that any event of a conversation has.
fn last<T>(conversation: &[Event], value: impl Fn(&Event) -> Option<T>) -> Option<T> {
    conversation.iter().rev().find_map(value)
}

fn id_of(id: EventId) -> u64 {
    FIRST_ID + id.conversation * 1_000 + id.number
}

/// Id of an agent as a user: far from those of contacts, which begin at 1.
fn user(agent: Agent) -> u64 {
    900_000_000_000 + agent.id_number()
}

/// How a customer's comment came.
fn via_of(channel: &str) -> &'static str {
    match channel {
        "whatsapp" => r#"{"channel":"whatsapp"}"#,
        "web_chat" => r#"{"channel":"chat"}"#,
        "email" => r#"{"channel":"email"}"#,
        "messenger" => r#"{"channel":"facebook","source":{"rel":"message"}}"#,
        "sms" => r#"{"channel":"sms"}"#,
        "instagram" => r#"{"channel":"instagram_dm"}"#,
        _ => r#"{"channel":"api"}"#,
    }
}
