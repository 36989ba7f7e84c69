//! A mapping file as TOML, with the line of everything in it.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{At, MappingError, advice};

/// The text of a mapping file.
#[derive(Debug)]
pub struct Document<'d> {
    /// The file's name, for messages.
    pub name: Arc<str>,
    /// Its text.
    pub text: &'d str,
}

impl Document<'_> {
    /// Reads the text as TOML.
    ///
    /// # Errors
    /// [`MappingError::Syntax`].
    pub fn table(&self) -> Result<Spanned<DeTable<'_>>, MappingError> {
        DeTable::parse(self.text).map_err(|error| MappingError::Syntax {
            at: self.at(error.span().unwrap_or_default()),
            message: error.message().lines().next().unwrap_or_default().to_owned(),
            source: Box::new(error),
        })
    }

    /// The place of a stretch of the text: the line on which it begins.
    fn at(&self, span: Range<usize>) -> At {
        let line = self.text.bytes().take(span.start).filter(|&byte| byte == b'\n').count() + 1;
        At { mapping: Arc::clone(&self.name), line }
    }
}

/// A table of which every key is known.
#[derive(Debug, Clone)]
pub struct Keys<'d> {
    document: &'d Document<'d>,
    table: &'d DeTable<'d>,
    /// What it is, for messages.
    pub what: &'static str,
    /// Where it begins.
    pub at: At,
}

impl<'d> Keys<'d> {
    /// The outermost table.
    ///
    /// # Errors
    /// [`MappingError::UnknownKey`] for the first key that is not among `known`.
    pub fn root(document: &'d Document<'d>, table: &'d DeTable<'d>, known: &[&str]) -> Result<Self, MappingError> {
        let at = At { mapping: Arc::clone(&document.name), line: 1 };
        Self { document, table, what: "a mapping", at }.checked(known)
    }

    fn checked(self, known: &[&str]) -> Result<Self, MappingError> {
        let unknown = self.table.iter().map(|(key, _)| key).filter(|key| {
            let key: &str = key.get_ref();
            !known.contains(&key)
        });
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(self),
            Some(key) => {
                let name: &str = key.get_ref();
                Err(MappingError::UnknownKey {
                    at: self.document.at(key.span()),
                    table: self.what,
                    key: name.to_owned(),
                    advice: advice(name, known),
                })
            }
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &'static str) -> Option<Node<'d>> {
        self.table.get(key).map(|value| Node { document: self.document, key, value })
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// [`MappingError::MissingKey`].
    pub fn needed(&self, key: &'static str, advice: &'static str) -> Result<Node<'d>, MappingError> {
        self.get(key).ok_or_else(|| MappingError::MissingKey { at: self.at.clone(), table: self.what, key, advice })
    }

    /// The one of `keys` that is there, or none.
    ///
    /// # Errors
    /// [`MappingError::Conflict`] if there are two.
    pub fn one_of(&self, keys: &[&'static str]) -> Result<Option<Node<'d>>, MappingError> {
        let mut found = keys.iter().copied().filter_map(|key| self.get(key).map(|node| (key, node)));
        match (found.next(), found.next()) {
            (Some((first, _)), Some((second, _))) => Err(MappingError::Conflict { at: self.at.clone(), first, second }),
            (first, _) => Ok(first.map(|(_, node)| node)),
        }
    }
}

/// A value with its key.
#[derive(Debug, Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    /// The key; of an element of a list, the list's.
    pub key: &'d str,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Node<'d> {
    /// Where it begins.
    pub fn at(&self) -> At {
        self.document.at(self.value.span())
    }

    /// Whether it is text.
    pub fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// True or false; `None` if it is neither.
    pub fn as_flag(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// A text.
    ///
    /// # Errors
    /// [`MappingError::WrongType`].
    pub fn text(&self) -> Result<&'d str, MappingError> {
        self.value.get_ref().as_str().ok_or_else(|| self.wrong_type("a text"))
    }

    /// True or false.
    ///
    /// # Errors
    /// [`MappingError::WrongType`].
    pub fn flag(&self) -> Result<bool, MappingError> {
        self.as_flag().ok_or_else(|| self.wrong_type("true or false"))
    }

    /// A text, number or flag as its text: what may be compared with what a file holds.
    ///
    /// # Errors
    /// [`MappingError::WrongType`].
    pub fn scalar(&self) -> Result<String, MappingError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            DeValue::Integer(number) => Ok(number.to_string()),
            DeValue::Boolean(flag) => Ok(flag.to_string()),
            _ => Err(self.wrong_type("a text")),
        }
    }

    /// The elements of a list that is not empty, or the value itself.
    ///
    /// # Errors
    /// [`MappingError::BadValue`] for the empty list.
    pub fn one_or_more(&self) -> Result<Vec<Node<'d>>, MappingError> {
        let Some(list) = self.value.get_ref().as_array() else { return Ok(vec![*self]) };
        if list.is_empty() {
            return Err(self.bad_value("[]", "give at least one, or take the key out"));
        }
        Ok(list.iter().map(|value| Node { value, ..*self }).collect())
    }

