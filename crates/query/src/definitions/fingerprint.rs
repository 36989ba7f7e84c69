//! Whether two definitions give the same numbers (kpi-rules B2).

use super::{Definition, Expression, Kind};

impl Definition {
    /// Sixteen hexadecimal digits that change with everything that changes a number: table, time, conditions,
    /// measures, own dimensions, targets, hours, and what it is made of. They do not change with its name, title,
    /// description, owner and unit, which way is better, which measure is the headline, its tests, or blanks and line
    /// breaks in SQL.
    pub fn fingerprint(&self) -> String {
        let mut hasher = Hasher(blake3::Hasher::new());
        match &self.kind {
            Kind::Flow => hasher.part("flow"),
            Kind::Stock(stock) => {
                hasher.part("stock");
                hasher.sql(&stock.known);
                hasher.sql(&stock.reached);
            }
            Kind::Derived(parts) => {
                hasher.part("derived");
                for part in parts {
                    hasher.part(&part.kpi);
                    hasher.part(&part.fingerprint);
                }
            }
        }
        // The table of an own view is named after the definition.
        hasher.part(if self.view.is_some() { "" } else { &self.table });
        hasher.optional_sql(self.view.as_deref());
        hasher.part(&self.time);
        hasher.optional_sql(self.filter.as_deref());
        hasher.optional_sql(self.unsettled.as_deref());
        hasher.part(&self.default_by.join(","));
        hasher.part(&format!("{:?} {:?} {:?}", self.target, self.targets, self.hours));
        for own in &self.own_dimensions {
            hasher.part(&own.name);
            hasher.sql(&own.sql);
        }
        if let Some(rollup) = &self.rollup {
            hasher.part("rollup");
            hasher.part(&rollup.table);
            hasher.part(&rollup.time);
            hasher.part(&format!("{:?} {:?}", rollup.step_us, rollup.dimensions));
            hasher.optional_sql(rollup.having.as_deref());
        }
        for measure in &self.measures {
            hasher.part(&measure.name);
            match &measure.expression {
                Expression::Aggregate(sql) => {
                    hasher.part("aggregate");
                    hasher.sql(sql);
                }
                Expression::Row(sql) => {
                    hasher.part("row");
                    hasher.sql(sql);
                }
                Expression::OfKpi(of) => hasher.part(&format!("{}.{}", of.kpi, of.field)),
                Expression::Contacts(which) => hasher.part(&format!("contacts {which:?}")),
            }
            hasher.optional_sql(measure.rollup.as_deref());
            hasher.part(&format!("{:?}", measure.empty));
        }
        hasher.0.finalize().to_hex()[..16].to_owned()
    }
}

/// Takes texts so that no two lists of them are the same bytes.
struct Hasher(blake3::Hasher);

impl Hasher {
    fn part(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn sql(&mut self, sql: &str) {
        self.part(&plain(sql));
    }

    fn optional_sql(&mut self, sql: Option<&str>) {
        match sql {
            Some(sql) => self.sql(sql),
            None => self.part("\0"),
        }
    }
}

/// SQL with one blank for any number of blanks and line breaks outside of quotes. A text with a comment in it stays as
/// it is: there a line break means something.
fn plain(sql: &str) -> String {
    if sql.contains("--") {
        return sql.trim().to_owned();
    }
    let mut out = String::with_capacity(sql.len());
    let mut quoted = false;
    for c in sql.trim().chars() {
        quoted ^= c == '\'';
        if quoted || !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}
