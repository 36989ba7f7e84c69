"""A headless Chromium, driven through its DevTools pipe with nothing but Python's own library."""
import base64
import fcntl
import glob
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
# Where Playwright keeps the browsers that it installs.
CACHED = ["chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-linux*/headless_shell"]
# Seconds that the browser may take for one answer: a loaded machine starts it slowly.
PATIENCE_S = 60


def find():
    """The browser: CHROMIUM, one on the PATH, one of Playwright's; None where there is none."""
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"]
    for name in NAMES:
        if shutil.which(name):
            return shutil.which(name)
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", os.path.expanduser("~/.cache/ms-playwright"))
    found = sorted(path for pattern in CACHED for path in glob.glob(os.path.join(cache, pattern)))
    return found[-1] if found else None


class Page:
    """One page. `requests` are the addresses that it asked for, `errors` what its script threw."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        to_child, self.pipe_in = os.pipe()
        self.pipe_out, from_child = os.pipe()
        # The browser reads from descriptor 3 and writes to 4: ours make room first.
        move = lambda fd: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20)
        to_child, self.pipe_in, self.pipe_out, from_child = map(
            move, (to_child, self.pipe_in, self.pipe_out, from_child)
        )
        os.dup2(to_child, 3)
        os.dup2(from_child, 4)
        command = [
            program,
            "--headless=new",
            "--remote-debugging-pipe",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--font-render-hinting=none",
            f"--user-data-dir={self.folder.name}",
        ]
        if os.geteuid() == 0:
            # Its sandbox refuses to run as root.
            command.append("--no-sandbox")
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            [*command, "about:blank"], pass_fds=(3, 4), stdin=quiet, stdout=quiet, stderr=quiet
        )
        for fd in (3, 4, to_child, from_child):
            os.close(fd)
        self.buffer, self.last, self.requests, self.errors = b"", 0, [], []
        self.session, self.loaded = None, False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def call(self, method, **params):
        """Calls the browser and waits for its answer."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.pipe_in, data) :]
        while True:
            answer = self.receive()
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def receive(self):
        """The next message, which is noted if it is an event."""
        deadline = time.monotonic() + PATIENCE_S
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.pipe_out], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.pipe_out, 1 << 20) if ready else b""
            if not piece:
                raise RuntimeError("the browser says nothing" if not ready else "the browser has ended")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(line)
        params = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(params["exceptionDetails"].get("exception", {}).get("description", "an exception"))
            case "Page.loadEventFired":
                self.loaded = True
        return message

    def look(self, width, height=900, scheme="light", media="screen", scale=1):
        """Sets the size of the window, the colour scheme and the medium."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, path):
        """Opens a file and waits until it is loaded."""
        self.loaded = False
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while not self.loaded:
            self.receive()

    def run(self, script):
        """The value of a JavaScript expression, promises awaited."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def picture(self, path, clip=None, whole=False):
        """Writes what is seen, a part of it, or the whole page as PNG."""
        params = {"format": "png", "captureBeyondViewport": whole or clip is not None}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"]}
        if clip:
            params["clip"] = {"scale": 1, **clip}
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", **params)["data"]))

    def pdf(self):
        """The page printed on A4."""
        size = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, "preferCSSPageSize": True}
        return base64.b64decode(self.call("Page.printToPDF", **size)["data"])
