//! Every rule with numbers on which it must fire, must not, and cannot say anything.

use super::evidence::{ChannelOptOuts, HourOfWeek, MonthVolume, Place};
use super::*;
use crate::digest::{
    AVERAGE_RESPONSE_TIME, ChannelRow, Distribution, Drill, FIRST_RESPONSE_TIME, KpiCard, Messages, RESOLUTION_TIME,
    Reached, Series, Subscriptions, TopicRow, UNSUBSCRIBED_CONTACTS, Unit,
};

/// A rule of a digest and evidence, with the suggestion that it makes.
fn asked(rule: &str, digest: &Digest, evidence: &Evidence) -> (RuleOutcome, Option<Suggestion>) {
    asked_with(rule, digest, evidence, &Thresholds::default())
}

fn asked_with(
    rule: &str,
    digest: &Digest,
    evidence: &Evidence,
    thresholds: &Thresholds,
) -> (RuleOutcome, Option<Suggestion>) {
    let place = Place { since: "2025-06-01".to_owned(), until: "2025-07-01".to_owned(), ..Place::default() };
    let evidence = Evidence { place, ..evidence.clone() };
    let (outcomes, suggestions) = evaluate(digest, &evidence, thresholds);
    let outcome = outcomes.into_iter().find(|outcome| outcome.rule == rule).unwrap();
    (outcome, suggestions.into_iter().find(|suggestion| suggestion.rule == rule))
}

#[track_caller]
fn fires(rule: &str, digest: &Digest, evidence: &Evidence, text: &str, numbers: &str, (command, rows): (&str, u64)) {
    let (outcome, suggestion) = asked(rule, digest, evidence);
    let suggestion = suggestion.unwrap_or_else(|| panic!("{rule} is silent: {}", outcome.why));
    assert_eq!((suggestion.text.as_str(), suggestion.evidence.as_str()), (text, numbers));
    assert_eq!(suggestion.drill, Some(Drill { command: command.to_owned(), rows }));
    assert_eq!((outcome.status, outcome.why.as_str()), (RuleStatus::Fired, numbers));
}

#[track_caller]
fn silent(rule: &str, digest: &Digest, evidence: &Evidence, status: RuleStatus, why: &str) {
    let (outcome, suggestion) = asked(rule, digest, evidence);
    assert_eq!(suggestion, None);
    assert_eq!((outcome.status, outcome.why.as_str()), (status, why));
}

const NOT_FIRED: RuleStatus = RuleStatus::NotFired;
const TOO_FEW: RuleStatus = RuleStatus::TooFew;

fn card(name: &str, value: f64, n: u64, target_s: Option<f64>) -> KpiCard {
    KpiCard {
        name: name.to_owned(),
        unit: Unit::Seconds,
        value: Some(value),
        n: Some(n),
        target_s,
        ..KpiCard::default()
    }
}

fn with_card(card: KpiCard) -> Digest {
    Digest { kpis: vec![card], ..Digest::default() }
}

fn hour(day_of_week: i32, hour: i32, in_time: u64, late: u64) -> HourOfWeek {
    HourOfWeek { day_of_week, hour, in_time, late }
}

#[test]
fn nothing_suggests_nothing_and_every_rule_says_so() {
    let (outcomes, suggestions) = evaluate(&Digest::default(), &Evidence::default(), &Thresholds::default());
    assert_eq!(suggestions, Vec::new());
    let said: Vec<(&str, RuleStatus)> =
        outcomes.iter().map(|outcome| (outcome.rule.as_str(), outcome.status)).collect();
    let expected: Vec<(&str, RuleStatus)> = RULES.iter().map(|rule| (rule.name, TOO_FEW)).collect();
    assert_eq!(said, expected);
}

#[test]
fn thresholds_are_listed_as_they_hold() {
    let mut thresholds = Thresholds::default();
    thresholds.set("volume_flat", "growth", 0.125);
    let (outcome, _) = asked_with("volume_flat", &Digest::default(), &Evidence::default(), &thresholds);
    let listed: Vec<String> =
        outcome.thresholds.iter().map(|held| format!("{}={}", held.setting, held.value)).collect();
    assert_eq!(
        listed,
        ["report.volume_flat.months=3", "report.volume_flat.growth=12.5%", "report.volume_flat.min_questions=30"]
    );
}

