//! Who takes part: agents with their teams, shifts and speeds, and contacts who come once or again.

use std::fmt;

use crate::calendar::{Calendar, local_time};
use crate::random::Random;
use crate::tables::{
    AGENTS_PER_TEAM, CHANNELS, CONTACT_POOL_PERCENT, ChannelProfile, ContactKind, FREQUENT_PER_MILLE, PACE_PERCENT,
    SHIFT_HOURS, TEAMS,
};
use crate::write::digits::{append_number, append_padded};
use crate::write::show;

/// An agent, named `agent-01` to `agent-24`: six in a team, two of them in each shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent(pub(crate) u8);

impl Agent {
    /// The agent's team, as a position in [`TEAMS`].
    pub fn team(self) -> usize {
        usize::from(self.0) / AGENTS_PER_TEAM
    }

    /// Waits of this agent against the average, in per cent.
    pub(crate) fn pace_percent(self) -> i64 {
        PACE_PERCENT[usize::from(self.0) % AGENTS_PER_TEAM]
    }

    /// Whether the agent's shift is at work at an instant.
    pub(crate) fn is_on_duty(self, calendar: &Calendar, us: i64) -> bool {
        shifts_on_duty(calendar, us)[usize::from(self.0) % SHIFT_HOURS.len()]
    }

    /// One of the team's agents on duty.
    pub(crate) fn on_duty(calendar: &Calendar, team: usize, us: i64, random: &mut Random) -> Self {
        let shifts = shifts_on_duty(calendar, us);
        let mut places = (0..AGENTS_PER_TEAM).filter(|place| shifts[place % SHIFT_HOURS.len()]);
        let chosen = random.below(places.clone().count() as u64) as usize;
        // Some shift is always on duty or on call, so that there are places to choose from.
        let place = places.nth(chosen).unwrap_or(0);
        Self((team * AGENTS_PER_TEAM + place) as u8)
    }

    /// The agent as a number, for platforms whose ids are numbers: from 1 on.
    pub(crate) fn id_number(self) -> u64 {
        u64::from(self.0) + 1
    }

    /// Appends the text of the field `agent_id`.
    pub(crate) fn append_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"agent-");
        append_padded(out, u64::from(self.0) + 1, 2);
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, |out| self.append_to(out))
    }
}

/// Which of the three shifts are at work; outside service it is the one on call.
fn shifts_on_duty(calendar: &Calendar, us: i64) -> [bool; SHIFT_HOURS.len()] {
    let local = local_time(us);
    let mut on_duty = [false; SHIFT_HOURS.len()];
    if !calendar.is_staffed(us) {
        on_duty[local.day.rem_euclid(SHIFT_HOURS.len() as i64) as usize] = true;
    } else if local.weekday >= 5 {
        let week = (local.day - local.weekday as i64).div_euclid(7);
        on_duty[week.rem_euclid(SHIFT_HOURS.len() as i64) as usize] = true;
    } else {
        for (shift, (from, to)) in on_duty.iter_mut().zip(SHIFT_HOURS) {
            *shift = (from..to).contains(&local.hour);
        }
    }
    on_duty
}

/// A customer: a number among those of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Contact {
    pub(crate) kind: ContactKind,
    pub(crate) number: u64,
}

/// First names in the addresses of mail contacts.
const FIRST_NAMES: [&str; 16] = [
    "anna", "ben", "clara", "david", "emma", "felix", "greta", "hanna", "ivan", "julia", "karim", "lena", "mehmet",
    "nina", "oskar", "paula",
];
/// Last names in the addresses of mail contacts.
const LAST_NAMES: [&str; 16] = [
    "albrecht", "becker", "celik", "dietrich", "engel", "fischer", "graf", "hoffmann", "ivanov", "jansen", "koch",
    "lang", "meyer", "nowak", "otto", "peters",
];

impl Contact {
    /// A contact of the channel's kind: usually one among many, sometimes one of the few who write all the time.
    pub(crate) fn draw(profile: &ChannelProfile, conversations: u64, random: &mut Random) -> Self {
        let kind = profile.contact;
        let share_percent: u64 = CHANNELS.iter().filter(|c| c.contact == kind).map(|c| c.share_percent).sum();
        let pool = (conversations * share_percent / 100 * CONTACT_POOL_PERCENT / 100).max(1);
        // Each factor, even from 0 to 1, bends the choice further towards the first numbers.
        let factors = if random.chance(FREQUENT_PER_MILLE) { 4 } else { 2 };
        let mut bound = pool;
        for _ in 1..factors {
            bound = random.below(bound) + 1;
        }
        Self { kind, number: random.below(bound) }
    }

