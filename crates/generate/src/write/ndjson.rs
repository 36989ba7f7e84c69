//! Events as NDJSON: one object a line, texts in the order of kpi-rules section 1, then booleans.

use crate::event::Event;
use crate::write::digits::append_instant;

/// Appends the line of an event.
///
/// Nothing is escaped: every text of the generator is printable ASCII without quotes and backslashes, which `texts`
/// proves while compiling and the ids are by their digits.
pub(super) fn append(event: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"source\":\"");
    out.extend_from_slice(event.source.as_bytes());
    out.extend_from_slice(b"\",\"event_id\":\"");
    event.event_id.append_to(out);
    out.extend_from_slice(b"\",\"occurred_at\":\"");
    append_instant(out, event.occurred_at_us);
    out.extend_from_slice(b"\",\"event_type\":\"");
    out.extend_from_slice(event.event_type.as_str().as_bytes());
    if let Some(conversation) = event.conversation_id {
        out.extend_from_slice(b"\",\"conversation_id\":\"");
        conversation.append_to(out);
    }
    out.extend_from_slice(b"\",\"contact_id\":\"");
    event.contact_id.append_to(out);
    append_text(b"\",\"channel\":\"", Some(event.channel), out);
    append_text(b"\",\"direction\":\"", event.direction.map(|direction| direction.as_str()), out);
    append_text(b"\",\"author\":\"", event.author.map(|author| author.as_str()), out);
    if let Some(agent) = event.agent_id {
        out.extend_from_slice(b"\",\"agent_id\":\"");
        agent.append_to(out);
    }
    append_text(b"\",\"team\":\"", event.team, out);
    append_text(b"\",\"topic\":\"", event.topic, out);
    if let Some(target) = event.target_event_id {
        out.extend_from_slice(b"\",\"target_event_id\":\"");
        target.append_to(out);
    }
    if let Some(body) = event.body {
        out.extend_from_slice(b"\",\"body\":\"");
        body.append_to(out);
    }
    // The last text is still open; booleans have no quotes, so they come after it.
    out.push(b'"');
    append_bool(b",\"private\":", event.private, out);
    append_bool(b",\"automated\":", event.automated, out);
    out.extend_from_slice(b"}\n");
}

/// Appends `key`, which closes the text before it and opens a new one, and the value.
fn append_text(key: &[u8], value: Option<&'static str>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.extend_from_slice(key);
        out.extend_from_slice(value.as_bytes());
    }
}

fn append_bool(key: &[u8], value: Option<bool>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.extend_from_slice(key);
        let text = if value { "true" } else { "false" };
        out.extend_from_slice(text.as_bytes());
    }
}
