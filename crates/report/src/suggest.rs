//! What a support lead could do about the numbers: one rule, one sentence, its evidence.
//!
//! The rules read the seven KPIs as the field does. Volume that does not grow is a matter of promotion, a quiet channel
//! one of publicity, slow first responses one of staffing, slow topics one of training, long resolutions a reason to
//! call, more unsubscribes a reason to look at what is sent. A rule is silent on too few data.

use crate::change::MIN_N;
use crate::digest::{
    AVERAGE_RESPONSE_TIME, ChannelRow, Digest, FIRST_RESPONSE_TIME, INBOUND_MESSAGE_VOLUME, KpiCard, RESOLUTION_TIME,
    Suggestion, UNSUBSCRIBED_CONTACTS, Unit, WorstCell,
};
use crate::phrase;
use crate::quantity::{self, count, human_duration, known, share, signed_relative};

/// When a rule speaks. The defaults stand in kpi-rules where it has them; the others are choices of this crate, wide
/// enough that a normal month says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// Fewer measurements than this say nothing: 30, the minimum n of a comparison (kpi-rules B2).
    pub min_n: u64,
    /// Volume that grows by no more than this share does not grow: 5 %. Months differ by a tenth in their days alone
    /// (28 to 31), so less than half of that is no movement. That flat volume asks for promotion is how published lists
    /// of these KPIs read it (heymarket.com/blog/conversational-support-kpis).
    pub volume_flat: f64,
    /// A channel with less than this share of the mean of the others is quiet: 20 %, a fifth.
    pub quiet_channel: f64,
    /// Target of the first response where the KPI names none: 600 s (kpi-rules G1).
    pub first_response_s: f64,
    /// Target of the resolution where the KPI names none: 1800 s (kpi-rules G1). Past half an hour of typing, a call is
    /// shorter for both.
    pub resolution_s: f64,
    /// At most this many hours are named for staffing: 3, what fits into a line.
    pub hours_named: usize,
    /// A topic is slow when its mean wait is this many times the mean of all waits: 1.5, half as long again.
    pub slow_topic: f64,
    /// The share of unsubscribed contacts rises when it grows by more than this, relative to itself: 10 %.
    pub unsubscribes_rise: f64,
    /// And by at least this many contacts: 5, so that one or two people make no trend.
    pub unsubscribes_more: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            min_n: MIN_N,
            volume_flat: 0.05,
            quiet_channel: 0.2,
            first_response_s: 600.0,
            resolution_s: 1800.0,
            hours_named: 3,
            slow_topic: 1.5,
            unsubscribes_rise: 0.1,
            unsubscribes_more: 5.0,
        }
    }
}

/// What the numbers of a digest suggest, at most one suggestion a rule, in the order of the KPIs.
///
/// Suggestions that the digest already holds are not read.
pub fn suggest(digest: &Digest, thresholds: &Thresholds) -> Vec<Suggestion> {
    RULES.iter().filter_map(|rule| rule(digest, thresholds)).collect()
}

type Rule = fn(&Digest, &Thresholds) -> Option<Suggestion>;

const RULES: [Rule; 6] = [
    volume_flat,
    channel_quiet,
    first_response_over_target,
    topic_waits_longest,
    resolution_over_target,
    unsubscribes_rising,
];

/// Questions do not grow against the previous period. Silent while the period is not over.
fn volume_flat(digest: &Digest, thresholds: &Thresholds) -> Option<Suggestion> {
    let card = digest.kpi(INBOUND_MESSAGE_VOLUME).filter(|card| !card.provisional)?;
    let (value, previous) = (known(card.value)?, known(card.previous)?);
    let enough = thresholds.min_n as f64;
    if value < enough || previous < enough {
        return None;
    }
    let growth = value / previous - 1.0;
    let state = match growth {
        growth if growth > thresholds.volume_flat => return None,
        growth if growth < -thresholds.volume_flat => "fell",
        _ => "is flat",
    };
    Some(Suggestion {
        rule: "volume_flat".to_owned(),
        text: format!(
            "Promote messaging and publish its entry points (site, app, e-mail footer, phone menu): inbound volume {state}"
        ),
        evidence: format!(
            "{} questions against {} before ({})",
            count(value.round() as u64),
            count(previous.round() as u64),
            signed_relative(growth)
        ),
    })
}

