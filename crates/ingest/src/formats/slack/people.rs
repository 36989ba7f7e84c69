//! Who of the people in an export are agents.
//!
//! Named by the user, by id, handle, name, address or team; or else the members of the home team, the team of the
//! workspace's primary owner, where people of other teams take part (Slack Connect). Nothing in an export tells
//! customers from colleagues otherwise.
//!
//! The first pass keeps of everybody the team and what is known beside it; people of other teams are often missing from
//! `users.json`, and then their messages tell.

use std::sync::OnceLock;

use super::record::{Message, Profile, User};
use crate::error::IngestError;
use crate::formats::adapter::Stop;
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::names::Names;

/// Slack's own voice; `is_bot` is false for it.
const SLACKBOT: &str = "USLACKBOT";

/// Table: user to what is known, see [`Known`].
const PEOPLE: &str = "slack.people";

/// Tables of the first and last of the teams that people, and that primary owners, are of.
const TEAMS: &str = "slack.teams";
const HOMES: &str = "slack.homes";

/// Who somebody is to the support team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Answers.
    Agent,
    /// An app.
    Bot,
    /// Asks.
    Customer,
}

/// What the first pass found of a person. As text: source, standing, team; of two the greater one stays, so that
/// `users.json` counts more than messages, and a message that shows an agent's name more than one without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known<'a> {
    listed: bool,
    standing: Standing,
    team: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Named as an agent by the user.
    Agent,
    /// An app, or named as a bot by the user.
    Bot,
    /// A guest of the workspace: from outside of the company.
    Guest,
    /// Anybody else.
    Member,
}

impl<'a> Known<'a> {
    fn to_text(self) -> String {
        let source = if self.listed { '2' } else { '1' };
        let standing = match self.standing {
            Standing::Agent => 'z',
            Standing::Bot => 'b',
            Standing::Guest => 'g',
            Standing::Member => 'm',
        };
        format!("{source}{standing}{}", self.team)
    }

    /// `None` for what [`Self::to_text`] does not write.
    fn of_text(text: &'a str) -> Option<Self> {
        let (head, team) = text.split_at_checked(2)?;
        let standing = match head.as_bytes()[1] {
            b'z' => Standing::Agent,
            b'b' => Standing::Bot,
            b'g' => Standing::Guest,
            _ => Standing::Member,
        };
        Some(Self { listed: head.starts_with('2'), standing, team })
    }
}

/// Tells agents from customers in one input.
#[derive(Debug)]
pub struct People {
    input: String,
    agents: Names,
    bots: Names,
    home: OnceLock<Option<String>>,
}

impl People {
    /// With the lists that the user gave; `input` is named in errors.
    pub fn new(input: &str, agents: &Names, bots: &Names) -> Self {
        Self { input: input.to_owned(), agents: agents.clone(), bots: bots.clone(), home: OnceLock::new() }
    }

    /// Keeps what a user of `users.json` is.
    pub fn survey_user(&self, user: &User<'_>, lookups: &Lookups) {
        let Some(id) = user.id.as_str() else { return };
        let team = user.team_id.as_str().unwrap_or_default();
        let is_guest = user.is_restricted.is_true() || user.is_ultra_restricted.is_true();
        let standing = if is_named(user, &self.agents) {
            Standing::Agent
        } else if id == SLACKBOT || user.is_bot.is_true() || is_named(user, &self.bots) {
            Standing::Bot
        } else if is_guest {
            Standing::Guest
        } else {
            Standing::Member
        };
        lookups.put(PEOPLE, id, &Known { listed: true, standing, team }.to_text());
        if standing != Standing::Bot && !team.is_empty() {
            put_extremes(lookups, TEAMS, team);
        }
        // An organisation of several workspaces has no team that is home to all of its people.
        let organised = user.enterprise_user.as_ref().is_some_and(|place| place.enterprise_id.as_str().is_some());
        if user.is_primary_owner.is_true() && !organised && !team.is_empty() {
            put_extremes(lookups, HOMES, team);
        }
    }

    /// Keeps the team of who wrote a message, and whether a name that the message shows is an agent's.
    pub fn survey_author(&self, message: &Message<'_>, lookups: &Lookups) {
        let Some(user) = message.user.as_str() else { return };
        if message.bot_id.as_str().is_some() || user == SLACKBOT {
            return;
        }
        let team = team_of(message).unwrap_or_default();
        let is_agent = message.user_profile.as_ref().is_some_and(|profile| is_shown(profile, &self.agents));
        let standing = if is_agent { Standing::Agent } else { Standing::Member };
        if is_agent || !team.is_empty() {
            lookups.put(PEOPLE, user, &Known { listed: false, standing, team }.to_text());
        }
        if !team.is_empty() {
            put_extremes(lookups, TEAMS, team);
        }
    }

