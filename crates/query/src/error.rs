//! What can go wrong with a query, sorted by whose fault it is.

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use tapemeasure_archive::ArchiveError;
use tapemeasure_model::calendar::CalendarError;
use tapemeasure_model::nearest::Meant;
use tapemeasure_model::settings::SettingsError;
use tapemeasure_model::times::UnknownTime;

/// Why a KPI or a query has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// No definition of that name.
    #[error("unknown KPI {name:?}; {meant}known are {known}")]
    UnknownKpi {
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every known name.
        known: String,
    },
    /// The KPI cannot be grouped by that.
    #[error("unknown dimension {name:?} of {kpi}; {meant}known are {known}")]
    UnknownDimension {
        /// The KPI.
        kpi: String,
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every dimension of the KPI.
        known: String,
    },
    /// The KPI has no such field.
    #[error("unknown field {name:?} of {kpi}; {meant}known are {known}")]
    UnknownMeasure {
        /// The KPI.
        kpi: String,
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every field of the KPI's output.
        known: String,
    },
    /// A dimension was asked for twice.
    #[error("dimension {name:?} is given twice; name it once")]
    RepeatedDimension {
        /// As given.
        name: String,
    },
    /// There is no such comparison.
    #[error("unknown comparison {name:?}; {meant}known are {known}")]
    UnknownComparison {
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every known form.
        known: String,
    },
    /// A comparison that the KPI or the period cannot have.
    #[error("cannot compare {kpi} with {comparison}: {reason}")]
    BadComparison {
        /// The comparison, as on the command line.
        comparison: String,
        /// The KPI.
        kpi: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// The period ends before it begins, or where it begins.
    #[error("the period from {since} to {until} is empty; give an end after the start")]
    EmptyPeriod {
        /// First instant.
        since: String,
        /// First instant after it.
        until: String,
    },
    /// No grain of that name.
    #[error("unknown grain {name:?}; {meant}known are {known}")]
    UnknownGrain {
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every grain.
        known: String,
    },
    /// A table function is called with arguments that it does not take.
    #[error("{function}(): {reason}")]
    BadCall {
        /// The function.
        function: &'static str,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// A table function is called with a text that names no time.
    #[error("{function}(): {argument} {error}")]
    UnknownTime {
        /// The function.
        function: &'static str,
        /// The argument.
        argument: &'static str,
        /// What is wrong, and what to write. No source of this error, because its text is part of this one's.
        error: UnknownTime,
    },
    /// Something that SQL has and that would be passed over in silence.
    #[error("{what} would have no effect here; leave it out")]
    Unread {
        /// What it is.
        what: String,
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
    /// A statement drops or replaces what the archive brings.
    #[error("{name} belongs to the archive and can be neither dropped nor replaced; choose another name")]
    OwnTable {
        /// The table or view.
        name: String,
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
    /// The period has no bucket of that name.
    #[error(
        "there is no {grain} {bucket:?} in the period; name one as `tape kpi --grain {grain}` prints it, from {first} to \
         {last}"
    )]
    UnknownBucket {
        /// As given.
        bucket: String,
        /// How long the buckets are.
        grain: String,
        /// The first bucket of the period.
        first: String,
        /// The last bucket of the period.
        last: String,
    },
    /// A value that a dimension of time cannot have.
    #[error("{dimension} of {kpi} cannot be {value:?}; write a whole number, as `tape kpi --by {dimension}` prints it")]
    BadCell {
        /// The KPI.
        kpi: String,
        /// The dimension.
        dimension: String,
        /// As given.
        value: String,
    },
    /// Messages are asked of a KPI that is over something else.
    #[error("{kpi} does not count messages; leave --events out")]
    NoMessages {
        /// The KPI.
        kpi: String,
    },
    /// The rows of a cell are not what the KPI counted: a fault of this program.
    #[error("the rows behind {kpi} come to {measure} = {rows}, and the KPI says {cell}; please report it")]
    DrillMismatch {
        /// The KPI.
        kpi: String,
        /// The measure that differs.
        measure: String,
        /// What the rows come to.
        rows: String,
        /// What the KPI says.
        cell: String,
    },
    /// A clock that no event starts or stops: facts and events do not belong together.
    #[error(
        "no event starts or stops the clock of conversation {conversation_id:?} of source {source_name:?} at {at}; check \
         the archive with `tape verify`"
    )]
    MissingEvent {
        /// The source.
        source_name: String,
        /// The conversation.
        conversation_id: String,
        /// When the clock started or stopped.
        at: String,
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
    /// A test of a definition has settings that no archive can have.
    #[error("{file}, line {line}: {error}")]
    DefinitionSettings {
        /// The file.
        file: String,
        /// Where the test begins, from 1.
        line: usize,
        /// What is wrong with them. No source of this error, because its text is part of this one's.
        error: Box<SettingsError>,
    },
    /// A file or folder of definitions cannot be read.
    #[error("cannot read the definitions in {path:?}; check that it is there and may be read")]
    ReadDefinitions {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Rows are asked of a KPI that is made of other KPIs.
    #[error("{kpi} is made of other KPIs and has no rows of its own; ask for those of {parts}")]
    MadeOfOthers {
        /// The KPI.
        kpi: String,
        /// What it is made of.
        parts: String,
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
    /// Business hours are asked for, and the settings do not have them (kpi-rules T2).
    #[error("{error}")]
    BusinessHours {
        /// What is missing, and how to set it. No source of this error, because its text is this one's.
        error: CalendarError,
    },
    /// No baseline of that name.
    #[error("unknown baseline {name:?}; {meant}known are {known} (`tape baseline list`)")]
    UnknownBaseline {
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every known name.
        known: String,
    },
    /// No baseline at all.
    #[error("there is no baseline {name:?}, nor any other; make it with `tape baseline save {name}`")]
    NoBaselines {
        /// As given.
        name: String,
    },
    /// Baselines have no column for that dimension.
    #[error("a baseline cannot be grouped by {name:?}; write {known}, or none")]
    BaselineDimension {
        /// As given.
        name: String,
        /// Every dimension that has a column.
        known: String,
    },
    /// A baseline was saved without that KPI.
    #[error("baseline {baseline} has no {kpi:?}; {meant}it has {known}")]
    NotInBaseline {
        /// The baseline.
        baseline: String,
        /// The KPI as given.
        kpi: String,
        /// The KPI of the baseline that is near.
        meant: Meant,
        /// Every KPI of the baseline.
        known: String,
    },
    /// A baseline was made under other settings, or with another definition (kpi-rules B2).
    #[error("baseline {baseline} of {kpi} cannot be compared: {change}; {remedy}")]
    NotComparable {
        /// The baseline.
        baseline: String,
        /// The KPI.
        kpi: String,
        /// What is not what it was: name, value then, value now.
        change: Box<Change>,
        /// What to do.
        remedy: String,
    },
    /// Other programs kept committing to the table of baselines.
    #[error("baseline {name} could not be saved because others kept saving theirs; run the command again")]
    BaselinesBusy {
        /// The baseline.
        name: String,
    },
    /// The table of baselines cannot be read or written.
    #[error("cannot {doing} baselines: {source}")]
    Baselines {
        /// What was being done.
        doing: &'static str,
        /// What the archive says.
        #[source]
        source: Box<ArchiveError>,
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

/// What changed since a baseline was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of the setting, or what else changed.
    pub what: String,
    /// Its value in the baseline.
    pub then: String,
    /// Its value now.
    pub now: String,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} was {} then and is {} now", self.what, self.then, self.now)
    }
}

impl QueryError {
    /// An error of a query that the user wrote.
    pub(crate) fn of_user(error: DataFusionError) -> Self {
        let error = match Self::own(error) {
            Ok(own) => return own,
            Err(error) => error,
        };
        match fault(&error) {
            Fault::Query => Self::BadQuery { reason: one_line(&error), source: Box::new(error) },
            _ => Self::of_engine("running the query", error),
        }
    }

    /// An error of a query that this crate wrote: whatever is wrong with it is not the user's fault.
    pub(crate) fn of_engine(doing: &'static str, error: DataFusionError) -> Self {
        let error = match Self::own(error) {
            Ok(own) => return own,
            Err(error) => error,
        };
        let (reason, kind) = (one_line(&error), fault(&error));
        let source = Box::new(error);
        match kind {
            Fault::Resources => Self::Resources { reason, source },
            Fault::Storage => Self::Storage { doing, reason, source },
            Fault::Query | Fault::Engine => Self::Internal { doing, reason, source },
        }
    }

    /// An error of this crate that went through DataFusion, as it was; any other as it came.
    fn own(error: DataFusionError) -> Result<Self, DataFusionError> {
        // However deep: functions fail while rows flow, and operators wrap what they pass on.
        if let DataFusionError::External(inner) = error.find_root()
            && let Some(error) = inner.downcast_ref::<CalendarError>()
        {
            return Ok(Self::BusinessHours { error: error.clone() });
        }
        match error {
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(own) => Ok(*own),
                Err(inner) => Err(DataFusionError::External(inner)),
            },
            DataFusionError::Context(said, inner) => {
                Self::own(*inner).map_err(|inner| DataFusionError::Context(said, Box::new(inner)))
            }
            DataFusionError::Diagnostic(said, inner) => {
                Self::own(*inner).map_err(|inner| DataFusionError::Diagnostic(said, Box::new(inner)))
            }
            other => Err(other),
        }
    }

    /// An error of the table of baselines, as a closure for `map_err`.
    pub(crate) fn of_baselines(doing: &'static str) -> impl Fn(ArchiveError) -> Self {
        move |source| Self::Baselines { doing, source: Box::new(source) }
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
    use std::sync::Arc;

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
    fn an_error_of_ours_comes_back_as_it_went() {
        let call = QueryError::BadCall { function: "kpi", reason: "no".to_owned() };
        let wrapped = DataFusionError::External(Box::new(call)).context("planning");
        assert_eq!(QueryError::of_user(wrapped).to_string(), "kpi(): no");
        let other = DataFusionError::External("disk on fire".into());
        assert!(matches!(QueryError::of_engine("testing", other), QueryError::Internal { .. }));
    }

    #[test]
    fn what_a_calendar_lacks_comes_through_any_wrapping() {
        let missing = DataFusionError::External(Box::new(CalendarError::NoneNamed));
        let wrapped = DataFusionError::from(&Arc::new(missing.context("a stream"))).context("gathering");
        let error = QueryError::of_engine("testing", wrapped);
        assert_eq!(error.to_string(), CalendarError::NoneNamed.to_string());
    }

    #[test]
    fn a_plan_error_is_the_users_fault_only_in_his_own_query() {
        let plan = || DataFusionError::Plan("no such thing".to_owned());
        assert_eq!(QueryError::of_user(plan()).to_string(), "bad query: no such thing");
        assert!(matches!(QueryError::of_engine("testing", plan()), QueryError::Internal { .. }));
    }
}
