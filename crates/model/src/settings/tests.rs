//! What `settings.toml` may say, and what it then means.

use std::path::Path;

use super::*;

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::from_toml(text, Path::new("settings.toml"))
}

#[test]
fn an_empty_file_means_the_defaults_of_the_rules() {
    let settings = parse("").unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.rules, Rules { session_gap_us: None, abandon_after_us: None, bots: Bots::Ignore });
    assert_eq!(settings.targets.resolution_us, 30 * 60 * 1_000_000);
}

#[test]
fn a_source_sets_its_own_and_takes_the_rest() {
    let settings = parse(
        "session_gap = \"24h\"\nbots = 'reply'\n[source.\"my.mail\"]\nsession_gap = \"never\"\nabandon_after = \"7d\"\n",
    )
    .unwrap();
    assert_eq!(settings.rules_for("other").session_gap_us, Some(86_400_000_000));
    let own = settings.rules_for("my.mail");
    assert_eq!(own, Rules { session_gap_us: None, abandon_after_us: Some(604_800_000_000), bots: Bots::Reply });
    assert_eq!(settings.get("source.\"my.mail\".session_gap").unwrap().as_deref(), Some("never"));
    assert_eq!(settings.get("source.x.session_gap").unwrap(), None);
}

#[test]
fn what_is_no_setting_is_named() {
    let error = parse("sesion_gap = '24h'").unwrap_err().to_string();
    assert!(
        error.starts_with(
            "settings.toml, line 1: unknown setting \"sesion_gap\"; did you mean session_gap? known are \
             session_gap"
        ),
        "{error}"
    );
    let all = "settings.toml, line 1: unknown setting \"foo\"; known are session_gap, abandon_after, bots, time_zone, \
               week_start, fiscal_year_start, targets.first_response, targets.response, targets.resolution, \
               business_hours.calendar, business_hours.channel.<name>, business_hours.team.<name>; source.<name> with \
               its own session_gap, abandon_after, bots, targets and business_hours; channel.<name> with its own \
               targets; keywords.stop.<language>, keywords.start.<language>; report.<rule>.<threshold>; \
               calendars.<name> with zone, mon to sun or mon-fri, holidays, and versions.<date> with its own zone and \
               days";
    assert_eq!(parse("foo = 'bar'").unwrap_err().to_string(), all);
    for key in [
        "source.x.session_gap",
        "source.x.bots",
        "source.x.targets.response",
        "source.x.business_hours.team.t",
        "channel.x.targets.resolution",
        "keywords.start.pl",
        "calendars.x.zone",
        "calendars.x.sun",
        "calendars.x.mon-fri",
        "calendars.x.holidays",
        "calendars.x.versions.2025-07-01.zone",
        "calendars.x.versions.2025-07-01.sat",
    ] {
        assert_eq!(Settings::default().get(key).unwrap(), None, "{key}");
    }
    let error = parse("# ours\n\nsession_gap = 'soon'").unwrap_err().to_string();
    let limit = "write a duration such as 24h or 86400s, or never";
    assert_eq!(error, format!("settings.toml, line 3: setting session_gap cannot be \"soon\"; {limit}"));
    let error = parse("bots = 'reply'\nsession_gap = 5").unwrap_err().to_string();
    let text = "write a text in quotes, such as \"10m\"";
    assert_eq!(error, format!("settings.toml, line 2: setting session_gap cannot be \"5\"; {text}"));
    let error = parse("[source.mail]\nbots = 'reply'\n[source.chat]\nbots = 'maybe'").unwrap_err().to_string();
    let bots = "write ignore or reply";
    assert_eq!(error, format!("settings.toml, line 4: setting source.chat.bots cannot be \"maybe\"; {bots}"));
    assert!(matches!(parse("a = 1\nb = = 2"), Err(SettingsError::Syntax { line: 2, .. })));
}

#[test]
fn the_hash_of_the_fold_knows_rules_and_nothing_else() {
    let hash = |text: &str| parse(text).unwrap().fold_hash();
    assert_eq!(hash(""), hash("time_zone = 'Europe/Berlin'\n[targets]\nresponse = '5m'"));
    assert_eq!(hash(""), hash("[source.a]\nsession_gap = 'never'"));
    assert_ne!(hash(""), hash("session_gap = '24h'"));
    assert_ne!(hash(""), hash("[source.a]\nsession_gap = '24h'"));
    assert_ne!(parse("").unwrap().hash(), parse("[targets]\nresponse = '5m'").unwrap().hash());
}

