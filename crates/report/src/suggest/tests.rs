//! Every rule where it fires, and just beside it where it does not.

use super::*;
use crate::digest::TopicRow;

fn check(digest: &Digest, expected: &[(&str, &str, &str)]) {
    let found = suggest(digest, &Thresholds::default());
    let found: Vec<(&str, &str, &str)> =
        found.iter().map(|s| (s.rule.as_str(), s.text.as_str(), s.evidence.as_str())).collect();
    assert_eq!(found, expected);
}

fn with_card(card: KpiCard) -> Digest {
    Digest { kpis: vec![card], ..Digest::default() }
}

fn volume(value: f64, previous: f64) -> KpiCard {
    KpiCard {
        name: INBOUND_MESSAGE_VOLUME.to_owned(),
        value: Some(value),
        previous: Some(previous),
        ..KpiCard::default()
    }
}

fn time(name: &str, value: f64, n: u64) -> KpiCard {
    KpiCard { name: name.to_owned(), unit: Unit::Seconds, value: Some(value), n: Some(n), ..KpiCard::default() }
}

fn channel(name: &str, inbound: u64, unsubscribed: u64) -> ChannelRow {
    ChannelRow { channel: Some(name.to_owned()), inbound, unsubscribed: Some(unsubscribed), ..ChannelRow::default() }
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
fn an_empty_digest_suggests_nothing() {
    check(&Digest::default(), &[]);
}

#[test]
fn flat_volume_asks_for_promotion() {
    let flat =
        "Promote messaging and publish its entry points (site, app, e-mail footer, phone menu): inbound volume is flat";
    let fell =
        "Promote messaging and publish its entry points (site, app, e-mail footer, phone menu): inbound volume fell";
    check(
        &with_card(volume(1_040.0, 1_000.0)),
        &[("volume_flat", flat, "1,040 questions against 1,000 before (+4 %)")],
    );
    check(&with_card(volume(800.0, 1_000.0)), &[("volume_flat", fell, "800 questions against 1,000 before (−20 %)")]);
    check(&with_card(volume(1_060.0, 1_000.0)), &[]);
}

#[test]
fn volume_is_not_judged_early_or_on_few() {
    check(&with_card(KpiCard { provisional: true, ..volume(800.0, 1_000.0) }), &[]);
    check(&with_card(volume(29.0, 40.0)), &[]);
    check(&with_card(volume(30.0, 29.0)), &[]);
    check(&with_card(KpiCard { previous: None, ..volume(800.0, 0.0) }), &[]);
}

#[test]
fn a_quiet_channel_wants_publicity() {
    // The others of sms have (1000 + 800) / 2 = 900 on average: 179 is less than a fifth of that, 180 is not.
    let mut digest =
        Digest { channels: vec![channel("whatsapp", 1_000, 0), channel("email", 800, 0)], ..Digest::default() };
    digest.channels.push(channel("sms", 179, 0));
    check(
        &digest,
        &[(
            "channel_quiet",
            "Publicise sms: customers hardly write there",
            "questions: sms 179; the other channels have 900 on average",
        )],
    );
    digest.channels[2].inbound = 180;
    check(&digest, &[]);
}

#[test]
fn several_quiet_channels_share_a_line() {
    let channels = vec![channel("sms", 3, 0), channel("whatsapp", 9_000, 0), channel("voice", 40, 0)];
    check(
        &Digest { channels, ..Digest::default() },
        &[(
            "channel_quiet",
            "Publicise sms and voice: customers hardly write there",
            "questions: sms 3, voice 40; the other channels have 9,000 on average",
        )],
    );
}

#[test]
fn quiet_is_not_said_of_few_messages_or_of_one_channel() {
    // 29 questions on the only other channel are too few to call 1 quiet.
    check(&Digest { channels: vec![channel("sms", 1, 0), channel("email", 29, 0)], ..Digest::default() }, &[]);
    check(&Digest { channels: vec![channel("sms", 1, 0)], ..Digest::default() }, &[]);
    let unnamed = ChannelRow { inbound: 1, ..ChannelRow::default() };
    check(&Digest { channels: vec![unnamed, channel("email", 500, 0)], ..Digest::default() }, &[]);
}

#[test]
fn slow_first_responses_want_staff_at_the_worst_hours() {
    let cell =
        |day_of_week, hour, mean_wait_s, n| WorstCell { day_of_week, hour, mean_wait_s, n, ..WorstCell::default() };
    let card = KpiCard { target_s: Some(600.0), within_target: Some(0.43), ..time(FIRST_RESPONSE_TIME, 842.0, 17_993) };
    let mut digest = with_card(card);
    digest.worst_hours =
        vec![cell(1, 9, 1_200.0, 312), cell(2, 10, 1_500.0, 30), cell(3, 11, 9_000.0, 29), cell(4, 12, 599.0, 400)];
    check(
        &digest,
        &[(
            "first_response_over_target",
            "Add staff on Tue 10:00–11:00 and Mon 09:00–10:00: first responses take longer than their target",
            "mean 14 min 02 s against 10 min (n 17,993), 43.0 % within it; Tue 10:00–11:00 waits 25 min (n 30); \
             Mon 09:00–10:00 waits 20 min (n 312)",
        )],
    );
}

#[test]
fn slow_first_responses_without_a_worst_hour() {
    check(
        &with_card(time(FIRST_RESPONSE_TIME, 601.0, 30)),
        &[(
            "first_response_over_target",
            "Add staff: first responses take longer than their target, and no single hour explains it",
            "mean 10 min 01 s against 10 min (n 30)",
        )],
    );
}

#[test]
fn first_responses_in_time_or_few_say_nothing() {
    check(&with_card(time(FIRST_RESPONSE_TIME, 600.0, 500)), &[]);
    check(&with_card(time(FIRST_RESPONSE_TIME, 842.0, 29)), &[]);
    check(&with_card(KpiCard { n: None, ..time(FIRST_RESPONSE_TIME, 842.0, 0) }), &[]);
    check(&with_card(KpiCard { target_s: Some(900.0), ..time(FIRST_RESPONSE_TIME, 842.0, 500) }), &[]);
}

#[test]
fn the_topic_with_the_longest_wait_wants_training() {
    // The mean over all is 400 s, so that a topic is slow above 600 s.
    let mut digest = with_card(time(AVERAGE_RESPONSE_TIME, 400.0, 5_000));
    digest.topics = vec![
        topic("billing", 912, 601.0, 187_200.0),
        topic("delivery", 300, 900.0, 40_000.0),
        topic("returns", 300, 600.0, 400_000.0),
        topic("legal", 29, 9_000.0, 500_000.0),
    ];
    check(
        &digest,
        &[(
            "topic_waits_longest",
            "Train the team on “billing” or write answers to reuse: its customers wait longest",
            "mean 10 min 01 s against 6 min 40 s over all topics (n 912), longest 2 d 4 h",
        )],
    );
    digest.topics = digest.topics.split_off(2);
    check(&digest, &[]);
}

#[test]
fn long_resolutions_want_a_call() {
    let card = KpiCard { within_target: Some(0.39), ..time(RESOLUTION_TIME, 2_530.0, 15_220) };
    check(
        &with_card(card),
        &[(
            "resolution_over_target",
            "Offer a call when a conversation runs past 30 min: resolutions take longer than their target",
            "mean 42 min 10 s against 30 min (n 15,220), 39.0 % within it",
        )],
    );
    check(&with_card(time(RESOLUTION_TIME, 1_800.0, 15_220)), &[]);
    check(&with_card(time(RESOLUTION_TIME, 2_530.0, 29)), &[]);
}

#[test]
fn rising_unsubscribes_name_their_channel() {
    // 2.1 % of 12,000 are 252, 1.8 % of 11,000 are 198: 54 more, and a sixth more of the share.
    let card = KpiCard {
        name: UNSUBSCRIBED_CONTACTS.to_owned(),
        unit: Unit::Share,
        value: Some(0.021),
        n: Some(12_000),
        previous: Some(0.018),
        previous_n: Some(11_000),
        ..KpiCard::default()
    };
    let channels = vec![channel("email", 500, 72), channel("sms", 480, 180)];
    let digest = Digest { channels, ..with_card(card.clone()) };
    check(
        &digest,
        &[(
            "unsubscribes_rising",
            "Look at what is sent on sms, and how often: more contacts unsubscribe, most of them there",
            "2.1 % unsubscribed against 1.8 % before; sms has 180 of them",
        )],
    );
    check(
        &with_card(card.clone()),
        &[(
            "unsubscribes_rising",
            "Look at what is sent, and how often: more contacts unsubscribe",
            "2.1 % unsubscribed against 1.8 % before",
        )],
    );
    // Four more of 100 contacts, a rise of less than a tenth, and too few contacts before.
    let few = KpiCard { value: Some(0.05), n: Some(100), previous: Some(0.01), previous_n: Some(100), ..card.clone() };
    check(&with_card(few), &[]);
    check(&with_card(KpiCard { value: Some(0.0197), ..card.clone() }), &[]);
    check(&with_card(KpiCard { previous_n: Some(29), ..card }), &[]);
}

#[test]
fn names_are_listed_as_in_a_sentence() {
    assert_eq!(listed(&["a"]), "a");
    assert_eq!(listed(&["a", "b"]), "a and b");
    assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
}
