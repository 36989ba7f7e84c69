//! What the user should know of an ingest that went well, a sentence each.

/// Names listed before they are only counted.
const NAMED: usize = 3;

/// Inputs that were not read.
pub fn skipped(names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let names = listed(names.iter().cloned());
    Some(format!("ingested before and not read again: {names} (--force reads them)"))
}

/// Files that nobody named and no format knows.
pub fn left_out(names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let names = listed(names.iter().cloned());
    Some(format!("left out, because no known format fits: {names} (--format or --mapping says how to read a file)"))
}

/// An ingest in which the format knew every record, and none as an event.
pub fn nothing_but_ignored(read: u64, ignored: u64) -> Option<String> {
    let text = "every record was of a kind that is no event: is it the right part of the export, or the right mapping?";
    (read > 0 && read == ignored).then(|| text.to_owned())
}

/// Local times that a clock change skipped or doubled.
pub fn shifted(skipped: u64, doubled: u64) -> Option<String> {
    let times = |count: u64| if count == 1 { "1 time".to_owned() } else { format!("{count} times") };
    let were = |count: u64| if count == 1 { "was" } else { "were" };
    let (moved, taken) = (were(skipped), were(doubled));
    match (skipped, doubled) {
        (0, 0) => None,
        (_, 0) => Some(format!(
            "{} fell into an hour that a clock change skipped and {moved} moved to the change",
            times(skipped)
        )),
        (0, _) => {
            Some(format!("{} occurred twice because of a clock change and {taken} taken as the first", times(doubled)))
        }
        _ => Some(format!(
            "{} fell into an hour that a clock change skipped and {moved} moved to the change; {doubled} occurred twice \
             and {taken} taken as the first",
            times(skipped)
        )),
    }
}

/// The first names, and how many more there are.
pub fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut text = names.take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_were_moved_are_counted_in_words() {
        assert_eq!(shifted(0, 0), None);
        let said = |skipped, doubled| shifted(skipped, doubled).unwrap();
        assert_eq!(
            said(3, 2),
            "3 times fell into an hour that a clock change skipped and were moved to the change; 2 occurred twice and \
             were taken as the first"
        );
        assert_eq!(said(1, 0), "1 time fell into an hour that a clock change skipped and was moved to the change");
        assert_eq!(said(0, 1), "1 time occurred twice because of a clock change and was taken as the first");
    }

    #[test]
    fn many_names_are_only_counted() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let said = |count: usize| skipped(&names[..count]);
        assert_eq!(said(0), None);
        assert_eq!(said(3).unwrap(), "ingested before and not read again: a, b, c (--force reads them)");
        assert_eq!(said(5).unwrap(), "ingested before and not read again: a, b, c and 2 more (--force reads them)");
        assert_eq!(left_out(&[]), None);
        assert_eq!(
            left_out(&names[..4]).unwrap(),
            "left out, because no known format fits: a, b, c and 1 more (--format or --mapping says how to read a file)"
        );
    }
}
