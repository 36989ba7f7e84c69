//! The target that a row is held against, as SQL (kpi-rules G1).

use tapemeasure_model::settings::{Settings, TargetOverrides};

use crate::definitions::{Definition, Target, is_derived};

/// An expression over the rows of a definition that gives the target in microseconds: a number where all rows have the
/// same; `None` if the definition has no target. One that the request asks for goes before all, then the definition's
/// own in the order of its file, then its own default; then of the settings a channel's, a source's and the general
/// one.
pub(crate) fn expression(settings: &Settings, definition: &Definition, asked_us: Option<i64>) -> Option<String> {
    if !definition.has_target() {
        return None;
    }
    if let Some(us) = asked_us {
        return Some(us.to_string());
    }
    let mut cases: Vec<String> = definition
        .targets
        .cases
        .iter()
        .map(|case| format!("  WHEN {} THEN {}\n", condition(definition, &case.dimension, &case.value), case.us))
        .collect();
    let general_us = match (definition.targets.default_us, definition.target) {
        (Some(us), _) => us,
        (None, Some(target)) => {
            cases.extend(of_settings(settings, target));
            general_us(settings, target)
        }
        // Own targets without a default have one in the settings; the file is not read otherwise.
        (None, None) => return None,
    };
    let cases: String = cases.concat();
    Some(if cases.is_empty() { general_us.to_string() } else { format!("CASE\n{cases}  ELSE {general_us}\nEND") })
}

/// The condition for rows with a value of a dimension.
fn condition(definition: &Definition, dimension: &str, value: &str) -> String {
    let value = quoted(value);
    match definition.own_dimension(dimension) {
        Some(sql) => format!("CAST((\n{sql}\n) AS VARCHAR) = {value}"),
        None if is_derived(dimension) => format!("CAST({dimension}({}) AS VARCHAR) = {value}", definition.time),
        None => format!("{dimension} = {value}"),
    }
}

/// The targets of channels and sources, a line each.
fn of_settings(settings: &Settings, target: Target) -> Vec<String> {
    let own = |overrides: &TargetOverrides| match target {
        Target::FirstResponse => overrides.first_response_us,
        Target::Response => overrides.response_us,
        Target::Resolution => overrides.resolution_us,
    };
    let case = |column: &str, name: &str, us: i64| format!("  WHEN {column} = {} THEN {us}\n", quoted(name));
    let channels =
        settings.channels.iter().filter_map(|(name, overrides)| Some(case("channel", name, own(overrides)?)));
    let sources = settings
        .sources
        .iter()
        .filter_map(|(name, own_settings)| Some(case("source", name, own(&own_settings.targets)?)));
    channels.chain(sources).collect()
}

fn general_us(settings: &Settings, target: Target) -> i64 {
    match target {
        Target::FirstResponse => settings.targets.first_response_us,
        Target::Response => settings.targets.response_us,
        Target::Resolution => settings.targets.resolution_us,
    }
}

/// A text as SQL writes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    fn of(settings: &Settings, name: &str, asked_us: Option<i64>) -> Option<String> {
        expression(settings, Definitions::built_in().get(name).unwrap(), asked_us)
    }

    #[test]
    fn one_target_is_a_number() {
        let mut settings = Settings::default();
        assert_eq!(of(&settings, "resolution_time", None).unwrap(), "1800000000");
        settings.targets.resolution_us = 5;
        assert_eq!(of(&settings, "resolution_time", None).unwrap(), "5");
        assert_eq!(of(&settings, "resolution_time", Some(7)).unwrap(), "7");
        assert_eq!(of(&settings, "longest_wait_time", Some(7)), None);
    }

    #[test]
    fn channels_go_before_sources() {
        let mut settings = Settings::default();
        let email = TargetOverrides { response_us: Some(3_600_000_000), ..TargetOverrides::default() };
        settings.channels.insert("e'mail".to_owned(), email);
        settings.sources.entry("zendesk".to_owned()).or_default().targets.response_us = Some(900_000_000);
        settings.sources.entry("other".to_owned()).or_default().targets.resolution_us = Some(1);
        assert_eq!(
            of(&settings, "average_response_time", None).unwrap(),
            "CASE\n  WHEN channel = 'e''mail' THEN 3600000000\n  WHEN source = 'zendesk' THEN 900000000\n  \
             ELSE 600000000\nEND"
        );
        assert_eq!(of(&settings, "average_response_time", Some(7)).unwrap(), "7");
        assert_eq!(of(&settings, "first_response_time", None).unwrap(), "600000000");
    }

    const OWN: &str = r#"
name = "late"
title = "Late answers"
description = "Answers that came late."
table = "waits"
time = "opened_at"
unit = "waits"
better = "lower"
target = "response"

[targets]
topic.billing = "1h"
channel.email = "4h"
hour_of_day.23 = "2h"

[[measures]]
name = "n_late"
count_breached = "wait_us"
"#;

    #[test]
    fn own_targets_go_before_those_of_the_settings_in_the_order_of_the_file() {
        let mut definitions = Definitions::built_in();
        definitions.load("late.toml", OWN).unwrap();
        let mut settings = Settings::default();
        let sms = TargetOverrides { response_us: Some(5), ..TargetOverrides::default() };
        settings.channels.insert("sms".to_owned(), sms);
        let late = definitions.get("late").unwrap();
        assert_eq!(
            expression(&settings, late, None).unwrap(),
            "CASE\n  WHEN topic = 'billing' THEN 3600000000\n  WHEN channel = 'email' THEN 14400000000\n  \
             WHEN CAST(hour_of_day(opened_at) AS VARCHAR) = '23' THEN 7200000000\n  \
             WHEN channel = 'sms' THEN 5\n  ELSE 600000000\nEND"
        );
        let alone = OWN.replace("target = \"response\"\n", "").replace("[targets]", "[targets]\ndefault = \"1m\"");
        let mut definitions = Definitions::built_in();
        definitions.load("late.toml", &alone).unwrap();
        let text = expression(&settings, definitions.get("late").unwrap(), None).unwrap();
        assert!(text.ends_with("THEN 7200000000\n  ELSE 60000000\nEND"), "{text}");
    }
}
