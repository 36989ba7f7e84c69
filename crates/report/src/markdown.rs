//! The report as Markdown with tables (GitHub Flavored Markdown), for wikis, mails and pull requests.

use crate::change::{Change, MIN_N, Target};
use crate::digest::{ChannelRow, Digest, KpiCard, TopicRow, WorstCell};
use crate::phrase::{self, FEW_MARK, NO_CHANNELS, NO_HOURS, NO_KPIS, NO_SUGGESTIONS, NO_TOPICS, clean};
use crate::quantity::{self, MISSING, count, known, maybe_duration, share};
use crate::sparkline::{Scale, fit, sparkline};

/// Where the texts of a column stand.
#[derive(Clone, Copy)]
enum Align {
    Left,
    Right,
}
use Align::{Left, Right};

/// Series longer than this are merged for their drawing, so that tables stay readable.
const CHART_CELLS: usize = 31;

/// The report as Markdown. Text from the data is escaped: it cannot become markup, HTML or a table cell of its own.
pub fn render(digest: &Digest) -> String {
    let mut page = String::new();
    if !digest.title.is_empty() {
        page.push_str(&format!("# {}\n\n", escape(&digest.title)));
    }
    for (label, text) in phrase::facts(digest) {
        page.push_str(&format!("- **{label}**: {}\n", escape(&text)));
    }
    section(&mut page, "Key figures", kpis(&digest.kpis));
    section(&mut page, "Channels", channels(&digest.channels));
    section(&mut page, "Where people wait: hours of the week", worst_hours(&digest.worst_hours));
    section(&mut page, "Where people wait: topics", topics(&digest.topics));
    if !digest.findings.is_empty() {
        let items = digest
            .findings
            .iter()
            .map(|finding| format!("- **{}** – {}\n", escape(&finding.text), escape(&finding.evidence)));
        section(&mut page, "What stands out", items.collect());
    }
    section(&mut page, "What to do", suggestions(digest));
    let notes = phrase::footnotes(digest);
    if !notes.is_empty() {
        let notes: Vec<String> = notes.iter().map(|note| format!("- {}\n", escape(note))).collect();
        section(&mut page, "Notes", notes.concat());
    }
    page
}

fn section(page: &mut String, title: &str, body: String) {
    page.push_str(&format!("\n## {title}\n\n{body}"));
}

fn kpis(cards: &[KpiCard]) -> String {
    if cards.is_empty() {
        return nothing(NO_KPIS);
    }
    let rows = cards.iter().map(|card| {
        let change = Change::of(card).map_or(MISSING.to_owned(), |change| change.words());
        let target = Target::of(card).map_or(MISSING.to_owned(), |target| {
            format!("{} {}", target.words(), target.verdict()).trim_end().to_owned()
        });
        let mut details = phrase::details(card);
        details.extend(phrase::note(card));
        if card.provisional {
            details.push("provisional".to_owned());
        }
        vec![
            escape(&card.title),
            format!("**{}**", quantity::value(card.unit, card.value)),
            escape(&change),
            escape(&target),
            chart(card),
            escape(&details.join(" · ")),
        ]
    });
    table(
        &[("KPI", Left), ("value", Right), ("change", Left), ("target", Left), ("over time", Left), ("details", Left)],
        rows,
    )
}

/// The sparkline as code, so that every block is as wide as the others.
fn chart(card: &KpiCard) -> String {
    if !card.spark.iter().any(|value| known(*value).is_some()) {
        return MISSING.to_owned();
    }
    let line = sparkline(&fit_narrow(&card.spark), Scale::FromZero);
    if card.spark_grain.is_empty() { format!("`{line}`") } else { format!("`{line}` by {}", escape(&card.spark_grain)) }
}

