//! Durations as people write them: `10m`, `24h`, `86400s`, `1h 30m`, and `never`.

/// Reads a duration in microseconds; `None` for what is none, and for more than about 290,000 years.
pub fn parse_duration_us(text: &str) -> Option<i64> {
    let duration = humantime::parse_duration(text.trim()).ok()?;
    i64::try_from(duration.as_micros()).ok()
}

/// Writes a duration of microseconds so that [`parse_duration_us`] reads the same: in the largest unit of days, hours,
/// minutes, seconds, milliseconds, microseconds that gives a whole number.
pub fn format_duration_us(us: i64) -> String {
    const UNITS: [(i64, &str); 6] =
        [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"), (1, "us")];
    if us == 0 {
        return "0s".to_owned();
    }
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| us % unit == 0).unwrap_or((1, "us"));
    format!("{}{name}", us / unit)
}

/// Reads a duration or `never`: the outer `None` is a text that is neither.
pub fn parse_limit_us(text: &str) -> Option<Option<i64>> {
    if text.trim() == "never" { Some(None) } else { parse_duration_us(text).map(Some) }
}

/// Writes what [`parse_limit_us`] reads.
pub fn format_limit_us(limit: Option<i64>) -> String {
    limit.map_or_else(|| "never".to_owned(), format_duration_us)
}
