//! `settings.toml`: read whole, changed one value at a time with comments and order kept, replaced by renaming.

use std::io::Write;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Array, Document, DocumentMut, Item, Key, Table, TableLike, TomlError, Value};

use super::{Settings, SettingsError, keys, versions};
use crate::calendar::Date;

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
        let document = Document::parse(text).map_err(|source| syntax(text, path, source))?;
        let mut settings = Self::default();
        let origin = Origin { text, path };
        settings.apply_table(&mut Vec::new(), document.as_table(), &origin)?;
        if let Some((path, error)) = settings.unknown_calendar() {
            let error = SettingsError::Calendar { key: path.join("."), error };
            return Err(origin.named(error, span_of(document.as_item(), &path)));
        }
        Ok(settings)
    }

    /// Changes one setting in a file and gives the settings as they then are. The value is checked before anything is
    /// written; the rest of the file stays as it was.
    ///
    /// # Errors
    /// As [`load`](Self::load), and when the key or value is none, or the file cannot be written.
    pub fn set_in_file(path: &Path, key: &str, value: &str) -> Result<Self, SettingsError> {
        let before = read(path)?;
        let keys = split(key)?;
        Self::default().apply(&names(&keys), value)?;
        let (head, mut document) = parse(&before, path)?;
        put(document.as_table_mut(), &names(&keys), value).ok_or_else(|| unknown(key))?;
        Self::replace(path, &before, &with_head(head, &document))
    }

    /// Takes one setting out of a file, so that the more general one or the default holds, and gives the settings as
    /// they then are. `None` if the file does not have it; then it stays as it is.
    ///
    /// # Errors
    /// As [`load`](Self::load), and when the key is none, or the file cannot be written.
    pub fn unset_in_file(path: &Path, key: &str) -> Result<Option<Self>, SettingsError> {
        // Whether there is such a setting at all.
        Self::default().get(key)?;
        let before = read(path)?;
        let (head, mut document) = parse(&before, path)?;
        if !remove(document.as_table_mut(), &names(&split(key)?)) {
            return Ok(None);
        }
        Self::replace(path, &before, &with_head(head, &document)).map(Some)
    }

    /// Writes a changed file, if what it says can be.
    fn replace(path: &Path, before: &str, after: &str) -> Result<Self, SettingsError> {
        let settings = Self::from_toml(after, path).map_err(|error| match (Self::from_toml(before, path), error) {
            // What was wrong before is named by the line that it has on disk.
            (Err(known), _) => known,
            // A line of a text that is not written says nothing.
            (Ok(_), SettingsError::InFile { error, .. }) => *error,
            (Ok(_), error) => error,
        })?;
        write(path, after)?;
        Ok(settings)
    }

    /// The value of one setting as it holds; `None` where a source or channel does not set it, or a language has no
    /// words.
    ///
    /// # Errors
    /// [`SettingsError::UnknownKey`].
    pub fn get(&self, key: &str) -> Result<Option<String>, SettingsError> {
        let path = names(&split(key)?);
        if let Some((_, value)) = self.list().into_iter().find(|(k, _)| split(k).is_ok_and(|k| names(&k) == path)) {
            return Ok(Some(value));
        }
        // A name that takes any value at all is one that is merely not set.
        let known = ["never", "1s", "ignore", "UTC", "monday", "closed", "2025-01-01"];
        if known.iter().any(|value| Self::default().apply(&path, value).is_ok()) { Ok(None) } else { Err(unknown(key)) }
    }

    fn apply_table(&mut self, path: &mut Vec<String>, table: &Table, origin: &Origin<'_>) -> Result<(), SettingsError> {
        for (name, item) in table {
            path.push(name.to_owned());
            match item {
                Item::Table(inner) => self.apply_table(path, inner, origin)?,
                Item::Value(Value::InlineTable(inner)) => {
                    self.apply_table(path, &inner.clone().into_table(), origin)?;
                }
                Item::Value(Value::String(text)) => {
                    self.apply(path, text.value()).map_err(|error| origin.named(error, item.span()))?;
                }
                Item::ArrayOfTables(_) | Item::Value(Value::Array(_)) if versions::is_path(path) => {
                    self.apply_versions(path, item, origin)?;
                }
                Item::Value(Value::Array(list)) if path.first().is_some_and(|first| first == CALENDARS) => {
                    self.apply_list(path, list, origin)?;
                }
                other => {
                    let written = other.span().and_then(|span| origin.text.get(span)).unwrap_or_default();
                    let error = SettingsError::BadValue {
                        key: path.join("."),
                        value: written.trim().to_owned(),
                        expected: "a text in quotes, such as \"10m\"",
                    };
                    return Err(origin.named(error, other.span()));
                }
            }
            path.pop();
        }
        Ok(())
    }

    /// Applies versions of a calendar that are a list of tables.
    fn apply_versions(
        &mut self,
        path: &mut Vec<String>,
        item: &Item,
        origin: &Origin<'_>,
    ) -> Result<(), SettingsError> {
        let bad = |value: Option<String>, span| {
            let expected = "a list of tables, each with a from of its own, such as from = \"2025-07-01\"";
            let value = value.unwrap_or_default();
            origin.named(SettingsError::BadValue { key: path.join("."), value, expected }, span)
        };
        let versions = versions::of(item).ok_or_else(|| bad(None, item.span()))?;
        let mut dates = Vec::with_capacity(versions.len());
        for version in &versions {
            let date = version.from.as_deref().and_then(Date::parse).filter(|date| !dates.contains(date));
            dates.push(date.ok_or_else(|| bad(version.from.clone(), version.span.clone()))?);
        }
        for (version, date) in versions.iter().zip(dates) {
            path.push(date.to_string());
            self.apply_table(path, &version.table, origin)?;
            path.pop();
        }
        Ok(())
    }

    /// Applies a list of texts and dates as one text.
    fn apply_list(&mut self, path: &[String], list: &Array, origin: &Origin<'_>) -> Result<(), SettingsError> {
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            let text = versions::text_of(value).unwrap_or_else(|| value.to_string().trim().to_owned());
            // By itself, for the line that it is in.
            Self::default().apply(path, &text).map_err(|error| origin.named(error, value.span()))?;
            texts.push(text);
        }
        self.apply(path, &texts.join(", ")).map_err(|error| origin.named(error, list.span()))
    }
}

