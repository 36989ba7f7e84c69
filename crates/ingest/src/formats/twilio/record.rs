//! A message as Twilio writes it.

use serde::Deserialize;

use crate::error::IngestError;
use crate::formats::adapter::csv::{Columns, Row};
use crate::formats::adapter::scalar::Scalar;
use crate::quarantine::Reason;

/// A message. Absent, null and empty are the same in every field.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Message<'a> {
    /// Identity over all accounts.
    #[serde(borrow, default)]
    pub sid: Scalar<'a>,
    /// `inbound`, `outbound-api`, `outbound-call`, `outbound-reply`.
    #[serde(borrow, default)]
    pub direction: Scalar<'a>,
    /// Address of the sender, with the channel before it where that is not SMS: `whatsapp:+15005550006`.
    #[serde(borrow, default)]
    pub from: Scalar<'a>,
    /// Address of the receiver, likewise.
    #[serde(borrow, default)]
    pub to: Scalar<'a>,
    /// How far it got: `delivered`, `failed`, `queued`, ...
    #[serde(borrow, default)]
    pub status: Scalar<'a>,
    /// When it was sent or came in; null while it waits.
    #[serde(borrow, default)]
    pub date_sent: Scalar<'a>,
    /// When Twilio took it.
    #[serde(borrow, default)]
    pub date_created: Scalar<'a>,
    /// Text; empty where it is only media.
    #[serde(borrow, default)]
    pub body: Scalar<'a>,
    /// What Twilio did with a keyword: `STOP`, `START`, `HELP`. Only in what a webhook of a messaging service got.
    #[serde(borrow, default, alias = "OptOutType")]
    pub opt_out_type: Scalar<'a>,
}

/// The columns of the console's CSV, counted from 0.
#[derive(Debug, Clone)]
pub struct Fields {
    sid: usize,
    direction: usize,
    from: usize,
    to: usize,
    status: Option<usize>,
    sent: usize,
    body: Option<usize>,
    opt_out_type: Option<usize>,
}

impl Fields {
    /// Finds the columns.
    ///
    /// # Errors
    /// [`IngestError::MissingColumn`].
    pub fn find(columns: &Columns, input: &str) -> Result<Self, IngestError> {
        Ok(Self {
            sid: columns.needed("Sid", input)?,
            direction: columns.needed("Direction", input)?,
            from: columns.needed("From", input)?,
            to: columns.needed("To", input)?,
            status: columns.find("Status"),
            sent: columns.needed("SentDate", input)?,
            body: columns.find("Body"),
            opt_out_type: columns.find("OptOutType"),
        })
    }

    /// Reads a row.
    ///
    /// # Errors
    /// [`Reason::InvalidUtf8`].
    pub fn read<'a>(&self, row: &'a Row<'_>) -> Result<Message<'a>, Reason> {
        let text = |column: Option<usize>| -> Result<Scalar<'a>, Reason> { row.text(column).map(Scalar::of) };
        Ok(Message {
            sid: text(Some(self.sid))?,
            direction: text(Some(self.direction))?,
            from: text(Some(self.from))?,
            to: text(Some(self.to))?,
            status: text(self.status)?,
            date_sent: text(Some(self.sent))?,
            date_created: Scalar::default(),
            // As it stands, so that it is the same text as in JSON.
            body: Scalar::of(row.raw(self.body)?),
            opt_out_type: text(self.opt_out_type)?,
        })
    }
}
