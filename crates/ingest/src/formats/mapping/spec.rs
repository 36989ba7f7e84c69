//! What a mapping says: columns, values, conditions, events. Nothing here knows of TOML or of a layout.

use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::zone::Zone;

use super::patterns::{Pattern, ValueMap};
use super::time::TimeFormat;
use crate::formats::adapter::names::Names;

/// A mapping.
#[derive(Debug)]
pub struct Spec {
    /// What the input is like.
    pub input: InputSpec,
    /// Who the mapping says are agents, by id, handle, address or domain.
    pub agents: Names,
    /// Who the mapping says are bots.
    pub bots: Names,
    /// Line of the first value that asks for somebody's role; none if nothing does.
    pub people_line: Option<usize>,
    /// Every column that is named, each once.
    pub columns: Vec<ColumnRef>,
    /// The events that a record may give, in their order in the file; at least one.
    pub events: Vec<EventSpec>,
}

/// What an input is like.
#[derive(Debug, Default)]
pub struct InputSpec {
    /// The layout and the line that says it; none: by the content.
    pub layout: Option<(Layout, usize)>,
    /// Between the fields of a CSV.
    pub delimiter: u8,
    /// Names of the columns of a CSV that has no header.
    pub columns: Option<Vec<String>>,
    /// Keys under which a JSON input has its records in lists. They live as long as the program, which reads few
    /// mappings: [`Framing::Json`](crate::inputs::Framing) is copied into every reader.
    pub under: &'static [&'static str],
    /// Texts that mean nothing.
    pub nulls: Vec<String>,
    /// Zone of times that name none.
    pub zone: Option<Zone>,
    /// Whether the source has closes, in this input or in another; none: whether an event may be one.
    pub closes: Option<bool>,
    /// Which records are read at all.
    pub when: Option<Condition>,
}

/// How an input is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Rows of separated fields.
    Csv,
    /// JSON: one object a line, or objects over many lines, in arrays, under keys.
    Json,
    /// Parquet.
    Parquet,
}

impl Layout {
    /// Every layout.
    pub const ALL: &[Self] = &[Self::Csv, Self::Json, Self::Parquet];

    /// Its name in a mapping.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// Which of [`Spec::columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub usize);

/// A column of a CSV or Parquet input, or a path into a JSON record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRef {
    /// As the mapping writes it.
    pub name: String,
    /// Line of the mapping that names it first, from 1.
    pub line: usize,
    /// What the path begins in: 0 is the record, n the element of the event's n-th list.
    pub item: usize,
    /// Keys of objects and places in lists; empty for the item itself.
    pub path: Vec<String>,
}

/// An event that a record may be.
#[derive(Debug)]
pub struct EventSpec {
    /// Line on which it begins.
    pub line: usize,
    /// Lists to go over, the outermost first: an event for every element.
    pub each: Vec<Each>,
    /// When a record, or element, is this event. None: always.
    pub when: Option<Condition>,
    /// What happened.
    pub event_type: ValueSpec,
    /// When; the first that is there.
    pub times: Vec<TimeSpec>,
    /// Identity inside the source.
    pub id: ValueSpec,
    /// As [`Draft::source`](crate::formats::adapter::Draft), and so on.
    pub source: Option<ValueSpec>,
    pub conversation_id: Option<ValueSpec>,
    pub contact_id: Option<ValueSpec>,
    pub channel: Option<ValueSpec>,
    pub direction: Option<ValueSpec>,
    pub author: Option<ValueSpec>,
    pub agent_id: Option<ValueSpec>,
    pub team: Option<ValueSpec>,
    pub topic: Option<ValueSpec>,
    pub private: Option<FlagSpec>,
    pub automated: Option<FlagSpec>,
    pub target_event_id: Option<ValueSpec>,
    pub body: Option<ValueSpec>,
}

/// A list to go over.
#[derive(Debug, Clone)]
pub struct Each {
    /// The list.
    pub list: ColumnId,
    /// What its element is called in paths.
    pub name: String,
}

/// Where a time is and how it is written.
#[derive(Debug)]
pub struct TimeSpec {
    /// Line that says it.
    pub line: usize,
    /// Where it is.
    pub origin: Origin,
    /// Ways to write it: the first that fits. At least one.
    pub formats: Vec<TimeFormat>,
    /// Zone of times that name none; none: the input's.
    pub zone: Option<Zone>,
    /// Whether a record without it is rejected; if not, it is not this event.
    pub needed: bool,
}

