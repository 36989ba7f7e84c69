//! What mails mean: who wrote to whom, by hand or by a program, in which thread, when.

use mail_parser::MessageParser;
use tapemeasure_model::event::{Author, Direction};

use super::date::{self, DATE, Stamp};
use super::record::{Field, Mail};
use crate::formats::FormatSettings;
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::names::Names;
use crate::formats::adapter::threads::root_of;
use crate::formats::adapter::times::LocalClock;
use crate::formats::adapter::{Draft, Out, Stop};
use crate::quarantine::Reason;

/// Table of lookups: the id of a mail to that of the one above it.
const LINKS: &str = "mail.above";

/// Table of lookups: ids of mails in long threads to their roots.
const ROOTS: &str = "mail.root";

/// Content of mails that servers and mail programs write about other mails: that they were not delivered, that they
/// were read (RFC 6522, 3464, 8098, 5965).
const REPORTS: [&str; 4] =
    ["multipart/report", "message/delivery-status", "message/disposition-notification", "message/feedback-report"];

/// Labels of Gmail for what was never sent, what nobody reads, and lines of chats that are no mail.
const UNSENT: [&str; 4] = ["draft", "drafts", "spam", "chat"];

/// `Precedence` of mails that a program sent. `list` is none of them: groups that forward to a team mark the questions
/// of customers with it.
const BULK: [&str; 3] = ["bulk", "auto_reply", "junk"];

/// Keeps which mail a mail is under.
pub fn survey(mail: &Mail<'_>, lookups: &Lookups) {
    let id = mail.id();
    if let Some(above) = mail.above(&id) {
        lookups.put(LINKS, &id, &above);
    }
}

/// Gives the event of a mail. `clock` is the one of dates that name no zone.
///
/// # Errors
/// [`Stop::Rejected`] for a mail without sender or date.
pub fn to_events(
    mail: &Mail<'_>,
    parser: &MessageParser,
    clock: Option<&LocalClock>,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    let settings = out.settings();
    let senders = mail.addresses(Field::From);
    if mail.is_remainder() || is_report(mail, &senders) || is_unsent(mail) {
        out.ignore()?;
        return Ok(());
    }
    let from = senders.into_iter().next().ok_or(Reason::Missing("From"))?;
    let time_us = time_of(mail, clock)?;
    let id = mail.id();
    let lookups = &settings.lookups;
    let conversation_id = root_of(lookups, ROOTS, &id, |id| lookups.get(LINKS, id));
    let parties = parties_of(mail, from, settings);

    let mut draft = Draft::message(id, time_us, parties.direction, parties.author);
    draft.conversation_id = Some(conversation_id.into());
    draft.channel = Some("email".into());
    draft.contact_id = parties.contact_id.map(Into::into);
    draft.agent_id = parties.agent_id.map(Into::into);
    draft.private = parties.private.then_some(true);
    draft.automated = is_automated(mail).then_some(true);
    // Keywords are only looked for in what customers write.
    if settings.keep_body || parties.direction == Direction::Inbound {
        draft.body = mail.body(parser).map(|text| text.trim().to_owned().into());
    }
    out.event(&draft)?;
    Ok(())
}

/// Who wrote to whom.
#[derive(Debug, PartialEq, Eq)]
struct Parties {
    direction: Direction,
    author: Author,
    contact_id: Option<String>,
    agent_id: Option<String>,
    private: bool,
}

