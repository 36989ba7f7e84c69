//! A mapping file to what it says: its sections, and what every event needs.

use std::sync::Arc;

use tapemeasure_model::event::EventType;

use super::document::{Document, Keys, Node};
use super::error::{MappingError, advice};
use super::patterns::ValueMap;
use super::spec::{
    Each, EventSpec, InputSpec, Layout, Origin, Spec, ValueSpec, author_names, direction_names, type_names,
};
use super::time::TimeFormat;
use super::values::{Known, Scope, formats, zone};
use crate::formats::adapter::names::Names;

const ROOT_KEYS: &[&str] = &["input", "people", "fields", "event"];

const INPUT_KEYS: &[&str] =
    &["layout", "delimiter", "columns", "under", "nulls", "zone", "time_format", "closes", "when"];

const PEOPLE_KEYS: &[&str] = &["agents", "bots"];

/// Fields that may stand in `[fields]` and in `[[event]]`; the names of kpi-rules stand for the short ones too.
const FIELD_KEYS: &[&str] = &[
    "id",
    "event_id",
    "time",
    "occurred_at",
    "source",
    "conversation_id",
    "contact_id",
    "channel",
    "direction",
    "author",
    "agent_id",
    "team",
    "topic",
    "private",
    "automated",
    "target_event_id",
    "body",
];

/// Keys of an event beside its fields.
const EVENT_KEYS: &[&str] = &["type", "event_type", "each", "when"];

/// What an element of a list is called if the mapping does not say.
const ITEM: &str = "item";

/// Reads a mapping file.
///
/// # Errors
/// What is wrong with it, the first mistake only.
pub fn spec(text: &str, name: &str) -> Result<Spec, MappingError> {
    let document = Document { name: name.into(), text };
    let table = document.table()?;
    let root = Keys::root(&document, table.get_ref(), ROOT_KEYS)?;
    let mut scope = Scope::default();
    let (input, usual) = match root.get("input") {
        Some(node) => input(&node, &mut scope)?,
        None => (InputSpec { delimiter: b',', ..InputSpec::default() }, vec![TimeFormat::Rfc3339]),
    };
    let (mut agents, mut bots) = (Names::default(), Names::default());
    if let Some(node) = root.get("people") {
        let keys = node.keys("[people]", PEOPLE_KEYS)?;
        for (key, names) in [("agents", &mut agents), ("bots", &mut bots)] {
            if let Some(node) = keys.get(key) {
                *names = Names::new(node.scalars()?);
            }
        }
    }
    let shared = root.get("fields").map(|node| node.keys("[fields]", FIELD_KEYS)).transpose()?;
    let Some(events) = root.get("event") else {
        return Err(MappingError::NoEvents { mapping: Arc::clone(&document.name) });
    };
    let known: Vec<&str> = EVENT_KEYS.iter().chain(FIELD_KEYS).copied().collect();
    let mut specs = Vec::new();
    for node in events.one_or_more()? {
        let keys = node.keys("[[event]]", &known)?;
        let event = EventReader { keys: &keys, shared: shared.as_ref(), usual: &usual, scope: &mut scope }.read()?;
        check(&event, &specs, &scope, &keys)?;
        specs.push(event);
    }
    let Scope { columns, people_line, .. } = scope;
    Ok(Spec { input, agents, bots, people_line, columns, events: specs })
}

/// Reads `[input]`; gives the usual formats of times besides.
fn input(node: &Node<'_>, scope: &mut Scope) -> Result<(InputSpec, Vec<TimeFormat>), MappingError> {
    let keys = node.keys("[input]", INPUT_KEYS)?;
    let mut input = InputSpec { delimiter: b',', ..InputSpec::default() };
    if let Some(node) = keys.get("layout") {
        input.layout = Some((layout(&node)?, node.at().line));
    }
    if let Some(node) = keys.get("delimiter") {
        let text = node.text()?;
        match text.as_bytes() {
            &[byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => input.delimiter = byte,
            _ => return Err(node.bad_value(text, "give one character, such as \";\" or \"\\t\"")),
        }
    }
    if let Some(node) = keys.get("columns") {
        input.columns = Some(node.scalars()?);
    }
    if let Some(node) = keys.get("under") {
        input.under = kept(node.scalars()?);
    }
    if let Some(node) = keys.get("nulls") {
        input.nulls = node.scalars()?;
    }
    input.closes = keys.get("closes").map(|node| node.flag()).transpose()?;
    input.zone = keys.get("zone").map(|node| zone(&node)).transpose()?;
    input.when = keys.get("when").map(|node| scope.condition(&node)).transpose()?;
    let usual = keys.get("time_format").map_or_else(|| Ok(vec![TimeFormat::Rfc3339]), |node| formats(&node))?;
    Ok((input, usual))
}

/// Keys for as long as the program runs; see [`InputSpec::under`].
fn kept(keys: Vec<String>) -> &'static [&'static str] {
    let keys: Vec<&'static str> = keys.into_iter().map(|key| -> &'static str { key.leak() }).collect();
    keys.leak()
}

