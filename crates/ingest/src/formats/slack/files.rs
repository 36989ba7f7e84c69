//! Which file of an export an input is: what it holds, and where it lies.
//!
//! ```text
//! users.json, org_users.json                          people
//! channels.json, groups.json, mpims.json, dms.json    channels by name
//! integration_logs.json, canvases.json, ...           nothing that counts
//! general/2025-03-03.json                             a day of the channel `general`
//! ```
//! (<https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports>)

use crate::formats::Head;
use crate::formats::adapter::shape::Shape;

/// Files beside the days that other vendors' exports have too: only their content, or that it is an empty list, tells.
const LISTS: [&str; 4] = ["users.json", "channels.json", "groups.json", "lists.json"];

/// Files that only Slack's exports have.
const OWN: [&str; 9] = [
    "org_users.json",
    "dms.json",
    "mpims.json",
    "integration_logs.json",
    "content_flags.json",
    "canvases.json",
    "file_conversations.json",
    "huddle_transcripts.json",
    "canvas_in_the_conversation.json",
];

/// What stands in a list of nothing, without white space.
const EMPTY: [&[u8]; 3] = [b"[]", b"{}", b"null"];

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Messages of a channel.
    Messages,
    /// People.
    Users,
    /// Channels.
    Channels,
    /// What is no event and says nothing of events.
    Other,
}

/// What a file holds; `None` if it is of no Slack export.
pub fn kind_of(head: &Head<'_>) -> Option<Kind> {
    let shape = Shape::of(head, &[]);
    let is_message = shape.values("type").any(|kind| kind == "message")
        && shape.has("ts")
        && ["user", "bot_id", "username", "subtype"].iter().any(|key| shape.has(key));
    if is_message {
        return Some(Kind::Messages);
    }
    let named = |first: &[u8]| shape.values("id").any(|id| is_id(id, first));
    if shape.has_all(&["team_id", "profile"]) && named(b"UW") {
        return Some(Kind::Users);
    }
    if shape.has_all(&["created", "members"]) && named(b"CDG") {
        return Some(Kind::Channels);
    }
    let file = Place::of(head.name).file;
    // A first message that is longer than what there is to see may have its type at its end.
    if !head.whole && is_day(file) && (shape.has("user") || shape.has("bot_id")) {
        return Some(Kind::Messages);
    }
    let text = || head.bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    let is_empty = head.whole && EMPTY.iter().any(|empty| text().eq(empty.iter()));
    let is_json = matches!(head.bytes.trim_ascii_start().first(), Some(b'[' | b'{'));
    let is_log = shape.has_all(&["user_id", "date", "change"]) && (shape.has("service_type") || shape.has("app_type"));
    let is_file = shape.has_all(&["filetype", "url_private"]) && named(b"F");
    let is_own = OWN.contains(&file) && (is_json || is_empty);
    let is_other = is_log || is_file || is_own || (is_empty && (LISTS.contains(&file) || is_day(file)));
    is_other.then_some(Kind::Other)
}

/// Whether a text is one of Slack's ids: one of these letters, then capital letters and digits.
fn is_id(text: &str, first: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 6
        && first.contains(&bytes[0])
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether a file is named after a day: `2025-03-03.json`.
fn is_day(file: &str) -> bool {
    file.strip_suffix(".json").is_some_and(|day| {
        day.len() == 10
            && day
                .bytes()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
    })
}

/// Where a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The path down to its folder, without the separator at the end; empty where it lies in no folder that is named.
    pub folder: &'a str,
    /// The last part of the folder's path: the channel's name.
    pub channel: &'a str,
    /// Its own name, without the end of a compression.
    pub file: &'a str,
}

impl<'a> Place<'a> {
    /// Takes a path apart: `export/general/2025-03-03.json`, `export.zip!general/2025-03-03.json`.
    pub fn of(path: &'a str) -> Self {
        let (folder, file) = split(path);
        let file = file.strip_suffix(".gz").or_else(|| file.strip_suffix(".zst")).unwrap_or(file);
        let folder = folder.strip_suffix(['/', '\\', '!']).unwrap_or(folder);
        let channel = split(folder).1;
        // A member at the top of an archive lies in no folder.
        let is_archive = path[folder.len()..].starts_with('!');
        if is_archive || matches!(channel, "" | "." | "..") {
            return Self { folder: "", channel: "", file };
        }
        Self { folder, channel, file }
    }
}

/// The path of a channel's folder, from the path of a list of channels beside it, as [`plain`] gives it.
pub fn folder_beside(list: &str, channel: &str) -> String {
    plain(&format!("{}{channel}", split(list).0))
}

/// A path without the parts that lead nowhere, so that one folder has one name however it was given: `./x//y` is `x/y`.
pub fn plain(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// A path with its last separator, and what is behind it.
fn split(path: &str) -> (&str, &str) {
    match path.rfind(['/', '\\', '!']) {
        Some(at) => path.split_at(at + 1),
        None => ("", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lies_in_the_folder_of_its_channel() {
        let cases = [
            ("general/2016-01-01.json", "general", "general", "2016-01-01.json"),
            ("/data/x/general/2016-01-01.json.gz", "/data/x/general", "general", "2016-01-01.json"),
            ("a b.zip!general/2016-01-01.json", "a b.zip!general", "general", "2016-01-01.json"),
            (
                "a.zip!Shop Slack export/general/2016-01-01.json",
                "a.zip!Shop Slack export/general",
                "general",
                "2016-01-01.json",
            ),
            (r"C:\export\general\2016-01-01.json", r"C:\export\general", "general", "2016-01-01.json"),
            ("2016-01-01.json", "", "", "2016-01-01.json"),
            ("./2016-01-01.json", "", "", "2016-01-01.json"),
            ("a.zip!users.json", "", "", "users.json"),
            ("standard input", "", "", "standard input"),
        ];
        for (path, folder, channel, file) in cases {
            assert_eq!(Place::of(path), Place { folder, channel, file }, "{path}");
        }
    }

    #[test]
    fn lists_lie_beside_the_folders() {
        for (list, day) in [
            ("channels.json", "general/2016-01-01.json"),
            ("/data/x/channels.json", "/data/x/general/2016-01-01.json"),
            ("a.zip!channels.json", "a.zip!general/2016-01-01.json"),
            ("a.zip!b/channels.json", "a.zip!b/general/2016-01-01.json"),
        ] {
            assert_eq!(folder_beside(list, "general"), Place::of(day).folder);
        }
    }

    #[test]
    fn a_folder_has_one_name() {
        for (given, expected) in [
            ("general", "general"),
            ("./general", "general"),
            ("x//y/./general", "x/y/general"),
            ("//data/general", "/data/general"),
            ("../general", "../general"),
            ("./a.zip!general", "a.zip!general"),
        ] {
            assert_eq!(plain(given), expected, "{given}");
        }
        assert_eq!(folder_beside("./channels.json", "general"), plain(Place::of("general/2016-01-01.json").folder));
    }
}
