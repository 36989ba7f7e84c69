//! What is asked for a digest, and its numbers.

use tapemeasure_model::instant::{DAY_US, HOUR_US};
use tapemeasure_model::settings::{Settings, TargetOverrides};
use tapemeasure_model::zone::{Grain, LocalTime};
use tapemeasure_query::{Better, Definition, Engine, KpiRequest};
use tapemeasure_report::digest::{
    AVERAGE_RESPONSE_TIME, Better as Direction, ChannelRow, Coverage, Digest, FIRST_RESPONSE_TIME,
    INBOUND_MESSAGE_VOLUME, KpiCard, LONGEST_WAIT_TIME, MESSAGE_VOLUME_BY_CHANNEL, Period, RESOLUTION_TIME, TopicRow,
    UNSUBSCRIBED_CONTACTS, Unit, WorstCell,
};
use tapemeasure_report::quantity::{count, maybe_duration};
use tapemeasure_report::{Thresholds, suggest};

use super::rows::Rows;
use crate::args::Global;
use crate::commands::kpi;
use crate::context::Opened;
use crate::failure::Failure;

/// Days of a report when nobody says otherwise: four whole weeks, so that every weekday weighs the same.
const DAYS: i32 = 28;
/// Hours of the week and topics that are listed.
const LISTED: usize = 5;

/// What is asked about.
struct Question<'a> {
    engine: &'a Engine,
    since_us: i64,
    until_us: i64,
    /// The stretch of the same length just before; `None` where the archive does not reach back.
    previous: Option<(i64, i64)>,
    grain: Grain,
}

impl Question<'_> {
    /// Some values of a KPI over the period.
    async fn rows(&self, name: &str, by: &[&str], grain: Grain, measures: &[&str]) -> Result<Rows, Failure> {
        let period = (self.since_us, self.until_us);
        self.rows_over(name, by, grain, measures, period).await.map(|(rows, _)| rows)
    }

    async fn rows_over(
        &self,
        name: &str,
        by: &[&str],
        grain: Grain,
        measures: &[&str],
        (since_us, until_us): (i64, i64),
    ) -> Result<(Rows, Vec<String>), Failure> {
        let request = KpiRequest {
            name: name.to_owned(),
            by: Some(by.iter().map(|d| (*d).to_owned()).collect()),
            grain,
            since_us: Some(since_us),
            until_us: Some(until_us),
            filter: None,
            target_us: None,
            measures: Some(measures.iter().map(|m| (*m).to_owned()).collect()),
            fill: true,
        };
        let result = kpi::compute(self.engine, &request).await?;
        Ok((Rows::new(result.batch), result.notes))
    }
}

/// Computes the digest of a period: `[since, until)` where given, else the four whole weeks before the as-of day.
///
/// # Errors
/// As deriving facts and computing KPIs.
pub async fn compute(
    global: &Global,
    opened: &Opened,
    (since, until): (Option<i64>, Option<i64>),
) -> Result<Digest, Failure> {
    let engine = opened.engine(global).await?;
    let now = opened.now_us();
    let local = |us: i64| LocalTime::new(&opened.zone, us, us);
    let today = opened.zone.local_date_start_us(local(now).date(now));
    let day = |us: i64, days: i32| opened.zone.local_date_start_us(local(us).date(us) + days);
    let until_us = until.unwrap_or(if since.is_some() { now + 1 } else { today });
    let since_us = since.unwrap_or_else(|| day(until_us, -DAYS));
    let length = until_us - since_us;
    let first = opened.snapshot.first_us();
    let date = |us: i64| local(us).date(us);
    let whole_days = day(since_us, 0) == since_us && day(until_us, 0) == until_us;
    // As many local days, whatever hours a clock change gave them; else the same length.
    let before = if whole_days { day(since_us, date(since_us) - date(until_us)) } else { since_us - length };
    let question = Question {
        engine: &engine,
        since_us,
        until_us,
        // A stretch that the archive reaches only a part of is not compared as if it were whole.
        previous: first.filter(|&first| day(first, 0) <= before).map(|_| (before, since_us)),
        grain: spark_grain(length),
    };
    let label = |us: i64| {
        let local = local(us);
        let text = tapemeasure_model::instant::format_instant(local.local_us(us));
        match local.local_us(us).rem_euclid(DAY_US) {
            0 => text[..10].to_owned(),
            _ => text[..16].replace('T', " "),
        }
    };
    engine.preload(question.previous.map_or(since_us, |(from, _)| from), until_us).await?;
    let mut cards = Vec::new();
    for definition in engine.definitions().iter() {
        cards.push(card(&question, definition, opened).await?);
    }
    let mut digest = Digest {
        title: "Support digest".to_owned(),
        archive: opened.archive.root().display().to_string(),
        period: Period { since: Some(label(since_us)), until: Some(label(until_us)) },
        zone: opened.zone.name().to_owned(),
        coverage: Coverage {
            first: first.map(label),
            last: opened.snapshot.latest_us().map(label),
            events: opened.snapshot.rows(),
        },
        as_of: Some(label(now)),
        previous_label: question.previous.map(|(from, to)| format!("{} to {}", label(from), label(to))),
        kpis: cards,
        channels: channels(&question).await?,
        worst_hours: worst_hours(&question).await?,
        topics: topics(&question).await?,
        suggestions: Vec::new(),
    };
    digest.suggestions = suggest(&digest, &Thresholds::default());
    Ok(digest)
}

