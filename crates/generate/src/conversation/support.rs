//! A contact asks, agents answer; the session ends in one of several ways and perhaps begins again.

use tapemeasure_model::event::EventType;

use crate::calendar::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use crate::people::Agent;
use crate::random::Random;
use crate::tables::{
    ASSIGNED_PER_MILLE, BOT_DIALOGUE_PER_MILLE, BURST_PER_MILLE, CLOSE_PER_MILLE, HANDOFF_PER_MILLE, NOTE_PER_MILLE,
    OPT_OUT_PER_MILLE, OUT_OF_OFFICE_PER_MILLE, REOPEN_AFTER, REOPEN_PER_MILLE, REOPENED_EVENT_PER_MILLE,
    RETAG_PER_MILLE, ROUNDS_MAX, SECOND_ANSWER_PER_MILLE, SNOOZE_PER_MILLE, SYSTEM_MESSAGE_PER_MILLE,
    TAGGING_PER_MILLE, TEAMS, THANKS_PER_MILLE, TOPICS, Topic, UNANSWERED_CLOSE_PER_MILLE,
    UNANSWERED_OPT_OUT_PER_MILLE, UNANSWERED_PER_MILLE,
};
use crate::texts::Occasion;

use super::teller::Teller;

/// Spread of the time until a contact writes again, and until a session is closed.
const HABIT_SPREAD_MILLI: i64 = 1_500;

/// An agent who answers has seen the question half of this time before, at most.
const SEEN_BEFORE_MAX_US: i64 = 20 * MINUTE_US;

/// When the topic becomes known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tagging {
    /// The contact has chosen it from a menu.
    AtStart,
    /// After the first answer.
    OnTheWay,
    /// When an agent closes.
    AtClose,
    /// Not at all.
    Never,
}

/// What a conversation is really about, whether anybody writes it down or not.
pub(super) struct Case {
    topic_idx: usize,
    team: usize,
    tagging: Tagging,
}

impl Case {
    pub(super) fn draw(t: &mut Teller<'_>) -> Self {
        let is_outage = t.calendar.is_outage(t.now_us);
        let topic_idx =
            draw_idx(&mut t.random, |topic| if is_outage { topic.outage_per_mille } else { topic.per_mille });
        let mut drawn = t.random.below(1_000);
        let mut tagging = Tagging::Never;
        for (kind, per_mille) in
            [Tagging::AtStart, Tagging::OnTheWay, Tagging::AtClose].into_iter().zip(TAGGING_PER_MILLE)
        {
            if drawn < per_mille {
                tagging = kind;
                break;
            }
            drawn -= per_mille;
        }
        Self { topic_idx, team: TOPICS[topic_idx].team, tagging }
    }

    /// The team that answers, as a position in the table of teams.
    pub(super) fn team(&self) -> usize {
        self.team
    }

    fn topic(&self) -> &'static str {
        TOPICS[self.topic_idx].name
    }
}

/// A position in [`TOPICS`], by a share of 1,000 in all.
fn draw_idx(random: &mut Random, per_mille: impl Fn(&Topic) -> u64) -> usize {
    let drawn = random.below(1_000);
    let mut up_to = 0;
    let passed = TOPICS.iter().take_while(|topic| {
        up_to += per_mille(topic);
        up_to <= drawn
    });
    passed.count()
}

/// A whole conversation that the contact begins now.
pub(super) fn tell(t: &mut Teller<'_>) {
    let mut case = Case::draw(t);
    if case.tagging == Tagging::AtStart {
        t.topic = Some(case.topic());
    }
    if t.profile.is_mail {
        // The mailbox opens a ticket and routes it.
        t.team = Some(case.team);
        let now_us = t.now_us;
        t.put(EventType::Opened, now_us);
    }
    let asked_us = turn(t, Occasion::Question(case.topic_idx));
    let is_night = !t.calendar.is_staffed(asked_us);
    if t.profile.is_mail && is_night && t.random.chance(OUT_OF_OFFICE_PER_MILLE) {
        let after_us = t.random.between(5 * SECOND_US, 90 * SECOND_US);
        t.automatic(asked_us + after_us, Occasion::OutOfOffice);
    }
    if t.random.chance(t.profile.greeting_per_mille) {
        greeting(t, asked_us, &case);
    }
    if t.random.chance(UNANSWERED_PER_MILLE) {
        if t.random.chance(UNANSWERED_OPT_OUT_PER_MILLE) {
            t.now_us += t.random.log_normal(HOUR_US, HABIT_SPREAD_MILLI);
            t.opt_out();
        }
        close(t, &mut case, &UNANSWERED_CLOSE_PER_MILLE);
        return;
    }
    dialogue(t, &mut case, asked_us);
    farewell(t, &mut case);
}

