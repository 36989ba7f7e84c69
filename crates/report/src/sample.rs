//! A digest of a busy month, for the tests of the renderers.

use crate::digest::{
    AVERAGE_RESPONSE_TIME, Better, ChannelRow, ChannelSeries, Coverage, DefinitionText, Digest, Distribution, Drill,
    FIRST_RESPONSE_TIME, INBOUND_MESSAGE_VOLUME, KpiCard, LONGEST_WAIT_TIME, MESSAGE_VOLUME_BY_CHANNEL, Messages,
    Method, Period, Point, RESOLUTION_TIME, Reached, Series, SourceRow, Subscriptions, Suggestion, TimeSeries,
    TopicRow, UNSUBSCRIBED_CONTACTS, Unit, WeekCell, WorstCell,
};

/// Everything present, with long names, wide characters, markup in a topic and few measurements here and there.
pub(crate) fn rich() -> Digest {
    Digest {
        title: "Support report".to_owned(),
        archive: "./acme".to_owned(),
        period: Period { since: Some("2025-03-01".to_owned()), until: Some("2025-04-01".to_owned()) },
        zone: "Europe/Berlin".to_owned(),
        coverage: Coverage {
            first: Some("2024-01-01 08:12".to_owned()),
            last: Some("2025-04-02 17:31".to_owned()),
            events: 1_234_567,
            ..Coverage::default()
        },
        as_of: Some("2025-04-02 17:31".to_owned()),
        previous_label: Some("2025-02-01 to 2025-03-01".to_owned()),
        kpis: kpis(),
        channels: vec![
            channel("whatsapp", 31_020, 0.643, 301.0),
            channel("web_chat", 12_940, 0.268, 88.0),
            channel("a channel with a rather long name", 4_241, 0.088, 4_210.0),
            ChannelRow { inbound: 12, share: Some(0.0002), ..ChannelRow::default() },
        ],
        worst_hours: vec![
            WorstCell {
                day_of_week: 1,
                hour: 9,
                max_wait_s: 187_200.0,
                mean_wait_s: 1_320.0,
                n: 312,
                conversation_id: Some("c-18830".to_owned()),
            },
            WorstCell {
                day_of_week: 6,
                hour: 23,
                max_wait_s: 40_000.0,
                mean_wait_s: 9_000.0,
                n: 11,
                conversation_id: None,
            },
        ],
        topics: vec![
            TopicRow {
                topic: Some("<script>alert(1)</script>".to_owned()),
                waits: 912,
                mean_s: Some(1_900.0),
                longest_s: Some(187_200.0),
                conversation_id: Some("c-18830".to_owned()),
                ..TopicRow::default()
            },
            TopicRow {
                topic: Some("返品と交換".to_owned()),
                waits: 25,
                mean_s: Some(30.0),
                longest_s: Some(70.0),
                conversation_id: Some("c|7\u{1b}[31m".to_owned()),
                ..TopicRow::default()
            },
            TopicRow { waits: 4_000, mean_s: Some(400.0), longest_s: None, ..TopicRow::default() },
        ],
        suggestions: vec![
            Suggestion {
                rule: "first_response_over_target".to_owned(),
                text:
                    "Staff Mon 09:00–10:00: first responses take longer than their target, and these hours wait longest"
                        .to_owned(),
                evidence: "mean 14 min 02 s against 10 min (n 17,993)".to_owned(),
                drill: Some(Drill {
                    command: "tape drill first_response_time --measure n_breached --since 2025-03-01".to_owned(),
                    rows: 3_167,
                }),
            },
            Suggestion {
                rule: "volume_flat".to_owned(),
                text: "Promote the messaging channels".to_owned(),
                evidence: "48,213 questions against 48,000 before (+0.4 %)".to_owned(),
                drill: None,
            },
        ],
        ..Digest::default()
    }
}

/// The same with everything that charts are drawn from.
pub(crate) fn charted() -> Digest {
    let mut digest = rich();
    let names = ["whatsapp", "web_chat", "<b>odd</b>"];
    digest.series = Series {
        grain: "day".to_owned(),
        buckets: (1..=31).map(|day| format!("2025-03-{day:02}")).collect(),
        messages: (0..31_u64).map(|day| Messages { inbound: 900 + day * 7, agent: 800, bot: day }).collect(),
        channels: names
            .map(|name| ChannelSeries { channel: Some(name.to_owned()), inbound: (0..31).map(|day| day * 3).collect() })
            .into(),
        times: [FIRST_RESPONSE_TIME, AVERAGE_RESPONSE_TIME]
            .map(|kpi| TimeSeries {
                kpi: kpi.to_owned(),
                title: kpi.replace('_', " "),
                target_s: Some(600.0),
                usual_s: (kpi == FIRST_RESPONSE_TIME).then_some((200.0, 400.0)),
                points: (0..31_u32).map(point).collect(),
            })
            .into(),
        subscriptions: (0..31_u64)
            .map(|day| Subscriptions { unsubscribed: 200 + day, share: Some(0.02), newly: day % 3 })
            .collect(),
    };
    digest.week = (1..=7_i32)
        .flat_map(|day_of_week| (8..20_i32).map(move |hour| (day_of_week, hour)))
        .map(|(day_of_week, hour)| WeekCell {
            day_of_week,
            hour,
            questions: u64::from((day_of_week * hour).unsigned_abs()),
            waits: 40,
            mean_s: Some(300.0),
            longest_s: Some(f64::from(day_of_week * hour) * 500.0),
            conversation_id: None,
        })
        .collect();
    digest.distributions = [AVERAGE_RESPONSE_TIME, RESOLUTION_TIME]
        .map(|kpi| Distribution {
            kpi: kpi.to_owned(),
            target_s: 600.0,
            n: 100,
            reached: [(150.0, 10), (300.0, 40), (600.0, 70), (1_200.0, 95)]
                .map(|(up_to_s, n)| Reached { up_to_s, n })
                .into(),
            apart: vec![("open".to_owned(), 12)],
        })
        .into();
    digest.topic_waits = digest.topics.clone();
    for row in &mut digest.topic_waits {
        (row.p50_s, row.p90_s) = (Some(60.0), Some(6_000.0));
    }
    digest.coverage.sources = vec![SourceRow { source: "shop".to_owned(), messages: 7, ..SourceRow::default() }];
    digest.method = Method {
        definitions: vec![DefinitionText {
            name: RESOLUTION_TIME.to_owned(),
            title: "Resolution time".to_owned(),
            sql: "SELECT\n  1 < 2".to_owned(),
            ..DefinitionText::default()
        }],
        settings: vec![("bots".to_owned(), "ignore".to_owned())],
    };
    digest
}

