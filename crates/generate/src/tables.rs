//! Every number that shapes the archive, so that whoever measures with it knows what is in it.
//!
//! Nothing here was fitted to one company's data. The shares, speeds and habits are round numbers of the size that
//! support teams know; what matters is that nights, rushes, heavy tails, silence and disorder all occur. "Per mille"
//! is of what the text names; medians are of log-normal spans, whose spread is given as the logarithm to base 2 of the
//! factor of one standard deviation, in thousandths (1,585 means that one span in six is more than 3 times the median).
//!
//! What comes out, for the default period and seed: 6.1 events a conversation, 335 bytes an event as NDJSON; of each
//! conversation 1.96 questions, 1.56 answers, 0.43 messages of bots and rules, 0.08 notes, 0.92 closes, 0.47 tags, 0.28
//! assignments, 0.18 openings, 0.07 handoffs, 0.04 reopenings, 0.01 deletions, 0.01 opt-outs. Of the waits 90 % are
//! replied to, 8.5 % closed, 1.2 % still open. One session in four has no topic, one contact in a hundred is opted out,
//! and half of the sessions are resolved within two hours.

use crate::calendar::{HOUR_US, MINUTE_US, SECOND_US};

/// Most conversations of one archive: what ids of nine digits can name.
pub const CONVERSATIONS_MAX: u64 = 1_000_000_000;

/// Source of the chat channels.
pub const CHAT_SOURCE: &str = "acme";
/// Source of the mailbox.
pub const MAIL_SOURCE: &str = "acme-mail";

/// What the customer ids of a channel look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactKind {
    /// `+4910` and nine digits: 010 is the German prefix for choosing a carrier, so it is nobody's number. WhatsApp and
    /// SMS share these contacts.
    Phone,
    /// `visitor-` and nine digits.
    Visitor,
    /// A page-scoped id of 16 digits.
    Messenger,
    /// An id of 17 digits.
    Instagram,
    /// `first.last.number@example.com`.
    Mail,
}

/// How one channel behaves.
#[derive(Debug)]
pub struct ChannelProfile {
    /// The text in the field `channel`.
    pub name: &'static str,
    /// The text in the field `source`.
    pub source: &'static str,
    /// Share of all conversations.
    pub share_percent: u64,
    /// Share of the channel's week that falls on each day, Monday first; the sum is 1,000.
    pub weekday_per_mille: [u64; 7],
    /// Share of the channel's day that falls in each local hour; the sum is 1,000.
    pub hour_per_mille: [u64; 24],
    /// Median first response over the default period, nights, weekends and rushes included: what comes out.
    pub first_response_median_s: i64,
    /// Median of the first response of an average agent in a quiet hour, every question asked during service: what goes
    /// in.
    pub first_response_quiet_s: i64,
    /// The same for later answers.
    pub later_response_quiet_s: i64,
    /// Spread of the responses.
    pub response_spread_milli: i64,
    /// Median time until the contact writes again after an answer.
    pub contact_reply_s: i64,
    /// After an answer, how often the contact asks again.
    pub another_round_per_mille: u64,
    /// How often a bot greets.
    pub greeting_per_mille: u64,
    /// How many conversations begin with an automated campaign message, between 9 and 19 on Mondays to Saturdays.
    pub campaign_per_mille: u64,
    /// How many campaign messages make the contact opt out.
    pub campaign_opt_out_per_mille: u64,
    /// Median time from the last message until an agent closes.
    pub close_after_s: i64,
    /// Silence after which a timer closes what nobody closed.
    pub timer_s: i64,
    /// Steps of the channel's clock: some platforms tell whole seconds, some milliseconds.
    pub clock_us: i64,
    /// Kind of the customer ids.
    pub contact: ContactKind,
    /// A mailbox: `opened` events, a team from the start, longer texts, out-of-office replies.
    pub is_mail: bool,
}

/// Number of channels.
pub const CHANNEL_COUNT: usize = 6;