    /// Who a user is.
    ///
    /// # Errors
    /// [`IngestError::NeedsOption`] if nothing tells agents from customers.
    pub fn role_of(&self, user: &str, lookups: &Lookups) -> Result<Role, Stop> {
        let text = lookups.get(PEOPLE, user).unwrap_or_default();
        let known = Known::of_text(&text).unwrap_or(Known { listed: false, standing: Standing::Member, team: "" });
        match known.standing {
            Standing::Agent => return Ok(Role::Agent),
            Standing::Bot => return Ok(Role::Bot),
            Standing::Guest | Standing::Member => {}
        }
        // Those of `users.json` were looked for in the first pass, under all of their names.
        if !known.listed {
            if !self.agents.is_empty() && (self.agents.contains(user) || self.agents.contains(known.team)) {
                return Ok(Role::Agent);
            }
            if user == SLACKBOT || (!self.bots.is_empty() && self.bots.contains(user)) {
                return Ok(Role::Bot);
            }
        }
        if !self.agents.is_empty() {
            return Ok(Role::Customer);
        }
        let home = self.home(lookups)?;
        let is_member = known.standing == Standing::Member && known.team == home;
        Ok(if is_member { Role::Agent } else { Role::Customer })
    }

    /// Whether the user names an app as an agent, by its id or the name that it writes under: help desks answer in Slack
    /// through one.
    pub fn is_agent_app(&self, message: &Message<'_>) -> bool {
        !self.agents.is_empty()
            && [&message.bot_id, &message.username]
                .iter()
                .any(|name| name.as_str().is_some_and(|name| self.agents.contains(name)))
    }

    fn home(&self, lookups: &Lookups) -> Result<&str, Stop> {
        let home = self.home.get_or_init(|| {
            let home = only(lookups, HOMES)?;
            // Among people of one team there is nobody to answer.
            (only(lookups, TEAMS).as_deref() != Some(home.as_str())).then_some(home)
        });
        home.as_deref().ok_or_else(|| {
            Stop::Failed(IngestError::NeedsOption {
                input: self.input.clone(),
                option: "--agents",
                why: "nothing in this export tells agents from customers: everybody is of one team, or the team that is \
                      home is not known from users.json; name the agents by id, handle, address or team",
            })
        })
    }
}

fn is_named(user: &User<'_>, names: &Names) -> bool {
    if names.is_empty() {
        return false;
    }
    let organisation = user.enterprise_user.as_ref().and_then(|place| place.enterprise_id.as_str());
    let own = [&user.id, &user.team_id, &user.name, &user.real_name].map(|name| name.as_str());
    own.into_iter().chain([organisation]).flatten().any(|name| names.contains(name))
        || user.profile.as_ref().is_some_and(|profile| is_shown(profile, names))
}

/// Whether somebody is named by a handle, name or address in their profile.
fn is_shown(profile: &Profile<'_>, names: &Names) -> bool {
    !names.is_empty()
        && ([&profile.name, &profile.real_name, &profile.display_name]
            .iter()
            .any(|name| name.as_str().is_some_and(|name| names.contains(name)))
            || profile.email.as_str().is_some_and(|address| names.contains_address(address)))
}

/// The team of who wrote a message, where the message says so.
fn team_of<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    let profile = message.user_profile.as_ref();
    message.user_team.as_str().or(profile.and_then(|profile| profile.team.as_str())).or(message.source_team.as_str())
}

/// Keeps the first and the last of the values of a table.
fn put_extremes(lookups: &Lookups, table: &str, value: &str) {
    lookups.put(table, "last", value);
    lookups.put(table, "first", &mirrored(value));
}

/// The value of a table that has one only.
fn only(lookups: &Lookups, table: &str) -> Option<String> {
    let last = lookups.get(table, "last")?;
    (lookups.get(table, "first")? == mirrored(&last)).then_some(last)
}

/// A text that is the greater the smaller the given one is. Ids are of ASCII; other characters fall together.
fn mirrored(id: &str) -> String {
    let bytes = id.bytes().map(|byte| char::from(0x7f - (byte & 0x7f)));
    // Behind its own beginning comes the longer one.
    bytes.chain(['\u{7f}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_told_from_several_in_any_order() {
        for values in [&["T2"][..], &["T2", "T2"], &["T1", "T2"], &["T2", "T1"], &["T2", "T21"], &["T21", "T2"]] {
            let lookups = Lookups::default();
            values.iter().for_each(|value| put_extremes(&lookups, "t", value));
            let expected = values.iter().all(|value| *value == "T2").then(|| "T2".to_owned());
            assert_eq!(only(&lookups, "t"), expected, "{values:?}");
        }
        assert_eq!(only(&Lookups::default(), "t"), None);
    }

    #[test]
    fn what_is_known_survives_the_table() {
        for standing in [Standing::Agent, Standing::Bot, Standing::Guest, Standing::Member] {
            for listed in [true, false] {
                let known = Known { listed, standing, team: "T01" };
                assert_eq!(Known::of_text(&known.to_text()), Some(known));
            }
        }
        assert_eq!(Known::of_text(""), None);
    }
}