fn layout(node: &Node<'_>) -> Result<Layout, MappingError> {
    let name = node.text()?;
    Layout::ALL.iter().copied().find(|layout| layout.as_str() == name).ok_or_else(|| {
        let names: Vec<&str> = Layout::ALL.iter().map(|layout| layout.as_str()).collect();
        MappingError::UnknownName { at: node.at(), what: "layout", name: name.to_owned(), advice: advice(name, &names) }
    })
}

/// Reads one `[[event]]`. What it does not say, `[fields]` may.
struct EventReader<'a, 'd> {
    keys: &'a Keys<'d>,
    shared: Option<&'a Keys<'d>>,
    usual: &'a [TimeFormat],
    scope: &'a mut Scope,
}

impl<'d> EventReader<'_, 'd> {
    fn read(mut self) -> Result<EventSpec, MappingError> {
        self.scope.items.clear();
        let each = self.each()?;
        let when = self.keys.get("when").map(|node| self.scope.condition(&node)).transpose()?;
        let types = Known { what: "type of event", names: type_names() };
        let Some(event_type) = self.keys.one_of(&["type", "event_type"])? else {
            let advice = "say what a row is: message, opened, closed, ...";
            return Err(MappingError::MissingKey { at: self.keys.at.clone(), table: "[[event]]", key: "type", advice });
        };
        let event_type = self.scope.value(&event_type, Some(&types))?;
        let time = self.needed(&["time", "occurred_at"], "say when it happened, as in { column = \"CREATED_AT\" }")?;
        let times = self.scope.times(&time, self.usual)?;
        let id = self.needed(&["id", "event_id"], "make one of columns, as in \"opened:{TICKET}\"")?;
        let id = self.scope.value(&id, None)?;
        let directions = Known { what: "direction", names: direction_names() };
        let authors = Known { what: "author", names: author_names() };
        Ok(EventSpec {
            line: self.keys.at.line,
            each,
            when,
            event_type,
            times,
            id,
            source: self.value("source", None)?,
            conversation_id: self.value("conversation_id", None)?,
            contact_id: self.value("contact_id", None)?,
            channel: self.value("channel", None)?,
            direction: self.value("direction", Some(&directions))?.map(of_role),
            author: self.value("author", Some(&authors))?,
            agent_id: self.value("agent_id", None)?,
            team: self.value("team", None)?,
            topic: self.value("topic", None)?,
            private: self.field("private").map(|node| self.scope.flag(&node)).transpose()?,
            automated: self.field("automated").map(|node| self.scope.flag(&node)).transpose()?,
            target_event_id: self.value("target_event_id", None)?,
            body: self.value("body", None)?,
        })
    }

    /// The lists, outermost first. Each may begin in the element of one before it.
    fn each(&mut self) -> Result<Vec<Each>, MappingError> {
        let Some(node) = self.keys.get("each") else { return Ok(Vec::new()) };
        let mut lists: Vec<Each> = Vec::new();
        for node in node.one_or_more()? {
            let (list, name) = if node.is_text() {
                (self.scope.list(&node)?, ITEM.to_owned())
            } else {
                let keys = node.typed_keys("a list", &["list", "as"], "a path, or a table with list and as")?;
                let list = keys.needed("list", "give the path of the list")?;
                let name = keys.get("as").map_or(Ok(ITEM), |node| node.text())?;
                if name.is_empty() || name.contains('.') {
                    return Err(node.bad_value(name, "call the element by a word without dots"));
                }
                (self.scope.list(&list)?, name.to_owned())
            };
            if lists.iter().any(|each| each.name == name) {
                return Err(node.bad_value(&name, "an element of another list is called so; give it another name"));
            }
            self.scope.items.push(name.clone());
            lists.push(Each { list, name });
        }
        Ok(lists)
    }

    /// A field of the event, or of all events.
    fn field(&self, key: &'static str) -> Option<Node<'d>> {
        self.keys.get(key).or_else(|| self.shared.and_then(|shared| shared.get(key)))
    }

    fn value(&mut self, key: &'static str, known: Option<&Known>) -> Result<Option<ValueSpec>, MappingError> {
        self.field(key).map(|node| self.scope.value(&node, known)).transpose()
    }

    /// A field without which nothing is an event, under one of its names.
    fn needed(&self, names: &[&'static str; 2], advice: &'static str) -> Result<Node<'d>, MappingError> {
        if let Some(node) = self.keys.one_of(names)? {
            return Ok(node);
        }
        if let Some(shared) = self.shared
            && let Some(node) = shared.one_of(names)?
        {
            return Ok(node);
        }
        Err(MappingError::MissingKey { at: self.keys.at.clone(), table: "[[event]]", key: names[0], advice })
    }
}

