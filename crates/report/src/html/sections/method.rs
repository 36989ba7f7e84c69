//! Definitions, SQL, settings and sources: how the numbers were made.

use super::super::escape::{escape, escape_lines};
use super::super::tables;
use crate::digest::{DefinitionText, Digest};

/// The appendix; empty where nothing is known of it.
pub(crate) fn section(digest: &Digest) -> String {
    let mut parts: Vec<String> = digest.method.definitions.iter().map(definition).collect();
    let settings = tables::numbers(
        "Settings of the archive",
        &["setting", "value"],
        digest.method.settings.iter().map(|(key, value)| (key.clone(), vec![value.clone()])),
    );
    parts.extend(titled("Settings", &settings));
    parts.extend(titled("Sources", &tables::sources(&digest.coverage.sources)));
    if parts.is_empty() {
        return String::new();
    }
    format!("<div class=\"appendix\">\n{}</div>\n", parts.concat())
}

fn definition(text: &DefinitionText) -> String {
    let facts: String = [
        ("name", &text.name),
        ("counted in", &text.unit),
        ("over", &text.over),
        ("better", &text.better),
        ("read from", &text.served_by),
        ("fingerprint", &text.fingerprint),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(label, value)| format!("<div><dt>{label}</dt><dd>{}</dd></div>\n", escape(value)))
    .collect();
    let sql = if text.sql.is_empty() {
        String::new()
    } else {
        format!(
            "<details><summary>SQL</summary>\n<pre tabindex=\"0\"><code>{}</code></pre>\n</details>\n",
            escape_lines(text.sql.trim())
        )
    };
    format!(
        "<div class=\"chart\">\n<h3>{}</h3>\n<p>{}</p>\n<dl class=\"details\">\n{facts}</dl>\n{sql}</div>\n",
        escape(&text.title),
        escape(text.description.trim())
    )
}

fn titled(title: &str, table: &str) -> Option<String> {
    (!table.is_empty()).then(|| format!("<h3 class=\"table\">{title}</h3>\n{table}"))
}
