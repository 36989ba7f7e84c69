//! What can go wrong with a query, sorted by whose fault it is.

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

/// Why a KPI or a query has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// No definition of that name.
    #[error("unknown KPI {name:?}; did you mean {nearest}? known are {known}")]
    UnknownKpi {
        /// As given.
        name: String,
        /// The known name that differs least.
        nearest: String,
        /// Every known name.
        known: String,
    },
    /// The KPI cannot be grouped by that.
    #[error("unknown dimension {name:?} of {kpi}; did you mean {nearest}? known are {known}")]
    UnknownDimension {
        /// The KPI.
        kpi: String,
        /// As given.
        name: String,
        /// The known name that differs least.
        nearest: String,
        /// Every dimension of the KPI.
        known: String,
    },
    /// The KPI has no such field.
    #[error("unknown field {name:?} of {kpi}; did you mean {nearest}? known are {known}")]
    UnknownMeasure {
        /// The KPI.
        kpi: String,
        /// As given.
        name: String,
        /// The known name that differs least.
        nearest: String,
        /// Every field of the KPI's output.
        known: String,
    },
    /// A dimension was asked for twice.
    #[error("dimension {name:?} is given twice; name it once")]
    RepeatedDimension {
        /// As given.
        name: String,
    },
    /// The period ends before it begins, or where it begins.
    #[error("the period from {since} to {until} is empty; give an end after the start")]
    EmptyPeriod {
        /// First instant.
        since: String,
        /// First instant after it.
        until: String,
    },
    /// The condition given with a KPI is no condition over its rows.
    #[error("bad condition {filter:?} for {kpi}: {reason}; write SQL over the columns of {table}")]
    BadFilter {
        /// The KPI.
        kpi: String,
        /// The table that the condition reads.
        table: String,
        /// As given.
        filter: String,
        /// What is wrong with it, in one line.
        reason: String,
        /// What DataFusion said; none if the text is SQL, but no condition.
        #[source]
        source: Option<Box<DataFusionError>>,
    },
    /// A value for a parameter that the query does not have.
    #[error("the query has no parameter {name:?}; it has {known}")]
    UnknownParameter {
        /// As given.
        name: String,
        /// Every parameter of the query.
        known: String,
    },
    /// A value that does not fit the place of its parameter.
    #[error("parameter {name} cannot be {value:?}; the query wants {expected} there")]
    BadParameter {
        /// The parameter.
        name: String,
        /// As given.
        value: String,
        /// The type that the query wants.
        expected: String,
        /// What DataFusion said.
        #[source]
        source: Box<DataFusionError>,
    },
    /// The user's SQL does not parse, does not fit the tables, or fails on the data.
    #[error("bad query: {reason}")]
    BadQuery {
        /// What is wrong with it, in one line.
        reason: String,
        /// What DataFusion said.
        #[source]
        source: Box<DataFusionError>,
    },
    /// Memory or scratch space ran out.
    #[error("out of memory or scratch space: {reason}; raise --memory, ask for a shorter period or fewer groups")]
    Resources {
        /// Which part ran out, in one line.
        reason: String,
        /// What DataFusion said.
        #[source]
        source: Box<DataFusionError>,
    },
    /// A file of the archive cannot be read.
    #[error("cannot read the archive while {doing}: {reason}; check it with `tape verify`")]
    Storage {
        /// What was under way.
        doing: &'static str,
        /// What failed, in one line.
        reason: String,
        /// What DataFusion said.
        #[source]
        source: Box<DataFusionError>,
    },
    /// The path of a file of the archive cannot be made absolute.
    #[error("cannot resolve the path {path:?}; run from a directory that exists")]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The path of a file of the archive cannot be written as a URL.
    #[error("the path {path:?} has characters that no URL can hold; move the archive")]
    ObjectPath {
        /// The path.
        path: PathBuf,
        /// What the object store said.
        #[source]
        source: object_store::path::Error,
    },
    /// A definition of a KPI is no TOML, or has keys that are not known.
    #[error("{file}, line {line}: {reason}")]
    DefinitionSyntax {
        /// The file.
        file: String,
        /// 1-based.
        line: usize,
        /// What is wrong, in one line.
        reason: String,
        /// What the parser said.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A definition of a KPI says something that cannot be.
    #[error("{file}, line {line}: {reason}")]
    DefinitionValue {
        /// The file.
        file: String,
        /// 1-based.
        line: usize,
        /// What is wrong and what to write.
        reason: String,
    },
    /// Filling up the empty buckets would make more rows than anybody reads.
    #[error(
        "{buckets} buckets for each of {groups} groups are more than {limit} rows; ask for a longer grain or a shorter \
         period, or switch filling off with --sparse"
    )]
    TooManyRows {
        /// Buckets of the period.
        buckets: u64,
        /// Combinations of dimension values.
        groups: u64,
        /// The most rows that are made.
        limit: u64,
    },
    /// A fault of this program, or of its engine.
    #[error("internal error while {doing}: {reason}; please report it")]
    Internal {
        /// What was under way.
        doing: &'static str,
        /// What failed, in one line.
        reason: String,
        /// What DataFusion said.
        #[source]
        source: Box<DataFusionError>,
    },
}

