//! `tape`: the command line of tapemeasure.
//!
//! | folder or file | is |
//! |---|---|
//! | `allocator` | what becomes of memory that was given back |
//! | `args` | what can be written on the command line |
//! | `commands/` | one file a verb |
//! | `context` | opening an archive, its settings, its facts, its query engine |
//! | `times` | times of options: `2025-03`, `last-30d` |
//! | `words` | words that options of several verbs take |
//! | `output/` | results in every format |
//! | `watch` | progress on a terminal, and Ctrl-C |
//! | `failure` | one line for an error, and the exit code |

mod allocator;
mod args;
mod commands;
mod context;
mod failure;
mod output;
mod times;
mod watch;
mod words;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Verb};
use failure::{Done, Failure};

fn main() -> ExitCode {
    allocator::keep_memory();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return failure::usage(&error),
    };
    let verbose = args.global.verbose;
    match run(args) {
        Ok(done) => done.exit_code(),
        Err(failure) => failure.tell(verbose),
    }
}

fn run(args: Args) -> Result<Done, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.global.threads())
        // DataFusion plans recurse; the default of 2 MiB is short for long queries.
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .map_err(|e| Failure::failed("cannot start threads; check the limits of this machine", e))?;
    watch::listen(&runtime);
    let result = runtime.block_on(verb(args));
    // What still runs ends with the process. A runtime that is shut down drops its tasks, and threads of the libraries that
    // wait for one panic.
    std::mem::forget(runtime);
    // Whatever an interrupted step made of it: the user asked to stop.
    if watch::interrupted() { Err(Failure::Interrupted) } else { result }
}

async fn verb(args: Args) -> Result<Done, Failure> {
    let global = args.global;
    match args.verb {
        Verb::Demo(verb) => commands::demo::run(&global, &verb).await,
        Verb::Generate(verb) => commands::generate::run(&global, &verb),
        Verb::Ingest(verb) => commands::ingest::run(&global, &verb).await,
        Verb::Formats(verb) => commands::formats::run(&verb),
        Verb::Quarantine(verb) => commands::quarantine::run(&global, &verb).await,
        Verb::Kpi(verb) => commands::kpi::run(&global, &verb).await,
        Verb::Drill(verb) => commands::drill::run(&global, &verb).await,
        Verb::Baseline(verb) => commands::baseline::run(&global, &verb).await,
        Verb::Report(verb) => commands::report::run(&global, &verb).await,
        Verb::Sql(verb) => commands::sql::run(&global, &verb).await,
        Verb::Info(verb) => commands::info::run(&global, &verb).await,
        Verb::Verify(verb) => commands::verify::run(&global, &verb).await,
        Verb::Vacuum(verb) => commands::vacuum::run(&global, &verb).await,
        Verb::History(verb) => commands::history::run(&global, &verb).await,
        Verb::Settings(verb) => commands::settings::run(&global, &verb).await,
        Verb::Completions(verb) => commands::completions::run(&verb),
        Verb::Man(verb) => commands::man::run(&verb),
    }
}
