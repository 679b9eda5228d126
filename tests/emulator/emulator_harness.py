"""The example's repository, an emulator of its own on system-given ports, and independent clients."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import CLEAN_PATH, PIPELINE  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "fastapi"
BASE_IMAGE = Path(os.environ.get("PIPELINE_TEST_CACHE", tempfile.gettempdir())) / "debian-bookworm-slim.tar"
ADMIN = {
    "AWS_ACCESS_KEY_ID": "EMULATORADMIN",
    "AWS_SECRET_ACCESS_KEY": "emulator",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class EmulatorTest(unittest.TestCase):
    """One state folder with base image and emulator for all tests of a class; the tests run in order of name."""

    maxDiff = None
    seed_changes = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="pipeline-emulator-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.state = cls.folder / "state"
        cls.repository = cls.folder / "items"
        shutil.copytree(EXAMPLE, cls.repository, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        cls.import_base_image()
        cls.git("init", "-q", "-b", "main")
        cls.seed = cls.repository / "emulator.yml"
        text = cls.seed.read_text(encoding="utf-8").replace("port: 8080", "port: 0")
        for old, new in cls.seed_changes:
            assert old in text, old
            text = text.replace(old, new)
        cls.seed.write_text(text, encoding="utf-8")
        cls.commit("The service")
        cls.run_program(cls.binary(), "emulator", "up", "--seed", str(cls.seed))
        cls.addClassCleanup(cls.run_program, cls.binary(), "emulator", "down")
        cls.endpoint = cls.run_program(cls.binary(), "emulator", "status", "--endpoint").strip()
        cls.url = cls.status()["load_balancers"][0]["listeners"][0]["url"]

    @classmethod
    def import_base_image(cls):
        """Debian's packages become debian:bookworm-slim once per machine; each state folder imports that."""
        environment = cls.environment()
        if not BASE_IMAGE.exists():
            BASE_IMAGE.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                [str(ROOT / "examples" / "make-base-image"), cls.binary()], env=environment, check=True, capture_output=True
            )
            partial = BASE_IMAGE.with_suffix(f".{os.getpid()}")
            cls.run_program(cls.binary(), "image", "save", "debian:bookworm-slim", "-o", str(partial), cwd=cls.folder)
            partial.rename(BASE_IMAGE)
        else:
            cls.run_program(cls.binary(), "image", "load", str(BASE_IMAGE), cwd=cls.folder)

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
    def git(cls, *arguments):
        """Git in the team's repository."""
        return cls.run_program("git", *arguments).strip()

    @classmethod
    def commit(cls, message):
        """Commit everything; the commit id."""
        cls.git("add", "-A")
        cls.git("commit", "-q", "--allow-empty", "-m", message)
        return cls.git("rev-parse", "HEAD")

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
