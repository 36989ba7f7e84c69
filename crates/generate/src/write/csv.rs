//! Events as CSV: a header line, columns in the order of kpi-rules section 1, empty where a field does not apply.

use crate::event::Event;
use crate::write::digits::append_instant;

/// The header line.
pub(super) const HEADER: &[u8] = b"source,event_id,occurred_at,event_type,conversation_id,contact_id,channel,\
direction,author,agent_id,team,topic,private,automated,target_event_id,body\n";

/// Appends the line of an event.
///
/// Only the body holds commas, and it stands in quotes; no text of the generator holds a quote or a line break.
pub(super) fn append(event: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(event.source.as_bytes());
    out.push(b',');
    event.event_id.append_to(out);
    out.push(b',');
    append_instant(out, event.occurred_at_us);
    out.push(b',');
    out.extend_from_slice(event.event_type.as_str().as_bytes());
    out.push(b',');
    if let Some(conversation) = event.conversation_id {
        conversation.append_to(out);
    }
    out.push(b',');
    event.contact_id.append_to(out);
    append_text(Some(event.channel), out);
    append_text(event.direction.map(|direction| direction.as_str()), out);
    append_text(event.author.map(|author| author.as_str()), out);
    out.push(b',');
    if let Some(agent) = event.agent_id {
        agent.append_to(out);
    }
    append_text(event.team, out);
    append_text(event.topic, out);
    append_text(event.private.map(bool_text), out);
    append_text(event.automated.map(bool_text), out);
    out.push(b',');
    if let Some(target) = event.target_event_id {
        target.append_to(out);
    }
    out.push(b',');
    if let Some(body) = event.body {
        out.push(b'"');
        body.append_to(out);
        out.push(b'"');
    }
    out.push(b'\n');
}

/// Appends a comma and the value.
fn append_text(value: Option<&'static str>, out: &mut Vec<u8>) {
    out.push(b',');
    if let Some(value) = value {
        out.extend_from_slice(value.as_bytes());
    }
}

fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
