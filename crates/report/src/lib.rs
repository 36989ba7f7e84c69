//! Numbers to text: what was measured, as a person reads it.
//!
//! A [`Digest`] goes in, text comes out; where its numbers come from is not known here. The same digest gives the same
//! bytes.
//!
//! | module | is |
//! |---|---|
//! | [`digest`] | the numbers of one report, as plain data |
//! | [`quantity`] | durations, counts, shares and differences as text |
//! | [`sparkline`] | a series as a row of block characters |
//! | [`change`] | a KPI against its previous period and against its target |
//! | [`command`] | command lines, as a shell takes them |
//! | [`findings`](mod@findings) | targets that are missed, KPIs that are worse than usual |
//! | [`suggest`](mod@suggest) | what a support lead could do about the numbers |
//! | [`terminal`] | the report for a terminal |
//! | [`markdown`] | the report as Markdown with tables |
//! | [`html`] | the report as one HTML file |
//! | `dates` | buckets in words |
//! | `phrase` | the wording that all three share |

pub mod change;
pub mod command;
mod dates;
pub mod digest;
pub mod findings;
pub mod html;
pub mod markdown;
mod phrase;
pub mod quantity;
pub mod sparkline;
pub mod suggest;
pub mod terminal;

#[cfg(test)]
mod sample;

pub use digest::Digest;
pub use findings::findings;
pub use suggest::{Evidence, Thresholds};
