//! What is wrong with a mapping file, or with an input that is read by it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tapemeasure_model::zone::ZoneError;

/// Most names that a message lists.
const MAX_LISTED: usize = 12;

/// A place in a mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file's name, as it was given.
    pub mapping: Arc<str>,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.mapping, self.line)
    }
}

/// Why a mapping cannot be used at all, or not for an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The file cannot be read.
    #[error(
        "{}: the mapping file cannot be read; check its name, its permissions, and that it is UTF-8",
        .path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("{at}: no TOML: {message}")]
    Syntax {
        /// Where reading stopped.
        at: At,
        /// The parser's message, its first line.
        message: String,
        /// What the parser said.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A key that means nothing where it stands.
    #[error("{at}: {table} has no key {key:?}; {advice}")]
    UnknownKey {
        /// The key's place.
        at: At,
        /// What it stands in.
        table: &'static str,
        /// The key.
        key: String,
        /// The nearest key, and all of them.
        advice: String,
    },
    /// A key that is needed and not there.
    #[error("{at}: {table} has no {key:?}; {advice}")]
    MissingKey {
        /// Where it should be.
        at: At,
        /// What it should stand in.
        table: &'static str,
        /// The key.
        key: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Two keys of which one makes the other meaningless.
    #[error("{at}: {first:?} and {second:?} exclude each other; keep one")]
    Conflict {
        /// The place of the table with both.
        at: At,
        /// One key.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A value of another TOML type.
    #[error("{at}: {key:?} is a TOML {found}; it must be {expected}")]
    WrongType {
        /// The value's place.
        at: At,
        /// The value's key.
        key: String,
        /// Its type.
        found: &'static str,
        /// What may be there.
        expected: &'static str,
    },
    /// A value of the right type that cannot be used.
    #[error("{at}: {key:?} cannot be {value:?}; {advice}")]
    BadValue {
        /// The value's place.
        at: At,
        /// The value's key.
        key: String,
        /// The value.
        value: String,
        /// What it may be.
        advice: &'static str,
    },
    /// A name that is none of a fixed list.
    #[error("{at}: no {what} is called {name:?}; {advice}")]
    UnknownName {
        /// The name's place.
        at: At,
        /// What it should be the name of.
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest name, and all of them.
        advice: String,
    },
    /// Braces that do not pair, or with nothing between them.
    #[error("{at}: template {template:?}: {advice}")]
    BadTemplate {
        /// The template's place.
        at: At,
        /// The template.
        template: String,
        /// What is wrong, and what to do.
        advice: &'static str,
    },
    /// A format of times that can never give a time.
    #[error("{at}: time format {format:?}: {advice}")]
    BadTimeFormat {
        /// The format's place.
        at: At,
        /// The format.
        format: String,
        /// What is wrong, and what to do.
        advice: &'static str,
    },
    /// A name that is no time zone.
    #[error("{at}: no time zone is called {name:?}; write an IANA name such as \"Europe/Berlin\" or \"UTC\"")]
    BadZone {
        /// The name's place.
        at: At,
        /// The name.
        name: String,
        /// Why it is none.
        #[source]
        source: ZoneError,
    },
    /// No `[[event]]`.
    #[error("{mapping}: no [[event]]; a mapping says at least one event that a row is")]
    NoEvents {
        /// The mapping file.
        mapping: Arc<str>,
    },
    /// An id that is the same for every row.
    #[error("{at}: \"id\" names no column, so that all events would be one; put one in, as in \"opened:{{TICKET}}\"")]
    ConstantId {
        /// The id's place.
        at: At,
    },
    /// An id that is the same for every element of a list.
    #[error("{at}: \"id\" names nothing of {item:?}, so that all of its events would be one; put its id in")]
    IdWithoutItem {
        /// The id's place.
        at: At,
        /// What the innermost element of the list is called.
        item: String,
    },
    /// Two events of one row with one id.
    #[error(
        "{at}: this event has the id of that in line {other_line}, so that one would replace the other; put \
             something before one of them, as in \"closed:{{TICKET}}\""
    )]
    SameId {
        /// The place of the second event.
        at: At,
        /// Line of the first, from 1.
        other_line: usize,
    },
    /// Times without a zone, and nobody who says it.
    #[error(
        "{at}: {input}: these times say no zone; add zone = \"Europe/Berlin\" (or yours) here or to [input], or \
             give --zone"
    )]
    NoZone {
        /// The time's place.
        at: At,
        /// The input's name.
        input: String,
    },
    /// Roles without a list of people.
    #[error(
        "{at}: {input}: this asks who is an agent, and nobody is named; list agents under [people], or give --agents"
    )]
    NoPeople {
        /// Place of the first value that asks.
        at: At,
        /// The input's name.
        input: String,
    },
    /// The input is in another layout than the mapping says.
    #[error("{at}: {input} is not in the layout {layout:?}; take \"layout\" out, or give the file that is meant")]
    OtherLayout {
        /// The layout's place.
        at: At,
        /// The input's name.
        input: String,
        /// The layout that the mapping names.
        layout: &'static str,
    },
    /// The first line is no header.
    #[error(
        "{mapping}: {input} does not begin with a CSV header; check the delimiter, or list \"columns\" under [input]"
    )]
    NoHeader {
        /// The mapping file.
        mapping: Arc<str>,
        /// The input's name.
        input: String,
    },
    /// A column that the mapping names and the input has not.
    #[error("{at}: column {column:?} is not in {input}; {advice}")]
    MissingColumn {
        /// Place where it is named first.
        at: At,
        /// The input's name.
        input: String,
        /// The column.
        column: String,
        /// The nearest column, and all of them.
        advice: String,
    },
    /// A column that the mapping names and the input has twice.
    #[error("{at}: column {column:?} is in {input} twice; rename one")]
    DuplicateColumn {
        /// Place where it is named first.
        at: At,
        /// The input's name.
        input: String,
        /// The column.
        column: String,
    },
    /// Lists are only in JSON.
    #[error("{at}: \"each\" goes over a list in JSON, and {input} is {layout}; take it out")]
    EachWithoutJson {
        /// The event's place.
        at: At,
        /// The input's name.
        input: String,
        /// The input's layout.
        layout: &'static str,
    },
    /// The paths of the mapping lead somewhere only from a key of the input's objects.
    #[error(
        "{at}: {path:?} is not in the beginning of {input}, but under {key:?}; if that is a list of records, add \
             under = [{key:?}] to [input], else write \"{key}.{path}\""
    )]
    PathsUnderKey {
        /// Place of the first path.
        at: At,
        /// The input's name.
        input: String,
        /// The first path.
        path: String,
        /// The key.
        key: String,
    },
    /// No path of the mapping leads anywhere.
    #[error(
        "{at}: {path:?} is not in the beginning of {input}, nor is any other path; is the mapping for another file?"
    )]
    NoPaths {
        /// Place of the first path.
        at: At,
        /// The input's name.
        input: String,
        /// The first path.
        path: String,
    },
}

