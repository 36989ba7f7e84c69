//! The tokens of a text in SQL, finished or not: what highlighting, completion and the search for `;` share.
//!
//! The rules are those of sqlparser's generic dialect, by which the engine reads queries.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Blanks and line breaks.
    Blank,
    /// `-- to the end of the line`, or `/* … */`, which may be nested.
    Comment,
    /// A keyword or a name.
    Word,
    /// A name in double quotes or backquotes.
    Name,
    /// A text in single quotes or between dollars.
    Text,
    /// A number.
    Number,
    /// `$name`.
    Parameter,
    /// Any other character.
    Symbol,
}

/// A token: `text[start..end]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// Whether its end was written: false for a quote or comment that the text ends in.
    pub closed: bool,
}

impl Token {
    /// What it says.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }

    /// Whether the engine passes it over.
    pub fn is_space(&self) -> bool {
        matches!(self.kind, Kind::Blank | Kind::Comment)
    }

    /// Whether it is this symbol.
    pub fn is(&self, text: &str, symbol: char) -> bool {
        self.kind == Kind::Symbol && self.of(text).starts_with(symbol)
    }

    /// Whether it is this word, letter case aside.
    pub fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.of(text).eq_ignore_ascii_case(word)
    }

    /// The name that a word or a quoted name stands for: unquoted ones are lower case to the engine.
    pub fn name(&self, text: &str) -> Option<String> {
        let said = self.of(text);
        match self.kind {
            Kind::Word => Some(said.to_lowercase()),
            Kind::Name => Some(said.trim_matches(|c| c == '"' || c == '`').replace("\"\"", "\"")),
            _ => None,
        }
    }
}

/// The tokens of a text, which they cover without gaps.
pub fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let token = token_at(text, start)?;
        start = token.end;
        Some(token)
    })
}

/// The token that begins at a place; `None` at the end of the text.
pub fn token_at(text: &str, start: usize) -> Option<Token> {
    let rest = &text[start..];
    let first = rest.chars().next()?;
    let (kind, length, closed) = match first {
        c if c.is_whitespace() => (Kind::Blank, run(rest, char::is_whitespace), true),
        '-' if rest.starts_with("--") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len()), true),
        '/' if rest.starts_with("/*") => long_comment(rest),
        '\'' => quoted(rest, Kind::Text, 0, '\'', false),
        'e' | 'E' if rest[1..].starts_with('\'') => quoted(rest, Kind::Text, 1, '\'', true),
        '"' => quoted(rest, Kind::Name, 0, '"', false),
        '`' => quoted(rest, Kind::Name, 0, '`', false),
        '$' => dollar(rest),
        c if c.is_ascii_digit() => (Kind::Number, number(rest), true),
        '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (Kind::Number, number(rest), true),
        c if is_word_start(c) => (Kind::Word, run(rest, is_word_part), true),
        c => (Kind::Symbol, c.len_utf8(), true),
    };
    Some(Token { kind, start, end: start + length, closed })
}

/// Whether a name can begin with it.
pub fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '#' | '@')
}

/// Whether a name can go on with it.
pub fn is_word_part(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit() || c == '$'
}

/// Bytes of the characters at the front for which `holds`.
fn run(text: &str, holds: impl Fn(char) -> bool) -> usize {
    text.find(|c| !holds(c)).unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let digits = run(text, |c| c.is_ascii_digit() || c == '.' || c == '_');
    let Some(exponent) = text[digits..].strip_prefix(['e', 'E']) else { return digits };
    let sign = usize::from(exponent.starts_with(['+', '-']));
    match run(&exponent[sign..], |c| c.is_ascii_digit()) {
        0 => digits,
        more => digits + 1 + sign + more,
    }
}

/// A text or name in quotes, of which two stand for one; after `prefix` letters.
fn quoted(text: &str, kind: Kind, prefix: usize, quote: char, backslashes: bool) -> (Kind, usize, bool) {
    let mut chars = text.char_indices().skip(prefix + 1).peekable();
    while let Some((at, c)) = chars.next() {
        if backslashes && c == '\\' {
            chars.next();
        } else if c == quote && chars.next_if(|&(_, next)| next == quote).is_none() {
            return (kind, at + quote.len_utf8(), true);
        }
    }
    (kind, text.len(), false)
}

