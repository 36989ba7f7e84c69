//! What the values of a mapping are for a record, whichever layout it came in.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDateTime;
use tapemeasure_model::event::Author;
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::schema::col;

use super::Mapping;
use super::spec::{ColumnId, Condition, FlagSpec, Origin, Otherwise, Part, Spec, Test, ValueSpec};
use crate::formats::FormatSettings;
use crate::formats::adapter::names::Names;
use crate::quarantine::Reason;

/// A record, by its columns.
pub trait Fields {
    /// What a column holds, trimmed of spaces at both ends; `None` where it is null, empty or not there.
    ///
    /// # Errors
    /// [`Reason::InvalidUtf8`].
    fn get(&self, column: ColumnId) -> Result<Option<Value<'_>>, Reason>;
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A text, or a number or flag as its text; never empty.
    Text(Cow<'a, str>),
    /// A time, in microseconds since 1970 UTC.
    Instant(i64),
    /// A time on a clock that it does not name.
    Local(NaiveDateTime),
    /// A list or an object.
    Other,
}

impl<'a> Value<'a> {
    /// A text; `None` if nothing but spaces is in it.
    pub fn of_text(text: &'a str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then_some(Self::Text(Cow::Borrowed(text)))
    }
}

/// Finds the values of records of one input.
#[derive(Debug)]
pub struct Evaluator {
    mapping: Arc<Mapping>,
    /// Who the user says are agents and bots, beside those of the mapping.
    agents: Names,
    bots: Names,
}

impl Evaluator {
    /// By a mapping, and with the people whom the user names.
    pub fn new(mapping: &Arc<Mapping>, settings: &FormatSettings) -> Self {
        Self { mapping: Arc::clone(mapping), agents: settings.agents.clone(), bots: settings.bots.clone() }
    }

    /// The mapping.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    fn spec(&self) -> &Spec {
        self.mapping.spec()
    }

    /// Whether nobody is named, so that everybody would be a contact.
    pub fn knows_nobody(&self) -> bool {
        let spec = self.spec();
        [&spec.agents, &spec.bots, &self.agents, &self.bots].into_iter().all(Names::is_empty)
    }

    /// A name of a fixed list, by the function that knows them; `None` if the value is absent.
    ///
    /// # Errors
    /// [`Reason::UnknownName`] with the field's name, and those of [`text`](Self::text).
    pub fn name<F: Fields, T>(
        &self,
        value: &ValueSpec,
        fields: &F,
        field: &'static str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Reason> {
        match self.text(value, fields, field)? {
            None => Ok(None),
            Some(name) => of(&name).map(Some).ok_or(Reason::UnknownName(field)),
        }
    }

    /// True, or nothing: an event that is not private says nothing of it.
    ///
    /// # Errors
    /// [`Reason::WrongType`] with the field's name for a word that is neither true nor false.
    pub fn flag<F: Fields>(
        &self,
        flag: &Option<FlagSpec>,
        fields: &F,
        field: &'static str,
    ) -> Result<Option<bool>, Reason> {
        let holds = match flag {
            None => false,
            Some(FlagSpec::Constant(flag)) => *flag,
            Some(FlagSpec::When(condition)) => self.holds(condition, fields)?,
            Some(FlagSpec::Value(value)) => match self.text(value, fields, field)? {
                None => false,
                Some(text) => truth(&text).ok_or(Reason::WrongType(field))?,
            },
        };
        Ok(holds.then_some(true))
    }

