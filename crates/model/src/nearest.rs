//! The known name that a mistyped one comes nearest to.

/// The name of `known` with the fewest insertions, deletions, substitutions and swaps of neighbours from `name`, letter
/// case aside; of equals the first. `None` if nothing is known.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    known.iter().copied().min_by_key(|candidate| distance(&name, &candidate.to_lowercase()))
}

/// The [`nearest`] name, if it is near enough to have been meant: one edit for every three letters of `name`, and at least
/// one.
pub fn near<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let found = nearest(name, known)?;
    let edits = distance(&name.to_lowercase(), &found.to_lowercase());
    (edits <= (name.chars().count() / 3).max(1)).then_some(found)
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
        let known = ["channel", "team", "topic", "agent_id"];
        assert_eq!(nearest("Chanel", &known), Some("channel"));
        assert_eq!(nearest("agent", &known), Some("agent_id"));
        assert_eq!(nearest("x", &[]), None);
        assert_eq!(near("chanel", &known), Some("channel"));
        assert_eq!(near("tpc", &known), None);
        assert_eq!(near("zzzzzz", &known), None);
    }
}
