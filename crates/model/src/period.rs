//! The UTC day or month that an event is stored under.

use crate::event::named;
use crate::instant::{DAY_US, civil_from_days, days_from_civil};

named! {
    /// How an archive cuts time into runs of events.
    PeriodKind {
        /// UTC days.
        Day = "day",
        /// UTC months.
        Month = "month",
    }
}

impl PeriodKind {
    /// The period that holds an instant, in microseconds since 1970 UTC.
    pub const fn period_of(self, us: i64) -> Period {
        let day = us.div_euclid(DAY_US);
        match self {
            Self::Day => Period { kind: self, first_day: day as i32 },
            Self::Month => {
                let (year, month, _) = civil_from_days(day);
                Period { kind: self, first_day: days_from_civil(year, month, 1) as i32 }
            }
        }
    }
}

/// One UTC day or month. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    first_day: i32,
    kind: PeriodKind,
}

impl Period {
    /// Day or month.
    pub const fn kind(self) -> PeriodKind {
        self.kind
    }

    /// First instant, microseconds since 1970 UTC.
    pub const fn start_us(self) -> i64 {
        self.first_day as i64 * DAY_US
    }

    /// First instant after it.
    pub const fn end_us(self) -> i64 {
        match self.kind {
            PeriodKind::Day => self.start_us() + DAY_US,
            PeriodKind::Month => {
                let (year, month, _) = civil_from_days(self.first_day as i64);
                let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                days_from_civil(year, month, 1) * DAY_US
            }
        }
    }

    /// `2025-03` for a month, `2025-03-04` for a day: the partition value in the table.
    pub fn label(self) -> String {
        let (year, month, day) = civil_from_days(i64::from(self.first_day));
        match self.kind {
            PeriodKind::Day => format!("{year:04}-{month:02}-{day:02}"),
            PeriodKind::Month => format!("{year:04}-{month:02}"),
        }
    }

    /// Reads a [`label`](Self::label); its form tells day from month. `None` for anything else.
    pub fn parse(label: &str) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            let text = label.get(range)?;
            text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
        };
        let (kind, day) = match label.len() {
            7 => (PeriodKind::Month, 1),
            10 if label.as_bytes()[7] == b'-' => (PeriodKind::Day, number(8..10)?),
            _ => return None,
        };
        let first_day = days_from_civil(number(0..4)?, number(5..7)?, day);
        let period = Self { kind, first_day: i32::try_from(first_day).ok()? };
        (period.label() == label).then_some(period)
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::parse_instant;

    #[test]
    fn an_instant_lies_in_its_utc_day_and_month() {
        let us = parse_instant("2025-03-31T23:59:59.999999Z").unwrap();
        assert_eq!(PeriodKind::Month.period_of(us).label(), "2025-03");
        assert_eq!(PeriodKind::Day.period_of(us).label(), "2025-03-31");
        assert_eq!(PeriodKind::Month.period_of(us + 1).label(), "2025-04");
        assert_eq!(PeriodKind::Month.period_of(-1).label(), "1969-12");
        assert_eq!(PeriodKind::Month.period_of(us).end_us(), us + 1);
        assert_eq!(PeriodKind::Day.period_of(us).end_us(), us + 1);
        assert_eq!(PeriodKind::Month.period_of(us).start_us(), parse_instant("2025-03-01T00:00:00Z").unwrap());
    }

    #[test]
    fn labels_go_there_and_back() {
        for label in ["2025-03", "2024-02-29", "0001-01", "9999-12-31"] {
            assert_eq!(Period::parse(label).map(Period::label).as_deref(), Some(label));
        }
        for label in ["2025-13", "2025-02-29", "2025-3", "2025/03", "", "2025-03-04T"] {
            assert_eq!(Period::parse(label), None, "{label}");
        }
    }
}
