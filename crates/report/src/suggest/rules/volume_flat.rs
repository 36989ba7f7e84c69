//! Questions that have not grown for months: promote the channel, publish its entry points.

use super::{Case, Judgement, Rule};
use crate::dates;
use crate::digest::INBOUND_MESSAGE_VOLUME;
use crate::quantity::{count, decimal, signed_relative};
use crate::suggest::evidence::MonthVolume;
use crate::suggest::thresholds::Threshold;

const MONTHS: Threshold = Threshold::count("months", 3.0, "so many whole months are held against the one before them");
const GROWTH: Threshold =
    Threshold::share("growth", 0.05, "a month with more questions a day than this above the first is growth");
const MIN_QUESTIONS: Threshold = Threshold::count("min_questions", 30.0, "questions that each of the months needs");

/// Published lists of these KPIs read flat volume as a channel that customers do not know of
/// (heymarket.com/blog/conversational-support-kpis).
pub(super) const RULE: Rule = Rule {
    name: "volume_flat",
    looks_at: "questions a day in the last whole months against the month before them",
    suggests: "promote messaging, publish its entry points",
    thresholds: &[MONTHS, GROWTH, MIN_QUESTIONS],
    judge,
};

fn judge(case: &Case<'_>) -> Judgement {
    let (months, growth, enough) = (case.entries(&MONTHS).max(1), case.limit(&GROWTH), case.count(&MIN_QUESTIONS));
    let known = &case.evidence.months;
    let Some(start) = known.len().checked_sub(months + 1) else {
        return Judgement::TooFew(format!(
            "{} whole months are needed up to the end of the period, the archive has {}",
            months + 1,
            known.len()
        ));
    };
    let (Some(first), Some(last)) = (known.get(start), known.last()) else {
        return Judgement::TooFew("no whole month is known".to_owned());
    };
    let seen = &known[start..];
    if let Some(few) = seen.iter().find(|month| month.questions < enough) {
        let questions = count(few.questions);
        return Judgement::TooFew(format!("{questions} questions in {}; {} are needed", name(few), count(enough)));
    }
    let grown = |month: &MonthVolume| per_day(month) / per_day(first) - 1.0;
    if let Some(more) = seen.iter().find(|month| per_day(month) > per_day(first) * (1.0 + growth)) {
        return Judgement::Silent(format!(
            "{} questions a day in {} against {} in {} ({})",
            decimal(per_day(more)),
            name(more),
            decimal(per_day(first)),
            name(first),
            signed_relative(grown(more))
        ));
    }
    let state = if per_day(last) < per_day(first) * (1.0 - growth) { "fell" } else { "has been flat" };
    let over = if months == 1 { "a month".to_owned() } else { format!("{months} months") };
    Judgement::Fires {
        text: format!(
            "Promote messaging and publish its entry points (site, app, e-mail footer, phone menu): inbound volume {state} \
             for {over}"
        ),
        evidence: format!(
            "{} questions in {}, {} a day, against {} a day in {} ({})",
            count(last.questions),
            name(last),
            decimal(per_day(last)),
            decimal(per_day(first)),
            name(first),
            signed_relative(grown(last))
        ),
        drill: Some(case.evidence.place.drill_in(
            (&last.since, &last.until),
            INBOUND_MESSAGE_VOLUME,
            &["--events"],
            last.questions,
        )),
    }
}

/// Months differ by a tenth in their days alone.
fn per_day(month: &MonthVolume) -> f64 {
    month.questions as f64 / f64::from(month.days.max(1))
}

fn name(month: &MonthVolume) -> String {
    dates::long(&month.since, "month")
}