/// A grain that gives a sparkline some ten to sixty steps.
fn spark_grain(length_us: i64) -> Grain {
    match length_us {
        ..=172_800_000_000 => Grain::Hour,
        us if us <= 62 * DAY_US + HOUR_US => Grain::Day,
        us if us <= 400 * DAY_US => Grain::Week,
        _ => Grain::Month,
    }
}

/// The column that a KPI's card shows, and the column of what stands behind it.
fn shown(name: &str) -> (&'static str, Option<&'static str>, Unit) {
    match name {
        INBOUND_MESSAGE_VOLUME => ("messages", None, Unit::Count),
        FIRST_RESPONSE_TIME | AVERAGE_RESPONSE_TIME | RESOLUTION_TIME => ("mean_s", Some("n"), Unit::Seconds),
        LONGEST_WAIT_TIME => ("max_s", None, Unit::Seconds),
        UNSUBSCRIBED_CONTACTS => ("unsubscribed_share", Some("contacts"), Unit::Share),
        _ => (ALL_MESSAGES, None, Unit::Count),
    }
}

/// The measures that two columns of a card are made of.
fn measures_of(column: &'static str, n_column: Option<&'static str>) -> Vec<&'static str> {
    let mut measures = if column == ALL_MESSAGES { vec!["inbound", "agent", "bot"] } else { vec![column] };
    measures.extend(n_column);
    measures
}

/// The measures that the details of a card, and what stands beside its value, are made of.
fn detailed(name: &str) -> &'static [&'static str] {
    match name {
        FIRST_RESPONSE_TIME | AVERAGE_RESPONSE_TIME => {
            &["p50_s", "p90_s", "n_open", "n_closed_unanswered", "within_target"]
        }
        LONGEST_WAIT_TIME => &["conversation_id", "oldest_open_s"],
        RESOLUTION_TIME => &["p50_s", "p90_s", "n_auto_closed", "within_target"],
        UNSUBSCRIBED_CONTACTS => &["unsubscribed", "newly_unsubscribed"],
        _ => &[],
    }
}

/// The sum of questions, answers and bot messages: the one number of the volume by channel.
const ALL_MESSAGES: &str = "inbound + agent + bot";

fn value(rows: &Rows, column: &str, row: usize) -> Option<f64> {
    if column == ALL_MESSAGES {
        return Some((rows.count("inbound", row) + rows.count("agent", row) + rows.count("bot", row)) as f64);
    }
    rows.number(column, row)
}

