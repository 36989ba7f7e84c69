//! What a support lead could do about the numbers: one rule, one sentence, its evidence, the rows behind it.
//!
//! The rules read the seven KPIs as the field does. Volume that does not grow is a matter of promotion, a quiet channel
//! one of publicity, slow first responses one of staffing, slow topics one of training, long resolutions a reason to
//! call, more unsubscribes a reason to look at what is sent. A rule is silent on too few data, and says so.
//!
//! | module | is |
//! |---|---|
//! | [`rules`] | the rules, a file each, and the one list of them |
//! | [`evidence`] | what rules read beside the digest, and command lines for the rows behind it |
//! | [`thresholds`] | when rules speak |

pub mod evidence;
pub mod rules;
pub mod thresholds;

pub use evidence::Evidence;
pub use rules::{RULES, Rule};
pub use thresholds::{Threshold, ThresholdUnit, Thresholds};

use crate::digest::{Digest, RuleOutcome, RuleStatus, RuleThreshold, Suggestion};
use rules::{Case, Judgement};

/// Asks every rule, in the order of [`RULES`]: what it decided, and what it suggests if it fired.
///
/// Rules and suggestions that the digest already holds are not read.
pub fn evaluate(digest: &Digest, evidence: &Evidence, thresholds: &Thresholds) -> (Vec<RuleOutcome>, Vec<Suggestion>) {
    let mut suggestions = Vec::new();
    let outcomes = RULES.iter().map(|rule| {
        let (status, why) = match (rule.judge)(&Case { rule: rule.name, digest, evidence, thresholds }) {
            Judgement::Fires { text, evidence, drill } => {
                let why = evidence.clone();
                suggestions.push(Suggestion { rule: rule.name.to_owned(), text, evidence, drill });
                (RuleStatus::Fired, why)
            }
            Judgement::Silent(why) => (RuleStatus::NotFired, why),
            Judgement::TooFew(why) => (RuleStatus::TooFew, why),
        };
        let held = rule.thresholds.iter().map(|threshold| RuleThreshold {
            setting: format!("report.{}.{}", rule.name, threshold.name),
            value: threshold.text(thresholds.get(rule.name, threshold)),
        });
        let looks_at = rule.looks_at.to_owned();
        RuleOutcome { rule: rule.name.to_owned(), status, why, looks_at, thresholds: held.collect() }
    });
    let outcomes = outcomes.collect();
    (outcomes, suggestions)
}

#[cfg(test)]
mod tests;
