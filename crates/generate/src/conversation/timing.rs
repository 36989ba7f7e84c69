//! When and by whom a question is answered: speed of channel and agent, load, nights, the outage, lost questions.

use crate::calendar::{DAY_US, SECOND_US, local_time};
use crate::people::Agent;
use crate::tables::{
    HOUR_LOAD_PERCENT, LOST_DAYS, LOST_PER_10_000, MORNING_QUEUE, ON_CALL_PER_MILLE, OUTAGE_WAIT_FACTOR, WAIT_MIN_US,
    WEEKDAY_LOAD_PERCENT,
};

use super::teller::Teller;

impl Teller<'_> {
    /// The agent of a team who answers a question asked at `asked_us`, and when: after what was told so far. The wait
    /// of a quiet hour has the median `quiet_s`.
    pub(super) fn next_answer(&mut self, asked_us: i64, team: usize, quiet_s: i64) -> (Agent, i64) {
        let is_night = !self.calendar.is_staffed(asked_us);
        let is_on_call = is_night && self.random.chance(ON_CALL_PER_MILLE);
        let begin_us = if is_on_call { asked_us } else { self.calendar.next_staffed(asked_us) };

        let agent = self.agent_at(begin_us, team);
        let local = local_time(begin_us);
        let median_us = quiet_s * SECOND_US * HOUR_LOAD_PERCENT[local.hour] / 100 * WEEKDAY_LOAD_PERCENT[local.weekday]
            / 100
            * agent.pace_percent()
            / 100;
        let mut wait_us = self.random.log_normal(median_us, self.profile.response_spread_milli);
        if self.calendar.is_outage(asked_us) {
            wait_us *= OUTAGE_WAIT_FACTOR;
        }
        if is_night && !is_on_call {
            wait_us += self.random.log_normal(MORNING_QUEUE.0, MORNING_QUEUE.1);
        }
        if self.random.below(10_000) < LOST_PER_10_000 {
            wait_us += self.random.between(LOST_DAYS.0 * DAY_US, LOST_DAYS.1 * DAY_US);
        }
        let earliest_us = self.now_us + WAIT_MIN_US;
        let mut at_us = (begin_us + wait_us.max(WAIT_MIN_US)).max(earliest_us);
        if !is_on_call && !self.calendar.is_staffed(at_us) {
            at_us = self.calendar.next_staffed(at_us) + self.random.log_normal(MORNING_QUEUE.0, MORNING_QUEUE.1);
        }
        let agent = if agent.is_on_duty(self.calendar, at_us) { agent } else { self.agent_at(at_us, team) };
        (agent, at_us)
    }

    /// The agent of before, if still on duty and of the team, else another one of the team.
    pub(super) fn agent_at(&mut self, us: i64, team: usize) -> Agent {
        match self.agent {
            Some(agent) if agent.team() == team && agent.is_on_duty(self.calendar, us) => agent,
            _ => Agent::on_duty(self.calendar, team, us, &mut self.random),
        }
    }
}
