//! Definitions, and conditions that are known, in words.

use tapemeasure_model::settings::duration::format_duration_us;

use crate::definitions::{Definition, Kind};
use crate::drill::counted::conjuncts;

/// What a definition says, in sentences.
pub(super) fn of_definition(definition: &Definition) -> Vec<String> {
    let mut words = Vec::new();
    match &definition.kind {
        Kind::Flow => {
            words.push(of_table(definition).to_owned());
            if let Some(filter) = &definition.filter {
                words.push(of_filter(filter));
            }
            words.push(format!(
                "A row counts whole at {}: {}. The end of a period lies outside of it.",
                definition.time,
                of_time(&definition.table, &definition.time)
            ));
        }
        Kind::Stock(stock) => {
            words.push(format!(
                "Contacts are counted as they stand at the end of each bucket. A contact is known by a row of {} for which \
                 `{}` holds, or by being opted out; it is opted out while its last change on any channel says so.",
                definition.table, stock.known
            ));
            words.push(format!(
                "Within a bucket those that opt out are counted, and those that are reached: by a row of {} for which `{}` \
                 holds.",
                definition.table, stock.reached
            ));
        }
        Kind::Derived(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|part| format!("{} ({})", part.kpi, part.fields.join(", "))).collect();
            words.push(format!(
                "It has no rows of its own: it puts together {}, worked out for the same buckets and groups.",
                parts.join(" and ")
            ));
        }
    }
    words.extend(of_means(definition));
    words.extend(of_targets(definition));
    if let Some(unsettled) = &definition.unsettled {
        words.push(format!(
            "A bucket is provisional while it runs, and while it has a row for which `{}` holds.",
            one_line(unsettled)
        ));
    }
    words
}

/// What rows of a condition are left out for, in words; the condition itself where it is not known.
pub(super) fn left_out_by(condition: &str) -> String {
    match known(condition) {
        Some((_, left_out)) => left_out.to_owned(),
        None => format!("`{}` does not hold", one_line(condition)),
    }
}

/// Conditions of the built-in definitions: what they keep and what they leave out.
fn known(condition: &str) -> Option<(&'static str, &'static str)> {
    Some(match condition {
        "is_first" => (
            "the first wait of a session that the customer began",
            "not the first wait of a session that the customer began",
        ),
        "resolution_us IS NOT NULL" => ("the session was closed, and the customer had asked", "without a resolution"),
        "kind = 'question'" => ("the message is a question", "no questions"),
        "kind IN ('question', 'answer', 'bot')" => {
            ("the message is a question, an answer or a bot's", "neither questions nor answers nor of bots")
        }
        "contact_id IS NOT NULL" => ("the contact is known", "without a contact"),
        "direction = 'outbound'" => ("it went to the customer", "not to the customer"),
        "private IS NOT TRUE" => ("it is no note", "notes"),
        "opted_out <> was_opted_out" => ("it changed something", "changed nothing: the contact was so already"),
        _ => return None,
    })
}

fn of_filter(filter: &str) -> String {
    // A condition that cannot be taken apart is shown as it is.
    let parts = conjuncts(filter).unwrap_or_else(|_| vec![filter.to_owned()]);
    let shown: Vec<String> = parts
        .iter()
        .map(|part| match known(part) {
            Some((kept, _)) => format!("`{part}` ({kept})"),
            None => format!("`{}`", one_line(part)),
        })
        .collect();
    format!("Only rows for which {} holds.", shown.join(" and "))
}

fn of_table(definition: &Definition) -> &'static str {
    if definition.view.is_some() {
        return "Each row is one of the definition's own query.";
    }
    match definition.table.as_str() {
        "waits" => "Each row is a wait: from a question of a customer to its answer, or to what else ended it.",
        "sessions" => "Each row is a session: from the opening of a conversation to its close.",
        "messages" => "Each row is a message up to the as-of time that was not deleted.",
        "events" => "Each row is a stored event, deleted ones included.",
        "subscriptions" => "Each row is an opt-out or opt-in.",
        _ => "Each row is one of the table.",
    }
}

fn of_time(table: &str, time: &str) -> &'static str {
    match (table, time) {
        ("waits", "opened_at") => "when the question came that opened the wait",
        ("waits", "ended_at") => "when the wait ended",
        ("waits", "session_opened_at") | ("sessions", "opened_at") => "when the session opened",
        ("sessions", "closed_at") => "when the session ended",
        ("messages" | "events", "occurred_at") => "when it happened",
        ("subscriptions", "changed_at") => "when it was said",
        _ => "the time that the definition names",
    }
}

/// What means leave out, and what is counted beside them (kpi-rules A1).
fn of_means(definition: &Definition) -> Option<String> {
    let text = match definition.table.as_str() {
        "waits" => {
            "In means, percentiles and maxima are the waits that were answered. Those that are open, were closed \
             unanswered, ended by an opt-out or were abandoned are in none; they are counted beside them."
        }
        "sessions" => {
            "In means, percentiles and maxima are the sessions that a close ended. Those that are open or ended by \
             silence, and those that an agent began and in which the customer asked nothing, have no resolution."
        }
        _ => return None,
    };
    (definition.view.is_none() && definition.kind == Kind::Flow).then(|| text.to_owned())
}

fn of_targets(definition: &Definition) -> Option<String> {
    if !definition.has_target() {
        return None;
    }
    let mut parts: Vec<String> = definition
        .targets
        .cases
        .iter()
        .map(|case| format!("{} for {} = {}", format_duration_us(case.us), case.dimension, case.value))
        .collect();
    match (definition.targets.default_us, definition.target) {
        (Some(us), _) => parts.push(format!("{} for all others", format_duration_us(us))),
        (None, Some(target)) => parts.push(format!("the setting {}, per channel and source", target.setting())),
        (None, None) => {}
    }
    Some(format!("Rows are held against a target: {}; the first that fits holds.", parts.join(", ")))
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
