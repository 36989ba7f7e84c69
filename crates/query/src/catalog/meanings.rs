//! A sentence for each table and column of an archive (kpi-rules sections 1 to 3 and 4).

/// What the rows of a table are.
pub(super) fn of_table(table: &str) -> Option<&'static str> {
    TABLES.iter().find(|(name, _)| *name == table).map(|&(_, meaning)| meaning)
}

/// What a column says. Columns that mean the same everywhere are listed once.
pub(super) fn of_column(table: &str, column: &str) -> Option<&'static str> {
    let own = COLUMNS.iter().find(|(of, name, _)| *of == table && *name == column);
    let shared = || COLUMNS.iter().find(|(of, name, _)| of.is_empty() && *name == column);
    own.or_else(shared).map(|&(_, _, meaning)| meaning)
}

const TABLES: &[(&str, &str)] = &[
    ("events", "every stored event, deleted ones included"),
    ("messages", "every message up to the as-of time that was not deleted"),
    ("waits", "from a question to its answer, or to what else ended it"),
    ("sessions", "from the opening of a conversation to its close"),
    ("subscriptions", "every change to opted out or in again"),
    ("message_cells", "messages counted by quarter of an hour, source and channel; sum the rows"),
    ("contacts", "when a contact first wrote or was written to, channel by channel"),
    ("baselines", "saved KPI values, one row a window and group"),
    ("_", "the last result"),
];

