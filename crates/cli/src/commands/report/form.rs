//! The form of a report, and what makes it end with 3.

use tapemeasure_report::Digest;
use tapemeasure_report::digest::FindingKind;

use crate::args::Report;
use crate::commands::note;
use crate::failure::{Done, Failure};

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a terminal.
    Terminal,
    /// Markdown with tables.
    Markdown,
    /// One HTML file.
    Html,
    /// The digest itself.
    Json,
}

/// The forms, with their names and the endings of files that mean them.
const FORMS: [(Form, &str, &[&str]); 4] = [
    (Form::Terminal, "text", &["txt"]),
    (Form::Markdown, "markdown", &["md"]),
    (Form::Html, "html", &["html", "htm"]),
    (Form::Json, "json", &["json"]),
];

impl Form {
    /// The form that is named, else that of the file's name, else text.
    ///
    /// # Errors
    /// A usage error for an unknown name or ending.
    pub fn of(verb: &Report) -> Result<Self, Failure> {
        if let Some(name) = &verb.format {
            let named = FORMS.iter().find(|(_, known, _)| known == name).map(|(form, _, _)| *form);
            return named.ok_or_else(|| {
                let names: Vec<&str> = FORMS.iter().map(|(_, known, _)| *known).collect();
                Failure::usage(format!("unknown form {name:?} of a report; known are {}", names.join(", ")))
            });
        }
        let Some(path) = &verb.output else { return Ok(Self::Terminal) };
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let found = FORMS.iter().find(|(_, _, endings)| endings.contains(&ending)).map(|(form, _, _)| *form);
        found.ok_or_else(|| {
            Failure::usage(format!(
                "cannot tell the form of a report from the name {}; end it in .html, .md, .json or .txt, or add --format",
                path.display()
            ))
        })
    }
}

/// The findings that make a report end with 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailOn {
    kinds: Vec<FindingKind>,
}

impl FailOn {
    /// What `--fail-on` names.
    ///
    /// # Errors
    /// A usage error for an unknown name.
    pub fn of(verb: &Report) -> Result<Self, Failure> {
        let kind = |name: &String| match name.trim() {
            "missed" => Ok(FindingKind::Missed),
            "worse" => Ok(FindingKind::Worse),
            other => Err(Failure::word("--fail-on", other, &["worse", "missed"])),
        };
        Ok(Self { kinds: verb.fail_on.iter().map(kind).collect::<Result<_, _>>()? })
    }

    /// Tells each finding of these kinds beside the report, and how the verb ends.
    pub fn judge(&self, digest: &Digest) -> Done {
        let unjudged = digest.kpis.iter().all(|card| card.verdict.is_none());
        if self.kinds.contains(&FindingKind::Worse) && unjudged {
            note(
                "nothing is known to be usual: that takes a period of a week to two months, and six whole weeks of events \
                 before it",
            );
        }
        let mut found = false;
        for finding in digest.findings.iter().filter(|finding| self.kinds.contains(&finding.kind)) {
            note(&format!("{}: {}", finding.text, finding.evidence));
            found = true;
        }
        if found { Done::WithFindings } else { Done::Well }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::args::{Reading, Span};

    fn verb(format: Option<&str>, output: Option<&str>, fail_on: &[&str]) -> Report {
        Report {
            span: Span::default(),
            reading: Reading::default(),
            output: output.map(PathBuf::from),
            compare: "previous".to_owned(),
            rules: false,
            format: format.map(str::to_owned),
            fail_on: fail_on.iter().map(|name| (*name).to_owned()).collect(),
            width: None,
        }
    }

    #[test]
    fn a_name_goes_before_the_ending() {
        for (format, output, form) in [
            (None, None, Form::Terminal),
            (None, Some("a.html"), Form::Html),
            (None, Some("a.md"), Form::Markdown),
            (None, Some("a.txt"), Form::Terminal),
            (Some("json"), Some("a.html"), Form::Json),
            (Some("text"), None, Form::Terminal),
        ] {
            assert_eq!(Form::of(&verb(format, output, &[])).unwrap(), form, "{format:?} {output:?}");
        }
        assert!(matches!(Form::of(&verb(Some("pdf"), None, &[])), Err(Failure::Usage { .. })));
        assert!(matches!(Form::of(&verb(None, Some("a.pdf"), &[])), Err(Failure::Usage { .. })));
    }

    #[test]
    fn only_known_findings_can_be_named() {
        let kinds = |names: &[&str]| FailOn::of(&verb(None, None, names)).map(|fail_on| fail_on.kinds);
        assert_eq!(kinds(&["worse", "missed"]).unwrap(), [FindingKind::Worse, FindingKind::Missed]);
        assert!(matches!(kinds(&["better"]), Err(Failure::Usage { .. })));
    }
}
