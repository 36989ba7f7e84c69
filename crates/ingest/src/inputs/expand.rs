//! From the names that the user gives to the list of inputs.

use std::fs;
use std::path::{Path, PathBuf};

use super::input::{Input, Inputs, Origin};
use super::pattern::{is_pattern, matches_of};
use crate::error::IngestError;
use crate::rows::codec::MAX_INPUTS;

/// The name of standard input.
const STANDARD_INPUT: &str = "-";

/// The inputs that names stand for, in the order of the names.
///
/// A name is a file, a directory (all files in it and below, sorted by path), a pattern (see `pattern`), or `-`. A name
/// that exists is taken as it is, whatever characters it has. In directories names that begin with a dot are not read,
/// nor, there and among what matches a pattern, links to directories and what is no file; each counts as one.
///
/// # Errors
/// A name that stands for nothing, or a directory that cannot be listed.
pub fn expand(names: &[String]) -> Result<Inputs, IngestError> {
    if names.is_empty() {
        return Err(IngestError::NoInputs);
    }
    let mut inputs = Inputs::default();
    for name in names {
        let path = Path::new(name);
        if name == STANDARD_INPUT {
            if inputs.list.iter().any(|input| matches!(input.origin, Origin::StandardInput)) {
                return Err(IngestError::StandardInputTwice);
            }
            let (name, origin) = ("standard input".to_owned(), Origin::StandardInput);
            inputs.list.push(Input { name, origin, bytes: None, found: false });
        } else if path.exists() {
            add(path, &mut inputs)?;
        } else if is_pattern(name) {
            let before = inputs.list.len();
            for path in matches_of(name).map_err(|(path, source)| IngestError::List { path, source })? {
                add_match(path, &mut inputs)?;
            }
            if inputs.list.len() == before {
                return Err(IngestError::NoMatch { pattern: name.clone() });
            }
        } else {
            return Err(IngestError::MissingInput { name: name.clone() });
        }
    }
    if inputs.list.len() > MAX_INPUTS {
        return Err(IngestError::TooManyInputs { count: inputs.list.len(), most: MAX_INPUTS });
    }
    Ok(inputs)
}

/// What a name stands for that exists.
fn add(path: &Path, inputs: &mut Inputs) -> Result<(), IngestError> {
    if !path.is_dir() {
        inputs.list.push(Input::of_file(path.to_owned(), false)?);
        return Ok(());
    }
    let before = inputs.list.len();
    add_files_below(path, inputs)?;
    if inputs.list.len() == before {
        return Err(IngestError::EmptyDirectory { path: path.to_owned() });
    }
    Ok(())
}

/// What a pattern matches is like what lies in a directory.
fn add_match(path: PathBuf, inputs: &mut Inputs) -> Result<(), IngestError> {
    if path.is_dir() && !path.is_symlink() {
        return add_files_below(&path, inputs);
    }
    if path.is_file() {
        inputs.list.push(Input::of_file(path, true)?);
    } else {
        inputs.unread += 1;
    }
    Ok(())
}

fn add_files_below(dir: &Path, inputs: &mut Inputs) -> Result<(), IngestError> {
    let mut files = Vec::new();
    inputs.unread += files_below(dir, &mut files)?;
    files.sort();
    for file in files {
        inputs.list.push(Input::of_file(file, true)?);
    }
    Ok(())
}

