//! Expected lengths are worked out by hand; the arithmetic itself is tested against a twin in `model`.

use std::path::Path;

use arrow::array::StringArray;
use arrow::compute::cast;
use datafusion::common::ScalarValue;
use tapemeasure_model::instant::{DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_instant};
use tapemeasure_model::settings::Settings;

use super::super::testing::{call, view};
use super::*;

/// `a` is open on weekdays from 9 to 17, `b` always, `c` has no zone.
const SETTINGS: &str = "
[calendars]
a = { zone = 'UTC', mon-fri = '09:00-17:00' }
b = { zone = 'UTC', mon-sun = '00:00-24:00' }
c = { mon-sun = '00:00-24:00' }
[business_hours]
channel.sms = 'a'
team.a-team-with-a-long-name = 'b'
";

fn us(text: &str) -> i64 {
    parse_instant(text).unwrap()
}

fn function(unit: Unit) -> Business {
    let settings = Settings::from_toml(SETTINGS, Path::new("settings.toml")).unwrap();
    let range = (us("2025-03-01T00:00:00Z"), us("2025-04-01T00:00:00Z"));
    Business::new("business_us", unit, &Arc::new(Calendars::new(&settings, range)))
}

fn instants(values: &[Option<&str>]) -> ColumnarValue {
    let values: TimestampMicrosecondArray = values.iter().map(|value| value.map(us)).collect();
    ColumnarValue::Array(Arc::new(values.with_timezone("UTC")))
}

fn texts(values: &[Option<&str>]) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(values.iter().copied().collect::<StringViewArray>()))
}

fn lengths(result: Result<ColumnarValue>) -> Vec<Option<i64>> {
    let ColumnarValue::Array(lengths) = result.unwrap() else { unreachable!("columns give a column") };
    datafusion::common::cast::as_int64_array(&lengths).unwrap().iter().collect()
}

/// 7 March 2025 is a Friday.
const FROM: [Option<&str>; 5] = [
    Some("2025-03-07T16:30:00Z"),
    Some("2025-03-07T17:00:00Z"),
    None,
    Some("2025-03-10T09:00:01Z"),
    Some("2025-03-07T16:30:00Z"),
];
const TO: [Option<&str>; 5] = [
    Some("2025-03-10T09:15:00Z"),
    Some("2025-03-10T09:00:00Z"),
    Some("2025-03-10T09:00:00Z"),
    Some("2025-03-10T09:00:00Z"),
    None,
];

#[test]
fn a_named_calendar_counts_its_hours() {
    let function = function(Unit::Microseconds);
    let found = lengths(call(&function, vec![instants(&FROM), instants(&TO), view("a")], 5));
    assert_eq!(found, [Some(45 * MINUTE_US), Some(0), None, Some(-SECOND_US), None]);
    let always = lengths(call(&function, vec![instants(&FROM), instants(&TO), view("b")], 5));
    let weekend_us = 2 * DAY_US + 16 * HOUR_US;
    assert_eq!(always, [Some(weekend_us + 45 * MINUTE_US), Some(weekend_us), None, Some(-SECOND_US), None]);
    let by_row = texts(&[Some("b"), Some("a"), Some("c"), None, Some("x")]);
    let found = lengths(call(&function, vec![instants(&FROM), instants(&TO), by_row], 5));
    assert_eq!(found, [Some(weekend_us + 45 * MINUTE_US), Some(0), None, None, None]);
}

#[test]
fn seconds_are_the_same_in_seconds() {
    let at = |text| ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(Some(us(text)), Some("UTC".into())));
    let seconds = |to: ColumnarValue, calendar: ColumnarValue| {
        let args = vec![at("2025-03-07T16:30:00Z"), to, calendar];
        let ColumnarValue::Scalar(value) = call(&function(Unit::Seconds), args, 1).unwrap() else {
            unreachable!("constants give a constant")
        };
        value
    };
    assert_eq!(seconds(at("2025-03-07T16:30:00.25Z"), view("a")), ScalarValue::Float64(Some(0.25)));
    // Long before and after the range that tables are made for.
    assert_eq!(seconds(at("2035-03-07T16:30:00Z"), view("b")), ScalarValue::Float64(Some(3_652.0 * 86_400.0)));
    let nothing = ColumnarValue::Scalar(ScalarValue::Utf8View(None));
    assert_eq!(seconds(at("2025-03-10T09:00:00Z"), nothing), ScalarValue::Float64(None));
    let never = ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(None, Some("UTC".into())));
    assert_eq!(seconds(never, view("no such calendar")), ScalarValue::Float64(None));
}

#[test]
fn source_channel_and_team_choose_the_calendar() {
    let function = function(Unit::Microseconds);
    let source = texts(&[Some("s"), None, Some("s"), Some("s"), Some("s")]);
    let channel = texts(&[Some("sms"), Some("sms"), None, Some("sms"), Some("email")]);
    let team = texts(&[None, Some("a-team-with-a-long-name"), None, Some("x"), None]);
    let args = vec![instants(&FROM), instants(&TO), source.clone(), channel, team.clone()];
    // The rows without both ends need no calendar, and have none.
    let found = lengths(call(&function, args, 5));
    assert_eq!(found, [Some(45 * MINUTE_US), Some(2 * DAY_US + 16 * HOUR_US), None, Some(-SECOND_US), None]);
    let email = texts(&[Some("sms"), Some("email"), None, Some("e'mail"), Some("email")]);
    let error = call(&function, vec![instants(&FROM), instants(&TO), source, email, team], 5).unwrap_err();
    let expected = CalendarError::none_for(Some("s"), Some("e'mail"), Some("x")).to_string();
    assert!(error.to_string().contains(&expected), "{error}");
    assert!(expected.starts_with("no business hours for source \"s\", channel \"e'mail\", team \"x\": "), "{expected}");
}

#[test]
fn what_is_wrong_is_said() {
    let function = function(Unit::Microseconds);
    let error =
        |name: &str| call(&function, vec![instants(&FROM), instants(&TO), view(name)], 5).unwrap_err().to_string();
    assert!(error("bb").contains("unknown calendar \"bb\"; did you mean b? known are a, b, c"), "{}", error("bb"));
    assert!(error("c").contains("calendar \"c\" has no zone"), "{}", error("c"));
    let types = |names: &[DataType]| function.coerce_types(names);
    let (time, text) = (instant_type(), DataType::Utf8);
    assert_eq!(types(&[text.clone(), DataType::Null, text.clone()]).unwrap()[..2], [time.clone(), time.clone()]);
    for wrong in [vec![time.clone(), time.clone()], vec![time.clone(), time, text.clone(), text]] {
        let error = types(&wrong).unwrap_err().to_string();
        assert!(error.contains("write business_us(opened_at"), "{error}");
    }
}

#[test]
fn names_from_dictionaries_are_read_as_views() {
    let names = StringArray::from(vec![Some("a"), None, Some("a")]);
    let views = cast(&names, &DataType::Utf8View).unwrap();
    let views = as_string_view_array(&views).unwrap();
    assert_eq!(key(&[views], 0), key(&[views], 2));
    assert_eq!(key(&[views], 1), [u128::MAX, 0, 0]);
}
