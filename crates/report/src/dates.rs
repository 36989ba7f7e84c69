//! Buckets in words: "3 Mar", "Mon 3 Mar 2025", "week of 3 Mar 2025".
//!
//! A bucket arrives as `tape kpi` names it: its first local day, for hours the local hour with its offset. A text that is
//! none of these stays as it is.

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The day and hour that a bucket begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    year: u32,
    month: u32,
    day: u32,
    /// 0 to 23; 0 for buckets that are no hours.
    pub(crate) hour: u32,
}

impl Start {
    /// The start that a name tells; `None` for a text that is no such name.
    pub(crate) fn of(bucket: &str) -> Option<Start> {
        let number = |from: usize, to: usize| {
            let digits = bucket.get(from..to)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten()
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let hour = if bucket.len() > 10 { number(11, 13)? } else { 0 };
        let there = bucket.get(4..5) == Some("-") && (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24;
        there.then_some(Start { year, month, day, hour })
    }

    /// ISO weekday, 1 = Monday to 7 = Sunday.
    pub(crate) fn day_of_week(&self) -> u32 {
        // Sakamoto's method: January and February count to the year before; 0 is Sunday.
        const SHIFTS: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = if self.month < 3 { self.year.saturating_sub(1) } else { self.year };
        let shift = SHIFTS[(self.month as usize - 1) % 12];
        let from_sunday = (year + year / 4 - year / 100 + year / 400 + shift + self.day) % 7;
        if from_sunday == 0 { 7 } else { from_sunday }
    }

    fn month_name(&self) -> &'static str {
        MONTHS[(self.month as usize - 1) % 12]
    }
}

/// A bucket as the label of an axis: "14:00", "3 Mar", "Mar 2025", "2025".
pub(crate) fn short(bucket: &str, grain: &str) -> String {
    let Some(start) = Start::of(bucket) else { return bucket.to_owned() };
    match grain {
        "hour" if start.hour > 0 => format!("{:02}:00", start.hour),
        "month" => format!("{} {}", start.month_name(), start.year),
        "quarter" => format!("Q{} {}", start.month.div_ceil(3), start.year),
        "year" => start.year.to_string(),
        _ => format!("{} {}", start.day, start.month_name()),
    }
}

/// A bucket in full: "Mon 3 Mar 2025 14:00 +0100", "Mon 3 Mar 2025", "week of 3 Mar 2025", "Mar 2025".
pub(crate) fn long(bucket: &str, grain: &str) -> String {
    let Some(start) = Start::of(bucket) else { return bucket.to_owned() };
    let date = format!("{} {} {}", start.day, start.month_name(), start.year);
    let day = weekday(start.day_of_week());
    match grain {
        // The offset tells the two hours of an autumn change apart.
        "hour" => format!("{day} {date} {:02}:00 {}", start.hour, bucket.get(19..).unwrap_or_default()),
        "day" => format!("{day} {date}"),
        "week" => format!("week of {date}"),
        "month" | "quarter" | "year" => short(bucket, grain),
        _ => date,
    }
}

/// The name of an ISO weekday; "day ?" for a number that is none.
pub(crate) fn weekday(day_of_week: u32) -> &'static str {
    match day_of_week {
        1..=7 => DAYS[day_of_week as usize - 1],
        _ => "day ?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_in_words() {
        // Python: datetime.date(2025, 3, 3).strftime("%a") and so on.
        for (bucket, grain, brief, full) in [
            ("2025-03-03", "day", "3 Mar", "Mon 3 Mar 2025"),
            ("2024-02-29", "day", "29 Feb", "Thu 29 Feb 2024"),
            ("2000-01-01", "day", "1 Jan", "Sat 1 Jan 2000"),
            ("2026-11-22", "day", "22 Nov", "Sun 22 Nov 2026"),
            ("2025-03-03", "week", "3 Mar", "week of 3 Mar 2025"),
            ("2025-12-01", "month", "Dec 2025", "Dec 2025"),
            ("2025-10-01", "quarter", "Q4 2025", "Q4 2025"),
            ("2025-01-01", "year", "2025", "2025"),
            ("2025-03-03T14:00:00+0545", "hour", "14:00", "Mon 3 Mar 2025 14:00 +0545"),
            ("2025-03-03T00:00:00+0000", "hour", "3 Mar", "Mon 3 Mar 2025 00:00 +0000"),
            ("total", "total", "total", "total"),
            ("2025-13-03", "day", "2025-13-03", "2025-13-03"),
            ("", "day", "", ""),
        ] {
            assert_eq!((short(bucket, grain), long(bucket, grain)), (brief.to_owned(), full.to_owned()), "{bucket}");
        }
    }
}
