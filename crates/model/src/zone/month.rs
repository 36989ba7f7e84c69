//! Months of the calendar, and which of them a fiscal year begins with.

use crate::event::named;

named! {
    /// A month of the Gregorian calendar.
    Month {
        /// The first.
        January = "january",
        /// The second.
        February = "february",
        /// The third.
        March = "march",
        /// The fourth.
        April = "april",
        /// The fifth.
        May = "may",
        /// The sixth.
        June = "june",
        /// The seventh.
        July = "july",
        /// The eighth.
        August = "august",
        /// The ninth.
        September = "september",
        /// The tenth.
        October = "october",
        /// The eleventh.
        November = "november",
        /// The twelfth.
        December = "december",
    }
}

impl Month {
    /// 1 for January to 12 for December.
    pub const fn number(self) -> i64 {
        self as i64 + 1
    }

    /// The month that people mean: its name in any letter case, or its number, `april`, `4`, `04`. `None` for all else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(month) = Self::from_name(&text.to_ascii_lowercase()) {
            return Some(month);
        }
        let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
        let number: usize = text.parse().ok().filter(|_| is_number)?;
        Self::ALL.get(number.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_name_and_a_number() {
        for text in ["april", "April", "4", "04", " APRIL "] {
            assert_eq!(Month::parse(text), Some(Month::April), "{text}");
        }
        assert_eq!((Month::parse("1"), Month::parse("12")), (Some(Month::January), Some(Month::December)));
        assert_eq!((Month::January.number(), Month::December.number()), (1, 12));
        for text in ["", "0", "13", "004", "+4", "apr", "4th", "quarter"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }
}
