//! What can go wrong while generating.

use std::io;

use thiserror::Error;

use crate::calendar::Month;

/// Why no archive, or only a part of one, was generated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The period has no month.
    #[error("a period of 0 months holds no conversation: ask for at least 1 month")]
    NoMonths,

    /// The period leaves the years whose clock changes are known.
    #[error(
        "{months} months from {start} leave the years {first_year} to {last_year} that the generator knows: \
         choose an earlier start or fewer months"
    )]
    OutsideCalendar {
        /// First month asked for.
        start: Month,
        /// Number of months asked for.
        months: u32,
        /// First year known.
        first_year: i32,
        /// Last year known.
        last_year: i32,
    },

    /// More conversations than the ids can name.
    #[error("{conversations} conversations are more than the {limit} that the ids can name: ask for fewer")]
    TooManyConversations {
        /// Number asked for.
        conversations: u64,
        /// Largest number possible.
        limit: u64,
    },

    /// The target took no more bytes.
    #[error("cannot write generated events after {bytes} bytes: check the space and the rights of the target")]
    Write {
        /// Bytes that the target had taken before.
        bytes: u64,
        /// What the target said.
        #[source]
        source: io::Error,
    },
}
