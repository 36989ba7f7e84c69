//! Command lines over several lines, so that a shell still reads them as one.

use super::layout::{width, wrap};

/// What tells a shell that the command goes on in the next line.
const GOES_ON: &str = " \\";

/// A command line in lines of at most `columns`: broken between words behind a backslash, and within a word that is longer
/// than a line at its spaces, which a shell keeps in quotes and SQL reads as spaces. Only a text in SQL that is longer than a
/// line is not the same text then, and a word without spaces is cut in pieces.
pub(super) fn wrap_command(command: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(width(GOES_ON)).max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words(command) {
        if !line.is_empty() && width(&line) + 1 + width(&word) <= room {
            line.push(' ');
            line.push_str(&word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line) + GOES_ON);
        }
        let mut parts = if width(&word) <= room { vec![word] } else { wrap(&word, room) };
        line = parts.pop().unwrap_or_default();
        lines.append(&mut parts);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The words of a command line, with their quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut is_quoted, mut is_escaped) = (String::new(), false, false);
    for c in command.chars() {
        if c == ' ' && !is_quoted && !is_escaped {
            words.push(std::mem::take(&mut word));
            continue;
        }
        if c == '\'' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = c == '\\' && !is_quoted && !is_escaped;
        word.push(c);
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_quotes() {
        assert_eq!(words(r"tape 'a b' 'it'\''s so' c"), ["tape", "'a b'", r"'it'\''s so'", "c"]);
    }

    #[test]
    fn a_shell_reads_the_lines_as_one_command() {
        let command =
            "tape drill average_response_time --where 'day_of_week = 1 AND hour_of_day = 9' --since 2025-03-01";
        assert_eq!(
            wrap_command(command, 40),
            [
                r"tape drill average_response_time \",
                r"--where \",
                "'day_of_week = 1 AND hour_of_day = 9' \\",
                "--since 2025-03-01",
            ]
        );
        assert_eq!(
            wrap_command(command, 30),
            [
                r"tape drill \",
                "average_response_time \\",
                r"--where \",
                "'day_of_week = 1 AND",
                "hour_of_day = 9' --since \\",
                "2025-03-01",
            ]
        );
        assert_eq!(wrap_command(command, 120), [command]);
    }
}
