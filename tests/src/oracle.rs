//! `oracle.py` as a process: the second author of every number.

use crate::{Archive, Log, Row, assert_same_rows, python, shared};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The oracle of the specification.
#[derive(Debug)]
pub struct Oracle {
    program: PathBuf,
}

/// The rules that change the facts, as kpi-rules.md section 3 names them; the default is that of the rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Silence that ends a session, in seconds; `None` is never.
    pub session_gap_s: Option<u64>,
    /// Silence that ends a wait, in seconds; `None` is never.
    pub abandon_after_s: Option<u64>,
    /// `ignore` or `reply`.
    pub bots: String,
}

/// What is asked of the KPIs; the default is everything in one row. The oracle and `tape` spell the options alike.
#[derive(Clone, Debug)]
pub struct Query {
    /// `total`, `hour`, ..., `year`.
    pub grain: String,
    /// Dimensions, divided by commas; empty for none.
    pub by: String,
    /// IANA time zone.
    pub zone: String,
    /// Start of the period, RFC 3339, inside it.
    pub since: Option<String>,
    /// End of the period, RFC 3339, outside it.
    pub until: Option<String>,
    /// The instant after which nothing exists, RFC 3339.
    pub as_of: Option<String>,
}

/// Waits and sessions, each in order of source, conversation and time.
#[derive(Clone, Debug)]
pub struct Facts {
    /// One row a wait.
    pub waits: Vec<Row>,
    /// One row a session.
    pub sessions: Vec<Row>,
}

/// What the oracle says to a query.
#[derive(Debug)]
pub struct OracleKpis {
    /// One row a group, with an object for each of six KPIs.
    pub rows: Vec<Row>,
    /// The seventh KPI, which the oracle answers for the grain `total` without dimensions only.
    pub unsubscribed: Option<Row>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { session_gap_s: None, abandon_after_s: None, bots: "ignore".to_owned() }
    }
}

impl Rules {
    /// The rules of a case file's `settings`; what it leaves out is default.
    pub fn of_case(settings: &Value) -> Rules {
        Rules {
            session_gap_s: settings["session_gap_s"].as_u64(),
            abandon_after_s: settings["abandon_after_s"].as_u64(),
            bots: settings["bots"].as_str().unwrap_or("ignore").to_owned(),
        }
    }

    /// The settings of `tape` with their values.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        let span = |seconds: Option<u64>| seconds.map_or_else(|| "never".to_owned(), |s| format!("{s}s"));
        [
            ("session_gap", span(self.session_gap_s)),
            ("abandon_after", span(self.abandon_after_s)),
            ("bots", self.bots.clone()),
        ]
    }
}

impl Default for Query {
    fn default() -> Query {
        Query {
            grain: "total".to_owned(),
            by: String::new(),
            zone: "UTC".to_owned(),
            since: None,
            until: None,
            as_of: None,
        }
    }
}

impl Query {
    /// Rows of this grain.
    pub fn grain(grain: &str) -> Query {
        Query { grain: grain.to_owned(), ..Query::default() }
    }

    /// The dimensions, one by one.
    pub fn dimensions(&self) -> Vec<&str> {
        self.by.split(',').filter(|dimension| !dimension.is_empty()).collect()
    }

    /// The options, for the oracle as for `tape`.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut option = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                arguments.push(format!("--{name}={value}"));
            }
        };
        option("grain", Some(self.grain.as_str()));
        option("by", Some(self.by.as_str()));
        option("tz", Some(self.zone.as_str()));
        option("since", self.since.as_deref());
        option("until", self.until.as_deref());
        option("as-of", self.as_of.as_deref());
        arguments
    }
}

impl Facts {
    /// Asserts that these facts are wanted row for row.
    #[track_caller]
    pub fn assert_same(&self, what: &str, got: &Facts) {
        assert_same_rows(&format!("{what}: waits"), &self.waits, &got.waits);
        assert_same_rows(&format!("{what}: sessions"), &self.sessions, &got.sessions);
    }
}

impl Oracle {
    /// The oracle of the shared folder; `None` where it may be absent, and the test is skipped.
    pub fn find() -> Option<Oracle> {
        shared("spec/oracle.py").map(|program| Oracle { program })
    }

