//! First responses over their target: staff where the late ones gather, train where they do not.

use super::{Case, Judgement, Rule, latest_first, listed, slot};
use crate::digest::FIRST_RESPONSE_TIME;
use crate::quantity::{count, human_duration, known, share};
use crate::suggest::thresholds::Threshold;

const TIMES_TARGET: Threshold =
    Threshold::times("times_target", 1.0, "the mean is too long above this many times the target");
const HOURS: Threshold = Threshold::count("hours", 3.0, "so many hours of the week are named at most");
const CONCENTRATED: Threshold = Threshold::share(
    "concentrated",
    0.25,
    "with at least this share of the late ones in those hours, people are missing then",
);
const MIN_ANSWERS: Threshold =
    Threshold::count("min_answers", 30.0, "first responses that are needed, and late ones to name hours");

/// The target is that of the KPI (kpi-rules G1).
pub(super) const RULE: Rule = Rule {
    name: "first_response_over_target",
    looks_at: "the mean first response against its target, and the hours in which late ones begin",
    suggests: "add staff in those hours, or train",
    thresholds: &[TIMES_TARGET, HOURS, CONCENTRATED, MIN_ANSWERS],
    judge,
};

fn judge(case: &Case<'_>) -> Judgement {
    let enough = case.count(&MIN_ANSWERS);
    let card = case.digest.kpi(FIRST_RESPONSE_TIME);
    let n = card.and_then(|card| card.n).unwrap_or(0);
    let Some((card, mean_s)) = card.and_then(|card| Some((card, known(card.value)?))).filter(|_| n >= enough) else {
        return Judgement::TooFew(format!("{} first responses; {} are needed", count(n), count(enough)));
    };
    let Some(target_s) = known(card.target_s) else { return Judgement::Silent("the KPI has no target".to_owned()) };
    let mean = format!("mean {} against {} (n {})", human_duration(mean_s), human_duration(target_s), count(n));
    if mean_s <= case.limit(&TIMES_TARGET) * target_s {
        return Judgement::Silent(mean);
    }
    let late: u64 = case.evidence.first_hours.iter().map(|hour| hour.late).sum();
    let mut hours = latest_first(&case.evidence.first_hours);
    hours.retain(|hour| hour.late > 0);
    hours.truncate(case.entries(&HOURS));
    let in_hours: u64 = hours.iter().map(|hour| hour.late).sum();
    let part = if late > 0 { in_hours as f64 / late as f64 } else { 0.0 };
    let is_concentrated = late >= enough && part >= case.limit(&CONCENTRATED);
    let slots: Vec<String> = hours.iter().map(slot).collect();
    let text = if is_concentrated {
        format!(
            "Add staff on {}: first responses take longer than their target, and {} of the late ones begin then",
            listed(&slots),
            share(part)
        )
    } else {
        "Train on first answers, or add staff all week: first responses take longer than their target, and no few hours \
         explain it"
            .to_owned()
    };
    let each: Vec<String> =
        hours.iter().zip(&slots).map(|(hour, slot)| format!("{slot} {}", count(hour.late))).collect();
    let most = if each.is_empty() { String::new() } else { format!(", most on {}", each.join(", ")) };
    let drill = case.evidence.place.drill(FIRST_RESPONSE_TIME, &["--measure", "n_breached"], late);
    Judgement::Fires {
        text,
        evidence: format!("{mean}; {} late{most}", count(late)),
        drill: (late > 0).then_some(drill),
    }
}
