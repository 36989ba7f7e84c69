//! The colours of what is typed.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use nu_ansi_term::{Color, Style};
use reedline::{Highlighter, StyledText};

use super::commands;
use super::lex::{Kind, Token, tokens};
use super::validate::{Piece, pieces};
use super::vocabulary::{Known, Vocabulary};

/// What a stretch of text is painted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Keyword,
    Function,
    Table,
    Text,
    Number,
    Parameter,
    Comment,
    /// A command of the shell.
    Command,
    /// The bracket at the cursor and its other half.
    Pair,
    /// A bracket without another half, or a command that there is not.
    Stray,
}

impl Paint {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Keyword => Color::Cyan.bold(),
            Self::Function => Color::Blue.normal(),
            Self::Table => Color::Green.normal(),
            Self::Text => Color::Yellow.normal(),
            Self::Number | Self::Parameter => Color::Magenta.normal(),
            Self::Comment => Color::DarkGray.italic(),
            Self::Command => Color::Cyan.normal(),
            Self::Pair => Style::new().bold().underline(),
            Self::Stray => Color::Red.bold(),
        }
    }
}

/// What is in the editor, cursor aside. Completion is told only what lies before the cursor, and wants to know the tables
/// after it.
pub type Typed = Arc<Mutex<String>>;

/// Paints what is typed, and notes it.
pub struct Painter {
    pub known: Known,
    pub typed: Typed,
}

impl Highlighter for Painter {
    fn highlight(&self, line: &str, cursor: usize) -> StyledText {
        line.clone_into(&mut self.typed.lock().unwrap_or_else(PoisonError::into_inner));
        let mut styled = StyledText::new();
        for (range, paint) in paints(line, &self.known.get(), cursor) {
            styled.push((paint.style(), line[range].to_owned()));
        }
        styled
    }
}

/// The stretches of a text with their paint, in order and without gaps.
pub fn paints(text: &str, words: &Vocabulary, cursor: usize) -> Vec<(Range<usize>, Paint)> {
    let mut painted = Vec::new();
    let mut at = 0;
    for piece in pieces(text).done {
        match piece {
            Piece::Command(range) => {
                statement(text, at..range.start, words, cursor, &mut painted);
                let name = text[range.clone()].split_whitespace().next().unwrap_or_default();
                let paint = if commands::find(name).is_some() { Paint::Command } else { Paint::Stray };
                painted.push((range.start..range.start + name.len(), paint));
                painted.push((range.start + name.len()..range.end, Paint::Plain));
                at = range.end;
            }
            Piece::Statement(range) => {
                statement(text, at..range.end, words, cursor, &mut painted);
                at = range.end;
            }
        }
    }
    statement(text, at..text.len(), words, cursor, &mut painted);
    painted.retain(|(range, _)| !range.is_empty());
    painted
}

/// Paints one statement, whose brackets pair among themselves.
fn statement(
    text: &str,
    range: Range<usize>,
    words: &Vocabulary,
    cursor: usize,
    painted: &mut Vec<(Range<usize>, Paint)>,
) {
    let said = &text[range.clone()];
    let tokens: Vec<Token> = tokens(said).collect();
    let pairs = pairs(said, &tokens);
    let near = |token: &Token| {
        let (start, end) = (range.start + token.start, range.start + token.end);
        start == cursor || end == cursor
    };
    for (i, token) in tokens.iter().enumerate() {
        let paint = match pairs[i] {
            Some(Bracket::Alone) => Paint::Stray,
            Some(Bracket::With(other)) if near(token) || near(&tokens[other]) => Paint::Pair,
            _ => of_token(said, &tokens, i, words),
        };
        painted.push((range.start + token.start..range.start + token.end, paint));
    }
}

