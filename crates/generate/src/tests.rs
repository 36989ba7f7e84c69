//! The archive as a whole: the same bytes again, the fields that the rules ask for, and what the tables promise.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use tapemeasure_model::event::{Author, Direction, EventType, MessageKind, message_kind};

use super::*;
use crate::tables::{CHANNELS, REPEAT_DISTANCE};

fn archive(options: &GenerateOptions) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    generate(options, &mut out, None).unwrap();
    out
}

fn line(event: &Event) -> Vec<u8> {
    let mut out = Vec::new();
    Format::Ndjson.append(std::slice::from_ref(event), &mut out);
    out
}

/// The events of every conversation of the default period, without the repeats.
fn conversations(n: u64) -> Vec<Vec<Event>> {
    let generator = Generator::new(&GenerateOptions::new(n)).unwrap();
    let conversation = |index| {
        let mut events = Vec::new();
        generator.conversation(index, &mut events);
        events
    };
    (0..n).map(conversation).collect()
}

fn kind(event: &Event) -> MessageKind {
    let (private, automated) = (event.private == Some(true), event.automated == Some(true));
    message_kind(event.event_type, event.direction, event.author, private, automated)
}

#[test]
fn the_same_options_give_the_same_bytes() {
    for &format in Format::ALL {
        let options = GenerateOptions { format, ..GenerateOptions::new(1_000) };
        let bytes = archive(&options);
        assert!(bytes == archive(&options));
        assert!(bytes != archive(&GenerateOptions { seed: 2, ..options }));
    }
}

#[test]
fn ranges_make_the_bytes_of_the_whole() {
    for &format in Format::ALL {
        let options = GenerateOptions { format, ..GenerateOptions::new(2_000) };
        let generator = Generator::new(&options).unwrap();
        let mut parts = BTreeMap::new();
        for range in [1_300..2_000, 0..1, 700..1_300, 1..700] {
            let mut part: Vec<u8> = Vec::new();
            generator.write(range.clone(), &mut part, None).unwrap();
            parts.insert(range.start, part);
        }
        let mut whole = generator.header().to_vec();
        whole.extend(parts.into_values().flatten());
        assert!(whole == archive(&options));
    }
}

#[test]
fn the_counts_are_those_of_the_bytes() {
    let options = GenerateOptions { format: Format::Csv, ..GenerateOptions::new(4_000) };
    let mut out: Vec<u8> = Vec::new();
    let told = RefCell::new(Vec::new());
    let on_progress = |events: u64| told.borrow_mut().push(events);
    let generated = generate(&options, &mut out, Some(&on_progress)).unwrap();
    let lines = out.iter().filter(|&&byte| byte == b'\n').count() as u64;
    // One line is the header.
    assert_eq!(generated, Generated { events: lines - 1, conversations: 4_000, bytes: out.len() as u64 });
    let told = told.into_inner();
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&generated.events));
    // Once for each full MiB, and at the end.
    assert!((out.len() / (1 << 20)).abs_diff(told.len()) <= 1);
}

/// The "needed" column of kpi-rules section 1, and what O1, M1 to M3 and E3 read.
#[test]
fn every_event_has_the_fields_that_the_rules_ask_for() {
    let mut seen = HashSet::new();
    for events in conversations(20_000) {
        let mut messages = HashMap::new();
        for event in &events {
            let name = event.event_type.as_str();
            seen.insert(name);
            let is_message = event.event_type == EventType::Message;
            let is_opt = matches!(event.event_type, EventType::OptedOut | EventType::OptedIn);
            assert!(event.conversation_id.is_some() || is_opt, "{name}");
            assert_eq!(event.direction.is_some(), is_message, "{name}");
            assert_eq!(event.author.is_some(), is_message, "{name}");
            assert_eq!(event.private.is_some(), is_message, "{name}");
            assert_eq!(event.automated.is_some(), is_message || event.event_type == EventType::Closed);
            assert_eq!(event.body.is_some(), is_message, "{name}");
            assert_eq!(event.target_event_id.is_some(), event.event_type == EventType::Deleted, "{name}");
            if is_message {
                let by_contact = event.author == Some(Author::Contact);
                assert_eq!(event.direction == Some(Direction::Inbound), by_contact);
                assert_eq!(event.agent_id.is_some(), event.author == Some(Author::Agent));
                messages.insert(event.event_id, event.occurred_at_us);
            }
            if let Some(target) = event.target_event_id {
                assert!(messages[&target] <= event.occurred_at_us);
            }
        }
        let ids: HashSet<EventId> = events.iter().map(|event| event.event_id).collect();
        assert_eq!(ids.len(), events.len());
    }
    for event_type in EventType::ALL {
        assert!(seen.contains(event_type.as_str()), "no {}", event_type.as_str());
    }
}

