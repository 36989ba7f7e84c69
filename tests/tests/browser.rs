//! The report in a browser: three widths, light and dark, on paper, and by the rules of axe-core.

use std::path::PathBuf;
use tapemeasure_tests::{Archive, Log, python, run, script, skip};

/// What `report_browser.py` ends with where there is no browser, or no axe-core.
const MISSING: i32 = 77;

/// Reports of an invented company: four weeks, two days, which have hours, and four months, which have weeks. The archive
/// holds their files.
fn reports_of_a_company() -> (Archive, Vec<PathBuf>) {
    let archive = Archive::new();
    let raw = archive.input("company.ndjson");
    let raw_text = raw.to_string_lossy().into_owned();
    archive
        .run(&["generate", "--conversations", "3000", "--months", "4", "--seed", "7", "-o", raw_text.as_str()])
        .done();
    archive.ingest(&[&raw], &[]);
    let last = archive.sql("select local_day(max(occurred_at)) as day from events", &[])[0]["day"].clone();
    let day = last.as_str().expect("a date").to_owned();
    let pages = vec![
        report(&archive, "weeks.html", &[]),
        report(&archive, "days.html", &["--until", day.as_str(), "--since", "last-2d"]),
        report(&archive, "months.html", &["--since", "last-4mo"]),
    ];
    (archive, pages)
}

/// A report of hardly any data: charts become sentences, and nothing stands out of its place.
fn report_of_little() -> (Archive, Vec<PathBuf>) {
    let archive = Archive::of(&Log::questions(3));
    let page = report(&archive, "little.html", &["--since", "2000-01-01"]);
    (archive, vec![page])
}

#[track_caller]
fn report(archive: &Archive, name: &str, options: &[&str]) -> PathBuf {
    let page = archive.input(name);
    let file = page.to_string_lossy().into_owned();
    archive.run(&[&["report", "-o", file.as_str()], options].concat()).done();
    page
}

/// One look at all pages: a test that is skipped says so once.
#[track_caller]
fn look(part: &str, pages: &[PathBuf]) {
    let mut command = python();
    command.arg(script("report_browser.py")).arg(part).args(pages);
    let looked = run(command);
    if looked.code == MISSING {
        skip(looked.text().trim());
        return;
    }
    looked.done();
}

#[test]
fn a_report_is_read_at_every_width_in_light_and_dark_and_on_paper() {
    let (_archive, pages) = reports_of_a_company();
    look("page", &pages);
}

#[test]
fn a_report_of_little_is_read_as_well() {
    let (_archive, pages) = report_of_little();
    look("page", &pages);
}

#[test]
fn a_report_breaks_no_rule_of_axe_core() {
    let (_archive, pages) = reports_of_a_company();
    look("axe", &pages);
}

#[test]
fn a_report_of_little_breaks_no_rule_of_axe_core() {
    let (_archive, pages) = report_of_little();
    look("axe", &pages);
}
