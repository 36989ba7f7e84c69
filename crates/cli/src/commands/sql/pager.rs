//! A pager for results that do not fit the terminal.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::commands::note;
use crate::failure::Failure;
use crate::watch;

/// What shows long results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pager {
    /// Nothing: long results are shortened, and say so.
    Off,
    /// A command of the system's shell, which reads the result.
    Command(String),
}

/// `less` with lines that are not folded, and without clearing the screen when it ends.
const LESS: &str = "less -SRX";

impl Pager {
    /// What the environment asks for: `PAGER`, else `less` where it is installed. Off where nobody could turn a page.
    pub fn from_environment() -> Self {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Self::Off;
        }
        match std::env::var("PAGER") {
            Ok(command) => Self::named(&command),
            Err(_) if is_installed("less") => Self::Command(LESS.to_owned()),
            Err(_) => Self::Off,
        }
    }

    /// A pager by its command; an empty one and `cat` show nothing in pages.
    pub fn named(command: &str) -> Self {
        match command.trim() {
            "" | "cat" => Self::Off,
            command => Self::Command(command.to_owned()),
        }
    }

    /// How people are told of it.
    pub fn said(&self) -> &str {
        match self {
            Self::Off => "off",
            Self::Command(command) => command,
        }
    }

    /// Shows a text and waits until it was read. A pager that cannot be started is told of, and the text printed.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn show(&self, text: &str) -> Result<(), Failure> {
        let Self::Command(command) = self else { return crate::commands::print(text) };
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            shell.env("LESS", "SRX");
        }
        let mut child = match shell.spawn() {
            Ok(child) => child,
            Err(error) => {
                note(&format!("cannot start the pager {command}: {error}"));
                return crate::commands::print(text);
            }
        };
        let pipe = child.stdin.take();
        let bytes = text.as_bytes().to_vec();
        let writer = std::thread::spawn(move || {
            if let Some(mut pipe) = pipe {
                // Who leaves the pager early has seen enough.
                let _ = pipe.write_all(&bytes);
            }
        });
        let status = loop {
            // Ctrl-C is the pager's while it runs.
            watch::forget_interrupt();
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(_) => break None,
            }
        };
        // The thread ends with the pipe, and has nothing to say.
        let _ = writer.join();
        watch::forget_interrupt();
        if status.and_then(|status| status.code()) == Some(127) {
            note(&format!("the pager {command} is not installed; \\pager off does without"));
            return crate::commands::print(text);
        }
        Ok(())
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH");
    path.as_deref().is_some_and(|path: &OsStr| std::env::split_paths(path).any(|folder| folder.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_no_pager() {
        assert_eq!(Pager::named(""), Pager::Off);
        assert_eq!(Pager::named(" cat "), Pager::Off);
        assert_eq!(Pager::named("less -S"), Pager::Command("less -S".to_owned()));
        assert_eq!(Pager::named("less -S").said(), "less -S");
    }
}