/// One to three messages of the contact, the first of them now. Returns when that was.
pub(super) fn turn(t: &mut Teller<'_>, occasion: Occasion) -> i64 {
    let asked_us = t.now_us;
    t.ask(asked_us, occasion);
    for _ in 0..2 {
        if !t.random.chance(BURST_PER_MILLE) {
            break;
        }
        let pause_us = t.random.between(4 * SECOND_US, 40 * SECOND_US);
        let at_us = t.now_us + pause_us;
        t.ask(at_us, Occasion::Fragment);
    }
    asked_us
}

/// A bot greets at once; sometimes it asks for the order, and then hands over to a human.
fn greeting(t: &mut Teller<'_>, asked_us: i64, case: &Case) {
    let after_us = t.random.between(SECOND_US, 4 * SECOND_US);
    t.bot(asked_us + after_us, Occasion::BotGreeting);
    if !t.random.chance(BOT_DIALOGUE_PER_MILLE) {
        return;
    }
    let mut at_us = t.now_us.max(asked_us + after_us) + 2 * SECOND_US;
    t.bot(at_us, Occasion::BotAsks);
    at_us += t.random.between(15 * SECOND_US, 90 * SECOND_US);
    t.ask(at_us, Occasion::OrderReply);
    at_us += 2 * SECOND_US;
    t.bot(at_us, Occasion::BotHandsOver);
    t.team = Some(case.team);
    t.put(EventType::Handoff, at_us + SECOND_US);
    t.now_us = at_us;
}

/// Answers and further questions, until the contact asks no more. The first question was asked at `asked_us`.
pub(super) fn dialogue(t: &mut Teller<'_>, case: &mut Case, asked_us: i64) {
    let mut asked_us = asked_us;
    for round in 0..ROUNDS_MAX {
        let is_first = round == 0;
        let before = t.agent;
        let was_handed_over = !is_first && t.random.chance(HANDOFF_PER_MILLE);
        if was_handed_over {
            case.team = t.random.below(TEAMS.len() as u64) as usize;
        }
        let quiet_s = if is_first { t.profile.first_response_quiet_s } else { t.profile.later_response_quiet_s };
        let (agent, at_us) = t.next_answer(asked_us, case.team, quiet_s);
        prepare(t, agent, asked_us, at_us, before.is_some_and(|before| before != agent), was_handed_over);
        t.answer(at_us, agent, Occasion::Answer);
        if t.random.chance(SECOND_ANSWER_PER_MILLE) {
            let pause_us = t.random.between(5 * SECOND_US, 60 * SECOND_US);
            t.answer(at_us + pause_us, agent, Occasion::SecondAnswer);
        }
        if is_first && case.tagging == Tagging::OnTheWay && t.topic.is_none() {
            tag(t, agent, case.topic());
        }
        let asks_again = round + 1 < ROUNDS_MAX && t.random.chance(t.profile.another_round_per_mille);
        let again_us = t.now_us + t.random.log_normal(t.profile.contact_reply_s * SECOND_US, HABIT_SPREAD_MILLI);
        if t.random.chance(SNOOZE_PER_MILLE) {
            snooze(t, agent, asks_again.then_some(again_us));
        }
        if !asks_again {
            break;
        }
        t.now_us = t.now_us.max(again_us);
        asked_us = turn(t, Occasion::FollowUp);
    }
}

/// What happens between a question and its answer: assignments, handoffs, notes.
fn prepare(t: &mut Teller<'_>, agent: Agent, asked_us: i64, at_us: i64, is_other: bool, was_handed_over: bool) {
    let is_first = t.agent.is_none();
    let seen_us = at_us - (at_us - asked_us).min(SEEN_BEFORE_MAX_US) / t.random.between(2, 6);
    let per_mille = if is_other { ASSIGNED_PER_MILLE.1 } else { ASSIGNED_PER_MILLE.0 };
    if was_handed_over {
        t.team = Some(agent.team());
        t.act(EventType::Handoff, seen_us, agent);
    } else if (is_first || is_other) && t.random.chance(per_mille) {
        t.team = Some(agent.team());
        t.act(EventType::Assigned, seen_us, agent);
        if !t.profile.is_mail && is_first && t.random.chance(SYSTEM_MESSAGE_PER_MILLE) {
            t.system(seen_us);
        }
    }
    if t.random.chance(NOTE_PER_MILLE) {
        t.note((seen_us + at_us) / 2, agent);
    }
}

