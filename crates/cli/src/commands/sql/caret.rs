//! Errors that point into the query.

use std::ops::Range;

use tapemeasure_query::complaint::{Complaint, Place, Spot};
use tapemeasure_query::{Catalog, QueryError};
use unicode_width::UnicodeWidthChar;

use super::lex::tokens;
use crate::failure::Failure;

/// Most characters of a line that are shown around the place.
const SHOWN: usize = 100;

/// Where a query stands.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// All that was typed or read.
    pub text: &'a str,
    /// The file that it was read from.
    pub file: Option<&'a str>,
}

/// The error of a statement, `text[range]`: one line with the place, and a picture for terminals. Errors that are not
/// about the text of the statement are as they are.
pub fn failure(error: QueryError, source: Source<'_>, range: &Range<usize>, catalog: &Catalog) -> Failure {
    let Some(complaint) = error.complaint(catalog) else { return Failure::from(error) };
    let place = place(&complaint, source.text, range);
    let line = line(&complaint, place, source.file);
    let picture = place.and_then(|place| picture(source.text, place)).unwrap_or_default();
    Failure::Query { line, picture, cause: Some(Box::new(error)) }
}

/// What is wrong, where, and what was perhaps meant.
fn line(complaint: &Complaint, place: Option<Place>, file: Option<&str>) -> String {
    let mut line = "bad query".to_owned();
    if let Some(file) = file {
        line.push_str(&format!(" in {file}"));
    }
    if let Some(place) = place {
        line.push_str(&format!(" at line {}, column {}", place.line, place.column));
    }
    line.push_str(&format!(": {}", complaint.text));
    if let Some(hint) = &complaint.hint {
        line.push_str(&format!("; {hint}"));
    }
    line
}

/// The place in the whole text.
fn place(complaint: &Complaint, text: &str, range: &Range<usize>) -> Option<Place> {
    let statement = &text[range.clone()];
    match &complaint.spot {
        Spot::At(place) => {
            let before = &text[..range.start];
            let lines = before.matches('\n').count();
            // Only the statement's first line has something else before it.
            let indent = if place.line == 1 { column(before) - 1 } else { 0 };
            Some(Place { line: place.line + lines, column: place.column + indent, columns: place.columns })
        }
        Spot::Name(name) => {
            let token = tokens(statement)
                .find(|token| token.name(statement).is_some_and(|said| said.eq_ignore_ascii_case(name)))?;
            Some(place_of(text, range.start + token.start, token.of(statement).chars().count()))
        }
        Spot::End => Some(place_of(text, range.start + statement.trim_end().len(), 1)),
        Spot::Unknown => None,
    }
}

/// The place of a byte.
fn place_of(text: &str, at: usize, columns: usize) -> Place {
    let before = &text[..at];
    Place { line: before.matches('\n').count() + 1, column: column(before), columns }
}

/// The column, counted from 1, that comes after a text.
fn column(before: &str) -> usize {
    before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1
}

/// The line with a mark below the place:
///
/// ```text
///   2 │ select chanel from waits
///     │        ^^^^^^
/// ```
///
/// Of a long line the part around the place is shown, with `…` for the rest. `None` for a line that the text does not
/// have.
fn picture(text: &str, place: Place) -> Option<String> {
    let line: Vec<char> =
        text.lines().nth(place.line.checked_sub(1)?).or((place.line == 1).then_some(""))?.chars().collect();
    let at = place.column.saturating_sub(1).min(line.len());
    let from = if line.len() <= SHOWN { 0 } else { at.saturating_sub(SHOWN / 2).min(line.len() - SHOWN) };
    let to = (from + SHOWN).min(line.len());
    let cut = |is: bool| if is { "…" } else { "" };
    let shown: String = line[from..to].iter().collect();
    // A tab is as wide here as above.
    let indent: String =
        line[from..at].iter().map(|&c| if c == '\t' { "\t".to_owned() } else { " ".repeat(width(c)) }).collect();
    let marked = &line[at..at + place.columns.min(to.saturating_sub(at))];
    let marks = "^".repeat(marked.iter().map(|&c| width(c)).sum::<usize>().max(1));
    let number = place.line.to_string();
    let blank = " ".repeat(number.len());
    let (before, after) = (cut(from > 0), cut(to < line.len()));
    let shift = " ".repeat(before.chars().count());
    Some(format!("  {number} │ {before}{shown}{after}\n  {blank} │ {shift}{indent}{marks}\n"))
}

