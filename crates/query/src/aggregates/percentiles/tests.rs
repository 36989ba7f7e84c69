//! Percentiles against the oracle's arithmetic, in every way that DataFusion takes through an aggregate.

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};

use super::super::kernel::testing::{every_way, random_spans};
use super::*;
use crate::testing::Random;

/// The oracle's `percentile`, word for word.
fn oracle_percentile(values: &[i64], q: f64) -> Option<f64> {
    let mut v: Vec<f64> = values.iter().map(|&x| x as f64 / 1e6).collect();
    v.sort_by(f64::total_cmp);
    if v.is_empty() {
        return None;
    }
    let x = q * (v.len() - 1) as f64;
    let lo = x as usize;
    let hi = (lo + 1).min(v.len() - 1);
    Some(v[lo] + (v[hi] - v[lo]) * (x - lo as f64))
}

#[test]
fn percentiles_are_the_oracles_to_the_last_bit() {
    let mut random = Random(7);
    for n in (0..60).chain([100, 1_001]) {
        let mut values: Vec<i64> = (0..n).map(|_| random.below(2_000_000_000) as i64 * 3).collect();
        let expected: Vec<Option<f64>> = QUANTILES.iter().map(|&q| oracle_percentile(&values, q)).collect();
        assert_eq!(percentiles(&mut values).to_vec(), expected, "{n}");
    }
}

#[test]
fn every_way_through_gives_what_a_plain_loop_gives() {
    for groups in [1, 2, 5, 40] {
        let batches = random_spans(31 + groups as u64, groups);
        let mut plain = vec![Vec::new(); groups];
        for (arguments, group_of, filter) in &batches {
            let spans = arguments[0].as_primitive::<Int64Type>();
            for row in 0..spans.len() {
                let selected = filter.as_ref().is_none_or(|f| f.is_valid(row) && f.value(row));
                if selected && spans.is_valid(row) {
                    plain[group_of[row]].push(spans.value(row));
                }
            }
        }
        for (way, result) in every_way(Spans::default, &batches, groups).into_iter().enumerate() {
            let result = result.as_struct();
            let p90 = result.column(1).as_primitive::<Float64Type>();
            assert_eq!(result.len(), groups, "way {way}");
            for (group, spans) in plain.iter().enumerate() {
                let expected = oracle_percentile(spans, 0.9);
                assert_eq!(p90.is_valid(group).then(|| p90.value(group)), expected, "way {way}, group {group}");
            }
        }
    }
}

#[test]
fn of_nothing_all_are_null() {
    let mut single = Single::try_new(Spans::default()).unwrap();
    let result = single.evaluate().unwrap().to_array().unwrap();
    let result = result.as_struct();
    for column in 0..3 {
        assert!(result.column(column).is_null(0), "{column}");
    }
}
