//! Local time of an IANA zone: `bucket_id`, `local_hour` to `local_year`, `day_of_week`, `hour_of_day`.
//!
//! ```text
//! opened_at                local_day(opened_at, 'Europe/Berlin')   hour_of_day(opened_at, 'Europe/Berlin')
//! ────────────────────     ─────────────────────────────────────   ───────────────────────────────────────
//! 2025-03-03T09:10:00Z ──► 2025-03-03                              10
//! 2025-03-03T23:10:00Z     2025-03-04                              0
//! ```
//!
//! The zone is the engine's unless given. `bucket_id` gives numbers that sort by time and are what a KPI groups by; see
//! [`Buckets`]. `local_hour` gives the instant at which the local hour begins, so that the two hours of an autumn
//! change stay apart; all longer buckets give their first local date. Null gives null. Instants must lie in the years 1
//! to 9999.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, Date32Array, Int32Array, Int64Array, TimestampMicrosecondArray, new_null_array};
use arrow::compute::{max, min};
use arrow::datatypes::DataType;
use datafusion::common::cast::as_timestamp_microsecond_array;
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US};
use tapemeasure_model::schema::instant_type;
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{Buckets, Grain, LocalDay, LocalTime, Month, WeekStart, Zone};

use super::calendars::Calendars;
use super::{catalog, constant_text, is_text, is_time, result, rows_of};

/// The tables of local time that the functions of one engine share. A table is made when first asked for, and made
/// again, for a longer range, when instants outside its range come up.
#[derive(Debug)]
pub(crate) struct Clocks {
    zone: Zone,
    week_start: WeekStart,
    fiscal_year_start: Month,
    calendars: Arc<Calendars>,
    /// The instants that tables are made for at least.
    range: (i64, i64),
    buckets: Mutex<HashMap<(&'static str, Grain), Table<Buckets>>>,
    local: Mutex<HashMap<&'static str, Table<LocalTime>>>,
}

/// A table and the instants that it is right for.
#[derive(Debug)]
struct Table<T> {
    range: (i64, i64),
    table: Arc<T>,
}

impl Clocks {
    /// Clocks whose zone is `zone` unless a query names another; most instants will lie in `range`.
    pub(crate) fn new(zone: Zone, week_start: WeekStart, range: (i64, i64)) -> Self {
        let (buckets, local) = (Mutex::default(), Mutex::default());
        let range = (range.0.min(range.1), range.1);
        let calendars = Arc::new(Calendars::new(&Settings::default(), range));
        Self { zone, week_start, fiscal_year_start: Month::January, calendars, range, buckets, local }
    }

    /// The same with fiscal years that begin in `month`; unless said so they begin in January.
    pub(crate) fn with_fiscal_year_start(self, month: Month) -> Self {
        Self { fiscal_year_start: month, ..self }
    }

    /// The same with the business hours of some settings; unless said so there are none.
    pub(crate) fn with_calendars(self, settings: &Settings) -> Self {
        Self { calendars: Arc::new(Calendars::new(settings, self.range)), ..self }
    }

    /// The calendars of business hours.
    pub(super) fn calendars(&self) -> &Arc<Calendars> {
        &self.calendars
    }

    /// The zone of queries that name none.
    pub(crate) fn zone(&self) -> Zone {
        self.zone
    }

    /// Buckets that are right for all of `range`.
    pub(crate) fn buckets(&self, zone: Zone, grain: Grain, range: (i64, i64)) -> Arc<Buckets> {
        let make = |from, to| {
            Buckets::new(&zone, grain, self.week_start, from, to).with_fiscal_year_start(self.fiscal_year_start)
        };
        find(lock(&self.buckets), (zone.name(), grain), self.range, range, make)
    }

