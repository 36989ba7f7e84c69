//! Channels, hours of the week and topics.

use std::collections::HashMap;

use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::Grain;
use tapemeasure_query::definitions::Target;
use tapemeasure_report::digest::{
    AVERAGE_RESPONSE_TIME, ChannelRow, FIRST_RESPONSE_TIME, INBOUND_MESSAGE_VOLUME, LONGEST_WAIT_TIME,
    MESSAGE_VOLUME_BY_CHANNEL, RESOLUTION_TIME, TopicRow, UNSUBSCRIBED_CONTACTS, WeekCell, WorstCell,
};

use super::cards::own_target;
use super::question::Question;
use super::rows::Rows;
use crate::failure::Failure;

/// Hours of the week and topics that are listed as the worst.
const LISTED: usize = 5;

/// The channels, and what else was asked of them.
pub struct Channels {
    pub rows: Vec<ChannelRow>,
    /// Contacts that are out, and that went out, by channel.
    pub subscriptions: Rows,
}

/// The hours of the week, and what else was asked of them.
pub struct Week {
    pub cells: Vec<WeekCell>,
    /// Waits by weekday and hour, as they were held against their targets.
    pub response: Rows,
    /// The same of first waits.
    pub first: Rows,
}

/// Every channel with messages, the one with most questions first.
///
/// # Errors
/// As computing KPIs.
pub async fn channels(question: &Question<'_>) -> Result<Channels, Failure> {
    let by = &["channel"];
    let total = Grain::Total;
    let volume = question.rows(MESSAGE_VOLUME_BY_CHANNEL, by, total, &["inbound", "agent", "bot", "share"]).await?;
    let first = question.rows(FIRST_RESPONSE_TIME, by, total, &["n", "mean_s", "within_target"]).await?;
    let waits = &["n", "mean_s", "p90_s", "max_s", "within_target"];
    let response = question.rows(AVERAGE_RESPONSE_TIME, by, total, waits).await?;
    let resolution = question.rows(RESOLUTION_TIME, by, total, &["n", "mean_s", "within_target"]).await?;
    let subscriptions = &["unsubscribed", "newly_unsubscribed"];
    let unsubscribed = question.rows(UNSUBSCRIBED_CONTACTS, by, total, subscriptions).await?;
    let [of_first, of_response, of_resolution, of_unsubscribed] =
        [&first, &response, &resolution, &unsubscribed].map(|rows| rows.by_text("channel"));
    let target = |channel: Option<&str>, target| channel_target_s(question.settings, channel, target);
    let mut channels: Vec<ChannelRow> = volume
        .texts("channel")
        .into_iter()
        .enumerate()
        .map(|(row, channel)| {
            // A row that is not there is one past the end: its numbers are none.
            let place = |rows: &HashMap<Option<String>, usize>| rows.get(&channel).copied().unwrap_or(usize::MAX);
            let (at_first, at_response) = (place(&of_first), place(&of_response));
            let (at_resolution, at_unsubscribed) = (place(&of_resolution), place(&of_unsubscribed));
            let name = channel.as_deref();
            ChannelRow {
                inbound: volume.count("inbound", row),
                agent: volume.count("agent", row),
                bot: volume.count("bot", row),
                share: volume.number("share", row),
                first_response_target_s: target(name, Target::FirstResponse),
                first_response_within: first.number("within_target", at_first),
                response_target_s: target(name, Target::Response),
                response_within: response.number("within_target", at_response),
                resolution_target_s: target(name, Target::Resolution),
                resolution_within: resolution.number("within_target", at_resolution),
                first_response_mean_s: first.number("mean_s", at_first),
                first_response_n: first.count("n", at_first),
                response_mean_s: response.number("mean_s", at_response),
                response_p90_s: response.number("p90_s", at_response),
                response_n: response.count("n", at_response),
                longest_s: response.number("max_s", at_response),
                resolution_mean_s: resolution.number("mean_s", at_resolution),
                resolution_n: resolution.count("n", at_resolution),
                unsubscribed: Some(unsubscribed.count("unsubscribed", at_unsubscribed)),
                channel,
            }
        })
        .collect();
    channels.sort_by(|a, b| b.inbound.cmp(&a.inbound).then_with(|| a.channel.cmp(&b.channel)));
    Ok(Channels { rows: channels, subscriptions: unsubscribed })
}

/// The target of a channel, in seconds: its own, else the general one; `None` where sources have targets of their own,
/// for then each of its rows has that of its source.
fn channel_target_s(settings: &Settings, channel: Option<&str>, target: Target) -> Option<f64> {
    let own = channel.and_then(|name| settings.channels.get(name)).and_then(|targets| own_target(target, targets));
    let by_source = settings.sources.values().any(|source| own_target(target, &source.targets).is_some());
    let general_us = match target {
        Target::FirstResponse => settings.targets.first_response_us,
        Target::Response => settings.targets.response_us,
        Target::Resolution => settings.targets.resolution_us,
    };
    let us = if by_source { own } else { own.or(Some(general_us)) };
    us.map(|us| us as f64 / 1e6)
}

