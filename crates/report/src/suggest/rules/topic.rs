//! Topics whose customers wait longest: train, or write answers to reuse.

use super::{Case, Judgement, Rule};
use crate::digest::{AVERAGE_RESPONSE_TIME, TopicRow};
use crate::quantity::{count, human_duration, known, maybe_duration};
use crate::suggest::evidence::literal;
use crate::suggest::thresholds::Threshold;

const TIMES_MEAN: Threshold = Threshold::times(
    "times_mean",
    1.5,
    "a topic is slow when its mean wait is above this many times the mean of all waits",
);
const MIN_WAITS: Threshold = Threshold::count("min_waits", 30.0, "answered waits that a topic needs, and all together");

/// Long waits on one topic say that few people know its answers.
pub(super) const RULE: Rule = Rule {
    name: "topic_waits_longest",
    looks_at: "the mean wait of each topic against the mean of all waits; of slow ones that with the longest wait",
    suggests: "train on the topic, or write answers to reuse",
    thresholds: &[TIMES_MEAN, MIN_WAITS],
    judge,
};

fn judge(case: &Case<'_>) -> Judgement {
    let (times, enough) = (case.limit(&TIMES_MEAN), case.count(&MIN_WAITS));
    let card = case.digest.kpi(AVERAGE_RESPONSE_TIME);
    let n = card.and_then(|card| card.n).unwrap_or(0);
    let Some(overall_s) = card.and_then(|card| known(card.value)).filter(|_| n >= enough) else {
        return Judgement::TooFew(format!("{} answered waits; {} are needed", count(n), count(enough)));
    };
    let judged: Vec<(&str, f64, &TopicRow)> = case
        .digest
        .topic_waits
        .iter()
        .filter(|row| row.waits >= enough)
        .filter_map(|row| Some((row.topic.as_deref()?, known(row.mean_s)?, row)))
        .collect();
    let Some((name, mean_s, row)) = judged.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Judgement::TooFew(format!("no topic has {} answered waits", count(enough)));
    };
    let longest = |row: &TopicRow| known(row.longest_s).unwrap_or(0.0);
    let slow = judged.iter().filter(|(_, mean_s, _)| *mean_s > times * overall_s);
    let Some((topic, slow_s, slowest)) = slow.max_by(|a, b| longest(a.2).total_cmp(&longest(b.2))) else {
        return Judgement::Silent(format!(
            "slowest is “{name}”: mean {} against {} over all (n {})",
            human_duration(*mean_s),
            human_duration(overall_s),
            count(row.waits)
        ));
    };
    let filter = format!("topic = {}", literal(topic));
    let options = ["--measure", "n", "--where", filter.as_str()];
    Judgement::Fires {
        text: format!("Train the team on “{topic}” or write answers to reuse: its customers wait longest"),
        evidence: format!(
            "{} waits, mean {} against {} over all, longest {}",
            count(slowest.waits),
            human_duration(*slow_s),
            human_duration(overall_s),
            maybe_duration(slowest.longest_s)
        ),
        drill: Some(case.evidence.place.drill(AVERAGE_RESPONSE_TIME, &options, slowest.waits)),
    }
}
