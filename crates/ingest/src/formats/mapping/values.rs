//! Values, flags, conditions and times of a mapping file.

use tapemeasure_model::zone::Zone;

use super::document::{Keys, Node};
use super::error::{At, MappingError, advice};
use super::patterns::{Pattern, ValueMap};
use super::spec::{ColumnId, ColumnRef, Condition, FlagSpec, Origin, Otherwise, Part, Test, TimeSpec, ValueSpec};
use super::time::TimeFormat;

/// Keys that say where a value comes from; `path` is `column` for JSON.
const ORIGIN_KEYS: [&str; 7] = ["column", "path", "text", "pair", "role_of", "contact_of", "agent_of"];

/// Keys that say what becomes of it.
const VALUE_KEYS: [&str; 14] = [
    "column",
    "path",
    "text",
    "pair",
    "role_of",
    "contact_of",
    "agent_of",
    "when",
    "strip",
    "lower",
    "map",
    "otherwise",
    "hash",
    "default",
];

/// Keys of a condition.
const CONDITION_KEYS: [&str; 11] =
    ["column", "path", "text", "pair", "role_of", "contact_of", "agent_of", "is", "is_not", "empty", "any"];

/// Keys by which a table is known to be a condition.
const TEST_KEYS: [&str; 4] = ["is", "is_not", "empty", "any"];

/// Keys of a time.
const TIME_KEYS: [&str; 6] = ["column", "path", "text", "format", "zone", "empty"];

/// What to do about a value that comes from nowhere.
const NO_ORIGIN: &str = "say where the value is: column = \"..\", path = \"..\" or text = \"..{column}..\"";

/// The columns that are named, and what names mean.
#[derive(Debug, Default)]
pub struct Scope {
    /// Every column, each once.
    pub columns: Vec<ColumnRef>,
    /// What the elements of the lists are called that an event goes over, the outermost first.
    pub items: Vec<String>,
    /// Line of the first value that asks for a role.
    pub people_line: Option<usize>,
}

/// A fixed list of names that a value must be of.
pub struct Known {
    /// What they are the names of.
    pub what: &'static str,
    /// The names.
    pub names: Vec<&'static str>,
}

impl Known {
    fn check(&self, name: &str, at: At) -> Result<(), MappingError> {
        if name.is_empty() || self.names.contains(&name) {
            return Ok(());
        }
        let advice = advice(name, &self.names);
        Err(MappingError::UnknownName { at, what: self.what, name: name.to_owned(), advice })
    }
}