#[test]
fn conversations_are_told_in_order_and_end_with_the_period() {
    let options = GenerateOptions { months: 1, ..GenerateOptions::new(5_000) };
    let generator = Generator::new(&options).unwrap();
    // 2025-01-01 and 2025-02-01, 00:00 in Berlin.
    let period_us = 1_735_686_000_000_000..1_738_364_400_000_000;
    let mut last_us = 0_i64;
    let mut unfinished = 0;
    for index in 0..options.conversations {
        let mut events = Vec::new();
        generator.conversation(index, &mut events);
        assert!(events.is_sorted_by_key(|event| event.occurred_at_us));
        assert!(events.iter().all(|event| period_us.contains(&event.occurred_at_us)));
        last_us = events.last().map_or(last_us, |event| last_us.max(event.occurred_at_us));
        let is_closed = events.iter().any(|event| event.event_type == EventType::Closed);
        unfinished += u64::from(index >= 4_900 && !is_closed);
    }
    // Something happens in the last hour, and of the last hundred conversations (15 hours) many have no close yet,
    // where otherwise it is less than one in five.
    assert!(period_us.end - last_us < 3_600_000_000);
    assert!(unfinished >= 30, "{unfinished}");
}

#[test]
fn some_events_come_a_second_time_as_they_were() {
    let generator = Generator::new(&GenerateOptions::new(20_000)).unwrap();
    let (mut total, mut repeated) = (0_usize, 0_usize);
    for index in 0..20_000 {
        let mut events = Vec::new();
        generator.delivery(index, &mut events);
        total += events.len();
        for event in events.iter().filter(|event| event.event_id.conversation != index) {
            repeated += 1;
            assert_eq!(event.event_id.conversation, index - REPEAT_DISTANCE);
            let mut earlier = Vec::new();
            generator.conversation(index - REPEAT_DISTANCE, &mut earlier);
            assert_eq!(earlier.iter().filter(|original| line(original) == line(event)).count(), 1);
        }
    }
    // 0.2 %: about 245 of 122,000, with a standard deviation of 16.
    assert!((repeated * 10_000 / total).abs_diff(20) <= 4, "{repeated} of {total}");
}

#[test]
fn channels_have_their_shares() {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let n = 20_000;
    for events in conversations(n) {
        if let Some(event) = events.first() {
            *counts.entry(event.channel).or_default() += 1;
        }
    }
    for channel in &CHANNELS {
        // Within one per cent of all; three standard deviations are that of the largest share.
        let count = counts[channel.name];
        assert!(count.abs_diff(n * channel.share_percent / 100) <= n / 100, "{}: {count}", channel.name);
    }
}

