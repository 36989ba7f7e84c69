//! Fingerprints: what a derived file is made from.

use tapemeasure_archive::EventFile;
use tapemeasure_model::period::Period;

use crate::FOLD_VERSION;
use crate::deletions::DeletedIds;

/// Hexadecimal digits of a fingerprint in a name: 128 bits, so that no two meet by chance.
const DIGITS: usize = 32;

/// So many digits of a file's digest.
pub(crate) fn of_file(file: &EventFile) -> &str {
    &file.digest[..file.digest.len().min(DIGITS)]
}

/// So many digits of what was hashed.
pub(crate) fn digits(hash: &blake3::Hasher) -> String {
    hash.finalize().to_hex()[..DIGITS].to_owned()
}

/// Carry into the first period.
pub(crate) const NOTHING_CARRIED: &str = "nothing";

/// Folder of the derived store that holds facts.
pub(crate) const FOLDER: &str = "facts";

/// Name, without ending, of the facts of a period: a pure function of what they are derived from.
pub(crate) fn piece(period: Period, carry: &str, fold_hash: &str, files: &[EventFile], deleted: &DeletedIds) -> String {
    let mut hash = begin(fold_hash);
    line(&mut hash, carry);
    for file in files {
        line(&mut hash, &file.digest);
    }
    for (source, id) in deleted.sorted() {
        line(&mut hash, source);
        line(&mut hash, id);
    }
    format!("{FOLDER}/{period}-{}", digits(&hash))
}

/// Name, without ending, of the rows of what is open after a piece, as of a time.
pub(crate) fn open(piece: &str, as_of_us: i64, fold_hash: &str) -> String {
    let mut hash = begin(fold_hash);
    line(&mut hash, piece);
    line(&mut hash, &as_of_us.to_string());
    format!("{FOLDER}/open-{}", digits(&hash))
}

/// Name, without ending, of the contacts of all periods whose facts have these names.
pub(crate) fn contacts(made_of: &[String]) -> String {
    let mut hash = begin("contacts");
    for piece in made_of {
        line(&mut hash, piece);
    }
    format!("{FOLDER}/contacts-{}", digits(&hash))
}

fn begin(fold_hash: &str) -> blake3::Hasher {
    let mut hash = blake3::Hasher::new();
    line(&mut hash, &FOLD_VERSION.to_string());
    line(&mut hash, fold_hash);
    hash
}

/// Length first, so that no two lists of texts run into the same bytes.
pub(crate) fn line(hash: &mut blake3::Hasher, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}
