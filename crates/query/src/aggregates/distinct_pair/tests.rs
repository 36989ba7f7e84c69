//! Counts against a set of pairs, in every way that DataFusion takes through an aggregate.

use std::collections::HashSet;

use arrow::array::{AsArray, StringViewArray};
use arrow::datatypes::Int64Type;

use super::super::kernel::testing::{Batch, every_way};
use super::*;
use crate::testing::Random;

fn random_batches(seed: u64, groups: usize) -> Vec<Batch> {
    let mut random = Random(seed);
    (0..9)
        .map(|batch| {
            let rows = random.below(150);
            let mut ids = Vec::new();
            let mut sources = Vec::new();
            let mut group_of = Vec::new();
            while ids.len() < rows {
                // Runs of equal pairs, as in the archive, and ids that differ by where the source ends.
                let id = (random.below(9) > 0).then(|| format!("{}-a-rather-long-conversation-id", random.below(25)));
                let source =
                    (random.below(30) > 0).then(|| ["a", "ab", "a-second-rather-long-source"][random.below(3)]);
                for _ in 0..random.below(4) + 1 {
                    ids.push(id.clone());
                    sources.push(source);
                    group_of.push(random.below(groups));
                }
            }
            let rows = ids.len();
            let filter = (batch % 3 == 0).then(|| {
                (0..rows).map(|_| (random.below(6) > 0).then(|| random.below(3) > 0)).collect::<BooleanArray>()
            });
            let sources: StringViewArray = sources.into_iter().collect();
            let ids: StringViewArray = ids.into_iter().collect();
            (vec![Arc::new(sources) as ArrayRef, Arc::new(ids) as ArrayRef], group_of, filter)
        })
        .collect()
}

#[test]
fn every_way_through_gives_what_a_set_gives() {
    for groups in [1, 2, 7, 30] {
        let batches = random_batches(5 + groups as u64, groups);
        let mut plain: Vec<HashSet<(String, String)>> = vec![HashSet::new(); groups];
        for (arguments, group_of, filter) in &batches {
            let (sources, ids) = (arguments[0].as_string_view(), arguments[1].as_string_view());
            for row in 0..ids.len() {
                let selected = filter.as_ref().is_none_or(|f| f.is_valid(row) && f.value(row));
                if selected && sources.is_valid(row) && ids.is_valid(row) {
                    plain[group_of[row]].insert((sources.value(row).to_owned(), ids.value(row).to_owned()));
                }
            }
        }
        let expected: Vec<i64> = plain.iter().map(|set| set.len() as i64).collect();
        for (way, result) in every_way(Pairs::default, &batches, groups).into_iter().enumerate() {
            assert_eq!(result.as_primitive::<Int64Type>().values().to_vec(), expected, "way {way}, {groups} groups");
        }
    }
}

#[test]
fn pairs_that_read_the_same_side_by_side_are_two() {
    let sources: ArrayRef = Arc::new(StringViewArray::from_iter_values(["a", "ab"]));
    let ids: ArrayRef = Arc::new(StringViewArray::from_iter_values(["bc", "c"]));
    let mut single = Single::try_new(Pairs::default()).unwrap();
    single.update_batch(&[sources, ids]).unwrap();
    assert_eq!(single.evaluate().unwrap(), ScalarValue::Int64(Some(2)));
}
