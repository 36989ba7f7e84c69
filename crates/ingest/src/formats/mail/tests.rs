//! Mails in, events out.

use super::record::Field;
use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{check_fixture, read, settings};
use tapemeasure_model::zone::Zone;

fn team() -> FormatSettings {
    FormatSettings { agents: Names::new(["acme.example"]), bots: Names::new(["noreply@acme.example"]), ..settings() }
}

/// The events of single mails, of which none is rejected.
fn events(mails: &[&str], settings: &FormatSettings) -> Vec<serde_json::Value> {
    let names: Vec<String> = (0..mails.len()).map(|n| format!("{n}.eml")).collect();
    let inputs: Vec<(&str, &[u8])> =
        names.iter().zip(mails).map(|(name, mail)| (name.as_str(), mail.as_bytes())).collect();
    let kept = read(&MailBox, &inputs, settings);
    assert_eq!(kept.counts().1, 0, "{:?}", kept.reasons());
    kept.json()
}

/// A mail of a customer with these fields besides, each with its line end.
fn mail(fields: &str) -> String {
    format!(
        "From: kim@mail.test\nTo: support@acme.example\nDate: Mon, 3 Mar 2025 09:00:00 +0000\n\
         Message-ID: <m@mail.test>\n{fields}\nHello\n"
    )
}

#[test]
fn a_mailbox_becomes_events() {
    check_fixture(&MailBox, "mail/mbox", &team(), 4);
}

#[test]
fn single_mails_are_one_thread() {
    check_fixture(&MailBox, "mail/eml", &team(), 0);
}

#[test]
fn fields_are_found_by_their_names() {
    let mail = Mail::decode(
        b"\r\n\nFrom a@b Mon Mar  3 09:00:00 2025\r\n>From x: y\r\nFROM : a\r\nTo:\r\n\tb,\r\n c\r\n\
          to: d\r\nDate:\r\n\r\nSubject: in the body",
    );
    assert_eq!(mail.text(Field::From).as_deref(), Some("a"));
    assert_eq!(mail.text(Field::To).as_deref(), Some("b, c"));
    assert_eq!(mail.text(Field::Date), None);
    assert_eq!(mail.text(Field::Subject), None);
    let last = Mail::decode(b"X-Gmail-Labels: z");
    assert_eq!(last.text(Field::Labels).as_deref(), Some("z"));
    // An indented line behind the blank one is text.
    let indented = Mail::decode(b"From: a\n\n  Subject: b\nDate: c\n");
    assert_eq!((indented.text(Field::Subject), indented.text(Field::Date)), (None, None));
    for record in [&b""[..], b"\n", b":", b"From ", b"From", b"From: ", b"\xff\xfe:\n:\n"] {
        assert!(Mail::decode(record).addresses(Field::From).is_empty());
    }
}

#[test]
fn ids_are_what_stands_in_brackets() {
    for (value, expected) in [
        ("<a@b>", "a@b"),
        ("<a@\n b> <c@d>", "a@b"),
        ("\"Your message of Monday\" <a@b>", "a@b"),
        ("<> <a@b>", "a@b"),
        ("<<a@b>>", "a@b"),
        ("a@b", "a@b"),
        ("<a@b", "a@b"),
        ("<m@mail.test> <a@b>", "a@b"),
        ("Your message of Monday", "m@mail.test"),
        ("", "m@mail.test"),
        ("<m@mail.test>", "m@mail.test"),
    ] {
        let mail = mail(&format!("In-Reply-To: {value}\n"));
        let found = events(&[&mail], &team());
        assert_eq!(found[0]["conversation_id"], expected, "{value}");
    }
}

#[test]
fn addresses_are_found_whatever_is_around_them() {
    let mail = Mail::decode(
        b"To: Kim <KIM@Mail.test>, \"Lee, A.\" <lee@mail.test>,\n ann@mail.test (Ann), 'pat@mail.test', nobody,\n\
          \tteam: x@acme.example, y@acme.example;, <>, =?utf-8?q?J=C3=B6rg?= <j@mail.test>",
    );
    let expected = [
        "kim@mail.test",
        "lee@mail.test",
        "ann@mail.test",
        "pat@mail.test",
        "x@acme.example",
        "y@acme.example",
        "j@mail.test",
    ];
    assert_eq!(mail.addresses(Field::To), expected);
}

#[test]
fn programs_are_told_from_people() {
    for (fields, automated) in [
        ("", false),
        ("Auto-Submitted: no\n", false),
        ("Auto-Submitted: No (by hand)\n", false),
        ("Auto-Submitted:\n", false),
        ("auto-submitted: auto-generated\n", true),
        ("Auto-Submitted: auto-replied; owner-token=1\n", true),
        ("Precedence: bulk\n", true),
        ("Precedence: Auto_Reply\n", true),
        ("Precedence: junk\n", true),
        ("Precedence: list\n", false),
        ("Precedence: first-class\n", false),
        ("X-Autoreply: yes\n", true),
        ("X-Autoreply: no\n", false),
        ("X-Autorespond: Re: order\n", true),
        ("X-Auto-Response-Suppress: All\n", false),
        ("List-Unsubscribe: <mailto:leave@acme.example>\n", false),
    ] {
        let mail = mail(fields);
        let found = events(&[&mail], &team());
        assert_eq!(found[0]["automated"].as_bool(), automated.then_some(true), "{fields}");
    }
}

