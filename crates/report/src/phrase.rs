//! The wording that terminal, Markdown and HTML share, so that the three never say different things.

use crate::change::{Change, MIN_N, Target, Verdict, too_few};
use crate::dates::weekday;
use crate::digest::{Baseline, Coverage, Digest, KpiCard, Period, Unit, WorstCell};
use crate::quantity::{self, count, human_duration, known};

/// Said where there are no KPIs at all.
pub(crate) const NO_KPIS: &str = "no KPIs asked for";
/// Said where a KPI has neither a value nor a note.
pub(crate) const NOTHING_TO_MEASURE: &str = "nothing to measure";
/// Said where no channel has messages.
pub(crate) const NO_CHANNELS: &str = "no messages in this period";
/// Said where no hour has answered waits.
pub(crate) const NO_HOURS: &str = "no answered waits in this period";
/// Said where no topic has answered waits.
pub(crate) const NO_TOPICS: &str = "no topics with answered waits in this period";
/// Said where no target is missed and nothing is worse than usual.
pub(crate) const NO_FINDINGS: &str = "no target is missed, and nothing is known to be worse than usual";
/// Said where no rule fires.
pub(crate) const NO_SUGGESTIONS: &str = "no rule calls for anything";
/// Marks a number with too few measurements behind it.
pub(crate) const FEW_MARK: char = '†';
/// A space at which no line ends.
pub(crate) const NO_BREAK: char = '\u{a0}';

/// Text from the data without what would break a line or turn its direction: control characters become spaces, marks
/// of direction vanish.
pub(crate) fn clean(text: &str) -> String {
    let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    text.chars().filter(|c| !turns_direction(*c)).map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// The text with [`NO_BREAK`] within its quantities, so that no line ends between the 3 and the h of "3 h 27 min".
pub(crate) fn bound(text: &str) -> String {
    const UNITS: [&str; 7] = ["ms", "s", "min", "h", "d", "%", "pp"];
    let words: Vec<&str> = text.split(' ').collect();
    let is_digit = |c: char| c.is_ascii_digit();
    let is_number = |place: usize| words.get(place).is_some_and(|word| word.ends_with(is_digit));
    let is_unit = |place: usize| {
        words.get(place).is_some_and(|word| UNITS.contains(&word.trim_end_matches([',', ';', ':', '.', ')', FEW_MARK])))
    };
    let is_part = |place: usize| is_number(place) && is_unit(place + 1);
    let mut bound = String::with_capacity(text.len());
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            let before = words[place - 1];
            let goes_on = place > 1 && matches!(before, "d" | "h" | "min") && is_part(place - 2) && is_part(place);
            let counts = matches!(before, "n" | "(n") && word.starts_with(is_digit);
            bound.push(if is_part(place - 1) || goes_on || counts { NO_BREAK } else { ' ' });
        }
        bound.push_str(word);
    }
    bound
}

/// What the report covers, as label and text, in order; labels without a text are left out.
pub(crate) fn facts(digest: &Digest) -> Vec<(&'static str, String)> {
    let mut period = period_text(&digest.period);
    if !digest.zone.is_empty() {
        period = format!("{period} · {}", digest.zone);
    }
    [
        ("archive", Some(archive_text(digest))),
        ("period", Some(period)),
        ("compared with", digest.previous_label.clone()),
        ("data", Some(coverage_text(&digest.coverage))),
        ("sources", sources_text(&digest.coverage)),
        ("as of", digest.as_of.clone()),
        ("freshness", digest.coverage.behind_s.map(freshness_text)),
    ]
    .into_iter()
    .filter_map(|(label, text)| text.filter(|text| !text.is_empty()).map(|text| (label, text)))
    .collect()
}

/// A channel or topic, "(none)" where the data names none.
pub(crate) fn name(name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => "(none)".to_owned(),
    }
}

/// An hour of the week: "Mon 09:00–10:00".
pub(crate) fn slot(cell: &WorstCell) -> String {
    let day = weekday(u32::try_from(cell.day_of_week).unwrap_or(0));
    format!("{day} {:02}:00–{:02}:00", cell.hour, cell.hour + 1)
}

