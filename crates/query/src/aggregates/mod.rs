//! Aggregate functions that the KPIs need and DataFusion does not have, or has slower.
//!
//! | file | function | is |
//! |---|---|---|
//! | [`mean`] | `mean_s(us)` | the mean of spans, exact before its last rounding |
//! | [`percentiles`] | `percentiles_s(us)` | exact percentiles of spans |
//! | [`exact_percentile`] | `exact_percentile(x, q)` | any percentile of any numbers |
//! | [`approx_percentile`] | `approx_percentile(x, q)` | the same within 1 %, in little memory |
//! | [`quantile`], [`sketch`] | – | what the two share, and the buckets of the second |
//! | [`distinct_pair`] | `count_distinct_pair(source, id)` | exact count of distinct pairs of texts |
//! | [`longest`] | `longest(us, at, id)` | the longest span with its time and its text |
//! | [`kernel`] | – | what they share: one state for many groups, as DataFusion's two kinds of accumulator |

mod approx_percentile;
mod distinct_pair;
mod exact_percentile;
mod kernel;
mod longest;
mod mean;
mod percentiles;
mod quantile;
mod sketch;

use datafusion::logical_expr::AggregateUDF;

/// Every aggregate function of this crate.
pub(crate) fn all() -> Vec<AggregateUDF> {
    vec![
        AggregateUDF::from(mean::MeanS::new()),
        AggregateUDF::from(percentiles::PercentilesS::new()),
        AggregateUDF::from(exact_percentile::ExactPercentile::new()),
        AggregateUDF::from(approx_percentile::ApproxPercentile::new()),
        AggregateUDF::from(distinct_pair::CountDistinctPair::new()),
        AggregateUDF::from(longest::Longest::new()),
    ]
}
