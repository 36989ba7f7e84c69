//! Inputs of every kind: archives, files that are remembered, files that need one another; and what is said of them.

use tapemeasure_model::settings::Settings;

use super::*;
use crate::inputs::zip::tests::archive;
use crate::{Preview, preview};

#[tokio::test]
async fn a_file_with_nothing_new_is_remembered() {
    let home = Home::new();
    let text = line("e1", 1, "c1", "a");
    home.ingest_text("one.ndjson", &text).await;
    let same = home.file("same.ndjson", &text);
    let first = home.ingest(std::slice::from_ref(&same), &options()).await.unwrap();
    assert_eq!((counts(&first), first.version, first.skipped_files), ([0, 0, 1, 0], 2, 0));
    let again = home.ingest(&[same], &options()).await.unwrap();
    assert_eq!((counts(&again), again.version, again.skipped_files), ([0, 0, 1, 0], 2, 1));
    assert_eq!(home.rows().await.len(), 1);
}

#[tokio::test]
async fn lists_and_pages_without_records_are_no_trouble() {
    let home = Home::new();
    let mut inputs = vec![home.file("one.ndjson", line("e1", 1, "c1", "a"))];
    for (n, page) in [
        "[]",
        " [\n]\n",
        r#"{"tickets":[],"after_cursor":null,"end_of_stream":true}"#,
        r#"{"type":"conversation.list","pages":{"next":null},"conversations":[]}"#,
        r#"{"_pagination":{"next":null},"_results":[]}"#,
        r#"{"messages":[],"page":0}"#,
    ]
    .iter()
    .enumerate()
    {
        inputs.push(home.file(&format!("empty-{n}.json"), page));
    }
    assert_eq!(counts(&home.ingest(&inputs, &options()).await.unwrap()), [1, 0, 0, 0]);
    for other in [r#"{"id":1,"messages":[]}"#, r#"{"things":[]}"#, r#"{"messages":[],"things":[1]}"#] {
        let error = home.ingest(&[home.file("other.json", other)], &options()).await.unwrap_err();
        assert!(matches!(error, IngestError::Unrecognised { .. }), "{other}: {error}");
    }
}

/// A message of Front whose text comes before everything that tells what it is.
fn front_message(id: &str, text: &str) -> String {
    format!(
        r#"{{"body":"{text}","id":"{id}","type":"sms","is_inbound":true,"draft_mode":null,"created_at":1741078800.5,"recipients":[],"_links":{{"related":{{"conversation":"/cnv_1"}}}}}}"#
    ) + "\n"
}

#[tokio::test]
async fn a_first_line_may_be_as_long_as_any() {
    let options = IngestOptions { max_rejected_share: 1.0, ..options() };
    for length in [70 << 10, 2 << 20] {
        let long = "x".repeat(length);
        let first = front_message("m1", &long);
        let others = front_message("m3", "c") + &front_message("m4", "d");
        // The place of the broken line is told, and the one behind it stands.
        let behind = first.clone() + "{\"id\":\"m2\",\"body\":\"cut off\n" + &others;
        let before = format!("{{\"body\":\"{long}\",\"id\":\"m0\"\n{first}{others}");
        for (text, place) in [(behind, format!("line 2, byte {}", first.len())), (before, "line 1, byte 0".to_owned())]
        {
            let home = Home::new();
            let input = home.file("lines.ndjson", text);
            let summary = home.ingest(std::slice::from_ref(&input), &options).await.unwrap();
            assert_eq!(counts(&summary), [3, 0, 0, 1], "{length} bytes, {place}");
            assert_eq!(summary.first_rejected, Some(format!("{input}, {place}: broken JSON")));
            assert_eq!(home.topics().await, ["m1 ", "m3 ", "m4 "]);
        }
    }
}