/// | from | to | is |
/// |---|---|---|
/// | a customer | anybody | the customer's message |
/// | own | somebody outside | the team's message to the first of them |
/// | own | own addresses only, answers to somebody outside | a form of the website: the message of whom answers go to |
/// | own | own addresses only | an internal note |
/// | own | nobody named | the team's message to nobody known |
fn parties_of(mail: &Mail<'_>, from: String, settings: &FormatSettings) -> Parties {
    let is_bot = has_address(&settings.bots, &from);
    let is_own = |address: &str| has_address(&settings.agents, address) || has_address(&settings.bots, address);
    let inbound = |contact: String| Parties {
        direction: Direction::Inbound,
        author: Author::Contact,
        contact_id: Some(contact),
        agent_id: None,
        private: false,
    };
    if !is_own(&from) {
        return inbound(from);
    }
    let recipients: Vec<String> =
        [Field::To, Field::Cc, Field::Bcc].into_iter().flat_map(|field| mail.addresses(field)).collect();
    let is_internal = !recipients.is_empty() && recipients.iter().all(|address| is_own(address));
    if is_internal && let Some(customer) = mail.addresses(Field::ReplyTo).into_iter().find(|address| !is_own(address)) {
        return inbound(customer);
    }
    Parties {
        direction: Direction::Outbound,
        author: if is_bot { Author::Bot } else { Author::Agent },
        contact_id: recipients.into_iter().find(|address| !is_own(address)),
        agent_id: Some(from),
        private: is_internal,
    }
}

/// Whether an address, its domain, or the address without what stands behind a plus (RFC 5233) is in a list.
fn has_address(names: &Names, address: &str) -> bool {
    names.contains_address(address)
        || address.split_once('@').is_some_and(|(local, domain)| {
            local.split_once('+').is_some_and(|(user, _)| names.contains_address(&format!("{user}@{domain}")))
        })
}

/// The time of writing. The time of arrival is another one in every mailbox that has a copy, and would give one mail
/// two times.
fn time_of(mail: &Mail<'_>, clock: Option<&LocalClock>) -> Result<i64, Reason> {
    match date::parse(&mail.text(Field::Date).ok_or(Reason::Missing(DATE))?)? {
        Stamp::Instant(us) => Ok(us),
        Stamp::Local(local) => clock.ok_or(Reason::TimeWithoutZone(DATE))?.instant(local),
    }
}

/// Whether a mail is about another one: it cannot be sent back (RFC 5321, section 4.5.5), is a report, or comes from a
/// server.
fn is_report(mail: &Mail<'_>, senders: &[String]) -> bool {
    let returns_nowhere =
        mail.text(Field::ReturnPath).is_some_and(|path| path.split_whitespace().collect::<String>() == "<>");
    let content = mail.text(Field::ContentType).unwrap_or_default().to_ascii_lowercase();
    returns_nowhere
        || REPORTS.iter().any(|report| content.starts_with(report))
        || senders.iter().any(|sender| sender.starts_with("mailer-daemon@"))
        || (senders.is_empty() && first_word(mail, Field::From).is_some_and(|word| word == "mailer-daemon"))
}

/// Whether Gmail says that a mail was not sent or not wanted.
fn is_unsent(mail: &Mail<'_>) -> bool {
    let labels = mail.text(Field::Labels).unwrap_or_default();
    labels.split(',').any(|label| {
        let label = label.trim_matches(|c: char| c == '"' || c.is_whitespace());
        UNSENT.iter().any(|unsent| label.eq_ignore_ascii_case(unsent))
    })
}

/// Whether a program sent a mail. `X-Auto-Response-Suppress` is a request to the reader's program (MS-OXCMAIL, section
/// 2.1.3.2.20) and says nothing about the writer.
fn is_automated(mail: &Mail<'_>) -> bool {
    first_word(mail, Field::AutoSubmitted).is_some_and(|word| !word.is_empty() && word != "no")
        || first_word(mail, Field::Precedence).is_some_and(|word| BULK.contains(&word.as_str()))
        || first_word(mail, Field::XAutoreply).is_some_and(|word| word != "no" && word != "false")
        || mail.text(Field::XAutorespond).is_some()
}

/// The first word of a field in lower case, without parameters and comments behind it.
fn first_word(mail: &Mail<'_>, field: Field) -> Option<String> {
    mail.text(field)?.split([';', '(', ' ']).next().map(str::to_ascii_lowercase)
}
