//! What `settings.toml` may say of calendars, and what it then means.

use std::path::Path;

use super::super::{Settings, SettingsError};
use super::*;

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::from_toml(text, Path::new("settings.toml"))
}

#[track_caller]
fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// The hours of a date, as text.
fn hours(calendar: &Calendar, on: &str) -> String {
    calendar.hours_on(date(on)).to_string()
}

const SUPPORT: &str = r#"
# who answers, and when
[calendars.support]
zone = "Europe/Berlin"
mon-fri = "09:00-17:00"
wed = "9:00-12:00, 13:00-15:00"
sat = "22:00-06:00"
holidays = ["2025-12-25", 2025-12-26, "2025-12-24 09:00-11:00, 11:30-12:00"]

[[calendars.support.versions]]
from = "2025-07-01"
fri = "closed"

[[calendars.support.versions]]
from = 2026-01-01
zone = "Europe/Lisbon"
mon-fri = "08:00-16:00"

[business_hours]
calendar = "support"
"#;

/// Worked by hand: 2025-06-27 and 2025-07-04 are Fridays, 2025-07-02 and 2026-01-07 are Wednesdays.
#[test]
fn a_version_says_what_changes() {
    let settings = parse(SUPPORT).unwrap();
    let calendar = settings.calendar("support").unwrap();
    assert_eq!(hours(&calendar, "2025-06-27"), "09:00-17:00");
    assert_eq!(hours(&calendar, "2025-07-04"), "closed");
    assert_eq!(hours(&calendar, "2025-07-02"), "09:00-12:00, 13:00-15:00");
    assert_eq!(hours(&calendar, "2025-07-05"), "22:00-06:00");
    assert_eq!(hours(&calendar, "2025-07-06"), "closed");
    assert_eq!(hours(&calendar, "2025-12-24"), "09:00-11:00, 11:30-12:00");
    assert_eq!(hours(&calendar, "2025-12-25"), "closed");
    assert_eq!(hours(&calendar, "2025-12-26"), "closed");
    assert_eq!(hours(&calendar, "2026-01-07"), "08:00-16:00");
    assert_eq!(hours(&calendar, "2026-01-02"), "08:00-16:00");
    assert_eq!(calendar.week_on(date("2025-12-31")).zone.name(), "Europe/Berlin");
    assert_eq!(calendar.week_on(date("2026-01-01")).zone.name(), "Europe/Lisbon");
}

#[test]
fn without_hours_of_its_own_a_calendar_begins_with_its_first_version() {
    let settings = parse("[calendars.x.versions.2025-07-01]\nzone = 'UTC'\nmon = '09:00-17:00'").unwrap();
    let calendar = settings.calendar("x").unwrap();
    assert_eq!(hours(&calendar, "1999-12-27"), "09:00-17:00");
}

