use super::super::adapter::names::Names;
use super::super::testing::{check_fixture, read, settings};
use super::*;

fn delivery(field: &str, items: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"value":{{"messaging_product":"whatsapp",
        "metadata":{{"display_phone_number":"15550783881","phone_number_id":"106"}},"{field}":[{items}]}},"field":"x"}}]}}]}}"#
    )
    .replace('\n', " ")
}

const SENT: &str = r#"{"id":"wamid.1","status":"sent","timestamp":"1741078801","recipient_id":"4917"}"#;
const ECHO: &str =
    r#"{"from":"15550783881","to":"4917","id":"wamid.1","timestamp":"1741078800","type":"text","text":{"body":"a"}}"#;

#[test]
fn deliveries_by_line_and_by_name() {
    check_fixture(&WhatsApp, "whatsapp/deliveries", &settings(), 15);
}

#[test]
fn chats_from_before() {
    check_fixture(&WhatsApp, "whatsapp/history", &settings(), 3);
}

/// Expected: one message, at the time of the echo, whichever input has it.
#[test]
fn a_status_of_an_echo_is_no_second_message() {
    let (echo, sent) = (delivery("message_echoes", ECHO), delivery("statuses", SENT));
    for inputs in [[&echo, &sent], [&sent, &echo]] {
        let inputs = inputs.map(|text| ("x", text.as_bytes()));
        let kept = read(&WhatsApp, &inputs, &settings());
        assert_eq!(kept.counts(), (1, 0, 1));
        assert_eq!(kept.json()[0]["occurred_at"], "2025-03-04T09:00:00.000000Z");
    }
    let alone = read(&WhatsApp, &[("x", sent.as_bytes())], &settings());
    assert_eq!(alone.counts(), (1, 0, 0));
    assert_eq!(alone.json()[0]["event_id"], "wamid.1");
}

/// Expected: what was taken back in the app is not known as an echo of its own id.
#[test]
fn an_echo_that_is_no_message_hides_no_status() {
    let echo = ECHO.replace("\"type\":\"text\"", "\"type\":\"edit\"");
    let text = [delivery("message_echoes", &echo), delivery("statuses", SENT)].join("\n");
    let kept = read(&WhatsApp, &[("x", text.as_bytes())], &settings());
    assert_eq!(kept.counts(), (1, 0, 1));
}

/// Expected: an odd field costs itself, and an odd item of a list itself.
#[test]
fn odd_fields_cost_no_delivery() {
    let cases = [
        ("message_echoes", format!("{ECHO},null"), (1, 1, 0)),
        ("message_echoes", ECHO.replace(r#"{"body":"a"}"#, "\"a\""), (1, 0, 0)),
        ("statuses", SENT.replace('}', r#","errors":{"code":1},"pricing":"x"}"#), (1, 0, 0)),
    ];
    for (field, items, counts) in cases {
        let text = delivery(field, &items);
        assert_eq!(read(&WhatsApp, &[("x", text.as_bytes())], &settings()).counts(), counts, "{items}");
    }
}

#[test]
fn a_number_may_be_a_bots() {
    let text = delivery("statuses", SENT);
    for (bots, author) in
        [(vec![], "agent"), (vec!["106"], "bot"), (vec!["+15550783881"], "bot"), (vec!["4917"], "agent")]
    {
        let with_bots = FormatSettings { bots: Names::new(bots), ..settings() };
        let kept = read(&WhatsApp, &[("x", text.as_bytes())], &with_bots);
        assert_eq!(kept.json()[0]["author"], author);
    }
}

#[test]
fn envelopes_are_looked_into_one_level_deep() {
    let inner = delivery("statuses", SENT);
    let envelopes = [
        (format!(r#"{{"headers":{{"host":"x"}},"body":{inner}}}"#), (1, 0, 0)),
        (format!(r#"{{"a":{inner},"b":{inner},"n":[1,null],"m":-1.5,"t":true,"z":null}}"#), (2, 0, 0)),
        (format!(r#"{{"entry":"none","payload":{inner}}}"#), (1, 0, 0)),
        (format!(r#"{{"a":{{"b":{inner}}}}}"#), (0, 1, 0)),
        (r#"{"object":"whatsapp_business_account","entry":null}"#.to_owned(), (0, 1, 0)),
        (r#"{"object":"page","entry":[{"id":"1","messaging":[]}]}"#.to_owned(), (0, 1, 0)),
    ];
    for (text, counts) in envelopes {
        assert_eq!(read(&WhatsApp, &[("x", text.as_bytes())], &settings()).counts(), counts, "{text}");
    }
}

#[test]
fn recognition_needs_an_account() {
    let recognised =
        |text: &str| WhatsApp.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None });
    let whole = delivery("statuses", SENT);
    for end in [60, 120, whole.len()] {
        assert!(recognised(&whole[..end]), "{end}");
        assert!(recognised(&format!("{{\"broken\": \"\n{}", &whole[..end])), "{end}");
        assert!(recognised(&format!("{{\n  \"by name\": {}", &whole[..end])), "{end}");
        assert!(recognised(&format!("[{{\"headers\":{{\"host\":\"x\"}},\"body\":{}", &whole[..end])), "{end}");
    }
    for text in [
        r#"{"object":"page","entry":[{"messaging":[]}]}"#,
        r#"{"event_id":"1","body":"{\"object\":\"whatsapp_business_account\",\"entry\":[]}"}"#,
        r#"{"object":"whatsapp_business_account"}"#,
    ] {
        assert!(!recognised(text), "{text}");
    }
}