fn of_token(text: &str, tokens: &[Token], i: usize, words: &Vocabulary) -> Paint {
    let token = &tokens[i];
    match token.kind {
        Kind::Blank | Kind::Symbol | Kind::Name => Paint::Plain,
        Kind::Comment => Paint::Comment,
        Kind::Text => Paint::Text,
        Kind::Number => Paint::Number,
        Kind::Parameter => Paint::Parameter,
        Kind::Word => {
            let word = token.of(text).to_lowercase();
            let called = tokens[i + 1..].iter().find(|next| !next.is_space()).is_some_and(|next| next.is(text, '('));
            let column = i > 0 && tokens[i - 1].is(text, '.');
            if column {
                Paint::Plain
            } else if called && words.is_function(&word) {
                Paint::Function
            } else if Vocabulary::is_keyword(&word) {
                Paint::Keyword
            } else if words.is_table(&word) {
                Paint::Table
            } else {
                Paint::Plain
            }
        }
    }
}

/// A bracket among the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bracket {
    /// Its other half is that token.
    With(usize),
    /// It closes what was not opened.
    Alone,
}

/// For each token, whether it is a bracket with another half. One that is still open is neither.
fn pairs(text: &str, tokens: &[Token]) -> Vec<Option<Bracket>> {
    let mut found = vec![None; tokens.len()];
    let mut open: Vec<(usize, char)> = Vec::new();
    for (i, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Symbol) {
        match token.of(text) {
            "(" => open.push((i, ')')),
            "[" => open.push((i, ']')),
            "{" => open.push((i, '}')),
            closing @ (")" | "]" | "}") => match open.pop() {
                Some((other, wanted)) if closing.starts_with(wanted) => {
                    found[other] = Some(Bracket::With(i));
                    found[i] = Some(Bracket::With(other));
                }
                other => {
                    found[i] = Some(Bracket::Alone);
                    open.extend(other);
                }
            },
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::testing::vocabulary;
    use super::*;

    /// The painted stretches that are not plain.
    #[track_caller]
    fn check(text: &str, cursor: usize, expect: &[(&str, Paint)]) {
        let found = paints(text, &vocabulary(), cursor);
        let joined: String = found.iter().map(|(range, _)| &text[range.clone()]).collect();
        assert_eq!(joined, text, "nothing is lost");
        let found: Vec<(&str, Paint)> = found
            .into_iter()
            .map(|(range, paint)| (&text[range], paint))
            .filter(|&(_, paint)| paint != Paint::Plain)
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn words_are_painted_as_what_they_are() {
        check(
            "Select count(*), 'a' from waits -- x",
            0,
            &[
                ("Select", Paint::Keyword),
                ("count", Paint::Function),
                ("'a'", Paint::Text),
                ("from", Paint::Keyword),
                ("waits", Paint::Table),
                ("-- x", Paint::Comment),
            ],
        );
        check(
            "select w.channel, count, $n, 1.5 from waits w",
            0,
            &[
                ("select", Paint::Keyword),
                ("$n", Paint::Parameter),
                ("1.5", Paint::Number),
                ("from", Paint::Keyword),
                ("waits", Paint::Table),
            ],
        );
        check("select 'open", 0, &[("select", Paint::Keyword), ("'open", Paint::Text)]);
    }

    #[test]
    fn brackets_know_their_other_half() {
        let (pair, stray) = (Paint::Pair, Paint::Stray);
        check("(a[1])", 0, &[("(", pair), ("1", Paint::Number), (")", pair)]);
        // Between two closing brackets both pairs are lit.
        check("(a[1])", 5, &[("(", pair), ("[", pair), ("1", Paint::Number), ("]", pair), (")", pair)]);
        check("(a))", 1, &[("(", pair), (")", pair), (")", stray)]);
        check("(a]", 9, &[("]", stray)]);
        check("((a)", 9, &[]);
    }

    #[test]
    fn commands_are_known_or_not() {
        check("\\timing on", 0, &[("\\timing", Paint::Command)]);
        check("\\timming", 0, &[("\\timming", Paint::Stray)]);
        check(
            "\\x\nselect 1; quit",
            0,
            &[("\\x", Paint::Command), ("select", Paint::Keyword), ("1", Paint::Number), ("quit", Paint::Command)],
        );
        check("quit", 0, &[("quit", Paint::Command)]);
    }
}
