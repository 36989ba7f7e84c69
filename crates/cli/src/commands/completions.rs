//! `tape completions`: the completion script of a shell.

use clap::CommandFactory;

use super::print;
use crate::args::{Args, Completions};
use crate::failure::{Done, Failure};

/// Prints the script.
pub fn run(verb: &Completions) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(verb.shell, &mut Args::command(), "tape", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Done::Well)
}
