"""`make serve`: the daemon with the example, and the one push that deploys it on the emulator."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "emulator"))

from emulator_harness import ROOT  # noqa: E402  pylint: disable=wrong-import-position
from harness import CLEAN_PATH, PIPELINE  # noqa: E402  pylint: disable=wrong-import-position
from images import make_base_image  # noqa: E402  pylint: disable=wrong-import-position


def free_port():
    """A port that the system gives."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class ExampleTest(unittest.TestCase):
    """As a person does who reads the README."""

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="pipeline-serve-example-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.binary = os.path.abspath(PIPELINE)
        self.env = {
            "PATH": CLEAN_PATH, "HOME": str(self.home), "PIPELINE_EXAMPLE_HOME": str(self.home),
            "PIPELINE_STATE_DIR": str(self.home / "state"), "PIPELINE_SERVE_PORT": str(free_port()),
        }
        seed = (ROOT / "examples/fastapi/emulator.yml").read_text(encoding="utf-8").replace("port: 8080", "port: 0")
        (self.home / "seed.yml").write_text(seed, encoding="utf-8")
        self.env["PIPELINE_EXAMPLE_SEED"] = str(self.home / "seed.yml")
        make_base_image(lambda *words: self.run_program(self.binary, *words), self.env)
        self.addCleanup(self.run_program, self.binary, "emulator", "down")

    def run_program(self, *argv):
        """Its output; it has to succeed."""
        done = subprocess.run(argv, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def ask(self, path):
        """The API's JSON."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.env['PIPELINE_SERVE_PORT']}{path}", timeout=30) as answer:
            return json.load(answer)

    def wait_for(self, what, condition, seconds):
        """Until the condition gives something true; that."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.2)
        return found

    def test_the_push_that_is_printed_deploys_the_example(self):
        script = [str(ROOT / "examples/serve-example"), "fastapi", self.binary]
        box = subprocess.Popen(script, env=self.env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(box.stdout.close)
        self.addCleanup(box.wait, 30)
        self.addCleanup(box.terminate)
        lines = []
        while not (lines and lines[-1].startswith("http://")):
            lines.append(box.stdout.readline())
            self.assertTrue(lines[-1], lines)
        push = next(line for line in lines if "push box main" in line)
        self.wait_for("not polled", (self.home / "state/mirrors/local/fastapi.git/HEAD").exists, 30)
        time.sleep(2)
        self.run_program(*push.split())
        run = self.wait_for("no run", lambda: self.ask("/api/runs")["runs"], 30)[0]["id"]
        found = self.wait_for(
            "it does not end",
            lambda: self.ask(f"/api/runs/{run}")["run"]["status"] == "completed" and self.ask(f"/api/runs/{run}"), 400)
        self.assertEqual(found["run"]["conclusion"], "success", found)
        status = json.loads(self.run_program(self.binary, "emulator", "status", "--json"))
        self.assertTrue(all(service["running"] == service["desired"] > 0 for service in status["services"]), status)


if __name__ == "__main__":
    unittest.main()
