//! The arguments of `kpi(...)` as a request.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use tapemeasure_model::settings::duration::parse_duration_us;
use tapemeasure_model::times::Clock;
use tapemeasure_model::zone::Grain;

use super::times;
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::nearest::Meant;
use crate::plan::{Hours, KpiRequest};

/// The names of the arguments, in their order.
pub(crate) const ARGUMENTS: &[&str] = &["name", "grain", "by", "since", "until", "filter", "target", "hours", "sparse"];

/// A request from arguments in their order. Null is as good as left out.
///
/// # Errors
/// [`QueryError::BadCall`] for arguments that are no constants, too many of them, or of the wrong type;
/// [`QueryError::UnknownTime`], [`QueryError::UnknownGrain`].
pub(super) fn request(arguments: &[Expr], kpis: &Kpis) -> Result<KpiRequest, QueryError> {
    if arguments.len() > ARGUMENTS.len() {
        return Err(bad(format!("{} arguments are too many; it takes {}", arguments.len(), ARGUMENTS.join(", "))));
    }
    let mut values: Vec<Option<&ScalarValue>> = Vec::with_capacity(ARGUMENTS.len());
    for (argument, name) in arguments.iter().zip(ARGUMENTS) {
        values.push(constant(argument, name)?);
    }
    values.resize(ARGUMENTS.len(), None);
    let given =
        |name: &'static str| Given { name, value: ARGUMENTS.iter().position(|a| *a == name).and_then(|at| values[at]) };

    let Some(name) = given("name").text()? else {
        return Err(bad("it wants the name of a KPI first, such as kpi('first_response_time', 'week')".to_owned()));
    };
    let zone = kpis.clocks.zone();
    let clock = Clock::new(zone, &kpis.settings, kpis.as_of_us);
    let (since_us, until_us) = times::period(given("since").value, given("until").value, &clock, &zone)?;
    Ok(KpiRequest {
        grain: given("grain").text()?.map(grain).transpose()?.unwrap_or(Grain::Total),
        by: given("by").text()?.map(dimensions),
        since_us,
        until_us,
        filter: given("filter").text()?.map(str::to_owned),
        target_us: given("target").text()?.map(duration).transpose()?,
        hours: given("hours").text()?.map(hours).transpose()?.unwrap_or_default(),
        fill: !given("sparse").flag()?.unwrap_or(false),
        ..KpiRequest::new(name)
    })
}

/// An argument and its value; none where it is null or left out.
struct Given<'a> {
    name: &'static str,
    value: Option<&'a ScalarValue>,
}

impl<'a> Given<'a> {
    fn text(&self) -> Result<Option<&'a str>, QueryError> {
        let Some(value) = self.value else { return Ok(None) };
        match value.try_as_str() {
            Some(text) => Ok(text),
            None => Err(bad(format!("{} must be a text in single quotes, not {value}", self.name))),
        }
    }

    fn flag(&self) -> Result<Option<bool>, QueryError> {
        match self.value {
            None => Ok(None),
            Some(ScalarValue::Boolean(flag)) => Ok(*flag),
            Some(value) => Err(bad(format!("{} must be true or false, not {value}", self.name))),
        }
    }
}

/// The value of an argument; none if it is null.
fn constant<'a>(argument: &'a Expr, name: &str) -> Result<Option<&'a ScalarValue>, QueryError> {
    match argument {
        Expr::Literal(value, _) if value.is_null() => Ok(None),
        Expr::Literal(value, _) => Ok(Some(value)),
        other => Err(bad(format!("{name} must be a constant, not {other}; texts stand in single quotes"))),
    }
}

fn grain(name: &str) -> Result<Grain, QueryError> {
    Grain::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Grain::ALL.iter().map(|grain| grain.as_str()).collect();
        QueryError::UnknownGrain { name: name.to_owned(), meant: Meant::of(name, &known), known: known.join(", ") }
    })
}

/// Names divided by commas, as on the command line; none in an empty text.
fn dimensions(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn duration(text: &str) -> Result<i64, QueryError> {
    parse_duration_us(text)
        .ok_or_else(|| bad(format!("target {text:?} is no duration; write one such as '10m' or '600s'")))
}

fn hours(text: &str) -> Result<Hours, QueryError> {
    Hours::from_name(text).ok_or_else(|| bad(format!("hours {text:?} are none; write 'elapsed' or 'business'")))
}

/// A fault of the call, as the end of a sentence.
pub(super) fn bad(reason: String) -> QueryError {
    QueryError::BadCall { function: super::KPI, reason }
}