/// The further numbers of a KPI, n first: "n 17,993", "p50 2 min 03 s".
pub(crate) fn details(card: &KpiCard) -> Vec<String> {
    let n = card.n.map(|n| format!("n {}", count(n)));
    let further = card.details.iter().map(|(label, text)| format!("{label} {text}"));
    n.into_iter().chain(further).chain(standing(card)).collect()
}

/// How a KPI stands to what is usual: "usual 20 min to 32 min: worse". The number that is judged stands before it where
/// it is not the card's: "middle week 25 min, usual 20 min to 32 min: within usual range".
pub(crate) fn standing(card: &KpiCard) -> Option<String> {
    let baseline = card.baseline.as_ref()?;
    let Usual { held, range } = Usual::of(card, baseline);
    let held = held.map(|held| format!("middle week {held}, ")).unwrap_or_default();
    match (range, &card.verdict) {
        (Some(range), Some(verdict)) => Some(format!("{held}usual {range}: {verdict}")),
        (Some(range), None) => Some(format!("{held}usual {range}")),
        (None, Some(verdict)) => Some(format!("{}: {verdict} to know what is usual", baseline.name)),
        (None, None) => None,
    }
}

/// A KPI held against what is usual, in a sentence.
pub(crate) fn against(card: &KpiCard, baseline: &Baseline) -> String {
    let Usual { held, range } = Usual::of(card, baseline);
    let held = match held {
        Some(held) => format!("{held} in the middle week"),
        None => quantity::value(card.unit, card.value),
    };
    match range {
        Some(range) => format!("{held}; usual is {range} by {}", baseline.name),
        None => format!("{held}; by {}", baseline.name),
    }
}

/// The number that is judged and the range that is usual, as texts: with as many digits as tell them apart.
struct Usual {
    held: Option<String>,
    range: Option<String>,
}

impl Usual {
    fn of(card: &KpiCard, baseline: &Baseline) -> Self {
        let (held, low, high) = (known(baseline.held), known(baseline.low), known(baseline.high));
        let numbers: Vec<f64> = [held, low, high].into_iter().flatten().collect();
        let text = |number: f64| match card.unit {
            Unit::Share => quantity::share_among(number, &numbers),
            unit => quantity::value(unit, Some(number)),
        };
        let range = low.zip(high).map(|(low, high)| format!("{} to {}", text(low), text(high)));
        Self { held: held.map(text), range }
    }
}

/// What a reader must know about a KPI: its note, or why there is no number.
pub(crate) fn note(card: &KpiCard) -> Option<String> {
    match (&card.note, known(card.value)) {
        (Some(note), _) => Some(note.clone()),
        (None, None) => Some(NOTHING_TO_MEASURE.to_owned()),
        (None, Some(_)) if too_few(card.n) => Some(format!("fewer than {MIN_N} measured: too few to judge")),
        (None, Some(_)) => None,
    }
}

/// What the marks of this report mean; only those that occur in it.
pub(crate) fn footnotes(digest: &Digest) -> Vec<String> {
    let any_card = |test: fn(&KpiCard) -> bool| digest.kpis.iter().any(test);
    let mut notes = Vec::new();
    if any_card(|card| Target::of(card).is_some_and(|target| target.met.is_some())) {
        notes.push("✓ met, ✗ missed: the mean against the target".to_owned());
    }
    if any_card(|card| Target::of(card).is_some_and(|target| target.within.is_some())) {
        notes.push(
            "within: answered in time ÷ (answered in time + late, abandoned, or open for longer than the target)"
                .to_owned(),
        );
    }
    if any_card(|card| Change::of(card).is_some()) {
        notes.push("▲ ▼ =: the change against the period compared with; pp: percentage points".to_owned());
    }
    if any_card(|card| Change::of(card).is_some_and(|change| change.verdict == Verdict::TooFew)) {
        notes.push(format!("too few: fewer than {MIN_N} measured in one of the two periods, so no verdict"));
    }
    if digest.channels.iter().any(|row| {
        let few = |value: Option<f64>, n: u64| known(value).is_some() && n < MIN_N;
        few(row.first_response_mean_s, row.first_response_n)
            || few(row.response_mean_s, row.response_n)
            || few(row.response_p90_s, row.response_n)
            || few(row.longest_s, row.response_n)
            || few(row.resolution_mean_s, row.resolution_n)
    }) || digest.worst_hours.iter().any(|cell| cell.n < MIN_N)
        || digest.topics.iter().any(|row| known(row.mean_s).is_some() && row.waits < MIN_N)
    {
        notes.push(format!("{FEW_MARK} fewer than {MIN_N} measured: too few to judge"));
    }
    if any_card(|card| card.provisional) {
        notes.push(
            "provisional: the period reaches past the as-of time, or waits in it are still open; the number can change"
                .to_owned(),
        );
    }
    if digest.period.until.is_some() {
        notes.push("periods: the time named last is not included".to_owned());
    }
    if any_card(|card| card.spark.iter().any(|value| known(*value).is_some())) {
        notes.push("charts start at zero; a gap is a bucket without data".to_owned());
    }
    notes
}