/// Channels with far fewer questions than the others.
fn channel_quiet(digest: &Digest, thresholds: &Thresholds) -> Option<Suggestion> {
    let named: Vec<(&str, u64)> =
        digest.channels.iter().filter_map(|row| Some((row.channel.as_deref()?, row.inbound))).collect();
    if named.len() < 2 {
        return None;
    }
    let total: u64 = named.iter().map(|(_, inbound)| inbound).sum();
    let others = (named.len() - 1) as f64;
    let is_quiet = |inbound: u64| {
        let mean = (total - inbound) as f64 / others;
        mean >= thresholds.min_n as f64 && (inbound as f64) < thresholds.quiet_channel * mean
    };
    let (quiet, busy): (Vec<_>, Vec<_>) = named.into_iter().partition(|(_, inbound)| is_quiet(*inbound));
    if quiet.is_empty() || busy.is_empty() {
        return None;
    }
    let names: Vec<&str> = quiet.iter().map(|(name, _)| *name).collect();
    let counts: Vec<String> = quiet.iter().map(|(name, inbound)| format!("{name} {}", count(*inbound))).collect();
    let busy_mean = busy.iter().map(|(_, inbound)| inbound).sum::<u64>() as f64 / busy.len() as f64;
    Some(Suggestion {
        rule: "channel_quiet".to_owned(),
        text: format!("Publicise {}: customers hardly write there", listed(&names)),
        evidence: format!(
            "questions: {}; the other channels have {} on average",
            counts.join(", "),
            count(busy_mean.round() as u64)
        ),
    })
}

/// First responses take longer than their target; says at which hours people are missing.
fn first_response_over_target(digest: &Digest, thresholds: &Thresholds) -> Option<Suggestion> {
    let over = OverTarget::of(digest, FIRST_RESPONSE_TIME, thresholds.first_response_s, thresholds.min_n)?;
    let mut hours: Vec<&WorstCell> = digest
        .worst_hours
        .iter()
        .filter(|cell| cell.n >= thresholds.min_n && cell.mean_wait_s.is_finite() && cell.mean_wait_s > over.target_s)
        .collect();
    hours.sort_by(|a, b| b.mean_wait_s.total_cmp(&a.mean_wait_s));
    hours.truncate(thresholds.hours_named);
    let slots: Vec<String> = hours.iter().map(|cell| phrase::slot(cell)).collect();
    let mut evidence = over.evidence();
    for (cell, slot) in hours.iter().zip(&slots) {
        evidence.push_str(&format!("; {slot} waits {} (n {})", human_duration(cell.mean_wait_s), count(cell.n)));
    }
    let text = if slots.is_empty() {
        "Add staff: first responses take longer than their target, and no single hour explains it".to_owned()
    } else {
        let slots: Vec<&str> = slots.iter().map(String::as_str).collect();
        format!("Add staff on {}: first responses take longer than their target", listed(&slots))
    };
    Some(Suggestion { rule: "first_response_over_target".to_owned(), text, evidence })
}

/// Among the topics whose mean wait is far above the mean of all waits, the one with the longest wait.
fn topic_waits_longest(digest: &Digest, thresholds: &Thresholds) -> Option<Suggestion> {
    let overall = digest.kpi(AVERAGE_RESPONSE_TIME).filter(|card| card.n.is_some_and(|n| n >= thresholds.min_n))?;
    let overall_s = known(overall.value)?;
    let mut slowest: Option<(&str, f64, f64, u64)> = None;
    for row in &digest.topics {
        let (Some(topic), Some(mean_s), Some(longest_s)) =
            (row.topic.as_deref(), known(row.mean_s), known(row.longest_s))
        else {
            continue;
        };
        let slow = row.waits >= thresholds.min_n && mean_s > thresholds.slow_topic * overall_s;
        if slow && slowest.is_none_or(|(_, _, longest_so_far_s, _)| longest_s > longest_so_far_s) {
            slowest = Some((topic, mean_s, longest_s, row.waits));
        }
    }
    let (topic, mean_s, longest_s, waits) = slowest?;
    Some(Suggestion {
        rule: "topic_waits_longest".to_owned(),
        text: format!("Train the team on “{topic}” or write answers to reuse: its customers wait longest"),
        evidence: format!(
            "mean {} against {} over all topics (n {}), longest {}",
            human_duration(mean_s),
            human_duration(overall_s),
            count(waits),
            human_duration(longest_s)
        ),
    })
}

