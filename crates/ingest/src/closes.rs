//! Sources whose format records no closes: their sessions and waits end by silence (kpi-rules S4, W5).

use std::collections::BTreeSet;
use std::path::Path;

use tapemeasure_model::settings::{Settings, SettingsError};

use crate::notes::listed;

/// Silence after which a session has ended, and wait after which a question counts as abandoned, where a format has no
/// closes (kpi-rules, section 3).
const SESSION_GAP: &str = "24h";
const ABANDON_AFTER: &str = "7d";

/// Gives the sources that set neither limit both, in the settings at `path`. Says what was done.
///
/// Settings that cannot be read or written leave the events where they are; it is said that the limits are missing.
pub fn limit(path: &Path, sources: &BTreeSet<String>) -> Option<String> {
    let (set, error) = set(path, sources);
    if set.is_empty() {
        return None;
    }
    let names = listed(set.iter().map(|source| format!("{source:?}")));
    let (what, records) = match set.len() {
        1 => (format!("source {names}"), "its format records no closes"),
        _ => (format!("sources {names}"), "their format records no closes"),
    };
    Some(match error {
        None => format!(
            "{what}: {records}, so session_gap is set to {SESSION_GAP} and abandon_after to {ABANDON_AFTER} \
             (tape settings changes them)"
        ),
        Some(error) => format!(
            "{what}: {records}, and session_gap and abandon_after could not be set: {error}; \
             set source.<name>.session_gap {SESSION_GAP} and source.<name>.abandon_after {ABANDON_AFTER}"
        ),
    })
}

/// The sources that were given limits; with an error those that were not.
fn set<'s>(path: &Path, sources: &'s BTreeSet<String>) -> (Vec<&'s String>, Option<SettingsError>) {
    let settings = match Settings::load(path) {
        Ok(settings) => settings,
        Err(error) => return (sources.iter().collect(), Some(error)),
    };
    let without = |source: &&String| {
        let own = settings.sources.get(*source);
        own.is_none_or(|own| own.session_gap_us.is_none() && own.abandon_after_us.is_none())
    };
    let unset: Vec<&String> = sources.iter().filter(without).collect();
    for (done, source) in unset.iter().enumerate() {
        let source = quoted(source);
        for (limit, value) in [("session_gap", SESSION_GAP), ("abandon_after", ABANDON_AFTER)] {
            if let Err(error) = Settings::set_in_file(path, &format!("source.{source}.{limit}"), value) {
                return (unset[done..].to_vec(), Some(error));
            }
        }
    }
    (unset, None)
}

/// A name as a part of a TOML key: a basic string (TOML 1.0, "Keys").
fn quoted(name: &str) -> String {
    let mut quoted = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn sources_without_limits_get_both_whatever_they_are_called() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("settings.toml");
        std::fs::write(&path, "# ours\n[source.mine]\nabandon_after = \"never\"\n").unwrap();
        let odd = "a.b \"c\"\\d\u{7}\u{e9}\n";
        let note = limit(&path, &sources(&["twilio", "mine", odd])).unwrap();
        assert_eq!(
            note,
            format!(
                "sources {odd:?}, \"twilio\": their format records no closes, so session_gap is set to 24h and \
                 abandon_after to 7d (tape settings changes them)"
            )
        );
        let settings = Settings::load(&path).unwrap();
        for name in ["twilio", odd] {
            let own = settings.sources[name];
            assert_eq!(own.session_gap_us, Some(Some(86_400_000_000)));
            assert_eq!(own.abandon_after_us, Some(Some(7 * 86_400_000_000)));
        }
        assert_eq!(settings.sources["mine"].session_gap_us, None);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# ours\n"));
        // Nothing is said where nothing is done.
        assert_eq!(limit(&path, &sources(&["twilio", "mine", odd])), None);
        assert_eq!(limit(&path, &sources(&[])), None);
    }

    #[test]
    fn settings_that_are_broken_are_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("settings.toml");
        std::fs::write(&path, "a = = 1").unwrap();
        let note = limit(&path, &sources(&["twilio"])).unwrap();
        let expected =
            "source \"twilio\": its format records no closes, and session_gap and abandon_after could not be set: ";
        assert!(note.starts_with(expected), "{note}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a = = 1");
    }
}