/// The hours of the week with questions or answered waits, in their order.
///
/// # Errors
/// As computing KPIs.
pub async fn week(question: &Question<'_>) -> Result<Week, Failure> {
    let by = &["day_of_week", "hour_of_day"];
    let total = Grain::Total;
    let waits = &["n", "mean_s", "max_s", "n_within_target", "n_breached"];
    let (volume, response, longest, first) = tokio::try_join!(
        question.rows(INBOUND_MESSAGE_VOLUME, by, total, &["messages"]),
        question.rows(AVERAGE_RESPONSE_TIME, by, total, waits),
        question.rows(LONGEST_WAIT_TIME, by, total, &["conversation_id"]),
        question.rows(FIRST_RESPONSE_TIME, by, total, &["n_within_target", "n_breached"]),
    )?;
    let [of_volume, of_response, of_longest] = [&volume, &response, &longest].map(|rows| rows.by_hour_of_week());
    let (questions, waits) = (volume.counts("messages"), response.counts("n"));
    let (means, longest_s) = (response.numbers("mean_s"), response.numbers("max_s"));
    let conversations = longest.texts("conversation_id");
    let mut cells = Vec::new();
    for (day_of_week, hour) in (1..=7).flat_map(|day| (0..24).map(move |hour| (day, hour))) {
        let place = (day_of_week, hour);
        let response = of_response.get(&place).copied();
        let cell = WeekCell {
            day_of_week,
            hour,
            questions: of_volume.get(&place).map_or(0, |&row| questions[row]),
            waits: response.map_or(0, |row| waits[row]),
            mean_s: response.and_then(|row| means[row]),
            longest_s: response.and_then(|row| longest_s[row]),
            conversation_id: of_longest.get(&place).and_then(|&row| conversations[row].clone()),
        };
        if cell.questions > 0 || cell.waits > 0 {
            cells.push(cell);
        }
    }
    Ok(Week { cells, response, first })
}

/// The hours of the week with the longest waits, worst first.
pub fn worst_hours(week: &[WeekCell]) -> Vec<WorstCell> {
    let worst = |cell: &WeekCell| {
        Some(WorstCell {
            day_of_week: cell.day_of_week,
            hour: cell.hour,
            max_wait_s: cell.longest_s?,
            mean_wait_s: cell.mean_s?,
            n: cell.waits,
            conversation_id: cell.conversation_id.clone(),
        })
    };
    let mut cells: Vec<WorstCell> = week.iter().filter_map(worst).collect();
    cells.sort_by(|a, b| b.max_wait_s.total_cmp(&a.max_wait_s));
    cells.truncate(LISTED);
    cells
}

/// Every topic with answered waits, that with most first.
///
/// # Errors
/// As computing KPIs.
pub async fn topics(question: &Question<'_>) -> Result<Vec<TopicRow>, Failure> {
    let by = &["topic"];
    let times = &["n", "mean_s", "p50_s", "p90_s", "max_s"];
    let response = question.rows(AVERAGE_RESPONSE_TIME, by, Grain::Total, times).await?;
    let longest = question.rows(LONGEST_WAIT_TIME, by, Grain::Total, &["conversation_id"]).await?;
    let of_longest = longest.by_text("topic");
    let conversations = longest.texts("conversation_id");
    let waits = response.counts("n");
    let [means, p50, p90, longest_s] = ["mean_s", "p50_s", "p90_s", "max_s"].map(|column| response.numbers(column));
    let mut topics: Vec<TopicRow> = response
        .texts("topic")
        .into_iter()
        .enumerate()
        .filter(|(row, _)| longest_s[*row].is_some())
        .map(|(row, topic)| TopicRow {
            waits: waits[row],
            mean_s: means[row],
            p50_s: p50[row],
            p90_s: p90[row],
            longest_s: longest_s[row],
            conversation_id: of_longest.get(&topic).and_then(|&row| conversations[row].clone()),
            topic,
        })
        .collect();
    topics.sort_by(|a, b| b.waits.cmp(&a.waits).then_with(|| a.topic.cmp(&b.topic)));
    Ok(topics)
}

/// The topics with the longest waits, worst first.
pub fn worst_topics(topics: &[TopicRow]) -> Vec<TopicRow> {
    let mut worst = topics.to_vec();
    worst.sort_by(|a, b| {
        let longest = |row: &TopicRow| row.longest_s.unwrap_or(0.0);
        // Of equal ones the order of their names, nameless first.
        longest(b).total_cmp(&longest(a)).then_with(|| a.topic.cmp(&b.topic))
    });
    worst.truncate(LISTED);
    worst
}
