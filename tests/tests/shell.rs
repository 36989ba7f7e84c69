//! The shell of `tape sql` on a pseudo-terminal, and the same statements and commands without one.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tapemeasure_tests::{Archive, Log, package, python, run_with_input, script, tape_path};

/// Patience with a step on a loaded machine.
const SOON_S: u64 = 20;

/// How long a query may live on after Ctrl-C: the contract says a second, the rest is for a loaded machine.
const STOPPED_S: f64 = 3.0;

/// A shell that is typed into.
struct Shell<'a> {
    archive: &'a Archive,
    state: PathBuf,
    pager: String,
    steps: Vec<Value>,
}

impl<'a> Shell<'a> {
    /// A shell without a pager, at its first prompt.
    fn new(archive: &'a Archive) -> Shell<'a> {
        let state = archive.input("state");
        Shell { archive, state, pager: String::new(), steps: Vec::new() }.prompt()
    }

    /// With this command as pager.
    fn pager(self, command: &str) -> Shell<'a> {
        Shell { pager: command.to_owned(), ..self }
    }

    /// Types keys.
    fn keys(mut self, text: &str) -> Shell<'a> {
        self.steps.push(json!(["type", text]));
        self
    }

    /// Types a line.
    fn line(self, text: &str) -> Shell<'a> {
        self.keys(&format!("{text}\r"))
    }

    /// Waits until this is seen.
    fn sees(mut self, pattern: &str) -> Shell<'a> {
        self.steps.push(json!(["expect", pattern, SOON_S]));
        self
    }

    /// This has not been seen since the last match.
    fn never(mut self, pattern: &str) -> Shell<'a> {
        self.steps.push(json!(["never", pattern]));
        self
    }

    /// Waits for the next prompt.
    fn prompt(mut self) -> Shell<'a> {
        self.steps.push(json!(["prompt", SOON_S]));
        self
    }

    /// Leaves, and gives the seconds that each step took.
    #[track_caller]
    fn leave(self) -> Vec<f64> {
        let mut all = self.line("\\q");
        all.steps.push(json!(["end", SOON_S]));
        let mut command = python();
        command.arg(script("shell_pty.py")).args(["24", "100"]).arg(tape_path()).arg("sql");
        for (name, value) in all.archive.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TERM", "xterm").env("PAGER", &all.pager).env("XDG_STATE_HOME", &all.state);
        let steps = Value::from(all.steps).to_string();
        let rows = run_with_input(command, steps.as_bytes()).done().rows();
        rows.iter().map(|row| row["seconds"].as_f64().expect("a step takes time")).collect()
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines_with<'a>(text: &'a str, part: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(part)).collect()
}

#[test]
fn a_statement_goes_over_lines_and_ends_with_a_semicolon() {
    let archive = Archive::of(&Log::questions(3));
    Shell::new(&archive)
        .line("select 1 as one, -- no end yet;")
        .sees("    > ")
        .line("'a;b' as two;")
        .sees(r"│ +one ┆ two +│")
        .sees(r"│ +1 ┆ a;b +│")
        .sees(r"1 row in \d+\.\d{3} s")
        .prompt()
        .leave();
}

#[test]
fn tab_completes_a_table_and_a_column() {
    let archive = Archive::of(&Log::questions(3));
    Shell::new(&archive)
        .keys("select conversation_id from wai\t")
        .sees(r"from waits ")
        .keys("where chan\t")
        .sees(r"where channel")
        .line(" = 'sms' order by 1 limit 1;")
        .sees(r"│ c0 +│")
        .prompt()
        .leave();
}

#[test]
fn ctrl_c_stops_a_query_and_keeps_the_shell() {
    let archive = Archive::of(&Log::questions(20_000));
    // 8,000,000,000,000 pairs: hours.
    let seconds = Shell::new(&archive)
        .line("select sum(a.n_inbound * b.n_inbound + c.n_inbound) as n from waits a, waits b, waits c;")
        .sees(r"rows read; Ctrl-C stops")
        .keys("\u{3}")
        .sees("stopped")
        .prompt()
        .line("select 6 * 7 as answer;")
        .sees(r"│ +42 │")
        .prompt()
        .leave();
    let stopped = seconds[4] + seconds[5];
    assert!(stopped < STOPPED_S, "the prompt was back after {stopped} s");
}

