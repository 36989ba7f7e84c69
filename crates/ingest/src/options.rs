//! How to ingest.

use std::sync::Arc;

use tapemeasure_model::period::PeriodKind;
use tapemeasure_model::zone::Zone;

use crate::error::IngestError;
use crate::formats::adapter::keywords::{Keyword, Keywords};
use crate::formats::adapter::names::Names;
use crate::formats::choice::Choice;
use crate::formats::mapping::Mapping;
use crate::formats::{AUTO, FormatSettings};

/// Memory of an ingest when nobody says otherwise.
pub const DEFAULT_MEMORY_BYTES: usize = 1 << 30;

/// Share of rejected records above which an ingest fails (formats.md, "What every adapter does").
pub const DEFAULT_MAX_REJECTED_SHARE: f64 = 0.05;

/// How to ingest. [`Default`] gives what the command line gives without options.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// Source of the records that name none. A record's own source goes first.
    pub source: Option<String>,
    /// Name of a format, or `auto`: recognised from the content, each input for itself.
    pub format: String,
    /// Whether texts of messages are stored; if not, `body` is null.
    pub keep_body: bool,
    /// Bound on the memory of rows and merges. A few MiB for each thread come on top, and a single record is held
    /// whole however long it is (at most 64 MiB).
    pub memory_bytes: usize,
    /// Threads that parse, and periods that are merged at once; at least 1.
    pub threads: usize,
    /// Share of rejected records above which the whole ingest fails; 0 to 1.
    pub max_rejected_share: f64,
    /// How a new archive is cut. `None`: by the density of the input, or as the archive is already.
    pub period: Option<PeriodKind>,
    /// Whether to read files again that the archive has recorded with the same content.
    pub force: bool,
    /// Zone of times that name none.
    pub zone: Option<Zone>,
    /// Who of the senders are agents, where a format does not say: addresses, domains, ids, handles.
    pub agents: Vec<String>,
    /// Who of the senders are bots, where a format does not say.
    pub bots: Vec<String>,
    /// Words that are an opt-out when they are a whole message (kpi-rules M4), beside those that are known.
    pub keywords_stop: Vec<String>,
    /// Words that are an opt-in, likewise.
    pub keywords_start: Vec<String>,
    /// How to read inputs of any form; `format` is then `auto` or `mapping`.
    pub mapping: Option<Arc<Mapping>>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            source: None,
            format: AUTO.to_owned(),
            keep_body: false,
            memory_bytes: DEFAULT_MEMORY_BYTES,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_rejected_share: DEFAULT_MAX_REJECTED_SHARE,
            period: None,
            force: false,
            zone: None,
            agents: Vec::new(),
            bots: Vec::new(),
            keywords_stop: Vec::new(),
            keywords_start: Vec::new(),
            mapping: None,
        }
    }
}

impl IngestOptions {
    /// # Errors
    /// [`IngestError::BadOption`] for the first option out of its range.
    pub(crate) fn check(&self) -> Result<(), IngestError> {
        if !(0.0..=1.0).contains(&self.max_rejected_share) {
            return Err(IngestError::BadOption {
                option: "the share of rejected records",
                value: self.max_rejected_share.to_string(),
                advice: "give a number from 0 to 1",
            });
        }
        if self.threads == 0 {
            return Err(IngestError::BadOption {
                option: "the number of threads",
                value: self.threads.to_string(),
                advice: "give at least 1",
            });
        }
        if self.source.as_deref() == Some("") {
            return Err(IngestError::BadOption {
                option: "the source",
                value: "empty".to_owned(),
                advice: "give a name, or leave it out",
            });
        }
        Ok(())
    }

    /// The share of rejected records above which the ingest fails, in millionths: a percentage such as 7 is one to the
    /// last digit, and its share is none in binary.
    pub(crate) fn max_rejected_ppm(&self) -> u64 {
        (self.max_rejected_share * 1e6).round() as u64
    }

    /// What reads the inputs.
    ///
    /// # Errors
    /// [`IngestError::UnknownFormat`], [`IngestError::BadOption`].
    pub(crate) fn choice(&self) -> Result<Choice, IngestError> {
        Choice::of(&self.format, self.mapping.as_ref())
    }

    /// What formats need of the options, for one ingest: it holds what this one finds.
    pub(crate) fn format_settings(&self) -> FormatSettings {
        let mut keywords = Keywords::default();
        keywords.extend(&self.keywords_stop, Keyword::Stop);
        keywords.extend(&self.keywords_start, Keyword::Start);
        FormatSettings {
            source: self.source.clone(),
            keep_body: self.keep_body,
            zone: self.zone,
            agents: Names::new(&self.agents),
            bots: Names::new(&self.bots),
            keywords: Arc::new(keywords),
            ..FormatSettings::default()
        }
    }

    /// Bytes for the buffered rows of all threads.
    pub(crate) fn row_bytes(&self) -> usize {
        self.memory_bytes / 100 * 45
    }

    /// Bytes for merging, beside the rows that are still buffered.
    pub(crate) fn merge_bytes(&self) -> usize {
        self.memory_bytes - self.row_bytes()
    }

    /// Most bytes for what records need of one another. Held while rows are buffered, and gone before they are merged.
    pub(crate) fn lookup_bytes(&self) -> usize {
        self.memory_bytes / 2
    }

    /// Size of the blocks that inputs are cut into: 4 MiB, less where memory is short, because some twenty of them
    /// may wait or be parsed at once.
    pub(crate) fn block_bytes(&self) -> usize {
        (self.memory_bytes / 64).clamp(64 << 10, 4 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_whole_millionths() {
        for (percent, ppm) in
            [(0.0, 0), (5.0, 50_000), (7.0, 70_000), (12.5, 125_000), (29.0, 290_000), (100.0, 1_000_000)]
        {
            let options = IngestOptions { max_rejected_share: percent / 100.0, ..IngestOptions::default() };
            assert_eq!(options.max_rejected_ppm(), ppm, "{percent} %");
        }
    }
}
