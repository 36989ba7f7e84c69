//! Events as Twilio's message records: one a line, as the REST interface gives them.

use tapemeasure_model::event::{Author, Direction, EventType};

use super::json::{braces, put, raw, text};
use super::pair;
use crate::calendar::{DAY_US, SECOND_US, date_of};
use crate::event::Event;
use crate::write::digits::append_padded;

/// Name of the format, and of the source that its events get.
pub(super) const SOURCE: &str = "twilio";

/// An invented account.
const ACCOUNT: &str = "AC00000000000000000000000000000acc";

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What message records say of an event; `None` if nothing.
///
/// There are messages on three channels, to whole seconds, with the two addresses for a conversation. Who answered,
/// what about, and that a conversation was closed or a message deleted is not among it; bots and rules are one.
/// Opt-outs and opt-ins are messages of one word.
pub(super) fn told(event: &Event) -> Option<Event> {
    prefix_of(event.channel)?;
    let mut told = *event;
    match (event.event_type, event.author) {
        (EventType::OptedOut | EventType::OptedIn, _) => {}
        (EventType::Message, _) if event.private == Some(true) => return None,
        (EventType::Message, Some(Author::System)) if event.automated != Some(true) => return None,
        (EventType::Message, Some(Author::System)) => told.author = Some(Author::Bot),
        (EventType::Message, _) => {}
        _ => return None,
    }
    told.source = SOURCE;
    told.occurred_at_us -= event.occurred_at_us.rem_euclid(SECOND_US);
    told.conversation_id = Some(pair(event));
    told.automated = event.automated.map(|_| false);
    (told.agent_id, told.team, told.topic) = (None, None, None);
    Some(told)
}

/// Appends the record of an event that was [`told`].
pub(super) fn append(event: &Event, out: &mut Vec<u8>) {
    let inbound = event.direction != Some(Direction::Outbound);
    braces(out, |out| {
        put(out, "sid", |out| sid(event, out));
        text(out, "account_sid", ACCOUNT);
        text(out, "api_version", "2010-04-01");
        put(out, "body", |out| match (event.event_type, &event.body) {
            (EventType::OptedOut, _) => out.extend_from_slice(b"STOP"),
            (EventType::OptedIn, _) => out.extend_from_slice(b"START"),
            (_, Some(body)) => body.append_to(out),
            (_, None) => {}
        });
        for name in ["date_created", "date_sent", "date_updated"] {
            put(out, name, |out| append_rfc_2822(out, event.occurred_at_us));
        }
        let direction = match (inbound, event.author) {
            (true, _) => "inbound",
            (false, Some(Author::Bot)) => "outbound-reply",
            (false, _) => "outbound-api",
        };
        text(out, "direction", direction);
        raw(out, "error_code", "null");
        raw(out, "error_message", "null");
        put(out, if inbound { "from" } else { "to" }, |out| customer(event, out));
        put(out, if inbound { "to" } else { "from" }, |out| service(event, out));
        text(out, "num_media", "0");
        text(out, "num_segments", "1");
        text(out, "status", if inbound { "received" } else { "delivered" });
    });
    out.push(b'\n');
}

/// `SM` and 32 digits, in the order of the events.
fn sid(event: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(b"SM");
    append_padded(out, event.event_id.conversation, 20);
    append_padded(out, event.event_id.number, 12);
}

fn customer(event: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(prefix_of(event.channel).unwrap_or_default().as_bytes());
    event.contact_id.append_to(out);
}

/// The company's address: numbers of the block that is nobody's in Berlin (030 23125 0 to 999), and a page.
fn service(event: &Event, out: &mut Vec<u8>) {
    let address: &[u8] = match event.channel {
        "whatsapp" => b"whatsapp:+493023125002",
        "messenger" => b"messenger:100000000000001",
        _ => b"+493023125001",
    };
    out.extend_from_slice(address);
}

/// What stands before an address; `None` for channels that Twilio's messages do not have.
fn prefix_of(channel: &str) -> Option<&'static str> {
    match channel {
        "sms" => Some(""),
        "whatsapp" => Some("whatsapp:"),
        "messenger" => Some("messenger:"),
        _ => None,
    }
}

/// `Tue, 04 Mar 2025 23:00:05 +0000`.
fn append_rfc_2822(out: &mut Vec<u8>, us: i64) {
    let days = us.div_euclid(DAY_US);
    let (year, month, day) = date_of(days);
    let second = us.rem_euclid(DAY_US) / SECOND_US;
    // 1970-01-01 was a Thursday.
    out.extend_from_slice(WEEKDAYS[(days + 3).rem_euclid(7) as usize].as_bytes());
    out.extend_from_slice(b", ");
    append_padded(out, day.unsigned_abs(), 2);
    out.push(b' ');
    out.extend_from_slice(MONTHS[(month - 1) as usize].as_bytes());
    out.push(b' ');
    append_padded(out, year.unsigned_abs(), 4);
    for (before, part) in [(b' ', second / 3_600), (b':', second / 60 % 60), (b':', second % 60)] {
        out.push(before);
        append_padded(out, part.unsigned_abs(), 2);
    }
    out.extend_from_slice(b" +0000");
}
