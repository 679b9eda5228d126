"""The example's repository, an emulator of its own on system-given ports, and independent clients."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import CLEAN_PATH, PIPELINE  # noqa: E402
from images import make_base_image, make_image  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "fastapi"
ADMIN = {
    "AWS_ACCESS_KEY_ID": "EMULATORADMIN",
    "AWS_SECRET_ACCESS_KEY": "emulator",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class BareEmulatorTest(unittest.TestCase):
    """A state folder with an emulator of the class's seed for all tests of a class; they run in order of name."""

    maxDiff = None
    seed_text = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="pipeline-emulator-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.state = cls.folder / "state"
        cls.prepare()
        cls.run_program(cls.binary(), "emulator", "up", "--seed", str(cls.seed))
        cls.addClassCleanup(cls.run_program, cls.binary(), "emulator", "down")
        cls.endpoint = cls.run_program(cls.binary(), "emulator", "status", "--endpoint").strip()
        cls.registry = cls.endpoint.removeprefix("http://")

    @classmethod
    def prepare(cls):
        """What has to be there before the emulator starts: the seed, in a folder of its own."""
        cls.repository = cls.folder / "work"
        cls.repository.mkdir()
        cls.seed = cls.repository / "emulator.yml"
        cls.seed.write_text(cls.seed_text, encoding="utf-8")

    @staticmethod
    def binary():
        """The binary under test."""
        return os.path.abspath(PIPELINE)

    @classmethod
    def environment(cls, **more):
        """Nothing of whoever runs the tests."""
        values = {"PATH": CLEAN_PATH, "HOME": str(cls.folder), "PIPELINE_STATE_DIR": str(cls.state), **more}
        for name in ("AUTHOR", "COMMITTER"):
            values[f"GIT_{name}_NAME"] = "Tester"
            values[f"GIT_{name}_EMAIL"] = "tester@example.com"
        return values

    @classmethod
    def run_program(cls, *argv, code=0, cwd=None, env=None, timeout=120):
        """Output of a program; fails unless its exit code is `code`."""
        done = subprocess.run(
            argv,
            cwd=cwd or cls.repository,
            env=cls.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if done.returncode != code:
            raise AssertionError(f"{argv}: exit code {done.returncode}\n{done.stdout[-6000:]}")
        return done.stdout

    @classmethod
    def status(cls):
        """What the emulator says of itself."""
        return json.loads(cls.run_program(cls.binary(), "emulator", "status", "--json"))

    @classmethod
    def aws(cls, *arguments, env=None, code=0):
        """Debian's aws against the emulator; its JSON."""
        output = cls.run_program(
            "aws", "--endpoint-url", cls.endpoint, *arguments, env={**ADMIN, **(env or {})}, code=code
        )
        return json.loads(output) if code == 0 and output.strip().startswith("{") else output

    def password(self):
        """As `aws ecr get-login-password | docker login` has it."""
        return self.aws("ecr", "get-login-password").strip()

    @classmethod
    def owner(cls, method, path, body=None):
        """A request of the emulator's owner, under /_emulator/; the JSON of its answer."""
        control = json.loads((cls.state / "emulator" / "control.json").read_text(encoding="utf-8"))
        request = urllib.request.Request(
            f"{cls.endpoint}/_emulator/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {control['token']}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    @classmethod
    def push_image(cls, name, *instructions, files=None):
        """An image of busybox and these Dockerfile lines in the emulator's registry."""
        token = cls.aws("ecr", "get-authorization-token")["authorizationData"][0]["authorizationToken"]
        docker = cls.folder / ".docker" / "config.json"
        docker.parent.mkdir(exist_ok=True)
        docker.write_text(json.dumps({"auths": {cls.registry: {"auth": token}}}), encoding="utf-8")
        full = f"{cls.registry}/{name}"
        make_image(cls, full, *instructions, files=files, run=lambda *words: cls.run_program(cls.binary(), *words))
        cls.run_program(cls.binary(), "image", "push", full)
        return full

    @classmethod
    def kill(cls):
        """kill -9, and start it again."""
        control = json.loads((cls.state / "emulator" / "control.json").read_text(encoding="utf-8"))
        os.kill(control["pid"], signal.SIGKILL)
        cls.run_program(cls.binary(), "emulator", "up")
        cls.endpoint = cls.run_program(cls.binary(), "emulator", "status", "--endpoint").strip()

    @staticmethod
    def free_port():
        """A port that nobody listens on."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def wait_until(self, what, holds, seconds=30):
        """Poll until it holds; fails with its name."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if holds():
                return
            time.sleep(0.05)
        self.fail(f"{what}: not within {seconds} seconds")


class EmulatorTest(BareEmulatorTest):
    """An example's repository, its base image and seed."""

    example = EXAMPLE
    seed_changes = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.status()["load_balancers"][0]["listeners"][0]["url"]

    @classmethod
    def prepare(cls):
        """The example on system-given ports."""
        cls.repository = cls.folder / "items"
        shutil.copytree(cls.example, cls.repository, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        cls.import_base_image()
        cls.git("init", "-q", "-b", "main")
        cls.seed = cls.repository / "emulator.yml"
        text = re.sub(r"\bport: 808\d\b", "port: 0", cls.seed.read_text(encoding="utf-8"))
        # Tests count tasks, and of an idle service autoscaling takes some away after a while.
        text = re.sub(r"^scalable_targets:\n(?: .*\n)+", "", text, flags=re.MULTILINE)
        for old, new in cls.seed_changes:
            assert old in text, old
            text = text.replace(old, new)
        cls.seed.write_text(text, encoding="utf-8")
        cls.commit("The service")

    @classmethod
    def import_base_image(cls):
        """Debian's packages become debian:bookworm-slim once per machine; each state folder imports that."""
        make_base_image(lambda *words: cls.run_program(cls.binary(), *words, cwd=cls.folder), cls.environment())

    @classmethod
    def git(cls, *arguments):
        """Git in the team's repository."""
        return cls.run_program("git", *arguments).strip()

    @classmethod
    def commit(cls, message):
        """Commit everything; the commit id."""
        cls.git("add", "-A")
        cls.git("commit", "-q", "--allow-empty", "-m", message)
        return cls.git("rev-parse", "HEAD")

    def deploy(self, *arguments, code=0):
        """The example's workflow on a push to main; its output."""
        return self.run_program(
            self.binary(),
            "run",
            ".github/workflows/deploy.yml",
            "--emulator",
            "--var",
            f"SERVICE_URL={self.url}",
            *arguments,
            code=code,
        )

    def get(self, path):
        """The body of a GET through the load balancer."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def edit(self, name, old, new):
        """Change a file of the repository."""
        path = self.repository / name
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def assert_no_request_failed(self, output):
        """The prober's line of the summary."""
        found = re.search(r"requests\s+(\d+) sent to .*?, (\d+) failed", output)
        self.assertIsNotNone(found, output[-3000:])
        self.assertGreater(int(found[1]), 5, found[0])
        self.assertEqual(found[2], "0", found[0])

    def state_files_with(self, text):
        """Files below the state folder that hold the text."""
        found = []
        for path in self.state.rglob("*"):
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes():
                found.append(str(path.relative_to(self.state)))
        return found
