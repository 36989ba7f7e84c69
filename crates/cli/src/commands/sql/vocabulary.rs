//! The words that highlighting and completion know: keywords, and what the engine has.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use tapemeasure_model::zone::Grain;
use tapemeasure_query::{Catalog, Definitions};

/// The keywords of queries. Words that are also columns here, such as `source`, are not among them.
const KEYWORDS: &str = "\
    all and any array as asc between bigint boolean by case cast create cross current date day delete desc \
    describe distinct double drop else end escape except exclude exists explain external extract false fetch \
    filter first following format from full group grouping having hour ilike in inner insert int integer \
    intersect interval into is join last lateral left like limit location materialized minute month natural not \
    null nulls offset on options or order outer over partition preceding qualify quarter range recursive replace \
    right rollup row rows second select semi set sets show similar stored table tables text then timestamp to \
    true try_cast unbounded union unnest using values varchar verbose view when where window with within year";

/// The words that a statement can begin with.
pub const BEGINNINGS: &[&str] = &["select", "with", "from", "explain", "describe", "show", "create", "set", "values"];

/// A KPI, as `kpi('…')` and `\kpi` name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kpi {
    pub name: String,
    pub title: String,
    pub dimensions: Vec<String>,
}

/// What can be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    pub catalog: Catalog,
    pub kpis: Vec<Kpi>,
    /// Names of values set with `\set` or `--param`.
    pub params: Vec<String>,
    functions: HashSet<String>,
    tables: HashSet<String>,
}

impl Vocabulary {
    /// The words of an engine.
    pub fn new(catalog: Catalog, definitions: &Definitions, params: Vec<String>) -> Self {
        let kpis = definitions
            .iter()
            .map(|definition| Kpi {
                name: definition.name.clone(),
                title: definition.title.clone(),
                dimensions: definition.dimensions.clone(),
            })
            .collect();
        Self::of(catalog, kpis, params)
    }

    /// These words.
    pub fn of(catalog: Catalog, kpis: Vec<Kpi>, params: Vec<String>) -> Self {
        let functions = catalog.functions.iter().map(|function| function.name.clone()).collect();
        let tables = catalog.tables.iter().map(|table| table.name.to_lowercase()).collect();
        Self { catalog, kpis, params, functions, tables }
    }

    /// Whether a keyword, in lower case.
    pub fn is_keyword(word: &str) -> bool {
        keywords().any(|keyword| keyword == word)
    }

    /// Whether a function of the engine, in lower case.
    pub fn is_function(&self, word: &str) -> bool {
        self.functions.contains(word)
    }

    /// Whether a table or view, in lower case.
    pub fn is_table(&self, word: &str) -> bool {
        self.tables.contains(word)
    }
}

/// The words as they are now, for the editor, whose parts hold them too.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<RwLock<Arc<Vocabulary>>>);

impl Known {
    /// The words.
    pub fn get(&self) -> Arc<Vocabulary> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other words from now on.
    pub fn set(&self, vocabulary: Vocabulary) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(vocabulary);
    }
}

/// The keywords, in lower case.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    KEYWORDS.split_ascii_whitespace()
}

/// The grains of buckets.
pub fn grains() -> impl Iterator<Item = &'static str> {
    Grain::ALL.iter().map(|grain| grain.as_str())
}

#[cfg(test)]
pub mod testing {
    //! A small vocabulary for tests.

    use tapemeasure_query::catalog::{Column, Function, FunctionKind, Table};

    use super::*;

    /// Tables `waits (channel, wait_us, opened_at)` and `sessions (channel, resolution_us)`; functions `count`,
    /// `local_day`, `kpi`; one KPI.
    pub fn vocabulary() -> Vocabulary {
        let column = |name: &str, sql_type: &str| Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            nullable: true,
            meaning: None,
        };
        let function = |name: &str, kind| Function { name: name.to_owned(), kind, meaning: None };
        let catalog = Catalog {
            tables: vec![
                Table {
                    name: "sessions".to_owned(),
                    meaning: None,
                    columns: vec![column("channel", "text"), column("resolution_us", "bigint")],
                },
                Table {
                    name: "waits".to_owned(),
                    meaning: Some("from a question to its answer"),
                    columns: vec![
                        column("channel", "text"),
                        column("wait_us", "bigint"),
                        column("opened_at", "instant"),
                    ],
                },
            ],
            functions: vec![
                function("count", FunctionKind::Aggregate),
                function("kpi", FunctionKind::Table),
                function("local_day", FunctionKind::Scalar),
            ],
        };
        let kpi = Kpi {
            name: "resolution_time".to_owned(),
            title: "Resolution time".to_owned(),
            dimensions: ["channel", "team"].map(str::to_owned).to_vec(),
        };
        Vocabulary::of(catalog, vec![kpi], vec!["from_day".to_owned()])
    }

    #[test]
    fn names_of_columns_are_no_keywords() {
        assert!(Vocabulary::is_keyword("select") && Vocabulary::is_keyword("year"));
        assert!(!Vocabulary::is_keyword("source") && !Vocabulary::is_keyword("channel"));
        assert!(BEGINNINGS.iter().all(|word| Vocabulary::is_keyword(word)));
    }
}