/// Resolutions take longer than their target.
fn resolution_over_target(digest: &Digest, thresholds: &Thresholds) -> Option<Suggestion> {
    let over = OverTarget::of(digest, RESOLUTION_TIME, thresholds.resolution_s, thresholds.min_n)?;
    Some(Suggestion {
        rule: "resolution_over_target".to_owned(),
        text: format!(
            "Offer a call when a conversation runs past {}: resolutions take longer than their target",
            human_duration(over.target_s)
        ),
        evidence: over.evidence(),
    })
}

/// More contacts are unsubscribed than before; names the channel with most of them.
fn unsubscribes_rising(digest: &Digest, thresholds: &Thresholds) -> Option<Suggestion> {
    let card = digest.kpi(UNSUBSCRIBED_CONTACTS)?;
    let (value, previous) = (known(card.value)?, known(card.previous)?);
    let more = match card.unit {
        Unit::Share => {
            let (n, previous_n) = (card.n?, card.previous_n?);
            if n < thresholds.min_n || previous_n < thresholds.min_n {
                return None;
            }
            value * n as f64 - previous * previous_n as f64
        }
        Unit::Count | Unit::Seconds => value - previous,
    };
    let risen = value > previous * (1.0 + thresholds.unsubscribes_rise);
    if !risen || more < thresholds.unsubscribes_more {
        return None;
    }
    let mut worst: Option<(&ChannelRow, u64)> = None;
    for row in &digest.channels {
        let unsubscribed = row.unsubscribed.unwrap_or(0);
        if unsubscribed > worst.map_or(0, |(_, most)| most) {
            worst = Some((row, unsubscribed));
        }
    }
    let before = format!(
        "{} unsubscribed against {} before",
        quantity::value(card.unit, Some(value)),
        quantity::value(card.unit, Some(previous))
    );
    let (text, evidence) = match worst {
        Some((row, unsubscribed)) => {
            let channel = phrase::name(row.channel.as_deref());
            (
                format!(
                    "Look at what is sent on {channel}, and how often: more contacts unsubscribe, most of them there"
                ),
                format!("{before}; {channel} has {} of them", count(unsubscribed)),
            )
        }
        None => ("Look at what is sent, and how often: more contacts unsubscribe".to_owned(), before),
    };
    Some(Suggestion { rule: "unsubscribes_rising".to_owned(), text, evidence })
}

/// A KPI whose mean is above its target, on enough measurements.
struct OverTarget<'a> {
    card: &'a KpiCard,
    value_s: f64,
    target_s: f64,
    n: u64,
}

impl OverTarget<'_> {
    fn of<'a>(digest: &'a Digest, name: &str, default_target_s: f64, min_n: u64) -> Option<OverTarget<'a>> {
        let card = digest.kpi(name)?;
        let value_s = known(card.value)?;
        let target_s = known(card.target_s).unwrap_or(default_target_s);
        let n = card.n?;
        (n >= min_n && value_s > target_s).then_some(OverTarget { card, value_s, target_s, n })
    }

    fn evidence(&self) -> String {
        let mean = human_duration(self.value_s);
        let text = format!("mean {mean} against {} (n {})", human_duration(self.target_s), count(self.n));
        match known(self.card.within_target) {
            Some(within) => format!("{text}, {} within it", share(within)),
            None => text,
        }
    }
}

/// "a", "a and b", "a, b and c".
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests;
