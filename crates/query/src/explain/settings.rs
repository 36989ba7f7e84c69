//! The settings that change the numbers of a KPI.

use serde::Serialize;
use tapemeasure_model::settings::Settings;
use tapemeasure_model::settings::duration::format_duration_us;
use tapemeasure_model::zone::{Grain, Zone};

use crate::definitions::{Definition, Target};
use crate::plan::{Hours, KpiRequest, hours};

/// The rules of the fold.
const RULES: &[&str] = &["session_gap", "abandon_after", "bots"];

/// A setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name, as `tape settings` takes it.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// The settings that can change the numbers of a request, defaults included: the rules by which waits and sessions are
/// made, the target, the zone, the first days of weeks and years where buckets are that long, calendars where hours
/// count. Those that sources and channels set for themselves are among them.
pub(super) fn that_matter(
    definition: &Definition,
    request: &KpiRequest,
    settings: &Settings,
    zone: &Zone,
) -> Vec<Setting> {
    let mut keys: Vec<&str> = Vec::new();
    // What the query of an own table reads is not known here.
    let reads_facts = matches!(definition.table.as_str(), "waits" | "sessions") || definition.view.is_some();
    if reads_facts {
        keys.extend(RULES);
    }
    if request.target_us.is_none() && definition.targets.default_us.is_none() {
        keys.extend(definition.target.map(Target::setting));
    }
    match request.grain {
        Grain::Week => keys.push("week_start"),
        Grain::FiscalQuarter | Grain::FiscalYear => keys.push("fiscal_year_start"),
        _ => {}
    }
    let in_hours = hours::wanted(definition, request.hours) == Hours::Business;
    let mut found = vec![Setting { key: "time_zone".to_owned(), value: zone.name().to_owned() }];
    for (key, value) in settings.list() {
        if keys.iter().any(|wanted| is_setting(&key, wanted)) || (in_hours && hours::is_setting(&key)) {
            found.push(Setting { key, value });
        }
    }
    if let (Some(us), true) = (request.target_us, definition.has_target()) {
        found.push(Setting { key: "--target".to_owned(), value: format_duration_us(us) });
    }
    found
}

/// Whether a key is that setting, or what a source or channel sets in its place.
fn is_setting(key: &str, wanted: &str) -> bool {
    let own = key.starts_with("source.") || key.starts_with("channel.");
    key == wanted || (own && key.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('.')))
}

/// Sixteen hexadecimal digits that change with every one of some settings.
pub(super) fn hash(settings: &[Setting]) -> String {
    let text: String = settings.iter().map(|setting| format!("{}={}\n", setting.key, setting.value)).collect();
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}
