//! What goes into the numbers of a baseline beside the events: the definition, and the settings that can change them
//! (kpi-rules B1, B2).

use std::collections::BTreeMap;
use std::sync::Arc;

use tapemeasure_facts::FOLD_VERSION;
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::Zone;

use super::rows::Set;
use super::schema::BASELINE_DIMENSIONS;
use crate::definitions::{Contacts, Definition, Expression, Kind, Selection, Target};
use crate::engine::Engine;
use crate::error::{Change, QueryError};
use crate::plan::Hours;
use crate::plan::hours::{is_setting, wanted};

/// Hexadecimal digits of a hash that is shown: 64 bits, enough to tell the few states of one archive's settings apart.
const DIGITS: usize = 16;

/// The fields of a KPI that a baseline saves, by what they are.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) headline: String,
    pub(super) n: Option<String>,
    pub(super) mean: Option<String>,
    pub(super) p50: Option<String>,
    pub(super) p90: Option<String>,
    pub(super) max: Option<String>,
}

impl Fields {
    /// Those of a definition: its headline, its `n`, and the first visible field each that is called `mean`, `p50`, `p90`,
    /// `max`, or that with a unit behind it, as `mean_s`.
    pub(super) fn of(definition: &Definition) -> Self {
        let named = |what: &str| {
            let fits =
                |name: &str| name.strip_prefix(what).is_some_and(|unit| unit.is_empty() || unit.starts_with('_'));
            definition.visible().find(|measure| fits(&measure.name)).map(|measure| measure.name.clone())
        };
        Self {
            headline: definition.headline.clone(),
            n: definition.n.clone(),
            mean: named("mean"),
            p50: named("p50"),
            p90: named("p90"),
            max: named("max"),
        }
    }

    /// Their names, each once.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = vec![self.headline.clone()];
        for name in [&self.n, &self.mean, &self.p50, &self.p90, &self.max].into_iter().flatten() {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// What one KPI and grouping of a baseline rests on, as of now.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) set: Arc<Set>,
    pub(super) fields: Fields,
    pub(super) by: Vec<String>,
    pub(super) hours: Hours,
    /// The numbers of a window depend on what came before it: contacts that are known, and tables of a definition's own.
    pub(super) reach_back: bool,
    /// The numbers depend on the as-of time even where no row is open.
    pub(super) dated: bool,
    /// The numbers say how things stand at the end of a window, and nothing of what happened in it.
    pub(super) at_end: bool,
    /// The rows come from a table that can be held in memory.
    pub(super) loadable: bool,
}

impl Conditions {
    /// Those of a KPI under the settings, definitions and zone of an engine. `by` is `None` for the definition's own
    /// grouping.
    ///
    /// # Errors
    /// [`QueryError::UnknownKpi`], [`QueryError::UnknownDimension`], [`QueryError::RepeatedDimension`],
    /// [`QueryError::BaselineDimension`].
    pub(super) fn new(
        engine: &Engine,
        (name, kpi): (&str, &str),
        by: Option<&[String]>,
        hours: Hours,
    ) -> Result<Self, QueryError> {
        let kpis = &engine.kpis;
        let definition = kpis.definitions.get(kpi)?;
        let by = by.unwrap_or(&definition.default_by);
        definition.check_dimensions(by)?;
        if let Some(other) = by.iter().find(|dimension| !BASELINE_DIMENSIONS.contains(&dimension.as_str())) {
            return Err(QueryError::BaselineDimension { name: other.clone(), known: BASELINE_DIMENSIONS.join(", ") });
        }
        let by: Vec<String> =
            BASELINE_DIMENSIONS.iter().filter(|d| by.iter().any(|b| b == *d)).map(|&d| d.to_owned()).collect();
        let fields = Fields::of(definition);
        let uses = Uses::of(definition, &fields)?;
        let measured_in = wanted(definition, hours);
        let business = measured_in == Hours::Business;
        let settings = text(&relevant(&kpis.settings, &kpis.clocks.zone(), uses.targets, business));
        let set = Set {
            name: name.to_owned(),
            kpi: kpi.to_owned(),
            grouped_by: by.join(","),
            time_zone: kpis.clocks.zone().name().to_owned(),
            hours: measured_in.as_str().to_owned(),
            headline: fields.headline.clone(),
            unit: definition.unit.clone(),
            definition_hash: definition.fingerprint(),
            settings_hash: blake3::hash(settings.as_bytes()).to_hex()[..DIGITS].to_owned(),
            settings,
        };
        Ok(Self {
            set: Arc::new(set),
            fields,
            by,
            hours,
            reach_back: definition.kind != Kind::Flow
                || definition.view.is_some()
                || definition.table == "subscriptions",
            dated: uses.dated,
            at_end: uses.at_end,
            loadable: !business && matches!(definition.table.as_str(), "waits" | "sessions"),
        })
    }
}

/// What the saved fields of a definition name.
struct Uses {
    /// The targets that can change them.
    targets: Targets,
    dated: bool,
    at_end: bool,
}

/// Which targets of the settings matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Targets {
    None,
    One(Target),
    All,
}