impl Scope {
    /// The column or path of a name.
    ///
    /// # Errors
    /// [`MappingError::BadValue`] for the empty one.
    fn column(&mut self, name: &str, node: &Node<'_>) -> Result<ColumnId, MappingError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(node.bad_value(name, "name a column, or a path in JSON"));
        }
        let mut path = keys_of(name);
        let item = self.items.iter().rposition(|item| *item == path[0]).map_or(0, |place| place + 1);
        if item > 0 {
            path.remove(0);
        }
        let known = self.columns.iter().position(|column| column.name == name && column.item == item);
        Ok(ColumnId(known.unwrap_or_else(|| {
            self.columns.push(ColumnRef { name: name.to_owned(), line: node.at().line, item, path });
            self.columns.len() - 1
        })))
    }

    fn columns(&mut self, node: &Node<'_>) -> Result<Vec<ColumnId>, MappingError> {
        node.one_or_more()?.iter().map(|node| self.column(node.text()?, node)).collect()
    }

    /// A list to go over.
    ///
    /// # Errors
    /// [`MappingError::WrongType`], [`MappingError::BadValue`].
    pub fn list(&mut self, node: &Node<'_>) -> Result<ColumnId, MappingError> {
        self.column(node.text()?, node)
    }

    /// A value: a template, a table, or a list of these of which the first counts that is not absent. `known` are the
    /// names that it may have.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn value(&mut self, node: &Node<'_>, known: Option<&Known>) -> Result<ValueSpec, MappingError> {
        if node.is_text() {
            let value = ValueSpec::of(self.template(node)?);
            if let (Some(known), Some(text)) = (known, value.constant()) {
                known.check(text, node.at())?;
            }
            return Ok(value);
        }
        if node.is_list() {
            let values = node.one_or_more()?.iter().map(|node| self.value(node, known)).collect::<Result<_, _>>()?;
            return Ok(ValueSpec::of(Origin::FirstOf(values)));
        }
        let keys = node.typed_keys("a value", &VALUE_KEYS, "a text, a table, or a list of these")?;
        let mut value = ValueSpec::of(self.origin(&keys)?);
        value.when = keys.get("when").map(|node| self.condition(&node)).transpose()?;
        if let Some(node) = keys.get("strip") {
            value.strip = node.scalars()?;
        }
        value.lower = keys.get("lower").map_or(Ok(false), |node| node.flag())?;
        value.hash = keys.get("hash").map_or(Ok(false), |node| node.flag())?;
        value.map = keys.get("map").map(|node| map(&node, known)).transpose()?;
        if let Some(node) = keys.get("otherwise") {
            value.otherwise = otherwise(&node)?;
            if value.map.is_none() {
                let advice = "\"otherwise\" is for values that are not in a map";
                return Err(MappingError::MissingKey { at: node.at(), table: "a value", key: "map", advice });
            }
        }
        if let Some(node) = keys.get("default") {
            let text = node.scalar()?;
            if let Some(known) = known {
                known.check(&text, node.at())?;
            }
            value.default = Some(text);
        }
        if let (Some(known), Origin::Constant(text), None) = (known, &value.origin, &value.map) {
            known.check(text, node.at())?;
        }
        Ok(value)
    }

    fn origin(&mut self, keys: &Keys<'_>) -> Result<Origin, MappingError> {
        let Some(node) = keys.one_of(&ORIGIN_KEYS)? else {
            return Err(MappingError::MissingKey {
                at: keys.at.clone(),
                table: keys.what,
                key: "column",
                advice: NO_ORIGIN,
            });
        };
        if node.key.ends_with("_of") {
            self.people_line.get_or_insert(node.at().line);
        }
        Ok(match node.key {
            "text" => self.template(&node)?,
            "pair" => {
                let columns = self.columns(&node)?;
                let &[a, b] = columns.as_slice() else {
                    return Err(node.bad_value(&format!("{} columns", columns.len()), "a pair is of two"));
                };
                Origin::Pair(a, b)
            }
            "role_of" => Origin::RoleOf(self.column(node.text()?, &node)?),
            "contact_of" => Origin::ContactOf(self.columns(&node)?),
            "agent_of" => Origin::AgentOf(self.columns(&node)?),
            _ => Origin::Column(self.column(node.text()?, &node)?),
        })
    }

    /// A text with columns in braces; doubled braces are braces.
    fn template(&mut self, node: &Node<'_>) -> Result<Origin, MappingError> {
        let text = node.text()?;
        let bad = |advice| MappingError::BadTemplate { at: node.at(), template: text.to_owned(), advice };
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(place) = rest.find(['{', '}']) {
            literal.push_str(&rest[..place]);
            let brace = &rest[place..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            if brace.starts_with('}') {
                return Err(bad("a } closes nothing; write }} for the character"));
            }
            let Some(end) = brace.find('}') else {
                return Err(bad("a { is never closed; write {{ for the character"));
            };
            let name = &brace[1..end];
            if name.trim().is_empty() {
                return Err(bad("nothing stands between { and }; name a column"));
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Column(self.column(name, node)?));
            rest = &brace[end + 1..];
        }
        literal.push_str(rest);
        if parts.is_empty() {
            return Ok(Origin::Constant(literal));
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(match parts.as_slice() {
            [Part::Column(column)] => Origin::Column(*column),
            _ => Origin::Template(parts),
        })
    }

    /// True or false: itself, a value that says it, or a condition.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn flag(&mut self, node: &Node<'_>) -> Result<FlagSpec, MappingError> {
        if let Some(flag) = node.as_flag() {
            return Ok(FlagSpec::Constant(flag));
        }
        let is_condition = |node: &Node<'_>| {
            node.entries().is_ok_and(|entries| entries.iter().any(|entry| TEST_KEYS.contains(&entry.key)))
        };
        let decides = if node.is_list() { node.one_or_more()?.iter().all(is_condition) } else { is_condition(node) };
        if decides {
            return self.condition(node).map(FlagSpec::When);
        }
        self.value(node, None).map(FlagSpec::Value)
    }

    /// A condition, or a list of conditions that must all hold.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn condition(&mut self, node: &Node<'_>) -> Result<Condition, MappingError> {
        if node.is_list() {
            return self.conditions(node).map(Condition::All);
        }
        let keys = node.typed_keys("a condition", &CONDITION_KEYS, "a table, or a list of tables")?;
        let advice = "give is, is_not, empty, or any";
        let Some(test) = keys.one_of(&TEST_KEYS)? else {
            return Err(MappingError::MissingKey { at: keys.at.clone(), table: "a condition", key: "is", advice });
        };
        if test.key == "any" {
            if let Some(other) = ORIGIN_KEYS.into_iter().find(|&key| keys.get(key).is_some()) {
                return Err(MappingError::Conflict { at: keys.at.clone(), first: "any", second: other });
            }
            return self.conditions(&test).map(Condition::Any);
        }
        let origin = self.origin(&keys)?;
        let patterns = |node: &Node<'_>| -> Result<Vec<Pattern>, MappingError> {
            Ok(node.scalars()?.iter().map(|text| Pattern::new(text)).collect())
        };
        let test = match test.key {
            "is" => Test::Is(patterns(&test)?),
            "is_not" => Test::IsNot(patterns(&test)?),
            _ => Test::Empty(test.flag()?),
        };
        Ok(Condition::Test(origin, test))
    }

    fn conditions(&mut self, node: &Node<'_>) -> Result<Vec<Condition>, MappingError> {
        node.one_or_more()?.iter().map(|node| self.condition(node)).collect()
    }

    /// A time, or times of which the first counts that is there. `usual` are the formats of those that name none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn times(&mut self, node: &Node<'_>, usual: &[TimeFormat]) -> Result<Vec<TimeSpec>, MappingError> {
        node.one_or_more()?.iter().map(|node| self.time(node, usual)).collect()
    }

    fn time(&mut self, node: &Node<'_>, usual: &[TimeFormat]) -> Result<TimeSpec, MappingError> {
        let line = node.at().line;
        let plain = |origin| TimeSpec { line, origin, formats: usual.to_vec(), zone: None, needed: false };
        let time = if node.is_text() {
            plain(self.template(node)?)
        } else {
            let keys = node.typed_keys("a time", &TIME_KEYS, "a text, a table, or a list of these")?;
            let mut time = plain(self.origin(&keys)?);
            if let Some(node) = keys.get("format") {
                time.formats = formats(&node)?;
            }
            time.zone = keys.get("zone").map(|node| zone(&node)).transpose()?;
            if let Some(node) = keys.get("empty") {
                time.needed = match node.text()? {
                    "reject" => true,
                    "leave_out" => false,
                    other => return Err(node.bad_value(other, "give \"leave_out\" or \"reject\"")),
                };
            }
            time
        };
        if let Origin::Constant(text) = &time.origin {
            return Err(node.bad_value(text, "a time names a column, as in \"{CREATED_AT}\""));
        }
        Ok(time)
    }
}