fn channels(rows: &[ChannelRow]) -> String {
    if rows.is_empty() {
        return nothing(NO_CHANNELS);
    }
    let cells = rows.iter().map(|row| {
        vec![
            escape(&phrase::name(row.channel.as_deref())),
            count(row.inbound),
            row.share.map_or(MISSING.to_owned(), share),
            time(row.first_response_mean_s, row.first_response_n),
            time(row.response_mean_s, row.response_n),
            time(row.response_p90_s, row.response_n),
            time(row.longest_s, row.response_n),
            time(row.resolution_mean_s, row.resolution_n),
            row.unsubscribed.map_or(MISSING.to_owned(), count),
        ]
    });
    table(
        &[
            ("channel", Left),
            ("inbound", Right),
            ("share of all messages", Right),
            ("first response", Right),
            ("mean response", Right),
            ("p90 response", Right),
            ("longest wait", Right),
            ("time to close", Right),
            ("opted out", Right),
        ],
        cells,
    )
}

fn worst_hours(cells: &[WorstCell]) -> String {
    if cells.is_empty() {
        return nothing(NO_HOURS);
    }
    let rows = cells.iter().map(|cell| {
        vec![
            phrase::slot(cell),
            time(Some(cell.max_wait_s), cell.n),
            time(Some(cell.mean_wait_s), cell.n),
            count(cell.n),
            cell.conversation_id.as_deref().map_or(MISSING.to_owned(), escape),
        ]
    });
    table(&[("hour", Left), ("longest", Right), ("mean", Right), ("waits", Right), ("conversation", Left)], rows)
}

fn topics(rows: &[TopicRow]) -> String {
    if rows.is_empty() {
        return nothing(NO_TOPICS);
    }
    let cells = rows.iter().map(|row| {
        vec![
            escape(&phrase::name(row.topic.as_deref())),
            time(row.longest_s, row.waits),
            time(row.mean_s, row.waits),
            count(row.waits),
            row.conversation_id.as_deref().map_or(MISSING.to_owned(), escape),
        ]
    });
    table(&[("topic", Left), ("longest", Right), ("mean", Right), ("waits", Right), ("conversation", Left)], cells)
}

fn suggestions(digest: &Digest) -> String {
    if digest.suggestions.is_empty() {
        return nothing(NO_SUGGESTIONS);
    }
    let items = digest.suggestions.iter().enumerate().map(|(position, suggestion)| {
        let command = suggestion.drill.as_ref().map(|drill| format!(" – {}", code(&drill.command))).unwrap_or_default();
        format!("{}. **{}** – {}{command}\n", position + 1, escape(&suggestion.text), escape(&suggestion.evidence))
    });
    items.collect()
}

/// The rules of a digest as Markdown: what each decided, and by which numbers.
pub fn rules(digest: &Digest) -> String {
    if digest.rules.is_empty() {
        return nothing(NO_SUGGESTIONS);
    }
    let cells = digest.rules.iter().map(|outcome| {
        let thresholds: Vec<String> =
            outcome.thresholds.iter().map(|threshold| format!("{} = {}", threshold.setting, threshold.value)).collect();
        vec![
            escape(&outcome.rule),
            outcome.status.as_str().to_owned(),
            escape(&outcome.why),
            escape(&outcome.looks_at),
            escape(&thresholds.join(", ")),
        ]
    });
    table(&[("rule", Left), ("says", Left), ("numbers", Left), ("looks at", Left), ("settings", Left)], cells)
}

