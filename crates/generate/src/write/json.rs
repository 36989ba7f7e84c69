//! Fields of JSON objects, appended to bytes.
//!
//! Nothing is escaped: every text of the generator is printable ASCII without quotes and backslashes, which `texts`
//! proves while compiling and the ids are by their digits.

use crate::write::digits::append_number;

/// Appends the name of a field, with a comma before it unless it is the first of its object.
pub(super) fn key(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a field whose value is JSON already.
pub(super) fn raw(out: &mut Vec<u8>, name: &str, json: &str) {
    key(out, name);
    out.extend_from_slice(json.as_bytes());
}

/// Appends a text.
pub(super) fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    put(out, name, |out| out.extend_from_slice(value.as_bytes()));
}

/// Appends a text that `append` writes.
pub(super) fn put(out: &mut Vec<u8>, name: &str, append: impl FnOnce(&mut Vec<u8>)) {
    key(out, name);
    out.push(b'"');
    append(out);
    out.push(b'"');
}

/// Appends a number.
pub(super) fn number(out: &mut Vec<u8>, name: &str, value: u64) {
    key(out, name);
    append_number(out, value);
}

/// Appends an object whose fields `fields` writes.
pub(super) fn object(out: &mut Vec<u8>, name: &str, fields: impl FnOnce(&mut Vec<u8>)) {
    key(out, name);
    braces(out, fields);
}

/// Appends an object that is no field.
pub(super) fn braces(out: &mut Vec<u8>, fields: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'{');
    fields(out);
    out.push(b'}');
}

/// Appends a list with one element for each item.
pub(super) fn list<T>(
    out: &mut Vec<u8>,
    name: &str,
    items: impl IntoIterator<Item = T>,
    mut element: impl FnMut(T, &mut Vec<u8>),
) {
    key(out, name);
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        element(item, out);
    }
    out.push(b']');
}

/// Appends a list of one object, whose fields `fields` writes.
pub(super) fn one(out: &mut Vec<u8>, name: &str, fields: impl FnOnce(&mut Vec<u8>)) {
    key(out, name);
    out.push(b'[');
    braces(out, fields);
    out.push(b']');
}
