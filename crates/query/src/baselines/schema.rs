//! The columns of the table `baselines`.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tapemeasure_model::schema::instant_type;

/// What the table is, for those who find it.
pub(crate) const COMMENT: &str = "Saved KPI values, one row a window and group";

/// The column whose value files are kept by.
pub(crate) const NAME: &str = "name";

/// The dimensions that a baseline can be grouped by, each a column; a row has null where it is not grouped by one.
/// Those of text come first, then the two of time, whole numbers.
pub const BASELINE_DIMENSIONS: &[&str] =
    &["source", "channel", "team", "topic", "agent_id", "day_of_week", "hour_of_day"];

/// How many of [`BASELINE_DIMENSIONS`] are text.
pub(crate) const TEXT_DIMENSIONS: usize = 5;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let number = |name| Field::new(name, DataType::Float64, true);
    let whole = |name, nullable| Field::new(name, DataType::Int64, nullable);
    let instant = |name| Field::new(name, instant_type(), false);
    let mut fields = vec![text(NAME), text("kpi"), instant("window_start"), instant("window_end")];
    fields.extend(["period", "grain", "grouped_by"].map(text));
    for (i, dimension) in BASELINE_DIMENSIONS.iter().enumerate() {
        let data_type = if i < TEXT_DIMENSIONS { DataType::Utf8 } else { DataType::Int32 };
        fields.push(Field::new(*dimension, data_type, true));
    }
    fields.extend(["time_zone", "hours", "headline", "unit"].map(text));
    fields.push(whole("n", true));
    fields.extend(["value", "mean", "p50", "p90", "max", "spread"].map(number));
    fields.push(whole("weekly_n", false));
    fields.extend(["usual_low", "usual_high"].map(number));
    fields.push(text("weekly"));
    fields.push(Field::new("provisional", DataType::Boolean, false));
    fields.push(whole("archive_version", false));
    fields.push(instant("as_of"));
    fields.extend(["definition_hash", "settings_hash", "settings", "inputs"].map(text));
    Arc::new(Schema::new(fields))
});

/// The columns of the table `baselines`, one row a window and group:
///
/// | column | is |
/// |---|---|
/// | `name`, `kpi` | the baseline and the KPI |
/// | `window_start`, `window_end` | its period, half-open |
/// | `period` | the same for people: `2025-01-06/2025-03-03`, local dates where it lies between midnights |
/// | `grain` | `total`: one value for the whole window |
/// | `grouped_by` | the dimensions of the grouping with commas between them, empty for none |
/// | `source` to `hour_of_day` | the group; null where not grouped by it, or not known |
/// | `time_zone`, `hours` | the zone of dates and weeks; `elapsed` or `business` |
/// | `headline`, `unit` | the field of the KPI that `value` is, and what it is measured in |
/// | `n` | rows that it rests on; null where the KPI counts none |
/// | `value`, `mean`, `p50`, `p90`, `max` | the headline, and the KPI's fields of those names; null where it has none |
/// | `spread`, `weekly_n` | of the weekly values of the headline: see [`verdict`](crate::verdict), and how many there are |
/// | `usual_low`, `usual_high` | the range that a further week is usual in; null for too few weeks |
/// | `weekly` | the weekly values as JSON, in order of time, null for weeks without one |
/// | `provisional` | it could still change when it was worked out (kpi-rules T3) |
/// | `archive_version`, `as_of` | what it was worked out from |
/// | `definition_hash`, `settings_hash`, `settings` | what went into it (kpi-rules B1); `settings` is JSON |
/// | `inputs` | fingerprint of the files that its rows lay in |
///
/// A group with nothing in it has no row; a window in which no group has anything has one with null throughout, and `n` 0.
pub fn baselines_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}
