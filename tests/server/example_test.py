"""`make serve`: the daemon with the example, and the one push that deploys it on the emulator."""

import json
import os
import re
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
        # A machine that is busy takes longer to start a task than its health check has patience in seconds of a sixtieth.
        seed = seed.replace("time_scale: 60", "time_scale: 10")
        (self.home / "seed.yml").write_text(seed, encoding="utf-8")
        self.env["PIPELINE_EXAMPLE_SEED"] = str(self.home / "seed.yml")
        make_base_image(lambda *words: self.run_program(self.binary, *words), self.env)
        self.addCleanup(self.run_program, self.binary, "emulator", "down")

    def run_program(self, *argv):
        """Its output; it has to succeed."""
        done = subprocess.run(argv, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def ask(self, path, body=None):
        """The API's JSON; what changes something by the token that the script has made."""
        url = f"http://127.0.0.1:{self.env['PIPELINE_SERVE_PORT']}{path}"
        request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Authorization", "Bearer " + (self.home / "serve.token").read_text(encoding="utf-8"))
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait_for(self, what, condition, seconds):
        """Until the condition gives something true; that."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.2)
        return found

    def begin(self):
        """The daemon as `make serve` starts it; the push that it prints."""
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
        return push.split()

    def deployed(self, push):
        """The run that a push starts, when it has deployed; the version that it serves."""
        known = {run["id"] for run in self.ask("/api/runs")["runs"]}
        self.run_program(*push)
        run = self.wait_for("no run", lambda: [one["id"] for one in self.ask("/api/runs")["runs"] if one["id"] not in known], 30)[0]
        path = f"/api/runs/{run}"
        told = self.wait_for("nothing is told of requests", lambda: [one for one in [self.ask(path)] if "probe" in one], 400)
        self.assertEqual(told[0]["run"]["status"], "in_progress", "they are told of while they are made")
        found = self.wait_for("it does not end", lambda: self.ask(path)["run"]["status"] == "completed" and self.ask(path), 400)
        self.assertEqual(found["run"]["conclusion"], "success", found)
        status = json.loads(self.run_program(self.binary, "emulator", "status", "--json"))
        self.assertTrue(all(service["running"] == service["desired"] > 0 for service in status["services"]), status)
        self.assertEqual(self.served(), found["run"]["sha"][:7])
        return found

    def served(self):
        """The version that answers at the load balancer."""
        said = self.run_program(self.binary, "emulator", "status")
        url = re.search(r"load balancer .*: (http\S+)", said)[1]
        with urllib.request.urlopen(f"{url}/version", timeout=30) as answer:
            return json.load(answer)["version"]

    def test_two_pushes_deploy_one_after_the_other_and_the_button_brings_the_first_back(self):
        push = self.begin()
        first = self.deployed(push)
        checkout = push[push.index("-C") + 1]
        (Path(checkout) / "app/__init__.py").write_text('"""An item service."""\n', encoding="utf-8")
        self.run_program("git", "-C", checkout, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qam", "Change")
        second = self.deployed(push)
        path = f"/api/runs/{second['run']['id']}"
        self.ask(f"{path}/jobs/{second['rollouts'][0]['job']}/rollback", {})
        ended = self.wait_for("it goes on", lambda: [one for one in self.ask(path)["rollbacks"] if one["state"] != "running"], 200)
        self.assertEqual(ended[0]["state"], "succeeded", ended)
        self.assertEqual(self.served(), first["run"]["sha"][:7])


if __name__ == "__main__":
    unittest.main()