/// A day; every tenth has no answers.
fn point(day: u32) -> Point {
    if day % 10 == 9 {
        return Point::default();
    }
    let n = u64::from(40 + day);
    Point {
        n,
        mean_s: Some(400.0),
        p50_s: Some(f64::from(60 + day)),
        p90_s: Some(f64::from(3_000 + 100 * day)),
        within_target: Some(0.8),
        provisional: day > 28,
    }
}

fn kpis() -> Vec<KpiCard> {
    let named = |name: &str, title: &str| KpiCard {
        name: name.to_owned(),
        title: title.to_owned(),
        spark: month(),
        spark_grain: "day".to_owned(),
        ..KpiCard::default()
    };
    let pair = |label: &str, text: &str| (label.to_owned(), text.to_owned());
    vec![
        KpiCard {
            value: Some(48_213.0),
            previous: Some(43_047.0),
            details: vec![pair("conversations", "18,204"), pair("contacts", "12,090")],
            ..named(INBOUND_MESSAGE_VOLUME, "Inbound message volume")
        },
        KpiCard {
            value: Some(121_904.0),
            previous: Some(112_457.0),
            details: vec![pair("questions", "48,213"), pair("answers", "61,002"), pair("bot messages", "12,689")],
            ..named(MESSAGE_VOLUME_BY_CHANNEL, "Message volume by channel")
        },
        KpiCard {
            unit: Unit::Seconds,
            better: Better::Lower,
            value: Some(372.0),
            n: Some(17_993),
            previous: Some(410.0),
            previous_n: Some(15_401),
            target_s: Some(600.0),
            within_target: Some(0.824),
            details: vec![pair("p50", "2 min 03 s"), pair("p90", "14 min 40 s"), pair("open", "12")],
            provisional: true,
            ..named(FIRST_RESPONSE_TIME, "First response time")
        },
        KpiCard {
            unit: Unit::Seconds,
            better: Better::Lower,
            value: Some(527.0),
            n: Some(44_102),
            previous: Some(457.0),
            previous_n: Some(40_011),
            target_s: Some(600.0),
            within_target: Some(0.761),
            details: vec![pair("p50", "3 min 31 s"), pair("p90", "21 min 09 s"), pair("open", "31")],
            provisional: true,
            ..named(AVERAGE_RESPONSE_TIME, "Average response time")
        },
        KpiCard {
            unit: Unit::Seconds,
            better: Better::Lower,
            value: Some(187_200.0),
            previous: Some(161_280.0),
            details: vec![
                pair("conversation", "c-18830"),
                pair("opened", "2025-03-09 22:14"),
                pair("oldest open", "5 h 02 min"),
            ],
            ..named(LONGEST_WAIT_TIME, "Longest wait time")
        },
        KpiCard {
            unit: Unit::Seconds,
            better: Better::Lower,
            target_s: Some(1_800.0),
            spark: Vec::new(),
            note: Some("no close events".to_owned()),
            ..named(RESOLUTION_TIME, "Resolution time")
        },
        KpiCard {
            unit: Unit::Share,
            better: Better::Lower,
            value: Some(0.021),
            n: Some(12_090),
            previous: Some(0.018),
            previous_n: Some(28),
            details: vec![pair("unsubscribed", "254"), pair("new", "61"), pair("of messaged", "0.5 %")],
            ..named(UNSUBSCRIBED_CONTACTS, "Unsubscribed contacts")
        },
    ]
}

/// A value a day, with a day without data.
fn month() -> Vec<Option<f64>> {
    (0..31_i32).map(|day| if day == 9 { None } else { Some(f64::from(20 + day % 7)) }).collect()
}

fn channel(name: &str, inbound: u64, share: f64, first_response_mean_s: f64) -> ChannelRow {
    ChannelRow {
        channel: Some(name.to_owned()),
        inbound,
        agent: inbound,
        bot: inbound / 4,
        share: Some(share),
        first_response_target_s: Some(600.0),
        first_response_within: Some(0.75),
        first_response_mean_s: Some(first_response_mean_s),
        first_response_n: inbound / 3,
        response_mean_s: Some(first_response_mean_s * 1.5),
        response_p90_s: Some(first_response_mean_s * 4.0),
        response_n: inbound / 2,
        longest_s: Some(first_response_mean_s * 100.0),
        resolution_mean_s: Some(first_response_mean_s * 7.0),
        resolution_n: 29,
        unsubscribed: Some(inbound / 150),
        ..ChannelRow::default()
    }
}
