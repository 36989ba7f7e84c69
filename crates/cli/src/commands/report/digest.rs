//! The digest of a period: which period it is, and all that is asked about it.

use futures::future::try_join_all;
use tapemeasure_model::instant::{DAY_US, HOUR_US, format_instant};
use tapemeasure_model::zone::{Grain, LocalTime};
use tapemeasure_report::digest::{Coverage, Digest, Method, Period, SourceRow};
use tapemeasure_report::findings;
use tapemeasure_report::suggest::evaluate;
use tokio::sync::Semaphore;

use super::against::{Against, year_before};
use super::evidence::Asked;
use super::question::Question;
use super::tables::{Channels, Week};
use super::{cards, evidence, series, spread, tables, usual};
use crate::args::Global;
use crate::commands::note;
use crate::context::Opened;
use crate::failure::Failure;

/// Days of a report when nobody says otherwise: four whole weeks, so that every weekday weighs the same.
const DAYS: i32 = 28;

/// Questions that are worked out at a time.
const SIDE_BY_SIDE: usize = 4;

/// Computes the digest of a period: `[since, until)` where given, else the four whole weeks before the as-of day.
///
/// # Errors
/// As deriving facts and computing KPIs.
pub async fn compute(
    global: &Global,
    opened: &Opened,
    (since, until): (Option<i64>, Option<i64>),
    against: &Against,
) -> Result<Digest, Failure> {
    let engine = opened.engine(global).await?;
    let now = opened.now_us();
    let local = |us: i64| LocalTime::new(&opened.zone, us, us);
    let today = opened.zone.local_date_start_us(local(now).date(now));
    let day = |us: i64, days: i32| opened.zone.local_date_start_us(local(us).date(us) + days);
    let first = opened.snapshot.first_us();
    let until_us = until.unwrap_or_else(|| match first {
        _ if since.is_some() => now.saturating_add(1),
        // An archive of a single day has nothing but that day.
        Some(first) if first >= today => day(now, 1),
        _ => today,
    });
    let since_us = since.unwrap_or_else(|| day(until_us, -DAYS));
    let length = until_us - since_us;
    let date = |us: i64| local(us).date(us);
    // What is not over yet is held against no more than what there is of it.
    let seen_us = until_us.min(now.saturating_add(1)).max(since_us);
    let whole_days = day(since_us, 0) == since_us && day(seen_us, 0) == seen_us;
    // As many local days, whatever hours a clock change gave them; else the same length.
    let just_before = || {
        if whole_days { day(since_us, date(since_us) - date(seen_us)) } else { since_us - (seen_us - since_us) }
    };
    let before = match against {
        Against::Previous | Against::Baseline(_) => (just_before(), since_us),
        Against::Year => year_before(&opened.zone, (since_us, seen_us), whole_days),
    };
    // A stretch that the archive reaches only a part of is not compared as if it were whole.
    let previous = first.filter(|&first| since_us < seen_us && day(first, 0) <= before.0).map(|_| before);
    if *against == Against::Year && previous.is_none() {
        note("the archive does not reach back a year before the period; there is nothing to compare with");
    }
    // The archive's first day is cut by its first event.
    let history = first.map(|first| day(since_us, -7 * usual::WEEKS).max(day(first, 1)));
    let question = Question {
        engine: &engine,
        settings: &opened.settings,
        zone: opened.zone,
        now_us: now,
        since_us,
        until_us,
        previous,
        baseline: against.baseline(),
        history_us: history.filter(|&history| {
            against.baseline().is_none()
                && history < since_us
                && (7 * DAY_US - HOUR_US..=usual::DAYS_MAX * DAY_US + HOUR_US).contains(&length)
        }),
        grain: grain_of(length),
        permits: Semaphore::new(SIDE_BY_SIDE),
    };
    let label = |us: i64| {
        let local = local(us);
        let text = format_instant(local.local_us(us));
        match local.local_us(us).rem_euclid(DAY_US) {
            0 => text[..10].to_owned(),
            _ => text[..16].replace('T', " "),
        }
    };
    // A stretch far away is asked little about: its rows are not worth holding.
    let adjacent = question.previous.filter(|&(_, to)| to == since_us).map(|(from, _)| from);
    let from_us = [adjacent, question.history_us].into_iter().flatten().min();
    engine.preload(from_us.map_or(since_us, |from| from.min(since_us)), until_us).await?;
    let (
        told,
        Channels { rows: channels, subscriptions },
        Week { cells: week, response, first: first_hours },
        topics,
        sources,
        mut distributions,
    ) = tokio::try_join!(
        tell(&question),
        tables::channels(&question),
        tables::week(&question),
        tables::topics(&question),
        sources(&question, label),
        spread::spreads(&question)
    )?;
    spread::set_apart(&mut distributions, &told);
    let series = series::series(&question, &told, &channels).await?;
    let latest = opened.snapshot.latest_us();
    let mut digest = Digest {
        title: "Support digest".to_owned(),
        archive: opened.archive.root().display().to_string(),
        version: Some(opened.snapshot.version()),
        period: Period { since: Some(label(since_us)), until: Some(label(until_us)) },
        zone: opened.zone.name().to_owned(),
        coverage: Coverage {
            first: first.map(label),
            last: latest.map(label),
            events: opened.snapshot.rows(),
            behind_s: latest.and_then(|latest| u64::try_from(now - latest).ok()).map(|us| us / 1_000_000),
            sources,
        },
        as_of: Some(label(now)),
        previous_label: against.label(question.previous.map(|(from, to)| format!("{} to {}", label(from), label(to)))),
        series,
        distributions,
        worst_hours: tables::worst_hours(&week),
        topics: tables::worst_topics(&topics),
        topic_waits: topics,
        channels,
        week,
        findings: Vec::new(),
        suggestions: Vec::new(),
        rules: Vec::new(),
        method: Method {
            definitions: told.iter().map(|told| told.text.clone()).collect(),
            settings: opened.settings.list(),
        },
        kpis: told.into_iter().map(|told| told.card).collect(),
    };
    digest.findings = findings(&digest);
    let thresholds = evidence::thresholds(&opened.settings);
    let asked = Asked { subscriptions, response, first: first_hours };
    let evidence = evidence::gather(&question, opened, global, &digest, &thresholds, &asked).await?;
    (digest.rules, digest.suggestions) = evaluate(&digest, &evidence, &thresholds);
    Ok(digest)
}