#[test]
fn first_responses_have_their_medians() {
    let mut waits: HashMap<&str, Vec<i64>> = HashMap::new();
    for events in conversations(40_000) {
        let question = events.iter().find(|event| kind(event) == MessageKind::Question);
        let answer = events.iter().find(|event| kind(event) == MessageKind::Answer);
        if let (Some(question), Some(answer)) = (question, answer)
            && question.occurred_at_us < answer.occurred_at_us
        {
            waits.entry(question.channel).or_default().push(answer.occurred_at_us - question.occurred_at_us);
        }
    }
    for channel in &CHANNELS {
        let waits = waits.get_mut(channel.name).unwrap();
        waits.sort_unstable();
        let median_s = waits[waits.len() / 2] / 1_000_000;
        let expected_s = channel.first_response_median_s;
        // The smallest channel has 2,000 waits, whose median is uncertain by some 7 %.
        assert!((median_s * 100 / expected_s).abs_diff(100) <= 15, "{}: {median_s} s", channel.name);
        // The tail is heavy: nights, and questions that were lost for days.
        let late_s = waits[waits.len() * 95 / 100] / 1_000_000;
        assert!(late_s > 4 * expected_s, "{}: {late_s} s", channel.name);
    }
}

#[test]
fn the_archive_has_the_size_that_is_documented() {
    let n = 20_000;
    let mut contacts = HashSet::new();
    for events in conversations(n) {
        contacts.extend(events.first().map(|event| event.contact_id));
    }
    assert!((contacts.len() as u64 * 100 / n).abs_diff(60) <= 3, "{} contacts", contacts.len());

    let mut out: Vec<u8> = Vec::new();
    let generated = generate(&GenerateOptions::new(n), &mut out, None).unwrap();
    assert!((generated.events * 10 / n).abs_diff(61) <= 3, "{} events", generated.events);
    assert!((generated.bytes / generated.events).abs_diff(335) <= 10, "{} bytes", generated.bytes);
}

#[test]
fn impossible_options_are_refused() {
    let refused = |options: GenerateOptions| Generator::new(&options).unwrap_err().to_string();
    let options = GenerateOptions::new(10);
    assert_eq!(
        refused(GenerateOptions { months: 0, ..options.clone() }),
        "a period of 0 months holds no conversation: ask for at least 1 month"
    );
    assert_eq!(
        refused(GenerateOptions { months: 73, ..options.clone() }),
        "73 months from 2025-01 leave the years 2020 to 2030 that the generator knows: choose an earlier start or \
         fewer months"
    );
    assert_eq!(
        refused(GenerateOptions { conversations: 1_000_000_001, ..options }),
        "1000000001 conversations are more than the 1000000000 that the ids can name: ask for fewer"
    );
}

#[test]
fn extreme_options_are_possible() {
    let start = Month::new(2020, 1).unwrap();
    let all_years = GenerateOptions { start, months: 132, ..GenerateOptions::new(500) };
    assert!(archive(&all_years).starts_with(b"{\"source\":\"acme"));
    assert_eq!(archive(&GenerateOptions::new(0)), b"");
    // The last conversations of the largest archive.
    let largest =
        Generator::new(&GenerateOptions { start, months: 132, ..GenerateOptions::new(1_000_000_000) }).unwrap();
    let mut events = Vec::new();
    for index in 999_999_000..1_000_000_000 {
        largest.conversation(index, &mut events);
    }
    // 2030-12-31, 23:00 in Berlin.
    assert!(events.iter().all(|event| event.occurred_at_us >= 1_924_984_800_000_000));
    largest.conversation(1_000_000_000, &mut events);
    assert!(events.iter().all(|event| event.event_id.conversation < 1_000_000_000));
}

/// Takes some bytes and then no more.
struct FullDisk {
    room: usize,
}

impl io::Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_that_says_how_far_it_came() {
    let options = GenerateOptions::new(4_000);
    let mut disk = FullDisk { room: 3 << 20 };
    let (bytes, source) = match generate(&options, &mut disk, None) {
        Err(GenerateError::Write { bytes, source }) => (bytes, source),
        other => panic!("{other:?}"),
    };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    // What lies on the disk is the beginning of the archive, in pieces of a little more than 1 MiB.
    assert_eq!(bytes, (3 << 20) - disk.room as u64);
    assert!((2 << 20..3 << 20).contains(&bytes));
}