/// One or more formats of times.
///
/// # Errors
/// [`MappingError::BadTimeFormat`].
pub fn formats(node: &Node<'_>) -> Result<Vec<TimeFormat>, MappingError> {
    let format = |node: &Node<'_>| {
        let text = node.text()?;
        TimeFormat::new(text).map_err(|advice| MappingError::BadTimeFormat {
            at: node.at(),
            format: text.to_owned(),
            advice,
        })
    };
    node.one_or_more()?.iter().map(format).collect()
}

/// A time zone.
///
/// # Errors
/// [`MappingError::BadZone`].
pub fn zone(node: &Node<'_>) -> Result<Zone, MappingError> {
    let name = node.text()?;
    Zone::parse(name).map_err(|source| MappingError::BadZone { at: node.at(), name: name.to_owned(), source })
}

fn map(node: &Node<'_>, known: Option<&Known>) -> Result<ValueMap, MappingError> {
    let mut map = ValueMap::default();
    for entry in node.entries()? {
        let value = entry.scalar()?;
        if let Some(known) = known {
            known.check(&value, entry.at())?;
        }
        if !map.insert(entry.key, value) {
            return Err(entry.bad_value(entry.key, "the map has this key twice; upper and lower case are the same"));
        }
    }
    Ok(map)
}

fn otherwise(node: &Node<'_>) -> Result<Otherwise, MappingError> {
    let name = node.text()?;
    Otherwise::ALL.iter().copied().find(|choice| choice.as_str() == name).ok_or_else(|| {
        let names: Vec<&str> = Otherwise::ALL.iter().map(|choice| choice.as_str()).collect();
        MappingError::UnknownName {
            at: node.at(),
            what: "choice for values that are not in the map",
            name: name.to_owned(),
            advice: advice(name, &names),
        }
    })
}

/// The keys of a path: parted by dots, a backslash before a dot that belongs to a key. At least one.
fn keys_of(path: &str) -> Vec<String> {
    let (mut keys, mut key) = (Vec::new(), String::new());
    for piece in path.split('.') {
        match piece.strip_suffix('\\') {
            Some(beginning) => {
                key.push_str(beginning);
                key.push('.');
            }
            None => {
                key.push_str(piece);
                keys.push(std::mem::take(&mut key));
            }
        }
    }
    if !key.is_empty() {
        keys.push(key);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_parted_by_dots() {
        assert_eq!(keys_of("id"), ["id"]);
        assert_eq!(keys_of("a.0.b c"), ["a", "0", "b c"]);
        assert_eq!(keys_of(r"a\.b.c"), ["a.b", "c"]);
    }
}
