//! The cards of the KPIs: value, change, target, what is usual.

use tapemeasure_model::settings::{Settings, TargetOverrides};
use tapemeasure_model::zone::Grain;
use tapemeasure_query::definitions::Target;
use tapemeasure_query::{Better, Definition};
use tapemeasure_report::digest::{
    AVERAGE_RESPONSE_TIME, Better as Direction, DefinitionText, FIRST_RESPONSE_TIME, KpiCard, LONGEST_WAIT_TIME,
    MESSAGE_VOLUME_BY_CHANNEL, RESOLUTION_TIME, UNSUBSCRIBED_CONTACTS, Unit,
};
use tapemeasure_report::quantity::{count, maybe_duration};

use super::question::{Answer, Question};
use super::rows::Rows;
use super::{saved, usual};
use crate::failure::Failure;

/// A KPI as it was told: its card, its rows over time, and its definition.
pub struct Told {
    pub card: KpiCard,
    /// One row a bucket, with the card's measures and those of [`over_time`].
    pub series: Rows,
    pub text: DefinitionText,
    /// What has no length, of a KPI over lengths.
    pub apart: Vec<(String, u64)>,
}

/// The sum of questions, answers and bot messages: the one number of the volume by channel.
const ALL_MESSAGES: &str = "inbound + agent + bot";

/// The column that a card shows, and the column of what stands behind it.
#[derive(Clone, Copy)]
struct Shown<'a> {
    column: &'a str,
    n: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(definition: &'a Definition) -> Self {
        if definition.name == MESSAGE_VOLUME_BY_CHANNEL {
            return Self { column: ALL_MESSAGES, n: None };
        }
        let column = definition.headline.as_str();
        Self { column, n: definition.n.as_deref().filter(|n| *n != column) }
    }

    /// The measures that both are made of.
    fn measures(self) -> Vec<&'a str> {
        let mut measures =
            if self.column == ALL_MESSAGES { vec!["inbound", "agent", "bot"] } else { vec![self.column] };
        measures.extend(self.n);
        measures
    }

    fn values(self, rows: &Rows) -> Vec<Option<f64>> {
        if self.column != ALL_MESSAGES {
            return rows.numbers(self.column);
        }
        let (inbound, agent, bot) = (rows.counts("inbound"), rows.counts("agent"), rows.counts("bot"));
        inbound
            .iter()
            .zip(&agent)
            .zip(&bot)
            .map(|((inbound, agent), bot)| Some((inbound + agent + bot) as f64))
            .collect()
    }

    fn value(self, rows: &Rows) -> Option<f64> {
        self.values(rows).first().copied().flatten()
    }

    /// What the value is counted in, by the name of its column, which ends in its unit.
    fn unit(self, rows: &Rows) -> Unit {
        let ends = |ending: &str| self.column == ending || self.column.ends_with(&format!("_{ending}"));
        match self.column {
            ALL_MESSAGES => Unit::Count,
            _ if ends("s") => Unit::Seconds,
            _ if ends("share") || ends("rate") || self.column.starts_with("within_") => Unit::Share,
            _ if rows.is_whole(self.column) => Unit::Count,
            _ => Unit::Number,
        }
    }
}

/// The measures that the details of a card, and what stands beside its value, are made of.
fn detailed(name: &str) -> &'static [&'static str] {
    match name {
        FIRST_RESPONSE_TIME | AVERAGE_RESPONSE_TIME => {
            &["p50_s", "p90_s", "n_open", "n_closed_unanswered", "n_opted_out", "n_abandoned", "within_target"]
        }
        LONGEST_WAIT_TIME => &["conversation_id", "oldest_open_s"],
        RESOLUTION_TIME => &["p50_s", "p90_s", "n_auto_closed", "within_target"],
        UNSUBSCRIBED_CONTACTS => &["unsubscribed", "newly_unsubscribed"],
        _ => &[],
    }
}

/// The measures that charts over time are drawn from, beside that of the card.
fn over_time(name: &str) -> &'static [&'static str] {
    match name {
        FIRST_RESPONSE_TIME | AVERAGE_RESPONSE_TIME | RESOLUTION_TIME => &["n", "p50_s", "p90_s", "within_target"],
        UNSUBSCRIBED_CONTACTS => &["unsubscribed", "newly_unsubscribed"],
        _ => &[],
    }
}