async fn card(question: &Question<'_>, definition: &Definition, opened: &Opened) -> Result<KpiCard, Failure> {
    let name = definition.name.as_str();
    let (column, n_column, unit) = shown(name);
    let compared = measures_of(column, n_column);
    let measures = [compared.as_slice(), detailed(name)].concat();
    let (now, notes) =
        question.rows_over(name, &[], Grain::Total, &measures, (question.since_us, question.until_us)).await?;
    let before = match question.previous {
        Some(period) => Some(question.rows_over(name, &[], Grain::Total, &compared, period).await?.0),
        None => None,
    };
    let series = question.rows(name, &[], question.grain, &measures_of(column, None)).await?;
    let targets = &opened.settings.targets;
    let target_us = match name {
        FIRST_RESPONSE_TIME => Some(targets.first_response_us),
        AVERAGE_RESPONSE_TIME => Some(targets.response_us),
        RESOLUTION_TIME => Some(targets.resolution_us),
        _ => None,
    };
    let better = match definition.better {
        Better::Lower => Direction::Lower,
        Better::Higher => Direction::Higher,
        _ => Direction::Neither,
    };
    Ok(KpiCard {
        name: name.to_owned(),
        title: definition.title.clone(),
        unit,
        value: value(&now, column, 0),
        n: n_column.map(|n| now.count(n, 0)),
        previous: before.as_ref().and_then(|rows| value(rows, column, 0)),
        previous_n: before.as_ref().and_then(|rows| n_column.map(|n| rows.count(n, 0))),
        better,
        target_s: target_us.map(|us| us as f64 / 1e6),
        within_target: now.number("within_target", 0),
        spark: (0..series.len()).map(|row| value(&series, column, row)).collect(),
        spark_grain: question.grain.to_string(),
        details: details(name, &now),
        provisional: now.flag("provisional", 0),
        note: notes.into_iter().next().or_else(|| own_targets(name, &opened.settings)),
    })
}

/// Says so where a source or channel has a target of its own: the share within is by those, the one shown is the general.
fn own_targets(name: &str, settings: &Settings) -> Option<String> {
    let own = |targets: &TargetOverrides| match name {
        FIRST_RESPONSE_TIME => targets.first_response_us,
        AVERAGE_RESPONSE_TIME => targets.response_us,
        RESOLUTION_TIME => targets.resolution_us,
        _ => None,
    };
    let any = settings.channels.values().any(|targets| own(targets).is_some())
        || settings.sources.values().any(|source| own(&source.targets).is_some());
    any.then(|| "some channels or sources have targets of their own, and are held against those".to_owned())
}

/// Further numbers of a card.
fn details(name: &str, rows: &Rows) -> Vec<(String, String)> {
    let time = |column: &str| maybe_duration(rows.number(column, 0));
    let n = |column: &str| count(rows.count(column, 0));
    let list: Vec<(&str, String)> = match name {
        MESSAGE_VOLUME_BY_CHANNEL => vec![("questions", n("inbound")), ("answers", n("agent")), ("bots", n("bot"))],
        FIRST_RESPONSE_TIME | AVERAGE_RESPONSE_TIME => vec![
            ("p50", time("p50_s")),
            ("p90", time("p90_s")),
            ("open", n("n_open")),
            ("closed unanswered", n("n_closed_unanswered")),
        ],
        LONGEST_WAIT_TIME => vec![
            ("conversation", rows.text("conversation_id", 0).unwrap_or_else(|| "–".to_owned())),
            ("oldest open", time("oldest_open_s")),
        ],
        RESOLUTION_TIME => vec![("p50", time("p50_s")), ("p90", time("p90_s")), ("by a timer", n("n_auto_closed"))],
        UNSUBSCRIBED_CONTACTS => vec![("opted out", n("unsubscribed")), ("newly", n("newly_unsubscribed"))],
        _ => Vec::new(),
    };
    list.into_iter().map(|(label, text)| (label.to_owned(), text)).collect()
}

