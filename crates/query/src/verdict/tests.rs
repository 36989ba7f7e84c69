use super::*;
use crate::testing::Random;

/// A uniform number between 0 and 1, neither included.
fn uniform(random: &mut Random) -> f64 {
    (random.below(1 << 30) as f64 + 0.5) / f64::from(1 << 30)
}

/// Standard normal noise: Box and Muller (1958).
fn normal(random: &mut Random) -> f64 {
    let (a, b) = (uniform(random), uniform(random));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Student's t with 3 degrees of freedom: variance 3, and no fourth moment.
fn student(random: &mut Random) -> f64 {
    let z = normal(random);
    let square: f64 = (0..3).map(|_| normal(random).powi(2)).sum();
    z / (square / 3.0).sqrt()
}

type Noise = fn(&mut Random) -> f64;

const NOISES: [(&str, Noise); 6] = [
    ("normal", |r| 100.0 + 10.0 * normal(r)),
    ("wide normal", |r| 100.0 + 30.0 * normal(r)),
    ("lognormal", |r| 100.0 * (0.5 * normal(r)).exp()),
    ("exponential", |r| -100.0 * uniform(r).ln()),
    ("student", |r| 100.0 + 8.0 * student(r)),
    ("laplace", |r| {
        let u = uniform(r) - 0.5;
        100.0 - 8.0 * u.signum() * (1.0 - 2.0 * u.abs()).ln()
    }),
];

/// The share of cases in which the median of `k` weeks, moved by `step` of what is known of `n` weeks before, is unusual.
fn found(noise: Noise, n: usize, k: usize, cases: usize, step: impl Fn(&[f64], &UsualRange) -> f64) -> f64 {
    let mut random = Random(0x5EED);
    let mut found = 0;
    for _ in 0..cases {
        let before: Vec<f64> = (0..n).map(|_| noise(&mut random)).collect();
        let range = usual_range(&before).unwrap();
        let step = step(&before, &range);
        let after: Vec<f64> = (0..k).map(|_| noise(&mut random) + step).collect();
        found += usize::from(!range.over(k).contains(median(&after).unwrap()));
    }
    found as f64 / cases as f64
}

#[test]
fn noise_alone_is_an_alarm_in_at_most_one_week_of_twenty() {
    for (name, noise) in NOISES {
        for n in [8, 13, 26, 52] {
            let mut random = Random(7);
            let weeks: Vec<f64> = (0..1_000 + n).map(|_| noise(&mut random)).collect();
            let alarms = (n..weeks.len())
                .filter(|&week| !usual_range(&weeks[week - n..week]).unwrap().contains(weeks[week]))
                .count();
            assert!(alarms <= 50, "{name} against {n} weeks: {alarms} of 1000");
        }
    }
}

#[test]
fn medians_of_noise_are_no_alarm_either() {
    for (name, noise) in NOISES {
        for n in [6, 8, 26] {
            for k in [2, 4, 8, 13] {
                let share = found(noise, n, k, 4_000, |_, _| 0.0);
                assert!(share <= 0.05, "{name}, {k} weeks against {n}: {share}");
            }
        }
    }
}

#[test]
fn a_step_of_one_and_a_half_half_widths_is_found_in_its_first_week() {
    for (name, noise) in NOISES {
        for n in [8, 26] {
            let up = found(noise, n, 1, 2_000, |_, range| 1.5 * (range.high() - range.middle()));
            assert!(up >= 0.9, "{name} against {n} weeks: {up}");
        }
    }
}

#[test]
fn a_step_of_one_and_a_half_spreads_is_found_in_a_quarter() {
    let step = |before: &[f64], _: &UsualRange| 1.5 * spread(before).unwrap();
    for (name, noise) in NOISES {
        let least = match name {
            "normal" | "student" | "laplace" => 0.8,
            "wide normal" => 0.75,
            "lognormal" => 0.6,
            // What is documented as not found.
            _ => 0.0,
        };
        let share = found(noise, 52, 13, 2_000, step);
        assert!(share >= least && (least > 0.0 || share < 0.2), "{name}: {share}");
    }
}

/// Weekdays that differ by far more than their noise: none of them is an alarm among its like, all weekends are one among
/// all days.
#[test]
fn a_pattern_of_the_week_is_no_alarm() {
    const LEVELS: [f64; 7] = [120.0, 110.0, 100.0, 100.0, 90.0, 30.0, 20.0];
    let mut random = Random(11);
    let mut days: Vec<(u16, f64)> = Vec::new();
    let (mut alarms, mut judged) = (0, 0);
    for day in 0..7 * 60_usize {
        let slot = (day % 7) as u16;
        let value = LEVELS[day % 7] * (1.0 + 0.05 * normal(&mut random));
        let from = days.len().saturating_sub(7 * 26);
        if let Some(range) = usual_range_of_slot(&days[from..], slot) {
            judged += 1;
            alarms += usize::from(!range.contains(value));
        }
        days.push((slot, value));
    }
    assert_eq!(judged, 7 * 54);
    assert!(alarms * 20 <= judged, "{alarms} of {judged}");
    let weeks: Vec<f64> = days.chunks(7).map(|week| week.iter().map(|(_, value)| value).sum()).collect();
    let alarms = (26..60).filter(|&w| !usual_range(&weeks[w - 26..w]).unwrap().contains(weeks[w])).count();
    assert!(alarms <= 1, "{alarms} of 34 weeks");
}

/// By hand: median 5, deviations 4 3 1 0 1 2 4, their median 2, corrected by 1.140 for seven values.
#[test]
fn the_spread_by_hand() {
    let values = [1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 9.0];
    assert_eq!(median(&values), Some(5.0));
    assert!((spread(&values).unwrap() - 1.4826 * 2.0 * 1.140).abs() < 1e-12);
    // More than half are equal: mean deviation 2/7.
    assert!((spread(&[3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 5.0]).unwrap() - 1.2533 * 2.0 / 7.0).abs() < 1e-12);
    assert_eq!((spread(&[3.0]), median(&[]), median(&[1.0, 2.0])), (None, None, Some(1.5)));
}

/// By hand: zeros keep the values from their logarithms; n = 7 and k = 1 make 3.2 × √(1 + 1/14) × (1 + 3.6/7) spreads.
#[test]
fn the_range_by_hand() {
    let range = usual_range(&[0.0, 2.0, 4.0, 5.0, 6.0, 7.0, 9.0]).unwrap();
    let half = 3.2 * (15.0_f64 / 14.0).sqrt() * (1.0 + 3.6 / 7.0) * 1.4826 * 2.0 * 1.140;
    assert!((range.low() - (5.0 - half)).abs() < 1e-9 && (range.high() - (5.0 + half)).abs() < 1e-9);
    let positive = usual_range(&[10.0, 20.0, 40.0, 40.0, 40.0, 80.0, 160.0]).unwrap();
    assert!((positive.middle() - 40.0).abs() < 1e-9);
    assert!((positive.low() * positive.high() - 1600.0).abs() < 1e-6, "as far up as down, in ratio");
    assert_eq!(usual_range(&[1.0, 2.0, 3.0, 4.0, 5.0, f64::NAN]), None);
}

#[test]
fn values_that_never_change_have_a_range_of_one_point() {
    let range = usual_range(&[7.0; 8]).unwrap();
    assert!(range.contains(7.0) && range.contains(7.0 + 1e-12) && !range.contains(7.1));
    let zero = usual_range(&[0.0; 8]).unwrap();
    assert!(zero.contains(0.0) && !zero.contains(1.0));
}

#[test]
fn verdicts() {
    let range = usual_range(&[90.0, 95.0, 98.0, 100.0, 102.0, 105.0, 110.0, 100.0]);
    let reference = Reference { n: Some(800), range };
    let says = |better, value, n| judge(better, value, n, &reference, DEFAULT_MIN_N);
    assert_eq!(says(Better::Lower, Some(300.0), Some(30)), Verdict::Worse);
    assert_eq!(says(Better::Lower, Some(30.0), Some(30)), Verdict::Better);
    assert_eq!(says(Better::Higher, Some(300.0), Some(30)), Verdict::Better);
    assert_eq!(says(Better::Higher, Some(30.0), Some(30)), Verdict::Worse);
    assert_eq!(says(Better::Neither, Some(300.0), Some(30)), Verdict::Above);
    assert_eq!(says(Better::Neither, Some(30.0), Some(30)), Verdict::Below);
    assert_eq!(says(Better::Lower, Some(101.0), Some(30)), Verdict::WithinUsualRange);
    assert_eq!(says(Better::Lower, Some(300.0), Some(29)), Verdict::TooFew);
    assert_eq!(says(Better::Lower, Some(300.0), None), Verdict::TooFew);
    assert_eq!(says(Better::Lower, None, Some(30)), Verdict::TooFew);
    let none = Reference { n: Some(800), range: None };
    assert_eq!(judge(Better::Lower, Some(300.0), Some(30), &none, 30), Verdict::TooFew);
    let few = Reference { n: Some(29), range };
    assert_eq!(judge(Better::Lower, Some(300.0), Some(30), &few, 30), Verdict::TooFew);
}
