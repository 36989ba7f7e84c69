//! Conversations in order, with what is delivered twice, to plain events or to bytes.

use std::io::Write;
use std::ops::Range;

use crate::calendar::{Calendar, FIRST_YEAR, LAST_YEAR};
use crate::conversation::{self, World};
use crate::error::GenerateError;
use crate::event::Event;
use crate::random::{Random, Stream};
use crate::tables::{CONVERSATIONS_MAX, REPEAT_DISTANCE, REPEATED_PER_MILLE};
use crate::volume::Volume;
use crate::write::Format;
use crate::{GenerateOptions, Generated};

/// Bytes gathered before they are written.
const CHUNK_BYTES: usize = 1 << 20;

/// Makes any conversation of an archive from its index alone.
///
/// Conversations do not depend on each other: ranges of indices can be made by several threads in any order, and their
/// bytes one after the other are those of [`crate::generate`].
#[derive(Debug, Clone)]
pub struct Generator {
    options: GenerateOptions,
    world: World,
}

impl Generator {
    /// Prepares the calendar and the curve of the volume.
    ///
    /// # Errors
    ///
    /// If the period is empty, leaves the years 2020 to 2030, or there are more conversations than
    /// [`CONVERSATIONS_MAX`].
    pub fn new(options: &GenerateOptions) -> Result<Self, GenerateError> {
        let GenerateOptions { conversations, months, start, seed, .. } = *options;
        if months == 0 {
            return Err(GenerateError::NoMonths);
        }
        if !start.is_known(months) {
            return Err(GenerateError::OutsideCalendar { start, months, first_year: FIRST_YEAR, last_year: LAST_YEAR });
        }
        if conversations > CONVERSATIONS_MAX {
            return Err(GenerateError::TooManyConversations { conversations, limit: CONVERSATIONS_MAX });
        }
        let calendar = Calendar::new(start, months);
        let volume = Volume::new(&calendar, seed, conversations);
        Ok(Self { options: options.clone(), world: World { seed, conversations, calendar, volume } })
    }

    /// Appends the events of the conversation at `index`, in order of time. There may be none, if it would begin in the
    /// last moments of the period; so it is for an index that is not less than the number of conversations.
    pub fn conversation(&self, index: u64, events: &mut Vec<Event>) {
        if index < self.options.conversations {
            conversation::tell(&self.world, index, events);
        }
    }

    /// Appends what the archive holds at `index`: the events of the conversation, and sometimes an event of an earlier
    /// conversation a second time, equal in everything (kpi-rules E1).
    pub fn delivery(&self, index: u64, events: &mut Vec<Event>) {
        self.conversation(index, events);
        let Some(earlier) = index.checked_sub(REPEAT_DISTANCE) else { return };
        let mut random = Random::new(self.options.seed, Stream::Repeat, earlier);
        if index < self.options.conversations && random.chance(REPEATED_PER_MILLE) {
            let first = events.len();
            self.conversation(earlier, events);
            let repeats = &events[first..];
            let chosen = repeats.get(random.below(repeats.len() as u64) as usize).copied();
            events.truncate(first);
            events.extend(chosen);
        }
    }

    /// The bytes before the first event, which [`Generator::write`] leaves to the caller.
    pub fn header(&self) -> &'static [u8] {
        self.options.format.header()
    }

    /// Writes the conversations of a range of indices in the format of the options, in pieces of about 1 MiB, and tells
    /// the number of events so far after each. The counts are those of this call.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub fn write(
        &self,
        indices: Range<u64>,
        out: &mut dyn Write,
        on_progress: Option<&dyn Fn(u64)>,
    ) -> Result<Generated, GenerateError> {
        self.write_after(b"", indices, out, on_progress)
    }

    /// [`Generator::write`], with some bytes before the first event.
    pub(crate) fn write_after(
        &self,
        header: &[u8],
        indices: Range<u64>,
        out: &mut dyn Write,
        on_progress: Option<&dyn Fn(u64)>,
    ) -> Result<Generated, GenerateError> {
        let mut generated = Generated { events: 0, conversations: 0, bytes: 0 };
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8);
        chunk.extend_from_slice(header);
        let mut events = Vec::with_capacity(128);
        for index in indices {
            events.clear();
            self.delivery(index, &mut events);
            generated.events += self.append(index, &events, &mut chunk);
            generated.conversations += 1;
            if chunk.len() >= CHUNK_BYTES {
                write_chunk(&mut chunk, out, &mut generated)?;
                if let Some(on_progress) = on_progress {
                    on_progress(generated.events);
                }
            }
        }
        write_chunk(&mut chunk, out, &mut generated)?;
        if let Some(on_progress) = on_progress {
            on_progress(generated.events);
        }
        Ok(generated)
    }

    /// Appends the records of a delivery: the events of the conversation at `index`, then a repeated one. Gives their
    /// number.
    fn append(&self, index: u64, delivery: &[Event], out: &mut Vec<u8>) -> u64 {
        let format = self.options.format;
        let own = delivery.partition_point(|event| event.event_id.conversation == index);
        let (conversation, repeats) = delivery.split_at(own);
        match self.options.told_by {
            Some(platform) => format.append(&platform.told(conversation), out),
            // One event of a ticket is no ticket.
            None if format == Format::Zendesk => format.append(conversation, out),
            None => {
                let first = format.append(conversation, out);
                repeats.iter().fold(first, |n, repeat| n + format.append(std::slice::from_ref(repeat), out))
            }
        }
    }
}

fn write_chunk(chunk: &mut Vec<u8>, out: &mut dyn Write, generated: &mut Generated) -> Result<(), GenerateError> {
    out.write_all(chunk).map_err(|source| GenerateError::Write { bytes: generated.bytes, source })?;
    generated.bytes += chunk.len() as u64;
    chunk.clear();
    Ok(())
}
