#!/usr/bin/env python3
"""Types into a program on a pseudo-terminal: shell_pty.py LINES COLUMNS PROGRAM [ARGUMENT...] < steps.json

The steps are a JSON array. Each is one of

    ["type", TEXT]             types the text, key by key
    ["expect", REGEX, SECONDS] waits until the output since the last match has it
    ["never", REGEX]           the output since the last match must not have it
    ["prompt", SECONDS]        waits until the program wants the next statement: its prompt stands last, and nothing follows
    ["end", SECONDS]           waits until the program ends, with exit code 0

Output is taken without escape sequences and carriage returns. A program that asks where the cursor is gets an answer, as
terminals give it. Prints one JSON object a step: what was matched, and the seconds it took. Exits 1 at the first step that
fails, with the end of the output on standard error.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

ESCAPE = re.compile(r"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[=>78]")
ASKS_POSITION = b"\x1b[6n"
PROMPT = "tape> "
# How long nothing may follow a prompt for it to be the last word.
QUIET_S = 0.15


class Terminal:
    def __init__(self, lines, columns, command):
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.execvp(command[0], command)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.raw = b""
        self.seen = 0
        self.last_output = time.monotonic()
        self.ended = False

    def read(self, seconds):
        """Takes what the program writes within some seconds, at most once."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return
        try:
            some = os.read(self.master, 65536)
        except OSError:
            # Linux says so when the other side is closed.
            some = b""
        if not some:
            self.ended = True
            time.sleep(0.01)
            return
        self.last_output = time.monotonic()
        for _ in range(some.count(ASKS_POSITION)):
            os.write(self.master, b"\x1b[1;1R")
        self.raw += some

    def text(self):
        return ESCAPE.sub("", self.raw.decode("utf-8", "replace")).replace("\r", "")

    def new(self):
        return self.text()[self.seen:]

    def type(self, text):
        for key in text:
            os.write(self.master, key.encode())
            # A person's keys come one by one; keys that come together are a paste.
            self.read(0.01)

    def expect(self, pattern, seconds):
        until = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.new())
            if found:
                self.seen += found.end()
                return found.group(0)
            if time.monotonic() > until or self.ended:
                return None
            self.read(0.05)

    def prompt(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.ended:
            self.read(0.05)
            if self.text().endswith(PROMPT) and time.monotonic() - self.last_output > QUIET_S:
                self.seen = len(self.text())
                return PROMPT
        return None

    def end(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read(0.02)
            pid, status = os.waitpid(self.child, os.WNOHANG)
            if pid:
                self.child = None
                return "0" if os.waitstatus_to_exitcode(status) == 0 else None
        return None

    def close(self):
        if self.child:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)


def run(terminal, step):
    """What a step matched; None if it failed."""
    kind, *arguments = step
    if kind == "type":
        terminal.type(arguments[0])
        return ""
    if kind == "expect":
        return terminal.expect(arguments[0], arguments[1])
    if kind == "never":
        return None if re.search(arguments[0], terminal.new()) else ""
    if kind == "prompt":
        return terminal.prompt(arguments[0])
    if kind == "end":
        return terminal.end(arguments[0])
    raise ValueError(f"no such step: {kind}")


def main(lines, columns, *command):
    steps = json.load(sys.stdin)
    terminal = Terminal(int(lines), int(columns), command)
    try:
        for step in steps:
            begun = time.monotonic()
            matched = run(terminal, step)
            if matched is None:
                print(f"step failed: {json.dumps(step)}\nnew output:\n{terminal.new()[-3000:]}", file=sys.stderr)
                return 1
            print(json.dumps({"matched": matched, "seconds": time.monotonic() - begun}), flush=True)
    finally:
        terminal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
