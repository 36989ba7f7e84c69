//! Resolutions over their target: offer a call.

use super::{Case, Judgement, Rule};
use crate::digest::{Digest, RESOLUTION_TIME};
use crate::quantity::{count, human_duration, known, share};
use crate::suggest::thresholds::Threshold;

const TIMES_TARGET: Threshold =
    Threshold::times("times_target", 1.0, "the mean is too long above this many times the target");
const MIN_RESOLUTIONS: Threshold = Threshold::count("min_resolutions", 30.0, "closed conversations that are needed");

/// The target is half an hour unless set (kpi-rules G1): past half an hour of typing, a call is shorter for both.
pub(super) const RULE: Rule = Rule {
    name: "resolution_over_target",
    looks_at: "the mean resolution against its target, and how many took longer",
    suggests: "offer a call once a conversation runs past the target",
    thresholds: &[TIMES_TARGET, MIN_RESOLUTIONS],
    judge,
};

fn judge(case: &Case<'_>) -> Judgement {
    let enough = case.count(&MIN_RESOLUTIONS);
    let card = case.digest.kpi(RESOLUTION_TIME);
    let n = card.and_then(|card| card.n).unwrap_or(0);
    let Some((card, mean_s)) = card.and_then(|card| Some((card, known(card.value)?))).filter(|_| n >= enough) else {
        return Judgement::TooFew(format!("{} resolutions; {} are needed", count(n), count(enough)));
    };
    let Some(target_s) = known(card.target_s) else { return Judgement::Silent("the KPI has no target".to_owned()) };
    let target = human_duration(target_s);
    let mean = format!("mean {} against {target} (n {})", human_duration(mean_s), count(n));
    if mean_s <= case.limit(&TIMES_TARGET) * target_s {
        return Judgement::Silent(mean);
    }
    let longer = longer(case.digest, target_s);
    let filter = format!("resolution_us > {}", (target_s * 1e6).round() as i64);
    let options = ["--measure", "n", "--where", filter.as_str()];
    let evidence = match longer {
        Some(longer) => {
            format!("{mean}; {} of them took longer than {target} ({})", count(longer), share(longer as f64 / n as f64))
        }
        None => mean,
    };
    Judgement::Fires {
        text: format!("Offer a call when a conversation runs past {target}: resolutions take longer than their target"),
        evidence,
        drill: longer.map(|longer| case.evidence.place.drill(RESOLUTION_TIME, &options, longer)),
    }
}

/// Resolutions that took longer than the target, which is an edge of their distribution.
fn longer(digest: &Digest, target_s: f64) -> Option<u64> {
    let spread = digest.distributions.iter().find(|spread| spread.kpi == RESOLUTION_TIME)?;
    let reached = spread.reached.iter().find(|reached| reached.up_to_s == target_s)?;
    spread.n.checked_sub(reached.n)
}