/// Whole months from February to May 2025: 28, 31, 30 and 31 days.
fn months(questions: [u64; 4]) -> Evidence {
    let first = ["2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01"];
    let months = questions.into_iter().zip([28, 31, 30, 31]).enumerate().map(|(place, (questions, days))| {
        MonthVolume { since: first[place].to_owned(), until: first[place + 1].to_owned(), days, questions }
    });
    Evidence { months: months.collect(), ..Evidence::default() }
}

#[test]
fn volume_flat_for_months_asks_for_promotion() {
    // 560 / 28 = 20 a day; 620 / 31 = 20, 630 / 30 = 21 which is 5 % more and no growth, 620 / 31 = 20.
    let text = "Promote messaging and publish its entry points (site, app, e-mail footer, phone menu): inbound volume \
                has been flat for 3 months";
    fires(
        "volume_flat",
        &Digest::default(),
        &months([560, 620, 630, 620]),
        text,
        "620 questions in May 2025, 20 a day, against 20 a day in Feb 2025 (±0 %)",
        ("tape drill inbound_message_volume --events --since 2025-05-01 --until 2025-06-01 --limit 620", 620),
    );
    // 465 / 31 = 15, a quarter less than 20.
    let fell = text.replace("has been flat", "fell");
    fires(
        "volume_flat",
        &Digest::default(),
        &months([560, 620, 600, 465]),
        &fell,
        "465 questions in May 2025, 15 a day, against 20 a day in Feb 2025 (−25 %)",
        ("tape drill inbound_message_volume --events --since 2025-05-01 --until 2025-06-01 --limit 465", 465),
    );
}

#[test]
fn a_month_that_grew_is_growth() {
    // 660 / 30 = 22, a tenth more than 20.
    silent(
        "volume_flat",
        &Digest::default(),
        &months([560, 620, 660, 620]),
        NOT_FIRED,
        "22 questions a day in Apr 2025 against 20 in Feb 2025 (+10 %)",
    );
}

#[test]
fn volume_is_not_judged_on_few_questions_or_months() {
    let few = months([560, 29, 600, 620]);
    silent("volume_flat", &Digest::default(), &few, TOO_FEW, "29 questions in Mar 2025; 30 are needed");
    let mut short = months([560, 620, 600, 620]);
    short.months.remove(0);
    let why = "4 whole months are needed up to the end of the period, the archive has 3";
    silent("volume_flat", &Digest::default(), &short, TOO_FEW, why);
}

#[test]
fn the_months_that_are_looked_at_are_a_setting() {
    // One month back: May against April, 20 a day each; what February had does not matter.
    let mut thresholds = Thresholds::default();
    thresholds.set("volume_flat", "months", 1.0);
    let (_, suggestion) = asked_with("volume_flat", &Digest::default(), &months([56, 620, 600, 620]), &thresholds);
    let evidence = suggestion.map(|suggestion| suggestion.evidence);
    assert_eq!(evidence.as_deref(), Some("620 questions in May 2025, 20 a day, against 20 a day in Apr 2025 (±0 %)"));
}

fn channels(rows: &[(&str, u64)]) -> Digest {
    let channels = rows
        .iter()
        .map(|&(name, inbound)| ChannelRow { channel: Some(name.to_owned()), inbound, ..ChannelRow::default() })
        .collect();
    Digest { channels, ..Digest::default() }
}

#[test]
fn quiet_channels_want_publicity() {
    // The others of sms have (1000 + 800) / 2 = 900 on average: 179 is less than a fifth of that, 180 is not.
    let evidence = Evidence::default();
    fires(
        "channel_quiet",
        &channels(&[("whatsapp", 1_000), ("email", 800), ("sms", 179)]),
        &evidence,
        "Publicise sms: customers hardly write there",
        "179 questions (sms 179); the other channels have 900 on average",
        (
            "tape drill inbound_message_volume --events --where 'channel IN ('\\''sms'\\'')' --since 2025-06-01 --until \
             2025-07-01 --limit 179",
            179,
        ),
    );
    fires(
        "channel_quiet",
        &channels(&[("sms", 3), ("whatsapp", 9_000), ("voice", 40)]),
        &evidence,
        "Publicise sms and voice: customers hardly write there",
        "43 questions (sms 3, voice 40); the other channels have 9,000 on average",
        (
            "tape drill inbound_message_volume --events --where 'channel IN ('\\''sms'\\'', '\\''voice'\\'')' --since \
             2025-06-01 --until 2025-07-01",
            43,
        ),
    );
    silent(
        "channel_quiet",
        &channels(&[("whatsapp", 1_000), ("email", 800), ("sms", 180)]),
        &evidence,
        NOT_FIRED,
        "sms has the fewest questions, 180: 20.0 % of the mean of the others, 900",
    );
}