impl Uses {
    fn of(definition: &Definition, fields: &Fields) -> Result<Self, QueryError> {
        let names = fields.names();
        let selection = Selection::new(definition, Some(&names))?;
        let (mut names_target, mut dated, mut at_end) = (false, false, matches!(definition.kind, Kind::Stock(_)));
        for measure in selection.needed() {
            match &measure.expression {
                Expression::Aggregate(sql) | Expression::Row(sql) => {
                    names_target |= sql.contains("target_us");
                    dated |= sql.contains("{as_of}");
                }
                Expression::Contacts(which) => at_end &= matches!(which, Contacts::Known | Contacts::Out),
                // What the other KPI names is its own business: all of it may matter.
                Expression::OfKpi(_) => (names_target, dated) = (true, true),
            }
        }
        let targets = match (names_target, definition.target) {
            (false, _) => Targets::None,
            (true, Some(target)) => Targets::One(target),
            (true, None) => Targets::All,
        };
        Ok(Self { targets, dated, at_end })
    }
}

/// The settings that can change the numbers, by name, as they hold; and what else can: the zone of weeks, days and hours,
/// and the version of the fold. Left out are those that can not: keywords, which hold for what is ingested; fiscal
/// years; thresholds of reports; targets that no saved field names; calendars where hours are not those of business.
fn relevant(settings: &Settings, zone: &Zone, targets: Targets, business: bool) -> BTreeMap<String, String> {
    let target_matters = |name: &str| match targets {
        Targets::None => false,
        Targets::All => true,
        Targets::One(target) => name.ends_with(target.setting()),
    };
    let matters = |name: &str| {
        if name.contains("targets.") {
            return target_matters(name);
        }
        if is_setting(name) {
            return business;
        }
        !name.starts_with("keywords.") && !name.starts_with("report.") && name != "fiscal_year_start"
    };
    let mut all: BTreeMap<String, String> = settings.list().into_iter().filter(|(name, _)| matters(name)).collect();
    all.insert("time_zone".to_owned(), zone.name().to_owned());
    all.insert("fold_version".to_owned(), FOLD_VERSION.to_string());
    all
}

