//! KPI rows of `tape`, one a KPI and group, held against those of the oracle, which has one row a group for six KPIs.

use crate::{OracleKpis, Query, Row, Run, same};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The seventh KPI: the oracle answers it apart from the others.
pub const UNSUBSCRIBED: &str = "unsubscribed_contacts";

/// A KPI that the oracle's rows hold.
#[derive(Debug)]
pub struct Kpi {
    /// Its name.
    pub name: &'static str,
    /// Its name in the oracle's rows.
    pub oracle: &'static str,
    /// The fields that are 0 in an empty row.
    pub counts: &'static [&'static str],
    /// The fields that are null in an empty row.
    pub values: &'static [&'static str],
}

/// Numbers of answered waits and of those that are not in the mean (rules A1, G1).
const WAIT_COUNTS: &[&str] =
    &["n", "n_open", "n_closed_unanswered", "n_opted_out", "n_abandoned", "n_within_target", "n_breached"];

/// What is averaged, and the ratio (rules A1, A2, G1).
const TIME_VALUES: &[&str] = &["mean_s", "p50_s", "p90_s", "p95_s", "max_s", "within_target"];

/// The six KPIs of the oracle's rows, with every field of kpi-rules.md section 4 that the oracle computes.
pub const KPIS: [Kpi; 6] = [
    Kpi {
        name: "inbound_message_volume",
        oracle: "inbound_message_volume",
        counts: &["messages", "conversations", "contacts"],
        values: &[],
    },
    Kpi {
        name: "message_volume_by_channel",
        oracle: "message_volume",
        counts: &["inbound", "agent", "bot"],
        values: &[],
    },
    Kpi { name: "first_response_time", oracle: "first_response_time", counts: WAIT_COUNTS, values: TIME_VALUES },
    Kpi { name: "average_response_time", oracle: "average_response_time", counts: WAIT_COUNTS, values: TIME_VALUES },
    Kpi {
        name: "longest_wait_time",
        oracle: "longest_wait_time",
        counts: &[],
        values: &["max_s", "conversation_id", "opened_at", "oldest_open_s"],
    },
    Kpi { name: "resolution_time", oracle: "resolution_time", counts: &["n", "n_auto_closed"], values: TIME_VALUES },
];

/// What `tape kpi --format ndjson` printed: a row a KPI and group.
#[derive(Debug)]
pub struct KpiLines {
    /// By name of the KPI and group.
    lines: BTreeMap<(String, Group), Row>,
}

/// The bucket and the value of each dimension, as JSON texts.
type Group = Vec<String>;

impl Kpi {
    /// Whether nothing happened in this row: counts 0, times null (rules T4, A2).
    pub fn is_empty(&self, row: &Row) -> bool {
        let zero = |field: &&str| row.get(*field).and_then(Value::as_u64) == Some(0);
        let null = |field: &&str| row.get(*field).is_some_and(Value::is_null);
        self.counts.iter().all(zero) && self.values.iter().all(null)
    }

    fn empty_row(&self) -> Row {
        let zeros = self.counts.iter().map(|field| ((*field).to_owned(), Value::from(0)));
        let nulls = self.values.iter().map(|field| ((*field).to_owned(), Value::Null));
        zeros.chain(nulls).collect()
    }
}

impl KpiLines {
    /// Reads the lines of a run.
    #[track_caller]
    pub fn of(run: &Run, query: &Query) -> KpiLines {
        let mut lines = BTreeMap::new();
        for row in run.rows() {
            let Some(name) = row.get("kpi").and_then(Value::as_str).map(str::to_owned) else {
                panic!("`{}` printed a row without its KPI: {}", run.command, Value::Object(row));
            };
            let key = (name, group(&row, query));
            if let Some(twice) = lines.insert(key, row) {
                panic!("`{}` printed a group twice: {}", run.command, Value::Object(twice));
            }
        }
        KpiLines { lines }
    }

    /// The row of a KPI where there is one group: the grain `total` without dimensions.
    #[track_caller]
    pub fn total(&self, name: &str) -> &Row {
        let rows = self.rows(name);
        assert!(rows.len() == 1, "{name} has {} rows instead of one", rows.len());
        rows[0]
    }

    /// The rows of a KPI in order of bucket and dimensions.
    pub fn rows(&self, name: &str) -> Vec<&Row> {
        self.lines.iter().filter(|((of, _), _)| of == name).map(|(_, row)| row).collect()
    }