#[test]
fn quiet_is_not_said_of_few_questions_or_of_one_channel() {
    let evidence = Evidence::default();
    let why = "30 questions on 2 channels; a mean of 30 on the others is needed";
    silent("channel_quiet", &channels(&[("sms", 1), ("email", 29)]), &evidence, TOO_FEW, why);
    let why = "channels with a name: 1; 2 are needed";
    silent("channel_quiet", &channels(&[("sms", 1)]), &evidence, TOO_FEW, why);
}

#[test]
fn late_first_responses_that_gather_want_staff() {
    let evidence = Evidence {
        first_hours: vec![
            hour(1, 9, 5, 10),
            hour(2, 10, 0, 20),
            hour(3, 11, 60, 2),
            hour(5, 8, 1, 8),
            hour(6, 1, 9, 0),
        ],
        ..Evidence::default()
    };
    let digest = with_card(card(FIRST_RESPONSE_TIME, 842.0, 115, Some(600.0)));
    // 10 + 20 + 8 of 40.
    fires(
        "first_response_over_target",
        &digest,
        &evidence,
        "Add staff on Tue 10:00–11:00, Mon 09:00–10:00 and Fri 08:00–09:00: first responses take longer than their \
         target, and 95.0 % of the late ones begin then",
        "mean 14 min 02 s against 10 min (n 115); 40 late, most on Tue 10:00–11:00 20, Mon 09:00–10:00 10, Fri \
         08:00–09:00 8",
        ("tape drill first_response_time --measure n_breached --since 2025-06-01 --until 2025-07-01", 40),
    );
}

#[test]
fn late_first_responses_all_week_want_training() {
    // 3 × 2 of 100: no quarter.
    let first_hours = (0..50).map(|place| hour(place / 24 + 1, place % 24, 1, 2)).collect();
    let evidence = Evidence { first_hours, ..Evidence::default() };
    fires(
        "first_response_over_target",
        &with_card(card(FIRST_RESPONSE_TIME, 601.0, 30, Some(600.0))),
        &evidence,
        "Train on first answers, or add staff all week: first responses take longer than their target, and no few hours \
         explain it",
        "mean 10 min 01 s against 10 min (n 30); 100 late, most on Mon 00:00–01:00 2, Mon 01:00–02:00 2, Mon \
         02:00–03:00 2",
        ("tape drill first_response_time --measure n_breached --since 2025-06-01 --until 2025-07-01", 100),
    );
}

#[test]
fn first_responses_in_time_or_few_say_nothing() {
    let rule = "first_response_over_target";
    let with = |value, n| with_card(card(FIRST_RESPONSE_TIME, value, n, Some(600.0)));
    silent(rule, &with(600.0, 500), &Evidence::default(), NOT_FIRED, "mean 10 min against 10 min (n 500)");
    silent(rule, &with(842.0, 29), &Evidence::default(), TOO_FEW, "29 first responses; 30 are needed");
    let mut thresholds = Thresholds::default();
    thresholds.set(rule, "times_target", 1.5);
    let (outcome, _) = asked_with(rule, &with(842.0, 500), &Evidence::default(), &thresholds);
    assert_eq!(outcome.status, NOT_FIRED);
}

#[test]
fn hours_with_late_waits_want_people() {
    // Of those with 30 waits, two have half of them late; Friday has more late ones, but a smaller part.
    let hours = vec![hour(1, 9, 10, 20), hour(2, 10, 20, 20), hour(5, 8, 70, 40), hour(6, 8, 0, 29), hour(7, 1, 30, 0)];
    fires(
        "hours_late",
        &Digest::default(),
        &Evidence { hours, ..Evidence::default() },
        "Add people on Mon 09:00–10:00 and Tue 10:00–11:00: of 109 late waits, 40 began then and could have been saved",
        "late: Mon 09:00–10:00 20 of 30 waits (66.7 %), Tue 10:00–11:00 20 of 40 waits (50.0 %)",
        (
            "tape drill average_response_time --measure n_breached --where 'day_of_week = 1 AND hour_of_day = 9 OR \
             day_of_week = 2 AND hour_of_day = 10' --since 2025-06-01 --until 2025-07-01",
            40,
        ),
    );
}

