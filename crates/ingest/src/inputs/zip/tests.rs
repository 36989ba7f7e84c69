//! Archives of a few members, written by hand (APPNOTE.TXT 4.3).

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;
use crate::progress::Unwatched;

/// Method codes of APPNOTE.TXT 4.4.5, and the flag of an encrypted member (4.4.4).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const BZIP2: u16 = 12;
const ENCRYPTED: u16 = 1;

/// An archive with these members: name, content.
pub fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members: Vec<_> = members.iter().map(|(name, content)| (*name, *content, DEFLATED, 0)).collect();
    archive_of(&members)
}

/// An archive with these members: name, content, method, flags.
fn archive_of(members: &[(&str, &[u8], u16, u16)]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for &(name, content, method, flags) in members {
        let mut crc = Crc::new();
        crc.update(content);
        let packed = if method == DEFLATED {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.to_vec()
        };
        let mut common = Vec::new();
        for field in [20, flags, method, 0, 0x21] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        for field in [crc.sum(), packed.len() as u32, content.len() as u32] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        let start = file.len() as u32;
        // Behind the name an extra field that nobody knows, in the header of the member only.
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&common);
        file.extend_from_slice(&5_u16.to_le_bytes());
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(b"\x99\x99\x01\x00x");
        file.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&start.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (start, count) = (file.len() as u32, members.len() as u16);
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    file.extend_from_slice(&count.to_le_bytes());
    file.extend_from_slice(&count.to_le_bytes());
    file.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    file.extend_from_slice(&start.to_le_bytes());
    file.extend_from_slice(&[0; 2]);
    file
}

/// A member's name and content.
type Member = (String, Vec<u8>);

/// The members, and how many others there are; or the first error.
fn read(bytes: &[u8]) -> Result<(Vec<Member>, u64), IngestError> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a");
    fs::write(&path, bytes).unwrap();
    let mut read = Vec::new();
    let found = members(&path, "a.zip")?;
    for member in found.list {
        let mut content = Vec::new();
        let source = member.open(&Unwatched)?;
        let mut source = crate::inputs::source::Source::open(&member.name, source)?;
        if let Err(error) = source.read_to_end(&mut content) {
            return Err(source.meter().error(error));
        }
        assert_eq!(member.bytes, Some(content.len() as u64));
        read.push((member.name, content));
    }
    Ok((read, found.unread))
}

#[test]
fn members_come_sorted_and_whole() {
    let long = b"some text, ".repeat(100_000);
    let (found, unread) = read(&archive_of(&[
        ("b/2.json", &long[..], DEFLATED, 0),
        ("b/", &[][..], STORED, 0),
        ("b/10.json", &long[..], STORED, 0),
        ("a\\x.csv", &[][..], DEFLATED, 0),
        ("__MACOSX/b/._2.json", &[0][..], STORED, 0),
        ("b/.DS_Store", &[0][..], STORED, 0),
    ]))
    .unwrap();
    let expected = [("a.zip!a/x.csv", &[][..]), ("a.zip!b/10.json", &long[..]), ("a.zip!b/2.json", &long[..])];
    assert!(found == expected.map(|(name, content)| (name.to_owned(), content.to_vec())));
    assert_eq!(unread, 2);
}

#[test]
fn hidden_folders_are_one_each_as_in_directories() {
    let (found, unread) = read(&archive_of(&[
        ("./a.csv", &b"1"[..], STORED, 0),
        ("../b.csv", &b"1"[..], STORED, 0),
        ("c/.git/x.csv", &b"1"[..], STORED, ENCRYPTED),
        ("c/.git/y/z.csv", &b"1"[..], STORED, 0),
        (".git/x.csv", &b"1"[..], STORED, 0),
        (".empty/", &[][..], STORED, 0),
        (".x", &b"1"[..], STORED, 0),
        ("__MACOSX/a", &b"1"[..], STORED, 0),
        ("__MACOSX/b", &b"1"[..], STORED, 0),
    ]))
    .unwrap();
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a.zip!../b.csv", "a.zip!./a.csv"]);
    // `c/.git`, `.git`, `.empty`, `.x` and what macOS adds.
    assert_eq!(unread, 5);
}

#[test]
fn what_is_not_read_is_named() {
    let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    let advice = "unpack the archive and ingest its files";
    assert_eq!(
        error(&archive_of(&[("x", &b"1"[..], STORED, ENCRYPTED)])),
        format!("a.zip!x: this member of a zip archive is encrypted; {advice}")
    );
    assert_eq!(
        error(&archive_of(&[("x", &b"1"[..], BZIP2, 0)])),
        format!("a.zip!x: this member of a zip archive is compressed by a method other than deflate; {advice}")
    );
    assert_eq!(
        error(&archive(&[("d/", &[][..])])),
        "a.zip: no file in this zip archive; check that it is the one that is meant"
    );
    let empty = archive(&[]);
    assert!(is_magic(&empty[..MAGIC_BYTES]) && !is_magic(b"PK"));
    assert_eq!(error(&empty), "a.zip: no file in this zip archive; check that it is the one that is meant");
    let whole = archive(&[("x", &b"text"[..])]);
    assert!(is_magic(&whole[..MAGIC_BYTES]));
    assert_eq!(error(&whole[..whole.len() - 30]), "a.zip: not a readable zip archive; fetch the file again");
}

#[test]
fn damage_in_a_member_is_found() {
    let text: Vec<u8> = (0..50_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for method in [STORED, DEFLATED] {
        let mut damaged = archive_of(&[("x", &text[..], method, 0)]);
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0xff);
        let error = read(&damaged).unwrap_err();
        assert!(
            matches!(&error, IngestError::Corrupt { input, compression: "zip", .. } if input == "a.zip!x")
                || matches!(&error, IngestError::Truncated { input, compression: "zip", .. } if input == "a.zip!x"),
            "{error}"
        );
    }
    let mut moved = archive(&[("x", &b"text"[..])]);
    moved[0] = b'Q';
    let error = read(&moved).unwrap_err().to_string();
    assert_eq!(error, "a.zip: not a readable zip archive; fetch the file again");
}
