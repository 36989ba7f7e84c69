//! Mails, in an mbox and by themselves.

use super::*;

/// Line, byte and text of every mail, whatever the blocks.
fn mails(text: &str) -> Vec<(u64, u64, String)> {
    let mut seen: Option<Vec<(u64, u64, String)>> = None;
    for block_bytes in [1, 3, 16, 1_000] {
        let mut found = Vec::new();
        for piece in pieces(text.as_bytes(), Framing::Mbox, block_bytes, 5, MAX_RECORD_BYTES) {
            let Piece::Block(block) = piece else { panic!("{piece:?}") };
            for (record, at) in block.records() {
                found.push((at.line - 7, at.ordinal - 100, String::from_utf8(record.to_vec()).unwrap()));
            }
        }
        assert_eq!(*seen.get_or_insert_with(|| found.clone()), found, "{block_bytes}");
    }
    seen.unwrap()
}

fn mail(line: u64, byte: u64, text: &str) -> (u64, u64, String) {
    (line, byte, text.to_owned())
}

#[test]
fn a_mail_begins_at_a_from_line_behind_a_blank_one() {
    let text = "From a@x\nSubject: 1\n\nFrom here on\ntext\nFrom there too\n\nFrom b@x\n\nFromage\n";
    assert_eq!(
        mails(text),
        [
            mail(0, 0, "From a@x\nSubject: 1"),
            mail(3, 21, "From here on\ntext\nFrom there too"),
            mail(7, 55, "From b@x\n\nFromage"),
        ]
    );
    let text = "From a@x\r\n\r\ntext\r\n\r\nFrom b@x\r\n\r\n";
    assert_eq!(mails(text), [mail(0, 0, "From a@x\r\n\r\ntext"), mail(4, 20, "From b@x")]);
}

#[test]
fn times_tell_from_lines_from_sentences() {
    let (first, second) =
        ("From a@x Mon Mar  3 09:00:00 2025\nSubject: 1", "From - Mon Mar  3 10:00:00 2025\nSubject: 2");
    let text = format!("{first}\n\nSTOP\n\nFrom my phone\n{second}\n\nbye\n");
    assert_eq!(
        mails(&text),
        [
            mail(0, 0, &format!("{first}\n\nSTOP\n\nFrom my phone")),
            mail(6, (first.len() + 22) as u64, &format!("{second}\n\nbye")),
        ]
    );
}

#[test]
fn what_is_no_mailbox_is_one_mail() {
    let text = "Subject: 1\n\ntext\n\nFrom b@x\n\nmore";
    assert_eq!(mails(text), [mail(0, 0, text)]);
    assert_eq!(mails("From"), [mail(0, 0, "From")]);
    assert_eq!(mails(""), Vec::new());
}

#[test]
fn a_mail_over_the_limit_is_given_up_alone() {
    let text = b"From a\n\nx\n\nFrom b 0123456789 0123456789\n\nFrom c\n\ny\n";
    for block_bytes in [1, 8, 100] {
        let found: Vec<String> = described(text, Framing::Mbox, block_bytes, 20);
        assert_eq!(
            found.concat(),
            if block_bytes < 100 {
                "From a\n\nx\n\nlonger than 64 MiB at 11: From b 0123456789 0123456789From c\n\ny\n".to_owned()
            } else {
                String::from_utf8(text.to_vec()).unwrap()
            }
        );
    }
}