/// Adds the files of a directory. Gives how much beside them is not read.
fn files_below(dir: &Path, files: &mut Vec<PathBuf>) -> Result<u64, IngestError> {
    let failed = |source| IngestError::List { path: dir.to_owned(), source };
    let mut unread = 0;
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            unread += 1;
            continue;
        }
        let path = entry.path();
        // Links to files are followed, links to directories are not, so that a circle ends.
        if entry.file_type().map_err(failed)?.is_dir() {
            unread += files_below(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        } else {
            unread += 1;
        }
    }
    Ok(unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(home: &Path, given: &[&str]) -> Result<Vec<String>, String> {
        let given: Vec<String> = given
            .iter()
            .map(|name| if *name == "-" { "-".to_owned() } else { format!("{}/{name}", home.display()) })
            .collect();
        let inputs = expand(&given).map_err(|error| error.to_string().replace(&home.display().to_string(), "HOME"))?;
        Ok(inputs.list.into_iter().map(|input| input.name.replace(&format!("{}/", home.display()), "")).collect())
    }

    #[test]
    fn names_keep_their_order_and_directories_are_sorted() {
        let home = tempfile::tempdir().unwrap();
        for name in ["d/b.csv", "d/a/z.csv", "d/.git/x", "d/.x", "one", "[odd].csv"] {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"123").unwrap();
        }
        let home = home.path();
        assert_eq!(
            names(home, &["one", "-", "d", "d/*.csv", "[odd].csv"]).unwrap(),
            ["one", "standard input", "d/a/z.csv", "d/b.csv", "d/b.csv", "[odd].csv"]
        );
        let inputs = expand(&[home.join("one").display().to_string()]).unwrap();
        assert_eq!((inputs.list[0].bytes, inputs.unread), (Some(3), 0));
    }

    #[test]
    fn what_nobody_named_is_known_as_such_and_what_is_not_read_is_counted() {
        let home = tempfile::tempdir().unwrap();
        for name in ["d/b.csv", "d/a/z.csv", "d/a/.DS_Store", "d/.git/x", "d/.git/y", "d/.x"] {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"123").unwrap();
        }
        let of = |name: &str| {
            let inputs = expand(&[format!("{}/{name}", home.path().display())]).unwrap();
            (inputs.list.iter().map(|input| input.found).collect::<Vec<_>>(), inputs.unread)
        };
        // A hidden directory counts as one, whatever it holds.
        assert_eq!(of("d"), (vec![true, true], 3));
        assert_eq!(of("*"), (vec![true, true], 3));
        assert_eq!(of("d/*.csv"), (vec![true], 0));
        assert_eq!(of("d/b.csv"), (vec![false], 0));
        assert_eq!(of("d/.x"), (vec![false], 0));
    }

    #[cfg(unix)]
    #[test]
    fn a_pattern_passes_over_empty_directories_links_to_directories_and_what_is_no_file() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::create_dir_all(home.join("d/empty")).unwrap();
        fs::create_dir(home.join("other")).unwrap();
        fs::write(home.join("other/x.csv"), b"123").unwrap();
        fs::write(home.join("d/a.csv"), b"123").unwrap();
        std::os::unix::fs::symlink(home.join("other"), home.join("d/link")).unwrap();
        std::os::unix::fs::symlink(home.join("other/x.csv"), home.join("d/x.csv")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(home.join("d/socket")).unwrap();
        let inputs = expand(&[home.join("d/*").display().to_string()]).unwrap();
        let found: Vec<&str> = inputs.list.iter().filter_map(|input| input.name.rsplit('/').next()).collect();
        assert_eq!((found, inputs.unread), (vec!["a.csv", "x.csv"], 2));
        assert_eq!(
            names(home, &["d/e*"]).unwrap_err(),
            "HOME/d/e*: no file matches; check the pattern and the directory that it starts from"
        );
    }

    #[test]
    fn a_name_for_nothing_is_an_error_that_says_which() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("empty")).unwrap();
        let error = |given: &[&str]| names(home.path(), given).unwrap_err();
        assert_eq!(error(&["none.csv"]), "HOME/none.csv: no such file or directory; check the name");
        assert_eq!(
            error(&["*.csv"]),
            "HOME/*.csv: no file matches; check the pattern and the directory that it starts from"
        );
        assert_eq!(error(&["empty"]), "HOME/empty: no file in this directory; name the files, or another directory");
        assert_eq!(error(&["-", "-"]), "standard input (-) is named twice; name it once");
        assert_eq!(error(&[]), "no input named; give files, directories, patterns, or - for standard input");
    }
}
