//! The mappings in `data/mappings`, by files in the layout of their sources and events worked out by hand.

use std::path::PathBuf;

use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::package;

/// The directory of each mapping's fixture, and how many of its records are no events.
const FIXTURES: &[(&str, u64)] = &[
    ("boston311", 0),
    ("intercom_warehouse_contact_history", 1),
    ("intercom_warehouse_conversation_history", 1),
    ("intercom_warehouse_conversation_part_history", 2),
    ("intercom_warehouse_conversation_tag_history", 0),
    ("twilio_warehouse", 2),
    ("zendesk_warehouse_ticket", 1),
    ("zendesk_warehouse_ticket_chat_event", 4),
    ("zendesk_warehouse_ticket_comment", 0),
    ("zendesk_warehouse_ticket_field_history", 3),
];

fn below(dir: &str) -> PathBuf {
    package().join(dir)
}

fn file_names(dir: PathBuf) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_mapping_gives_the_events_of_its_fixture() {
    for (name, ignored) in FIXTURES {
        let mapping = Mapping::load(&below("../../data/mappings").join(format!("{name}.toml"))).unwrap();
        let mapping = Arc::new(mapping);
        let settings = FormatSettings { agents: Names::new(["1111"]), bots: Names::new(["1112"]), ..keeping_bodies() };
        let dir = below("fixtures/mapping").join(name);
        let (mut events, mut rejects, mut passed) = (Vec::new(), String::new(), 0);
        for file in file_names(dir.clone()) {
            if ["expected.ndjson", "rejected.txt"].contains(&file.as_str()) {
                continue;
            }
            let text = std::fs::read_to_string(dir.join(&file)).unwrap();
            let kept = read(&mapping, (file.as_str(), text.as_str()), &settings);
            events.extend(kept.json());
            for (reason, line, _) in kept.reasons() {
                rejects.push_str(&format!("{file}:{line}: {reason}\n"));
            }
            passed += kept.ignored;
        }
        let expected = std::fs::read_to_string(dir.join("expected.ndjson")).unwrap();
        assert_eq!(events, lines(&expected), "{name}");
        let rejected = std::fs::read_to_string(dir.join("rejected.txt")).unwrap_or_default();
        assert_eq!(rejects, rejected, "{name}");
        assert_eq!(passed, *ignored, "{name}");
    }
}

#[test]
fn every_mapping_has_a_fixture() {
    let mappings = file_names(below("../../data/mappings"));
    let fixtures: Vec<String> = FIXTURES.iter().map(|(name, _)| format!("{name}.toml")).collect();
    assert_eq!(mappings, fixtures);
}

#[test]
fn clock_changes_in_boston_are_counted() {
    let mapping = Mapping::load(&below("../../data/mappings/boston311.toml")).unwrap();
    let mapping = Arc::new(mapping);
    let text = std::fs::read_to_string(below("fixtures/mapping/boston311/cases.csv")).unwrap();
    let settings = FormatSettings::default();
    read_by_blocks(&mapping, ("cases.csv", text.as_bytes()), &settings, 1 << 20).unwrap();
    assert_eq!((settings.shifted.skipped(), settings.shifted.doubled()), (1, 1));
}

#[test]
fn closes_are_known_of() {
    let has_closes =
        |name: &str| Mapping::load(&below("../../data/mappings").join(format!("{name}.toml"))).unwrap().has_closes();
    assert!(has_closes("boston311") && has_closes("zendesk_warehouse_ticket_field_history"));
    // In another table of the source.
    assert!(has_closes("zendesk_warehouse_ticket") && has_closes("intercom_warehouse_contact_history"));
    assert!(!has_closes("twilio_warehouse"));
}
