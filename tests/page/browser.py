"""A real browser without a window, driven over a pipe (the DevTools protocol) by what Python has of its own."""

import base64
import itertools
import json
import os
import subprocess
import tempfile
import time

SECONDS = 240  # tells a browser that hangs from one that is slow

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
           "--remote-debugging-pipe", "--force-color-profile=srgb"]


class Browser:
    """One process; `page` opens a file in a tab of its own."""

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(prefix="page-browser-")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def take_pipes():  # where the browser expects them
            os.dup2(to_browser, 63)
            os.dup2(from_browser, 64)
            os.dup2(63, 3)
            os.dup2(64, 4)

        self.process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={self.profile.name}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=take_pipes, close_fds=False, env=os.environ | {"HOME": self.profile.name})
        os.close(to_browser)
        os.close(from_browser)
        self.numbers = itertools.count(1)
        self.pending = b""
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.write_end)
        os.close(self.read_end)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for _ in range(20):  # its children write for a moment longer
            try:
                self.profile.cleanup()
                break
            except OSError:
                time.sleep(0.1)

    def message(self):
        while b"\0" not in self.pending:
            octets = os.read(self.read_end, 1 << 20)
            if not octets:
                raise RuntimeError("the browser has gone")
            self.pending += octets
        first, _, self.pending = self.pending.partition(b"\0")
        return json.loads(first)

    def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            answer = self.message()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)
        raise RuntimeError(f"{method} does not end")

    def page(self, path, width):
        return Page(self, path, width)


class Page:
    def __init__(self, browser, path, width, height=900):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.width(width, height)
        self.call("Page.navigate", url=f"file://{path}")
        self.wait_loaded()

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def wait_loaded(self):
        deadline = time.monotonic() + SECONDS
        while self.evaluate("document.readyState") != "complete" or self.evaluate("location.href") == "about:blank":
            if time.monotonic() > deadline:
                raise RuntimeError("the page does not load")
            time.sleep(0.02)

    def width(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, name):
        self.call("Emulation.setEmulatedMedia", media=name)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def screenshot(self, path, clip=None):
        extra = {"clip": clip | {"scale": 1}} if clip else {}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, **extra)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self, path):
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def requests(self):
        """Addresses that this page asked for."""
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] == "Network.requestWillBeSent"]

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
