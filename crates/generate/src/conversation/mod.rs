//! The story of one conversation, from a seed and an index alone.
//!
//! - `teller` holds what is known so far and puts events on record.
//! - `support`: a contact asks, agents answer, the session ends and perhaps begins again.
//! - `campaign`: an automated message, which some answer and some unsubscribe from.
//! - `outreach`: an agent writes first.
//! - `timing`: when and by whom a question is answered.

mod campaign;
mod outreach;
mod support;
mod teller;
mod timing;

use crate::calendar::{Calendar, local_time};
use crate::event::Event;
use crate::people::Contact;
use crate::random::{Random, Stream};
use crate::tables::OUTREACH_PER_MILLE;
use crate::volume::Volume;

use self::teller::Teller;

/// What every conversation of an archive shares.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub seed: u64,
    pub conversations: u64,
    pub calendar: Calendar,
    pub volume: Volume,
}

/// Appends the events of the conversation at `index`, in order of time. What would happen after the period is left out,
/// so that a conversation which begins in the last minutes may have no event at all.
pub(crate) fn tell(world: &World, index: u64, events: &mut Vec<Event>) {
    let mut random = Random::new(world.seed, Stream::Conversation, index);
    let start_us = world.volume.start_us(index, &mut random);
    let profile = world.volume.channel(start_us, &mut random);
    let contact = Contact::draw(profile, world.conversations, &mut random);
    let mut teller = Teller::new(&world.calendar, profile, contact, index, start_us, random, events);

    let local = local_time(start_us);
    let is_campaign_time = local.weekday < 6 && (9..19).contains(&local.hour);
    if is_campaign_time && teller.random.chance(profile.campaign_per_mille) {
        campaign::tell(&mut teller);
    } else if world.calendar.is_staffed(start_us) && teller.random.chance(OUTREACH_PER_MILLE) {
        outreach::tell(&mut teller);
    } else {
        support::tell(&mut teller);
    }
    teller.finish();
}
