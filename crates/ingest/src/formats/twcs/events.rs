//! What tweets mean: who wrote to whom, in which conversation, when.

use std::borrow::Cow;

use tapemeasure_model::event::{Author, Direction};

use super::record::{Tweet, column};
use crate::formats::adapter::english;
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::threads::root_of;
use crate::formats::adapter::times::rfc3339;
use crate::formats::adapter::{Draft, Out, Stop};

/// Table of lookups: the id of a tweet to that of the one it answers, behind [`SAID_BY_ANSWER`] or
/// [`SAID_BY_ANSWERED`].
const LINKS: &str = "twcs.answered";

/// Table of lookups: the id of a customer's tweet to its author.
const CUSTOMERS: &str = "twcs.customer";

/// Table of lookups: ids of tweets in long threads to their roots.
const ROOTS: &str = "twcs.root";

/// The answer says what it answers. Greater than the other mark, and the greater of two values stays.
const SAID_BY_ANSWER: char = '1';

/// Only the list of the tweet that is answered says so.
const SAID_BY_ANSWERED: char = '0';

/// Tweets above an outbound one among which its customer is looked for: a brand may answer in several tweets in a row.
const MAX_ABOVE: usize = 64;

/// Keeps who wrote a tweet and what it answers.
pub fn survey(tweet: &Tweet<'_>, lookups: &Lookups) {
    if tweet.inbound {
        lookups.put(CUSTOMERS, tweet.id, tweet.author);
    }
    let mut value = String::new();
    if let Some(answered) = tweet.answered {
        link(lookups, &mut value, tweet.id, SAID_BY_ANSWER, answered);
    }
    for response in tweet.sure_responses().filter(|response| *response != tweet.id) {
        link(lookups, &mut value, response, SAID_BY_ANSWERED, tweet.id);
    }
}

/// Gives the event of a tweet.
///
/// # Errors
/// [`Stop::Rejected`] for a time that is none.
pub fn to_events(tweet: &Tweet<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let settings = out.settings();
    let lookups = &*settings.lookups;
    // Who reads the file and writes it again leaves the times in the form of ISO 8601.
    let time_us = match english::twitter(tweet.created_at) {
        Some(time_us) => time_us,
        None => rfc3339(tweet.created_at, column::CREATED_AT)?,
    };
    let (direction, author) = if tweet.inbound {
        (Direction::Inbound, Author::Contact)
    } else if !settings.bots.is_empty() && settings.bots.contains(tweet.author) {
        (Direction::Outbound, Author::Bot)
    } else {
        (Direction::Outbound, Author::Agent)
    };
    let mut draft = Draft::message(tweet.id, time_us, direction, author);
    draft.conversation_id = Some(root_of(lookups, ROOTS, tweet.id, |id| above(lookups, id)).into());
    draft.channel = Some("twitter".into());
    draft.body = tweet.text.map(Cow::Borrowed);
    if tweet.inbound {
        draft.contact_id = Some(tweet.author.into());
    } else {
        draft.contact_id = customer_of(tweet, lookups).map(Cow::Owned);
        // The account that answered; whoever sat at it signs at most with initials.
        draft.agent_id = Some(tweet.author.into());
        draft.team = Some(tweet.author.into());
    }
    out.event(&draft)?;
    Ok(())
}

/// The customer that an outbound tweet is for: the nearest one above it; else the first that answers it; else the one
/// that it begins with, `@115712 Thanks!`, whose number is the customer's id.
fn customer_of(tweet: &Tweet<'_>, lookups: &Lookups) -> Option<String> {
    let mut next = above(lookups, tweet.id);
    for _ in 0..MAX_ABOVE {
        let Some(id) = next else { break };
        if let Some(customer) = lookups.get(CUSTOMERS, &id) {
            return Some(customer);
        }
        next = above(lookups, &id);
    }
    tweet
        .responses()
        .filter(|response| above(lookups, response).is_some_and(|answered| answered == tweet.id))
        .find_map(|response| lookups.get(CUSTOMERS, response))
        .or_else(|| mentioned(tweet.text?).map(str::to_owned))
}

/// The number at the beginning of a text, behind `@`.
fn mentioned(text: &str) -> Option<&str> {
    let name = text.trim_start().strip_prefix('@')?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    let name = &name[..end];
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

/// The tweet that a tweet answers, whether it is there or not.
fn above(lookups: &Lookups, id: &str) -> Option<String> {
    // Behind the mark.
    lookups.get(LINKS, id)?.get(1..).map(str::to_owned)
}

fn link(lookups: &Lookups, value: &mut String, id: &str, mark: char, answered: &str) {
    value.clear();
    value.push(mark);
    value.push_str(answered);
    lookups.put(LINKS, id, value);
}