/// The channels. The shares and first responses are what the archive is documented to have.
#[rustfmt::skip]
pub static CHANNELS: [ChannelProfile; CHANNEL_COUNT] = [
    ChannelProfile {
        name: "whatsapp",
        source: CHAT_SOURCE,
        share_percent: 35,
        weekday_per_mille: [165, 158, 154, 150, 150, 118, 105],
        hour_per_mille: [12, 6, 3, 2, 2, 4, 12, 27, 45, 59, 66, 66, 62, 59, 59, 58, 58, 60, 64, 70, 74, 64, 43, 25],
        first_response_median_s: 360,
        first_response_quiet_s: 160,
        later_response_quiet_s: 110,
        response_spread_milli: 1_900,
        contact_reply_s: 180,
        another_round_per_mille: 270,
        greeting_per_mille: 300,
        campaign_per_mille: 150,
        campaign_opt_out_per_mille: 55,
        close_after_s: 1_500,
        timer_s: 86_400,
        clock_us: SECOND_US,
        contact: ContactKind::Phone,
        is_mail: false,
    },
    ChannelProfile {
        name: "web_chat",
        source: CHAT_SOURCE,
        share_percent: 25,
        weekday_per_mille: [175, 165, 160, 155, 150, 100, 95],
        hour_per_mille: [8, 4, 2, 2, 2, 3, 8, 23, 51, 70, 80, 76, 63, 59, 65, 67, 65, 59, 53, 61, 68, 59, 35, 17],
        first_response_median_s: 90,
        first_response_quiet_s: 48,
        later_response_quiet_s: 40,
        response_spread_milli: 1_600,
        contact_reply_s: 50,
        another_round_per_mille: 340,
        greeting_per_mille: 500,
        campaign_per_mille: 0,
        campaign_opt_out_per_mille: 0,
        close_after_s: 420,
        timer_s: 7_200,
        clock_us: 1_000,
        contact: ContactKind::Visitor,
        is_mail: false,
    },
    ChannelProfile {
        name: "email",
        source: MAIL_SOURCE,
        share_percent: 20,
        weekday_per_mille: [185, 172, 165, 158, 150, 90, 80],
        hour_per_mille: [22, 16, 13, 11, 11, 15, 26, 42, 61, 69, 69, 65, 57, 55, 57, 57, 55, 51, 47, 47, 46, 42, 36, 30],
        first_response_median_s: 14_400,
        first_response_quiet_s: 6_600,
        later_response_quiet_s: 5_400,
        response_spread_milli: 1_500,
        contact_reply_s: 14_000,
        another_round_per_mille: 200,
        greeting_per_mille: 0,
        campaign_per_mille: 60,
        campaign_opt_out_per_mille: 12,
        close_after_s: 5_400,
        timer_s: 259_200,
        clock_us: SECOND_US,
        contact: ContactKind::Mail,
        is_mail: true,
    },
    ChannelProfile {
        name: "messenger",
        source: CHAT_SOURCE,
        share_percent: 8,
        weekday_per_mille: [150, 146, 144, 142, 148, 140, 130],
        hour_per_mille: [20, 10, 5, 3, 2, 4, 10, 22, 36, 46, 54, 57, 59, 57, 54, 54, 56, 59, 67, 77, 81, 75, 56, 36],
        first_response_median_s: 720,
        first_response_quiet_s: 285,
        later_response_quiet_s: 200,
        response_spread_milli: 1_900,
        contact_reply_s: 240,
        another_round_per_mille: 240,
        greeting_per_mille: 150,
        campaign_per_mille: 0,
        campaign_opt_out_per_mille: 0,
        close_after_s: 1_800,
        timer_s: 86_400,
        clock_us: 1_000,
        contact: ContactKind::Messenger,
        is_mail: false,
    },
    ChannelProfile {
        name: "sms",
        source: CHAT_SOURCE,
        share_percent: 7,
        weekday_per_mille: [172, 166, 162, 158, 154, 104, 84],
        hour_per_mille: [6, 3, 2, 1, 1, 3, 12, 37, 61, 76, 80, 76, 68, 63, 66, 68, 68, 68, 63, 57, 49, 37, 23, 12],
        first_response_median_s: 540,
        first_response_quiet_s: 290,
        later_response_quiet_s: 240,
        response_spread_milli: 1_700,
        contact_reply_s: 300,
        another_round_per_mille: 200,
        greeting_per_mille: 0,
        campaign_per_mille: 300,
        campaign_opt_out_per_mille: 75,
        close_after_s: 1_800,
        timer_s: 86_400,
        clock_us: SECOND_US,
        contact: ContactKind::Phone,
        is_mail: false,
    },
    ChannelProfile {
        name: "instagram",
        source: CHAT_SOURCE,
        share_percent: 5,
        weekday_per_mille: [146, 142, 142, 140, 146, 146, 138],
        hour_per_mille: [27, 13, 7, 4, 3, 4, 8, 17, 29, 38, 46, 52, 56, 54, 50, 50, 54, 60, 69, 81, 87, 83, 64, 44],
        first_response_median_s: 1_200,
        first_response_quiet_s: 365,
        later_response_quiet_s: 240,
        response_spread_milli: 2_000,
        contact_reply_s: 420,
        another_round_per_mille: 220,
        greeting_per_mille: 0,
        campaign_per_mille: 0,
        campaign_opt_out_per_mille: 0,
        close_after_s: 2_400,
        timer_s: 86_400,
        clock_us: 1_000,
        contact: ContactKind::Instagram,
        is_mail: false,
    },
];

