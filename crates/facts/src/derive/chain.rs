//! The periods in order of time: what is there already, what is to be derived.
//!
//! What a period carries out goes into the name of the next, so after an ingest only the periods from the first
//! touched one are derived, and no further than until what is carried is what it was.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tapemeasure_archive::{Archive, DerivedStore, EventFile, Snapshot};
use tapemeasure_model::period::Period;
use tapemeasure_model::settings::Settings;

use super::names::{self, NOTHING_CARRIED};
use super::piece::{NewPiece, Piece, carry_name};
use super::threads::{named, side_by_side};
use super::walks::{Folded, Walks};
use super::{DeriveOptions, Facts};
use crate::FactsError;
use crate::carry::Carry;
use crate::deletions::DeletedIds;
use crate::hits::Hits;
use crate::rows::{Share, Table, by_table};

/// A carry larger than this is kept for the last two periods only: an archive without closes carries all it has.
const CARRY_KEPT_BYTES: usize = 16 << 20;

/// A period that is to be in the facts.
struct Link<'a> {
    period: Period,
    files: &'a [EventFile],
    /// Deletions that may have hit it.
    deleted: DeletedIds,
    /// Whether all of it lies before the as-of time.
    whole: bool,
}

/// Where the walks stand: before the link of this number.
type Position = usize;

/// Fills the tables that walks fill. Gives the names of the periods' facts; `None` where those of some lie in memory, so
/// that no name says what they are.
///
/// # Errors
/// As [`derive`](super::derive).
pub(super) fn run(
    archive: &Archive,
    snapshot: &Snapshot,
    settings: &Settings,
    options: &DeriveOptions<'_>,
    facts: &mut Facts,
) -> Result<Option<Vec<String>>, FactsError> {
    let hits = Hits::of(&facts.deletions, options.afresh);
    let links = links(archive, snapshot, &hits, facts.as_of_us, options.threads.max(1))?;
    let store = archive.derived();
    if options.afresh {
        afresh(&links, Walks::new(archive, settings, *options, facts.as_of_us), facts)?;
        return Ok(None);
    }
    std::thread::scope(|scope| {
        // One piece waits while another is written: the rows of two periods are in memory beside those being folded.
        let (to_writer, pieces) = sync_channel(1);
        let writer_store = store.clone();
        let writer = named("write")
            .spawn_scoped(scope, move || write_pieces(&writer_store, pieces))
            .map_err(|source| FactsError::NoThread { source })?;
        let chain = Chain {
            store: &store,
            fold_hash: settings.fold_hash(),
            walks: Walks::new(archive, settings, *options, facts.as_of_us),
            position: 0,
            names: Vec::with_capacity(links.len()),
            links: &links,
        };
        let done = chain.run(to_writer, facts);
        let written = writer.join().map_err(|_| FactsError::Thread)?;
        // What the writer met is the cause of what the chain met.
        let written = written?;
        let tail = done?;
        let mut pieces: Vec<(usize, String, Piece)> = tail;
        pieces.extend(written);
        pieces.sort_by_key(|(at, _, _)| *at);
        let mut made_of = Vec::with_capacity(links.len());
        for (at, name, piece) in pieces {
            piece.add_to(&store, &name, facts)?;
            if at < links.len() {
                made_of.push(name.clone());
            }
            facts.pieces.push(name);
        }
        Ok(links.iter().all(|link| link.whole).then_some(made_of))
    })
}

/// Which periods' facts are there, up to the first that are not.
///
/// # Errors
/// As [`derive`](super::derive).
pub(super) fn freshness(
    archive: &Archive,
    snapshot: &Snapshot,
    settings: &Settings,
    deletions: &DeletedIds,
    as_of_us: i64,
    threads: usize,
) -> Result<Vec<(Period, bool)>, FactsError> {
    let store = archive.derived();
    let fold_hash = settings.fold_hash();
    let mut carry = Some(NOTHING_CARRIED.to_owned());
    let mut fresh = Vec::new();
    for link in links(archive, snapshot, &Hits::of(deletions, false), as_of_us, threads)? {
        carry = carry.and_then(|carry| {
            let name = names::piece(link.period, &carry, &fold_hash, link.files, &link.deleted);
            Piece::find(&store, &name).map(|piece| piece.carry)
        });
        fresh.push((link.period, carry.is_some()));
    }
    Ok(fresh)
}

struct Chain<'a> {
    store: &'a DerivedStore,
    fold_hash: String,
    walks: Walks<'a>,
    position: Position,
    /// Names of the links so far.
    names: Vec<String>,
    links: &'a [Link<'a>],
}

