//! What was typed, cut into statements and commands, and whether the last of them is finished.

use std::ops::Range;

use reedline::{ValidationResult, Validator};

use super::lex::{Kind, token_at, tokens};

/// Words that are commands though they have no backslash, as a line of their own.
pub const PLAIN_WORDS: &[&str] = &["help", "quit", "exit"];

/// A part of a text that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A line that begins with a backslash where a statement could begin, or `help`, `quit`, `exit`.
    Command(Range<usize>),
    /// SQL without its semicolon.
    Statement(Range<usize>),
}

/// A text in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// What is finished, in order.
    pub done: Vec<Piece>,
    /// A statement without a semicolon at the end of the text.
    pub open: Option<Range<usize>>,
}

/// Cuts a text. Semicolons in quotes and comments end nothing; a text of nothing but blanks and comments has no
/// pieces.
pub fn pieces(text: &str) -> Pieces {
    let mut done = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let line_end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let line = text[at..line_end].trim_end();
        if line.starts_with('\\') || is_plain_word(line) {
            done.push(Piece::Command(at..at + line.len()));
            at = line_end;
            continue;
        }
        let begin = at;
        let mut says_something = false;
        loop {
            let Some(token) = token_at(text, at) else {
                let end = begin + text[begin..].trim_end().len();
                return Pieces { done, open: says_something.then_some(begin..end) };
            };
            at = token.end;
            if token.is(text, ';') {
                if says_something {
                    done.push(Piece::Statement(begin..token.start));
                }
                break;
            }
            says_something |= !token.is_space() || !token.closed;
        }
    }
}

/// Whether nothing is missing.
pub fn is_finished(text: &str) -> bool {
    pieces(text).open.is_none()
}

/// Whether there is nothing to run.
pub fn is_empty(text: &str) -> bool {
    let cut = pieces(text);
    cut.done.is_empty() && cut.open.is_none()
}

/// The parameters (`$name`) that a statement names, without the `$`.
pub fn parameters(statement: &str) -> Vec<&str> {
    let found = tokens(statement).filter(|token| token.kind == Kind::Parameter);
    found.map(|token| &statement[token.start + 1..token.end]).collect()
}

/// Sends a line off, or begins another below it.
pub struct Finished;

impl Validator for Finished {
    fn validate(&self, line: &str) -> ValidationResult {
        if is_finished(line) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

fn is_plain_word(line: &str) -> bool {
    PLAIN_WORDS.contains(&line.trim_end_matches(';').trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_with_a_semicolon_outside_quotes_and_comments() {
        let cases = [
            ("", true),
            ("  \n", true),
            ("-- only a comment", true),
            ("/* only a comment */", true),
            ("/* open", false),
            ("select 1", false),
            ("select 1;", true),
            ("select 1; -- done", true),
            ("select 1; select 2", false),
            ("select ';'", false),
            ("select ';", false),
            ("select 'it''s;';", true),
            ("select \"a;", false),
            ("select $$ ; $$;", true),
            ("select $a$ ; $$;", false),
            ("select 1 /* ; */", false),
            ("select 1 -- ;", false),
            ("select 1 -- ;\n;", true),
            ("select (1;", true),
            ("\\d waits", true),
            ("\\set name it's", true),
            ("  \\timing", true),
            ("help", true),
            ("quit;", true),
            ("exit ", true),
            ("help me", false),
            ("\\timing on\nselect 1", false),
            ("\\timing on\nselect 1;", true),
        ];
        for (text, finished) in cases {
            assert_eq!(is_finished(text), finished, "{text:?}");
        }
        assert!(is_empty(" -- nothing\n;;") && !is_empty("select"));
    }

    #[test]
    fn a_text_is_cut_where_it_says() {
        let text = "\\timing on\n-- first\nselect ';';\nselect 2 ; \\d waits\n;;\nselect 3\n";
        let found = pieces(text);
        let said = |range: &Range<usize>| &text[range.clone()];
        let done: Vec<(bool, &str)> = found
            .done
            .iter()
            .map(|piece| match piece {
                Piece::Command(range) => (true, said(range)),
                Piece::Statement(range) => (false, said(range)),
            })
            .collect();
        let expect =
            [(true, "\\timing on"), (false, "-- first\nselect ';'"), (false, "select 2 "), (true, "\\d waits")];
        assert_eq!(done, expect);
        assert_eq!(found.open.as_ref().map(said), Some("select 3"));
    }

    #[test]
    fn parameters_are_those_outside_quotes() {
        assert_eq!(parameters("select $a, '$b' -- $c\n, $$ $d $$, $e_1"), ["a", "e_1"]);
    }
}
