//! The target that a row is held against, as SQL (kpi-rules G1).

use tapemeasure_model::settings::{Settings, TargetOverrides};

use crate::definitions::Target;

/// An expression over `source` and `channel` that gives the target in microseconds: a number where all rows have the
/// same. A channel's target goes before a source's, and one that the request asks for before all.
pub(crate) fn expression(settings: &Settings, target: Target, asked_us: Option<i64>) -> String {
    if let Some(us) = asked_us {
        return us.to_string();
    }
    let own = |overrides: &TargetOverrides| match target {
        Target::FirstResponse => overrides.first_response_us,
        Target::Response => overrides.response_us,
        Target::Resolution => overrides.resolution_us,
    };
    let general_us = match target {
        Target::FirstResponse => settings.targets.first_response_us,
        Target::Response => settings.targets.response_us,
        Target::Resolution => settings.targets.resolution_us,
    };
    let case = |column: &str, name: &str, us: i64| format!("  WHEN {column} = {} THEN {us}\n", quoted(name));
    let channels =
        settings.channels.iter().filter_map(|(name, overrides)| Some(case("channel", name, own(overrides)?)));
    let sources = settings
        .sources
        .iter()
        .filter_map(|(name, own_settings)| Some(case("source", name, own(&own_settings.targets)?)));
    let cases: String = channels.chain(sources).collect();
    if cases.is_empty() { general_us.to_string() } else { format!("CASE\n{cases}  ELSE {general_us}\nEND") }
}

/// A text as SQL writes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_is_a_number() {
        let mut settings = Settings::default();
        assert_eq!(expression(&settings, Target::Resolution, None), "1800000000");
        settings.targets.resolution_us = 5;
        assert_eq!(expression(&settings, Target::Resolution, None), "5");
        assert_eq!(expression(&settings, Target::Resolution, Some(7)), "7");
    }

    #[test]
    fn channels_go_before_sources() {
        let mut settings = Settings::default();
        let email = TargetOverrides { response_us: Some(3_600_000_000), ..TargetOverrides::default() };
        settings.channels.insert("e'mail".to_owned(), email);
        settings.sources.entry("zendesk".to_owned()).or_default().targets.response_us = Some(900_000_000);
        settings.sources.entry("other".to_owned()).or_default().targets.resolution_us = Some(1);
        assert_eq!(
            expression(&settings, Target::Response, None),
            "CASE\n  WHEN channel = 'e''mail' THEN 3600000000\n  WHEN source = 'zendesk' THEN 900000000\n  \
             ELSE 600000000\nEND"
        );
        assert_eq!(expression(&settings, Target::Response, Some(7)), "7");
        assert_eq!(expression(&settings, Target::FirstResponse, None), "600000000");
    }
}