#[test]
fn reports_of_servers_and_unsent_mails_are_no_messages() {
    for fields in [
        "Return-Path: <>\n",
        "Content-Type: multipart/report; boundary=x\n",
        "Content-Type: message/delivery-status\n",
        "X-Gmail-Labels: Sent,Drafts\n",
        "X-Gmail-Labels: \"Spam\"\n",
    ] {
        let mail = mail(fields);
        assert_eq!(events(&[&mail], &team()).len(), 0, "{fields}");
    }
    for from in ["MAILER-DAEMON@mx.mail.test", "Mailer-Daemon (Mail Delivery System)"] {
        let mail = mail("").replace("kim@mail.test", from);
        assert_eq!(events(&[&mail], &team()).len(), 0, "{from}");
    }
}

#[test]
fn a_mail_without_an_id_has_the_same_one_in_every_copy() {
    let one = mail("").replace("Message-ID: <m@mail.test>\n", "");
    let copy =
        format!("Received: by mx\nDelivered-To: x@acme.example\n{}", one.replace("To: support", "To:\n\tsupport"));
    let other = one.replace("09:00:00", "09:00:01");
    let found = events(&[&one, &copy, &other], &team());
    assert_eq!(found[0]["event_id"], found[1]["event_id"]);
    assert_ne!(found[0]["event_id"], found[2]["event_id"]);
}

#[test]
fn a_date_without_a_zone_needs_the_users() {
    let local = mail("").replace(" +0000", "");
    assert_eq!(
        read(&MailBox, &[("a.eml", local.as_bytes())], &team()).reasons()[0].0,
        "Date has no UTC offset (--zone says where it is meant)"
    );
    let settings = FormatSettings { zone: Zone::parse("Europe/Berlin").ok(), ..team() };
    assert_eq!(events(&[&local], &settings)[0]["occurred_at"], "2025-03-03T08:00:00.000000Z");
}

#[test]
fn only_the_whole_text_is_a_keyword() {
    let settings = FormatSettings { keep_body: false, ..team() };
    for (text, event_type) in [
        ("STOP", "opted_out"),
        ("\n\n start \n", "opted_in"),
        ("STOP\n\n> Our news", "message"),
        ("Please stop", "message"),
    ] {
        let mail = mail("").replace("Hello", text);
        let found = events(&[&mail], &settings);
        assert_eq!(found[0]["event_type"], event_type, "{text}");
        assert!(found[0]["body"].is_null());
    }
}

#[test]
fn a_sentence_that_begins_with_from_is_text() {
    let mail = mail("").replace("Hello", "Hello\n\nFrom now on I buy elsewhere.\n\nBye");
    let kept = read(&MailBox, &[("a.eml", mail.as_bytes())], &team());
    assert_eq!((kept.counts().0, kept.counts().1), (1, 0));
    assert!(Mail::decode(b"From now on I buy elsewhere.\n\nBye").is_remainder());
    assert!(!Mail::decode(b"From a@b Mon Mar  3 09:00:00 2025\nTo: a@b\n").is_remainder());
    assert!(is_separator(b"From - Mon Mar 03 09:00:00 2025\r") && !is_separator(b"From 9:5 to 12.30"));
    assert!(Mail::decode(b"From 10:30 on we are there.\n\nBye").is_remainder());
    // The header of a mail that a text quotes is text.
    let quoted = "From: c@d\nDate: Mon, 3 Mar 2025 09:00:00 +0000\n\nHello";
    for (line, is_text) in [
        ("From what I hear:", true),
        ("From a@b", false),
        ("From - then", false),
        ("From anna", false),
        ("From anna Mon Mar  3 09:00 25", false),
    ] {
        let text = format!("{line}\n{quoted}");
        assert_eq!(Mail::decode(text.as_bytes()).is_remainder(), is_text, "{line}");
    }
}

#[test]
fn a_blank_before_the_colon_makes_no_mailbox() {
    let mail = mail("").replacen("From:", "From :", 1);
    assert!(mail.starts_with("From :"), "{mail}");
    assert_eq!(events(&[&mail], &team()).len(), 1);
}

#[test]
fn the_team_has_to_be_named() {
    let mail = mail("");
    let head = Head { name: "a.eml", bytes: mail.as_bytes(), whole: true, file: None };
    assert!(matches!(MailBox.open(&head, &settings()), Err(IngestError::NeedsOption { option: "--agents", .. })));
}

#[test]
fn other_texts_are_not_taken_for_mails() {
    let recognised =
        |text: &str| MailBox.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None });
    let header = "Received: a\n\tb: c\nX-Own: d\nsubject : e\n";
    for text in [
        header.to_owned(),
        format!("%%%\n{header}"),
        format!("From a@b Mon Mar  3 09:00:00 2025\r\n{}", header.replace('\n', "\r\n")),
        format!("broken\nbroken\n\nFrom a@b Mon Mar  3 09:00:00 2025\n{header}"),
    ] {
        assert!(recognised(&text), "{text}");
        // Cut in the middle of its last line.
        assert!(recognised(&text[..text.len() - 2]), "{text}");
    }
    for text in [
        "",
        "{\"From\": \"a\", \"To\": \"b\", \"Date\": \"c\"}\n",
        "From,To,Body,Status,SentDate\n+1,+2,From: x,ok,2025\n",
        "source,event_id\n1,\"Hi\n\nFrom: a\nTo: b\"\n",
        "Date: only one\n\nSubject: in the body\n",
    ] {
        assert!(!recognised(text), "{text}");
    }
}