/// Settings as a JSON object, in the order of their names.
fn text(settings: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = settings
        .iter()
        .map(|(name, value)| {
            format!("{}:{}", serde_json::Value::from(name.as_str()), serde_json::Value::from(value.as_str()))
        })
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// That a saved set is held against one that is worked out under other conditions: the first that differs. `options` are
/// those with which its window is saved.
///
/// # Errors
/// [`QueryError::NotComparable`].
pub(super) fn check_equal(then: &Set, now: &Set, options: &str) -> Result<(), QueryError> {
    let differs = |what: &str, then_value: &str, now_value: &str, remedy: String| QueryError::NotComparable {
        baseline: then.name.clone(),
        kpi: then.kpi.clone(),
        change: Box::new(Change { what: what.to_owned(), then: then_value.to_owned(), now: now_value.to_owned() }),
        remedy,
    };
    let save = format!("make the baseline again (`tape baseline save {} {options}`)", then.name);
    let again = || format!("set it back, or {save}");
    if then.settings_hash != now.settings_hash {
        let read = |text: &str| serde_json::from_str::<BTreeMap<String, String>>(text).unwrap_or_default();
        let (was, is) = (read(&then.settings), read(&now.settings));
        let none = "not set".to_owned();
        let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (was, is) = (was.get(name).unwrap_or(&none), is.get(name).unwrap_or(&none));
            if was != is {
                let remedy = match name.as_str() {
                    "time_zone" => format!("compare with --tz {was}, or make the baseline again"),
                    "fold_version" => save.clone(),
                    _ => again(),
                };
                return Err(differs(name, was, is, remedy));
            }
        }
        return Err(differs("settings", &then.settings_hash, &now.settings_hash, again()));
    }
    if then.definition_hash != now.definition_hash {
        return Err(differs("the definition", &then.definition_hash, &now.definition_hash, again()));
    }
    if then.headline != now.headline {
        return Err(differs("headline", &then.headline, &now.headline, again()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    fn settings(change: &[(&str, &str)], targets: Targets, business: bool) -> String {
        let mut settings = relevant(&Settings::default(), &Zone::UTC, targets, business);
        settings.extend(change.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        text(&settings)
    }

    fn set(settings: String) -> Set {
        let text = str::to_owned;
        Set {
            name: text("b"),
            kpi: text("k"),
            grouped_by: String::new(),
            time_zone: text("UTC"),
            hours: text("elapsed"),
            headline: text("mean_s"),
            unit: text("seconds"),
            definition_hash: text("d"),
            settings_hash: blake3::hash(settings.as_bytes()).to_hex()[..DIGITS].to_owned(),
            settings,
        }
    }

    #[test]
    fn only_what_can_change_a_number_is_among_the_settings() {
        assert_eq!(
            settings(&[("fold_version", "1")], Targets::None, false),
            r#"{"abandon_after":"never","bots":"ignore","fold_version":"1","session_gap":"never","time_zone":"UTC","week_start":"monday"}"#
        );
        let with = settings(&[], Targets::One(Target::Response), false);
        assert!(with.contains(r#""targets.response":"10m""#) && !with.contains("first_response"), "{with}");
    }

    #[test]
    fn the_setting_that_changed_is_named() {
        let then = set(settings(&[], Targets::None, false));
        check_equal(&then, &then.clone(), "").unwrap();
        let now = set(settings(&[("session_gap", "1d")], Targets::None, false));
        assert_eq!(
            check_equal(&then, &now, "--period 2025-03").unwrap_err().to_string(),
            "baseline b of k cannot be compared: session_gap was never then and is 1d now; set it back, or make the \
             baseline again (`tape baseline save b --period 2025-03`)"
        );
        let now = set(settings(&[("source.s.bots", "reply")], Targets::None, false));
        let error = check_equal(&then, &now, "").unwrap_err().to_string();
        assert!(error.contains("source.s.bots was not set then and is reply now"), "{error}");
        let now = Set { definition_hash: "e".to_owned(), ..then.clone() };
        let error = check_equal(&then, &now, "").unwrap_err().to_string();
        assert!(error.contains("the definition was d then and is e now"), "{error}");
    }

    #[test]
    fn the_fields_of_the_built_in_ones() {
        let definitions = Definitions::built_in();
        let names = |kpi: &str| Fields::of(definitions.get(kpi).unwrap()).names();
        assert_eq!(names("resolution_time"), ["mean_s", "n", "p50_s", "p90_s", "max_s"]);
        assert_eq!(names("longest_wait_time")[0], "max_s");
        assert_eq!(names("inbound_message_volume"), ["messages"]);
        let uses = |kpi: &str| {
            let definition = definitions.get(kpi).unwrap();
            Uses::of(definition, &Fields::of(definition)).unwrap()
        };
        for kpi in ["first_response_time", "resolution_time", "message_volume_by_channel"] {
            let uses = uses(kpi);
            assert!(uses.targets == Targets::None && !uses.dated && !uses.at_end, "{kpi}");
        }
        assert!(uses("unsubscribed_contacts").at_end);
    }
}