    /// One or more texts; numbers and flags become their texts.
    ///
    /// # Errors
    /// [`MappingError::WrongType`], [`MappingError::BadValue`].
    pub fn scalars(&self) -> Result<Vec<String>, MappingError> {
        self.one_or_more()?.iter().map(Node::scalar).collect()
    }

    /// A table in which only keys of `known` may stand; `what` it is called in messages.
    ///
    /// # Errors
    /// [`MappingError::WrongType`], [`MappingError::UnknownKey`].
    pub fn keys(&self, what: &'static str, known: &[&str]) -> Result<Keys<'d>, MappingError> {
        self.typed_keys(what, known, "a table")
    }

    /// As [`keys`](Self::keys), where something else could stand too.
    ///
    /// # Errors
    /// [`MappingError::WrongType`] with what is `expected`, [`MappingError::UnknownKey`].
    pub fn typed_keys(
        &self,
        what: &'static str,
        known: &[&str],
        expected: &'static str,
    ) -> Result<Keys<'d>, MappingError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.wrong_type(expected))?;
        Keys { document: self.document, table, what, at: self.at() }.checked(known)
    }

    /// The entries of a table with any keys, in order of the keys.
    ///
    /// # Errors
    /// [`MappingError::WrongType`].
    pub fn entries(&self) -> Result<Vec<Node<'d>>, MappingError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.wrong_type("a table"))?;
        Ok(table.iter().map(|(key, value)| Node { document: self.document, key: key.get_ref(), value }).collect())
    }

    /// What to say of a value that cannot be used.
    pub fn bad_value(&self, value: &str, advice: &'static str) -> MappingError {
        MappingError::BadValue { at: self.at(), key: self.key.to_owned(), value: value.to_owned(), advice }
    }

    fn wrong_type(&self, expected: &'static str) -> MappingError {
        MappingError::WrongType {
            at: self.at(),
            key: self.key.to_owned(),
            found: self.value.get_ref().type_str(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_knows_its_line() {
        let text = "a = 1\n\n[b]\nc = [\n  'x',\n  true,\n]\n[[d]]\ne = 'y'\n";
        let document = Document { name: "m.toml".into(), text };
        let table = document.table().unwrap();
        let root = Keys::root(&document, table.get_ref(), &["a", "b", "d"]).unwrap();
        assert_eq!(root.get("a").unwrap().scalar().unwrap(), "1");
        assert!(root.get("z").is_none());
        let b = root.get("b").unwrap().keys("b", &["c"]).unwrap();
        let c = b.get("c").unwrap();
        assert_eq!((b.at.line, c.at().line), (3, 4));
        assert_eq!(c.scalars().unwrap(), ["x", "true"]);
        let lines: Vec<usize> = c.one_or_more().unwrap().iter().map(|node| node.at().line).collect();
        assert_eq!(lines, [5, 6]);
        let d = root.get("d").unwrap().one_or_more().unwrap();
        assert_eq!(d[0].at().line, 8);
        let entries = d[0].entries().unwrap();
        assert_eq!((entries[0].key, entries[0].text().unwrap()), ("e", "y"));
    }
}