/// Columns of the screen that a character takes.
fn width(c: char) -> usize {
    UnicodeWidthChar::width(c).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(spot: Spot) -> Complaint {
        Complaint { text: "there is no column chanel".to_owned(), spot, hint: Some("did you mean channel?".to_owned()) }
    }

    #[track_caller]
    fn check(text: &str, range: Range<usize>, spot: Spot, at: (usize, usize), below: &str) {
        let found = place(&complaint(spot), text, &range).expect("there is a place");
        assert_eq!((found.line, found.column), at, "{text:?}");
        let picture = picture(text, found).expect("there is a line");
        assert_eq!(picture.lines().nth(1), Some(below), "{picture}");
    }

    #[test]
    fn the_mark_stands_below_the_place() {
        let at = |line, column, columns| Spot::At(Place { line, column, columns });
        let name = || Spot::Name("chanel".to_owned());
        check("select chanel", 0..13, at(1, 8, 6), (1, 8), "    │        ^^^^^^");
        check("select\n  chanel", 0..15, at(2, 3, 6), (2, 3), "    │   ^^^^^^");
        // The second statement of a line, and one that begins further down.
        check("set x; select chanel", 7..20, at(1, 8, 6), (1, 15), "    │               ^^^^^^");
        check("set x;\n\n select\nchanel", 9..22, at(2, 1, 6), (4, 1), "    │ ^^^^^^");
        check("select 'chanel', \"chanel\"", 0..25, name(), (1, 18), "    │                  ^^^^^^^^");
        check("select w.Chanel", 0..15, name(), (1, 10), "    │          ^^^^^^");
        check("select * from waits where \n", 0..26, Spot::End, (1, 26), "    │                          ^");
        check("\tselect chanel", 1..14, name(), (1, 9), "    │ \t       ^^^^^^");
        check("select 'größe', chanel", 0..24, at(1, 17, 6), (1, 17), "    │                 ^^^^^^");
        // Two characters, four columns: before the mark, and below it.
        check("select '日本', chanel", 0..23, at(1, 14, 6), (1, 14), "    │                ^^^^^^");
        check("select 日本", 0..13, at(1, 8, 2), (1, 8), "    │        ^^^^");
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let text = format!("select {}, chanel, {}", "a".repeat(300), "b".repeat(300));
        let found = place(&complaint(Spot::Name("chanel".to_owned())), &text, &(0..text.len())).expect("it is there");
        let picture = picture(&text, found).expect("there is a line");
        let lines: Vec<&str> = picture.lines().collect();
        assert!(lines[0].contains("│ …aaa") && lines[0].ends_with("b…"), "{picture}");
        let under: String =
            lines[0].chars().zip(lines[1].chars()).filter(|&(_, mark)| mark == '^').map(|(c, _)| c).collect();
        assert_eq!(under, "chanel");
    }

    #[test]
    fn the_line_says_what_and_where() {
        let place = Some(Place { line: 2, column: 3, columns: 6 });
        assert_eq!(
            line(&complaint(Spot::Unknown), place, None),
            "bad query at line 2, column 3: there is no column chanel; did you mean channel?"
        );
        assert_eq!(
            line(&complaint(Spot::Unknown), None, Some("q.sql")),
            "bad query in q.sql: there is no column chanel; did you mean channel?"
        );
    }
}