    /// The contact as a number, for platforms whose ids are numbers: another one for each, from 1 to 5,000,000,000.
    pub(crate) fn id_number(self) -> u64 {
        self.kind as u64 * CONTACTS_MAX + scattered(self.number) + 1
    }

    /// Appends the text of the field `contact_id`.
    pub(crate) fn append_to(self, out: &mut Vec<u8>) {
        let number = scattered(self.number);
        match self.kind {
            ContactKind::Phone => {
                out.extend_from_slice(b"+4910");
                append_padded(out, number, 9);
            }
            ContactKind::Visitor => {
                out.extend_from_slice(b"visitor-");
                append_padded(out, number, 9);
            }
            ContactKind::Messenger => {
                out.extend_from_slice(b"6155000");
                append_padded(out, number, 9);
            }
            ContactKind::Instagram => {
                out.extend_from_slice(b"17841400");
                append_padded(out, number, 9);
            }
            ContactKind::Mail => {
                out.extend_from_slice(FIRST_NAMES[(number % 16) as usize].as_bytes());
                out.push(b'.');
                out.extend_from_slice(LAST_NAMES[(number / 16 % 16) as usize].as_bytes());
                out.push(b'.');
                append_number(out, number);
                out.extend_from_slice(b"@example.com");
            }
        }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, |out| self.append_to(out))
    }
}

/// Contacts of one kind, at most: what nine digits can tell apart.
const CONTACTS_MAX: u64 = 1_000_000_000;

/// Another number of nine digits for each, so that frequent contacts do not stand out by low digits: the factor shares
/// no divisor with 10^9. A pool holds less than 10^9 contacts, since an archive has at most 10^9 conversations.
fn scattered(number: u64) -> u64 {
    (number * 736_338_717 + 123_456_789) % CONTACTS_MAX
}

/// The text of the field `team`.
pub(crate) fn team_name(team: usize) -> &'static str {
    TEAMS[team]
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::calendar::{HOUR_US, Month};
    use crate::random::Stream;

    #[test]
    fn every_hour_of_the_year_has_somebody_of_every_team() {
        let calendar = Calendar::new(Month::JANUARY_2025, 12);
        let mut random = Random::new(1, Stream::Luck, 0);
        let mut us = calendar.period_us().start;
        while us < calendar.period_us().end {
            for team in 0..TEAMS.len() {
                let agent = Agent::on_duty(&calendar, team, us, &mut random);
                assert_eq!(agent.team(), team);
                assert!(agent.is_on_duty(&calendar, us), "{agent} at {us}");
            }
            us += HOUR_US;
        }
    }

    #[test]
    fn the_shifts_of_a_weekday_overlap_as_listed() {
        let calendar = Calendar::new(Month::JANUARY_2025, 12);
        // Wednesday 2025-03-05, local midnight.
        let midnight = 1_741_129_200_000_000;
        for (hour, expected) in [
            (7, [true, false, false]),
            (10, [true, true, false]),
            (14, [true, true, true]),
            (15, [false, true, true]),
            (21, [false, false, true]),
        ] {
            assert_eq!(shifts_on_duty(&calendar, midnight + hour * HOUR_US), expected, "{hour}");
        }
    }

    #[test]
    fn ids_are_written_as_documented() {
        for (kind, expected) in [
            (ContactKind::Phone, "+4910123456789"),
            (ContactKind::Visitor, "visitor-123456789"),
            (ContactKind::Messenger, "6155000123456789"),
            (ContactKind::Instagram, "17841400123456789"),
            // 123456789 = 16 * 7716049 + 5, 7716049 = 16 * 482253 + 1.
            (ContactKind::Mail, "felix.becker.123456789@example.com"),
        ] {
            assert_eq!(Contact { kind, number: 0 }.to_string(), expected);
        }
        assert_eq!(Agent(23).to_string(), "agent-24");
    }
}
