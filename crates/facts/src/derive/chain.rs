//! The periods in order of time: what is there already, what is to be derived.
//!
//! What a period carries out goes into the name of the next, so after an ingest only the periods from the first
//! touched one are derived, and no further than until what is carried is what it was.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tapemeasure_archive::{Archive, DerivedStore, Snapshot};
use tapemeasure_model::period::Period;
use tapemeasure_model::settings::Settings;

use super::files::read_parquet;
use super::names::{self, NOTHING_CARRIED};
use super::piece::{NewPiece, Piece, carry_name};
use super::threads::{named, side_by_side};
use super::walks::{Folded, Link, Walks};
use super::{DeriveOptions, Facts};
use crate::FactsError;
use crate::carry::Carry;
use crate::deletions::DeletedIds;
use crate::hits::Hits;
use crate::rows::{Share, Table, by_table};

/// A carry larger than this is kept for the last two periods only: an archive without closes carries all it has.
const CARRY_KEPT_BYTES: usize = 16 << 20;

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
        // A piece waits while another is written: the rows of two periods are in memory beside those being folded.
        let (to_writer, pieces) = sync_channel(0);
        let writer_store = store.clone();
        let writer = named("write")
            .spawn_scoped(scope, move || write_pieces(&writer_store, pieces))
            .map_err(|source| FactsError::NoThread { source })?;
        let chain = Chain {
            walks: Walks::new(archive, settings, *options, facts.as_of_us),
            position: 0,
            done: Done {
                store: &store,
                fold_hash: settings.fold_hash(),
                links: &links,
                names: Vec::with_capacity(links.len()),
                carry: NOTHING_CARRIED.to_owned(),
            },
            to_writer,
        };
        let done = chain.run(facts);
        let written = writer.join().map_err(|_| FactsError::Thread)?;
        // What the writer met is the cause of what the chain met.
        let written = written?;
        let tail = done?;
        let mut pieces: Vec<(usize, String, Piece)> = tail;
        pieces.extend(written);
        pieces.sort_by_key(|(at, _, _)| *at);
        let (mut made_of, mut changes) = (Vec::with_capacity(links.len()), Vec::new());
        for (at, name, piece) in pieces {
            changes.extend(piece.add_to(&store, &name, facts));
            if at < links.len() {
                made_of.push(name.clone());
            }
            facts.pieces.push(name);
        }
        let read = |path: PathBuf| read_parquet(&path, Table::Changes.schema());
        facts.changes.extend(side_by_side("changes", options.threads, changes, read)?);
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
    walks: Walks<'a>,
    position: Position,
    done: Done<'a>,
    to_writer: SyncSender<(usize, NewPiece)>,
}

/// The first of the links, whose facts are there or on their way to the writer.
struct Done<'a> {
    store: &'a DerivedStore,
    fold_hash: String,
    links: &'a [Link<'a>],
    /// The names of their facts.
    names: Vec<String>,
    /// Hash of what the last of them carries out.
    carry: String,
}

impl<'a> Done<'a> {
    /// How many.
    fn len(&self) -> usize {
        self.names.len()
    }

    /// The link after them, with the name of its facts.
    fn next(&self) -> Option<(&'a Link<'a>, String)> {
        let link = self.links.get(self.len())?;
        Some((link, names::piece(link.period, &self.carry, &self.fold_hash, link.files, &link.deleted)))
    }

    /// The facts of the link after them, if they are there. Those of a link that the as-of time cuts never are.
    fn find_next(&self) -> Option<(String, Piece)> {
        let (_, name) = self.next().filter(|(link, _)| link.whole)?;
        let piece = Piece::find(self.store, &name)?;
        Some((name, piece))
    }

    /// Adds the link after them.
    fn push(&mut self, name: String, carry: &str) {
        self.names.push(name);
        carry.clone_into(&mut self.carry);
    }
}

