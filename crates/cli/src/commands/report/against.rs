//! What `--compare` names: the stretch before, the same stretch a year before, or a saved baseline.

use tapemeasure_model::instant::DAY_US;
use tapemeasure_model::zone::{LocalTime, Zone};
use tapemeasure_query::Comparison;
use tapemeasure_query::baselines::Length;

use crate::args::Report;
use crate::failure::Failure;

/// Days of 52 weeks: what lies a year before with the same weekdays.
const YEAR_DAYS: i32 = 364;

/// What a report is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The stretch of the same length just before; what is usual is said by the weeks before.
    Previous,
    /// The same stretch a year before; what is usual is said by the weeks before.
    Year,
    /// The stretch just before; what is usual is said by the baseline of that name.
    Baseline(String),
}

impl Against {
    /// What `--compare` names.
    ///
    /// # Errors
    /// An unknown comparison, or one that a report does not know.
    pub fn of(verb: &Report) -> Result<Self, Failure> {
        match Comparison::parse(&verb.compare)? {
            Comparison::Previous => Ok(Self::Previous),
            Comparison::Year => Ok(Self::Year),
            Comparison::Baseline(name) => Ok(Self::Baseline(name)),
            other => Err(Failure::usage(format!(
                "a report is not compared with {other}; write previous, year or baseline:NAME, or ask `tape kpi --compare \
                 {other}`"
            ))),
        }
    }

    /// The baseline, if it is one.
    pub fn baseline(&self) -> Option<&str> {
        match self {
            Self::Baseline(name) => Some(name),
            Self::Previous | Self::Year => None,
        }
    }

    /// The stretch that changes are against, and the baseline, in words; `None` without either.
    pub fn label(&self, stretch: Option<String>) -> Option<String> {
        let baseline = self.baseline().map(|name| format!("baseline {name}"));
        match (stretch, baseline) {
            (Some(stretch), Some(baseline)) => Some(format!("{stretch}; usual is {baseline}")),
            (stretch, baseline) => stretch.or(baseline),
        }
    }
}

/// The same stretch a year before: by date for whole months, else 364 days before, so that weekdays meet weekdays.
pub fn year_before(zone: &Zone, (since_us, until_us): (i64, i64), whole_days: bool) -> (i64, i64) {
    let date = |us: i64| LocalTime::new(zone, us, us).date(us);
    let is_month_start = |us: i64| {
        let (_, _, day) = tapemeasure_model::instant::civil_from_days(i64::from(date(us)));
        day == 1
    };
    let before = |us: i64| {
        if !whole_days {
            return us - i64::from(YEAR_DAYS) * DAY_US;
        }
        if is_month_start(since_us) && is_month_start(until_us) {
            return Length::Months(12).ending_at(us, zone).start_us;
        }
        zone.local_date_start_us(date(us) - YEAR_DAYS)
    };
    (before(since_us), before(until_us))
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::parse_instant;

    use super::*;

    /// Python: `datetime.date(2025, 3, 10) - datetime.timedelta(364)` is 11 March 2024, a Monday as well.
    #[test]
    fn a_year_before_meets_months_or_weekdays() {
        let us = |date: &str| parse_instant(&format!("{date}T00:00:00Z")).unwrap();
        let year = |since: &str, until: &str| year_before(&Zone::UTC, (us(since), us(until)), true);
        assert_eq!(year("2025-03-01", "2025-04-01"), (us("2024-03-01"), us("2024-04-01")));
        assert_eq!(year("2025-03-10", "2025-03-17"), (us("2024-03-11"), us("2024-03-18")));
    }

    #[test]
    fn both_sides_are_named() {
        let stretch = Some("2025-01-01 to 2025-02-01".to_owned());
        assert_eq!(Against::Year.label(stretch.clone()), stretch);
        let baseline = Against::Baseline("spring".to_owned());
        assert_eq!(baseline.label(stretch).as_deref(), Some("2025-01-01 to 2025-02-01; usual is baseline spring"));
        assert_eq!(baseline.label(None).as_deref(), Some("baseline spring"));
        assert_eq!(Against::Previous.label(None), None);
    }
}