    /// The text of a value; `None` if it is absent or empty.
    ///
    /// # Errors
    /// [`Reason::UnknownName`] if the mapping rejects it, [`Reason::WrongType`] for lists and objects, with the field's
    /// name; [`Reason::InvalidUtf8`].
    pub fn text<'a, F: Fields>(
        &'a self,
        value: &'a ValueSpec,
        fields: &'a F,
        field: &'static str,
    ) -> Result<Option<Cow<'a, str>>, Reason> {
        if let (Origin::Column(column), true) = (&value.origin, value.is_plain()) {
            return self.plain(fields, *column, field);
        }
        let counts = match &value.when {
            Some(when) => self.holds(when, fields)?,
            None => true,
        };
        let mut text = if counts { self.origin(&value.origin, fields, field)? } else { None };
        if !value.strip.is_empty() {
            text = text.map(|text| stripped(text, &value.strip)).filter(|text| !text.is_empty());
        }
        if value.lower {
            text = text.map(|text| Cow::Owned(text.to_lowercase()));
        }
        let mut text = match text {
            Some(text) => mapped(value, text, field)?,
            None => None,
        };
        if value.hash {
            text = text.map(|text| Cow::Owned(blake3::hash(text.as_bytes()).to_hex()[..HASH_DIGITS].to_owned()));
        }
        let text = text.or_else(|| value.default.as_deref().map(Cow::Borrowed));
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// What stands where a value comes from, times as they are.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn found<'a, F: Fields>(
        &'a self,
        origin: &'a Origin,
        fields: &'a F,
        field: &'static str,
    ) -> Result<Option<Value<'a>>, Reason> {
        match origin {
            Origin::Column(column) => self.get(fields, *column),
            origin => Ok(self.origin(origin, fields, field)?.map(Value::Text)),
        }
    }

    /// What stands where a value comes from, as text.
    fn origin<'a, F: Fields>(
        &'a self,
        origin: &'a Origin,
        fields: &'a F,
        field: &'static str,
    ) -> Result<Option<Cow<'a, str>>, Reason> {
        match origin {
            Origin::Constant(text) => Ok(Some(Cow::Borrowed(text.as_str()))),
            Origin::Column(column) => self.plain(fields, *column, field),
            Origin::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Column(column) => match self.plain(fields, *column, field)? {
                            Some(value) => text.push_str(&value),
                            None => return Ok(None),
                        },
                    }
                }
                Ok(Some(Cow::Owned(text)))
            }
            Origin::Pair(a, b) => match (self.plain(fields, *a, field)?, self.plain(fields, *b, field)?) {
                (Some(a), Some(b)) if a <= b => Ok(Some(Cow::Owned(format!("{a}:{b}")))),
                (Some(a), Some(b)) => Ok(Some(Cow::Owned(format!("{b}:{a}")))),
                _ => Ok(None),
            },
            Origin::FirstOf(values) => {
                for value in values {
                    let text = self.text(value, fields, field)?;
                    if text.is_some() {
                        return Ok(text);
                    }
                }
                Ok(None)
            }
            Origin::RoleOf(column) => {
                let person = self.plain(fields, *column, field)?;
                Ok(person.map(|person| Cow::Borrowed(self.role(&person).as_str())))
            }
            Origin::ContactOf(columns) => self.first_with_role(Author::Contact, columns, fields, field),
            Origin::AgentOf(columns) => self.first_with_role(Author::Agent, columns, fields, field),
        }
    }

    fn first_with_role<'a, F: Fields>(
        &'a self,
        role: Author,
        columns: &[ColumnId],
        fields: &'a F,
        field: &'static str,
    ) -> Result<Option<Cow<'a, str>>, Reason> {
        for column in columns {
            if let Some(person) = self.plain(fields, *column, field)?
                && self.role(&person) == role
            {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }

    /// What a person is: a bot goes before an agent, so that a bot of the company's domain is one.
    fn role(&self, person: &str) -> Author {
        let spec = self.spec();
        let address = address_of(person);
        let named = |names: &Names| !names.is_empty() && (names.contains(person) || names.contains_address(address));
        if named(&spec.bots) || named(&self.bots) {
            Author::Bot
        } else if named(&spec.agents) || named(&self.agents) {
            Author::Agent
        } else {
            Author::Contact
        }
    }

    /// The text of a column.
    fn plain<'a, F: Fields>(
        &self,
        fields: &'a F,
        column: ColumnId,
        field: &'static str,
    ) -> Result<Option<Cow<'a, str>>, Reason> {
        match self.get(fields, column)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Instant(us)) => Ok(Some(Cow::Owned(format_instant(us)))),
            Some(Value::Local(local)) => Ok(Some(Cow::Owned(local.format("%Y-%m-%dT%H:%M:%S%.f").to_string()))),
            Some(Value::Other) => Err(Reason::WrongType(field)),
        }
    }

    /// What stands in a column, if it is not one of the texts that mean nothing.
    fn get<'a, F: Fields>(&self, fields: &'a F, column: ColumnId) -> Result<Option<Value<'a>>, Reason> {
        let nulls = &self.spec().input.nulls;
        let value = fields.get(column)?;
        Ok(value.filter(|value| !matches!(value, Value::Text(text) if nulls.iter().any(|null| *null == **text))))
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn holds<F: Fields>(&self, condition: &Condition, fields: &F) -> Result<bool, Reason> {
        match condition {
            Condition::All(conditions) => {
                for condition in conditions {
                    if !self.holds(condition, fields)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Any(conditions) => {
                for condition in conditions {
                    if self.holds(condition, fields)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Test(origin, test) => {
                let value = self.found(origin, fields, col::EVENT_TYPE)?;
                // A list or an object is there, and is none of any texts.
                let text = match &value {
                    Some(Value::Text(text)) => Some(&**text),
                    _ => None,
                };
                Ok(match test {
                    Test::Is(patterns) => text.is_some_and(|text| patterns.iter().any(|own| own.matches(text))),
                    Test::IsNot(patterns) => text.is_none_or(|text| !patterns.iter().any(|own| own.matches(text))),
                    Test::Empty(empty) => value.is_none() == *empty,
                })
            }
        }
    }
}

/// Hexadecimal digits of a hash that are kept: 128 bits, of which no two of a trillion ids are likely to be the same.
const HASH_DIGITS: usize = 32;

/// A text without what is to be taken off its front; upper and lower case of ASCII letters are the same.
fn stripped<'a>(text: Cow<'a, str>, fronts: &[String]) -> Cow<'a, str> {
    let has = |front: &&String| text.get(..front.len()).is_some_and(|own| own.eq_ignore_ascii_case(front));
    let Some(length) = fronts.iter().find(has).map(String::len) else { return text };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[length..]),
        Cow::Owned(text) => Cow::Owned(text[length..].to_owned()),
    }
}

/// The address in `Mia <mia@shop.example>`; any other text is itself.
fn address_of(person: &str) -> &str {
    let address = person.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    address.map_or(person, |(_, address)| address.trim())
}

/// What stands for a value.
fn mapped<'a>(value: &'a ValueSpec, text: Cow<'a, str>, field: &'static str) -> Result<Option<Cow<'a, str>>, Reason> {
    let Some(map) = &value.map else { return Ok(Some(text)) };
    match (map.get(&text), value.otherwise) {
        (Some(target), _) => Ok(Some(Cow::Borrowed(target))),
        (None, Otherwise::Keep) => Ok(Some(text)),
        (None, Otherwise::Null) => Ok(None),
        (None, Otherwise::Reject) => Err(Reason::UnknownName(field)),
    }
}

/// The ways to write true and false that exports have.
fn truth(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(&["true", "1", "yes", "t", "y"]) {
        Some(true)
    } else if is(&["false", "0", "no", "f", "n"]) {
        Some(false)
    } else {
        None
    }
}
