//! The report in a browser: three widths, light and dark, on paper.

use tapemeasure_tests::{Archive, Log, python, run, script, skip};

/// What `report_browser.py` ends with where there is no browser.
const NO_BROWSER: i32 = 77;

#[track_caller]
fn look(archive: &Archive, options: &[&str]) {
    let page = archive.input("report.html");
    let file = page.to_string_lossy();
    archive.run(&[&["report", "-o", &*file], options].concat()).done();
    let mut command = python();
    command.arg(script("report_browser.py")).arg(&page);
    let looked = run(command);
    if looked.code == NO_BROWSER {
        skip(looked.text().trim());
        return;
    }
    looked.done();
}

#[test]
fn a_report_is_read_at_every_width_in_light_and_dark_and_on_paper() {
    let archive = Archive::new();
    let raw = archive.input("company.ndjson");
    let raw_text = raw.to_string_lossy().into_owned();
    archive
        .run(&["generate", "--conversations", "3000", "--months", "4", "--seed", "7", "-o", raw_text.as_str()])
        .done();
    archive.ingest(&[&raw], &[]);
    look(&archive, &[]);
    // Two days have hours, four months have weeks.
    let last = archive.sql("select local_day(max(occurred_at)) as day from events", &[])[0]["day"].clone();
    let day = last.as_str().expect("a date").to_owned();
    look(&archive, &["--until", day.as_str(), "--since", "last-2d"]);
    look(&archive, &["--since", "last-4mo"]);
}

/// Hardly any data: charts become sentences, and nothing stands out of its place.
#[test]
fn a_report_of_little_is_read_as_well() {
    let archive = Archive::of(&Log::questions(3));
    look(&archive, &["--since", "2000-01-01"]);
}