/// Volume of a month against the average one, January first: the sales before Christmas, and what is sent back after.
pub const MONTH_PERCENT: [u64; 12] = [104, 92, 94, 93, 95, 92, 90, 93, 97, 101, 118, 131];
/// Volume of a public holiday against the same weekday.
pub const HOLIDAY_PERCENT: u64 = 55;
/// Every day has luck of its own: between these shares of its volume, evenly.
pub const DAY_LUCK_PERCENT: (i64, i64) = (85, 115);
/// And so has every hour.
pub const HOUR_LUCK_PERCENT: (i64, i64) = (80, 120);
/// A conversation starts up to this many places before or after the place that its index has in the volume.
pub const START_JITTER: u64 = 4;

/// Public holidays of fixed date in all of Germany, as (month, day).
pub const HOLIDAYS: [(i64, i64); 5] = [(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)];
/// Local hours from and to which agents answer, Monday first.
pub const SERVICE_HOURS: [(i64, i64); 7] = [(7, 22), (7, 22), (7, 22), (7, 22), (7, 22), (9, 18), (10, 16)];
/// Local hours of the three shifts from Monday to Friday. At weekends one shift serves, another each week.
pub const SHIFT_HOURS: [(usize, usize); 3] = [(7, 15), (10, 18), (14, 22)];
/// How many questions outside service are answered by somebody on call.
pub const ON_CALL_PER_MILLE: u64 = 40;

/// The outage begins on the second Monday of this month of the period (of the last month, when the period is shorter)
/// and lasts seven days: 2025-09-08 to 2025-09-14 for the default period.
pub const OUTAGE_MONTH: u32 = 9;
/// Volume in the week of the outage against an ordinary week.
pub const OUTAGE_VOLUME_PERCENT: u64 = 250;
/// Factor of every wait that begins in it.
pub const OUTAGE_WAIT_FACTOR: i64 = 6;

/// Waits against those of a quiet hour, by local hour: fewer agents or more questions.
pub const HOUR_LOAD_PERCENT: [i64; 24] = [
    100, 100, 100, 100, 100, 100, 100, 80, 90, 110, 120, 115, 130, 125, 100, 95, 100, 110, 140, 150, 140, 120, 100, 100,
];
/// Waits by day of the week, Monday first.
pub const WEEKDAY_LOAD_PERCENT: [i64; 7] = [130, 105, 100, 95, 95, 115, 125];
/// Speed of an agent: waits between these shares of the average, evenly spread over the six agents of a team.
pub const PACE_PERCENT: [i64; 6] = [70, 82, 94, 106, 118, 130];
/// What a question of the night waits after the doors open: median and spread.
pub const MORNING_QUEUE: (i64, i64) = (18 * MINUTE_US, 1_300);
/// Shortest wait for a human answer.
pub const WAIT_MIN_US: i64 = 3 * SECOND_US;
/// How many answers, in ten thousand, come days late because somebody lost sight of the question.
pub const LOST_PER_10_000: u64 = 15;
/// How late these are.
pub const LOST_DAYS: (i64, i64) = (2, 10);

/// The teams.
pub const TEAMS: [&str; 4] = ["service", "orders", "billing", "technical"];
/// Agents of a team, two in each shift.
pub const AGENTS_PER_TEAM: usize = 6;

/// What a conversation is about.
#[derive(Debug)]
pub struct Topic {
    /// The text in the field `topic`.
    pub name: &'static str,
    /// Share of the conversations.
    pub per_mille: u64,
    /// Share of them in the week of the outage.
    pub outage_per_mille: u64,
    /// The team that answers, as a position in [`TEAMS`].
    pub team: usize,
}

/// The topics; the shares of each kind add up to 1,000.
pub static TOPICS: [Topic; 7] = [
    Topic { name: "delivery", per_mille: 260, outage_per_mille: 130, team: 1 },
    Topic { name: "billing", per_mille: 170, outage_per_mille: 90, team: 2 },
    Topic { name: "returns", per_mille: 150, outage_per_mille: 70, team: 1 },
    Topic { name: "technical", per_mille: 150, outage_per_mille: 480, team: 3 },
    Topic { name: "account", per_mille: 110, outage_per_mille: 100, team: 0 },
    Topic { name: "product", per_mille: 110, outage_per_mille: 50, team: 0 },
    Topic { name: "complaint", per_mille: 50, outage_per_mille: 80, team: 0 },
];

/// When the topic becomes known: chosen by the contact in a menu, tagged after the first answer, tagged at the close;
/// what is left of 1,000 is never tagged, and so is the third kind if no agent closes.
pub const TAGGING_PER_MILLE: [u64; 3] = [280, 130, 450];
/// How many topics are corrected at the close.
pub const RETAG_PER_MILLE: u64 = 30;

