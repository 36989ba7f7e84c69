//! What the rules of suggestions read beside the digest, by few queries: months and channels from rollups, hours from rows
//! that are held in memory.

use tapemeasure_model::instant::{civil_from_days, days_from_civil, format_instant};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::settings::report::THRESHOLDS;
use tapemeasure_model::zone::Grain;
use tapemeasure_report::Digest;
use tapemeasure_report::digest::{INBOUND_MESSAGE_VOLUME, MESSAGE_VOLUME_BY_CHANNEL, UNSUBSCRIBED_CONTACTS};
use tapemeasure_report::suggest::evidence::{ChannelOptOuts, Evidence, HourOfWeek, MonthVolume, Place};
use tapemeasure_report::suggest::{RULES, Thresholds};

use super::question::Question;
use super::rows::Rows;
use crate::args::Global;
use crate::context::Opened;
use crate::failure::Failure;

/// The archive that is taken where none is named.
const ARCHIVE: &str = "./archive";

/// The thresholds of the rules as the settings have them.
pub fn thresholds(settings: &Settings) -> Thresholds {
    let mut thresholds = Thresholds::default();
    for threshold in THRESHOLDS {
        thresholds.set(threshold.rule, threshold.name, settings.report.number(threshold));
    }
    thresholds
}

/// Asks what the digest does not have already.
///
/// # Errors
/// As computing KPIs.
pub async fn gather(
    question: &Question<'_>,
    opened: &Opened,
    global: &Global,
    digest: &Digest,
    thresholds: &Thresholds,
    asked: &Asked,
) -> Result<Evidence, Failure> {
    let (months, opt_outs) =
        tokio::try_join!(months(question, opened, thresholds), opt_outs(question, digest, &asked.subscriptions),)?;
    Ok(Evidence {
        place: place(question, opened, global),
        months,
        first_hours: hours(&asked.first),
        hours: hours(&asked.response),
        opt_outs,
    })
}

/// What the tables of the digest were made of.
pub struct Asked {
    /// Contacts that are out, and that went out, by channel.
    pub subscriptions: Rows,
    /// Waits by weekday and hour, as they were held against their targets.
    pub response: Rows,
    /// The same of first waits.
    pub first: Rows,
}

fn place(question: &Question<'_>, opened: &Opened, global: &Global) -> Place {
    let zone = question.zone;
    // To the instant, where no local day begins.
    let time = |us: i64| {
        let date = question.date(us);
        if zone.local_date_start_us(date) == us { spelled(date) } else { format_instant(us) }
    };
    let mut options = Vec::new();
    let mut option = |name: &str, value: String| options.extend([name.to_owned(), value]);
    if zone.name() != opened.settings.time_zone {
        option("--tz", zone.name().to_owned());
    }
    if let Some(us) = opened.as_of_us {
        option("--as-of", format_instant(us));
    }
    if let Some(version) = opened.at {
        option("--at", version.to_string());
    }
    for folder in &opened.kpis {
        option("--kpis", folder.display().to_string());
    }
    let archive = global.archive.display().to_string();
    Place {
        archive: (archive != ARCHIVE && archive != ARCHIVE.trim_start_matches("./")).then_some(archive),
        since: time(question.since_us),
        until: time(question.until_us),
        options,
    }
}

/// Whole months up to the end of the period, as many as the rule looks at; none that the archive has only a part of.
async fn months(
    question: &Question<'_>,
    opened: &Opened,
    thresholds: &Thresholds,
) -> Result<Vec<MonthVolume>, Failure> {
    let held = RULES.iter().find(|rule| rule.name == "volume_flat");
    let wanted = held.and_then(|rule| rule.thresholds.iter().find(|threshold| threshold.name == "months"));
    let wanted = wanted.map_or(0.0, |threshold| thresholds.get("volume_flat", threshold));
    let Some(first_us) = opened.snapshot.first_us() else { return Ok(Vec::new()) };
    let end_us = question.until_us.min(question.now_us.saturating_add(1));
    let end = month_of(question.date(end_us));
    let (first_date, mut start) = (question.date(first_us), month_of(question.date(first_us)));
    if first_day(start) < first_date {
        start += 1;
    }
    // No archive has more months than a number of 32 bits counts.
    start = start.max(end.saturating_sub(wanted.max(0.0) as i64 + 1));
    if start >= end {
        return Ok(Vec::new());
    }
    let instant = |month: i64| question.zone.local_date_start_us(first_day(month));
    let span = (instant(start), instant(end));
    let answer = question.answer(INBOUND_MESSAGE_VOLUME, &[], Grain::Month, &["messages"], span).await?;
    let questions = answer.rows.counts("messages");
    let of_bucket = answer.rows.by_text("bucket");
    let month = |month: i64| {
        let (from, to) = (first_day(month), first_day(month + 1));
        let since = spelled(from);
        let row = of_bucket.get(&Some(since.clone())).copied();
        MonthVolume {
            questions: row.map_or(0, |row| questions[row]),
            days: u32::try_from(to - from).unwrap_or(0),
            until: spelled(to),
            since,
        }
    };
    Ok((start..end).map(month).collect())
}

