//! Finding `tape`, starting it as a process, and what it leaves: exit code, standard output, standard error.

use crate::Row;
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest life of one process under test; one that takes longer hangs and is killed.
const LIFE_LIMIT: Duration = Duration::from_secs(600);

/// How long a process may live on after Ctrl-C. The contract says a second; the rest is for a loaded machine.
pub const INTERRUPT_DEADLINE: Duration = Duration::from_secs(5);

/// The program under test: `TAPE_BIN`, else `tape` in the folder of the build profile that this test was built in.
///
/// # Panics
/// When there is no such file: `cargo test` does not build the programs of other packages.
pub fn tape_path() -> PathBuf {
    if let Some(named) = std::env::var_os("TAPE_BIN") {
        let path = PathBuf::from(named);
        assert!(path.is_file(), "TAPE_BIN names {}, which is no file", path.display());
        return path;
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let name = format!("tape{}", std::env::consts::EXE_SUFFIX);
    // The test lies in target/<profile>/deps, the program in target/<profile>.
    let found = test.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "the program tape is not beside {}: build it with `cargo build --release -p tapemeasure-cli`, or set TAPE_BIN",
            test.display()
        )
    })
}

/// A command that starts `tape` without a terminal, without the caller's `TAPE_*` variables, on a machine whose own
/// time zone is none of those that the tests ask for.
pub fn tape() -> Command {
    let mut command = Command::new(tape_path());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TAPE_") {
            command.env_remove(name);
        }
    }
    command.env("TZ", "Pacific/Apia").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A finished process.
#[derive(Debug)]
pub struct Run {
    /// What was started, for messages.
    pub command: String,
    /// Exit code; 128 + signal for a process that a signal ended, as shells count.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

/// A process that is under way; its output is read all the while, so that it never waits for the test.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    started: Instant,
}

/// Starts the command and waits for its end.
pub fn run(command: Command) -> Run {
    start(command).wait()
}

/// Runs the command with these bytes on its standard input, then its end.
pub fn run_with_input(mut command: Command, input: &[u8]) -> Run {
    command.stdin(Stdio::piped());
    let mut running = start(command);
    let mut pipe = running.stdin();
    // A program that refuses its input early closes the pipe; its exit code then says why.
    let _ = pipe.write_all(input);
    drop(pipe);
    running.wait()
}

/// Starts the command and returns while it works.
pub fn start(mut command: Command) -> Running {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = spelled(&command);
    let started = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start `{said}`: {error}"));
    let stdout = drain(child.stdout.take().expect("standard output was asked for"));
    let stderr = drain(child.stderr.take().expect("standard error was asked for"));
    Running { command: said, child, stdout, stderr, started }
}

impl Running {
    /// The standard input of a process that was started with a pipe there.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("the process was started with a pipe as standard input")
    }

    /// True once the process has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the state of a child can be asked").is_some()
    }

    /// Sends what Ctrl-C sends.
    pub fn interrupt(&self) {
        let kill = format!("kill -INT {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
        // The process may have ended on its own meanwhile: then there is nobody to tell, and `wait` shows it.
        let _ = status.unwrap_or_else(|error| panic!("cannot run `{kill}`: {error}"));
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When the process outlives every patience; it is killed first.
    pub fn wait(mut self) -> Run {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the state of a child can be asked") {
                break status;
            }
            if self.started.elapsed() > LIFE_LIMIT {
                let _ = self.child.kill();
                panic!("`{}` was still running after {} s", self.command, LIFE_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let stdout = self.stdout.join().expect("the reader of standard output ends");
        let stderr = self.stderr.join().expect("the reader of standard error ends");
        let stderr = String::from_utf8(stderr).expect("messages are UTF-8");
        Run { command: self.command, code: exit_code(status), stdout, stderr }
    }
}

impl Run {
    /// Passes the run on if it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Run {
        assert!(
            self.code == code,
            "`{}` exited {} instead of {code}\nstandard error:\n{}\nstandard output:\n{}",
            self.command,
            self.code,
            self.stderr,
            String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(4000)])
        );
        self
    }

    /// Passes the run on if it ended well.
    #[track_caller]
    pub fn done(self) -> Run {
        self.exits(0)
    }

    /// The only line on standard error.
    #[track_caller]
    pub fn error_line(&self) -> &str {
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!(lines.len() == 1, "`{}` wrote {} lines instead of one:\n{}", self.command, lines.len(), self.stderr);
        lines[0]
    }

    /// Asserts that the run failed with this code and one line on standard error that holds every one of `parts`;
    /// a part may name alternatives, divided by `|`.
    #[track_caller]
    pub fn fails(self, code: i32, parts: &[&str]) -> Run {
        let failed = self.exits(code);
        failed.says(parts);
        failed
    }

    /// Asserts that standard error is one line that holds every one of `parts` (alternatives divided by `|`).
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        let line = self.error_line();
        for part in parts {
            let found = part.split('|').any(|one| line.contains(one));
            assert!(found, "`{}` does not say {part:?}: {line}", self.command);
        }
    }

    /// Standard output as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout)
            .unwrap_or_else(|error| panic!("`{}` wrote no UTF-8 to standard output: {error}", self.command))
    }

    /// Standard output as one JSON object a line.
    #[track_caller]
    pub fn rows(&self) -> Vec<Row> {
        let lines = self.text().lines().filter(|line| !line.trim().is_empty());
        let parsed = lines.map(|line| match serde_json::from_str(line) {
            Ok(Value::Object(row)) => row,
            _ => panic!("`{}` wrote a line that is no JSON object: {line}", self.command),
        });
        parsed.collect()
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("the pipe of a child can be read");
        bytes
    })
}

fn exit_code(status: ExitStatus) -> i32 {
    let by_signal = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(by_signal).expect("a process ends by a code or by a signal")
}

fn spelled(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut said = program.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    for argument in command.get_args() {
        said.push(' ');
        said.push_str(&argument.to_string_lossy());
    }
    said
}