#[test]
fn ctrl_c_throws_away_what_was_typed() {
    let archive = Archive::of(&Log::questions(3));
    Shell::new(&archive)
        .line("select 'begun,")
        .sees("    > ")
        .keys("\u{3}")
        .prompt()
        .line("select 6 * 7 as answer;")
        .sees(r"│ +42 │")
        .prompt()
        .leave();
}

#[test]
fn what_fits_is_printed_and_what_does_not_is_paged() {
    let archive = Archive::of(&Log::questions(60));
    let paged = archive.input("paged.txt");
    Shell::new(&archive)
        .pager(&format!("cat > '{}'", paged.display()))
        .line("select conversation_id from waits order by opened_at limit 3;")
        .sees(r"│ c2 +│")
        .prompt()
        .line("select conversation_id from waits order by opened_at;")
        .sees("60 rows in")
        .prompt()
        .leave();
    let paged = read(&paged);
    let rows = lines_with(&paged, "│ c");
    // 60 rows and the head.
    assert_eq!(rows.len(), 61, "{paged}");
    assert!(rows[60].contains("c59"), "{paged}");
}

#[test]
fn without_a_pager_a_long_result_says_what_is_missing() {
    let archive = Archive::of(&Log::questions(60));
    let query = "select conversation_id from waits order by opened_at;";
    Shell::new(&archive)
        .line(query)
        .sees(r"│ c19 +│\n│ ⋮ +│\n│ c40 +│")
        .sees(r"40 of 60 rows shown; \\o FILE writes all")
        .prompt()
        .line("\\rows all")
        .prompt()
        .line(query)
        .sees(r"│ c20 +│")
        .sees(r"│ c59 +│")
        .never("rows shown")
        .prompt()
        .leave();
    // What is piped is whole, whatever its length.
    let piped = archive.run(&["sql", query, "--format", "table"]).done();
    assert_eq!(lines_with(piped.text(), "│ c").len(), 61);
}

#[test]
fn an_error_points_into_the_query() {
    let archive = Archive::of(&Log::questions(3));
    Shell::new(&archive)
        .line("select chanel from waits;")
        .sees(r"at line 1, column 8: there is no column chanel; did you mean channel\?")
        .sees(r"  1 │ select chanel from waits;\n    │        \^{6}\n")
        .prompt()
        .line("select channel")
        .line("from wait;")
        .sees(r"at line 2, column 6: there is no table wait; did you mean waits\?")
        .sees(r"  2 │ from wait;\n    │      \^{4}\n")
        .prompt()
        .line("selct 1;")
        .sees(r"line 1, column 1: expected an SQL statement, found selct; did you mean SELECT\?")
        .prompt()
        .line("\\timming")
        .sees(r"unknown command \\timming; did you mean \\timing\?")
        .prompt()
        .leave();
    // A script gets one line.
    let run = archive.run(&["sql", "select chanel\nfrom waits"]);
    run.fails(2, &["bad query at line 1, column 8: there is no column chanel; did you mean channel?"]);
    let file = archive.write("two.sql", "select 1;\n\nselect count( from waits;\n");
    let run = archive.run(&["sql", "-f", &file.to_string_lossy()]);
    run.fails(2, &["two.sql at line 3, column 20: expected ), found waits"]);
}

#[test]
fn the_last_result_is_a_table() {
    let archive = Archive::of(&Log::questions(3));
    Shell::new(&archive)
        .line("select 7 as seven;")
        .sees(r"│ +7 │")
        .prompt()
        .line("select nothing from waits;")
        .sees("there is no column nothing")
        .prompt()
        .line("select seven * 6 as n from _;")
        .sees(r"│ +42 │")
        .prompt()
        .line("select n + 1 as n from _;")
        .sees(r"│ +43 │")
        .prompt()
        .line("select * from range(1000001);")
        .sees("not kept as _: the result has more than 1,000,000 rows or 256 MiB")
        .prompt()
        .leave();
}

