//! Canonical events as JSON objects.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::record::{Raw, RawEvent, interpret};
use crate::error::IngestError;
use crate::formats::{BlockDecoder, FormatSettings, Sink};
use crate::inputs::Block;
use crate::quarantine::Reason;

/// Reads objects, whichever way they are framed. Blank lines are no records.
#[derive(Debug)]
pub struct LineDecoder {
    settings: FormatSettings,
}

impl LineDecoder {
    /// A decoder with the user's settings.
    pub fn new(settings: FormatSettings) -> Self {
        Self { settings }
    }
}

impl BlockDecoder for LineDecoder {
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError> {
        for (record, at) in block.records() {
            let raw = parse(record);
            match raw.as_ref().map_err(|reason| *reason).and_then(|raw| interpret(raw, &self.settings)) {
                Ok(event) => sink.event(&event, at)?,
                Err(reason) => sink.reject(reason, at, record)?,
            }
        }
        Ok(())
    }
}

/// Reads one object. The parser's own message is not kept: a reason is one of few, and the record is kept with it.
fn parse(record: &[u8]) -> Result<RawEvent<'_>, Reason> {
    // A struct may also be read from a list of its fields, which is no event.
    if record.first() != Some(&b'{') {
        return Err(Reason::NotAnObject);
    }
    serde_json::from_slice(record).map_err(|_| match std::str::from_utf8(record) {
        Ok(_) => Reason::BrokenJson,
        Err(_) => Reason::InvalidUtf8,
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor(PhantomData))
    }
}

/// Takes any value: what has the wrong type is told from what is broken.
struct RawVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for RawVisitor<'a> {
    type Value = Raw<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Raw<'a>, E> {
        Ok(Raw::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Raw<'a>, E> {
        Ok(Raw::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Raw<'a>, E> {
        Ok(Raw::Flag(flag))
    }

    fn visit_unit<E: Error>(self) -> Result<Raw<'a>, E> {
        Ok(Raw::Absent)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Raw<'a>, E> {
        Ok(Raw::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Raw<'a>, E> {
        Ok(Raw::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Raw<'a>, E> {
        Ok(Raw::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Raw::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Raw<'a>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Raw::Other)
    }
}

#[cfg(test)]
mod tests;
