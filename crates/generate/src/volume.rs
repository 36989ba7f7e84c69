//! When conversations begin: the curve of the volume over the period, and its inverse.

use crate::calendar::{Calendar, HOUR_US, LocalTime, local_time};
use crate::random::{Random, Stream};
use crate::tables::{
    CHANNEL_COUNT, CHANNELS, ChannelProfile, DAY_LUCK_PERCENT, HOLIDAY_PERCENT, HOUR_LUCK_PERCENT, MONTH_PERCENT,
    OUTAGE_VOLUME_PERCENT, START_JITTER,
};

/// The weight of every channel in every local hour of the week, added up over the channels in the order of
/// [`CHANNELS`]: the last of six is the weight of the hour.
type WeekMix = [[[u64; CHANNEL_COUNT]; 24]; 7];

/// How many conversations begin in each hour of the period, relative to each other.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    conversations: u64,
    start_us: i64,
    /// Weight before each hour, and at the end the weight of the period. Strictly ascending.
    cumulative: Vec<u64>,
    mix: WeekMix,
}

impl Volume {
    /// The curve of a period. The luck of days and hours comes from the seed.
    pub(crate) fn new(calendar: &Calendar, seed: u64, conversations: u64) -> Self {
        let mix = week_mix();
        let period_us = calendar.period_us();
        let mut luck = Random::new(seed, Stream::Luck, 0);
        let mut cumulative = vec![0];
        let mut total = 0;
        let mut today = None;
        let mut day_luck = 100;
        let mut us = period_us.start;
        while us < period_us.end {
            let LocalTime { day, weekday, hour } = local_time(us);
            if today != Some(day) {
                today = Some(day);
                day_luck = luck.between(DAY_LUCK_PERCENT.0, DAY_LUCK_PERCENT.1) as u64;
            }
            let hour_luck = luck.between(HOUR_LUCK_PERCENT.0, HOUR_LUCK_PERCENT.1) as u64;
            let of_week = mix[weekday][hour][CHANNEL_COUNT - 1];
            let mut weight = of_week * day_luck * hour_luck / 10_000;
            if let Some(day) = calendar.day(us) {
                weight *= MONTH_PERCENT[day.month_idx];
                if day.is_holiday {
                    weight = weight * HOLIDAY_PERCENT / 100;
                }
            }
            if calendar.is_outage(us) {
                weight = weight * OUTAGE_VOLUME_PERCENT / 100;
            }
            total += weight.max(1);
            cumulative.push(total);
            us += HOUR_US;
        }
        Self { conversations, start_us: period_us.start, cumulative, mix }
    }

    /// When the conversation at `index` begins: ascending with the index, but for the jitter.
    pub(crate) fn start_us(&self, index: u64, random: &mut Random) -> i64 {
        // The constructor pushes the 0 and at least one hour, since a period has at least one month.
        let total = self.cumulative[self.cumulative.len() - 1];
        let width = 2 * START_JITTER * total;
        let jitter = i128::from(random.below(width)) - i128::from(width / 2);
        let place = (i128::from(index) * i128::from(total) + jitter).div_euclid(i128::from(self.conversations.max(1)));
        let total = i128::from(total);
        // What the jitter throws out at one end of the period comes in again at the same end.
        let place = place.abs();
        let place = if place >= total { 2 * total - 1 - place } else { place };
        let place = place.clamp(0, total - 1) as u64;
        // The first entry is 0, so at least one is not greater than the place.
        let hour_idx = self.cumulative.partition_point(|&before| before <= place) - 1;
        let before = self.cumulative[hour_idx];
        let weight = self.cumulative[hour_idx + 1] - before;
        let within_us = (place - before) * HOUR_US as u64 / weight;
        self.start_us + hour_idx as i64 * HOUR_US + within_us as i64
    }

    /// The channel of a conversation that begins at `us`.
    pub(crate) fn channel(&self, us: i64, random: &mut Random) -> &'static ChannelProfile {
        let LocalTime { weekday, hour, .. } = local_time(us);
        let weights = &self.mix[weekday][hour];
        let drawn = random.below(weights[CHANNEL_COUNT - 1]);
        &CHANNELS[weights.partition_point(|&up_to| up_to <= drawn)]
    }
}

fn week_mix() -> WeekMix {
    let mut mix = [[[0; CHANNEL_COUNT]; 24]; 7];
    for (weekday, hours) in mix.iter_mut().enumerate() {
        for (hour, weights) in hours.iter_mut().enumerate() {
            let mut sum = 0;
            for (weight, channel) in weights.iter_mut().zip(&CHANNELS) {
                sum += channel.share_percent * channel.weekday_per_mille[weekday] * channel.hour_per_mille[hour];
                *weight = sum;
            }
        }
    }
    mix
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::calendar::Month;

    fn starts(conversations: u64) -> (Calendar, Vec<i64>) {
        let calendar = Calendar::new(Month::JANUARY_2025, 12);
        let volume = Volume::new(&calendar, 1, conversations);
        let start_of = |index| volume.start_us(index, &mut Random::new(1, Stream::Conversation, index));
        let starts = (0..conversations).map(start_of).collect();
        (calendar, starts)
    }

    #[test]
    fn starts_ascend_but_for_the_jitter_and_lie_in_the_period() {
        let (calendar, starts) = starts(20_000);
        let distance = 2 * START_JITTER as usize + 1;
        for pair in starts.windows(distance + 1) {
            assert!(pair[0] <= pair[distance]);
        }
        for start in &starts {
            assert!(calendar.period_us().contains(start));
        }
    }

    /// December against February, by their days and [`MONTH_PERCENT`]; the week of the outage against the one before.
    #[test]
    fn volume_follows_the_tables() {
        let (_, starts) = starts(100_000);
        let day = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
        let count = |from: &str, to: &str| {
            let range = day(from)..day(to);
            starts.iter().filter(|start| range.contains(*start)).count() as i64
        };
        let december = count("2025-12-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00");
        let february = count("2025-02-01T00:00:00+01:00", "2025-03-01T00:00:00+01:00");
        // 31 * 131 / (28 * 92) = 1.577, less two holidays at half volume (3 %); the luck of the days moves it by a few
        // per cent.
        assert!((140..=165).contains(&(december * 100 / february)), "{december} {february}");
        let outage = count("2025-09-08T00:00:00+02:00", "2025-09-15T00:00:00+02:00");
        let before = count("2025-09-01T00:00:00+02:00", "2025-09-08T00:00:00+02:00");
        assert!((220..=280).contains(&(outage * 100 / before)), "{outage} {before}");
    }

    #[test]
    fn one_conversation_has_a_start_too() {
        let (calendar, starts) = starts(1);
        assert!(calendar.period_us().contains(&starts[0]));
    }
}