#[test]
fn calendars_are_listed_as_they_are_set() {
    let settings = parse(SUPPORT).unwrap();
    let listed: Vec<(String, String)> =
        settings.list().into_iter().filter(|(key, _)| key.starts_with("calendars") || key.starts_with("bus")).collect();
    let expected = [
        ("calendars.support.zone", "Europe/Berlin"),
        ("calendars.support.mon-fri", "09:00-17:00"),
        ("calendars.support.wed", "09:00-12:00, 13:00-15:00"),
        ("calendars.support.sat", "22:00-06:00"),
        ("calendars.support.holidays", "2025-12-24 09:00-11:00, 11:30-12:00, 2025-12-25, 2025-12-26"),
        ("calendars.support.versions.2025-07-01.fri", "closed"),
        ("calendars.support.versions.2026-01-01.zone", "Europe/Lisbon"),
        ("calendars.support.versions.2026-01-01.mon-fri", "08:00-16:00"),
        ("business_hours.calendar", "support"),
    ];
    assert_eq!(listed, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let mut again = Settings::default();
    for (key, value) in listed {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        again.apply(&path, &value).unwrap();
    }
    assert_eq!(again, settings);
    assert_eq!(settings.fold_hash(), Settings::default().fold_hash());
    assert_ne!(settings.hash(), Settings::default().hash());
}

#[test]
fn the_team_goes_before_the_channel_and_the_source_before_the_archive() {
    let settings = parse(
        "[calendars.a]\nzone = 'UTC'\n[calendars.b]\nzone = 'UTC'\n[calendars.c]\nzone = 'UTC'\n[calendars.d]\nzone = \
         'UTC'\n[calendars.e]\nzone = 'UTC'\n[calendars.f]\nzone = 'UTC'\n\
         [business_hours]\ncalendar = 'a'\nchannel.email = 'b'\nteam.sales = 'c'\n\
         [source.shop.business_hours]\ncalendar = 'd'\nchannel.email = 'e'\nteam.sales = 'f'\n",
    )
    .unwrap();
    let of = |source, channel, team| settings.business_hours.calendar_for(source, channel, team).unwrap();
    let (shop, email, sales) = (Some("shop"), Some("email"), Some("sales"));
    assert_eq!(of(None, None, None), "a");
    assert_eq!(of(Some("x"), Some("x"), Some("x")), "a");
    assert_eq!(of(Some("x"), email, Some("x")), "b");
    assert_eq!(of(Some("x"), email, sales), "c");
    assert_eq!(of(shop, Some("x"), None), "d");
    assert_eq!(of(shop, email, None), "e");
    assert_eq!(of(shop, email, sales), "f");
    let mut fewer = settings.clone();
    fewer.business_hours.sources.get_mut("shop").unwrap().teams.clear();
    assert_eq!(fewer.business_hours.calendar_for(shop, email, sales), Some("c"));
    fewer.business_hours.general = Named::default();
    assert_eq!(fewer.business_hours.calendar_for(Some("x"), email, sales), None);
    assert_eq!(fewer.business_hours.calendar_for(shop, None, None), Some("d"));
    assert!(BusinessHours::default().is_empty() && !fewer.business_hours.is_empty());
}

#[test]
fn what_no_calendar_can_be_is_named_with_its_line() {
    let lines = "write local times such as 09:00-17:00 or \"09:00-12:00, 13:00-17:00\", or closed";
    assert_eq!(
        error("[calendars.a]\nmon = '9-17'"),
        format!("settings.toml, line 2: setting calendars.a.mon cannot be \"9-17\"; {lines}")
    );
    for wrong in ["24:00-06:00", "09:00-09:00", "09:60-10:00", "09:00-25:00", "09:00", "", "09:00-10:00,"] {
        assert!(error(&format!("[calendars.a]\nmon = '{wrong}'")).ends_with(lines), "{wrong}");
    }
    let dates = "write dates with commas between them, each once, such as \"2025-12-25, 2025-12-24 09:00-12:00\"";
    assert_eq!(
        error("[calendars.a]\nholidays = [\n  '2025-12-25',\n  '2025-02-29',\n]"),
        format!("settings.toml, line 4: setting calendars.a.holidays cannot be \"2025-02-29\"; {dates}")
    );
    assert_eq!(
        error("[calendars.a]\nholidays = '2025-12-25, 2025-12-25'"),
        format!("settings.toml, line 2: setting calendars.a.holidays cannot be \"2025-12-25, 2025-12-25\"; {dates}")
    );
    assert!(error("calendars.a.mon-wed = '09:00-17:00'\ncalendars.a.wed-fri = '09:00-15:00'").contains(
        "line 2: setting calendars.a.wed-fri cannot be \"09:00-15:00\"; write ranges of days that have no day in common"
    ));
    assert!(error("[[calendars.a.versions]]\nmon = '09:00-17:00'").contains(
        "line 1: setting calendars.a.versions cannot be \"\"; write a list of tables, each with a from of its own"
    ));
    let twice = "[[calendars.a.versions]]\nfrom = '2025-01-01'\n[[calendars.a.versions]]\nfrom = 2025-01-01\n";
    assert!(error(twice).contains("line 3: setting calendars.a.versions cannot be \"2025-01-01\""), "{}", error(twice));
    assert!(error("[calendars.a]\nmond = 'closed'").starts_with(
        "settings.toml, line 2: unknown setting \"calendars.a.mond\"; did you mean calendars.a.mon? known"
    ));
}

#[test]
fn a_calendar_that_is_named_must_be_there() {
    assert_eq!(
        error("[calendars.support]\nzone = 'UTC'\n[business_hours]\nchannel.email = 'suport'"),
        "settings.toml, line 4: setting business_hours.channel.email: unknown calendar \"suport\"; did you mean \
         support? known are support"
    );
    assert_eq!(
        error("[source.shop.business_hours]\ncalendar = 'x'"),
        "settings.toml, line 2: setting source.shop.business_hours.calendar: unknown calendar \"x\": the settings have \
         none yet; make one with `tape settings calendars.x.zone Europe/Berlin` and `tape settings calendars.x.mon-fri \
         09:00-17:00`"
    );
    let settings = parse("[calendars.a]\nmon = '09:00-17:00'\n[calendars.b]\nzone = 'UTC'").unwrap();
    assert_eq!(settings.calendar("a"), Err(CalendarError::NoZone { name: "a".to_owned() }));
    assert_eq!(settings.calendar("b"), Err(CalendarError::NoHours { name: "b".to_owned() }));
}

#[test]
fn values_are_set_and_taken_back_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let set = |key: &str, value: &str| Settings::set_in_file(&path, key, value);
    let unset = |key: &str| Settings::unset_in_file(&path, key).unwrap();
    let text = || std::fs::read_to_string(&path).unwrap();
    set("calendars.support.mon-fri", "09:00-17:00").unwrap();
    set("calendars.support.zone", "Europe/Berlin").unwrap();
    set("calendars.support.versions.2025-07-01.fri", "closed").unwrap();
    set("business_hours.channel.email", "support").unwrap();
    assert_eq!(
        text(),
        "[calendars.support]\nmon-fri = \"09:00-17:00\"\nzone = \"Europe/Berlin\"\n\n\
         [calendars.support.versions.2025-07-01]\nfri = \"closed\"\n\n[business_hours.channel]\nemail = \"support\"\n"
    );
    let before = text();
    let wrong = set("business_hours.calendar", "sales").unwrap_err();
    assert!(matches!(wrong, SettingsError::Calendar { .. }), "{wrong:?}");
    assert!(matches!(set("calendars.support.mon", "early"), Err(SettingsError::BadValue { .. })));
    assert!(matches!(set("calendars.support.fri-sun", "closed"), Err(SettingsError::BadValue { .. })));
    assert_eq!(text(), before);
    let settings = Settings::load(&path).unwrap();
    assert_eq!(settings.get("calendars.support.versions.2025-07-01.fri").unwrap().as_deref(), Some("closed"));
    assert_eq!(settings.get("calendars.support.holidays").unwrap(), None);
    assert!(matches!(settings.get("calendars.support.colour"), Err(SettingsError::UnknownKey { .. })));
    unset("business_hours.channel.email").unwrap();
    unset("calendars.support.versions.2025-07-01.fri").unwrap();
    assert_eq!(text(), "[calendars.support]\nmon-fri = \"09:00-17:00\"\nzone = \"Europe/Berlin\"\n");
}