/// Tags the topic a little later.
fn tag(t: &mut Teller<'_>, agent: Agent, topic: &'static str) {
    let after_us = t.random.between(SECOND_US, 30 * SECOND_US);
    let at_us = t.now_us + after_us;
    t.topic = Some(topic);
    t.act(EventType::Tagged, at_us, agent);
}

/// Puts the conversation away for a day, or until the contact writes again.
fn snooze(t: &mut Teller<'_>, agent: Agent, again_us: Option<i64>) {
    let at_us = t.now_us + MINUTE_US;
    let over_us = at_us + DAY_US;
    let again_us = again_us.unwrap_or(over_us).min(over_us);
    if at_us < again_us {
        t.act(EventType::Snoozed, at_us, agent);
        t.put(EventType::Unsnoozed, again_us);
    }
}

/// The end of an answered session: perhaps thanks, perhaps an opt-out, then the close, after which some come back.
pub(super) fn farewell(t: &mut Teller<'_>, case: &mut Case) {
    if t.random.chance(THANKS_PER_MILLE.0) {
        let after_us = t.random.log_normal(t.profile.contact_reply_s * SECOND_US, HABIT_SPREAD_MILLI);
        let thanked_us = t.now_us + after_us;
        t.ask(thanked_us, Occasion::Thanks);
        if t.random.chance(THANKS_PER_MILLE.1) {
            let (agent, at_us) = t.next_answer(thanked_us, case.team, t.profile.later_response_quiet_s);
            t.answer(at_us, agent, Occasion::Welcome);
        }
    }
    let opt_out = if t.profile.campaign_per_mille > 0 { OPT_OUT_PER_MILLE.0 } else { OPT_OUT_PER_MILLE.1 };
    if t.random.chance(opt_out) {
        t.now_us += MINUTE_US;
        t.opt_out();
    }
    if !close(t, case, &CLOSE_PER_MILLE) || !t.random.chance(REOPEN_PER_MILLE) {
        return;
    }
    t.now_us += t.random.log_normal(REOPEN_AFTER.0, REOPEN_AFTER.1);
    if t.random.chance(REOPENED_EVENT_PER_MILLE) {
        let now_us = t.now_us;
        t.put(EventType::Reopened, now_us);
    }
    let asked_us = turn(t, Occasion::FollowUp);
    dialogue(t, case, asked_us);
    close(t, case, &CLOSE_PER_MILLE);
}

/// Ends the session by an agent or by the timer, whose shares of 1,000 are given, or leaves it open. Returns whether
/// it was closed.
pub(super) fn close(t: &mut Teller<'_>, case: &mut Case, per_mille: &[u64; 2]) -> bool {
    let drawn = t.random.below(1_000);
    if drawn < per_mille[0] {
        let after_us = t.random.log_normal(t.profile.close_after_s * SECOND_US, HABIT_SPREAD_MILLI);
        t.now_us = t.calendar.next_staffed(t.now_us + after_us);
        let agent = t.agent_at(t.now_us, case.team);
        t.team = Some(agent.team());
        if t.topic.is_none() && case.tagging == Tagging::AtClose {
            tag(t, agent, case.topic());
        } else if t.topic.is_some() && t.random.chance(RETAG_PER_MILLE) {
            case.topic_idx = draw_idx(&mut t.random, |topic| topic.per_mille);
            tag(t, agent, case.topic());
        }
        // A tag comes within the half minute before.
        t.now_us += 31 * SECOND_US;
        let now_us = t.now_us;
        let event = t.put(EventType::Closed, now_us);
        event.agent_id = Some(agent);
        event.automated = Some(false);
        true
    } else if drawn < per_mille[0] + per_mille[1] {
        // Timers look once a minute.
        t.now_us += t.profile.timer_s * SECOND_US + t.random.between(0, MINUTE_US);
        let now_us = t.now_us;
        t.put(EventType::Closed, now_us).automated = Some(true);
        true
    } else {
        false
    }
}
