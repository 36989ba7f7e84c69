//! The examples of the documentation, word for word.

use super::*;

#[test]
fn the_shortest_mapping_gives_three_events() {
    let text = r#"
[input]
zone = "Europe/Berlin"                  # the times above are German times
time_format = "%Y-%m-%d %H:%M"

[fields]                                # what all events have
conversation_id = "{Ticket}"
team = "{Team}"

[[event]]                               # a row is an opening ...
type = "opened"
id = "opened:{Ticket}"
time = "{Created}"

[[event]]                               # ... and a close, once there is a time for it
type = "closed"
id = "closed:{Ticket}"
time = "{Done}"
"#;
    let input = "Ticket,Created,Done,Team\n\
                 4711,2025-03-03 09:00,2025-03-03 17:30,Returns\n\
                 4712,2025-03-03 09:10,,Billing\n";
    let events = concat!(
        r#"{"source":"m","event_id":"opened:4711","occurred_at":"2025-03-03T08:00:00.000000Z","#,
        r#""event_type":"opened","conversation_id":"4711","team":"Returns"}"#,
        "\n",
        r#"{"source":"m","event_id":"closed:4711","occurred_at":"2025-03-03T16:30:00.000000Z","#,
        r#""event_type":"closed","conversation_id":"4711","team":"Returns"}"#,
        "\n",
        r#"{"source":"m","event_id":"opened:4712","occurred_at":"2025-03-03T08:10:00.000000Z","#,
        r#""event_type":"opened","conversation_id":"4712","team":"Billing"}"#,
        "\n",
    );
    check(text, input, events, &[], 0);
}

#[test]
fn tickets_with_comments_in_json_give_four_events() {
    let text = r#"
[input]
time_format = "epoch_s"

[people]
agents = ["shop.example"]               # everybody with an address there

[fields]
source = "shop"
conversation_id = "{ticket.id}"
contact_id = "{ticket.from}"
channel = "email"
topic = "{ticket.tags.0}"

[[event]]
type = "message"
each = { list = "comments", as = "comment" }
id = "{ticket.id}:{comment.no}"         # numbers of comments begin anew in each ticket
time = { path = "comment.at", empty = "reject" }
direction = { role_of = "comment.by" }
author = { role_of = "comment.by" }
agent_id = { agent_of = "comment.by" }
private = "{comment.internal}"
body = "{comment.text}"

[[event]]
type = "closed"
id = "closed:{ticket.id}"
time = "{solved.at}"
automated = { path = "solved.how", is = "timer" }
"#;
    let input = concat!(
        r#"{"ticket": {"id": 7, "from": "anna@home.example", "tags": ["late"]}, "comments": ["#,
        r#"{"no": 1, "by": "anna@home.example", "at": 1740992400, "text": "Where is my parcel?", "internal": false}, "#,
        r#"{"no": 2, "by": "mia@shop.example", "at": 1740992520, "text": "ask the depot", "internal": true}, "#,
        r#"{"no": 3, "by": "mia@shop.example", "at": 1740993000, "text": "It comes today", "internal": false}], "#,
        r#""solved": {"at": 1741010400, "how": "timer"}}"#,
        "\n",
    );
    let events = concat!(
        r#"{"source":"shop","event_id":"7:1","occurred_at":"2025-03-03T09:00:00.000000Z","event_type":"message","#,
        r#""conversation_id":"7","contact_id":"anna@home.example","channel":"email","direction":"inbound","#,
        r#""author":"contact","topic":"late","body":"Where is my parcel?"}"#,
        "\n",
        r#"{"source":"shop","event_id":"7:2","occurred_at":"2025-03-03T09:02:00.000000Z","event_type":"message","#,
        r#""conversation_id":"7","contact_id":"anna@home.example","channel":"email","direction":"outbound","#,
        r#""author":"agent","agent_id":"mia@shop.example","topic":"late","private":true,"body":"ask the depot"}"#,
        "\n",
        r#"{"source":"shop","event_id":"7:3","occurred_at":"2025-03-03T09:10:00.000000Z","event_type":"message","#,
        r#""conversation_id":"7","contact_id":"anna@home.example","channel":"email","direction":"outbound","#,
        r#""author":"agent","agent_id":"mia@shop.example","topic":"late","body":"It comes today"}"#,
        "\n",
        r#"{"source":"shop","event_id":"closed:7","occurred_at":"2025-03-03T14:00:00.000000Z","event_type":"closed","#,
        r#""conversation_id":"7","contact_id":"anna@home.example","channel":"email","topic":"late","automated":true}"#,
        "\n",
    );
    check(text, input, events, &[], 0);
}
