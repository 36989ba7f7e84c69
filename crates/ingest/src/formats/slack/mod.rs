//! Slack: the export of a workspace, a zip or the folder that was in it.
//!
//! | module | is |
//! |---|---|
//! | [`files`] | which file of the export an input is, and of which channel |
//! | [`record`] | messages, users and channels, as they are written |
//! | [`people`] | who of the people are agents |
//! | [`events`] | what messages mean |
//! | this file | recognition, and the reader of one file |

pub mod events;
pub mod files;
pub mod people;
pub mod record;

use self::events::Room;
use self::files::{Kind, Place, folder_beside, kind_of};
use self::people::People;
use self::record::Record;
use super::adapter::json::{self, parse};
use super::adapter::lookups::Lookups;
use super::adapter::{JsonAdapter, Out, Stop};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

const NAME: &str = "slack";

/// The format `slack`.
#[derive(Debug, Clone, Copy)]
pub struct Slack;

impl Format for Slack {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Slack: the export of a workspace, days of channels in folders beside users.json and channels.json",
            recognised_by: "JSON messages with type message, ts and user, bot_id or username; Slack's lists of users, \
                            channels and logs",
            cannot_tell: "closes; who is an agent, unless people of other teams take part (--agents); answers that are \
                          not in the thread of their question; opt-outs other than keywords",
            has_closes: false,
        }
    }

    fn surveys(&self) -> bool {
        true
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        kind_of(head).is_some()
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        let records = SlackRecords {
            kind: kind_of(head).unwrap_or(Kind::Messages),
            input: head.name.to_owned(),
            room: Room::new(&Place::of(head.name)),
            people: People::new(head.name, &settings.agents, &settings.bots),
        };
        Ok(json::open(records, NAME, head, settings, &[]))
    }
}

/// Reads one file of an export.
#[derive(Debug)]
pub struct SlackRecords {
    kind: Kind,
    input: String,
    room: Room,
    people: People,
}

impl JsonAdapter for SlackRecords {
    type Record<'a> = Record<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Record<'a>, Reason> {
        Ok(match self.kind {
            Kind::Messages => Record::Message(Box::new(parse(text)?)),
            Kind::Users => Record::User(Box::new(parse(text)?)),
            Kind::Channels => Record::Channel(parse(text)?),
            Kind::Other => Record::Other,
        })
    }

    fn to_events(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        match record {
            Record::Message(message) => events::give(message, &self.room, &self.people, out),
            Record::User(_) | Record::Channel(_) | Record::Other => {
                out.ignore()?;
                Ok(())
            }
        }
    }

    fn survey(&self, text: &[u8], lookups: &Lookups) {
        match &self.decode(text) {
            Ok(Record::Message(message)) => {
                self.people.survey_author(message, lookups);
                events::survey_thread(message, &self.room, lookups);
            }
            Ok(Record::User(user)) => self.people.survey_user(user, lookups),
            Ok(Record::Channel(channel)) => {
                if let Some(name) = channel.name.as_str().or(channel.id.as_str()) {
                    events::survey_channel(channel, &folder_beside(&self.input, name), lookups);
                }
            }
            Ok(Record::Other) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