fn long_comment(text: &str) -> (Kind, usize, bool) {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return (Kind::Comment, at, true);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (Kind::Comment, text.len(), false)
}

/// `$name`, or a text between `$$` or `$name$` and the same again.
fn dollar(text: &str) -> (Kind, usize, bool) {
    let name = 1 + run(&text[1..], |c| c.is_alphanumeric() || c == '_');
    if text[name..].starts_with('$') {
        let fence = &text[..=name];
        return match text[name + 1..].find(fence) {
            Some(at) => (Kind::Text, name + 1 + at + fence.len(), true),
            None => (Kind::Text, text.len(), false),
        };
    }
    if name == 1 { (Kind::Symbol, 1, true) } else { (Kind::Parameter, name, true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens but blanks, as kind and text; an open one is marked with `…`.
    #[track_caller]
    fn check(text: &str, expect: &[(Kind, &str)]) {
        let all: Vec<Token> = tokens(text).collect();
        let joined: String = all.iter().map(|token| token.of(text)).collect();
        assert_eq!(joined, text, "tokens cover the text");
        let said = |token: &Token| format!("{}{}", token.of(text), if token.closed { "" } else { "…" });
        let found: Vec<(Kind, String)> =
            all.iter().filter(|token| token.kind != Kind::Blank).map(|token| (token.kind, said(token))).collect();
        let expect: Vec<(Kind, String)> = expect.iter().map(|&(kind, said)| (kind, said.to_owned())).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn quotes_hide_what_is_in_them() {
        check("'a;''b'", &[(Kind::Text, "'a;''b'")]);
        check("'a;", &[(Kind::Text, "'a;…")]);
        check(r"e'a\'b' x", &[(Kind::Text, r"e'a\'b'"), (Kind::Word, "x")]);
        check(r"'a\' x", &[(Kind::Text, r"'a\'"), (Kind::Word, "x")]);
        check("\"a \"\" b\"", &[(Kind::Name, "\"a \"\" b\"")]);
        check("`a", &[(Kind::Name, "`a…")]);
        check("$$a;'$$ b", &[(Kind::Text, "$$a;'$$"), (Kind::Word, "b")]);
        check("$q$ $$ ; $q$", &[(Kind::Text, "$q$ $$ ; $q$")]);
        check("$q$ $$ ;", &[(Kind::Text, "$q$ $$ ;…")]);
        check("'ä;ö'x", &[(Kind::Text, "'ä;ö'"), (Kind::Word, "x")]);
    }

    #[test]
    fn comments_end_where_they_end() {
        check("a -- b;\nc", &[(Kind::Word, "a"), (Kind::Comment, "-- b;"), (Kind::Word, "c")]);
        check("/* a /* b */ ; */ c", &[(Kind::Comment, "/* a /* b */ ; */"), (Kind::Word, "c")]);
        check("/* a /* b */", &[(Kind::Comment, "/* a /* b */…")]);
        check("a-b", &[(Kind::Word, "a"), (Kind::Symbol, "-"), (Kind::Word, "b")]);
    }

    #[test]
    fn numbers_parameters_and_words() {
        check("1.5e-3", &[(Kind::Number, "1.5e-3")]);
        check(".5+1e", &[(Kind::Number, ".5"), (Kind::Symbol, "+"), (Kind::Number, "1"), (Kind::Word, "e")]);
        check("$n>2", &[(Kind::Parameter, "$n"), (Kind::Symbol, ">"), (Kind::Number, "2")]);
        check("w.wait_us", &[(Kind::Word, "w"), (Kind::Symbol, "."), (Kind::Word, "wait_us")]);
        check("größe_2", &[(Kind::Word, "größe_2")]);
        check("", &[]);
    }
}