/// Asks for one KPI: over the period, over the one before, over time.
///
/// # Errors
/// As computing it.
pub async fn tell(question: &Question<'_>, definition: &Definition) -> Result<Told, Failure> {
    let name = definition.name.as_str();
    let shown = Shown::of(definition);
    let compared = shown.measures();
    let measures = [compared.as_slice(), detailed(name)].concat();
    let now = question.answer(name, &[], Grain::Total, &measures, question.period()).await?;
    let before = match question.previous {
        Some(period) => Some(question.answer(name, &[], Grain::Total, &compared, period).await?.rows),
        None => None,
    };
    let drawn = [compared.as_slice(), over_time(name)].concat();
    let series = question.rows(name, &[], question.grain, &drawn).await?;
    let usual = match question.baseline {
        Some(name) => saved::saved(question, definition, name).await?,
        None => usual::usual(question, definition).await?,
    };
    let (baseline, verdict) = usual.map_or((None, None), |(baseline, verdict)| (Some(baseline), Some(verdict)));
    let rows = &now.rows;
    let card = KpiCard {
        name: name.to_owned(),
        title: definition.title.clone(),
        unit: shown.unit(rows),
        value: shown.value(rows),
        n: shown.n.map(|n| rows.count(n, 0)),
        previous: before.as_ref().and_then(|rows| shown.value(rows)),
        previous_n: before.as_ref().and_then(|rows| shown.n.map(|n| rows.count(n, 0))),
        better: match definition.better {
            Better::Lower => Direction::Lower,
            Better::Higher => Direction::Higher,
            Better::Neither => Direction::Neither,
        },
        target_s: target_us(definition, question.settings).map(|us| us as f64 / 1e6),
        within_target: rows.number("within_target", 0),
        spark: shown.values(&series),
        spark_grain: question.grain.to_string(),
        details: details(name, rows),
        provisional: rows.flag("provisional", 0),
        baseline,
        verdict,
        note: now.notes.first().cloned().or_else(|| own_targets(definition, question.settings)),
    };
    Ok(Told { card, series, apart: apart(name, rows), text: text(definition, &now) })
}

/// The general target of a KPI, in microseconds.
pub fn target_us(definition: &Definition, settings: &Settings) -> Option<i64> {
    let targets = &settings.targets;
    definition.targets.default_us.or_else(|| {
        definition.target.map(|target| match target {
            Target::FirstResponse => targets.first_response_us,
            Target::Response => targets.response_us,
            Target::Resolution => targets.resolution_us,
        })
    })
}

/// A target that a source or channel sets for itself.
pub fn own_target(target: Target, targets: &TargetOverrides) -> Option<i64> {
    match target {
        Target::FirstResponse => targets.first_response_us,
        Target::Response => targets.response_us,
        Target::Resolution => targets.resolution_us,
    }
}

/// Says so where a source or channel has a target of its own: the share within is by those, the one shown is the general.
fn own_targets(definition: &Definition, settings: &Settings) -> Option<String> {
    let target = definition.target?;
    let any = settings.channels.values().any(|targets| own_target(target, targets).is_some())
        || settings.sources.values().any(|source| own_target(target, &source.targets).is_some());
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

/// Waits that have no length.
fn apart(name: &str, rows: &Rows) -> Vec<(String, u64)> {
    match name {
        FIRST_RESPONSE_TIME | AVERAGE_RESPONSE_TIME => [
            ("open", "n_open"),
            ("closed unanswered", "n_closed_unanswered"),
            ("opted out", "n_opted_out"),
            ("abandoned", "n_abandoned"),
        ]
        .map(|(label, column)| (label.to_owned(), rows.count(column, 0)))
        .into(),
        _ => Vec::new(),
    }
}

fn text(definition: &Definition, answer: &Answer) -> DefinitionText {
    let over = if definition.table.is_empty() {
        "other KPIs".to_owned()
    } else {
        format!("{}, by {}", definition.table, definition.time)
    };
    DefinitionText {
        name: definition.name.clone(),
        title: definition.title.clone(),
        description: definition.description.trim().to_owned(),
        unit: definition.unit.clone(),
        over,
        better: definition.better.as_str().to_owned(),
        fingerprint: definition.fingerprint(),
        served_by: answer.served_by.clone(),
        sql: answer.sql.trim().to_owned(),
    }
}