/// What to say of a name that is not among the known: the nearest, and all of them as far as they are few.
pub fn advice(name: &str, known: &[&str]) -> String {
    let mut listed = known.iter().take(MAX_LISTED).copied().collect::<Vec<_>>().join(", ");
    if known.len() > MAX_LISTED {
        listed.push_str(&format!(" and {} more", known.len() - MAX_LISTED));
    }
    match nearest(name, known) {
        Some(meant) => format!("did you mean {meant:?}? known: {listed}"),
        None => format!("known: {listed}"),
    }
}

/// The known name with the fewest edits from `name`, letter case aside; of equals the first. `None` if more than a
/// third of the name would have to be edited.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_lowercase();
    let most = name.chars().count().div_ceil(3);
    let edits = |candidate: &str| strsim::osa_distance(&name, &candidate.to_lowercase());
    let (edits, meant) = known.iter().map(|candidate| (edits(candidate), *candidate)).min_by_key(|found| found.0)?;
    (edits <= most).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        let known = ["channel", "team", "topic", "agent_id"];
        let all = "known: channel, team, topic, agent_id";
        assert_eq!(advice("Chanel", &known), format!("did you mean \"channel\"? {all}"));
        assert_eq!(advice("tpoic", &known), format!("did you mean \"topic\"? {all}"));
        assert_eq!(advice("colour", &known), all);
        assert_eq!(advice("x", &[]), "known: ");
    }

    #[test]
    fn long_lists_are_cut() {
        let known: Vec<String> = (10..25).map(|n| format!("column_{n}")).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let advice = advice("nothing_like_it", &known);
        assert!(advice.starts_with("known: column_10, ") && advice.ends_with("column_21 and 3 more"), "{advice}");
    }
}
