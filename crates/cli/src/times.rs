//! Times of options, as people write them.

use tapemeasure_model::settings::Settings;
use tapemeasure_model::times::{self, Named};
use tapemeasure_model::zone::Zone;

use crate::args::Span;
use crate::failure::Failure;

/// Reads the times that options name.
#[derive(Debug, Clone, Copy)]
pub struct Clock(times::Clock);

impl Clock {
    /// As [`times::Clock::new`]: for an archive nothing later than `now_us`, the as-of time, exists.
    pub fn new(zone: Zone, settings: &Settings, now_us: i64) -> Self {
        Self(times::Clock::new(zone, settings, now_us))
    }

    /// The first instant of what a text names.
    ///
    /// # Errors
    /// A usage error that names the option and what it takes.
    pub fn instant(&self, option: &str, text: &str) -> Result<i64, Failure> {
        Ok(self.read(option, text)?.start_us)
    }

    /// The times that `--since` and `--until` name.
    ///
    /// # Errors
    /// As [`instant`](Self::instant).
    pub fn bounds(&self, span: &Span) -> Result<(Option<Named>, Option<Named>), Failure> {
        let since = span.since.as_deref().map(|text| self.read("--since", text)).transpose()?;
        let until = span.until.as_deref().map(|text| self.read("--until", text.trim())).transpose()?;
        Ok((since, until))
    }

    /// As [`times::Clock::running_until_us`].
    pub fn running_until_us(&self, named: Named) -> Option<i64> {
        self.0.running_until_us(named)
    }

    /// The first instant of the day, week, month, ... that a text names, and the first instant after it; `None` for what
    /// has no end, such as an instant.
    ///
    /// # Errors
    /// As [`instant`](Self::instant).
    pub fn stretch(&self, option: &str, text: &str) -> Result<(i64, Option<i64>), Failure> {
        let named = self.read(option, text)?;
        Ok((named.start_us, named.end_us))
    }

    fn read(&self, option: &str, text: &str) -> Result<Named, Failure> {
        self.0.read(text).map_err(|error| Failure::usage(format!("{option} {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_is_told_with_its_option() {
        let failure = Clock::new(Zone::UTC, &Settings::default(), 0).instant("--since", "lastweek").unwrap_err();
        let line = "--since \"lastweek\" is no time that is known here; did you mean last-week? write an RFC 3339 time";
        assert!(failure.line().starts_with(line), "{}", failure.line());
        assert!(matches!(failure, Failure::Usage { .. }));
    }
}
