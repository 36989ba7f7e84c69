//! Definitions by name, and the folders that they come from.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::prelude::SessionContext;

use super::{Definition, is_derived, parse, planning, resolve};
use crate::error::QueryError;
use crate::nearest::Meant;

/// The files of the built-in definitions, in the order of the rules (kpi-rules section 4).
const BUILT_IN: &[(&str, &str)] = &[
    ("kpis/inbound_message_volume.toml", include_str!("../../kpis/inbound_message_volume.toml")),
    ("kpis/message_volume_by_channel.toml", include_str!("../../kpis/message_volume_by_channel.toml")),
    ("kpis/first_response_time.toml", include_str!("../../kpis/first_response_time.toml")),
    ("kpis/average_response_time.toml", include_str!("../../kpis/average_response_time.toml")),
    ("kpis/longest_wait_time.toml", include_str!("../../kpis/longest_wait_time.toml")),
    ("kpis/resolution_time.toml", include_str!("../../kpis/resolution_time.toml")),
    ("kpis/unsubscribed_contacts.toml", include_str!("../../kpis/unsubscribed_contacts.toml")),
];

/// What stands for the file of a definition that is part of the program.
pub(super) const NO_FILE: &str = "built in";

/// Definitions by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definitions {
    list: Vec<Definition>,
}

/// Definitions of several files, and the files that hold none.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoadReport {
    /// Everything that can be used.
    pub definitions: Definitions,
    /// What is wrong with the rest, file by file.
    pub errors: Vec<QueryError>,
}

impl Definitions {
    /// The seven KPIs.
    pub fn built_in() -> Self {
        let mut definitions = Self { list: Vec::with_capacity(BUILT_IN.len()) };
        for (file, text) in BUILT_IN {
            definitions.load(file, text).expect("BUILT_IN is compiled in, and a test reads every one of it");
        }
        // An archive has no such files: nobody would find them.
        for definition in &mut definitions.list {
            definition.file = NO_FILE.to_owned();
        }
        definitions
    }

    /// The seven KPIs, then those of `kpis/*.toml` in the archive's folder `archive`, then those of the folders `dirs`,
    /// each folder by the names of its files. An archive without `kpis` has none of its own; a file that is met twice is
    /// read once.
    ///
    /// # Errors
    /// [`QueryError::ReadDefinitions`] for a folder or file that cannot be read; [`QueryError::DefinitionSyntax`] and
    /// [`QueryError::DefinitionValue`] for the first definition that is wrong, which one with a taken name is too.
    pub fn load_all(archive: Option<&Path>, dirs: &[PathBuf]) -> Result<Self, QueryError> {
        let report = Self::load_each(archive, dirs, &[])?;
        match report.errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(report.definitions),
        }
    }

    /// As [`load_all`](Self::load_all), and the files `files` after the folders; what is wrong with a definition leaves
    /// out that definition, and those that are made of it.
    ///
    /// # Errors
    /// [`QueryError::ReadDefinitions`].
    pub fn load_each(archive: Option<&Path>, dirs: &[PathBuf], files: &[PathBuf]) -> Result<LoadReport, QueryError> {
        let mut paths = Vec::new();
        if let Some(own) = archive.map(|archive| archive.join("kpis"))
            && own.is_dir()
        {
            paths.extend(files_of(&own)?);
        }
        for dir in dirs {
            paths.extend(files_of(dir)?);
        }
        paths.extend(files.iter().cloned());
        let mut definitions = Self::built_in();
        let (mut errors, mut met) = (Vec::new(), HashSet::new());
        for path in paths {
            let unreadable = |source| QueryError::ReadDefinitions { path: path.clone(), source };
            if !met.insert(fs::canonicalize(&path).map_err(unreadable)?) {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(unreadable)?;
            if let Err(error) = definitions.push(&path.display().to_string(), &text) {
                errors.push(error);
            }
        }
        // Of what is made of others, only the whole list can tell whether they are there.
        while let Err((at, error)) = resolve::resolve(&mut definitions.list) {
            errors.push(error);
            definitions.list.remove(at);
        }
        Ok(LoadReport { definitions, errors })
    }

    /// Adds the definition that a text holds. `file` is its name for messages. What it is made of must be there.
    ///
    /// # Errors
    /// [`QueryError::DefinitionSyntax`], [`QueryError::DefinitionValue`]; the latter too if the name is taken. Nothing is
    /// added then.
    pub fn load(&mut self, file: &str, text: &str) -> Result<(), QueryError> {
        self.push(file, text)?;
        resolve::resolve(&mut self.list).map_err(|(at, error)| {
            self.list.remove(at);
            error
        })
    }

    fn push(&mut self, file: &str, text: &str) -> Result<(), QueryError> {
        let taken: Vec<(&str, &str)> = self.list.iter().map(|d| (d.name.as_str(), d.file.as_str())).collect();
        let definition = parse::definition(file, text, &taken)?;
        self.list.push(definition);
        Ok(())
    }

    /// The definition of a name.
    ///
    /// # Errors
    /// [`QueryError::UnknownKpi`] with the nearest name.
    pub fn get(&self, name: &str) -> Result<&Definition, QueryError> {
        self.list.iter().find(|definition| definition.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.names().collect();
            QueryError::UnknownKpi { name: name.to_owned(), meant: Meant::of(name, &known), known: known.join(", ") }
        })
    }

    /// Every definition, in the order in which they were loaded.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.list.iter()
    }

    /// Every name, in the same order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|definition| definition.name.as_str())
    }

    /// Makes the views that definitions bring themselves. Where a file does not list its dimensions, they are those that
    /// its view has.
    ///
    /// # Errors
    /// [`QueryError::DefinitionValue`] for a view that is no query over the tables.
    pub(crate) async fn make_views(&mut self, context: &SessionContext) -> Result<(), QueryError> {
        for definition in self.list.iter_mut().filter(|definition| definition.view.is_some()) {
            let schema = planning::made(context, definition).await?;
            if !definition.lists_dimensions {
                let own: Vec<String> = definition.own_dimensions.iter().map(|own| own.name.clone()).collect();
                let has =
                    |name: &String| is_derived(name) || own.contains(name) || schema.column_with_name(name).is_some();
                definition.dimensions.retain(has);
            }
        }
        // What is made of them can be grouped by no more than they can.
        resolve::resolve(&mut self.list).map_err(|(_, error)| error)
    }
}

/// The files `*.toml` of a folder, by name.
fn files_of(dir: &Path) -> Result<Vec<PathBuf>, QueryError> {
    let unreadable = |source| QueryError::ReadDefinitions { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
