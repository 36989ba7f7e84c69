//! Events, instants, zones, settings: the words every other crate speaks.
//!
//! | module | is |
//! |---|---|
//! | [`event`] | what can happen: types of events, who wrote, what counts as question or answer |
//! | [`schema`] | the columns of the stored events |
//! | [`key`] | identity, and the hash that the archive sorts by |
//! | [`instant`] | microseconds since 1970 UTC, and RFC 3339 |
//! | [`period`] | the UTC day or month that an event is stored under |
//! | [`zone`] | local time: buckets, weekdays and hours of an IANA zone |
//! | [`calendar`] | business hours: which instants count |
//! | [`settings`] | rules, targets, zone and calendars of an archive: `settings.toml` |
//! | [`times`] | times as people write them: `2025-03`, `last-30d` |
//! | [`nearest`](mod@nearest) | the name that was meant |
//!
//! Nothing here opens a file but `settings.toml`, and nothing knows of queries.

pub mod calendar;
pub mod event;
pub mod instant;
pub mod key;
pub mod nearest;
pub mod period;
pub mod schema;
pub mod settings;
pub mod times;
pub mod zone;