#[test]
fn results_go_to_files_each_to_its_own() {
    let archive = Archive::of(&Log::questions(3));
    let out = archive.input("out.csv");
    Shell::new(&archive)
        .line(&format!("\\o {}", out.display()))
        .sees("as csv")
        .prompt()
        .line("select 1 as a;")
        .sees(r"1 row to .*out\.csv")
        .prompt()
        .line("select 2 as a;")
        .sees(r"1 row to .*out-2\.csv")
        .prompt()
        .line("\\o")
        .prompt()
        .line("select 3 as a;")
        .sees(r"│ +3 │")
        .prompt()
        .leave();
    assert_eq!(read(&out), "a\n1\n");
    assert_eq!(read(&archive.input("out-2.csv")), "a\n2\n");
}

#[test]
fn the_look_of_results_is_changed_by_commands() {
    let archive = Archive::of(&Log::questions(3));
    let query = "select 1 as a, 'x' as b;";
    Shell::new(&archive)
        .line("\\format csv")
        .prompt()
        .line(query)
        .sees(r"a,b\n1,x\n")
        .prompt()
        .line("\\x")
        .sees("format is vertical")
        .prompt()
        .line(query)
        .sees(r"a  1\nb  x\n")
        .prompt()
        .line("\\x off")
        .sees("format is csv")
        .prompt()
        .line("\\timing")
        .sees("timing is off")
        .prompt()
        .line(query)
        .sees(r"1,x\n")
        .never("1 row in")
        .prompt()
        .line("\\format parquet")
        .prompt()
        .line(query)
        .sees(r"parquet is nothing for a terminal; write it with \\o FILE")
        .prompt()
        .leave();
}

#[test]
fn values_of_parameters_and_files_of_statements() {
    let archive = Archive::of(&Log::questions(5));
    let file =
        archive.write("q.sql", "\\set channel sms\nselect count(*) as n\nfrom waits where channel = $channel;\n");
    Shell::new(&archive)
        .line(&format!("\\i {}", file.display()))
        .sees(r"│ +5 │")
        .prompt()
        .line("\\set channel 'email'")
        .prompt()
        .line("select count(*) as n from waits where channel = $channel;")
        .sees(r"│ +0 │")
        .prompt()
        .line("\\set")
        .sees(r"│ \$channel +┆ email +│")
        .prompt()
        .line("\\unset channel")
        .prompt()
        .line("\\unset channel")
        .sees("there is no value of \"channel\"")
        .prompt()
        .leave();
}

#[test]
fn tables_columns_and_kpis_are_described() {
    let archive = Archive::of(&Log::questions(3));
    let tables = archive.run(&["sql", "\\d", "--format", "csv"]).done();
    for name in ["events", "messages", "waits", "sessions", "subscriptions"] {
        assert_eq!(lines_with(tables.text(), &format!("{name},")).len(), 1, "{}", tables.text());
    }
    let columns = archive.run(&["sql", "\\d waits", "--format", "csv"]).done();
    assert_eq!(columns.text().lines().next(), Some("column,type,null,meaning"));
    assert_eq!(
        lines_with(columns.text(), "wait_us,"),
        ["wait_us,bigint,yes,microseconds to the answer; null unless replied"]
    );
    let kpis = archive.run(&["sql", "\\kpi", "--format", "csv"]).done();
    assert_eq!(lines_with(kpis.text(), "first_response_time,").len(), 1);
    let kpi = archive.run(&["sql", "\\kpi resolution_time"]).done();
    assert_eq!(lines_with(kpi.text(), "better").len(), 1);
    assert!(kpi.text().contains("over      sessions, by closed_at"), "{}", kpi.text());
    archive.run(&["sql", "\\kpi resolution_tim"]).fails(2, &["did you mean resolution_time?"]);
    archive.run(&["sql", "\\d wait"]).fails(2, &["did you mean waits?"]);
    let settings = archive.run(&["sql", "\\settings", "--format", "csv"]).done();
    assert_eq!(lines_with(settings.text(), "time_zone,"), ["time_zone,UTC"]);
}

