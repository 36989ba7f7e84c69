//! Text that stays text, in elements and in quoted attributes.

use crate::phrase::{bound, clean};

/// The text with all characters that mean something to HTML as references.
pub(super) fn escape(text: &str) -> String {
    escaped(clean(text).chars())
}

/// The same for a sentence: no line of it ends between a number and its unit.
pub(super) fn escape_bound(text: &str) -> String {
    escape(&bound(text))
}

/// The same for a text of several lines, whose ends are kept.
pub(super) fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

fn escaped(chars: impl Iterator<Item = char>) -> String {
    let mut escaped = String::new();
    for c in chars {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escape("<script>alert(\"a & 'b'\")</script>"),
            "&lt;script&gt;alert(&quot;a &amp; &#39;b&#39;&quot;)&lt;/script&gt;"
        );
    }

    #[test]
    fn numbers_stay_with_their_units() {
        assert_eq!(escape_bound("a < 2 h 40 min"), "a &lt; 2\u{a0}h\u{a0}40\u{a0}min");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(escape_lines("a < b\n  AND c\r\nd"), "a &lt; b\n  AND c\nd");
        assert_eq!(escape("a\nb"), "a b");
    }
}
