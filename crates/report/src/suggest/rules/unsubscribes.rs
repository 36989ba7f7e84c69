//! More contacts opt out than before: which channel, and after how much was sent.

use super::{Case, Judgement, Rule};
use crate::dates;
use crate::digest::{Digest, UNSUBSCRIBED_CONTACTS};
use crate::phrase;
use crate::quantity::{count, signed_relative};
use crate::suggest::evidence::ChannelOptOuts;
use crate::suggest::thresholds::Threshold;

const RISE: Threshold =
    Threshold::share("rise", 0.1, "more opt-outs than this above those of the period before are a rise");
const MIN_MORE: Threshold = Threshold::count("min_more", 5.0, "more opt-outs than before that a rise needs");
const MIN_CONTACTS: Threshold = Threshold::count("min_contacts", 30.0, "known contacts that are needed");

/// Opt-outs follow what is sent: too often, or to those who did not ask for it.
pub(super) const RULE: Rule = Rule {
    name: "unsubscribes_rising",
    looks_at: "contacts that newly opted out of each channel against the period before, beside the messages sent there",
    suggests: "send less on the channel, or look at what is sent",
    thresholds: &[RISE, MIN_MORE, MIN_CONTACTS],
    judge,
};

fn judge(case: &Case<'_>) -> Judgement {
    let (rise, more, enough) = (case.limit(&RISE), case.count(&MIN_MORE), case.count(&MIN_CONTACTS));
    let contacts = case.digest.kpi(UNSUBSCRIBED_CONTACTS).and_then(|card| card.n).unwrap_or(0);
    if contacts < enough {
        return Judgement::TooFew(format!("{} known contacts; {} are needed", count(contacts), count(enough)));
    }
    let Some(channels) = &case.evidence.opt_outs else {
        return Judgement::TooFew("the archive does not reach back over the period before".to_owned());
    };
    let out = channels.iter().filter(|row| row.now > 0);
    let Some(steepest) = out.max_by_key(|row| row.now.saturating_sub(row.before)) else {
        return Judgement::Silent("nobody opted out".to_owned());
    };
    let has_risen =
        |row: &ChannelOptOuts| row.now >= row.before + more.max(1) && row.now as f64 > row.before as f64 * (1.0 + rise);
    let Some(row) = channels.iter().filter(|row| has_risen(row)).max_by_key(|row| row.now - row.before) else {
        let channel = phrase::name(steepest.channel.as_deref());
        let (now, before) = (count(steepest.now), count(steepest.before));
        return Judgement::Silent(format!("{now} opted out of {channel}, the most added, against {before} before"));
    };
    let channel = phrase::name(row.channel.as_deref());
    let text = if row.sent > row.sent_before {
        format!("Send less on {channel}, and only to those who want it: more contacts opt out after more was sent")
    } else {
        format!("Look at what is sent on {channel}: more contacts opt out, though no more was sent")
    };
    let relative = |now: u64, before: u64| {
        if before == 0 { String::new() } else { format!(" ({})", signed_relative(now as f64 / before as f64 - 1.0)) }
    };
    let evidence = format!(
        "{} opted out of {channel} against {} before{}; {} messages sent there against {}{}{}",
        count(row.now),
        count(row.before),
        relative(row.now, row.before),
        count(row.sent),
        count(row.sent_before),
        relative(row.sent, row.sent_before),
        peak(case.digest)
    );
    let cell = format!("channel={}", row.channel.as_deref().unwrap_or_default());
    let options = ["--measure", "newly_unsubscribed", "--cell", cell.as_str()];
    // A cell takes what stands behind a comma for a dimension of its own where it looks like one.
    let can_be_named = row.channel.as_deref().is_none_or(|channel| !channel.is_empty() && !channel.contains(','));
    let drill = case.evidence.place.drill(UNSUBSCRIBED_CONTACTS, &options, row.now);
    Judgement::Fires { text, evidence, drill: can_be_named.then_some(drill) }
}

/// The bucket with most opt-outs over all channels, and what was sent in it; nothing where that is not known.
fn peak(digest: &Digest) -> String {
    let series = &digest.series;
    let points = series.subscriptions.iter().zip(&series.messages).zip(&series.buckets);
    let mut most: Option<(u64, u64, &str)> = None;
    for ((subscriptions, messages), bucket) in points {
        if subscriptions.newly > most.map_or(0, |(newly, _, _)| newly) {
            most = Some((subscriptions.newly, messages.agent + messages.bot, bucket.as_str()));
        }
    }
    most.map_or_else(String::new, |(newly, sent, bucket)| {
        let when = dates::long(bucket, &series.grain);
        format!("; over all channels most on {when}: {} with {} sent", count(newly), count(sent))
    })
}
