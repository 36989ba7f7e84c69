//! What reads an input: the format that is recognised or named, or the user's mapping.

use std::sync::Arc;

use serde_json::Value;

use super::mapping::Mapping;
use super::{AUTO, FORMATS, Format, FormatSettings, Head, Opening, by_name, choose};
use crate::error::IngestError;

/// What goes for a format's name where a mapping reads.
pub const MAPPING: &str = "mapping";

/// What the user says about the format of the inputs.
#[derive(Clone)]
pub enum Choice {
    /// Nothing: each input is recognised from its content.
    Recognised,
    /// Its name.
    Named(&'static dyn Format),
    /// How to map the inputs.
    Mapped(Arc<Mapping>),
}

/// An input made ready to be read.
pub struct Opened {
    /// How it will be read.
    pub opening: Opening,
    /// Name of the format.
    pub format: &'static str,
    /// Whether the input has to be surveyed first, see [`Format::surveys`].
    pub surveys: bool,
    /// Whether there are events that close a conversation.
    pub has_closes: bool,
}

impl Choice {
    /// Of a name of a format, or [`AUTO`], and of a mapping.
    ///
    /// # Errors
    /// [`IngestError::UnknownFormat`]; [`IngestError::BadOption`] if name and mapping do not go together.
    pub fn of(name: &str, mapping: Option<&Arc<Mapping>>) -> Result<Self, IngestError> {
        let bad = |advice| IngestError::BadOption { option: "the format", value: name.to_owned(), advice };
        match (name, mapping) {
            (AUTO | MAPPING, Some(mapping)) => Ok(Self::Mapped(Arc::clone(mapping))),
            (_, Some(_)) => Err(bad("leave it out where a mapping file is given")),
            (AUTO, None) => Ok(Self::Recognised),
            (MAPPING, None) => Err(bad("give the mapping file (--mapping)")),
            (name, None) => by_name(name).map(Self::Named),
        }
    }

    /// Whether inputs may have to be surveyed.
    pub fn may_survey(&self) -> bool {
        match self {
            Self::Recognised => FORMATS.iter().any(|format| format.surveys()),
            Self::Named(format) => format.surveys(),
            Self::Mapped(_) => false,
        }
    }

    /// Makes ready to read an input.
    ///
    /// # Errors
    /// It is not recognised; what keeps it from being read.
    pub fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opened, IngestError> {
        let format = match self {
            Self::Recognised => choose(AUTO, head)?,
            Self::Named(format) => *format,
            Self::Mapped(mapping) => {
                let (opening, has_closes) = (mapping.open(head, settings)?, mapping.has_closes());
                return Ok(Opened { opening, format: MAPPING, surveys: false, has_closes });
            }
        };
        let info = format.info();
        let opening = format.open(head, settings)?;
        Ok(Opened { opening, format: info.name, surveys: format.surveys(), has_closes: info.has_closes })
    }
}

/// Whether a whole text is `[]`, or a page of some format without records: there is nothing to read in it, and nothing
/// that says its format. What has an `id` is a record and no page.
pub fn is_without_records(text: &[u8]) -> bool {
    match serde_json::from_slice(text) {
        Ok(Value::Array(list)) => list.is_empty(),
        Ok(Value::Object(page)) => {
            let is_empty = |key: &&str| page.get(*key).and_then(Value::as_array).is_some_and(Vec::is_empty);
            let has_no_list = page.values().all(|value| value.as_array().is_none_or(Vec::is_empty));
            has_no_list && !page.contains_key("id") && FORMATS.iter().any(|format| format.pages().iter().any(is_empty))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, mapping: Option<&Arc<Mapping>>) -> String {
        match Choice::of(name, mapping) {
            Ok(Choice::Recognised) => "recognised".to_owned(),
            Ok(Choice::Named(format)) => format.info().name.to_owned(),
            Ok(Choice::Mapped(_)) => "mapped".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_mapping_and_a_format_exclude_each_other() {
        let text = "[[event]]\ntype = \"closed\"\nid = \"closed:{id}\"\ntime = { column = \"at\" }\n\
                    conversation_id = { column = \"id\" }\n";
        let mapping = Arc::new(Mapping::parse(text, "m.toml").unwrap());
        for name in ["auto", "mapping"] {
            assert_eq!(of(name, Some(&mapping)), "mapped");
        }
        assert_eq!(of("events", Some(&mapping)), "the format is events; leave it out where a mapping file is given");
        assert_eq!(of("auto", None), "recognised");
        assert_eq!(of("events", None), "events");
        assert_eq!(of("mapping", None), "the format is mapping; give the mapping file (--mapping)");
        assert!(of("zip", None).starts_with("no format is named \"zip\"; known: auto, "));
        let near = "no format is named \"zendek\"; did you mean zendesk? known: auto, ";
        assert!(of("zendek", None).starts_with(near));
    }
}
