//! A channel far below the others: publicise it.

use super::{Case, Judgement, Rule, listed};
use crate::digest::INBOUND_MESSAGE_VOLUME;
use crate::quantity::{count, share};
use crate::suggest::evidence::literal;
use crate::suggest::thresholds::Threshold;

const SHARE_OF_OTHERS: Threshold =
    Threshold::share("share_of_others", 0.2, "a channel with less than this of the mean of the others is quiet");
const MIN_QUESTIONS: Threshold =
    Threshold::count("min_questions", 30.0, "questions that the others need in the mean to be held against");

/// Channels with few questions beside the others are known to few customers.
pub(super) const RULE: Rule = Rule {
    name: "channel_quiet",
    looks_at: "questions of each channel of the period against the mean of the others",
    suggests: "publicise the channel",
    thresholds: &[SHARE_OF_OTHERS, MIN_QUESTIONS],
    judge,
};

/// A channel beside the others.
struct Beside<'a> {
    channel: &'a str,
    questions: u64,
    others_mean: f64,
}

impl Beside<'_> {
    fn ratio(&self) -> f64 {
        self.questions as f64 / self.others_mean
    }
}

fn judge(case: &Case<'_>) -> Judgement {
    let (quiet_share, enough) = (case.limit(&SHARE_OF_OTHERS), case.limit(&MIN_QUESTIONS));
    let rows = case.digest.channels.iter();
    let named: Vec<(&str, u64)> = rows.filter_map(|row| Some((row.channel.as_deref()?, row.inbound))).collect();
    if named.len() < 2 {
        return Judgement::TooFew(format!("channels with a name: {}; 2 are needed", named.len()));
    }
    let total: u64 = named.iter().map(|(_, questions)| questions).sum();
    let others = (named.len() - 1) as f64;
    let judged: Vec<Beside<'_>> = named
        .iter()
        .map(|&(channel, questions)| Beside { channel, questions, others_mean: (total - questions) as f64 / others })
        .filter(|beside| beside.others_mean >= enough)
        .collect();
    let Some(least) = judged.iter().min_by(|a, b| a.ratio().total_cmp(&b.ratio())) else {
        return Judgement::TooFew(format!(
            "{} questions on {} channels; a mean of {} on the others is needed",
            count(total),
            named.len(),
            count(enough.round() as u64)
        ));
    };
    let quiet: Vec<&Beside<'_>> = judged.iter().filter(|beside| beside.ratio() < quiet_share).collect();
    // With a threshold above 1 every channel could be quiet, and none would be busy.
    if quiet.is_empty() || quiet.len() == named.len() {
        return Judgement::Silent(format!(
            "{} has the fewest questions, {}: {} of the mean of the others, {}",
            least.channel,
            count(least.questions),
            share(least.ratio()),
            count(least.others_mean.round() as u64)
        ));
    }
    let names: Vec<&str> = quiet.iter().map(|beside| beside.channel).collect();
    let questions: u64 = quiet.iter().map(|beside| beside.questions).sum();
    let busy_mean = (total - questions) as f64 / (named.len() - quiet.len()) as f64;
    let each: Vec<String> = quiet.iter().map(|one| format!("{} {}", one.channel, count(one.questions))).collect();
    let literals: Vec<String> = names.iter().map(|name| literal(name)).collect();
    let filter = format!("channel IN ({})", literals.join(", "));
    let options = ["--events", "--where", filter.as_str()];
    Judgement::Fires {
        text: format!("Publicise {}: customers hardly write there", listed(&names)),
        evidence: format!(
            "{} questions ({}); the other channels have {} on average",
            count(questions),
            each.join(", "),
            count(busy_mean.round() as u64)
        ),
        drill: Some(case.evidence.place.drill(INBOUND_MESSAGE_VOLUME, &options, questions)),
    }
}
