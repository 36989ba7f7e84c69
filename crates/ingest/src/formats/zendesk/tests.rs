use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{check_fixture, read, settings};

/// The events' ids, directions and authors.
fn messages(json: &[serde_json::Value]) -> Vec<[String; 3]> {
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    json.iter().map(|event| [text(event, "event_id"), text(event, "direction"), text(event, "author")]).collect()
}

fn recognises(text: &str) -> bool {
    Zendesk.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None })
}

#[test]
fn tickets_with_comments_and_audits() {
    check_fixture(&Zendesk, "zendesk/tickets", &settings(), 8);
}

#[test]
fn pages_of_the_interface() {
    check_fixture(&Zendesk, "zendesk/pages", &settings(), 4);
}

#[test]
fn a_ticket_is_not_torn_from_its_comments_however_it_is_written() {
    let ticket = concat!(
        r#"{"id":1,"requester_id":2,"via":{"channel":"web"},"comments":["#,
        r#"{"id":3,"author_id":2,"body":"a","public":true,"created_at":"2025-03-03T09:00:00Z"}]}"#,
    );
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(ticket).unwrap()).unwrap();
    for text in [ticket.to_owned(), pretty, format!("[{ticket}]"), format!(r#"{{"tickets":[{ticket}],"count":1}}"#)] {
        assert!(recognises(&text), "{text}");
        let kept = read(&Zendesk, &[("x.json", text.as_bytes())], &settings());
        assert_eq!(messages(&kept.json()), [["3", "inbound", "contact"]], "{text}");
        assert_eq!(kept.counts(), (1, 0, 0), "{text}");
    }
}

#[test]
fn the_order_of_files_makes_no_difference_to_roles() {
    let users = br#"{"users":[{"id":7,"role":"agent"},{"id":8,"role":"end-user"}]}"#;
    let comments =
        br#"{"id":3,"ticket_id":1,"author_id":7,"body":"a","public":true,"created_at":"2025-03-03T09:00:00Z"}
{"id":4,"ticket_id":1,"author_id":8,"body":"b","public":true,"created_at":"2025-03-03T09:01:00Z"}"#;
    let expected = [["3", "outbound", "agent"], ["4", "inbound", "contact"]];
    for inputs in [[("u", &users[..]), ("c", &comments[..])], [("c", &comments[..]), ("u", &users[..])]] {
        assert_eq!(messages(&read(&Zendesk, &inputs, &settings()).json()), expected);
    }
}

#[test]
fn audits_know_the_ticket_whose_comments_stand_with_it() {
    let tickets = br#"{"id":1,"requester_id":2,"via":{"channel":"email"},"comments":[
        {"id":3,"author_id":2,"body":"a","public":true,"created_at":"2025-03-03T09:00:00Z"}]}"#;
    let audits = br#"{"audits":[{"id":6,"ticket_id":1,"author_id":7,"created_at":"2025-03-03T09:10:00Z","events":[
        {"id":4,"type":"TpeVoiceComment","body":"b","public":true},
        {"id":5,"type":"Change","field_name":"status","previous_value":"new","value":"solved"}]}]}"#;
    let kept = read(&Zendesk, &[("t", &tickets[..]), ("a", &audits[..])], &settings());
    assert_eq!(kept.counts(), (3, 0, 0));
    let json = kept.json();
    assert_eq!(messages(&json[..2]), [["3", "inbound", "contact"], ["4", "outbound", "agent"]]);
    for (event, channel) in json[1..].iter().zip(["voice", "email"]) {
        assert_eq!(event["channel"], channel);
        assert_eq!(event["contact_id"], "2");
    }
}

#[test]
fn users_among_tickets_are_no_reject() {
    let lines = concat!(
        r#"{"id":1,"requester_id":2,"comments":[{"id":3,"author_id":8,"created_at":"2025-03-03T09:00:00Z"}]}"#,
        "\n",
        r#"{"users":[{"id":8,"role":"end-user"}]}"#
    );
    let kept = read(&Zendesk, &[("x", lines.as_bytes())], &settings());
    assert_eq!(messages(&kept.json()), [["3", "inbound", "contact"]]);
    assert_eq!(kept.counts(), (1, 0, 1));
}