#[test]
fn hours_in_time_or_with_few_waits_say_nothing() {
    let with = |hours: &[HourOfWeek]| Evidence { hours: hours.to_vec(), ..Evidence::default() };
    let why = "late at most on Fri 08:00–09:00 40 of 110 waits (36.4 %)";
    silent("hours_late", &Digest::default(), &with(&[hour(5, 8, 70, 40), hour(6, 8, 0, 29)]), NOT_FIRED, why);
    let why = "no hour of the week has 30 waits; the most are 29";
    silent("hours_late", &Digest::default(), &with(&[hour(6, 8, 0, 29)]), TOO_FEW, why);
    let mut thresholds = Thresholds::default();
    thresholds.set("hours_late", "min_waits", 9.0);
    let (outcome, _) = asked_with("hours_late", &Digest::default(), &with(&[hour(6, 8, 0, 9)]), &thresholds);
    let why = "9 late waits in the worst hours (Sat 08:00–09:00 9 of 9 waits (100.0 %)); 10 are needed";
    assert_eq!((outcome.status, outcome.why.as_str()), (TOO_FEW, why));
}

fn topic(name: &str, waits: u64, mean_s: f64, longest_s: f64) -> TopicRow {
    TopicRow {
        topic: Some(name.to_owned()),
        waits,
        mean_s: Some(mean_s),
        longest_s: Some(longest_s),
        ..TopicRow::default()
    }
}

#[test]
fn the_slow_topic_with_the_longest_wait_wants_training() {
    // The mean over all is 400 s, so that a topic is slow above 600 s.
    let mut digest = with_card(card(AVERAGE_RESPONSE_TIME, 400.0, 5_000, None));
    digest.topic_waits = vec![
        topic("driver's note", 912, 601.0, 187_200.0),
        topic("delivery", 300, 900.0, 40_000.0),
        topic("returns", 300, 600.0, 400_000.0),
        topic("legal", 29, 9_000.0, 500_000.0),
    ];
    fires(
        "topic_waits_longest",
        &digest,
        &Evidence::default(),
        "Train the team on “driver's note” or write answers to reuse: its customers wait longest",
        "912 waits, mean 10 min 01 s against 6 min 40 s over all, longest 2 d 4 h",
        (
            "tape drill average_response_time --measure n --where 'topic = '\\''driver'\\'''\\''s note'\\''' --since \
             2025-06-01 --until 2025-07-01 --limit 912",
            912,
        ),
    );
    digest.topic_waits = digest.topic_waits.split_off(2);
    let why = "slowest is “returns”: mean 10 min against 6 min 40 s over all (n 300)";
    silent("topic_waits_longest", &digest, &Evidence::default(), NOT_FIRED, why);
    digest.topic_waits = digest.topic_waits.split_off(1);
    let why = "no topic has 30 answered waits";
    silent("topic_waits_longest", &digest, &Evidence::default(), TOO_FEW, why);
    let few = with_card(card(AVERAGE_RESPONSE_TIME, 400.0, 29, None));
    let why = "29 answered waits; 30 are needed";
    silent("topic_waits_longest", &few, &Evidence::default(), TOO_FEW, why);
}

#[test]
fn long_resolutions_want_a_call() {
    let mut digest = with_card(card(RESOLUTION_TIME, 2_530.0, 200, Some(1_800.0)));
    let reached = [(900.0, 40), (1_800.0, 78), (3_600.0, 150)].map(|(up_to_s, n)| Reached { up_to_s, n });
    digest.distributions = vec![Distribution {
        kpi: RESOLUTION_TIME.to_owned(),
        target_s: 1_800.0,
        n: 200,
        reached: reached.into(),
        ..Distribution::default()
    }];
    // 200 - 78 = 122, 61 % of 200.
    fires(
        "resolution_over_target",
        &digest,
        &Evidence::default(),
        "Offer a call when a conversation runs past 30 min: resolutions take longer than their target",
        "mean 42 min 10 s against 30 min (n 200); 122 of them took longer than 30 min (61.0 %)",
        (
            "tape drill resolution_time --measure n --where 'resolution_us > 1800000000' --since 2025-06-01 --until \
             2025-07-01 --limit 122",
            122,
        ),
    );
    let rule = "resolution_over_target";
    let in_time = with_card(card(RESOLUTION_TIME, 1_800.0, 200, Some(1_800.0)));
    silent(rule, &in_time, &Evidence::default(), NOT_FIRED, "mean 30 min against 30 min (n 200)");
    let few = with_card(card(RESOLUTION_TIME, 2_530.0, 29, Some(1_800.0)));
    silent(rule, &few, &Evidence::default(), TOO_FEW, "29 resolutions; 30 are needed");
    silent(rule, &Digest::default(), &Evidence::default(), TOO_FEW, "0 resolutions; 30 are needed");
}

