//! A row of `twcs.csv`: decoding, no meaning.

use crate::formats::adapter::csv::{Columns, Row};
use crate::quarantine::Reason;

/// Names of the columns.
pub mod column {
    /// Id of the tweet.
    pub const TWEET_ID: &str = "tweet_id";
    /// Number of a customer, or handle of a brand.
    pub const AUTHOR_ID: &str = "author_id";
    /// Whether a customer wrote it.
    pub const INBOUND: &str = "inbound";
    /// When.
    pub const CREATED_AT: &str = "created_at";
    /// What.
    pub const TEXT: &str = "text";
    /// Tweets that answer it.
    pub const RESPONSES: &str = "response_tweet_id";
    /// The tweet that it answers.
    pub const ANSWERED: &str = "in_response_to_tweet_id";
}

/// Which column is which, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// `tweet_id`.
    pub tweet_id: Option<usize>,
    /// `author_id`.
    pub author_id: Option<usize>,
    /// `inbound`.
    pub inbound: Option<usize>,
    /// `created_at`.
    pub created_at: Option<usize>,
    /// `text`; may be left out.
    pub text: Option<usize>,
    /// `response_tweet_id`; may be left out.
    pub responses: Option<usize>,
    /// `in_response_to_tweet_id`.
    pub answered: Option<usize>,
}

/// A tweet. Ids are as [`id`] gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tweet<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who wrote it.
    pub author: &'a str,
    /// Whether a customer did.
    pub inbound: bool,
    /// When, as it is written.
    pub created_at: &'a str,
    /// The text.
    pub text: Option<&'a str>,
    /// The tweet that it answers.
    pub answered: Option<&'a str>,
    /// The list of tweets that answer it, as it is written.
    responses: &'a str,
}

impl Places {
    /// Finds the columns; none has to be there.
    pub fn of(columns: &Columns) -> Self {
        Self {
            tweet_id: columns.find(column::TWEET_ID),
            author_id: columns.find(column::AUTHOR_ID),
            inbound: columns.find(column::INBOUND),
            created_at: columns.find(column::CREATED_AT),
            text: columns.find(column::TEXT),
            responses: columns.find(column::RESPONSES),
            answered: columns.find(column::ANSWERED),
        }
    }

    /// Reads a row.
    ///
    /// # Errors
    /// [`Reason::Missing`], [`Reason::WrongType`] for an id that is none, [`Reason::UnknownName`] for another `inbound`
    /// than true and false, [`Reason::InvalidUtf8`].
    pub fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Tweet<'a>, Reason> {
        let tweet_id = row.text(self.tweet_id)?.ok_or(Reason::Missing(column::TWEET_ID))?;
        let inbound = row.text(self.inbound)?.ok_or(Reason::Missing(column::INBOUND))?;
        let inbound = match inbound {
            "True" | "1" => true,
            "False" | "0" => false,
            other if other.eq_ignore_ascii_case("true") => true,
            other if other.eq_ignore_ascii_case("false") => false,
            _ => return Err(Reason::UnknownName(column::INBOUND)),
        };
        let answered = match row.text(self.answered)?.filter(|text| !is_nothing(text)) {
            Some(text) => Some(id(text).ok_or(Reason::WrongType(column::ANSWERED))?),
            None => None,
        };
        let author = row.text(self.author_id)?.ok_or(Reason::Missing(column::AUTHOR_ID))?;
        Ok(Tweet {
            id: id(tweet_id).ok_or(Reason::WrongType(column::TWEET_ID))?,
            // Customers are numbers, which the same programs spoil; brands are not.
            author: id(author).unwrap_or(author),
            inbound,
            created_at: row.text(self.created_at)?.ok_or(Reason::Missing(column::CREATED_AT))?,
            text: row.raw(self.text)?,
            answered,
            responses: row.text(self.responses)?.unwrap_or_default(),
        })
    }
}

impl<'a> Tweet<'a> {
    /// Ids of tweets that answer this one. A list of several that a program took for one number is given as that
    /// number.
    pub fn responses(&self) -> impl Iterator<Item = &'a str> {
        self.responses.split(',').filter_map(id)
    }

    /// The same without what may be such a number.
    pub fn sure_responses(&self) -> impl Iterator<Item = &'a str> {
        self.responses.split(',').filter(|text| !text.contains('.')).filter_map(id)
    }
}

/// The digits of an id without what programs add that take ids for numbers: `848.0` and `0848` are `848`. `None` for
/// what is no number.
pub fn id(text: &str) -> Option<&str> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || fraction.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let digits = whole.trim_start_matches('0');
    // Zero has no other digit.
    Some(if digits.is_empty() { &whole[whole.len() - 1..] } else { digits })
}

/// Whether a program that takes ids for numbers wrote that there is none.
fn is_nothing(text: &str) -> bool {
    ["nan", "none", "null", "<na>"].iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}
