//! What the beginning of a JSON input looks like, for recognition.
//!
//! The beginning may be cut anywhere, so it is scanned and not parsed: which keys there are under which, and the first
//! values of each.

use std::collections::BTreeMap;

use crate::formats::Head;

/// Deepest path that is kept.
const MAX_DEPTH: usize = 8;

/// Brackets within one another that are told apart. serde_json reads no value that is nested deeper.
const MAX_LEVELS: usize = 128;

/// Values that are kept of a path.
const MAX_VALUES: usize = 8;

/// Characters that are kept of a value.
const MAX_VALUE_BYTES: usize = 64;

/// Keys and values of JSON by their paths. A path is the keys from the outermost object on, with dots between them;
/// arrays leave no trace in it: `entry.changes.value.messages.id`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    paths: BTreeMap<String, Vec<String>>,
}

/// The beginning of an input, and what of it stands behind the first line: one that is broken would hide the others.
pub fn starts<'h>(head: &Head<'h>) -> impl Iterator<Item = Head<'h>> + use<'h> {
    let head = *head;
    let behind = memchr::memchr(b'\n', head.bytes).map(|end| &head.bytes[end + 1..]);
    std::iter::once(head.bytes).chain(behind).map(move |bytes| Head { bytes, ..head })
}

impl Shape {
    /// The shape of an input's beginning. Under one of `wrappers` (keys of pages, as in [`super::json::open`]) paths
    /// begin anew. Empty if the input is no JSON.
    pub fn of(head: &Head<'_>, wrappers: &[&str]) -> Self {
        let bytes = head.bytes.trim_ascii_start();
        let mut shape = Self::default();
        // A first line that is broken does not hide the others.
        let starts = bytes.iter().position(|byte| matches!(byte, b'{' | b'['));
        match starts {
            Some(start) if start == 0 || bytes[start - 1] == b'\n' => shape.scan(&bytes[start..], wrappers),
            _ => {}
        }
        shape
    }

    /// Whether there is a key of that path.
    pub fn has(&self, path: &str) -> bool {
        self.paths.contains_key(path)
    }

