//! What is still open at the end of a period: sessions with their waits, as bytes, in order of the sort key.
//!
//! Texts are written out, numbers little-endian, so that the bytes are the same for the same sessions whatever walk
//! they come from; their hash is the carry's identity. A file ends with that hash and is refused when it differs. The
//! walks keep sessions in this form too: most of them lie still from one period to the next.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::sync::Arc;

use crate::fold::batch::Interners;
use crate::fold::session::{Conversation, EndReason, EndedWait, InitiatedBy, OpenWait, Session};

/// Begins every carry; the last byte is the version of the layout.
const MAGIC: &[u8; 8] = b"tpcarry\x02";

/// Length of the hash at the end.
const HASH_LEN: usize = 32;

/// Length of the length before each session.
const LEN_LEN: usize = 8;

/// Sessions of a range of keys in order of the sort key, each with its length before it.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    bytes: Vec<u8>,
    len: u64,
}

impl Sessions {
    /// Empty, with room for as much as another takes.
    pub(crate) fn like(other: &Self) -> Self {
        Self { bytes: Vec::with_capacity(other.bytes.len()), len: 0 }
    }

    /// Adds a session behind all others.
    pub(crate) fn push(&mut self, conversation: &Conversation, session: &Session, interners: &Interners) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; LEN_LEN]);
        self.session(conversation, session, interners);
        let len = (self.bytes.len() - start - LEN_LEN) as u64;
        self.bytes[start..start + LEN_LEN].copy_from_slice(&len.to_le_bytes());
        self.len += 1;
    }

    fn session(&mut self, conversation: &Conversation, s: &Session, interners: &Interners) {
        self.number(conversation.key);
        self.text(interners.source.text(conversation.source));
        self.text(Some(&conversation.id));
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

/// A walk through sessions, from the first to the last.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    sessions: Arc<Sessions>,
    /// Where the next one begins.
    at: usize,
    passed: u64,
}

impl Ahead {
    /// Before the first.
    pub(crate) fn of(sessions: Arc<Sessions>) -> Self {
        Self { sessions, at: 0, passed: 0 }
    }

    /// How the next one's conversation compares with another in the sort key; `None` behind the last, and for damaged
    /// bytes: [`is_done`](Self::is_done) tells.
    pub(crate) fn compare(&self, key: i64, source: &str, conversation: &str) -> Option<Ordering> {
        let mut next = Reader { bytes: self.head()? };
        let by_key = next.number()?.cmp(&key);
        if by_key.is_ne() {
            return Some(by_key);
        }
        Some(next.str()??.cmp(source).then(next.str()??.cmp(conversation)))
    }

    /// Passes the next one. `None` as for [`compare`](Self::compare).
    pub(crate) fn pass(&mut self) -> Option<()> {
        self.at += LEN_LEN + self.head()?.len();
        self.passed += 1;
        Some(())
    }

    /// The next one, which is passed. `None` as for [`compare`](Self::compare).
    pub(crate) fn next(&mut self, interners: &mut Interners) -> Option<(Conversation, Session)> {
        let mut next = Reader { bytes: self.head()? };
        let session = next.session(interners)?;
        next.bytes.is_empty().then_some(())?;
        self.pass()?;
        Some(session)
    }

    /// Whether there is no next one.
    pub(crate) fn is_done(&self) -> bool {
        self.at == self.sessions.bytes.len()
    }

    /// Adds those between an earlier place and here to others.
    pub(crate) fn copy_since(&self, earlier: Place, to: &mut Sessions) {
        to.bytes.extend_from_slice(&self.sessions.bytes[earlier.at..self.at]);
        to.len += self.passed - earlier.passed;
    }

    /// Adds those that are left to others.
    pub(crate) fn copy_rest(self, to: &mut Sessions) {
        to.bytes.extend_from_slice(&self.sessions.bytes[self.at..]);
        to.len += self.sessions.len - self.passed;
    }

    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        Place { at: self.at, passed: self.passed }
    }

    fn head(&self) -> Option<&[u8]> {
        head(&self.sessions.bytes[self.at..])
    }
}

/// The bytes of the first of some sessions, without their length.
fn head(sessions: &[u8]) -> Option<&[u8]> {
    let (len, rest) = sessions.split_first_chunk::<LEN_LEN>()?;
    rest.get(..usize::try_from(u64::from_le_bytes(*len)).ok()?)
}

