//! Charts as inline SVG.
//!
//! A drawing has no scale of its own: what lies across is a percentage of its width, what lies up is in pixels. So it is
//! as wide as its place while its text, lines and marks keep their size. Colour is never the only sign: marks differ in
//! shape, lines in dash, steps of a heat map in size.
//!
//! | module | is |
//! |---|---|
//! | [`frame`] | title, sentence, key, drawing and table as one figure |
//! | [`scale`] | numbers to places, linear and logarithmic, and their ticks |
//! | [`axis`] | ticks over time, grid lines with labels |
//! | [`line`] | lines that are open where data is missing |
//! | [`band`] | the range of what is usual, the line of a target |
//! | [`marks`] | dots, squares, diamonds, and the keys that explain them |
//! | [`bars`] | rows of bars with a name and a number |
//! | [`panels`] | several series below each other over the same time |
//! | [`percentiles`] | p50 and p90 over time |
//! | [`histogram`] | how long how many are, on both sides of a target |
//! | [`heatmap`] | the hours of the week |
//! | [`dots`] | p50, p90 and longest by name |
//! | [`multiples`] | one small chart a name |
//! | [`spark`] | the small line of a card |

pub(super) mod axis;
pub(super) mod band;
pub(super) mod bars;
pub(super) mod dots;
pub(super) mod frame;
pub(super) mod heatmap;
pub(super) mod histogram;
pub(super) mod line;
pub(super) mod marks;
pub(super) mod multiples;
pub(super) mod panels;
pub(super) mod percentiles;
pub(super) mod scale;
pub(super) mod spark;
