//! An automated message to the contact, which some unsubscribe from and some answer.

use crate::calendar::MINUTE_US;
use crate::tables::CAMPAIGN_REPLY_PER_MILLE;
use crate::texts::Occasion;

use super::support;
use super::teller::Teller;

/// Time until the contact reacts: median and spread.
const REACTION: (i64, i64) = (12 * MINUTE_US, 2_000);

/// A whole conversation that a campaign begins now.
pub(super) fn tell(t: &mut Teller<'_>) {
    let now_us = t.now_us;
    t.automatic(now_us, Occasion::Campaign);
    let drawn = t.random.below(1_000);
    t.now_us += t.random.log_normal(REACTION.0, REACTION.1);
    let opts_out = t.profile.campaign_opt_out_per_mille;
    if drawn < opts_out {
        t.opt_out();
    } else if drawn < opts_out + CAMPAIGN_REPLY_PER_MILLE {
        support::tell(t);
    }
}
