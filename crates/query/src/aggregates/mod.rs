//! Aggregate functions that the KPIs need and DataFusion does not have, or has slower.
//!
//! | file | function | is |
//! |---|---|---|
//! | [`mean`] | `mean_s(us)` | the mean of spans, exact before its last rounding |
//! | [`percentiles`] | `percentiles_s(us)` | exact percentiles of spans |
//! | [`distinct_pair`] | `count_distinct_pair(source, id)` | exact count of distinct pairs of texts |
//! | [`longest`] | `longest(us, at, id)` | the longest span with its time and its text |
//! | [`kernel`] | – | what they share: one state for many groups, as DataFusion's two kinds of accumulator |

mod distinct_pair;
mod kernel;
mod longest;
mod mean;
mod percentiles;

use datafusion::logical_expr::AggregateUDF;

/// Every aggregate function of this crate.
pub(crate) fn all() -> Vec<AggregateUDF> {
    vec![
        AggregateUDF::from(mean::MeanS::new()),
        AggregateUDF::from(percentiles::PercentilesS::new()),
        AggregateUDF::from(distinct_pair::CountDistinctPair::new()),
        AggregateUDF::from(longest::Longest::new()),
    ]
}
