"""Debian's Chromium without a window, driven over a pipe by its DevTools protocol."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking --disable-sync "
    "--no-first-run --no-default-browser-check --disable-extensions --mute-audio --remote-debugging-pipe "
    "--window-size=1280,900"
).split()


class Chromium:
    """One page of a browser with an empty profile. `errors` are exceptions and refusals of its console."""

    def __init__(self, test):
        program = shutil.which("chromium")
        test.assertTrue(program, "chromium is not installed (packages.txt)")
        self.test = test
        self.profile = tempfile.mkdtemp(prefix="pipeline-chromium-")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        # It reads commands from descriptor 3 and answers on 4.
        redirect = f"exec 3<&{to_browser} 4>&{from_browser}; exec \"$@\""
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["bash", "-c", redirect, "bash", program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": self.profile},
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        test.addCleanup(self.end)
        self.errors = []
        self.answers = {}
        self.changed = threading.Condition()
        self.number = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        target = self.call("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True}, session=None)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def end(self):
        """Ends it and takes its profile away."""
        os.close(self.write_end)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        self.reader.join(10)
        os.close(self.read_end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self):
        """Messages, each ended by a zero byte, until the browser is gone."""
        rest = b""
        while piece := os.read(self.read_end, 1 << 20):
            *messages, rest = (rest + piece).split(b"\0")
            for message in messages:
                self.take(json.loads(message))
        with self.changed:
            self.answers[None] = {}
            self.changed.notify_all()

    def take(self, message):
        """An answer, or an event."""
        with self.changed:
            if "id" in message:
                self.answers[message["id"]] = message
                self.changed.notify_all()
            elif message["method"] == "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"].get("exception", {}).get("description", "?"))
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["source"] == "security":
                self.errors.append(message["params"]["entry"]["text"])

    def call(self, method, params=None, session=""):
        """The result of one command."""
        self.number += 1
        number = self.number
        command = {"id": number, "method": method, "params": params or {}}
        if session is not None:
            command["sessionId"] = session or self.session
        os.write(self.write_end, json.dumps(command).encode() + b"\0")
        with self.changed:
            self.changed.wait_for(lambda: number in self.answers or None in self.answers, timeout=30)
            answer = self.answers.pop(number, None)
        self.test.assertIsNotNone(answer, f"Chromium did not answer {method}")
        self.test.assertNotIn("error", answer, f"{method}: {answer.get('error')}")
        return answer["result"]

    def evaluate(self, expression):
        """A value of the page."""
        answer = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        self.test.assertNotIn("exceptionDetails", answer, f"{expression}: {answer.get('exceptionDetails')}")
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=20):
        """The first value of it that is true."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if value := self.evaluate(expression):
                return value
            time.sleep(0.05)
        self.test.fail(f"not within {seconds} s: {expression}\nthe page says:\n{self.text()[:3000]}\n{self.errors}")
        return None

    def goto(self, url):
        """Opens an address; the page may still be fetching what it shows."""
        self.call("Page.navigate", {"url": url})
        self.wait_for(f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete'")

    def text(self):
        """What people read."""
        return self.evaluate("document.body.innerText")

    def click(self, name):
        """Presses the button with that text, once it is there."""
        button = f"[...document.querySelectorAll('button')].find(b => b.innerText === '{name}')"
        self.wait_for(f"!!{button}")
        self.evaluate(f"{button}.click()")

    def press(self, key, text=""):
        """A key of the keyboard, by its DOM name."""
        codes = {"Tab": 9, "Enter": 13, "End": 35, "Home": 36, "PageDown": 34}
        common = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        if key == "Enter":
            text = "\r"
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **common, **({"text": text} if text else {})})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **common})

    def type(self, text):
        """Text into what has the focus."""
        self.call("Input.insertText", {"text": text})

    def screenshot(self, path):
        """A picture of what is in view."""
        data = self.call("Page.captureScreenshot", {"format": "png"})["data"]
        Path(path).write_bytes(base64.b64decode(data))