    /// An adversarial log of about twelve events a conversation, in no order, always the same for a seed.
    pub fn random(&self, seed: u64, conversations: usize) -> Log {
        let arguments = ["random".to_owned(), seed.to_string(), format!("--conversations={conversations}")];
        Log::from_ndjson(&self.run(&arguments))
    }

    /// Waits and sessions of a log under these rules, as of an instant or of its last event.
    pub fn facts(&self, log: &Log, rules: &Rules, as_of: Option<&str>) -> Facts {
        let files = Files::of(log, rules);
        let mut arguments = files.arguments("facts");
        arguments.extend(as_of.map(|as_of| format!("--as-of={as_of}")));
        let mut facts = Facts { waits: Vec::new(), sessions: Vec::new() };
        for mut row in rows(&self.run(&arguments)) {
            let kind = row.remove("fact");
            let (list, us, s) = match kind.as_ref().and_then(Value::as_str) {
                Some("wait") => (&mut facts.waits, "wait_us", "wait_s"),
                Some("session") => (&mut facts.sessions, "resolution_us", "resolution_s"),
                _ => panic!("the oracle wrote a fact of kind {kind:?}"),
            };
            // `tape` writes the seconds beside the microseconds.
            let seconds = row[us].as_i64().map(|us| us as f64 / 1e6);
            row.insert(s.to_owned(), json!(seconds));
            list.push(row);
        }
        facts
    }

    /// The KPIs of a log under these rules.
    pub fn kpis(&self, log: &Log, rules: &Rules, query: &Query) -> OracleKpis {
        let files = Files::of(log, rules);
        let mut arguments = files.arguments("kpis");
        arguments.extend(query.arguments());
        let mut answer = OracleKpis { rows: Vec::new(), unsubscribed: None };
        for mut row in rows(&self.run(&arguments)) {
            match row.remove("unsubscribed_contacts") {
                Some(Value::Object(unsubscribed)) => answer.unsubscribed = Some(unsubscribed),
                Some(other) => panic!("the oracle wrote {other} for unsubscribed_contacts"),
                None => answer.rows.push(row),
            }
        }
        answer
    }

    /// Asserts that the archive's facts under these rules are those of the log.
    #[track_caller]
    pub fn assert_facts(&self, what: &str, log: &Log, rules: &Rules, archive: &Archive) {
        self.facts(log, rules, None).assert_same(what, &archive.facts(&[]));
    }

    /// Asserts that the archive's KPIs under these rules are those of the log.
    #[track_caller]
    pub fn assert_kpis(&self, what: &str, log: &Log, rules: &Rules, query: &Query, archive: &Archive) {
        let differences = archive.kpi(&[], query).differences(&self.kpis(log, rules, query), query);
        assert!(
            differences.is_empty(),
            "{what}: {} differences to the oracle under {rules:?}, {query:?}\n{}",
            differences.len(),
            differences[..differences.len().min(10)].join("\n")
        );
    }

    fn run(&self, arguments: &[String]) -> String {
        let output = python().arg(&self.program).args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("cannot start python3: {error}"));
        assert!(
            output.status.success(),
            "oracle.py {} failed:\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("the oracle writes UTF-8")
    }
}

/// The log and the settings as the files that the oracle reads.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn of(log: &Log, rules: &Rules) -> Files {
        let files = Files { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        log.write_ndjson(&files.path("events.ndjson"));
        let settings = json!({
            "session_gap_s": rules.session_gap_s,
            "abandon_after_s": rules.abandon_after_s,
            "bots": rules.bots,
        });
        crate::events::write_file(&files.path("settings.json"), settings.to_string().as_bytes());
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self, verb: &str) -> Vec<String> {
        let text = |path: &Path| path.to_str().expect("temporary folders have plain names").to_owned();
        let settings = format!("--settings={}", text(&self.path("settings.json")));
        vec![verb.to_owned(), text(&self.path("events.ndjson")), settings]
    }
}

fn rows(text: &str) -> Vec<Row> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("the oracle wrote {line}: {error}"));
    text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}