#[test]
fn lists_of_the_user_outrank_roles() {
    let ticket = br#"{"id":1,"requester_id":2,"via":{"channel":"web"},
        "users":[{"id":2,"role":"end-user"},{"id":7,"role":"agent","email":"robot@example.com"}],
        "comments":[{"id":3,"author_id":7,"body":"a","public":true,"created_at":"2025-03-03T09:00:00Z"},
                    {"id":4,"author_id":2,"body":"a","public":true,"created_at":"2025-03-03T09:00:00Z"}]}"#;
    let mut settings = settings();
    settings.bots = Names::new(["robot@example.com"]);
    settings.agents = Names::new(["2"]);
    let kept = read(&Zendesk, &[("x", &ticket[..])], &settings);
    assert_eq!(messages(&kept.json()), [["3", "outbound", "bot"], ["4", "outbound", "agent"]]);
}

#[test]
fn null_and_odd_fields_do_not_cost_the_ticket() {
    let ticket =
        br#"{"id":"1","requester_id":2,"via":null,"tags":{"a":1},"audits":null,"users":[null,"x"],"follower_ids":null,
        "metric_set":"x","ticket":12,"email_cc_ids":"5,6","collaborator_ids":{},
        "comments":[{"id":3,"author_id":2,"body":null,"public":null,"via":"Mail","value":[1],
        "created_at":"2025-03-03T09:00:00Z"}]}"#;
    let kept = read(&Zendesk, &[("x", &ticket[..])], &settings());
    assert_eq!(messages(&kept.json()), [["3", "inbound", "contact"]]);
    assert_eq!(kept.json()[0]["channel"], "email");
}

#[test]
fn statuses_step_between_work_and_done() {
    let step = |before: &str, after: &str| {
        let audit = format!(
            r#"{{"id":1,"ticket_id":5,"created_at":"2025-03-03T09:00:00Z","author_id":7,"via":{{"channel":"web"}},
            "events":[{{"id":9,"type":"Change","field_name":"status","previous_value":{before},"value":"{after}"}}]}}"#
        );
        let json = read(&Zendesk, &[("x", audit.as_bytes())], &settings()).json();
        json.first().and_then(|event| event["event_type"].as_str()).unwrap_or("nothing").to_owned()
    };
    for (before, after, expected) in [
        (r#""open""#, "solved", "closed"),
        (r#""pending""#, "closed", "closed"),
        (r#""new""#, "deleted", "closed"),
        ("null", "solved", "closed"),
        (r#""solved""#, "closed", "nothing"),
        (r#""solved""#, "open", "reopened"),
        (r#""solved""#, "hold", "reopened"),
        (r#""open""#, "pending", "nothing"),
        ("null", "new", "nothing"),
    ] {
        assert_eq!(step(before, after), expected, "{before} to {after}");
    }
}

#[test]
fn the_beginning_suffices_and_others_are_left_alone() {
    let ticket = r#"{"comments":[{"id":3,"type":"Comment","author_id":2,"body":"a","html_body":"b","public":true,"au"#;
    for text in [
        ticket,
        "rubbish\n{\"id\":1,\"requester_id\":2,\"via\":{\"channel\":\"web\"},\"subj",
        r#"{"ticket_events":[{"id":1,"ticket_id":2,"child_events":[{"id":3,"#,
        r#"{"id":1,"url":"x","name":"Anna","role":"end-user","#,
        r#"{"audits":[{"id":1,"ticket_id":2,"author_id":3,"events":[{"id":4,"type":"Create","#,
    ] {
        assert!(recognises(text), "{text}");
    }
    for text in [
        r#"{"source":"s","event_id":"e","occurred_at":"2025-03-03T09:00:00Z","event_type":"message"}"#,
        r#"{"id":1,"role":"admin","name":"x"}"#,
        r#"{"type":"conversation","id":"1","source":{"author":{"type":"user"}},"conversation_parts":{}}"#,
        r#"{"requester_id":1,"responder_id":2,"source":2}"#,
        "id,requester_id,via.channel\n1,2,web\n",
    ] {
        assert!(!recognises(text), "{text}");
    }
}
