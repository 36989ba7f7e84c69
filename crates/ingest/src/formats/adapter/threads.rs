//! The root of a thread, by links from each message to the one that it answers.

use crate::formats::adapter::lookups::Lookups;

/// Steps between two messages of one way up whose root is kept. Threads shorter than this cost no memory; in a longer
/// one the same stretch is gone over at most about as often.
const STRIDE: usize = 16;

/// The last message that links lead to from `id`: the root, or the id of a message that is not there, so that all
/// answers to a missing message are one thread. Links that go round in a circle have as root the shortest id of the
/// circle, of several the least: for numbers the smallest.
///
/// ```text
/// 5 ► 3 ► 2 ► 1      root of 5, 4, 3, 2, 1: 1
///     4 ┘
/// ```
///
/// `above` gives the message that a message answers, and always the same. Roots are kept in the table `roots` of
/// `lookups`.
pub fn root_of(lookups: &Lookups, roots: &str, id: &str, above: impl Fn(&str) -> Option<String>) -> String {
    let mut at = id.to_owned();
    // Brent, "An improved Monte Carlo factorization algorithm" (1980): a mark that waits at doubling distances is met
    // again by who goes in a circle.
    let mut mark = at.clone();
    let (mut steps, mut next_mark) = (0_usize, 1_usize);
    let mut passed = Vec::new();
    let root = loop {
        let Some(next) = above(&at) else { break at };
        at = next;
        if at == mark {
            break least_of_circle(at, &above);
        }
        steps += 1;
        if steps == next_mark {
            mark.clone_from(&at);
            next_mark *= 2;
        }
        if steps.is_multiple_of(STRIDE) {
            if let Some(root) = lookups.get(roots, &at) {
                break root;
            }
            passed.push(at.clone());
        }
    };
    for id in passed {
        lookups.put(roots, &id, &root);
    }
    root
}

/// The shortest, then least id of the circle that `start` is in.
fn least_of_circle(start: String, above: impl Fn(&str) -> Option<String>) -> String {
    let mut least = start.clone();
    let mut next = above(&start);
    while let Some(at) = next.filter(|at| *at != start) {
        next = above(&at);
        if (at.len(), &at) < (least.len(), &least) {
            least = at;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: &str = "links";
    const ROOTS: &str = "roots";

    fn linked(links: &[(usize, usize)]) -> Lookups {
        let lookups = Lookups::default();
        links.iter().for_each(|(id, above)| lookups.put(LINKS, &id.to_string(), &above.to_string()));
        lookups
    }

    fn root(lookups: &Lookups, id: usize) -> String {
        root_of(lookups, ROOTS, &id.to_string(), |id| lookups.get(LINKS, id))
    }

    /// The same by a list of all that was seen.
    fn slow_root(lookups: &Lookups, id: usize) -> String {
        let mut seen = vec![id.to_string()];
        while let Some(above) = lookups.get(LINKS, &seen[seen.len() - 1]) {
            if let Some(place) = seen.iter().position(|known| *known == above) {
                let circle = seen[place..].iter().map(|id| id.parse::<usize>().unwrap());
                return circle.min().unwrap().to_string();
            }
            seen.push(above);
        }
        seen.pop().unwrap()
    }

    #[test]
    fn branches_and_missing_messages_have_one_root() {
        let lookups = linked(&[(5, 3), (3, 2), (4, 2), (2, 1), (8, 7), (9, 7)]);
        for id in 1..6 {
            assert_eq!(root(&lookups, id), "1");
        }
        for id in 7..10 {
            assert_eq!(root(&lookups, id), "7");
        }
        assert_eq!(root(&lookups, 6), "6");
    }

    #[test]
    fn circles_end_at_their_smallest_number() {
        let lookups = linked(&[(1, 1), (9, 10), (10, 11), (11, 9), (20, 11), (30, 20)]);
        assert_eq!(root(&lookups, 1), "1");
        for id in [9, 10, 11, 20, 30] {
            assert_eq!(root(&lookups, id), "9", "{id}");
        }
    }

    #[test]
    fn any_links_give_what_the_slow_way_gives() {
        let mut state = 17_u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for ids in [3, 10, 100, 400] {
            for _ in 0..20 {
                // Some link nowhere, some only to the one before: long chains, with a circle now and then.
                let links: Vec<_> = (1..ids)
                    .filter_map(|id| match random(20) {
                        0 => None,
                        1 => Some((id, random(ids))),
                        _ => Some((id, id - 1)),
                    })
                    .collect();
                let lookups = linked(&links);
                for _ in 0..ids {
                    let id = random(ids);
                    assert_eq!(root(&lookups, id), slow_root(&lookups, id), "{id} of {links:?}");
                }
            }
        }
    }

    #[test]
    fn a_very_long_thread_is_no_square() {
        let links: Vec<_> = (1..20_000).map(|id| (id, id - 1)).collect();
        let lookups = linked(&links);
        for id in (0..20_000).rev() {
            assert_eq!(root(&lookups, id), "0");
        }
    }
}