#[test]
fn the_time_zone_can_be_changed() {
    let archive = Archive::of(&Log::questions(3));
    let query = "select local_day(instant('2025-03-03T23:10:00Z')) as day";
    let file = archive.write("zones.sql", format!("{query};\n\\tz Europe/Berlin\n{query};\n"));
    let run = archive.run(&["sql", "-f", &file.to_string_lossy()]).done();
    assert_eq!(run.text(), "day\n2025-03-03\nday\n2025-03-04\n");
    archive.run(&["sql", "\\tz Europe/Berln"]).fails(2, &["unknown time zone"]);
}

#[test]
fn statements_of_a_file_run_in_their_order() {
    let archive = Archive::of(&Log::questions(3));
    let text = "create view v as select 1 as a; -- a view;\nselect a from v;\nselect a + 1 as b from _";
    let file = archive.write("views.sql", text);
    let file = file.to_string_lossy();
    assert_eq!(archive.run(&["sql", "-f", &file]).done().text(), "a\n1\nb\n2\n");
    let counts =
        "select count(*) as a from waits where channel = $c; select count(*) + 1 as b from waits where channel = $c";
    assert_eq!(archive.run(&["sql", counts, "--param", "c=sms"]).done().text(), "a\n3\nb\n4\n");
    archive.run(&["sql", "select 1; select 2", "--param", "n=1"]).fails(2, &["no parameter \"n\"; it has none"]);
    let out = archive.input("both.csv");
    archive.run(&["sql", "-f", &file, "-o", &out.to_string_lossy()]).fails(2, &["holds the first result"]);
    let two = "select 1 as a; select 2 as b";
    assert_eq!(
        archive.run(&["sql", two, "--format=markdown"]).done().text(),
        "| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |\n"
    );
    let without_result = "create view w as select 1 as a; select a from w";
    for format in ["--format=parquet", "--format=arrow"] {
        archive.run(&["sql", two, format]).fails(2, &["standard output holds the first result"]);
        archive.run(&["sql", without_result, format]).done();
    }
    archive.run(&["sql", "select $n", "--param=n=1", "--param=n=2"]).fails(2, &["--param n is given twice"]);
    archive.run(&["sql", "select $n"]).fails(2, &["parameter $n has no value", "--param n=VALUE"]);
    archive.run(&["sql", " -- nothing"]).fails(2, &["there is no query"]);
}

#[test]
fn a_file_that_runs_itself_is_stopped() {
    let archive = Archive::of(&Log::questions(3));
    let file = archive.input("circle.sql");
    std::fs::write(&file, format!("\\i {}\n", file.display())).expect("a file can be written");
    archive.run(&["sql", "-f", &file.to_string_lossy()]).fails(2, &["files run in a circle"]);
}

#[test]
fn the_history_outlives_the_shell_statement_by_statement() {
    let archive = Archive::of(&Log::questions(3));
    Shell::new(&archive)
        .line("select 5 as five,")
        .sees("    > ")
        .line("6 as six;")
        .sees(r"│ +5 ┆ +6 │")
        .prompt()
        .leave();
    let history = read(&archive.input("state/tapemeasure/history"));
    assert_eq!(history.lines().count(), 2, "the statement and \\q: {history}");
    Shell::new(&archive)
        .keys("\u{12}five")
        .sees("6 as six;")
        .keys("\r")
        .keys("\r")
        .sees(r"│ +5 ┆ +6 │")
        .prompt()
        .leave();
}

#[test]
fn every_command_is_in_the_help_and_in_the_documentation() {
    let archive = Archive::of(&Log::questions(3));
    let help = archive.run(&["sql", "\\?"]).done();
    let documentation = read(&package().join("../docs/sql.md"));
    let names: Vec<&str> =
        help.text().lines().filter(|line| line.starts_with('\\')).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names.len(), 15, "{}", help.text());
    for name in names {
        assert!(documentation.contains(&format!("`{name}")), "docs/sql.md does not have {name}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_verb() {
    let archive = Archive::new();
    let all = archive.run(&["man"]).done();
    assert!(all.text().contains(".SH SYNOPSIS"), "{}", all.text());
    assert!(all.text().contains("tape\\-kpi"), "{}", all.text());
    let page = archive.run(&["man", "kpi"]).done();
    assert!(page.text().contains("\\-\\-grain"), "{}", page.text());
    archive.run(&["man", "kpy"]).fails(2, &["did you mean kpi?"]);
}
