//! The same invented history as a platform keeps it and as canonical events: the same KPIs.
//!
//! `tape generate --told-by F` writes as canonical events what the format F can say. What an adapter makes of the format's
//! own records must come to the same numbers; only ids are named otherwise.

use tapemeasure_tests::{Archive, KPIS, Row, assert_same_rows};

/// Columns of KPIs that hold ids.
const IDS: [&str; 1] = ["conversation_id"];

/// A format, the dimensions whose values it has as they are, and whether its source needs limits for silence.
const PLATFORMS: [(&str, &str, bool); 4] = [
    ("chatwoot", "channel,team,topic", false),
    ("zendesk", "channel,topic", false),
    ("twilio", "channel", true),
    ("whatsapp", "channel", true),
];

/// Generates with these options into an archive of its own, with equal settings.
fn archive_of(options: &[&str], source: &str, ends_by_silence: bool) -> Archive {
    let archive = Archive::new();
    let path = archive.input("input.ndjson");
    let name = path.to_string_lossy();
    let fixed = ["generate", "--conversations", "4000", "--months", "4", "--seed", "3", "-o", &*name];
    archive.run(&[&fixed[..], options].concat()).done();
    let summary = archive.ingest(&[&path], &[]);
    assert_eq!(summary.count("rejected"), 0, "{options:?}");
    if ends_by_silence {
        archive.set(&format!("source.{source}.session_gap"), "24h");
        archive.set(&format!("source.{source}.abandon_after"), "7d");
    }
    archive
}

fn rows(archive: &Archive, kpi: &str, by: &str, grain: &str) -> Vec<Row> {
    let arguments = ["kpi", kpi, "--by", by, "--grain", grain, "--tz", "Europe/Berlin", "--format", "ndjson"];
    let mut rows = archive.run(&arguments).done().rows();
    for row in &mut rows {
        for id in IDS {
            row.remove(id);
        }
    }
    rows
}

#[test]
fn a_platforms_records_give_the_kpis_of_what_they_can_say() {
    for (platform, by, ends_by_silence) in PLATFORMS {
        let own = archive_of(&["--format", platform], platform, ends_by_silence);
        let told = archive_of(&["--told-by", platform], platform, ends_by_silence);
        let names = KPIS.iter().map(|kpi| kpi.name).chain([tapemeasure_tests::UNSUBSCRIBED]);
        for kpi in names {
            for (by, grain) in [("source", "total"), ("channel", "month"), (by, "total")] {
                // The opt-outs know a contact and a channel.
                let by = if kpi == tapemeasure_tests::UNSUBSCRIBED { "channel" } else { by };
                let (want, got) = (rows(&told, kpi, by, grain), rows(&own, kpi, by, grain));
                let without_closes = ends_by_silence && kpi == "resolution_time";
                let several = without_closes || by == "source" || platform == "whatsapp" || want.len() > 1;
                assert!(several, "{platform}: {kpi} by {by}");
                let what = format!("{platform}: {kpi} by {by}, {grain}");
                assert_eq!(want.len(), got.len(), "{what}");
                assert_same_rows(&what, &want, &got);
            }
        }
    }
}

/// Whatever is delivered twice changes nothing, and every record is an event.
#[test]
fn every_record_is_read() {
    for (platform, ..) in PLATFORMS {
        let archive = archive_of(&["--format", platform], platform, false);
        let counts = archive.sql("select source, count(*) as n from events group by source", &[]);
        assert_eq!(counts.len(), 1, "{platform}");
        assert_eq!(counts[0]["source"], platform);
        archive.run(&["verify"]).done();
    }
}
