//! The view of messages: what was written, without what was taken back, as of an instant.

use tapemeasure_archive::Snapshot;
use tapemeasure_facts::Facts;
use tapemeasure_model::instant::format_instant;

/// The SQL that makes the view `messages`: every event of type `message` up to the as-of time that no `deleted` event
/// names (kpi-rules E3), with what it counts as (M1 to M3).
///
/// Conditions that hold for all rows are left out, so that the columns they would read are not read: ids where nothing
/// was deleted, times where the as-of time is not before the latest event.
pub(super) fn view(snapshot: &Snapshot, facts: &Facts) -> String {
    let earlier = snapshot.latest_us().is_some_and(|latest_us| latest_us > facts.as_of_us);
    text(earlier.then_some(facts.as_of_us), !facts.deletions.is_empty())
}

fn text(until_and_with_us: Option<i64>, deletions: bool) -> String {
    let mut conditions = vec!["event_type = 'message'".to_owned()];
    if let Some(us) = until_and_with_us {
        conditions.push(format!("occurred_at <= instant('{}')", format_instant(us)));
    }
    if deletions {
        conditions.push("NOT is_deleted(source, event_id)".to_owned());
    }
    format!(
        "CREATE VIEW messages AS
SELECT
  source,
  event_id,
  occurred_at,
  conversation_id,
  contact_id,
  channel,
  direction,
  author,
  agent_id,
  team,
  topic,
  private,
  automated,
  message_kind(event_type, direction, author, private, automated) AS kind,
  body
FROM events
WHERE {}",
        conditions.join("\n  AND ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_conditions_that_can_fail_are_asked() {
        assert!(text(None, false).ends_with("FROM events\nWHERE event_type = 'message'"));
        assert!(text(Some(0), true).ends_with(
            "WHERE event_type = 'message'\n  AND occurred_at <= instant('1970-01-01T00:00:00.000000Z')\n  \
             AND NOT is_deleted(source, event_id)"
        ));
    }
}
