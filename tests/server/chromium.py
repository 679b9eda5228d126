"""Debian's Chromium without a window, driven by playwright-core (chromium.js).

The build fetches it by package-lock.json; NODE_PATH says where it is, or PIPELINE_BINARY, beside which the build has it.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".js")
BUILD = Path(os.environ.get("PIPELINE_BINARY", "build/release/pipeline")).absolute().parent
PACKAGES = os.environ.get("NODE_PATH", str(BUILD / "tests/page/node_modules"))


class Chromium:
    """One page with an empty profile; the tests of a class share a browser. `errors` are exceptions and refusals of its console."""

    def __init__(self, test):
        self.test = test
        self.errors = []
        self.process = vars(type(test)).get("chromium") or self.start(type(test))
        self.do("open")

    def start(self, case):
        """A browser, ended with the class."""
        program = shutil.which("chromium")
        self.test.assertTrue(program, "chromium is not installed (packages.txt)")
        folder = tempfile.mkdtemp(prefix="pipeline-chromium-")
        case.chromium = subprocess.Popen(  # pylint: disable=consider-using-with
            ["node", str(SCRIPT), program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, "NODE_PATH": PACKAGES},
            text=True,
        )
        case.addClassCleanup(self.end, case.chromium, folder)
        return case.chromium

    @staticmethod
    def end(process, folder):
        """With its profiles."""
        process.stdin.close()
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            shutil.rmtree(folder, ignore_errors=True)

    def ask(self, what, value=None):
        """What became of a command."""
        try:
            self.process.stdin.write(json.dumps({"do": what, "with": value}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        self.test.assertTrue(line, "the browser is gone; its reason is above")
        answer = json.loads(line)
        self.errors = answer["errors"]
        return answer

    def do(self, what, value=None):
        """What a command gives."""
        answer = self.ask(what, value)
        self.test.assertNotIn("failed", answer, f"{what} {value}: {answer.get('failed')}")
        return answer.get("value")

    def evaluate(self, expression):
        """A value of the page."""
        return self.do("evaluate", expression)

    def wait_for(self, expression, seconds=20):
        """The first value of it that is true."""
        answer = self.ask("wait", {"expression": expression, "seconds": seconds})
        if "failed" in answer:
            self.test.fail(f"{answer['failed']}: {expression}\nthe page says:\n{self.text()[:3000]}\n{self.errors}")
        return answer["value"]

    def goto(self, url):
        """Opens an address; the page may still be fetching what it shows."""
        self.do("goto", url)

    def text(self):
        """What people read."""
        return self.evaluate("document.body.innerText")

    def click(self, name):
        """Presses the button with that name, once it is there."""
        self.do("click", name)

    def press(self, key):
        """A key of the keyboard, by its DOM name."""
        self.do("press", key)

    def type(self, text):
        """Text into what has the focus."""
        self.do("type", text)

    def resize(self, width, height):
        """How much of the page is in view."""
        self.do("size", {"width": width, "height": height})

    def prefer(self, scheme):
        """`light` or `dark`."""
        self.do("scheme", scheme)

    def barriers(self):
        """What axe-core finds that keeps people from using the page."""
        return self.do("barriers")

    def screenshot(self, path):
        """A picture of what is in view."""
        self.do("screenshot", str(path))