/// A record that gives several events, one of which another record moves: the others stay.
#[tokio::test]
async fn what_a_record_gives_beside_an_event_that_moves_is_kept() {
    let home = Home::new();
    let delivery = |contact: &str, other: &str| {
        let message = |id: &str, from: &str| {
            format!(
                r#"{{"sender":{{"id":"{from}"}},"recipient":{{"id":"1"}},"timestamp":1741078800000,"message":{{"mid":"{id}","text":"x"}}}}"#
            )
        };
        let messages = [message("moves", contact), message(other, "7")].join(",");
        format!(r#"{{"object":"page","entry":[{{"id":"1","time":1741078800000,"messaging":[{messages}]}}]}}"#) + "\n"
    };
    let text = delivery("5", "stays") + &delivery("6", "too");
    let input = home.file("two.ndjson", text);
    let summary = home.ingest(&[input], &options()).await.unwrap();
    assert_eq!(counts(&summary), [3, 1, 0, 0]);
    assert_eq!(home.topics().await, ["moves ", "stays ", "too "]);
}

#[tokio::test]
async fn members_of_zip_archives_are_inputs() {
    let home = Home::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(line("e2", 2, "c1", "a").as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let (one, two) = (line("e1", 1, "c1", "a"), line("e1", 1, "c1", "b"));
    // The later member, and the later input, stands.
    let mut members = vec![("b/two", two.as_bytes()), ("a/one", one.as_bytes()), ("c.gz", &packed[..])];
    let input = home.file("export", archive(&members));
    let after = home.file("z.ndjson", line("e2", 2, "c1", "z"));
    let summary = home.ingest(&[input.clone(), after.clone()], &options()).await.unwrap();
    assert_eq!((counts(&summary), summary.files), ([2, 2, 0, 0], 4));
    assert_eq!(home.topics().await, ["e1 b", "e2 z"]);

    let again = home.ingest(&[input.clone(), after], &options()).await.unwrap();
    assert_eq!((counts(&again), again.skipped_files, again.version), ([0, 0, 4, 0], 4, 1));
    // Of an archive that has grown only what is new is read.
    let three = line("e3", 3, "c1", "a");
    members.push(("d", three.as_bytes()));
    home.file("export", archive(&members));
    let grown = home.ingest(std::slice::from_ref(&input), &options()).await.unwrap();
    assert_eq!((counts(&grown), grown.skipped_files), ([1, 0, 3, 0], 3));

    members.push(("e.ndjson", &b"{}\n"[..]));
    home.file("export", archive(&members));
    let summary = home.ingest(std::slice::from_ref(&input), &options()).await.unwrap();
    assert_eq!((counts(&summary), summary.files, summary.version), ([0, 0, 4, 0], 4, 2));
    assert_eq!(summary.left_out_names, [format!("{input}!e.ndjson")]);
    let bad = home.file("bad.zip", archive(&members[4..]));
    let error = home.ingest(std::slice::from_ref(&bad), &options()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("{bad}!e.ndjson: content fits no known format")), "{error}");
    home.spill_is_gone();
}

#[tokio::test]
async fn what_lies_beside_exports_is_left_out_and_named() {
    let home = Home::new();
    fs::create_dir_all(home.0.path().join("d/.git")).unwrap();
    home.file("d/a.ndjson", line("e1", 1, "c1", "a"));
    let readme = home.file("d/README.txt", "How to read this export.\nIn peace.\n");
    let paper = home.file("d/paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n");
    home.file("d/.DS_Store", [0_u8, 0, 0, 1]);
    let dir = home.0.path().join("d").display().to_string();
    let note = format!(
        "left out, because no known format fits: {readme}, {paper} (--format or --mapping says how to read a file)"
    );

    let found = preview(std::slice::from_ref(&dir), &options(), 9).await.unwrap();
    assert_eq!((found.read, found.left_out, found.unread), (1, 2, 2));
    assert_eq!((&found.left_out_names, &found.notes), (&vec![readme.clone(), paper.clone()], &vec![note.clone()]));
    let summary = home.ingest(std::slice::from_ref(&dir), &options()).await.unwrap();
    assert_eq!((counts(&summary), summary.files), ([1, 0, 0, 0], 1));
    assert_eq!((summary.left_out, summary.unread, &summary.notes), (2, 2, &vec![note]));
    assert_eq!(summary.left_out_names, [readme.clone(), paper]);
    // By a pattern it is the same; what is named itself is meant.
    let pattern = home.0.path().join("d/[Ra]*").display().to_string();
    let again = home.ingest(&[pattern], &options()).await.unwrap();
    assert_eq!((counts(&again), again.skipped_files, &again.left_out_names), ([0, 0, 1, 0], 1, &vec![readme.clone()]));
    let named = [dir, home.file("b.ndjson", line("e2", 2, "c1", "a")), readme.clone()];
    let error = home.ingest(&named, &options()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("{readme}: content fits no known format")), "{error}");
    assert_eq!(home.topics().await, ["e1 a"]);
    // And where nothing fits, nothing is done.
    let pattern = home.0.path().join("d/[Rp]*").display().to_string();
    for outcome in [
        home.ingest(std::slice::from_ref(&pattern), &options()).await.map(|_| ()),
        preview(&[pattern], &options(), 9).await.map(|_| ()),
    ] {
        let error = outcome.unwrap_err();
        assert!(error.to_string().starts_with(&format!("{readme}: content fits no known format")), "{error}");
    }
}

/// A tweet: id, whom it answers.
fn tweet(id: u32, answers: &str) -> String {
    format!("{id},user{id},True,Tue Oct 31 22:10:{id:02} +0000 2017,hello,,{answers}\n")
}

