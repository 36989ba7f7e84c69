//! What must be looked at: targets that are missed, and KPIs that are worse than usual.

use crate::change::Target;
use crate::digest::{Digest, Finding, FindingKind, KpiCard};
use crate::phrase;
use crate::quantity::{self, count, human_duration, known, share};

/// The verdict that makes a finding (kpi-rules B2).
const WORSE: &str = "worse";

/// What must be looked at, in the order of the KPIs; of one KPI a missed target first. Findings that the digest already
/// holds are not read.
///
/// A target is missed when the value is above it, or when there is no value and nothing was within it. A KPI is worse when its verdict against what is usual says so; one
/// without a verdict is not.
pub fn findings(digest: &Digest) -> Vec<Finding> {
    digest.kpis.iter().flat_map(|card| [missed(card), worse(card)]).flatten().collect()
}

fn missed(card: &KpiCard) -> Option<Finding> {
    let target = Target::of(card).filter(|target| target.met == Some(false))?;
    let target_text = human_duration(target.target_s);
    let mut evidence = match known(card.value) {
        Some(value) => format!("{} against {target_text}", quantity::value(card.unit, Some(value))),
        None => format!("nothing in time, target {target_text}"),
    };
    if let Some(n) = card.n {
        evidence.push_str(&format!(" (n {})", count(n)));
    }
    if let Some(within) = target.within {
        evidence.push_str(&format!(", {} within it", share(within)));
    }
    Some(Finding {
        kind: FindingKind::Missed,
        kpi: card.name.clone(),
        text: format!("{} misses its target", card.title),
        evidence,
    })
}

fn worse(card: &KpiCard) -> Option<Finding> {
    if card.verdict.as_deref() != Some(WORSE) {
        return None;
    }
    let evidence = match &card.baseline {
        Some(baseline) => phrase::against(card, baseline),
        None => quantity::value(card.unit, card.value),
    };
    Some(Finding {
        kind: FindingKind::Worse,
        kpi: card.name.clone(),
        text: format!("{} is worse than usual", card.title),
        evidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Baseline, RESOLUTION_TIME, Unit};

    fn card() -> KpiCard {
        KpiCard {
            name: RESOLUTION_TIME.to_owned(),
            title: "Resolution time".to_owned(),
            unit: Unit::Seconds,
            value: Some(2_530.0),
            n: Some(15_220),
            target_s: Some(1_800.0),
            within_target: Some(0.39),
            ..KpiCard::default()
        }
    }

    fn found(card: KpiCard) -> Vec<(FindingKind, String, String)> {
        let digest = Digest { kpis: vec![card], ..Digest::default() };
        findings(&digest).into_iter().map(|finding| (finding.kind, finding.text, finding.evidence)).collect()
    }

    #[test]
    fn a_target_is_missed_above_it() {
        assert_eq!(
            found(card()),
            [(
                FindingKind::Missed,
                "Resolution time misses its target".to_owned(),
                "42 min 10 s against 30 min (n 15,220), 39.0 % within it".to_owned()
            )]
        );
        assert_eq!(found(KpiCard { value: Some(1_800.0), ..card() }), Vec::new());
        assert_eq!(found(KpiCard { value: None, ..card() }), Vec::new());
        let nothing = found(KpiCard { value: None, n: Some(0), within_target: Some(0.0), ..card() });
        assert_eq!(nothing.len(), 1);
        assert_eq!(nothing[0].2, "nothing in time, target 30 min (n 0), 0.0 % within it");
        assert_eq!(found(KpiCard { target_s: None, ..card() }), Vec::new());
    }

    #[test]
    fn worse_is_what_the_verdict_says() {
        let baseline = Baseline {
            name: "the 8 weeks before".to_owned(),
            held: Some(2_400.0),
            mean: Some(1_500.0),
            low: Some(1_200.0),
            high: Some(1_920.0),
            n: Some(30_000),
        };
        let judged = KpiCard { target_s: None, baseline: Some(baseline), verdict: Some("worse".to_owned()), ..card() };
        assert_eq!(
            found(judged.clone()),
            [(
                FindingKind::Worse,
                "Resolution time is worse than usual".to_owned(),
                "40 min in the middle week; usual is 20 min to 32 min by the 8 weeks before".to_owned()
            )]
        );
        for verdict in ["better", "within usual range", "too few"] {
            assert_eq!(found(KpiCard { verdict: Some(verdict.to_owned()), ..judged.clone() }), Vec::new(), "{verdict}");
        }
        assert_eq!(found(KpiCard { verdict: None, ..judged }), Vec::new());
    }
}