/// A direction that is asked of a role: the contact's messages come in, the others go out.
fn of_role(mut value: ValueSpec) -> ValueSpec {
    value.origin = match value.origin {
        Origin::FirstOf(values) => Origin::FirstOf(values.into_iter().map(of_role).collect()),
        origin => origin,
    };
    if value.map.is_none() && matches!(value.origin, Origin::RoleOf(_)) {
        let mut map = ValueMap::default();
        for (role, direction) in [("agent", "outbound"), ("bot", "outbound"), ("contact", "inbound")] {
            map.insert(role, direction.to_owned());
        }
        value.map = Some(map);
    }
    value
}

/// Checks what an event needs, and its id against those of the events before it.
fn check(event: &EventSpec, before: &[EventSpec], scope: &Scope, keys: &Keys<'_>) -> Result<(), MappingError> {
    let at = || keys.at.clone();
    let possible = event.event_type.possible().unwrap_or_default();
    let types: Vec<EventType> = possible.iter().filter_map(|name| EventType::from_name(name)).collect();
    let missing = |key, advice| Err(MappingError::MissingKey { at: at(), table: "[[event]]", key, advice });
    let opts = |event_type: &EventType| matches!(event_type, EventType::OptedOut | EventType::OptedIn);
    // The empty text takes a shared field away.
    let lacks = |value: &Option<ValueSpec>| {
        value.as_ref().is_none_or(|value| value.constant() == Some("") && value.default.is_none())
    };
    if types.contains(&EventType::Message) {
        if lacks(&event.direction) {
            return missing("direction", "a message is inbound or outbound");
        }
        let inbound = event.direction.as_ref().and_then(ValueSpec::constant) == Some("inbound");
        if lacks(&event.author) && !inbound {
            return missing("author", "an outbound message is by an agent, bot or system");
        }
    }
    if types.contains(&EventType::Deleted) && lacks(&event.target_event_id) {
        return missing("target_event_id", "a deletion names the event that is gone");
    }
    if types.iter().any(opts) && lacks(&event.contact_id) {
        return missing("contact_id", "an opt-out or opt-in is somebody's");
    }
    if types.iter().any(|event_type| !opts(event_type)) && lacks(&event.conversation_id) {
        return missing("conversation_id", "say which ticket or thread it belongs to");
    }
    if !event.id.origin.any_column(&|_| true) {
        return Err(MappingError::ConstantId { at: at() });
    }
    if let Some(innermost) = event.each.last()
        && !event.id.origin.any_column(&|column| scope.columns[column.0].item == event.each.len())
    {
        return Err(MappingError::IdWithoutItem { at: at(), item: innermost.name.clone() });
    }
    match before.iter().find(|other| collide(event, other)) {
        Some(other) => Err(MappingError::SameId { at: at(), other_line: other.line }),
        None => Ok(()),
    }
}

/// Whether some record gives both events one id: the ids are made of the same, and one of the events is always given.
fn collide(a: &EventSpec, b: &EventSpec) -> bool {
    let always = |event: &EventSpec| event.when.is_none();
    let of_one_type = |event: &EventSpec| event.event_type.constant().is_some();
    let lists = |event: &EventSpec| event.each.iter().map(|each| each.list).collect::<Vec<_>>();
    let plain = |id: &ValueSpec| id.map.is_none() && id.when.is_none() && id.default.is_none() && id.strip.is_empty();
    let same = match (&a.id.origin, &b.id.origin) {
        (Origin::Column(one), Origin::Column(other)) => one == other,
        (Origin::Template(one), Origin::Template(other)) => one == other,
        (Origin::Pair(first, second), Origin::Pair(third, fourth)) => (first, second) == (third, fourth),
        _ => false,
    };
    same && plain(&a.id)
        && plain(&b.id)
        && (a.id.hash, a.id.lower) == (b.id.hash, b.id.lower)
        && of_one_type(a)
        && of_one_type(b)
        && lists(a) == lists(b)
        && (always(a) || always(b))
}