impl Chain<'_> {
    /// Goes through the links. Gives the pieces that were there; new ones go to the writer with their place.
    fn run(
        mut self,
        to_writer: SyncSender<(usize, NewPiece)>,
        facts: &mut Facts,
    ) -> Result<Vec<(usize, String, Piece)>, FactsError> {
        let mut found = Vec::new();
        let mut carry = NOTHING_CARRIED.to_owned();
        for (at, link) in self.links.iter().enumerate() {
            if !link.whole {
                // Only the last link can be cut by the as-of time, and its rows are for this one question.
                self.go_to(at)?;
                let folded = self.walks.fold(link.period, link.files, &link.deleted)?;
                self.position = at + 1;
                facts.periods_derived += 1;
                facts.events_folded += folded.events;
                facts.has_closes |= folded.closes > 0;
                add_rows(folded.shares, facts)?;
                add_rows(self.walks.open_rows()?, facts)?;
                return Ok(found);
            }
            let name = names::piece(link.period, &carry, &self.fold_hash, link.files, &link.deleted);
            if let Some(piece) = Piece::find(self.store, &name) {
                carry.clone_from(&piece.carry);
                facts.periods_reused += 1;
                found.push((at, name.clone(), piece));
            } else {
                self.go_to(at)?;
                let folded = self.walks.fold(link.period, link.files, &link.deleted)?;
                self.position = at + 1;
                facts.periods_derived += 1;
                facts.events_folded += folded.events;
                let piece = self.new_piece(at, name.clone(), folded);
                carry.clone_from(&piece.identity);
                if to_writer.send((at, piece)).is_err() {
                    // The writer has ended, and its result says why.
                    return Ok(found);
                }
            }
            self.names.push(name);
        }
        let Some(last) = self.names.last() else { return Ok(found) };
        let open = names::open(last, facts.as_of_us, &self.fold_hash);
        match Piece::find(self.store, &open) {
            Some(piece) => found.push((self.links.len(), open, piece)),
            None => {
                self.go_to(self.links.len())?;
                let shares = self.walks.open_rows()?;
                let piece = NewPiece { name: open, shares, identity: carry, carried: 0, closes: 0, carry: None };
                // As above: the writer's result says why it ended.
                let _ = to_writer.send((self.links.len(), piece));
            }
        }
        Ok(found)
    }

    fn new_piece(&self, at: usize, name: String, folded: Folded) -> NewPiece {
        let carry = Carry::of(folded.carried);
        let keep = carry.bytes() <= CARRY_KEPT_BYTES || at + 2 >= self.links.len();
        NewPiece {
            name,
            shares: folded.shares,
            identity: carry.identity(),
            carried: carry.sessions(),
            closes: folded.closes,
            carry: keep.then_some(carry),
        }
    }

    /// Leads the walks to before the link `to`: from a carry that was kept, else by folding what lies between again.
    fn go_to(&mut self, to: Position) -> Result<(), FactsError> {
        if self.position == to {
            return Ok(());
        }
        let mut from = to;
        while from > self.position {
            let path = self.store.path_of(&carry_name(&self.names[from - 1]));
            // A carry that is missing or damaged is as good as none: the periods before are folded again.
            let loaded = std::fs::read(path).ok().and_then(|bytes| self.walks.load(&bytes));
            if loaded.is_some() {
                self.position = from;
                break;
            }
            from -= 1;
        }
        for at in self.position..to {
            let link = &self.links[at];
            self.walks.fold(link.period, link.files, &link.deleted)?;
        }
        self.position = to;
        Ok(())
    }
}

/// Writes pieces until there are no more, or one cannot be written.
fn write_pieces(
    store: &DerivedStore,
    pieces: Receiver<(usize, NewPiece)>,
) -> Result<Vec<(usize, String, Piece)>, FactsError> {
    let mut written = Vec::new();
    for (at, piece) in pieces {
        let name = piece.name.clone();
        written.push((at, name, piece.write(store)?));
    }
    Ok(written)
}

/// Derives everything in memory.
fn afresh(links: &[Link<'_>], mut walks: Walks<'_>, facts: &mut Facts) -> Result<(), FactsError> {
    for link in links {
        let folded = walks.fold(link.period, link.files, &link.deleted)?;
        facts.periods_derived += 1;
        facts.events_folded += folded.events;
        facts.has_closes |= folded.closes > 0;
        add_rows(folded.shares, facts)?;
    }
    add_rows(walks.open_rows()?, facts)?;
    Ok(())
}

fn add_rows(shares: Vec<Share>, facts: &mut Facts) -> Result<(), FactsError> {
    for (table, rows) in by_table(shares) {
        let batches = rows.compact(&table.schema())?;
        match table {
            Table::Changes => facts.changes.extend(batches),
            _ => facts.table(table).open.extend(batches),
        }
    }
    Ok(())
}

/// The periods that begin by the as-of time, each with the deletions that its files may hold the targets of. A file's
/// bloom filter answers, so that the answer is a function of the file and costs no scan.
fn links<'a>(
    archive: &Archive,
    snapshot: &'a Snapshot,
    hits: &Hits<'_>,
    as_of_us: i64,
    threads: usize,
) -> Result<Vec<Link<'a>>, FactsError> {
    let periods = snapshot.periods().into_iter().filter(|p| p.start_us() <= as_of_us);
    side_by_side("links", threads, periods, |period| {
        let files = snapshot.files_of(period);
        let deleted = hits.within(archive, files)?;
        let whole = files.iter().all(|file| file.max_time_us <= as_of_us);
        Ok(Link { period, files, deleted, whole })
    })
}