impl Chain<'_> {
    /// Goes through the links. Gives the pieces that were there; new ones go to the writer with their place.
    fn run(mut self, facts: &mut Facts) -> Result<Vec<(usize, String, Piece)>, FactsError> {
        let mut found = Vec::new();
        while self.done.len() < self.done.links.len() {
            if let Some((name, piece)) = self.done.find_next() {
                facts.periods_reused += 1;
                self.done.push(name.clone(), &piece.carry);
                found.push((self.done.len() - 1, name, piece));
            } else if self.derive(facts)?.is_break() {
                return Ok(found);
            }
        }
        let Some(last) = self.done.names.last() else { return Ok(found) };
        let open = names::open(last, facts.as_of_us, &self.done.fold_hash);
        let at = self.done.len();
        match Piece::find(self.done.store, &open) {
            Some(piece) => found.push((at, open, piece)),
            None => {
                self.go_to(at)?;
                let shares = self.walks.open_rows()?;
                let identity = self.done.carry;
                let piece = NewPiece { name: open, shares, identity, carried: 0, closes: 0, carry: None };
                // Where the writer has ended, its result says why.
                let _ = self.to_writer.send((at, piece));
            }
        }
        Ok(found)
    }

    /// Derives the next link and those after it, up to one whose facts are there. Breaks off behind the link that the
    /// as-of time cuts, and where the writer has ended.
    fn derive(&mut self, facts: &mut Facts) -> Result<ControlFlow<()>, FactsError> {
        self.go_to(self.done.len())?;
        let Self { walks, position, done, to_writer } = self;
        let links = &done.links[done.len()..];
        let mut flow = ControlFlow::Continue(());
        walks.through(links, |folded| {
            let Some((link, name)) = done.next() else { return Ok(ControlFlow::Break(())) };
            *position += 1;
            facts.periods_derived += 1;
            facts.events_folded += folded.events;
            if !link.whole {
                // It is the last, and its rows are for this one question.
                facts.has_closes |= folded.closes > 0;
                add_rows(folded.shares, facts)?;
                flow = ControlFlow::Break(());
                return Ok(flow);
            }
            let at = done.len();
            let piece = new_piece(name.clone(), folded, done.links.len() - at - 1);
            done.push(name, &piece.identity);
            if to_writer.send((at, piece)).is_err() {
                // Its result says why.
                flow = ControlFlow::Break(());
                return Ok(flow);
            }
            Ok(if done.find_next().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if *position > done.len() {
            add_rows(walks.open_rows()?, facts)?;
        }
        Ok(flow)
    }

    /// Leads the walks to before the link `to`: from a carry that was kept, else by folding what lies between again.
    fn go_to(&mut self, to: Position) -> Result<(), FactsError> {
        if self.position == to {
            return Ok(());
        }
        let Done { store, names, links, .. } = &self.done;
        let mut from = to;
        while from > self.position {
            let path = store.path_of(&carry_name(&names[from - 1]));
            // A carry that is missing or damaged is as good as none: the periods before are folded again.
            let loaded = std::fs::read(path).ok().and_then(|bytes| self.walks.load(&bytes));
            if loaded.is_some() {
                break;
            }
            from -= 1;
        }
        self.walks.through(&links[from..to], |_| Ok(ControlFlow::Continue(())))?;
        self.position = to;
        Ok(())
    }
}

/// The facts of a period, which so many links follow.
fn new_piece(name: String, folded: Folded, followed_by: usize) -> NewPiece {
    let carry = Carry::of(folded.carried);
    let keep = carry.bytes() <= CARRY_KEPT_BYTES || followed_by < 2;
    NewPiece {
        name,
        shares: folded.shares,
        identity: carry.identity(),
        carried: carry.sessions(),
        closes: folded.closes,
        carry: keep.then_some(carry),
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
    walks.through(links, |folded| {
        facts.periods_derived += 1;
        facts.events_folded += folded.events;
        facts.has_closes |= folded.closes > 0;
        add_rows(folded.shares, facts)?;
        Ok(ControlFlow::Continue(()))
    })?;
    add_rows(walks.open_rows()?, facts)
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