impl QueryError {
    /// An error of a query that the user wrote.
    pub(crate) fn of_user(error: DataFusionError) -> Self {
        match fault(&error) {
            Fault::Query => Self::BadQuery { reason: one_line(&error), source: Box::new(error) },
            _ => Self::of_engine("running the query", error),
        }
    }

    /// An error of a query that this crate wrote: whatever is wrong with it is not the user's fault.
    pub(crate) fn of_engine(doing: &'static str, error: DataFusionError) -> Self {
        let (reason, kind) = (one_line(&error), fault(&error));
        let source = Box::new(error);
        match kind {
            Fault::Resources => Self::Resources { reason, source },
            Fault::Storage => Self::Storage { doing, reason, source },
            Fault::Query | Fault::Engine => Self::Internal { doing, reason, source },
        }
    }

    /// [`Self::of_engine`] as a closure for `map_err`.
    pub(crate) fn while_doing(doing: &'static str) -> impl Fn(DataFusionError) -> Self {
        move |error| Self::of_engine(doing, error)
    }
}

/// Whose fault an error is.
enum Fault {
    Query,
    Resources,
    Storage,
    Engine,
}

fn fault(error: &DataFusionError) -> Fault {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => Fault::Resources,
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) | DataFusionError::ParquetError(_) => {
            Fault::Storage
        }
        // Readers of files wrap their errors in Arrow's; what arithmetic and casts say is about the query.
        DataFusionError::ArrowError(inner, _)
            if matches!(
                inner.as_ref(),
                ArrowError::ExternalError(_) | ArrowError::IoError(..) | ArrowError::ParquetError(_)
            ) =>
        {
            Fault::Storage
        }
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Configuration(_)
        | DataFusionError::Execution(_)
        | DataFusionError::ArrowError(..) => Fault::Query,
        _ => Fault::Engine,
    }
}

/// The first line of the innermost message, without the names of DataFusion's kinds of error.
pub(crate) fn one_line(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::SQL(parser, _) => parser.to_string(),
        root => root.message().into_owned(),
    };
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_message_decides_in_one_line() {
        let inner = DataFusionError::ResourcesExhausted("no room for 3 bytes\nconsumers: ...".to_owned());
        let error = QueryError::of_user(inner.context("sorting"));
        assert!(matches!(error, QueryError::Resources { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "out of memory or scratch space: no room for 3 bytes; raise --memory, ask for a shorter period or fewer \
             groups"
        );
    }

    #[test]
    fn a_plan_error_is_the_users_fault_only_in_his_own_query() {
        let plan = || DataFusionError::Plan("no such thing".to_owned());
        assert_eq!(QueryError::of_user(plan()).to_string(), "bad query: no such thing");
        assert!(matches!(QueryError::of_engine("testing", plan()), QueryError::Internal { .. }));
    }
}
