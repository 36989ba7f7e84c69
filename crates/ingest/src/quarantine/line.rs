//! A rejected record as it is kept: a line of a quarantine file.

use std::borrow::Cow;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use serde::{Deserialize, Serialize};

/// What is known of an input and is needed to read a record of it by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputFacts {
    /// Name of the format that it is read in.
    pub format: &'static str,
    /// The header of a CSV, without its line end; none in other layouts.
    pub header: Option<String>,
    /// The source that the user gave for it; none if the user gave none.
    pub source: Option<String>,
}

/// A rejected record: where it stood, why it is no event, and the record itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Name of the input.
    pub file: String,
    /// Line from 1 on which it begins; in Parquet its row from 1.
    pub line: u64,
    /// Byte of the decompressed input at which it begins; none in Parquet.
    pub byte: Option<u64>,
    /// Why it is no event.
    pub reason: String,
    /// The record; bytes that are no UTF-8 are replaced by U+FFFD.
    pub record: String,
    /// The bytes of a record that is no UTF-8, in base64 (RFC 4648, section 4); none if `record` is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_base64: Option<String>,
    /// Name of the format that it was read in; none if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The header of its CSV; none in other layouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The source that the user gave for its input; none if the user gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Rejected {
    /// Keeps bytes as a record: as text, and as they are where text cannot hold them.
    pub(super) fn keep(&mut self, record: &[u8]) {
        match std::str::from_utf8(record) {
            Ok(text) => {
                self.record = text.to_owned();
                self.record_base64 = None;
            }
            Err(_) => {
                self.record = String::from_utf8_lossy(record).into_owned();
                self.record_base64 = Some(STANDARD.encode(record));
            }
        }
    }

    /// The bytes of the record.
    ///
    /// # Errors
    /// `record_base64` is no base64, which only an edit can do.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, DecodeError> {
        match &self.record_base64 {
            Some(text) => STANDARD.decode(text).map(Cow::Owned),
            None => Ok(Cow::Borrowed(self.record.as_bytes())),
        }
    }

    /// Input, line, byte and reason, for a message.
    pub fn place(&self) -> String {
        let byte = self.byte.map(|byte| format!(", byte {byte}")).unwrap_or_default();
        format!("{}, line {}{byte}: {}", self.file, self.line, self.reason)
    }

    /// Whether both are the same record: one of which several parts were rejected is kept once for each.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.file == other.file
            && self.line == other.line
            && self.byte == other.byte
            && self.record == other.record
            && self.record_base64 == other.record_base64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected() -> Rejected {
        Rejected {
            file: "a.csv".to_owned(),
            line: 3,
            byte: Some(90),
            reason: "broken JSON".to_owned(),
            record: String::new(),
            record_base64: None,
            format: None,
            header: None,
            source: None,
        }
    }

    #[test]
    fn bytes_are_kept_exactly() {
        for (bytes, text, base64) in
            [(&b"a,\"b"[..], "a,\"b", None), (&b"\xff\""[..], "\u{fffd}\"", Some("/yI=")), (&b""[..], "", None)]
        {
            let mut rejected = rejected();
            rejected.keep(bytes);
            assert_eq!((rejected.record.as_str(), rejected.record_base64.as_deref()), (text, base64));
            assert_eq!(rejected.bytes().unwrap(), bytes);
            let line = serde_json::to_string(&rejected).unwrap();
            assert_eq!(serde_json::from_str::<Rejected>(&line).unwrap(), rejected);
        }
    }

    #[test]
    fn a_line_of_an_older_program_is_read() {
        let line = r#"{"file":"a.csv","line":3,"byte":90,"reason":"broken JSON","record":""}"#;
        assert_eq!(serde_json::from_str::<Rejected>(line).unwrap(), rejected());
        assert_eq!(serde_json::to_string(&rejected()).unwrap(), line);
        assert_eq!(rejected().place(), "a.csv, line 3, byte 90: broken JSON");
    }
}
