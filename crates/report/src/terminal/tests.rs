//! The whole page: its width, its bytes, and that colour adds nothing but colour.

use super::*;
use crate::digest::{Better, Drill, KpiCard, Unit};
use crate::sample;

fn assert_fits(text: &str, columns: usize) {
    for line in text.lines() {
        assert!(layout::width(line) <= columns, "{} columns in a page of {columns}: {line}", layout::width(line));
    }
}

fn without_colour(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for digest in [sample::rich(), Digest::default()] {
        for width in (WIDTH_MIN..=130).chain([160, 200, 400]) {
            assert_fits(&render(&digest, width, false), width);
        }
        assert_fits(&render(&digest, 0, false), WIDTH_MIN);
    }
}

#[test]
fn words_without_a_gap_do_not_widen_the_page() {
    let mut digest = sample::rich();
    let long = "無".repeat(300);
    digest.title = long.clone();
    digest.archive = long.clone();
    digest.kpis[0].title = long.clone();
    digest.kpis[1].note = Some(long.clone());
    digest.kpis[2].details = vec![(long.clone(), long.clone())];
    digest.kpis[3].spark_grain = long.clone();
    digest.channels[0].channel = Some(long.clone());
    digest.topics[0].conversation_id = Some(long.clone());
    digest.suggestions[0].evidence = long;
    for width in [40, 80, 120] {
        assert_fits(&render(&digest, width, false), width);
    }
}

#[test]
fn a_command_is_never_cut() {
    let mut digest = sample::rich();
    let condition = "'day_of_week = 6 AND hour_of_day = 7 OR day_of_week = 7 AND hour_of_day = 15'";
    let command = format!("tape drill first_response_time --where {condition} --since 2025-03-01");
    digest.suggestions[0].drill = Some(Drill { command, rows: 7 });
    let page = render(&digest, 40, false);
    let lines: Vec<&str> = page.lines().skip_while(|line| !line.starts_with("    tape drill")).take(4).collect();
    assert_eq!(
        lines,
        [
            "    tape drill first_response_time \\",
            "    --where \\",
            &format!("    {condition} \\"),
            "    --since 2025-03-01",
        ]
    );
}

#[test]
fn colour_changes_no_word() {
    for width in [80, 120] {
        let coloured = render(&sample::rich(), width, true);
        assert!(coloured.contains("\u{1b}[32m▼ −38 s better\u{1b}[0m"), "better is green");
        assert!(coloured.contains("\u{1b}[31m▲ +1 min 10 s worse\u{1b}[0m"), "worse is red");
        assert_eq!(without_colour(&coloured), render(&sample::rich(), width, false));
    }
}

#[test]
fn data_cannot_steer_the_screen() {
    let page = render(&sample::rich(), 120, false);
    assert_eq!(page.chars().filter(|c| c.is_control() && *c != '\n').count(), 0);
}

#[test]
fn the_same_digest_gives_the_same_bytes() {
    assert_eq!(render(&sample::rich(), 100, true), render(&sample::rich(), 100, true));
}

#[test]
fn an_empty_digest_is_a_page_of_its_own() {
    let rule = |columns| "─".repeat(columns);
    let expected = [
        tape(50),
        " period  everything in the archive".to_owned(),
        " data    no events".to_owned(),
        String::new(),
        " no KPIs asked for".to_owned(),
        String::new(),
        format!(" Channels {}", rule(40)),
        " no messages in this period".to_owned(),
        String::new(),
        format!(" Where people wait: hours of the week {}", rule(12)),
        " no answered waits in this period".to_owned(),
        String::new(),
        format!(" Where people wait: topics {}", rule(23)),
        " no topics with answered waits in this period".to_owned(),
        String::new(),
        format!(" What to do {}", rule(38)),
        " no rule calls for anything".to_owned(),
    ];
    let page = render(&Digest::default(), 50, false);
    assert_eq!(page.lines().collect::<Vec<_>>(), expected);
    assert!(page.ends_with('\n'));
}

#[test]
fn findings_stand_before_what_to_do() {
    let mut digest = sample::rich();
    digest.findings = crate::findings(&digest);
    let before = render(&digest, 80, false);
    // Only the first response time and the average have targets and values, and both meet them.
    assert_eq!(before.lines().filter(|line| line.starts_with(" What stands out")).count(), 0);
    digest.kpis[2].value = Some(842.0);
    digest.findings = crate::findings(&digest);
    let page = render(&digest, 80, false);
    let expected = [
        format!(" What stands out {}", "─".repeat(63)),
        " ✗ First response time misses its target".to_owned(),
        "   14 min 02 s against 10 min (n 17,993), 82.4 % within it".to_owned(),
        String::new(),
        format!(" What to do {}", "─".repeat(68)),
    ];
    let found: Vec<&str> = page.lines().skip_while(|line| *line != expected[0]).take(expected.len()).collect();
    assert_eq!(found, expected);
}

#[test]
fn one_kpi_in_eighty_columns() {
    let card = KpiCard {
        title: "Resolution time".to_owned(),
        unit: Unit::Seconds,
        better: Better::Lower,
        value: Some(2_530.0),
        n: Some(12),
        target_s: Some(1_800.0),
        ..KpiCard::default()
    };
    let digest = Digest { title: "March".to_owned(), kpis: vec![card], ..Digest::default() };
    let page = render(&digest, 80, false);
    let inside = |text: &str| format!("│ {text:<76} │");
    let expected = [
        " March".to_owned(),
        tape(80),
        " period  everything in the archive".to_owned(),
        " data    no events".to_owned(),
        String::new(),
        format!("╭─ Resolution time {}╮", "─".repeat(60)),
        inside("42 min 10 s"),
        inside(&format!("target 30 min{}✗ missed", " ".repeat(55))),
        inside("n 12"),
        inside("fewer than 30 measured: too few to judge"),
        format!("╰{}╯", "─".repeat(78)),
    ];
    assert_eq!(page.lines().take(expected.len()).collect::<Vec<_>>(), expected);
    assert_eq!(page.lines().last(), Some(" ✓ met, ✗ missed: the mean against the target"));
}
