//! The known name that a mistyped one was probably meant to be.

use std::fmt;

/// Fewest letters of a name that is taken for a part of a longer one: shorter ones are parts of too many.
const PART_MIN: usize = 3;

/// The name of `known` that `name` was probably meant to be, letter case aside: the one with the fewest insertions,
/// deletions, substitutions and swaps of neighbours, if that is one for every three letters of `name`, and at least one;
/// else the nearest of which `name` is the beginning, or whole words between `_`, `.` and `:`. Of equals the first. `None`
/// if nothing is near.
///
/// ```text
/// chanel  channel      one letter is missing
/// agent   agent_id     its beginning
/// mean    mean_s       its first word
/// nope    none         of total, hour and day
/// ```
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let letters = name.chars().count();
    let by_edits = |fits: &dyn Fn(&str) -> bool| {
        let all = known.iter().copied().filter(|&candidate| fits(&candidate.to_lowercase()));
        all.min_by_key(|candidate| distance(&name, &candidate.to_lowercase()))
    };
    let is_near = |candidate: &str| distance(&name, candidate) <= (letters / 3).max(1);
    let is_part = |candidate: &str| {
        candidate.starts_with(&name) || candidate.match_indices(&name).any(|(at, _)| stands_alone(candidate, at, &name))
    };
    by_edits(&is_near).or_else(|| if letters < PART_MIN { None } else { by_edits(&is_part) })
}

/// What a message says of a name that is not known: `did you mean day? ` with a blank behind it, or nothing where no name
/// is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant(Option<String>);

impl Meant {
    /// The [`nearest`] name of `known`.
    pub fn of(name: &str, known: &[&str]) -> Self {
        Self(nearest(name, known).map(str::to_owned))
    }

    /// A name that is known to be meant.
    pub fn surely(name: &str) -> Self {
        Self(Some(name.to_owned()))
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "did you mean {name}? "),
            None => Ok(()),
        }
    }
}

/// Whether a part of a name has nothing or the end of a word on both sides.
fn stands_alone(name: &str, at: usize, part: &str) -> bool {
    let is_edge = |c: char| matches!(c, '_' | '.' | ':');
    let before = name[..at].chars().next_back();
    let after = name[at + part.len()..].chars().next();
    before.is_none_or(is_edge) && after.is_none_or(is_edge)
}

/// Optimal string alignment distance in characters (Boytsov 2011, "Indexing methods for approximate dictionary
/// searching", section 2.1): Levenshtein's with swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (mut before, mut last) = (Vec::new(), (0..=b.len()).collect::<Vec<usize>>());
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        for (a, b, edits) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("chanel", "channel", 1), ("tpoic", "topic", 1)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn finds_what_was_meant() {
        let known = ["channel", "team", "topic", "agent_id", "n_inbound", "wait_us", "wait_s"];
        for (name, meant) in [
            ("Chanel", Some("channel")),
            ("tpoic", Some("topic")),
            // Two of three letters would have to be others.
            ("tpc", None),
            ("nope", None),
            ("zzzzzz", None),
            ("", None),
            // Beginnings and words, of which the nearer goes first; two letters are too few.
            ("agent", Some("agent_id")),
            ("inbound", Some("n_inbound")),
            ("wait", Some("wait_s")),
            ("bound", None),
            ("id", None),
        ] {
            assert_eq!(nearest(name, &known), meant, "{name}");
        }
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn what_was_meant_stands_in_a_sentence_or_not_at_all() {
        let line =
            |name: &str| format!("unknown grain {name:?}; {}known are day, week", Meant::of(name, &["day", "week"]));
        assert_eq!(line("wek"), "unknown grain \"wek\"; did you mean week? known are day, week");
        assert_eq!(line("foo"), "unknown grain \"foo\"; known are day, week");
    }
}