const TWEETS: &str = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n";

#[tokio::test]
async fn inputs_that_need_one_another_are_read_again_when_one_comes_in() {
    let home = Home::new();
    // The answer comes before what it answers.
    let mut inputs =
        vec![home.file("a", TWEETS.to_owned() + &tweet(2, "1")), home.file("b", TWEETS.to_owned() + &tweet(1, ""))];
    let conversations = |rows: Vec<Vec<u8>>| -> Vec<Option<Vec<u8>>> {
        rows.iter().map(|row| codec::decode(row).unwrap().conversation_id.map(<[u8]>::to_vec)).collect()
    };
    let first = home.ingest(&inputs, &options()).await.unwrap();
    assert_eq!((counts(&first), first.version), ([2, 0, 0, 0], 1));
    assert_eq!(conversations(home.rows().await), [Some(b"1".to_vec()), Some(b"1".to_vec())]);
    let again = home.ingest(&inputs, &options()).await.unwrap();
    assert_eq!((counts(&again), again.skipped_files, again.version), ([0, 0, 2, 0], 2, 1));

    inputs.push(home.file("c", TWEETS.to_owned() + &tweet(3, "2")));
    let more = home.ingest(&inputs, &options()).await.unwrap();
    assert_eq!((counts(&more), more.skipped_files, more.version), ([1, 0, 2, 0], 0, 2));
    let conversations = conversations(home.rows().await);
    assert_eq!(conversations, vec![Some(b"1".to_vec()); 3]);

    let little = IngestOptions { memory_bytes: 64, ..options() };
    let error = home.ingest(&inputs, &little).await.unwrap_err();
    assert!(matches!(error, IngestError::LookupsTooLarge { limit: 32, .. }), "{error}");
}

#[tokio::test]
async fn sources_without_closes_get_limits_once() {
    let home = Home::new();
    let input = home.file("a", TWEETS.to_owned() + &tweet(1, ""));
    let summary = home.ingest(&[input], &options()).await.unwrap();
    assert_eq!(summary.without_closes, ["twcs"]);
    let note = "source \"twcs\": its format records no closes, so session_gap is set to 24h and abandon_after to 7d \
                (tape settings changes them)";
    assert_eq!(summary.notes, [note]);
    let path = Archive::open(&home.root()).await.unwrap().settings_path();
    let limits = |path: &Path| {
        let own = Settings::load(path).unwrap().sources["twcs"];
        (own.session_gap_us, own.abandon_after_us)
    };
    assert_eq!(limits(&path), (Some(Some(86_400_000_000)), Some(Some(604_800_000_000))));
    // The user's own word stands, whatever comes in later.
    Settings::set_in_file(&path, "source.twcs.session_gap", "never").unwrap();
    let summary = home.ingest_text("b", &(TWEETS.to_owned() + &tweet(2, ""))).await;
    assert_eq!((summary.notes.len(), limits(&path).0), (0, Some(None)));
}

#[tokio::test]
async fn a_preview_shows_the_first_events_and_writes_nothing() {
    let home = Home::new();
    let text = line("e1", 1, "c1", "a") + "rubbish\n" + &line("e2", 2, "c1", "a");
    let inputs = [home.file("1", text), home.file("2", line("e3", 3, "c1", "a"))];
    let shown = |found: &Preview| -> Vec<String> {
        found.events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
    };
    let all = preview(&inputs, &options(), 3).await.unwrap();
    assert_eq!(shown(&all), ["e1", "e2", "e3"]);
    assert_eq!((all.read, all.rejected, all.ignored, all.stopped), (4, 1, 0, false));
    assert_eq!(all.rejected_by_reason, [("not a JSON object".to_owned(), 1)]);
    let place = format!("{}, line 2, byte {}: not a JSON object", inputs[0], line("e1", 1, "c1", "a").len());
    assert_eq!(all.first_rejected, Some(place));
    let expected = serde_json::json!({
        "source": "s", "event_id": "e1", "occurred_at": "2025-03-03T09:00:01.000000Z", "event_type": "tagged",
        "conversation_id": "c1", "topic": "a",
    });
    assert_eq!(all.events[0], expected);

    let some = preview(&inputs, &options(), 1).await.unwrap();
    assert_eq!((shown(&some), some.stopped), (vec!["e1".to_owned()], true));
    let tweets = [home.file("3", TWEETS.to_owned() + &tweet(2, "1") + &tweet(1, ""))];
    let found = preview(&tweets, &options(), 9).await.unwrap();
    assert_eq!((shown(&found), found.stopped), (vec!["2".to_owned(), "1".to_owned()], false));
    assert_eq!(found.events[0]["conversation_id"], "1");
    assert!(!home.root().exists());
}
