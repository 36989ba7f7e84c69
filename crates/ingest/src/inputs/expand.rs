//! From the names that the user gives to the list of inputs.

use std::fs;
use std::path::{Path, PathBuf};

use super::input::{Input, Origin};
use super::pattern::{is_pattern, matches_of};
use crate::error::IngestError;
use crate::rows::codec::MAX_INPUTS;

/// The name of standard input.
const STANDARD_INPUT: &str = "-";

/// The inputs that names stand for, in the order of the names.
///
/// A name is a file, a directory (all files in it and below, sorted by path; names that begin with a dot are left out),
/// a pattern (see `pattern`), or `-`. A name that exists is taken as it is, whatever characters it has.
///
/// # Errors
/// A name that stands for nothing, or a directory that cannot be listed.
pub fn expand(names: &[String]) -> Result<Vec<Input>, IngestError> {
    if names.is_empty() {
        return Err(IngestError::NoInputs);
    }
    let mut inputs = Vec::new();
    for name in names {
        let path = Path::new(name);
        if name == STANDARD_INPUT {
            if inputs.iter().any(|input: &Input| matches!(input.origin, Origin::StandardInput)) {
                return Err(IngestError::StandardInputTwice);
            }
            inputs.push(Input { name: "standard input".to_owned(), origin: Origin::StandardInput, bytes: None });
        } else if path.exists() {
            add(path, &mut inputs)?;
        } else if is_pattern(name) {
            let paths = matches_of(name).map_err(|(path, source)| IngestError::List { path, source })?;
            if paths.is_empty() {
                return Err(IngestError::NoMatch { pattern: name.clone() });
            }
            for path in paths {
                add(&path, &mut inputs)?;
            }
        } else {
            return Err(IngestError::MissingInput { name: name.clone() });
        }
    }
    if inputs.len() > MAX_INPUTS {
        return Err(IngestError::TooManyInputs { count: inputs.len(), most: MAX_INPUTS });
    }
    Ok(inputs)
}

fn add(path: &Path, inputs: &mut Vec<Input>) -> Result<(), IngestError> {
    if !path.is_dir() {
        inputs.push(Input::of_file(path.to_owned())?);
        return Ok(());
    }
    let mut files = Vec::new();
    files_below(path, &mut files)?;
    if files.is_empty() {
        return Err(IngestError::EmptyDirectory { path: path.to_owned() });
    }
    files.sort();
    for file in files {
        inputs.push(Input::of_file(file)?);
    }
    Ok(())
}

fn files_below(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), IngestError> {
    let failed = |source| IngestError::List { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        // Links to files are followed, links to directories are not, so that a circle ends.
        if entry.file_type().map_err(failed)?.is_dir() {
            files_below(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
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
        Ok(inputs.into_iter().map(|input| input.name.replace(&format!("{}/", home.display()), "")).collect())
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
        assert_eq!(inputs[0].bytes, Some(3));
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
