//! A series as block characters: ▁▂▃▄▅▆▇█.

/// The eight fillings of a character cell, lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar is never drawn wider than this many cells: wider ones read as an area.
const BAR_CELLS_MAX: usize = 4;

/// What the lowest block stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Zero: heights compare as the numbers do. Numbers below zero are drawn as zero.
    FromZero,
    /// The smallest number of the series: shows the movement and hides how small it is. A series without movement is
    /// drawn at half height.
    FromMin,
}

/// A series as one row of blocks, one character a number; a space where there is none.
///
/// The scale is cut into eight equal steps, the largest number in the uppermost:
///
/// | numbers | scale | text |
/// |---|---|---|
/// | 0, 4, 8 | from zero | `▁▅█` |
/// | 4, –, 8 | from zero | `▅ █` |
/// | 4, 6, 8 | from min | `▁▅█` |
pub fn sparkline(values: &[Option<f64>], scale: Scale) -> String {
    columns(values, scale, 1).concat()
}

/// A series as a column chart of `rows` rows of blocks (at least one), eight steps a row; the uppermost row first.
pub fn columns(values: &[Option<f64>], scale: Scale, rows: usize) -> Vec<String> {
    let rows = rows.max(1);
    let levels = levels(values, scale, rows * BLOCKS.len());
    (0..rows)
        .map(|row| {
            let below = (rows - 1 - row) * BLOCKS.len();
            levels
                .iter()
                .map(|level| match level.saturating_sub(below).min(BLOCKS.len()) {
                    0 => ' ',
                    filled => BLOCKS[filled - 1],
                })
                .collect()
        })
        .collect()
}

/// How many numbers of a series of `len` one bar stands for in a drawing of `cells` cells: 1 where all have room.
pub fn merged(len: usize, cells: usize) -> usize {
    len.div_ceil(cells.max(1)).max(1)
}

/// The series in at most `cells` cells: neighbours merged into their mean where there are too many (for the drawing
/// alone: a mean of means is no number to print), bars drawn up to four cells wide where there are few.
pub fn fit(values: &[Option<f64>], cells: usize) -> Vec<Option<f64>> {
    if values.is_empty() || cells == 0 {
        return Vec::new();
    }
    let merged = merged(values.len(), cells);
    if merged > 1 {
        return values.chunks(merged).map(mean).collect();
    }
    let wide = (cells / values.len()).clamp(1, BAR_CELLS_MAX);
    values.iter().flat_map(|value| std::iter::repeat_n(*value, wide)).collect()
}

/// Height of each number in steps, 1 to `steps`; 0 for none.
fn levels(values: &[Option<f64>], scale: Scale, steps: usize) -> Vec<usize> {
    let known = || values.iter().flatten().copied().filter(|number| number.is_finite());
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    let low = match scale {
        Scale::FromZero => 0.0,
        Scale::FromMin => known().fold(f64::INFINITY, f64::min),
    };
    let level = |number: f64| {
        if high <= low {
            return match scale {
                Scale::FromZero => 1,
                Scale::FromMin => (steps / 2).max(1),
            };
        }
        let step = ((number - low) / (high - low) * steps as f64).floor().max(0.0) as usize;
        step.min(steps - 1) + 1
    };
    values.iter().map(|value| value.filter(|number| number.is_finite()).map_or(0, level)).collect()
}

/// Mean of what is known of a few neighbours.
fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().filter(|number| number.is_finite()).collect();
    if known.is_empty() { None } else { Some(known.iter().sum::<f64>() / known.len() as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(numbers: &[f64]) -> Vec<Option<f64>> {
        numbers.iter().map(|number| Some(*number)).collect()
    }

    #[test]
    fn eight_steps_from_zero() {
        // 8 is the largest, so a step is 1: n falls into step n + 1, the largest into the last.
        let numbers = series(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(sparkline(&numbers, Scale::FromZero), "▁▂▃▄▅▆▇██");
        assert_eq!(sparkline(&series(&[4.0, 6.0, 8.0]), Scale::FromZero), "▅▇█");
        assert_eq!(sparkline(&series(&[-2.0, 8.0]), Scale::FromZero), "▁█");
    }

    #[test]
    fn from_the_smallest() {
        // From 4 to 8 a step is 0.5: 6 lies at the fourth of eight, which opens the fifth step.
        assert_eq!(sparkline(&series(&[4.0, 6.0, 8.0]), Scale::FromMin), "▁▅█");
    }

    #[test]
    fn gaps_and_flat_series() {
        assert_eq!(sparkline(&[Some(4.0), None, Some(f64::NAN), Some(8.0)], Scale::FromZero), "▅  █");
        assert_eq!(sparkline(&series(&[0.0, 0.0]), Scale::FromZero), "▁▁");
        assert_eq!(sparkline(&series(&[3.0, 3.0]), Scale::FromZero), "██");
        assert_eq!(sparkline(&series(&[3.0, 3.0]), Scale::FromMin), "▄▄");
        assert_eq!(sparkline(&[None, None], Scale::FromMin), "  ");
        assert_eq!(sparkline(&[], Scale::FromZero), "");
    }

    #[test]
    fn two_rows_have_sixteen_steps() {
        // 16 is the largest: 4 fills 5 of 16, 8 fills 9 (the lower row and one step), 16 fills both.
        let numbers = [Some(4.0), Some(8.0), None, Some(16.0)];
        assert_eq!(columns(&numbers, Scale::FromZero, 2), [" ▁ █", "▅█ █"]);
    }

    #[test]
    fn fits_into_its_cells() {
        let five = series(&[1.0, 3.0, 5.0, 7.0, 9.0]);
        assert_eq!(fit(&five, 3), [Some(2.0), Some(6.0), Some(9.0)]);
        assert_eq!(merged(5, 3), 2);
        assert_eq!(fit(&five, 9), five);
        assert_eq!(fit(&[Some(1.0), None], 5), [Some(1.0), Some(1.0), None, None]);
        assert_eq!(fit(&[Some(1.0)], 80), [Some(1.0); 4]);
        assert_eq!(fit(&[None, None, Some(4.0)], 2), [None, Some(4.0)]);
        assert_eq!(fit(&[], 5).len(), 0);
    }
}
