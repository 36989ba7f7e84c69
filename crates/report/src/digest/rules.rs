//! What the rules of a report decided, and the command lines whose rows are the evidence.

use serde::Serialize;

/// A command line whose rows are what a number counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drill {
    /// The command line, quoted for a shell.
    pub command: String,
    /// The rows that it lists: the number of the sentence that it belongs to.
    pub rows: u64,
}

/// What a rule decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// It suggests something.
    Fired,
    /// The numbers give it no reason to.
    #[default]
    NotFired,
    /// The numbers rest on too little to say anything.
    TooFew,
}

impl RuleStatus {
    /// In words: "fired", "not fired", "too few".
    pub const fn as_str(self) -> &'static str {
        match self {
            RuleStatus::Fired => "fired",
            RuleStatus::NotFired => "not fired",
            RuleStatus::TooFew => "too few",
        }
    }
}

/// One rule, whether it fired or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleOutcome {
    /// Machine name of the rule.
    pub rule: String,
    /// What it decided.
    pub status: RuleStatus,
    /// The numbers that decided.
    pub why: String,
    /// What it looks at.
    pub looks_at: String,
    /// What it is held against.
    pub thresholds: Vec<RuleThreshold>,
}

/// A threshold of a rule as it held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleThreshold {
    /// The setting that changes it.
    pub setting: String,
    /// Its value, as settings write it.
    pub value: String,
}
