//! Chatwoot: what its webhooks send, and what its database holds.
//!
//! | module | is |
//! |---|---|
//! | [`webhooks`] | format `chatwoot`: payloads of webhooks, as a relay or log kept them |
//! | [`tables`] | format `chatwoot_tables`: tables of the database as CSV |
//! | [`meaning`] | Chatwoot's names and numbers, and what a message and a change of status mean in both |
//!
//! Both formats give a message its id in the database and a conversation the number that agents see (`display_id`), so
//! that an account whose history comes from the tables and whose present comes from webhooks is one source.
//!
//! Facts are those of Chatwoot's source, <https://github.com/chatwoot/chatwoot>: `app/models/message.rb`,
//! `app/models/conversation.rb`, `app/presenters/conversations/event_data_presenter.rb`, `app/listeners/`.

pub mod meaning;
pub mod tables;
pub mod webhooks;

pub use self::tables::ChatwootTables;
pub use self::webhooks::ChatwootWebhooks;