    /// A clock that is right for all of `range`.
    pub(crate) fn local(&self, zone: Zone, range: (i64, i64)) -> Arc<LocalTime> {
        let make = |from, to| LocalTime::new(&zone, from, to);
        find(lock(&self.local), zone.name(), self.range, range, make)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A table is put in whole or not at all: what a panicking thread left behind is fine.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find<K: Eq + Hash, T>(
    mut tables: MutexGuard<'_, HashMap<K, Table<T>>>,
    key: K,
    least: (i64, i64),
    wanted: (i64, i64),
    make: impl Fn(i64, i64) -> T,
) -> Arc<T> {
    let known = tables.get(&key);
    if let Some(known) = known.filter(|known| known.range.0 <= wanted.0 && wanted.1 <= known.range.1) {
        return Arc::clone(&known.table);
    }
    let held = known.map_or(least, |known| known.range);
    let range = (held.0.min(wanted.0), held.1.max(wanted.1));
    let table = Arc::new(make(range.0, range.1));
    tables.insert(key, Table { range, table: Arc::clone(&table) });
    table
}

/// Every function of local time.
pub(super) fn all(clocks: &Arc<Clocks>) -> Vec<ScalarUDF> {
    let grains = [
        ("local_hour", Grain::Hour),
        ("local_day", Grain::Day),
        ("local_week", Grain::Week),
        ("local_month", Grain::Month),
        ("local_quarter", Grain::Quarter),
        ("local_year", Grain::Year),
        ("local_fiscal_quarter", Grain::FiscalQuarter),
        ("local_fiscal_year", Grain::FiscalYear),
    ];
    let mut functions: Vec<(&'static str, What)> =
        grains.into_iter().map(|(name, grain)| (name, What::Start(grain))).collect();
    functions.extend([
        ("bucket_id", What::BucketId),
        ("day_of_week", What::DayOfWeek),
        ("hour_of_day", What::HourOfDay),
    ]);
    functions.into_iter().map(|(name, what)| ScalarUDF::from(LocalFunction::new(name, what, clocks))).collect()
}

/// What a function tells about an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    /// The bucket of the grain that the second argument names.
    BucketId,
    /// Where the bucket begins: an instant for hours, a date for all others.
    Start(Grain),
    /// ISO weekday, 1 to 7.
    DayOfWeek,
    /// 0 to 23.
    HourOfDay,
}

impl What {
    /// Arguments before the zone.
    fn arguments(self) -> usize {
        if self == Self::BucketId { 2 } else { 1 }
    }

    fn return_type(self) -> DataType {
        match self {
            Self::BucketId => DataType::Int64,
            Self::Start(Grain::Hour) => instant_type(),
            Self::Start(_) => DataType::Date32,
            Self::DayOfWeek | Self::HourOfDay => DataType::Int32,
        }
    }
}

/// One function of local time.
#[derive(Debug)]
struct LocalFunction {
    name: &'static str,
    what: What,
    clocks: Arc<Clocks>,
    signature: Signature,
}

impl LocalFunction {
    fn new(name: &'static str, what: What, clocks: &Arc<Clocks>) -> Self {
        Self { name, what, clocks: Arc::clone(clocks), signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// The grain and the zone of a call.
    fn options(&self, args: &[ColumnarValue]) -> Result<Option<(Grain, Zone)>> {
        let grain = match self.what {
            What::Start(grain) => grain,
            What::DayOfWeek | What::HourOfDay => Grain::Total,
            What::BucketId => {
                let Some(name) = constant_text(&args[1], self.name, "the grain")? else { return Ok(None) };
                Grain::from_name(name).ok_or_else(|| {
                    let known: Vec<&str> = Grain::ALL.iter().map(|grain| grain.as_str()).collect();
                    exec_datafusion_err!("{}: unknown grain '{name}'; known are {}", self.name, known.join(", "))
                })?
            }
        };
        let Some(zone) = args.get(self.what.arguments()) else { return Ok(Some((grain, self.clocks.zone()))) };
        let Some(zone) = constant_text(zone, self.name, "the time zone")? else { return Ok(None) };
        let zone = Zone::parse(zone).map_err(|e| exec_datafusion_err!("{}: {e}", self.name))?;
        Ok(Some((grain, zone)))
    }
}

impl PartialEq for LocalFunction {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what && Arc::ptr_eq(&self.clocks, &other.clocks)
    }
}

impl Eq for LocalFunction {}

impl Hash for LocalFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.what.hash(state);
        Arc::as_ptr(&self.clocks).hash(state);
    }
}

impl ScalarUDFImpl for LocalFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let n = self.what.arguments();
        let fits =
            (n..=n + 1).contains(&arg_types.len()) && is_time(&arg_types[0]) && arg_types[1..].iter().all(is_text);
        if !fits {
            let grain = if self.what == What::BucketId { ", grain" } else { "" };
            return plan_err!("write {}(timestamp{grain}) or {}(timestamp{grain}, time zone)", self.name, self.name);
        }
        let mut types = vec![DataType::Utf8; arg_types.len()];
        types[0] = instant_type();
        Ok(types)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.what.return_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let instants = args.args[0].to_array(rows)?;
        let instants = as_timestamp_microsecond_array(&instants)?;
        let (Some((grain, zone)), Some(from), Some(to)) = (self.options(&args.args)?, min(instants), max(instants))
        else {
            return result(new_null_array(&self.what.return_type(), rows), constant);
        };
        if from < MIN_INSTANT_US || to > MAX_INSTANT_US {
            return exec_err!("{}: instant outside the years 1 to 9999", self.name);
        }
        let column: ArrayRef = match self.what {
            What::BucketId | What::Start(_) => {
                let buckets = self.clocks.buckets(zone, grain, (from, to));
                let ids = ids(instants, &buckets);
                self.starts(ids, instants, &buckets)
            }
            What::DayOfWeek => {
                let clock = self.clocks.local(zone, (from, to));
                Arc::new(by_day(instants, &clock, |day, _| day.day_of_week))
            }
            What::HourOfDay => {
                let clock = self.clocks.local(zone, (from, to));
                Arc::new(by_day(instants, &clock, LocalDay::hour_of_day))
            }
        };
        result(column, constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

impl LocalFunction {
    /// Ids of buckets, as the function tells them.
    fn starts(&self, ids: Vec<i64>, instants: &TimestampMicrosecondArray, buckets: &Buckets) -> ArrayRef {
        let nulls = instants.nulls().cloned();
        match self.what {
            What::Start(Grain::Hour) => {
                let mut last = None;
                let starts: Vec<i64> = ids
                    .into_iter()
                    .map(|id| match last {
                        Some((known, start)) if known == id => start,
                        _ => {
                            let start = buckets.bounds(id).0;
                            last = Some((id, start));
                            start
                        }
                    })
                    .collect();
                Arc::new(TimestampMicrosecondArray::new(starts.into(), nulls).with_timezone("UTC"))
            }
            What::Start(_) => {
                let days: Vec<i32> = ids.into_iter().map(|id| id as i32).collect();
                Arc::new(Date32Array::new(days.into(), nulls))
            }
            _ => Arc::new(Int64Array::new(ids.into(), nulls)),
        }
    }
}

/// The bucket of every instant; those under nulls get any.
fn ids(instants: &TimestampMicrosecondArray, buckets: &Buckets) -> Vec<i64> {
    let mut ids = Vec::new();
    if instants.null_count() == 0 {
        buckets.ids(instants.values(), &mut ids);
    } else {
        // What lies under a null may be no instant at all.
        let known: Vec<i64> = instants.values().iter().map(|&us| us.clamp(MIN_INSTANT_US, MAX_INSTANT_US)).collect();
        buckets.ids(&known, &mut ids);
    }
    ids
}

/// What is asked of the local day of each instant. Most have that of the one before: facts lie by day.
fn by_day(instants: &TimestampMicrosecondArray, clock: &LocalTime, of: impl Fn(&LocalDay, i64) -> i32) -> Int32Array {
    let mut day = clock.day(0);
    let value = |us: i64| {
        if !day.holds(us) {
            day = clock.day(us);
        }
        of(&day, us)
    };
    let values: Vec<i32> = instants.values().iter().copied().map(value).collect();
    Int32Array::new(values.into(), instants.nulls().cloned())
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;
    use tapemeasure_model::instant::parse_instant;

    use super::super::testing::{call, text};
    use super::*;

    fn function(what: What) -> LocalFunction {
        let at = parse_instant("2025-03-01T00:00:00Z").unwrap();
        LocalFunction::new("f", what, &Arc::new(Clocks::new(Zone::UTC, WeekStart::Monday, (at, at))))
    }

    fn instants(texts: &[Option<&str>]) -> ColumnarValue {
        let us: TimestampMicrosecondArray = texts.iter().map(|t| t.map(|t| parse_instant(t).unwrap())).collect();
        ColumnarValue::Array(Arc::new(us.with_timezone("UTC")))
    }

    #[track_caller]
    fn check(what: What, more: Vec<ColumnarValue>, expected: ArrayRef) {
        // The last instant lies outside the range that the tables are made for at first.
        let column = [Some("2025-03-03T23:10:00Z"), None, Some("2031-10-26T01:30:00Z")];
        let mut args = vec![instants(&column)];
        args.extend(more);
        let ColumnarValue::Array(found) = call(&function(what), args, 3).unwrap() else {
            unreachable!("a column gives a column")
        };
        assert_eq!(&found, &expected);
    }

    /// Expected values: Python's `zoneinfo`.
    #[test]
    fn the_zone_is_the_engines_unless_given() {
        let berlin = || vec![text("Europe/Berlin")];
        check(What::HourOfDay, vec![], Arc::new(Int32Array::from(vec![Some(23), None, Some(1)])));
        check(What::HourOfDay, berlin(), Arc::new(Int32Array::from(vec![Some(0), None, Some(2)])));
        check(What::DayOfWeek, berlin(), Arc::new(Int32Array::from(vec![Some(2), None, Some(7)])));
        // 20151 days from 1970-01-01 to 2025-03-04, 22578 to 2031-10-26.
        check(What::Start(Grain::Day), berlin(), Arc::new(Date32Array::from(vec![Some(20_151), None, Some(22_578)])));
        check(What::Start(Grain::Day), vec![], Arc::new(Date32Array::from(vec![Some(20_150), None, Some(22_578)])));
        check(
            What::BucketId,
            vec![text("day"), text("Europe/Berlin")],
            Arc::new(Int64Array::from(vec![Some(20_151), None, Some(22_578)])),
        );
    }

    #[test]
    fn the_hours_of_an_autumn_change_stay_apart() {
        let args = vec![instants(&[Some("2025-10-26T00:30:00Z"), Some("2025-10-26T01:30:00Z")]), text("Europe/Berlin")];
        let ColumnarValue::Array(found) = call(&function(What::Start(Grain::Hour)), args, 2).unwrap() else {
            unreachable!("a column gives a column")
        };
        let expected = ["2025-10-26T00:00:00Z", "2025-10-26T01:00:00Z"].map(|t| parse_instant(t).unwrap());
        assert_eq!(as_timestamp_microsecond_array(&found).unwrap().values().to_vec(), expected);
    }

    #[test]
    fn constants_give_a_constant_and_mistakes_are_named() {
        let at = ScalarValue::TimestampMicrosecond(Some(0), Some("UTC".into()));
        let one = || vec![ColumnarValue::Scalar(at.clone())];
        let ColumnarValue::Scalar(found) = call(&function(What::DayOfWeek), one(), 5).unwrap() else {
            unreachable!("constants give a constant")
        };
        assert_eq!(found, ScalarValue::Int32(Some(4)));
        let mut args = one();
        args.push(text("fortnight"));
        let error = call(&function(What::BucketId), args, 1).unwrap_err().to_string();
        assert!(error.contains("unknown grain 'fortnight'; known are total, hour, day"), "{error}");
    }
}