/// Marks of direction (Unicode Bidi_Control) and the byte order mark.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn period_text(period: &Period) -> String {
    match (&period.since, &period.until) {
        (None, None) => "everything in the archive".to_owned(),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(since), Some(until)) => format!("{since} to {until}"),
    }
}

fn archive_text(digest: &Digest) -> String {
    match digest.version {
        Some(version) if !digest.archive.is_empty() => format!("{} · version {version}", digest.archive),
        Some(version) => format!("version {version}"),
        None => digest.archive.clone(),
    }
}

fn sources_text(coverage: &Coverage) -> Option<String> {
    let names: Vec<&str> = coverage.sources.iter().map(|row| row.source.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [first, second, third, rest @ ..] if rest.len() > 1 => {
            Some(format!("{first}, {second}, {third} and {} more", rest.len()))
        }
        all => Some(all.join(", ")),
    }
}

fn freshness_text(behind_s: u64) -> String {
    match behind_s {
        0 => "up to the last event".to_owned(),
        behind_s => format!("the last event is {} before the as-of time", human_duration(behind_s as f64)),
    }
}

fn coverage_text(coverage: &Coverage) -> String {
    if coverage.events == 0 {
        return "no events".to_owned();
    }
    let events = format!("{} {}", count(coverage.events), if coverage.events == 1 { "event" } else { "events" });
    match (&coverage.first, &coverage.last) {
        (Some(first), Some(last)) => format!("{events}, {first} to {last}"),
        (Some(first), None) => format!("{events} since {first}"),
        (None, Some(last)) => format!("{events} until {last}"),
        (None, None) => events,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{SourceRow, Unit};
    use crate::sample;

    #[test]
    fn what_an_empty_digest_covers() {
        assert_eq!(
            facts(&Digest::default()),
            [("period", "everything in the archive".to_owned()), ("data", "no events".to_owned())]
        );
    }

    #[test]
    fn what_a_rich_digest_covers() {
        let expected = [
            ("archive", "./acme"),
            ("period", "2025-03-01 to 2025-04-01 · Europe/Berlin"),
            ("compared with", "2025-02-01 to 2025-03-01"),
            ("data", "1,234,567 events, 2024-01-01 08:12 to 2025-04-02 17:31"),
            ("as of", "2025-04-02 17:31"),
        ];
        assert_eq!(facts(&sample::rich()), expected.map(|(label, text)| (label, text.to_owned())));
    }

    #[test]
    fn versions_sources_and_freshness_are_said_where_they_are_known() {
        let source = |name: &str| SourceRow { source: name.to_owned(), ..SourceRow::default() };
        let mut digest = Digest { archive: "a".to_owned(), version: Some(3), ..Digest::default() };
        digest.coverage.sources = ["shop", "mail"].map(source).into();
        digest.coverage.behind_s = Some(11_100);
        let found = facts(&digest);
        assert_eq!(found[0], ("archive", "a · version 3".to_owned()));
        assert_eq!(found[3], ("sources", "shop, mail".to_owned()));
        assert_eq!(found[4], ("freshness", "the last event is 3 h 05 min before the as-of time".to_owned()));
        digest.coverage.sources = ["a", "b", "c", "d", "e"].map(source).into();
        digest.coverage.behind_s = Some(0);
        assert_eq!(facts(&digest)[3].1, "a, b, c and 2 more");
        assert_eq!(facts(&digest)[4].1, "up to the last event");
    }

    #[test]
    fn what_is_usual_is_said_with_the_verdict() {
        let baseline =
            Baseline { name: "march".to_owned(), low: Some(0.018), high: Some(0.021), ..Baseline::default() };
        let card = KpiCard { unit: Unit::Share, value: Some(0.023), baseline: Some(baseline), ..KpiCard::default() };
        assert_eq!(standing(&card), Some("usual 1.8 % to 2.1 %".to_owned()));
        let judged = KpiCard { verdict: Some("worse".to_owned()), ..card.clone() };
        assert_eq!(details(&judged), ["usual 1.8 % to 2.1 %: worse"]);
        assert_eq!(against(&card, card.baseline.as_ref().unwrap()), "2.3 %; usual is 1.8 % to 2.1 % by march");
        let close = Baseline {
            name: "march".to_owned(),
            held: Some(0.01052),
            low: Some(0.01011),
            high: Some(0.01043),
            ..Baseline::default()
        };
        let near = KpiCard { baseline: Some(close), verdict: Some("worse".to_owned()), ..card.clone() };
        assert_eq!(standing(&near), Some("middle week 1.05 %, usual 1.01 % to 1.04 %: worse".to_owned()));
        let short = Baseline { name: "baseline march".to_owned(), ..Baseline::default() };
        let unknown = KpiCard { baseline: Some(short), verdict: Some("too few".to_owned()), ..card.clone() };
        assert_eq!(standing(&unknown), Some("baseline march: too few to know what is usual".to_owned()));
        assert_eq!(standing(&KpiCard { baseline: Some(Baseline::default()), ..card }), None);
    }

    #[test]
    fn text_from_the_data_cannot_steer_the_screen() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d\u{2028}e"), "a [31mb cd e");
    }

    #[test]
    fn quantities_are_not_parted() {
        for (text, expected) in [
            ("usual 2 h 40 min to 3 h 50 min: worse", "usual 2~h~40~min to 3~h~50~min: worse"),
            (
                "5 h 13 min against 10 min (n 1,075), 39.3 % within it",
                "5~h~13~min against 10~min (n~1,075), 39.3~% within it",
            ),
            ("fell (−6.5 %) in 3 months", "fell (−6.5~%) in 3 months"),
            ("9 d 14 h† 12 waits", "9~d~14~h† 12 waits"),
            ("n", "n"),
            ("", ""),
        ] {
            assert_eq!(bound(text), expected.replace('~', "\u{a0}"));
        }
    }

    #[test]
    fn hours_of_the_week() {
        let cell = WorstCell { day_of_week: 7, hour: 23, ..WorstCell::default() };
        assert_eq!(slot(&cell), "Sun 23:00–24:00");
    }

    #[test]
    fn only_footnotes_that_are_needed() {
        assert_eq!(footnotes(&Digest::default()), Vec::<String>::new());
        let provisional = KpiCard { provisional: true, ..KpiCard::default() };
        let digest = Digest { kpis: vec![provisional], ..Digest::default() };
        assert_eq!(
            footnotes(&digest),
            [
                "provisional: the period reaches past the as-of time, or waits in it are still open; the number can change"
            ]
        );
    }

    #[test]
    fn a_note_says_why_there_is_no_number() {
        let empty = KpiCard::default();
        assert_eq!(note(&empty), Some("nothing to measure".to_owned()));
        let noted = KpiCard { note: Some("no close events".to_owned()), ..empty };
        assert_eq!(note(&noted), Some("no close events".to_owned()));
        let few = KpiCard { value: Some(3.0), n: Some(29), ..KpiCard::default() };
        assert_eq!(note(&few), Some("fewer than 30 measured: too few to judge".to_owned()));
        assert_eq!(note(&KpiCard { n: Some(30), ..few }), None);
    }
}
