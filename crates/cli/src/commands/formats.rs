//! `tape formats`: the input formats.

use tapemeasure_ingest::known_formats;

use super::print;
use crate::failure::{Done, Failure};

/// Lists the formats, with what each recognises and what it cannot tell.
pub fn run() -> Result<Done, Failure> {
    let text: String = known_formats()
        .iter()
        .map(|f| {
            format!(
                "{}\n  {}\n  recognised by  {}\n  cannot tell    {}\n",
                f.name, f.about, f.recognised_by, f.cannot_tell
            )
        })
        .collect();
    print(&text)?;
    Ok(Done::Well)
}