/// A value of a field.
#[derive(Debug)]
pub struct ValueSpec {
    /// Where it comes from.
    pub origin: Origin,
    /// When it counts; otherwise it is absent. None: always.
    pub when: Option<Condition>,
    /// Texts that are taken off its front: the first that is there.
    pub strip: Vec<String>,
    /// Whether it is put in lower case.
    pub lower: bool,
    /// What stands for it.
    pub map: Option<ValueMap>,
    /// What becomes of a value that is not in the map.
    pub otherwise: Otherwise,
    /// Whether its hash stands for it.
    pub hash: bool,
    /// What stands where there is none.
    pub default: Option<String>,
}

impl ValueSpec {
    /// Whether nothing is done to what stands where it comes from.
    pub fn is_plain(&self) -> bool {
        let Self { origin: _, when, strip, lower, map, otherwise: _, hash, default } = self;
        when.is_none() && strip.is_empty() && !lower && map.is_none() && !hash && default.is_none()
    }

    /// A value as it is.
    pub fn of(origin: Origin) -> Self {
        Self {
            origin,
            when: None,
            strip: Vec::new(),
            lower: false,
            map: None,
            otherwise: Otherwise::default(),
            hash: false,
            default: None,
        }
    }

    /// The value, if it is the same for every record.
    pub fn constant(&self) -> Option<&str> {
        match &self.origin {
            Origin::Constant(text) if self.when.is_none() && self.map.is_none() => Some(text.as_str()),
            _ => None,
        }
    }

    /// Every value that it can have, as far as that is known.
    pub fn possible(&self) -> Option<Vec<&str>> {
        let mut values = match (&self.origin, &self.map) {
            (_, Some(map)) if self.otherwise != Otherwise::Keep => map.targets(),
            (Origin::Constant(text), None) => vec![text.as_str()],
            (Origin::FirstOf(values), None) => {
                values.iter().map(Self::possible).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect()
            }
            _ => return None,
        };
        values.extend(self.default.as_deref());
        Some(values)
    }
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Origin {
    /// The same for every record; empty is absent.
    Constant(String),
    /// A column.
    Column(ColumnId),
    /// Columns in a text; absent if one of them is.
    Template(Vec<Part>),
    /// Two columns in order of their texts, a colon between them: the same whichever is which. Absent if one is.
    Pair(ColumnId, ColumnId),
    /// The first of these that is not absent.
    FirstOf(Vec<ValueSpec>),
    /// `agent`, `bot` or `contact`: what the person in a column is, by the lists of people.
    RoleOf(ColumnId),
    /// The first of these columns that holds a contact.
    ContactOf(Vec<ColumnId>),
    /// The first of these columns that holds an agent.
    AgentOf(Vec<ColumnId>),
}

impl Origin {
    /// Whether some of its columns fulfils a condition.
    pub fn any_column(&self, test: &dyn Fn(ColumnId) -> bool) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Column(column) | Self::RoleOf(column) => test(*column),
            Self::Template(parts) => parts.iter().any(|part| matches!(part, Part::Column(column) if test(*column))),
            Self::Pair(a, b) => test(*a) || test(*b),
            Self::FirstOf(values) => values.iter().any(|value| value.origin.any_column(test)),
            Self::ContactOf(columns) | Self::AgentOf(columns) => columns.iter().any(|column| test(*column)),
        }
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Literal(String),
    /// What a column holds.
    Column(ColumnId),
}

/// What becomes of a value that is not in the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Otherwise {
    /// It stays.
    #[default]
    Keep,
    /// It is absent.
    Null,
    /// The event is rejected.
    Reject,
}

impl Otherwise {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::Keep, Self::Null, Self::Reject];

    /// Its name in a mapping.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Null => "null",
            Self::Reject => "reject",
        }
    }
}

/// True or false of an event.
#[derive(Debug)]
pub enum FlagSpec {
    /// The same for every record.
    Constant(bool),
    /// A value that says it.
    Value(ValueSpec),
    /// Whether a condition holds.
    When(Condition),
}

/// What may hold of a record.
#[derive(Debug)]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// One of these.
    Any(Vec<Condition>),
    /// Something of a value.
    Test(Origin, Test),
}

/// What may hold of a value.
#[derive(Debug)]
pub enum Test {
    /// It is one of these.
    Is(Vec<Pattern>),
    /// It is none of these, or absent.
    IsNot(Vec<Pattern>),
    /// It is absent (true), or there (false).
    Empty(bool),
}

/// The names of the types of events.
pub fn type_names() -> Vec<&'static str> {
    EventType::ALL.iter().map(|name| name.as_str()).collect()
}

/// The names of directions.
pub fn direction_names() -> Vec<&'static str> {
    Direction::ALL.iter().map(|name| name.as_str()).collect()
}

/// The names of authors.
pub fn author_names() -> Vec<&'static str> {
    Author::ALL.iter().map(|name| name.as_str()).collect()
}
