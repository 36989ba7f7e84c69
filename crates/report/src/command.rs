//! Command lines, as a shell takes them.

/// Words as a line that a POSIX shell reads as these words: in quotes those that it would read as something else.
pub fn command_line<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_as_something_else_is_quoted() {
        assert_eq!(quoted("topic = 'O''Brien'"), r"'topic = '\''O'\'''\''Brien'\'''");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("channel=web_chat"), "channel=web_chat");
        assert_eq!(quoted("$(rm)"), "'$(rm)'");
        assert_eq!(command_line(&["tape", "--archive", "our support", "info"]), "tape --archive 'our support' info");
    }
}
