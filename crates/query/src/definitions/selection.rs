//! Which measures a request needs: those that it asks for, and those that they are made of.

use super::{Definition, Expression, Measure};
use crate::error::QueryError;
use crate::nearest::Meant;

/// The measures that a request needs, in the definition's order.
#[derive(Debug, Clone)]
pub(crate) struct Selection<'a> {
    /// Each with whether it is in the output.
    needed: Vec<(&'a Measure, bool)>,
}

impl<'a> Selection<'a> {
    /// The measures that `asked` names, and what they are made of; all visible ones if it names none.
    ///
    /// # Errors
    /// [`QueryError::UnknownMeasure`] for a name that is no visible measure of the definition.
    pub(crate) fn new(definition: &'a Definition, asked: Option<&[String]>) -> Result<Self, QueryError> {
        let asked = asked.unwrap_or_default();
        for name in asked {
            if !definition.visible().any(|measure| measure.name == *name) {
                let known: Vec<&str> = definition.visible().map(|measure| measure.name.as_str()).collect();
                return Err(QueryError::UnknownMeasure {
                    kpi: definition.name.clone(),
                    name: name.clone(),
                    meant: Meant::of(name, &known),
                    known: known.join(", "),
                });
            }
        }
        let is_shown = |measure: &Measure| !measure.hidden && (asked.is_empty() || asked.contains(&measure.name));
        let mut parts: Vec<String> = Vec::new();
        for measure in &definition.measures {
            if let Expression::Row(sql) = &measure.expression
                && is_shown(measure)
            {
                parts.extend(names(sql));
            }
        }
        let is_part =
            |measure: &Measure| !matches!(measure.expression, Expression::Row(_)) && parts.contains(&measure.name);
        let mut needed = Vec::new();
        for measure in &definition.measures {
            let shown = is_shown(measure);
            if shown || is_part(measure) {
                needed.push((measure, shown));
            }
        }
        Ok(Self { needed })
    }

    /// Every measure that is needed.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &'a Measure> {
        self.needed.iter().map(|&(measure, _)| measure)
    }

    /// The measures of the output.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'a Measure> {
        self.needed.iter().filter(|&&(_, shown)| shown).map(|&(measure, _)| measure)
    }
}

/// The words of an SQL text in lower case, without what stands in single quotes: every name that it can mean, and more.
pub(crate) fn names(sql: &str) -> Vec<String> {
    // Quotes come in pairs, the doubled ones inside a text too: what lies outside is every other piece.
    let outside = sql.split('\'').step_by(2);
    let words = outside.flat_map(|piece| piece.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    #[track_caller]
    fn check(kpi: &str, asked: &[&str], needed: &[&str], shown: &[&str]) {
        let definitions = Definitions::built_in();
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        let found = Selection::new(definitions.get(kpi).unwrap(), Some(&asked)).unwrap();
        assert_eq!(found.needed().map(|m| m.name.as_str()).collect::<Vec<_>>(), needed);
        assert_eq!(found.shown().map(|m| m.name.as_str()).collect::<Vec<_>>(), shown);
    }

    #[test]
    fn what_is_asked_brings_what_it_is_made_of() {
        check("average_response_time", &["max_s", "n"], &["n", "max_s"], &["n", "max_s"]);
        check("average_response_time", &["p90_s"], &["percentiles", "p90_s"], &["p90_s"]);
        check("resolution_time", &["within_target"], &["n", "n_within_target", "within_target"], &["within_target"]);
        check("message_volume_by_channel", &["share"], &["inbound", "agent", "bot", "share"], &["share"]);
        check(
            "unsubscribed_contacts",
            &["unsubscribe_rate"],
            &["newly_unsubscribed", "contacts_messaged", "unsubscribe_rate"],
            &["unsubscribe_rate"],
        );
    }

    #[test]
    fn nothing_named_is_everything() {
        let definitions = Definitions::built_in();
        for definition in definitions.iter() {
            let all = Selection::new(definition, None).unwrap();
            assert_eq!(all.needed().count(), definition.measures.len(), "{}", definition.name);
            assert_eq!(all.shown().collect::<Vec<_>>(), definition.visible().collect::<Vec<_>>());
            assert_eq!(Selection::new(definition, Some(&[])).unwrap().shown().count(), all.shown().count());
        }
    }

    #[test]
    fn an_unknown_or_hidden_measure_gets_the_nearest() {
        let definitions = Definitions::built_in();
        let definition = definitions.get("longest_wait_time").unwrap();
        let error = Selection::new(definition, Some(&["max".to_owned()])).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown field \"max\" of longest_wait_time; did you mean max_s? known are max_s, conversation_id, \
             opened_at, oldest_open_s"
        );
        let hidden = Selection::new(definition, Some(&["row_of_max_s".to_owned()])).unwrap_err();
        assert!(matches!(hidden, QueryError::UnknownMeasure { .. }));
    }

    #[test]
    fn names_are_words_outside_of_quotes() {
        assert_eq!(names("CAST(Longest['us'] AS \"x\")/n_2"), ["cast", "longest", "as", "x", "n_2"]);
        assert_eq!(names("kind = 'it''s bot' AND a"), ["kind", "and", "a"]);
    }
}