#[test]
fn one_value_changes_and_comments_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, "# ours\nbots = \"reply\" # they are good\n").unwrap();
    let settings = Settings::set_in_file(&path, "source.mail.targets.first_response", "4h").unwrap();
    assert_eq!(settings.sources["mail"].targets.first_response_us, Some(14_400_000_000));
    Settings::set_in_file(&path, "session_gap", "86400s").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# ours\nbots = \"reply\" # they are good\n"), "{text}");
    assert_eq!(Settings::load(&path).unwrap().get("session_gap").unwrap().as_deref(), Some("1d"));
    assert!(matches!(Settings::set_in_file(&path, "bots", "maybe"), Err(SettingsError::BadValue { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    Settings::set_in_file(&path, "bots", "ignore").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# ours\nbots = \"ignore\" # they are good\n"), "{text}");
}

#[test]
fn the_comment_at_the_head_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let file = |text: &str, key: &str, value: &str| {
        std::fs::write(&path, text).unwrap();
        Settings::set_in_file(&path, key, value).unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    assert_eq!(file("# Rules\n", "bots", "reply"), "# Rules\nbots = \"reply\"\n");
    assert_eq!(file("# Rules", "targets.response", "5m"), "# Rules\n[targets]\nresponse = \"5m\"\n");
    assert_eq!(
        file("# Rules\n\n# quick\n[targets]\nresponse = \"5m\"\n", "bots", "reply"),
        "# Rules\n\nbots = \"reply\"\n# quick\n[targets]\nresponse = \"5m\"\n"
    );
}

#[test]
fn a_setting_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let text = "# Rules\n\nbots = \"reply\"\n\n[source.\"my.mail\"]\nbots = \"ignore\"\n[source.chat.targets]\n\
                response = \"1m\"\n";
    std::fs::write(&path, text).unwrap();
    let settings = Settings::unset_in_file(&path, "source.\"my.mail\".bots").unwrap().unwrap();
    assert_eq!(settings.rules_for("my.mail").bots, Bots::Reply);
    Settings::unset_in_file(&path, "source.chat.targets.response").unwrap().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# Rules\n\nbots = \"reply\"\n");
    assert_eq!(Settings::unset_in_file(&path, "bots").unwrap(), Some(Settings::default()));
    assert_eq!(Settings::unset_in_file(&path, "bots").unwrap(), None);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# Rules\n\n");
    assert!(matches!(Settings::unset_in_file(&path, "bot"), Err(SettingsError::UnknownKey { .. })));
}

#[test]
fn a_fiscal_year_begins_with_a_month_by_name_or_number() {
    for text in ["april", "04", "4"] {
        let settings = parse(&format!("fiscal_year_start = '{text}'")).unwrap();
        assert_eq!(settings.fiscal_year_start, Month::April, "{text}");
        assert_eq!(settings.get("fiscal_year_start").unwrap().as_deref(), Some("april"));
        assert_eq!(settings.fold_hash(), Settings::default().fold_hash());
    }
    let error = parse("fiscal_year_start = 'spring'").unwrap_err().to_string();
    assert_eq!(
        error,
        "settings.toml, line 1: setting fiscal_year_start cannot be \"spring\"; write a month such as april or 04"
    );
}

#[test]
fn keywords_are_lists_of_words_by_language() {
    let settings = parse("[keywords.stop]\npl = \"REZYGNUJĘ, WYPISZ,\"\nen = 'NO MORE'\n").unwrap();
    assert_eq!(settings.keywords.stop_words(), ["NO MORE", "REZYGNUJĘ", "WYPISZ"]);
    assert_eq!(settings.keywords.start_words(), [""; 0]);
    assert_eq!(settings.get("keywords.stop.pl").unwrap().as_deref(), Some("REZYGNUJĘ, WYPISZ"));
    assert_eq!(settings.get("keywords.start.pl").unwrap(), None);
    assert!(parse("keywords.stop.pl = ' , '").unwrap_err().to_string().contains("write words with commas"));
    assert!(matches!(settings.get("keywords.stop.Polish"), Err(SettingsError::UnknownKey { .. })));
    assert_eq!(settings.fold_hash(), Settings::default().fold_hash());
}
