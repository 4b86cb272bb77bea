"""A headless browser, through the pipe of the DevTools protocol."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")


class Page:
    """One page in a window of a given size."""

    def __init__(self, commands, answers):
        self._commands, self._answers, self._numbers, self._session = commands, answers, itertools.count(1), {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = {"sessionId": session}

    def call(self, method, **parameters):
        number = next(self._numbers)
        self._commands.write(
            json.dumps({"id": number, "method": method, "params": parameters} | self._session).encode() + b"\0"
        )
        self._commands.flush()
        while True:
            answer = json.loads(b"".join(iter(lambda: self._answers.read(1), b"\0")))
            if answer.get("id") == number:
                return answer["result"]

    def open(self, address, width, height, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=address)
        self.until(f"location.href === {json.dumps(address)} && document.readyState === 'complete'")

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression, seconds=20.0):
        deadline = time.monotonic() + seconds
        while not (found := self.value(expression)):
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {expression}"
            time.sleep(0.05)
        return found

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def browser(profile):
    """A page of a browser that keeps its files in the folder ``profile``."""
    theirs, commands = os.pipe()
    answers, ours = os.pipe()
    words = [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{theirs} 4>&{ours}', "bash", *words],
        pass_fds=(theirs, ours),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(ours)
    try:
        with os.fdopen(commands, "wb") as writer, os.fdopen(answers, "rb") as reader:
            yield Page(writer, reader)
    finally:
        process.kill()
        process.wait()
