//! `tape man`: the manual, a page for each verb.

use clap::CommandFactory;
use clap_mangen::Man as Page;
use tapemeasure_query::Meant;

use super::print;
use crate::args::{Args, Man};
use crate::failure::{Done, Failure};

/// Prints the page of a verb, or that of the whole program.
pub fn run(verb: &Man) -> Result<Done, Failure> {
    let mut program = Args::command().disable_help_subcommand(true);
    // Building gives verbs the options that all share, and their names with a hyphen: `tape-kpi`.
    program.build();
    let command = match &verb.verb {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let known: Vec<&str> = program.get_subcommands().map(|command| command.get_name()).collect();
                let (meant, known) = (Meant::of(name, &known), known.join(", "));
                return Err(Failure::usage(format!("there is no verb {name:?}; {meant}known are {known}")));
            }
        },
    };
    let mut page = Vec::new();
    Page::new(command).render(&mut page).map_err(|e| Failure::output("the page", e))?;
    print(&String::from_utf8_lossy(&page))?;
    Ok(Done::Well)
}
