//! The commands of the shell: one list that drives running, help, completion and the colours.

use tapemeasure_query::Meant;

use crate::failure::Failure;

/// Which command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Describe,
    Kpi,
    Output,
    Format,
    Vertical,
    Rows,
    Pager,
    Timing,
    Zone,
    Set,
    Unset,
    Settings,
    Include,
    Help,
    Quit,
}

/// What a command takes, as far as completion can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    Nothing,
    Table,
    Kpi,
    File,
    Format,
    Switch,
    Parameter,
    Free,
}

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    pub verb: Verb,
    /// How it is written, with its backslash.
    pub name: &'static str,
    /// Other ways to write it.
    pub also: &'static [&'static str],
    pub argument: Argument,
    /// What it takes, as help writes it.
    pub usage: &'static str,
    /// What it does.
    pub does: &'static str,
}

const fn command(
    verb: Verb,
    name: &'static str,
    also: &'static [&'static str],
    argument: Argument,
    usage: &'static str,
    does: &'static str,
) -> Command {
    Command { verb, name, also, argument, usage, does }
}

/// All of them, in the order of help.
pub const ALL: &[Command] = &[
    command(Verb::Describe, "\\d", &[], Argument::Table, "[TABLE]", "tables, or the columns of one with their meaning"),
    command(Verb::Kpi, "\\kpi", &[], Argument::Kpi, "[NAME]", "the KPIs, or what one means"),
    command(Verb::Format, "\\format", &[], Argument::Format, "[NAME]", "form of results: table, csv, ndjson, ..."),
    command(Verb::Vertical, "\\x", &[], Argument::Switch, "[on|off]", "one line a value, for wide rows"),
    command(
        Verb::Output,
        "\\o",
        &[],
        Argument::File,
        "[FILE]",
        "results go to files from now on, or to the screen again",
    ),
    command(
        Verb::Rows,
        "\\rows",
        &[],
        Argument::Free,
        "[N|all]",
        "rows of a long result that are shown without a pager",
    ),
    command(Verb::Pager, "\\pager", &[], Argument::Switch, "[on|off|COMMAND]", "pager for results that do not fit"),
    command(Verb::Timing, "\\timing", &[], Argument::Switch, "[on|off]", "rows and time after each result"),
    command(Verb::Zone, "\\tz", &[], Argument::Free, "[ZONE]", "time zone of buckets and local times"),
    command(Verb::Set, "\\set", &[], Argument::Parameter, "[NAME VALUE]", "value of $NAME in queries"),
    command(Verb::Unset, "\\unset", &[], Argument::Parameter, "NAME", "takes the value back"),
    command(Verb::Settings, "\\settings", &[], Argument::Nothing, "", "settings of the archive and of the shell"),
    command(Verb::Include, "\\i", &[], Argument::File, "FILE", "runs the statements and commands of a file"),
    command(Verb::Help, "\\?", &["\\h", "\\help", "help"], Argument::Nothing, "", "this list"),
    command(Verb::Quit, "\\q", &["\\quit", "\\exit", "quit", "exit"], Argument::Nothing, "", "leaves; so does Ctrl-D"),
];

/// The command of a name, as it is written; `None` if there is none.
pub fn find(name: &str) -> Option<&'static Command> {
    let name = name.trim_end_matches(';');
    ALL.iter().find(|command| command.name == name || command.also.contains(&name))
}

/// A line as a command and the rest of it.
///
/// # Errors
/// A usage error with the nearest name.
pub fn parse(line: &str) -> Result<(Verb, &str), Failure> {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match find(name) {
        // A semicolon after a command is a habit, and part of no name.
        Some(command) => Ok((command.verb, rest.trim().trim_end_matches(';').trim_end())),
        None => {
            let known: Vec<&str> = ALL.iter().map(|command| command.name).collect();
            Err(Failure::usage(format!("unknown command {name}; {}\\? lists all", Meant::of(name, &known))))
        }
    }
}

/// The list for people.
pub fn help() -> String {
    let left = |command: &Command| format!("{} {}", command.name, command.usage);
    let width = ALL.iter().map(|command| left(command).len()).max().unwrap_or(0);
    let mut text = "a query ends with ;  its result is the table _ for the next one\n\n".to_owned();
    for command in ALL {
        text.push_str(&format!("{:width$}  {}\n", left(command), command.does));
    }
    text.push_str(
        "\nTab completes, Ctrl-R searches what was typed before, Alt-Enter begins a line, Ctrl-C stops a query\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_with_its_argument() {
        fn parsed(line: &str) -> Result<(Verb, &str), ()> {
            parse(line).map_err(|_| ())
        }
        assert_eq!(parsed("\\d waits;"), Ok((Verb::Describe, "waits")));
        assert_eq!(parsed("\\timing"), Ok((Verb::Timing, "")));
        assert_eq!(parsed("  \\set  day   2025-03-01 "), Ok((Verb::Set, "day   2025-03-01")));
        assert_eq!(parsed("quit;"), Ok((Verb::Quit, "")));
        assert_eq!(parsed("\\o out;put.csv"), Ok((Verb::Output, "out;put.csv")));
    }

    #[test]
    fn an_unknown_one_has_its_nearest() {
        for (line, meant) in [("\\timming", "\\timing"), ("\\formt csv", "\\format"), ("\\seting", "\\settings")] {
            match parse(line) {
                Err(Failure::Usage { line: said, .. }) => {
                    assert!(said.contains(&format!("did you mean {meant}?")), "{said}");
                }
                other => panic!("{line} is {other:?}"),
            }
        }
    }

    #[test]
    fn names_are_unique_and_help_has_them_all() {
        let mut names: Vec<&str> = ALL.iter().flat_map(|c| c.also.iter().copied().chain([c.name])).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        let help = help();
        assert!(ALL.iter().all(|command| help.contains(command.name) && help.contains(command.does)));
    }
}