    /// The names of the KPIs that were printed.
    pub fn names(&self) -> BTreeSet<&str> {
        self.lines.keys().map(|(name, _)| name.as_str()).collect()
    }

    /// What differs from the oracle, one text a difference: a field with another value; a group that only the oracle has
    /// and that is not empty; a group that only `tape` has and that is not empty.
    pub fn differences(&self, oracle: &OracleKpis, query: &Query) -> Vec<String> {
        let mut differences = Vec::new();
        for kpi in &KPIS {
            let mut known = BTreeSet::new();
            for row in &oracle.rows {
                let group = group(row, query);
                let want = part(row, kpi);
                match self.lines.get(&(kpi.name.to_owned(), group.clone())) {
                    Some(got) => differences.extend(fields_that_differ(kpi.name, &group, want, got)),
                    None if kpi.is_empty(want) => {}
                    None => differences.push(format!(
                        "{} {}: the oracle has {}, tape has no such row",
                        kpi.name,
                        group.join(" "),
                        Value::Object(want.clone())
                    )),
                }
                known.insert(group);
            }
            for ((name, group), got) in &self.lines {
                if name == kpi.name && !known.contains(group) && !kpi.is_empty(got) {
                    differences.push(format!(
                        "{name} {}: the oracle has no such row, tape has {}",
                        group.join(" "),
                        Value::Object(got.clone())
                    ));
                }
            }
        }
        if let Some(want) = &oracle.unsubscribed {
            let group = vec![Value::from("total").to_string()];
            match self.lines.get(&(UNSUBSCRIBED.to_owned(), group.clone())) {
                Some(got) => differences.extend(fields_that_differ(UNSUBSCRIBED, &group, want, got)),
                None => differences.push(format!("{UNSUBSCRIBED}: tape has no row")),
            }
        }
        differences
    }

    /// The rows in the shape and order of the oracle's: one a group, an object for each of six KPIs; groups in which
    /// nothing happened are left out.
    pub fn as_oracle_rows(&self, query: &Query) -> Vec<Row> {
        let mut groups: BTreeMap<Vec<String>, Row> = BTreeMap::new();
        for kpi in &KPIS {
            for row in self.rows(kpi.name).into_iter().filter(|row| !kpi.is_empty(row)) {
                let merged = groups.entry(order(row, query)).or_insert_with(|| named_group(row, query));
                merged.insert(kpi.oracle.to_owned(), Value::Object(row.clone()));
            }
        }
        for row in groups.values_mut() {
            for kpi in &KPIS {
                row.entry(kpi.oracle).or_insert_with(|| Value::Object(kpi.empty_row()));
            }
        }
        groups.into_values().collect()
    }
}

fn fields_that_differ(name: &str, group: &[String], want: &Row, got: &Row) -> Vec<String> {
    let differs = |(_, want, got): &(&String, &Value, Option<&Value>)| got.is_none_or(|got| !same(want, got));
    let spelled = |(field, want, got): (&String, &Value, Option<&Value>)| {
        let got = got.map_or_else(|| "no such field".to_owned(), Value::to_string);
        format!("{name} {}: {field}: the oracle has {want}, tape has {got}", group.join(" "))
    };
    want.iter().map(|(field, value)| (field, value, got.get(field))).filter(differs).map(spelled).collect()
}

fn part<'a>(row: &'a Row, kpi: &Kpi) -> &'a Row {
    match row.get(kpi.oracle) {
        Some(Value::Object(part)) => part,
        _ => panic!("the oracle's row has no {}", kpi.oracle),
    }
}

/// The names of a group's fields.
fn group_fields(query: &Query) -> Vec<&str> {
    let mut fields = vec!["bucket"];
    fields.extend(query.dimensions());
    fields
}

fn group(row: &Row, query: &Query) -> Group {
    let value = |field: &str| row.get(field).unwrap_or_else(|| panic!("a row without {field}: {row:?}")).to_string();
    group_fields(query).into_iter().map(value).collect()
}

fn named_group(row: &Row, query: &Query) -> Row {
    group_fields(query).into_iter().map(|field| (field.to_owned(), row[field].clone())).collect()
}

/// The oracle's order: the values as text, null as the empty text.
fn order(row: &Row, query: &Query) -> Vec<String> {
    let text = |field: &str| match &row[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    group_fields(query).into_iter().map(text).collect()
}