/// Waits of a KPI by the hour of the week in which they began, as they were held against their targets.
fn hours(rows: &Rows) -> Vec<HourOfWeek> {
    let (in_time, late) = (rows.counts("n_within_target"), rows.counts("n_breached"));
    let mut hours: Vec<HourOfWeek> = rows
        .by_hour_of_week()
        .into_iter()
        .map(|((day_of_week, hour), row)| HourOfWeek { day_of_week, hour, in_time: in_time[row], late: late[row] })
        .collect();
    hours.sort_by_key(|hour| (hour.day_of_week, hour.hour));
    hours
}

/// Contacts that opted out, by channel, and what was sent there, against the period before.
async fn opt_outs(
    question: &Question<'_>,
    digest: &Digest,
    now: &Rows,
) -> Result<Option<Vec<ChannelOptOuts>>, Failure> {
    let Some(previous) = question.previous else { return Ok(None) };
    let (by, total, newly) = (&["channel"], Grain::Total, &["newly_unsubscribed"]);
    let before = question.answer(UNSUBSCRIBED_CONTACTS, by, total, newly, previous).await?.rows;
    let sent = question.answer(MESSAGE_VOLUME_BY_CHANNEL, by, total, &["agent", "bot"], previous).await?.rows;
    let (of_before, of_sent) = (before.by_text("channel"), sent.by_text("channel"));
    let rows = now.texts("channel").into_iter().enumerate().map(|(row, channel)| {
        let at_before = of_before.get(&channel).copied();
        let at_sent = of_sent.get(&channel).copied();
        let shown = digest.channels.iter().find(|shown| shown.channel == channel);
        ChannelOptOuts {
            now: now.count("newly_unsubscribed", row),
            before: at_before.map_or(0, |row| before.count("newly_unsubscribed", row)),
            sent: shown.map_or(0, |shown| shown.agent + shown.bot),
            sent_before: at_sent.map_or(0, |row| sent.count("agent", row) + sent.count("bot", row)),
            channel,
        }
    });
    Ok(Some(rows.collect()))
}

/// The month of a date, months since the year 0.
fn month_of(date: i32) -> i64 {
    let (year, month, _) = civil_from_days(i64::from(date));
    year * 12 + month - 1
}

/// The first day of such a month, in days since 1970-01-01.
fn first_day(month: i64) -> i32 {
    let days = days_from_civil(month.div_euclid(12), month.rem_euclid(12) + 1, 1);
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// A date as people write it: `2025-03-01`.
fn spelled(date: i32) -> String {
    let (year, month, day) = civil_from_days(i64::from(date));
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_know_every_threshold_of_every_rule_and_no_other() {
        let settings = Settings::default();
        let of_settings: Vec<(String, String)> =
            THRESHOLDS.iter().map(|threshold| (threshold.key(), settings.report.text(threshold))).collect();
        let of_rules: Vec<(String, String)> = RULES
            .iter()
            .flat_map(|rule| rule.thresholds.iter().map(move |threshold| (rule.name, threshold)))
            .map(|(rule, threshold)| (format!("report.{rule}.{}", threshold.name), threshold.text(threshold.default)))
            .collect();
        assert_eq!(of_settings, of_rules);
    }

    #[test]
    fn months_begin_with_their_first_day() {
        // Python: (datetime.date(2025, 3, 1) - datetime.date(1970, 1, 1)).days is 20148.
        assert_eq!(first_day(month_of(20_148)), 20_148);
        assert_eq!(first_day(month_of(20_148 + 30)), 20_148);
        assert_eq!(spelled(first_day(month_of(20_148) - 3)), "2024-12-01");
    }
}