async fn channels(question: &Question<'_>) -> Result<Vec<ChannelRow>, Failure> {
    let by = &["channel"];
    let volume = question.rows(MESSAGE_VOLUME_BY_CHANNEL, by, Grain::Total, &["inbound", "share"]).await?;
    let first = question.rows(FIRST_RESPONSE_TIME, by, Grain::Total, &["n", "mean_s"]).await?;
    let response = question.rows(AVERAGE_RESPONSE_TIME, by, Grain::Total, &["n", "mean_s", "p90_s", "max_s"]).await?;
    let resolution = question.rows(RESOLUTION_TIME, by, Grain::Total, &["n", "mean_s"]).await?;
    let unsubscribed = question.rows(UNSUBSCRIBED_CONTACTS, by, Grain::Total, &["unsubscribed"]).await?;
    let mut channels: Vec<ChannelRow> = (0..volume.len())
        .map(|row| {
            let channel = volume.text("channel", row);
            let of = |rows: &Rows, column: &str| {
                rows.find("channel", channel.as_deref()).and_then(|row| rows.number(column, row))
            };
            let n = |rows: &Rows, column: &str| {
                rows.find("channel", channel.as_deref()).map_or(0, |row| rows.count(column, row))
            };
            ChannelRow {
                inbound: volume.count("inbound", row),
                share: volume.number("share", row),
                first_response_mean_s: of(&first, "mean_s"),
                first_response_n: n(&first, "n"),
                response_mean_s: of(&response, "mean_s"),
                response_p90_s: of(&response, "p90_s"),
                response_n: n(&response, "n"),
                longest_s: of(&response, "max_s"),
                resolution_mean_s: of(&resolution, "mean_s"),
                resolution_n: n(&resolution, "n"),
                unsubscribed: Some(n(&unsubscribed, "unsubscribed")),
                channel,
            }
        })
        .collect();
    channels.sort_by(|a, b| b.inbound.cmp(&a.inbound).then_with(|| a.channel.cmp(&b.channel)));
    Ok(channels)
}

async fn worst_hours(question: &Question<'_>) -> Result<Vec<WorstCell>, Failure> {
    let by = &["day_of_week", "hour_of_day"];
    let response = question.rows(AVERAGE_RESPONSE_TIME, by, Grain::Total, &["n", "mean_s", "max_s"]).await?;
    let longest = question.rows(LONGEST_WAIT_TIME, by, Grain::Total, &["conversation_id"]).await?;
    let cell = |row: usize| {
        let place = |rows: &Rows, row: usize| (rows.count("day_of_week", row), rows.count("hour_of_day", row));
        let at = place(&response, row);
        let conversation_id = (0..longest.len())
            .find(|&row| place(&longest, row) == at)
            .and_then(|row| longest.text("conversation_id", row));
        Some(WorstCell {
            day_of_week: at.0 as i32,
            hour: at.1 as i32,
            max_wait_s: response.number("max_s", row)?,
            mean_wait_s: response.number("mean_s", row)?,
            n: response.count("n", row),
            conversation_id,
        })
    };
    let mut cells: Vec<WorstCell> = (0..response.len()).filter_map(cell).collect();
    cells.sort_by(|a, b| b.max_wait_s.total_cmp(&a.max_wait_s));
    cells.truncate(LISTED);
    Ok(cells)
}

async fn topics(question: &Question<'_>) -> Result<Vec<TopicRow>, Failure> {
    let response = question.rows(AVERAGE_RESPONSE_TIME, &["topic"], Grain::Total, &["n", "mean_s", "max_s"]).await?;
    let longest = question.rows(LONGEST_WAIT_TIME, &["topic"], Grain::Total, &["conversation_id"]).await?;
    let mut topics: Vec<TopicRow> = (0..response.len())
        .map(|row| {
            let topic = response.text("topic", row);
            let conversation_id =
                longest.find("topic", topic.as_deref()).and_then(|row| longest.text("conversation_id", row));
            TopicRow {
                waits: response.count("n", row),
                mean_s: response.number("mean_s", row),
                longest_s: response.number("max_s", row),
                conversation_id,
                topic,
            }
        })
        .filter(|row| row.longest_s.is_some())
        .collect();
    topics.sort_by(|a, b| b.longest_s.unwrap_or(0.0).total_cmp(&a.longest_s.unwrap_or(0.0)));
    topics.truncate(LISTED);
    Ok(topics)
}
