//! Matches names of files against patterns, as a shell does.

use std::io;
use std::path::{Path, PathBuf};

/// Whether a name is a pattern.
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The files and directories that a pattern matches, sorted.
///
/// `*` and `?` stand for any characters and any one character of a name, `[a-c]` and `[!a-c]` for one of some, `**` for
/// any number of directories. Names that begin with a dot are matched only by a pattern that does.
///
/// # Errors
/// The directory that cannot be listed, and why. Directories that are not there match nothing.
pub fn matches_of(pattern: &str) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let (start, rest) = match pattern.strip_prefix('/') {
        Some(rest) => (PathBuf::from("/"), rest),
        None => (PathBuf::new(), pattern),
    };
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let mut found = Vec::new();
    walk(&start, &parts, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(at: &Path, parts: &[&str], found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let Some((&part, rest)) = parts.split_first() else {
        found.push(at.to_owned());
        return Ok(());
    };
    if part == "**" {
        walk(at, rest, found)?;
        for (name, path) in list(at)? {
            // Links to directories are not followed, so that a circle ends.
            let is_dir = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
            if is_dir && !name.starts_with('.') {
                walk(&path, parts, found)?;
            }
        }
    } else if is_pattern(part) {
        let part: Vec<char> = part.chars().collect();
        for (name, path) in list(at)? {
            let hidden = name.starts_with('.') && part[0] != '.';
            let name: Vec<char> = name.chars().collect();
            if !hidden && fits(&part, &name) {
                walk(&path, rest, found)?;
            }
        }
    } else {
        let path = at.join(part);
        if path.exists() {
            walk(&path, rest, found)?;
        }
    }
    Ok(())
}

/// Names that are no Unicode have no pattern that could mean them.
fn list(dir: &Path) -> Result<Vec<(String, PathBuf)>, (PathBuf, io::Error)> {
    let shown = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    if !shown.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error| (shown.to_owned(), error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(shown).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            let path = dir.join(&name);
            entries.push((name, path));
        }
    }
    Ok(entries)
}

/// Whether a name fits one part of a pattern. Goes back to the last star where it does not, hence never more than
/// length times length.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => one_of(&pattern[p..], name[n]),
            Some(&literal) if literal == name[n] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((star_p, star_n))) => {
                star = Some((star_p, star_n + 1));
                p = star_p + 1;
                n = star_n + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|&rest| rest == '*')
}

/// Length of the `[..]` that a pattern begins with if the character is one of it. A bracket that is never closed means
/// itself.
fn one_of(pattern: &[char], c: char) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let first = if negated { 2 } else { 1 };
    // A closing bracket in the first place is one of the characters.
    let Some(length) = pattern.iter().skip(first + 1).position(|&p| p == ']') else {
        return (c == '[').then_some(1);
    };
    let set = &pattern[first..first + 1 + length];
    let mut at = 0;
    let mut inside = false;
    while at < set.len() {
        if set.get(at + 1) == Some(&'-') && at + 2 < set.len() {
            inside |= (set[at]..=set[at + 2]).contains(&c);
            at += 3;
        } else {
            inside |= set[at] == c;
            at += 1;
        }
    }
    (inside != negated).then_some(first + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str) -> bool {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        fits(&chars(pattern), &chars(name))
    }

    #[test]
    fn a_part_matches_as_in_a_shell() {
        let yes = [
            ("*", ""),
            ("*", "abc"),
            ("a*c", "ac"),
            ("a*c", "abcbc"),
            ("*.ndjson*", "x.ndjson.gz"),
            ("a?c", "a\u{e9}c"),
            ("[abc]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[a-]", "-"),
            ("x[", "x["),
            ("*[0-9][0-9].csv", "events-2025-12.csv"),
        ];
        for (pattern, name) in yes {
            assert!(check(pattern, name), "{pattern} {name}");
        }
        let no = [("", "a"), ("a", ""), ("a*c", "ab"), ("?", ""), ("[a-c]", "d"), ("[!a]", "a"), ("*.csv", "x.csv.gz")];
        for (pattern, name) in no {
            assert!(!check(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn paths_match_part_by_part_and_come_sorted() {
        let home = tempfile::tempdir().unwrap();
        for name in ["b/x.csv", "a/x.csv", "a/deep/er/x.csv", "a/.hidden.csv", "a/y.json"] {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let pattern = format!("{}/{pattern}", home.path().display());
            let paths = matches_of(&pattern).unwrap();
            paths.iter().map(|path| path.strip_prefix(home.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(found("*/*.csv"), ["a/x.csv", "b/x.csv"]);
        assert_eq!(found("**/x.csv"), ["a/deep/er/x.csv", "a/x.csv", "b/x.csv"]);
        assert_eq!(found("a/.h*"), ["a/.hidden.csv"]);
        assert_eq!(found("?"), ["a", "b"]);
        assert_eq!(found("c/*"), Vec::<String>::new());
        assert_eq!(found("a/y.json/*"), Vec::<String>::new());
    }
}
