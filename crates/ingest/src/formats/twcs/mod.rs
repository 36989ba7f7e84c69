//! `twcs.csv`, the data set Customer Support on Twitter: one tweet a row, threads by what answers what.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | a row with its fields named |
//! | [`events`] | what a tweet means |
//! | this file | recognition |

pub mod events;
pub mod record;

use self::record::{Places, Tweet, column};
use super::adapter::csv::{self, Columns, Row};
use super::adapter::lookups::Lookups;
use super::adapter::{CsvAdapter, Out, Stop};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

const NAME: &str = "twcs";

/// Columns without which there is no event; what else there is may be missing.
const NEEDED: [&str; 5] = [column::TWEET_ID, column::AUTHOR_ID, column::INBOUND, column::CREATED_AT, column::ANSWERED];

/// The format `twcs`.
#[derive(Debug, Clone, Copy)]
pub struct Twcs;

impl Format for Twcs {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Customer Support on Twitter (twcs.csv): public tweets of customers and brands",
            recognised_by: "columns tweet_id, author_id, inbound and in_response_to_tweet_id",
            cannot_tell: "closes, topics, and which person answered for a brand",
            has_closes: false,
        }
    }

    fn surveys(&self) -> bool {
        true
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        let marks = [column::TWEET_ID, column::AUTHOR_ID, column::INBOUND, column::ANSWERED];
        Columns::of(head).is_some_and(|columns| columns.has_all(&marks))
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        let Some(columns) = Columns::of(head) else {
            return Err(IngestError::Unrecognised { input: head.name.to_owned(), known: NAME.to_owned() });
        };
        for name in NEEDED {
            columns.needed(name, head.name)?;
        }
        Ok(csv::open(Tweets { places: Places::of(&columns) }, NAME, &columns, settings))
    }
}

/// Reads tweets.
#[derive(Debug)]
struct Tweets {
    places: Places,
}

impl CsvAdapter for Tweets {
    type Record<'a> = Tweet<'a>;

    fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Tweet<'a>, Reason> {
        self.places.decode(row)
    }

    fn to_events(&self, tweet: &Tweet<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::to_events(tweet, out)
    }

    fn survey(&self, tweet: &Tweet<'_>, lookups: &Lookups) {
        events::survey(tweet, lookups);
    }
}

#[cfg(test)]
mod tests;
