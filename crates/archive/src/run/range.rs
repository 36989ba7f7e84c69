//! Ranges of keys: the unit of parallel work.

/// Keys from `min` to `max`, both in it. Empty if `min > max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRange {
    /// Smallest key in it.
    pub min: i64,
    /// Largest key in it.
    pub max: i64,
}

impl KeyRange {
    /// Every key.
    pub const ALL: Self = Self { min: i64::MIN, max: i64::MAX };

    /// Cuts all keys into `n` ranges of equal width, in order and without gaps; `n` = 0 counts as 1. Keys are hashes,
    /// so equal width means equal work.
    pub fn split(n: usize) -> Vec<Self> {
        let n = i128::try_from(n.max(1)).unwrap_or(1);
        let start = |i: i128| i128::from(i64::MIN) + (i << 64) / n;
        // Both ends lie within i64 for 0 <= i < n.
        let key = |at: i128| i64::try_from(at).unwrap_or(i64::MAX);
        (0..n).map(|i| Self { min: key(start(i)), max: key(start(i + 1) - 1) }).collect()
    }

    /// Whether a key is in it.
    pub const fn contains(self, key: i64) -> bool {
        self.min <= key && key <= self.max
    }

    /// Whether keys from `min` to `max` are all in it.
    pub(crate) const fn covers(self, min: i64, max: i64) -> bool {
        self.min <= min && max <= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_equal_and_without_gaps() {
        assert_eq!(KeyRange::split(1), [KeyRange::ALL]);
        assert_eq!(KeyRange::split(0), [KeyRange::ALL]);
        assert_eq!(KeyRange::split(2), [KeyRange { min: i64::MIN, max: -1 }, KeyRange { min: 0, max: i64::MAX }]);
        for n in [3, 7, 1_000] {
            let ranges = KeyRange::split(n);
            assert_eq!(ranges.len(), n);
            assert_eq!((ranges[0].min, ranges[n - 1].max), (i64::MIN, i64::MAX));
            assert!(ranges.windows(2).all(|pair| pair[0].max + 1 == pair[1].min));
            let width = |r: &KeyRange| i128::from(r.max) - i128::from(r.min);
            let (least, most) = (ranges.iter().map(width).min(), ranges.iter().map(width).max());
            assert!(most.unwrap() - least.unwrap() <= 1);
        }
    }
}
