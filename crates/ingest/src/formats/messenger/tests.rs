use super::super::adapter::names::Names;
use super::super::testing::{check_fixture, read, settings};
use super::*;

fn delivery(item: &str) -> String {
    format!(r#"{{"object":"page","entry":[{{"id":"20","time":1,"messaging":[{item}]}}]}}"#)
}

fn echo(app_id: &str) -> String {
    delivery(&format!(
        r#"{{"sender":{{"id":"20"}},"recipient":{{"id":"70"}},"timestamp":1741078800000,"message":{{"mid":"m1","is_echo":true,"app_id":{app_id}}}}}"#
    ))
}

#[test]
fn chats_of_a_page() {
    let settings = FormatSettings { agents: Names::new(["900"]), ..settings() };
    check_fixture(&Messenger, "messenger/page", &settings, 11);
}

#[test]
fn chats_on_instagram() {
    check_fixture(&Messenger, "messenger/instagram", &settings(), 2);
}

#[test]
fn apps_are_bots_but_for_inboxes_and_the_lists() {
    let author = |app_id: &str, agents: &[&str], bots: &[&str]| {
        let settings = FormatSettings { agents: Names::new(agents), bots: Names::new(bots), ..settings() };
        read(&Messenger, &[("x", echo(app_id).as_bytes())], &settings).json()[0]["author"].clone()
    };
    assert_eq!(author("null", &[], &["17"]), "agent");
    assert_eq!(author("263902037430900", &[], &[]), "agent");
    assert_eq!(author("\"1217981644879628\"", &[], &[]), "agent");
    assert_eq!(author("17", &[], &[]), "bot");
    assert_eq!(author("17", &["17"], &[]), "agent");
    assert_eq!(author("17", &["17"], &["17"]), "bot");
    assert_eq!(author("263902037430900", &[], &["263902037430900"]), "bot");
}

/// Expected: one chat, whichever side Meta's older pages call the sender of an echo.
#[test]
fn the_side_that_the_entry_is_about_is_the_page() {
    for (sender, recipient, is_echo) in
        [("70", "20", false), ("20", "70", true), ("70", "20", true), ("20", "70", false)]
    {
        let text = delivery(&format!(
            r#"{{"sender":{{"id":"{sender}"}},"recipient":{{"id":"{recipient}"}},"timestamp":"1741078800000","message":{{"mid":"m1","is_echo":{is_echo}}}}}"#
        ));
        let events = read(&Messenger, &[("x", text.as_bytes())], &settings()).json();
        assert_eq!(events[0]["conversation_id"], "20:70");
        assert_eq!(events[0]["contact_id"], "70");
        let direction = if is_echo || sender == "20" { "outbound" } else { "inbound" };
        assert_eq!(events[0]["direction"], direction);
    }
}

/// Expected: an odd item costs itself, and an odd side its item.
#[test]
fn odd_items_cost_no_delivery() {
    let sound = r#"{"sender":{"id":"70"},"recipient":{"id":"20"},"timestamp":1741078800000,"message":{"mid":"m1"}}"#;
    let odd = sound.replace(r#"{"id":"70"}"#, "\"70\"");
    let text = delivery(&format!("{sound},null,{odd}"));
    assert_eq!(read(&Messenger, &[("x", text.as_bytes())], &settings()).counts(), (1, 2, 0));
}

#[test]
fn recognition_needs_chats() {
    let recognised =
        |text: &str| Messenger.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None });
    let whole = echo("1");
    for end in [60, whole.len()] {
        assert!(recognised(&whole[..end]), "{end}");
        assert!(recognised(&format!("{{\"broken\": \"\n{}", &whole[..end])), "{end}");
    }
    assert!(recognised(r#"[{"object":"instagram","entry":[{"standby":[]}]}]"#));
    for text in [
        r#"{"object":"page","entry":[{"id":"1","changes":[{"field":"feed"}]}]}"#,
        r#"{"object":"whatsapp_business_account","entry":[{"changes":[]}]}"#,
        r#"{"entry":[{"messaging":[]}]}"#,
    ] {
        assert!(!recognised(text), "{text}");
    }
}
