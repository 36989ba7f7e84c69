//! `tape verify`: every invariant of an archive, and the facts against a fresh derivation.

use std::cell::Cell;

use tapemeasure_archive::{VerifyOptions, verify};
use tapemeasure_facts::{DeriveOptions, compare, derive};
use tapemeasure_report::quantity::count;

use super::{note, print};
use crate::args::{Global, Reading, Verify};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::human_bytes;
use crate::watch::{self, Bar};

/// Checks, and prints a line a finding.
pub async fn run(global: &Global, verb: &Verify) -> Result<Done, Failure> {
    // A file that is missing is a finding, not a reason not to look.
    let opened = Opened::new(global, &Reading { at: verb.at, ..Reading::default() }).await?;
    let bar = Bar::new();
    bar.begin(Some(opened.snapshot.rows() * 2), "{msg:<28} {wide_bar} {human_pos}/{human_len} {eta} left");
    bar.say("checking events");
    let read = Cell::new(0_u64);
    let progress = |rows| {
        read.set(read.get() + rows);
        bar.advance(rows);
        !watch::interrupted()
    };
    let mut options = VerifyOptions { progress: Some(&progress), ..VerifyOptions::default() };
    if let Some(memory) = global.memory {
        options.memory_bytes = memory;
    }
    let verification = verify(&opened.archive, &opened.snapshot, &options)?;
    bar.finish();
    let mut text = String::new();
    for finding in &verification.findings {
        let file = finding.file.as_ref().map_or_else(String::new, |file| format!("{file}: "));
        text.push_str(&format!("{}: {file}{}\n", finding.check, finding.detail));
    }
    let mut findings = verification.findings.len();
    if findings == 0 {
        let differences = facts_differ(global, &opened)?;
        findings += differences.len();
        text.extend(differences.into_iter().map(|d| format!("facts: {d}\n")));
    } else {
        note("facts are not compared while events are not sound");
    }
    text.push_str(&format!(
        "{} in {}, {}: {}\n",
        counted(verification.rows, "event"),
        counted(verification.files, "file"),
        human_bytes(verification.bytes),
        if findings == 0 { "sound".to_owned() } else { counted(findings as u64, "finding") },
    ));
    print(&text)?;
    Ok(if findings == 0 { Done::Well } else { Done::WithFindings })
}

/// What is kept against what a fresh derivation gives, table by table.
fn facts_differ(global: &Global, opened: &Opened) -> Result<Vec<String>, Failure> {
    let cancelled = watch::interrupted;
    let kept = opened.facts(global)?;
    let options = DeriveOptions {
        threads: global.threads(),
        cancelled: Some(&cancelled),
        afresh: true,
        ..DeriveOptions::default()
    };
    let fresh = derive(&opened.archive, &opened.snapshot, &opened.settings, &options)?;
    Ok(compare(&kept, &fresh)?)
}

fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}
