//! A mail as its header fields and its text: decoding, no meaning (RFC 5322; RFC 2045 to 2047).

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, HeaderValue, MessageParser, PartType};
use memchr::memchr;

use crate::inputs::{has_clock, is_separator};

/// The header fields that say something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Who wrote it.
    From,
    /// To whom.
    To,
    /// To whom besides.
    Cc,
    /// To whom in secret; in copies that the sender keeps.
    Bcc,
    /// Whom answers go to.
    ReplyTo,
    /// When it was written.
    Date,
    /// What about.
    Subject,
    /// Its id.
    MessageId,
    /// Ids of what it answers.
    InReplyTo,
    /// Ids of the thread, from the first message on.
    References,
    /// Where it was to be sent back to, as the last server noted it.
    ReturnPath,
    /// What kind of content.
    ContentType,
    /// Whether a program sent it (RFC 3834).
    AutoSubmitted,
    /// The same in the old way.
    Precedence,
    /// The same in a way of some programs.
    XAutoreply,
    /// The same in a way of others.
    XAutorespond,
    /// Labels of a mail exported from Gmail.
    Labels,
}

/// The names of the fields, in the order of [`Field`].
const NAMES: [&str; 17] = [
    "from",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "date",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "return-path",
    "content-type",
    "auto-submitted",
    "precedence",
    "x-autoreply",
    "x-autorespond",
    "x-gmail-labels",
];

/// What the id of a mail without `Message-ID` is made of: what no server on the way changes.
const IDENTITY: [Field; 6] = [Field::From, Field::To, Field::Cc, Field::Date, Field::Subject, Field::InReplyTo];

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail<'a> {
    /// The `From ` line of mbox before it.
    envelope: Option<&'a [u8]>,
    /// Header and body.
    raw: &'a [u8],
    /// Values as they stand, with their line ends; of a field that is there twice the first.
    fields: [Option<&'a [u8]>; NAMES.len()],
}

impl<'a> Mail<'a> {
    /// Finds the header fields of a mail, with the `From ` line of mbox before it or without. Lines that are no fields
    /// are passed over.
    pub fn decode(record: &'a [u8]) -> Self {
        let record = record.trim_ascii_start();
        // `From : a@b` is a field with the blank that RFC 5322, section 4.5, knows from of old.
        let is_field = |rest: &[u8]| rest.trim_ascii_start().starts_with(b":");
        let (envelope, raw) = if record.strip_prefix(b"From ").is_some_and(|rest| !is_field(rest)) {
            let end = memchr(b'\n', record).map_or(record.len(), |place| place + 1);
            (Some(&record[..end]), &record[end..])
        } else {
            (None, record)
        };
        let mut fields = [None; NAMES.len()];
        let mut at = 0;
        while at < raw.len() && !is_blank(&raw[at..]) {
            let end = field_end(raw, at);
            if let Some((name, value)) = field(&raw[at..end])
                && let Some(place) = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes()))
                && fields[place].is_none()
            {
                fields[place] = Some(value);
            }
            at = end;
        }
        Self { envelope, raw, fields }
    }

    /// Whether this is the rest of the text of the mail before it, cut off at a line of it that begins with `From `, as
    /// mailboxes have it whose writer did not quote such lines. What follows such a line may be the header of a mail that
    /// the text quotes.
    pub fn is_remainder(&self) -> bool {
        self.envelope.is_some_and(|line| {
            !is_separator(line) && (self.value(Field::From).is_none() || !(names_sender(line) || has_clock(line)))
        })
    }

    /// A field in one line with single blanks. `None` if it is not there or blank.
    pub fn text(&self, field: Field) -> Option<String> {
        let text = String::from_utf8_lossy(self.value(field)?);
        let words: Vec<&str> = text.split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The addresses of a field, in lower case, also those in groups. What has no `@` is none.
    pub fn addresses(&self, field: Field) -> Vec<String> {
        let Some(value) = self.value(field) else { return Vec::new() };
        // The parser takes the last word only if its line ends.
        let line = [value.trim_ascii_end(), b"\n".as_slice()].concat();
        match MessageStream::new(&line).parse_address() {
            HeaderValue::Address(list) => list.iter().filter_map(address).collect(),
            _ => Vec::new(),
        }
    }

    /// The `Message-ID` without its angle brackets; for a mail without one a digest of fields that all its copies have.
    pub fn id(&self) -> String {
        self.first_id(Field::MessageId, "").unwrap_or_else(|| {
            let mut hasher = blake3::Hasher::new();
            for field in IDENTITY {
                hasher.update(self.text(field).unwrap_or_default().as_bytes());
                hasher.update(b"\n");
            }
            format!("headers:{}", &hasher.finalize().to_hex()[..32])
        })
    }

    /// The mail that this one, whose id is `own`, belongs under: the first of `References`, which is the root of the
    /// thread (RFC 5322, section 3.6.4), else the first of `In-Reply-To`.
    pub fn above(&self, own: &str) -> Option<String> {
        self.first_id(Field::References, own).or_else(|| self.first_id(Field::InReplyTo, own))
    }

    /// The text that is shown first; of a mail that has only HTML, the text of that. `None` if it has neither.
    ///
    /// `parser` has to know the fields of MIME.
    pub fn body(&self, parser: &MessageParser) -> Option<Cow<'a, str>> {
        let mut message = parser.parse(self.raw)?;
        let place = usize::try_from(*message.text_body.first()?).ok()?;
        if place >= message.parts.len() {
            return None;
        }
        match message.parts.swap_remove(place).body {
            PartType::Text(text) => Some(text),
            PartType::Html(html) => Some(Cow::Owned(html_to_text(&html))),
            _ => None,
        }
    }

    fn value(&self, field: Field) -> Option<&'a [u8]> {
        self.fields[field as usize]
    }

    /// The first id of a field that is not `other`.
    fn first_id(&self, field: Field, other: &str) -> Option<String> {
        let value = String::from_utf8_lossy(self.value(field)?);
        let mut rest: &str = &value;
        let mut bracketed = false;
        while let Some((id, behind)) = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
            bracketed = true;
            rest = behind;
            // Blanks in an id are left over from folding.
            let id: String = id.trim_start_matches('<').split_whitespace().collect();
            if !id.is_empty() && id != other {
                return Some(id);
            }
        }
        // Some programs leave the brackets out; several words are a remark and no id.
        let bare = value.trim().trim_start_matches('<');
        let is_id = !bracketed && !bare.is_empty() && !bare.contains(char::is_whitespace) && bare != other;
        is_id.then(|| bare.to_owned())
    }
}

/// Whether a line that begins with `From ` can name who sent a mail: an address, a dash, or one word only.
fn names_sender(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
    let sender = words.next().unwrap_or_default();
    sender.contains(&b'@') || sender == b"-" || words.next().is_none()
}

/// Name and value of a header field; `None` for a line that is none.
pub fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    is_name.then_some((name, &line[colon + 1..]))
}

fn is_blank(rest: &[u8]) -> bool {
    rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
}

/// The end of a field with the lines that it is folded to.
fn field_end(raw: &[u8], start: usize) -> usize {
    let mut end = start;
    loop {
        let Some(length) = memchr(b'\n', &raw[end..]) else { return raw.len() };
        end += length + 1;
        if !matches!(raw.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
}

fn address(parsed: &Addr<'_>) -> Option<String> {
    // An address in quotes, without brackets, is a name to the parser.
    let address = parsed.address.as_deref().or(parsed.name.as_deref())?.trim().trim_matches(['\'', '"']);
    (address.contains('@') && !address.contains(char::is_whitespace)).then(|| address.to_lowercase())
}