#[test]
fn versions_in_a_list_are_found_by_their_dates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, SUPPORT).unwrap();
    Settings::set_in_file(&path, "calendars.support.versions.2026-01-01.sat", "closed").unwrap();
    let settings = Settings::set_in_file(&path, "calendars.support.versions.2027-01-01.sun", "10:00-11:00").unwrap();
    let dates: Vec<String> = settings.calendars["support"].versions.keys().map(Date::to_string).collect();
    assert_eq!(dates, ["2025-07-01", "2026-01-01", "2027-01-01"]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("mon-fri = \"08:00-16:00\"\nsat = \"closed\"\n"), "{text}");
    assert!(text.contains("[[calendars.support.versions]]\nfrom = \"2027-01-01\"\nsun = \"10:00-11:00\"\n"), "{text}");
    Settings::unset_in_file(&path, "calendars.support.versions.2027-01-01.sun").unwrap().unwrap();
    Settings::unset_in_file(&path, "calendars.support.versions.2026-01-01.sat").unwrap().unwrap();
    assert_eq!(Settings::load(&path).unwrap(), parse(SUPPORT).unwrap());
    let inline = "[calendars.x]\nzone = 'UTC'\nversions = [{ from = '2025-01-01', mon = '09:00-17:00' }]\n";
    std::fs::write(&path, inline).unwrap();
    let settings = Settings::set_in_file(&path, "calendars.x.versions.2025-01-01.tue", "09:00-12:00").unwrap();
    assert_eq!(settings.get("calendars.x.versions.2025-01-01.tue").unwrap().as_deref(), Some("09:00-12:00"));
    assert_eq!(settings.get("calendars.x.versions.2025-01-01.mon").unwrap().as_deref(), Some("09:00-17:00"));
}
