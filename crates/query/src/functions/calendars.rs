//! The calendars of one archive: which holds for a row, and when it is open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tapemeasure_model::calendar::{CalendarError, OpenTime};
use tapemeasure_model::instant::DAY_US;
use tapemeasure_model::settings::Settings;

/// What a table of open time is made beyond the instants that ask for it, so that those to come find it long enough.
const MARGIN_US: i64 = 400 * DAY_US;

/// The calendars of the settings. Their tables of open time are made when first asked for, and made again, for a longer
/// range, when instants outside come up.
#[derive(Debug)]
pub(crate) struct Calendars {
    settings: Settings,
    /// The instants that tables are made for at least.
    range: (i64, i64),
    tables: Mutex<HashMap<String, Arc<OpenTime>>>,
}

impl Calendars {
    /// The calendars of some settings; most instants will lie in `range`.
    pub(crate) fn new(settings: &Settings, range: (i64, i64)) -> Self {
        Self { settings: settings.clone(), range, tables: Mutex::default() }
    }

    /// The name of the calendar that holds for a source, channel and team.
    ///
    /// # Errors
    /// [`CalendarError::NoneNamed`], [`CalendarError::NoneFor`].
    pub(super) fn name_for(
        &self,
        source: Option<&str>,
        channel: Option<&str>,
        team: Option<&str>,
    ) -> Result<&str, CalendarError> {
        let named = &self.settings.business_hours;
        named.calendar_for(source, channel, team).ok_or_else(|| {
            if named.is_empty() { CalendarError::NoneNamed } else { CalendarError::none_for(source, channel, team) }
        })
    }

    /// The open time of a calendar, fast for all of `wanted`.
    ///
    /// # Errors
    /// As [`Settings::calendar`].
    pub(super) fn open_time(&self, name: &str, wanted: (i64, i64)) -> Result<Arc<OpenTime>, CalendarError> {
        // A table is put in whole or not at all: what a panicking thread left behind is fine.
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let held = match tables.get(name) {
            Some(table) => {
                let held = table.range();
                if held.0 <= wanted.0 && wanted.1 <= held.1 {
                    return Ok(Arc::clone(table));
                }
                held
            }
            None => self.range,
        };
        let calendar = self.settings.calendar(name)?;
        let from = if wanted.0 < held.0 { wanted.0.saturating_sub(MARGIN_US) } else { held.0 };
        let to = if wanted.1 > held.1 { wanted.1.saturating_add(MARGIN_US) } else { held.1 };
        let table = Arc::new(OpenTime::new(&calendar, from, to));
        tables.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tapemeasure_model::instant::HOUR_US;

    use super::*;

    #[test]
    fn a_table_grows_with_what_is_asked_of_it() {
        let text = "[calendars.a]\nzone = 'UTC'\nmon-sun = '00:00-12:00'";
        let settings = Settings::from_toml(text, Path::new("settings.toml")).unwrap();
        let calendars = Calendars::new(&settings, (0, DAY_US));
        let first = calendars.open_time("a", (5, 7)).unwrap();
        assert_eq!(first.range(), (0, DAY_US));
        assert!(Arc::ptr_eq(&first, &calendars.open_time("a", (0, DAY_US)).unwrap()));
        let wider = calendars.open_time("a", (5, 2 * DAY_US)).unwrap();
        assert_eq!(wider.range(), (0, 402 * DAY_US));
        assert_eq!(wider.business_us(0, 2 * DAY_US), 24 * HOUR_US);
        assert!(Arc::ptr_eq(&wider, &calendars.open_time("a", (0, 300 * DAY_US)).unwrap()));
        assert!(matches!(calendars.open_time("b", (0, 0)), Err(CalendarError::Unknown { .. })));
        assert_eq!(calendars.name_for(None, None, None), Err(CalendarError::NoneNamed));
    }
}
