//! Hours of the week in which most waits are late: add people there.

use super::{Case, Judgement, Rule, latest_first, listed, slot};
use crate::digest::AVERAGE_RESPONSE_TIME;
use crate::quantity::{count, share};
use crate::suggest::evidence::HourOfWeek;
use crate::suggest::thresholds::Threshold;

const HOURS: Threshold = Threshold::count("hours", 3.0, "so many hours of the week are named at most");
const LATE_SHARE: Threshold =
    Threshold::share("late_share", 0.5, "an hour with at least this share of its waits late lacks people");
const MIN_LATE: Threshold = Threshold::count("min_late", 10.0, "late waits that the named hours need in all");
const MIN_WAITS: Threshold = Threshold::count("min_waits", 30.0, "waits that an hour needs to be judged");

/// A late wait is one that missed its target (kpi-rules G1).
pub(super) const RULE: Rule = Rule {
    name: "hours_late",
    looks_at: "waits by weekday and hour in which they began: how many were late",
    suggests: "add people in those hours",
    thresholds: &[HOURS, LATE_SHARE, MIN_LATE, MIN_WAITS],
    judge,
};

fn judge(case: &Case<'_>) -> Judgement {
    let (late_share, enough) = (case.limit(&LATE_SHARE), case.count(&MIN_WAITS));
    let all = &case.evidence.hours;
    let judged: Vec<HourOfWeek> = all.iter().copied().filter(|hour| hour.judged() >= enough.max(1)).collect();
    let Some(worst) = judged.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b))) else {
        let most = all.iter().map(HourOfWeek::judged).max().unwrap_or(0);
        return Judgement::TooFew(format!(
            "no hour of the week has {} waits; the most are {}",
            count(enough),
            count(most)
        ));
    };
    let mut hours = latest_first(&judged);
    hours.retain(|hour| hour.late > 0 && ratio(hour) >= late_share);
    hours.truncate(case.entries(&HOURS));
    let late: u64 = hours.iter().map(|hour| hour.late).sum();
    if hours.is_empty() {
        return Judgement::Silent(format!("late at most on {} ({})", describe(worst), share(ratio(worst))));
    }
    let each: Vec<String> = hours.iter().map(|hour| format!("{} ({})", describe(hour), share(ratio(hour)))).collect();
    if late < case.count(&MIN_LATE) {
        return Judgement::TooFew(format!(
            "{} late waits in the worst hours ({}); {} are needed",
            count(late),
            each.join(", "),
            count(case.count(&MIN_LATE))
        ));
    }
    let total: u64 = all.iter().map(|hour| hour.late).sum();
    let slots: Vec<String> = hours.iter().map(slot).collect();
    let cells: Vec<String> = hours
        .iter()
        .map(|hour| format!("day_of_week = {} AND hour_of_day = {}", hour.day_of_week, hour.hour))
        .collect();
    let filter = cells.join(" OR ");
    let options = ["--measure", "n_breached", "--where", filter.as_str()];
    Judgement::Fires {
        text: format!(
            "Add people on {}: of {} late waits, {} began then and could have been saved",
            listed(&slots),
            count(total),
            count(late)
        ),
        evidence: format!("late: {}", each.join(", ")),
        drill: Some(case.evidence.place.drill(AVERAGE_RESPONSE_TIME, &options, late)),
    }
}

/// An hour with its late waits: "Mon 09:00–10:00 20 of 35 waits".
fn describe(hour: &HourOfWeek) -> String {
    format!("{} {} of {} waits", slot(hour), count(hour.late), count(hour.judged()))
}

/// The part of an hour's waits that was late.
fn ratio(hour: &HourOfWeek) -> f64 {
    hour.late as f64 / hour.judged().max(1) as f64
}