/// How many inbound turns have a second message, and how many of these a third.
pub const BURST_PER_MILLE: u64 = 220;
/// How many answers are followed by a second message of the agent at once.
pub const SECOND_ANSWER_PER_MILLE: u64 = 110;
/// Most questions-and-answers of one session.
pub const ROUNDS_MAX: u32 = 15;
/// How many greetings go on to ask for the order, and then hand over to a human.
pub const BOT_DIALOGUE_PER_MILLE: u64 = 250;
/// How many first answers are preceded by an `assigned` event, and how many of those that another agent takes over.
pub const ASSIGNED_PER_MILLE: (u64, u64) = (280, 700);
/// How many mails at night get an out-of-office reply.
pub const OUT_OF_OFFICE_PER_MILLE: u64 = 600;
/// How many answers are preceded by a private note.
pub const NOTE_PER_MILLE: u64 = 60;
/// How many first answers in the web chat are preceded by a message of the system itself.
pub const SYSTEM_MESSAGE_PER_MILLE: u64 = 120;
/// How many later answers come from another team after a handoff.
pub const HANDOFF_PER_MILLE: u64 = 40;
/// How many answers are followed by a snooze of a day, which ends when the contact writes or the day is over.
pub const SNOOZE_PER_MILLE: u64 = 25;
/// How many conversations nobody answers.
pub const UNANSWERED_PER_MILLE: u64 = 40;
/// How many answered conversations end with a thank-you, and how many of these are answered again.
pub const THANKS_PER_MILLE: (u64, u64) = (210, 450);
/// How answered sessions end: closed by an agent, closed by the timer; the rest stays open.
pub const CLOSE_PER_MILLE: [u64; 2] = [790, 130];
/// The same for those nobody answered.
pub const UNANSWERED_CLOSE_PER_MILLE: [u64; 2] = [350, 400];
/// How many closed sessions the contact opens again, and the median and spread of the time until then.
pub const REOPEN_PER_MILLE: u64 = 60;
/// Time from the close until the contact comes back: median and spread.
pub const REOPEN_AFTER: (i64, i64) = (20 * HOUR_US, 1_600);
/// How many of these have a `reopened` event; in the others a new session just begins.
pub const REOPENED_EVENT_PER_MILLE: u64 = 750;

/// How many conversations during service an agent begins.
pub const OUTREACH_PER_MILLE: u64 = 45;
/// How many contacts answer the agent, and how many answer a campaign.
pub const OUTREACH_REPLY_PER_MILLE: u64 = 600;
/// How many contacts ask something after a campaign.
pub const CAMPAIGN_REPLY_PER_MILLE: u64 = 180;
/// How many answered conversations end with an opt-out, for channels with campaigns and for those without.
pub const OPT_OUT_PER_MILLE: (u64, u64) = (6, 2);
/// How many of the conversations that nobody answers end with an opt-out.
pub const UNANSWERED_OPT_OUT_PER_MILLE: u64 = 30;
/// How many opt-outs come without a conversation, from a page of preferences.
pub const PREFERENCES_PER_MILLE: u64 = 300;
/// How many opt in again.
pub const OPT_IN_PER_MILLE: u64 = 180;
/// When they do so.
pub const OPT_IN_DAYS: (i64, i64) = (1, 45);
/// How many messages are deleted later.
pub const DELETED_PER_MILLE: u64 = 3;
/// Time until a message is deleted: median and spread.
pub const DELETED_AFTER: (i64, i64) = (90 * SECOND_US, 2_000);

/// How many conversations have one event that is delivered a second time: 0.2 % of the events.
pub const REPEATED_PER_MILLE: u64 = 13;
/// The repeat comes with the conversation that is this many places later.
pub const REPEAT_DISTANCE: u64 = 64;

/// Contacts to draw from, for 100 conversations. About 60 are drawn at least once, because some come more often.
pub const CONTACT_POOL_PERCENT: u64 = 160;
/// How many conversations are those of the few who write all the time, resellers for instance.
pub const FREQUENT_PER_MILLE: u64 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole() {
        assert_eq!(CHANNELS.iter().map(|c| c.share_percent).sum::<u64>(), 100);
        for channel in &CHANNELS {
            assert_eq!(channel.weekday_per_mille.iter().sum::<u64>(), 1_000, "{}", channel.name);
            assert_eq!(channel.hour_per_mille.iter().sum::<u64>(), 1_000, "{}", channel.name);
        }
        assert_eq!(MONTH_PERCENT.iter().sum::<u64>(), 1_200);
        assert_eq!(TOPICS.iter().map(|t| t.per_mille).sum::<u64>(), 1_000);
        assert_eq!(TOPICS.iter().map(|t| t.outage_per_mille).sum::<u64>(), 1_000);
    }
}
