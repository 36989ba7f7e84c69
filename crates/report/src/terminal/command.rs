//! Command lines over several lines, so that a shell still reads them as one.

use super::layout::width;

/// What tells a shell that the command goes on in the next line.
const GOES_ON: &str = " \\";

/// A command line in lines of at most `columns`, broken between words behind a backslash. A word that is longer than a line,
/// such as a condition in quotes, stays whole on a line of its own: broken within, it would be another word to a shell.
pub(super) fn wrap_command(command: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(width(GOES_ON)).max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words(command) {
        if !line.is_empty() && width(&line) + 1 + width(&word) > room {
            lines.push(std::mem::take(&mut line) + GOES_ON);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
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

    /// The words that a shell makes of the lines.
    fn read_by_a_shell(lines: &[String]) -> Vec<String> {
        let script = format!("printf '%s\\n' {}", lines.join("\n"));
        let out = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_reads_the_same_words_at_every_width() {
        let command = concat!(
            "tape --archive 'my archive' drill average_response_time ",
            r"--where 'topic = '\''driver'\'''\''s note'\'' OR hour_of_day = 9' --since 2025-03-01"
        );
        let expected = [
            "tape",
            "--archive",
            "my archive",
            "drill",
            "average_response_time",
            "--where",
            "topic = 'driver''s note' OR hour_of_day = 9",
            "--since",
            "2025-03-01",
        ];
        for columns in 1..=160 {
            let lines = wrap_command(command, columns);
            assert_eq!(read_by_a_shell(&lines), expected, "{columns} columns: {lines:?}");
        }
    }

    #[test]
    fn lines_end_between_words() {
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
                "'day_of_week = 1 AND hour_of_day = 9' \\",
                "--since 2025-03-01",
            ]
        );
        assert_eq!(wrap_command(command, 120), [command]);
    }
}