/// Table, column, meaning; no table for what means the same in all.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("", "source", "account or export that it came from; ids are unique inside it only"),
    ("", "event_id", "identity inside the source"),
    ("", "conversation_id", "thread or ticket"),
    ("", "contact_id", "the customer"),
    ("", "channel", "whatsapp, sms, web_chat, email, ..."),
    ("", "agent_id", "who answered"),
    ("", "team", "inbox or team"),
    ("", "topic", "kind of question"),
    ("", "occurred_at", "when it happened"),
    ("", "direction", "inbound or outbound"),
    ("", "author", "contact, agent, bot or system"),
    ("", "private", "an internal note; null counts as false"),
    ("", "automated", "sent or closed by a rule, a campaign or a timer; null counts as false"),
    ("", "body", "the text, where it was kept"),
    ("", "bucket", "start of the hour, day, week, ... or total"),
    ("", "provisional", "whether the bucket can still change"),
    ("events", "event_type", "message, opened, reopened, closed, assigned, tagged, deleted, opted_out, ..."),
    ("events", "agent_id", "who wrote or did it"),
    ("events", "target_event_id", "the message that a deleted event takes back"),
    ("events", "conversation_key", "hash of source and conversation, by which files are sorted"),
    ("messages", "kind", "question, answer, bot or other"),
    ("messages", "agent_id", "who wrote it"),
    ("waits", "channel", "that of the question that opened it, or of the session"),
    ("waits", "agent_id", "who answered; null without an answer"),
    ("waits", "session_opened_at", "when its session opened"),
    ("waits", "opened_at", "when the question came; what the wait is counted at"),
    ("waits", "ended_at", "when it ended; null while it is open"),
    ("waits", "end_reason", "replied, closed, opted_out, abandoned or open"),
    ("waits", "is_first", "first wait of a session that the contact initiated"),
    ("waits", "n_inbound", "questions in it"),
    ("waits", "wait_us", "microseconds to the answer; null unless replied"),
    ("waits", "wait_s", "seconds to the answer; null unless replied"),
    ("sessions", "agent_id", "who answered last"),
    ("sessions", "opened_at", "when it opened"),
    ("sessions", "closed_at", "when it ended; null while it is open"),
    ("sessions", "close_reason", "closed, inactive or open"),
    ("sessions", "auto_closed", "closed by a timer or rule"),
    ("sessions", "reopened", "it opened with a reopened event"),
    ("sessions", "initiated_by", "who wrote first: contact or agent"),
    ("sessions", "first_inbound_at", "the first question; null where there is none"),
    ("sessions", "n_inbound", "questions"),
    ("sessions", "n_agent", "answers"),
    ("sessions", "n_bot", "messages of bots and rules"),
    ("sessions", "resolution_us", "microseconds from start to close; null unless resolved"),
    ("sessions", "resolution_s", "seconds from start to close; null unless resolved"),
    ("subscriptions", "changed_at", "when it changed"),
    ("subscriptions", "opted_out", "out, or in again"),
    ("subscriptions", "was_opted_out", "the state of this contact and channel just before"),
    ("message_cells", "cell_start", "start of the quarter of an hour, UTC"),
    ("message_cells", "questions", "questions in it"),
    ("message_cells", "answers", "answers in it"),
    ("message_cells", "bots", "messages of bots and rules in it"),
    ("contacts", "first_message_at", "first message of the contact on the channel"),
    ("contacts", "is_first", "on no channel it wrote or was written to before"),
    ("contacts", "ever_opted_out", "whether the contact opted out at any time, on whatever channel"),
    ("baselines", "name", "the baseline"),
    ("baselines", "kpi", "the KPI"),
    ("baselines", "window_start", "first instant of its period"),
    ("baselines", "window_end", "first instant after it"),
    ("baselines", "period", "the same for people, as local dates"),
    ("baselines", "grain", "total: one value for the whole window"),
    ("baselines", "grouped_by", "dimensions with commas between them; empty for none"),
    ("baselines", "source", "that of the group; null where not grouped by it"),
    ("baselines", "channel", "that of the group; null where not grouped by it"),
    ("baselines", "team", "that of the group; null where not grouped by it"),
    ("baselines", "topic", "that of the group; null where not grouped by it"),
    ("baselines", "agent_id", "that of the group; null where not grouped by it"),
    ("baselines", "day_of_week", "1 is Monday; null where not grouped by it"),
    ("baselines", "hour_of_day", "0 to 23; null where not grouped by it"),
    ("baselines", "time_zone", "zone of its weeks and dates"),
    ("baselines", "hours", "elapsed or business"),
    ("baselines", "headline", "the field of the KPI that value is"),
    ("baselines", "unit", "what value is measured in"),
    ("baselines", "n", "rows that it rests on; null where the KPI counts none"),
    ("baselines", "value", "the headline over the whole window"),
    ("baselines", "mean", "the KPI's mean, if it has one"),
    ("baselines", "p50", "the KPI's median, if it has one"),
    ("baselines", "p90", "the KPI's 90th percentile, if it has one"),
    ("baselines", "max", "the KPI's maximum, if it has one"),
    ("baselines", "spread", "robust standard deviation of the weekly values"),
    ("baselines", "weekly_n", "weekly values there are"),
    ("baselines", "usual_low", "least value that a further week usually has"),
    ("baselines", "usual_high", "greatest value that a further week usually has"),
    ("baselines", "weekly", "weekly values of the headline, a JSON array"),
    ("baselines", "provisional", "it could still change when it was worked out"),
    ("baselines", "archive_version", "version of the archive that it was worked out from"),
    ("baselines", "as_of", "as-of time of that"),
    ("baselines", "definition_hash", "what the KPI meant"),
    ("baselines", "settings_hash", "the settings that went into it"),
    ("baselines", "settings", "the same as a JSON object"),
    ("baselines", "inputs", "fingerprint of the files that its rows lay in"),
];

#[cfg(test)]
mod tests {
    use tapemeasure_facts::schema;
    use tapemeasure_model::schema::events_schema;

    use super::*;

    #[test]
    fn every_column_of_an_archive_has_one() {
        for (table, columns) in [
            ("events", events_schema()),
            ("waits", schema::waits_schema()),
            ("sessions", schema::sessions_schema()),
            ("subscriptions", schema::subscriptions_schema()),
            ("message_cells", schema::cells_schema()),
            ("contacts", schema::contacts_schema()),
            ("baselines", crate::baselines::baselines_schema()),
        ] {
            assert!(of_table(table).is_some(), "{table}");
            for field in columns.fields() {
                assert!(of_column(table, field.name()).is_some(), "{table}.{}", field.name());
            }
        }
        assert_eq!(of_column("waits", "channel"), Some("that of the question that opened it, or of the session"));
        assert_eq!(of_column("sessions", "channel"), Some("whatsapp, sms, web_chat, email, ..."));
        assert_eq!(of_column("waits", "no_such_column"), None);
    }
}
