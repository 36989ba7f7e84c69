//! `settings.toml`: read whole, changed one value at a time with comments and order kept, replaced by renaming.

use std::io::Write;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Key, Table, Value};

use super::keys::KNOWN;
use super::{Settings, SettingsError};

impl Settings {
    /// Reads a file; one that is not there gives the defaults.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, or says something that no setting can be.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        Self::from_toml(&read(path)?, path)
    }

    /// Reads settings from text; `path` names it in errors.
    ///
    /// # Errors
    /// The text is no TOML, or says something that no setting can be.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let document = parse(text, path)?;
        let mut settings = Self::default();
        settings.apply_table(&mut Vec::new(), document.as_table())?;
        Ok(settings)
    }

    /// Changes one setting in a file and gives the settings as they then are. The value is checked before anything is
    /// written; the rest of the file stays as it was.
    ///
    /// # Errors
    /// As [`load`](Self::load), and when the key or value is none, or the file cannot be written.
    pub fn set_in_file(path: &Path, key: &str, value: &str) -> Result<Self, SettingsError> {
        let mut document = parse(&read(path)?, path)?;
        let keys = split(key)?;
        Self::default().apply(&names(&keys), value)?;
        let (last, tables) = match keys.split_last() {
            Some(split) => split,
            None => return Err(unknown(key)),
        };
        let mut table: &mut Table = document.as_table_mut();
        for part in tables {
            let item = table.entry(part.get()).or_insert_with(|| {
                let mut implicit = Table::new();
                implicit.set_implicit(true);
                Item::Table(implicit)
            });
            table = item.as_table_mut().ok_or_else(|| unknown(key))?;
        }
        table.insert(last.get(), toml_edit::value(value));
        let text = document.to_string();
        let settings = Self::from_toml(&text, path)?;
        write(path, &text)?;
        Ok(settings)
    }

    /// The value of one setting as it holds; `None` where a source or channel does not set it.
    ///
    /// # Errors
    /// [`SettingsError::UnknownKey`].
    pub fn get(&self, key: &str) -> Result<Option<String>, SettingsError> {
        let path = names(&split(key)?);
        if let Some((_, value)) = self.list().into_iter().find(|(k, _)| split(k).is_ok_and(|k| names(&k) == path)) {
            return Ok(Some(value));
        }
        // A name that takes any value at all is one that is merely not set.
        let known = ["never", "1s", "ignore", "UTC", "monday"];
        if known.iter().any(|value| Self::default().apply(&path, value).is_ok()) { Ok(None) } else { Err(unknown(key)) }
    }

    fn apply_table(&mut self, path: &mut Vec<String>, table: &Table) -> Result<(), SettingsError> {
        for (name, item) in table {
            path.push(name.to_owned());
            match item {
                Item::Table(inner) => self.apply_table(path, inner)?,
                Item::Value(Value::InlineTable(inner)) => self.apply_table(path, &inner.clone().into_table())?,
                Item::Value(Value::String(text)) => self.apply(path, text.value())?,
                other => {
                    return Err(SettingsError::BadValue {
                        key: path.join("."),
                        value: other.to_string().trim().to_owned(),
                        expected: "a text in quotes, such as \"10m\"",
                    });
                }
            }
            path.pop();
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, SettingsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(SettingsError::Read { path: path.display().to_string(), source }),
    }
}

/// Replaces the file in one step, on disk before the name changes.
fn write(path: &Path, text: &str) -> Result<(), SettingsError> {
    let new = path.with_extension("toml.new");
    let steps = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    };
    steps().map_err(|source| SettingsError::Write { path: path.display().to_string(), source })
}

fn parse(text: &str, path: &Path) -> Result<DocumentMut, SettingsError> {
    text.parse::<DocumentMut>().map_err(|source| {
        let at = source.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count() + 1;
        SettingsError::Syntax { path: path.display().to_string(), line, source }
    })
}

fn split(key: &str) -> Result<Vec<Key>, SettingsError> {
    Key::parse(key).map_err(|_| unknown(key))
}

fn names(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|k| k.get().to_owned()).collect()
}

fn unknown(key: &str) -> SettingsError {
    SettingsError::UnknownKey { key: key.to_owned(), known: KNOWN.to_owned() }
}