    /// Whether there is a key of every path.
    pub fn has_all(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| self.has(path))
    }

    /// The keys of the outermost objects, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(String::as_str).filter(|path| !path.contains('.'))
    }

    /// The first values of a path: texts, numbers, `true`, `false`, `null`, as they are written. Empty for objects and
    /// lists of them.
    pub fn values(&self, path: &str) -> impl Iterator<Item = &str> {
        self.paths.get(path).into_iter().flatten().map(String::as_str)
    }

    fn scan(&mut self, bytes: &[u8], wrappers: &[&str]) {
        let mut open: Vec<Level> = Vec::new();
        // Brackets that are open below these.
        let mut deeper = 0_usize;
        let mut key: Option<String> = None;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'{' | b'[' if open.len() == MAX_LEVELS => {
                    deeper += 1;
                    at += 1;
                }
                b'}' | b']' if deeper > 0 => {
                    deeper -= 1;
                    key = None;
                    at += 1;
                }
                b'"' if deeper > 0 => {
                    let Some((_, end)) = string_at(bytes, at) else { return };
                    at = end;
                }
                opening @ (b'{' | b'[') => {
                    let outermost = open.iter().filter(|level| level.is_object).count() == 1;
                    let name = key.take().filter(|name| !(outermost && wrappers.contains(&name.as_str())));
                    open.push(Level { is_object: opening == b'{', key: name });
                    at += 1;
                }
                b'}' | b']' => {
                    open.pop();
                    key = None;
                    at += 1;
                }
                b',' => {
                    key = None;
                    at += 1;
                }
                b'"' => {
                    let Some((text, end)) = string_at(bytes, at) else { return };
                    at = end;
                    let rest = bytes[at..].trim_ascii_start();
                    let names = open.last().is_some_and(|level| level.is_object) && key.is_none();
                    if names && rest.first() == Some(&b':') {
                        at = bytes.len() - rest.len() + 1;
                        self.note(&open, &text, None);
                        key = Some(text);
                    } else {
                        self.value(&open, key.as_deref(), text);
                    }
                }
                byte if byte.is_ascii_whitespace() || byte == b':' => at += 1,
                _ => {
                    let end = bytes[at..]
                        .iter()
                        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']' | b'{' | b'['))
                        .map_or(bytes.len(), |length| at + length);
                    // Something that cannot begin a value would stay where it is.
                    let end = end.max(at + 1);
                    if deeper == 0 {
                        self.value(&open, key.as_deref(), String::from_utf8_lossy(&bytes[at..end]).into_owned());
                    }
                    at = end;
                }
            }
        }
    }

    fn value(&mut self, open: &[Level], key: Option<&str>, value: String) {
        match key {
            Some(key) => self.note(open, key, Some(value)),
            // An element of a list belongs to the list's key.
            None => {
                if let Some((last, above)) = open.split_last()
                    && let (false, Some(key)) = (last.is_object, last.key.as_deref())
                {
                    self.note(above, key, Some(value));
                }
            }
        }
    }

    fn note(&mut self, open: &[Level], key: &str, value: Option<String>) {
        if depth_of(open) >= MAX_DEPTH {
            return;
        }
        let mut path: String =
            open.iter().filter_map(|level| level.key.as_deref()).flat_map(|key| [key, "."]).collect();
        path.push_str(key);
        let values = self.paths.entry(path).or_default();
        if let Some(mut value) = value
            && values.len() < MAX_VALUES
        {
            let end = (0..=MAX_VALUE_BYTES.min(value.len())).rev().find(|&end| value.is_char_boundary(end));
            value.truncate(end.unwrap_or(0));
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
}

/// An object or array that is open.
struct Level {
    is_object: bool,
    key: Option<String>,
}

/// Keys above this place.
fn depth_of(open: &[Level]) -> usize {
    open.iter().filter(|level| level.key.is_some()).count()
}

/// The string whose quote stands at `start`, and the place behind it; `None` if it does not end.
fn string_at(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut at = start + 1;
    loop {
        let length = memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        at += length;
        if bytes[at] == b'"' {
            return Some((String::from_utf8_lossy(&bytes[start + 1..at]).into_owned(), at + 1));
        }
        at += 2;
        if at > bytes.len() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::of(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None }, &["conversations"])
    }

    #[test]
    fn paths_and_values_are_found_in_what_is_cut() {
        let text = r#"[{"type":"a","n":1.5,"source":{"author":{"id":"x\"y"}},"tags":["p","q",{"r":null}]},
                      {"type":"b","n":-2,"open":tr"#;
        for end in [text.len(), text.len() - 1, text.len() - 6] {
            let shape = shape(&text[..end]);
            assert!(shape.has_all(&["type", "n", "source", "source.author.id", "tags", "tags.r"]), "{shape:?}");
            assert_eq!(shape.values("type").collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!(shape.values("tags").collect::<Vec<_>>(), ["p", "q"]);
            assert_eq!(shape.values("source.author.id").collect::<Vec<_>>(), [r#"x\"y"#]);
            assert!(!shape.has("author") && !shape.has("source.id"));
            assert!(shape.keys().all(|key| ["n", "open", "source", "tags", "type"].contains(&key)));
        }
    }

    #[test]
    fn pages_are_read_as_their_records() {
        let page = shape(r#"{"type":"list","conversations":[{"id":1,"conversations":[{"id":2}]}]}"#);
        assert_eq!(page.values("id").collect::<Vec<_>>(), ["1"]);
        assert_eq!(page.values("conversations.id").collect::<Vec<_>>(), ["2"]);
        assert!(page.has("type"));
    }

    #[test]
    fn what_is_nested_too_deep_hides_nothing_behind_it() {
        for opening in ["[", r#"{"k":"#] {
            let closing = if opening == "[" { "]" } else { "}" };
            for depth in [MAX_LEVELS - 2, MAX_LEVELS - 1, MAX_LEVELS, 300] {
                let (front, end) = (opening.repeat(depth), closing.repeat(depth));
                let text = format!(r#"{{"a":{front}{{"in":1,"deep":"x"}}{end},"b":2}}"#);
                let shape = shape(&text);
                assert_eq!(shape.values("b").collect::<Vec<_>>(), ["2"], "{depth} times {opening}");
                // With the object around and the one inside there are two levels more.
                assert_eq!(shape.has("a.in"), opening == "[" && depth + 2 <= MAX_LEVELS, "{depth} times {opening}");
                assert!(!shape.has("in") && !shape.has("deep"), "{depth} times {opening}");
            }
        }
    }

    /// Each bracket costs the same, however many are open; this would take hours otherwise.
    #[test]
    fn a_million_open_brackets_are_read_once() {
        for opening in [r#"{"a":"#, r#"{"a":["#] {
            assert_eq!(shape(&opening.repeat(1_000_000)).keys().collect::<Vec<_>>(), ["a"]);
        }
    }

    #[test]
    fn a_broken_line_does_not_hide_the_next() {
        assert!(shape("rubbish\n{\"a\":1}").has("a"));
        for text in ["", "a,b\n1,{\"a\":1}", "\"", "{\"a", "[[[[", "}}]],,::", "{\"a\":\u{1}}"] {
            assert!(!shape(text).has("b"), "{text}");
        }
    }
}
