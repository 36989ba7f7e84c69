//! The rules one by one, with answers worked out by hand. The whole fold is held against the oracle by the tests of
//! the workspace.

use tapemeasure_model::settings::{Bots, Rules};

use super::act::Act;
use super::session::{CloseReason, EndReason, Event, InitiatedBy, Outcome, Session};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

fn event(at: i64, act: Act) -> Event<'static> {
    Event { at, act, contact: Some("u1"), channel: 1, team: 0, topic: 0, agent: if act == Act::Answer { 7 } else { 0 } }
}

/// Plays events into one session and gives it with what became of it.
fn play(events: &[(i64, Act)], rules: Rules) -> (Session, Outcome) {
    let first = event(events[0].0, events[0].1);
    let mut session = Session::open(&first);
    let mut outcome = Outcome::Open;
    for &(at, act) in events {
        assert_eq!(outcome, Outcome::Open, "the session went on after its end");
        outcome = session.pass(at, &rules);
        if outcome == Outcome::Open {
            outcome = session.apply(&event(at, act), &rules);
        }
    }
    (session, outcome)
}

#[test]
fn three_questions_are_one_wait_from_the_first() {
    let (session, _) = play(
        &[(0, Act::Question), (MINUTE, Act::Question), (2 * MINUTE, Act::Question), (5 * MINUTE, Act::Answer)],
        Rules::default(),
    );
    assert_eq!(session.waits.len(), 1);
    let wait = session.waits[0];
    assert_eq!((wait.wait.opened_at, wait.wait.n_inbound, wait.wait.is_first), (0, 3, true));
    assert_eq!((wait.ended_at, wait.reason, wait.agent), (Some(5 * MINUTE), EndReason::Replied, 7));
}

#[test]
fn a_bot_answers_only_where_bots_answer() {
    let events = [(0, Act::Question), (MINUTE, Act::Bot), (3 * MINUTE, Act::Answer)];
    let (session, _) = play(&events, Rules::default());
    assert_eq!(session.waits[0].ended_at, Some(3 * MINUTE));
    let (session, _) = play(&events, Rules { bots: Bots::Reply, ..Rules::default() });
    assert_eq!((session.waits[0].ended_at, session.waits[0].agent), (Some(MINUTE), 0));
}

#[test]
fn outreach_has_no_first_response_and_resolves_from_the_first_question() {
    let (session, outcome) = play(
        &[(0, Act::Answer), (HOUR, Act::Question), (HOUR + MINUTE, Act::Answer), (2 * HOUR, Act::Closed)],
        Rules::default(),
    );
    assert_eq!(session.initiated_by, InitiatedBy::Agent);
    assert!(!session.waits[0].wait.is_first);
    assert_eq!(session.resolution_start(), Some(HOUR));
    assert_eq!(outcome, Outcome::Ended { at: 2 * HOUR, reason: CloseReason::Closed, auto: false });
}

#[test]
fn silence_ends_a_session_only_when_nobody_waits() {
    let rules = Rules { session_gap_us: Some(24 * HOUR), ..Rules::default() };
    let (mut answered, _) = play(&[(0, Act::Question), (MINUTE, Act::Answer)], rules);
    assert_eq!(answered.pass(24 * HOUR + MINUTE, &rules), Outcome::Open);
    assert_eq!(
        answered.pass(24 * HOUR + MINUTE + 1, &rules),
        Outcome::Ended { at: MINUTE, reason: CloseReason::Inactive, auto: false }
    );
    let (mut waiting, _) = play(&[(0, Act::Question)], rules);
    assert_eq!(waiting.pass(1_000 * HOUR, &rules), Outcome::Open);
}

#[test]
fn an_abandoned_wait_ends_at_the_limit_and_counts_as_activity() {
    let rules = Rules { session_gap_us: Some(24 * HOUR), abandon_after_us: Some(168 * HOUR), ..Rules::default() };
    let (mut session, _) = play(&[(0, Act::Question)], rules);
    assert_eq!(session.pass(168 * HOUR, &rules), Outcome::Open);
    assert_eq!(session.waits, []);
    assert_eq!(session.pass(168 * HOUR + 1, &rules), Outcome::Open);
    assert_eq!((session.waits[0].ended_at, session.waits[0].reason), (Some(168 * HOUR), EndReason::Abandoned));
    assert_eq!(
        session.pass(192 * HOUR + 1, &rules),
        Outcome::Ended { at: 168 * HOUR, reason: CloseReason::Inactive, auto: false }
    );
}

#[test]
fn stop_ends_the_wait_and_not_the_session() {
    let (session, outcome) = play(&[(0, Act::Question), (MINUTE, Act::OptedOut)], Rules::default());
    assert_eq!((session.waits[0].reason, outcome), (EndReason::OptedOut, Outcome::Open));
}
