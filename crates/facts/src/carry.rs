//! What is still open at the end of a period, as bytes: sessions with their waits, by sort key.
//!
//! Texts are written out, numbers little-endian, so that the bytes are the same for the same sessions whatever walk
//! they come from; their hash is the carry's identity. A file ends with that hash and is refused when it differs.

use crate::fold::batch::Interners;
use crate::fold::session::{EndReason, EndedWait, InitiatedBy, OpenWait, Session};

/// Begins every carry; the last byte is the version of the layout.
const MAGIC: &[u8; 8] = b"tpcarry\x01";

/// Length of the hash at the end.
const HASH_LEN: usize = 32;

/// The bytes of the sessions of one walk, in order of the sort key.
#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
}

/// The sessions of all walks, in order of their keys, with the hash at the end; and the hash in hexadecimal.
pub(crate) fn assemble(parts: &[Vec<u8>]) -> (Vec<u8>, String) {
    let len = MAGIC.len() + parts.iter().map(Vec::len).sum::<usize>() + HASH_LEN;
    let mut bytes = Vec::with_capacity(len);
    bytes.extend_from_slice(MAGIC);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    let hash = blake3::hash(&bytes);
    bytes.extend_from_slice(hash.as_bytes());
    (bytes, hash.to_hex().to_string())
}

/// The bytes of some sessions in order of the sort key: a part for [`assemble`].
pub(crate) fn encode(sessions: &[Session], interners: &Interners) -> Vec<u8> {
    let mut encoder = Encoder::default();
    for session in sessions {
        encoder.push(session, interners);
    }
    encoder.bytes
}

impl Encoder {
    fn push(&mut self, s: &Session, interners: &Interners) {
        self.number(s.key);
        self.text(interners.source.text(s.source));
        self.text(Some(&s.conversation));
        self.text(s.contact.as_deref());
        self.text(interners.channel.text(s.channel));
        self.text(interners.team.text(s.team));
        self.text(interners.topic.text(s.topic));
        self.text(interners.agent.text(s.agent));
        self.number(s.opened_at);
        self.bytes.push(u8::from(s.reopened));
        self.bytes.push(match s.initiated_by {
            InitiatedBy::Nobody => 0,
            InitiatedBy::Contact => 1,
            InitiatedBy::Agent => 2,
        });
        self.option(s.first_inbound_at);
        self.number(s.n_inbound);
        self.number(s.n_agent);
        self.number(s.n_bot);
        self.number(s.last_activity);
        self.bytes.push(u8::from(s.wait.is_some()));
        if let Some(wait) = &s.wait {
            self.wait(wait, interners);
        }
        self.number(s.waits.len() as i64);
        for ended in &s.waits {
            self.wait(&ended.wait, interners);
            self.option(ended.ended_at);
            self.bytes.push(ended.reason as u8);
            self.text(interners.agent.text(ended.agent));
        }
    }

    fn wait(&mut self, wait: &OpenWait, interners: &Interners) {
        self.number(wait.opened_at);
        self.text(interners.channel.text(wait.channel));
        self.number(wait.n_inbound);
        self.bytes.push(u8::from(wait.is_first));
    }

    fn number(&mut self, n: i64) {
        self.bytes.extend_from_slice(&n.to_le_bytes());
    }

    fn option(&mut self, n: Option<i64>) {
        self.bytes.push(u8::from(n.is_some()));
        if let Some(n) = n {
            self.number(n);
        }
    }

    /// Length plus one, then the bytes; 0 is null.
    fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.bytes.extend_from_slice(&0_u32.to_le_bytes()),
            Some(text) => {
                self.bytes.extend_from_slice(&(text.len() as u32 + 1).to_le_bytes());
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// Reads a carry back. The sessions of each of `ranges` go to the interners of the same place; `ranges` are inclusive,
/// ascending and cover every key. `None` for bytes that are no carry or damaged.
pub(crate) fn decode(bytes: &[u8], ranges: &[(i64, i64)], interners: &mut [Interners]) -> Option<Vec<Vec<Session>>> {
    let body = bytes.len().checked_sub(HASH_LEN)?;
    let (bytes, hash) = bytes.split_at(body);
    if blake3::hash(bytes).as_bytes() != hash {
        return None;
    }
    let mut reader = Reader { bytes: bytes.strip_prefix(MAGIC)? };
    let mut sessions: Vec<Vec<Session>> = ranges.iter().map(|_| Vec::new()).collect();
    let mut range = 0;
    while !reader.bytes.is_empty() {
        let key = reader.number()?;
        while key > ranges.get(range)?.1 {
            range += 1;
        }
        sessions[range].push(reader.session(key, interners.get_mut(range)?)?);
    }
    Some(sessions)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn session(&mut self, key: i64, interners: &mut Interners) -> Option<Session> {
        Some(Session {
            key,
            source: interners.source.id_of(self.text()?.as_deref()),
            conversation: self.text()??,
            contact: self.text()?,
            channel: interners.channel.id_of(self.text()?.as_deref()),
            team: interners.team.id_of(self.text()?.as_deref()),
            topic: interners.topic.id_of(self.text()?.as_deref()),
            agent: interners.agent.id_of(self.text()?.as_deref()),
            opened_at: self.number()?,
            reopened: self.byte()? != 0,
            initiated_by: match self.byte()? {
                0 => InitiatedBy::Nobody,
                1 => InitiatedBy::Contact,
                2 => InitiatedBy::Agent,
                _ => return None,
            },
            first_inbound_at: self.option()?,
            n_inbound: self.number()?,
            n_agent: self.number()?,
            n_bot: self.number()?,
            last_activity: self.number()?,
            wait: if self.byte()? == 0 { None } else { Some(self.wait(interners)?) },
            waits: {
                let n = self.number()?;
                (0..n)
                    .map(|_| {
                        Some(EndedWait {
                            wait: self.wait(interners)?,
                            ended_at: self.option()?,
                            reason: *EndReason::ALL.get(usize::from(self.byte()?))?,
                            agent: interners.agent.id_of(self.text()?.as_deref()),
                        })
                    })
                    .collect::<Option<Vec<_>>>()?
            },
        })
    }

    fn wait(&mut self, interners: &mut Interners) -> Option<OpenWait> {
        Some(OpenWait {
            opened_at: self.number()?,
            channel: interners.channel.id_of(self.text()?.as_deref()),
            n_inbound: self.number()?,
            is_first: self.byte()? != 0,
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = tail;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[b]| b)
    }

    fn number(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    fn option(&mut self) -> Option<Option<i64>> {
        if self.byte()? == 0 { Some(None) } else { self.number().map(Some) }
    }

    /// The outer `None` is an early end.
    fn text(&mut self) -> Option<Option<String>> {
        let len = u32::from_le_bytes(self.take()?) as usize;
        let Some(len) = len.checked_sub(1) else { return Some(None) };
        let (text, tail) = self.bytes.split_at_checked(len)?;
        self.bytes = tail;
        String::from_utf8(text.to_vec()).ok().map(Some)
    }
}
