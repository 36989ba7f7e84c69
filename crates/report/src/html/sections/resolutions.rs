//! From open to close: over time and how long, against the target.

use super::{charts, over_time, spread};
use crate::digest::{Digest, RESOLUTION_TIME};

/// Both charts; where no conversation was ever closed, why there are none.
pub(crate) fn section(digest: &Digest) -> String {
    charts(&[
        over_time(digest, RESOLUTION_TIME, "resolution-time", "resolutions"),
        spread(digest, RESOLUTION_TIME, "resolution-spread", "How long resolutions took", "resolutions"),
    ])
}
