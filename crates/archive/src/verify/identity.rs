//! All files together: no event is stored twice, or at two times.
//!
//! Events of one identity may lie in any two files, so all identities have to be held against each other. Their hashes
//! are, a share of the hash space at a time: each share is collected from all files, sorted, and neighbours that are
//! equal are suspects. Suspects are then looked up by their names, so two identities with one hash are no finding.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::key::identity_hash;
use tapemeasure_model::schema::{col, instant_type};

use super::{Check, Finding, VerifyOptions};
use crate::archive::Archive;
use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::run::{KeyRange, Text, read_run};

const BATCH_ROWS: usize = 32_768;

/// Suspects that are looked up. More than this many repeated events are one fault, not thousands.
const LISTED_MAX: usize = 1_000;

/// Where and when an identity was found.
struct Place<'a> {
    file: &'a EventFile,
    time_us: i64,
}

pub(super) fn check(
    archive: &Archive,
    files: &[EventFile],
    options: &VerifyOptions<'_>,
) -> Result<Vec<Finding>, ArchiveError> {
    let suspects = suspects(archive, files, options)?;
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let listed: HashSet<u64> = suspects.iter().copied().take(LISTED_MAX).collect();
    let mut findings = look_up(archive, files, &listed, options)?;
    if suspects.len() > listed.len() {
        let more = suspects.len() - listed.len();
        let detail = format!("and {more} more events that are stored more than once");
        findings.push(Finding { check: Check::Duplicate, file: None, detail });
    }
    Ok(findings)
}

/// Hashes that more than one row has, ascending.
fn suspects(archive: &Archive, files: &[EventFile], options: &VerifyOptions<'_>) -> Result<Vec<u64>, ArchiveError> {
    let rows: usize = files.iter().map(|file| file.rows as usize).sum();
    let shares = rows.saturating_mul(size_of::<u64>()) / options.memory_bytes.max(1) + 1;
    let mut suspects = Vec::new();
    for share in 0..shares {
        // Hashes spread evenly; a tenth more covers the spread.
        let mut hashes: Vec<u64> = Vec::with_capacity(rows / shares + rows / shares / 10 + 1);
        for batch in read_run(archive, files, &[col::SOURCE, col::EVENT_ID], KeyRange::ALL, BATCH_ROWS)? {
            let batch = batch?;
            hashes.extend(identities(&batch)?.map(hash_of).filter(|&hash| share_of(hash, shares) == share));
            options.advanced(batch.num_rows())?;
        }
        hashes.sort_unstable();
        suspects.extend(hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
    }
    suspects.dedup();
    Ok(suspects)
}

/// The identities of these hashes that are stored more than once.
fn look_up(
    archive: &Archive,
    files: &[EventFile],
    suspects: &HashSet<u64>,
    options: &VerifyOptions<'_>,
) -> Result<Vec<Finding>, ArchiveError> {
    let mut places: BTreeMap<(String, String), Vec<Place<'_>>> = BTreeMap::new();
    for file in files {
        let columns = [col::SOURCE, col::EVENT_ID, col::OCCURRED_AT];
        for batch in read_run(archive, std::slice::from_ref(file), &columns, KeyRange::ALL, BATCH_ROWS)? {
            let batch = batch?;
            let times_us = times_us(&batch)?;
            for ((source, event_id), &time_us) in identities(&batch)?.zip(times_us) {
                if suspects.contains(&hash_of((source, event_id))) {
                    let identity = (source.to_owned(), event_id.to_owned());
                    places.entry(identity).or_default().push(Place { file, time_us });
                }
            }
            options.advanced(batch.num_rows())?;
        }
    }
    Ok(places.iter().filter_map(|((source, event_id), places)| finding(source, event_id, places)).collect())
}

fn finding(source: &str, event_id: &str, places: &[Place<'_>]) -> Option<Finding> {
    let [first, .., last] = places else { return None };
    let time = format_instant(first.time_us);
    let (check, detail) = match places.iter().find(|place| place.time_us != first.time_us) {
        Some(other) => {
            let other = format_instant(other.time_us);
            (Check::Identity, format!("event {event_id} of {source} occurred at {time} and at {other}"))
        }
        None => (Check::Duplicate, format!("event {event_id} of {source} at {time} is stored {} times", places.len())),
    };
    Some(Finding { check, file: Some(last.file.path.clone()), detail })
}

/// Source and event id of each row.
fn identities(batch: &RecordBatch) -> Result<impl Iterator<Item = (&str, &str)>, ArchiveError> {
    let source = Text::of_column(batch, col::SOURCE)?;
    let event_id = Text::of_column(batch, col::EVENT_ID)?;
    Ok((0..batch.num_rows())
        .map(move |row_idx| (source.get(row_idx).unwrap_or_default(), event_id.get(row_idx).unwrap_or_default())))
}

fn times_us(batch: &RecordBatch) -> Result<&[i64], ArchiveError> {
    let unknown = || ArchiveError::UnknownColumn { column: col::OCCURRED_AT.to_owned() };
    let column = batch.column_by_name(col::OCCURRED_AT).ok_or_else(unknown)?;
    match column.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(times) => Ok(times.values()),
        None => Err(ArchiveError::WrongType {
            column: col::OCCURRED_AT.to_owned(),
            expected: instant_type(),
            found: column.data_type().clone(),
        }),
    }
}

/// The time is no part of the identity (kpi-rules E1), so all hashes are taken at one.
fn hash_of((source, event_id): (&str, &str)) -> u64 {
    identity_hash(source, event_id, 0)
}

/// Which of `shares` equal parts of the hash space a hash lies in.
fn share_of(hash: u64, shares: usize) -> usize {
    ((u128::from(hash) * shares as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_the_hashes() {
        for shares in [1, 2, 3, 1_000] {
            assert_eq!(share_of(0, shares), 0);
            assert_eq!(share_of(u64::MAX, shares), shares - 1);
        }
        assert_eq!((share_of(u64::MAX / 2, 2), share_of(u64::MAX / 2 + 1, 2)), (0, 1));
    }
}