fn opt_outs(rows: &[(&str, u64, u64, u64, u64)]) -> Evidence {
    let rows = rows.iter().map(|&(channel, now, before, sent, sent_before)| ChannelOptOuts {
        channel: Some(channel.to_owned()),
        now,
        before,
        sent,
        sent_before,
    });
    Evidence { opt_outs: Some(rows.collect()), ..Evidence::default() }
}

fn contacts(n: u64) -> Digest {
    with_card(KpiCard { unit: Unit::Share, ..card(UNSUBSCRIBED_CONTACTS, 0.02, n, None) })
}

#[test]
fn rising_opt_outs_name_channel_and_volume() {
    let mut digest = contacts(12_000);
    digest.series = Series {
        grain: "day".to_owned(),
        buckets: ["2025-06-02", "2025-06-03"].map(str::to_owned).into(),
        messages: vec![Messages { inbound: 9, agent: 100, bot: 20 }, Messages { inbound: 9, agent: 300, bot: 3_000 }],
        subscriptions: vec![
            Subscriptions { newly: 7, ..Subscriptions::default() },
            Subscriptions { newly: 30, ..Subscriptions::default() },
        ],
        ..Series::default()
    };
    // 36 against 12 is +200 %, 3,000 against 2,000 is +50 %.
    fires(
        "unsubscribes_rising",
        &digest,
        &opt_outs(&[("email", 10, 9, 500, 400), ("sms", 36, 12, 3_000, 2_000)]),
        "Send less on sms, and only to those who want it: more contacts opt out after more was sent",
        "36 opted out of sms against 12 before (+200 %); 3,000 messages sent there against 2,000 (+50 %); over all \
         channels most on Tue 3 Jun 2025: 30 with 3,300 sent",
        (
            "tape drill unsubscribed_contacts --measure newly_unsubscribed --cell channel=sms --since 2025-06-01 --until \
             2025-07-01",
            36,
        ),
    );
    fires(
        "unsubscribes_rising",
        &contacts(30),
        &opt_outs(&[("email", 5, 0, 400, 400)]),
        "Look at what is sent on email: more contacts opt out, though no more was sent",
        "5 opted out of email against 0 before; 400 messages sent there against 400 (±0 %)",
        (
            "tape drill unsubscribed_contacts --measure newly_unsubscribed --cell channel=email --since 2025-06-01 \
             --until 2025-07-01",
            5,
        ),
    );
}

#[test]
fn opt_outs_that_do_not_rise_or_rest_on_little_say_nothing() {
    let rule = "unsubscribes_rising";
    // Four more are too few to be a rise; 109 against 100 are more than five, but no tenth.
    let why = "9 opted out of sms, the most added, against 5 before";
    silent(rule, &contacts(30), &opt_outs(&[("sms", 9, 5, 1, 1)]), NOT_FIRED, why);
    let why = "109 opted out of sms, the most added, against 100 before";
    silent(rule, &contacts(900), &opt_outs(&[("sms", 109, 100, 1, 1)]), NOT_FIRED, why);
    silent(rule, &contacts(900), &opt_outs(&[("sms", 0, 3, 1, 1)]), NOT_FIRED, "nobody opted out");
    let why = "29 known contacts; 30 are needed";
    silent(rule, &contacts(29), &opt_outs(&[("sms", 29, 0, 1, 1)]), TOO_FEW, why);
    let why = "the archive does not reach back over the period before";
    silent(rule, &contacts(900), &Evidence::default(), TOO_FEW, why);
}
