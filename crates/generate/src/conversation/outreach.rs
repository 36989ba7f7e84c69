//! An agent writes first, about an order or a payment, and most contacts answer.

use crate::calendar::SECOND_US;
use crate::tables::{OUTREACH_REPLY_PER_MILLE, UNANSWERED_CLOSE_PER_MILLE};
use crate::texts::Occasion;

use super::support::{self, Case};
use super::teller::Teller;

/// Contacts take this many times as long to answer a message that they did not expect.
const UNEXPECTED_FACTOR: i64 = 5;
/// Spread of that time.
const REPLY_SPREAD_MILLI: i64 = 1_800;

/// A whole conversation that an agent begins now.
pub(super) fn tell(t: &mut Teller<'_>) {
    let mut case = Case::draw(t);
    let now_us = t.now_us;
    let agent = t.agent_at(now_us, case.team());
    t.answer(now_us, agent, Occasion::Outreach);
    if t.random.chance(OUTREACH_REPLY_PER_MILLE) {
        let median_us = t.profile.contact_reply_s * UNEXPECTED_FACTOR * SECOND_US;
        t.now_us += t.random.log_normal(median_us, REPLY_SPREAD_MILLI);
        let asked_us = support::turn(t, Occasion::FollowUp);
        support::dialogue(t, &mut case, asked_us);
        support::farewell(t, &mut case);
    } else {
        support::close(t, &mut case, &UNANSWERED_CLOSE_PER_MILLE);
    }
}