/// The KPIs in their order.
async fn tell(question: &Question<'_>) -> Result<Vec<cards::Told>, Failure> {
    try_join_all(question.engine.definitions().iter().map(|definition| cards::tell(question, definition))).await
}

/// A grain that gives charts some ten to sixty steps.
fn grain_of(length_us: i64) -> Grain {
    match length_us {
        ..=172_800_000_000 => Grain::Hour,
        us if us <= 62 * DAY_US + HOUR_US => Grain::Day,
        us if us <= 400 * DAY_US => Grain::Week,
        _ => Grain::Month,
    }
}

/// The sources of the archive, whatever the period, by the rollup of messages.
async fn sources(question: &Question<'_>, label: impl Fn(i64) -> String) -> Result<Vec<SourceRow>, Failure> {
    let query = "SELECT source, sum(questions) + sum(answers) + sum(bots) AS messages, min(cell_start) AS first_at, \
                 max(cell_start) AS last_at FROM message_cells GROUP BY source ORDER BY source";
    let rows = question.sql(query).await?;
    let messages = rows.counts("messages");
    let (first, last) = (rows.instants("first_at"), rows.instants("last_at"));
    let sources = rows.texts("source").into_iter().enumerate().map(|(row, source)| SourceRow {
        source: source.unwrap_or_default(),
        messages: messages[row],
        first: first[row].map(&label),
        last: last[row].map(&label),
    });
    Ok(sources.collect())
}