/// A text as code, whatever it holds.
fn code(text: &str) -> String {
    let text = clean(text);
    let longest = text.split(|c: char| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Backticks at an end would join the fence.
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}

/// A table of cells that are Markdown already.
fn table(head: &[(&str, Align)], rows: impl Iterator<Item = Vec<String>>) -> String {
    let titles: Vec<&str> = head.iter().map(|(title, _)| *title).collect();
    let rules: Vec<&str> = head.iter().map(|(_, align)| if matches!(align, Right) { "---:" } else { "---" }).collect();
    let mut text = format!("| {} |\n| {} |\n", titles.join(" | "), rules.join(" | "));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

fn time(seconds: Option<f64>, n: u64) -> String {
    let mark = if known(seconds).is_some() && n < MIN_N { FEW_MARK.to_string() } else { String::new() };
    format!("{}{mark}", maybe_duration(seconds))
}

fn nothing(text: &str) -> String {
    format!("{text}\n")
}

/// Merged where it is too long; bars stay one character wide.
fn fit_narrow(values: &[Option<f64>]) -> Vec<Option<f64>> {
    if values.len() > CHART_CELLS { fit(values, CHART_CELLS) } else { values.to_vec() }
}

/// Text as Markdown that reads as the text. An underscore inside a word is none to Markdown and stays as it is.
fn escape(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '_' if before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric()) => {
                escaped.push(c)
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
        before = c;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<script>a & b</script>"), "&lt;script&gt;a &amp; b&lt;/script&gt;");
        assert_eq!(
            escape("a|b *c* _d_ web_chat [e](f) `g` \\"),
            "a\\|b \\*c\\* \\_d\\_ web_chat \\[e\\](f) \\`g\\` \\\\"
        );
        assert_eq!(escape("a\nb"), "a b");
    }

    #[test]
    fn an_empty_digest_says_what_is_missing() {
        assert_eq!(
            render(&Digest::default()),
            "- **period**: everything in the archive\n\
             - **data**: no events\n\
             \n## Key figures\n\nno KPIs asked for\n\
             \n## Channels\n\nno messages in this period\n\
             \n## Where people wait: hours of the week\n\nno answered waits in this period\n\
             \n## Where people wait: topics\n\nno topics with answered waits in this period\n\
             \n## What to do\n\nno rule calls for anything\n"
        );
    }

    #[test]
    fn rows_of_a_rich_digest() {
        let page = render(&sample::rich());
        // The days repeat 20 to 26, and the tenth is missing. In eighths of 26, 22 is 6.8 and 23 is 7.1: the step from
        // the seventh block to the eighth lies between them.
        let blocks = "▇▇▇████▇▇ ";
        for line in [
            "# Support report",
            "- **period**: 2025-03-01 to 2025-04-01 · Europe/Berlin",
            "| web_chat | 12,940 | 26.8 % | 1 min 28 s | 2 min 12 s | 5 min 52 s | 2 h 27 min | 10 min 16 s† | 86 |",
            "| (none) | 12 | <0.1 % | – | – | – | – | – | – |",
            "| Mon 09:00–10:00 | 2 d 4 h | 22 min | 312 | c-18830 |",
            "| Sat 23:00–24:00 | 11 h 07 min† | 2 h 30 min† | 11 | – |",
            "| &lt;script&gt;alert(1)&lt;/script&gt; | 2 d 4 h | 31 min 40 s | 912 | c-18830 |",
            "| 返品と交換 | 1 min 10 s† | 30 s† | 25 | c\\|7 \\[31m |",
            "| Resolution time | **–** | – | target 30 min | – | no close events |",
            "2. **Promote the messaging channels** – 48,213 questions against 48,000 before (+0.4 %)",
        ] {
            assert!(page.lines().any(|found| found == line), "no line {line} in\n{page}");
        }
        let kpi = page.lines().find(|line| line.starts_with("| First response time")).unwrap();
        assert!(
            kpi.starts_with("| First response time | **6 min 12 s** | ▼ −38 s better | 82.4 % within 10 min ✓ met | `"),
            "{kpi}"
        );
        assert!(kpi.contains(&format!("`{blocks}")), "{kpi}");
        assert!(
            kpi.ends_with("` by day | n 17,993 · p50 2 min 03 s · p90 14 min 40 s · open 12 · provisional |"),
            "{kpi}"
        );
    }

    #[test]
    fn findings_are_a_list() {
        let mut digest = sample::rich();
        digest.kpis[2].value = Some(842.0);
        digest.findings = crate::findings(&digest);
        let item = "## What stands out\n\n- **First response time misses its target** – 14 min 02 s against 10 min \
                    (n 17,993), 82.4 % within it\n";
        assert!(render(&digest).contains(item));
    }

    #[test]
    fn the_same_digest_gives_the_same_bytes() {
        assert_eq!(render(&sample::rich()), render(&sample::rich()));
    }
}