/// The table of calendars, the only settings that can be lists.
const CALENDARS: &str = "calendars";

/// Where settings stand.
struct Origin<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Origin<'_> {
    /// An error with the file and the line of what it is about.
    fn named(&self, error: SettingsError, span: Option<Range<usize>>) -> SettingsError {
        let line = line_of(self.text, span.map_or(0, |span| span.start));
        SettingsError::InFile { path: self.path.display().to_string(), line, error: Box::new(error) }
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

/// The comment at the head of a file, and the rest to be edited.
fn parse<'a>(text: &'a str, path: &Path) -> Result<(&'a str, DocumentMut), SettingsError> {
    // The whole first, for the line of an error.
    Document::parse(text).map_err(|source| syntax(text, path, source))?;
    let (head, rest) = text.split_at(head_of(text));
    let document = rest.parse::<DocumentMut>().map_err(|source| syntax(rest, path, source))?;
    Ok((head, document))
}

/// Length of the comment that belongs to the file and to no setting: up to the last blank line before the first
/// setting, or all where there is none. Edited with the rest, it would move below what is added.
fn head_of(text: &str) -> usize {
    let (mut head, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        match line.trim().bytes().next() {
            None => head = at,
            Some(b'#') => {}
            Some(_) => return head,
        }
    }
    at
}

fn with_head(head: &str, document: &DocumentMut) -> String {
    let gap = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    format!("{head}{gap}{document}")
}

/// Puts a value under a name, with the tables that it needs. `None` if something that is no table is in the way.
fn put(table: &mut dyn TableLike, path: &[String], value: &str) -> Option<()> {
    let (first, rest) = path.split_first()?;
    if rest.is_empty() {
        match table.get_mut(first) {
            // In place: an insert drops the comments before the name and behind the value.
            Some(Item::Value(known)) => {
                let decor = known.decor().clone();
                *known = Value::from(value);
                *known.decor_mut() = decor;
            }
            _ => {
                table.insert(first, toml_edit::value(value));
            }
        }
        return Some(());
    }
    if !table.contains_key(first) {
        let mut implicit = Table::new();
        implicit.set_implicit(true);
        table.insert(first, Item::Table(implicit));
    }
    let item = table.get_mut(first)?;
    if item.is_table_like() {
        return put(item.as_table_like_mut()?, rest, value);
    }
    let (from, rest) = rest.split_first()?;
    let place = versions::position(item, from).or_else(|| versions::push(item, from))?;
    put(versions::at(item, place)?, rest, value)
}

/// Removes the value of a name, and the tables that are empty without it, unless they have a comment. Whether there
/// was one.
fn remove(table: &mut dyn TableLike, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => table.remove(last).is_some(),
        [first, rest @ ..] => {
            let Some(item) = table.get_mut(first) else { return false };
            let (removed, is_empty) = match item.as_table_like_mut() {
                Some(inner) => (remove(inner, rest), inner.is_empty()),
                None => remove_in_versions(item, rest),
            };
            if removed && is_empty && !has_comment(item) {
                table.remove(first);
            }
            removed
        }
    }
}

/// Removes the value of a name from a list of versions, and the version that says nothing without it. Whether there was
/// one, and whether the list is then empty.
fn remove_in_versions(item: &mut Item, path: &[String]) -> (bool, bool) {
    let Some((from, rest)) = path.split_first() else { return (false, false) };
    let Some(place) = versions::position(item, from) else { return (false, false) };
    let Some(version) = versions::at(item, place) else { return (false, false) };
    let removed = remove(version, rest);
    let says_nothing = version.len() <= 1;
    (removed, removed && says_nothing && versions::remove(item, place))
}

fn has_comment(item: &Item) -> bool {
    let prefix = item.as_table().and_then(|table| table.decor().prefix()).and_then(|prefix| prefix.as_str());
    prefix.is_some_and(|prefix| !prefix.trim().is_empty())
}

fn syntax(text: &str, path: &Path, source: TomlError) -> SettingsError {
    let line = line_of(text, source.span().map_or(0, |span| span.start));
    SettingsError::Syntax { path: path.display().to_string(), line, source }
}

/// Where the value of a name stands.
fn span_of(item: &Item, path: &[String]) -> Option<Range<usize>> {
    match path.split_first() {
        None => item.span(),
        Some((first, rest)) => span_of(item.as_table_like()?.get(first)?, rest),
    }
}

/// The line, from 1, of a byte.
fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

fn split(key: &str) -> Result<Vec<Key>, SettingsError> {
    Key::parse(key).map_err(|_| unknown(key))
}

fn names(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|k| k.get().to_owned()).collect()
}

fn unknown(key: &str) -> SettingsError {
    let path: Vec<String> = key.split('.').map(str::to_owned).collect();
    keys::unknown(key, &path)
}