/// A place among sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    at: usize,
    passed: u64,
}

/// What all walks carry, in order of their keys, with its hash.
pub(crate) struct Carry {
    parts: Vec<Arc<Sessions>>,
    hash: blake3::Hash,
}

impl Carry {
    /// What the walks carry, given in the order of their keys.
    pub(crate) fn of(parts: Vec<Arc<Sessions>>) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(MAGIC);
        parts.iter().for_each(|part| {
            hash.update(&part.bytes);
        });
        Self { parts, hash: hash.finalize() }
    }

    /// The hash in hexadecimal.
    pub(crate) fn identity(&self) -> String {
        self.hash.to_hex().to_string()
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> usize {
        MAGIC.len() + self.parts.iter().map(|part| part.bytes.len()).sum::<usize>() + HASH_LEN
    }

    /// Sessions in it.
    pub(crate) fn sessions(&self) -> u64 {
        self.parts.iter().map(|part| part.len).sum()
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of `to`.
    pub(crate) fn write(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(MAGIC)?;
        self.parts.iter().try_for_each(|part| to.write_all(&part.bytes))?;
        to.write_all(self.hash.as_bytes())
    }
}

/// Reads a carry back: the sessions of each of `ranges`, which are inclusive, ascending and cover every key. `None` for
/// bytes that are no carry or damaged.
pub(crate) fn read(bytes: &[u8], ranges: &[(i64, i64)]) -> Option<Vec<Sessions>> {
    let body = bytes.len().checked_sub(HASH_LEN)?;
    let (bytes, hash) = bytes.split_at(body);
    if blake3::hash(bytes).as_bytes() != hash {
        return None;
    }
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut sessions: Vec<Sessions> = ranges.iter().map(|_| Sessions::default()).collect();
    let mut range = 0;
    while !rest.is_empty() {
        let session = head(rest)?;
        let key = Reader { bytes: session }.number()?;
        while key > ranges.get(range)?.1 {
            range += 1;
        }
        let (session, others) = rest.split_at(LEN_LEN + session.len());
        sessions[range].bytes.extend_from_slice(session);
        sessions[range].len += 1;
        rest = others;
    }
    Some(sessions)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn session(&mut self, interners: &mut Interners) -> Option<(Conversation, Session)> {
        let key = self.number()?;
        let source = interners.source.id_of(self.str()?);
        let conversation = Conversation { key, source, id: self.str()??.to_owned() };
        let session = Session {
            contact: self.str()?.map(str::to_owned),
            channel: interners.channel.id_of(self.str()?),
            team: interners.team.id_of(self.str()?),
            topic: interners.topic.id_of(self.str()?),
            agent: interners.agent.id_of(self.str()?),
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
                            agent: interners.agent.id_of(self.str()?),
                        })
                    })
                    .collect::<Option<Vec<_>>>()?
            },
        };
        Some((conversation, session))
    }

    fn wait(&mut self, interners: &mut Interners) -> Option<OpenWait> {
        Some(OpenWait {
            opened_at: self.number()?,
            channel: interners.channel.id_of(self.str()?),
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

    /// The outer `None` is an early end, or no text.
    fn str(&mut self) -> Option<Option<&'a str>> {
        let len = u32::from_le_bytes(self.take()?) as usize;
        let Some(len) = len.checked_sub(1) else { return Some(None) };
        let (text, tail) = self.bytes.split_at_checked(len)?;
        self.bytes = tail;
        std::str::from_utf8(text).ok().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(key: i64, id: &str) -> Conversation {
        Conversation { key, source: 1, id: id.to_owned() }
    }

    fn session(opened_at: i64, contact: Option<&str>) -> Session {
        let wait = OpenWait { opened_at: opened_at + 1, channel: 1, n_inbound: 2, is_first: true };
        Session {
            contact: contact.map(str::to_owned),
            channel: 1,
            team: 0,
            topic: 2,
            agent: 1,
            opened_at,
            reopened: opened_at % 2 == 0,
            initiated_by: InitiatedBy::Contact,
            first_inbound_at: Some(opened_at + 1),
            n_inbound: 3,
            n_agent: 1,
            n_bot: 0,
            last_activity: opened_at + 9,
            wait: contact.map(|_| wait),
            waits: vec![EndedWait { wait, ended_at: Some(opened_at + 4), reason: EndReason::Replied, agent: 1 }],
        }
    }

    fn interners() -> Interners {
        let mut interners = Interners::default();
        interners.source.id("zendesk");
        interners.channel.id("chat");
        interners.topic.id("billing");
        interners.topic.id("returns");
        interners.agent.id("a1");
        interners
    }

    /// Two conversations share a key, as those with one hash would.
    fn some() -> Vec<(Conversation, Session)> {
        vec![
            (conversation(-5, "a"), session(10, Some("u1"))),
            (conversation(7, "b"), session(21, None)),
            (conversation(7, "d"), session(30, Some("ü"))),
            (conversation(90, "c"), session(40, Some(""))),
        ]
    }

    fn sessions(of: &[(Conversation, Session)]) -> Sessions {
        let mut sessions = Sessions::default();
        of.iter().for_each(|(conversation, session)| sessions.push(conversation, session, &interners()));
        sessions
    }

    fn file(parts: Vec<Sessions>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let carry = Carry::of(parts.into_iter().map(Arc::new).collect());
        carry.write(&mut bytes).unwrap();
        assert_eq!(bytes.len(), carry.bytes());
        bytes
    }

    fn all(sessions: Sessions) -> Vec<(Conversation, Session)> {
        let mut ahead = Ahead::of(Arc::new(sessions));
        let read = std::iter::from_fn(|| ahead.next(&mut interners())).collect();
        assert!(ahead.is_done());
        read
    }

    #[test]
    fn what_is_written_is_read_back_by_whatever_ranges() {
        let bytes = file(vec![sessions(&some())]);
        assert_eq!(bytes, file(vec![sessions(&some()[..1]), sessions(&some()[1..])]), "however the walks are cut");
        let read = |ranges: &[(i64, i64)]| read(&bytes, ranges).unwrap().into_iter().map(all).collect::<Vec<_>>();
        assert_eq!(read(&[(i64::MIN, i64::MAX)]), [some()]);
        assert_eq!(
            read(&[(i64::MIN, -1), (0, 7), (8, i64::MAX)]),
            [some()[..1].to_vec(), some()[1..3].to_vec(), some()[3..].to_vec()]
        );
    }

    #[test]
    fn a_file_that_is_cut_or_changed_is_none() {
        let bytes = file(vec![sessions(&some())]);
        let ranges = [(i64::MIN, i64::MAX)];
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len], &ranges).is_none(), "cut after {len} bytes");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed, &ranges).is_none(), "byte {at} changed");
        }
    }

    #[test]
    fn a_walk_takes_what_it_comes_to_and_copies_the_rest() {
        let mut ahead = Ahead::of(Arc::new(sessions(&some())));
        let start = ahead.place();
        assert_eq!(ahead.compare(7, "zendesk", "d"), Some(Ordering::Less));
        ahead.pass().unwrap();
        assert_eq!(ahead.compare(7, "zendesk", "d"), Some(Ordering::Less), "the same key, an id before");
        assert_eq!(ahead.compare(7, "intercom", "d"), Some(Ordering::Greater), "a source before");
        ahead.pass().unwrap();
        assert_eq!(ahead.compare(7, "zendesk", "d"), Some(Ordering::Equal));
        let mut behind = Sessions::default();
        ahead.copy_since(start, &mut behind);
        assert_eq!(ahead.next(&mut interners()), Some(some()[2].clone()));
        assert_eq!(ahead.compare(7, "zendesk", "e"), Some(Ordering::Greater));
        ahead.copy_rest(&mut behind);
        assert_eq!(behind.len, 3);
        assert_eq!(all(behind), [some()[0].clone(), some()[1].clone(), some()[3].clone()]);
    }

    #[test]
    fn damaged_lengths_end_a_walk_before_its_end() {
        for (at, wrong) in [(0, 0xFF), (0, 1), (7, 1)] {
            let mut damaged = sessions(&some());
            damaged.bytes[at] = wrong;
            let mut ahead = Ahead::of(Arc::new(damaged));
            assert_eq!(ahead.next(&mut interners()), None);
            assert!(!ahead.is_done());
        }
    }
}
