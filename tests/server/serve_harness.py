"""The real daemon on a scratch state folder, and a client for it."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflows"))

from harness import PIPELINE, WorkflowTest  # noqa: E402  pylint: disable=wrong-import-position


class ServeTest(WorkflowTest):
    """Each test has a daemon of its own, ended with the test."""

    CONFIG = "repositories: {}\n"

    def configure(self, text=None):
        """Write the configuration; it listens on a port that the system gives."""
        self.config = self.folder / "serve.yml"
        self.config.write_text("listen: 127.0.0.1:0\n" + (text or self.CONFIG), encoding="utf-8")

    def serve(self, *arguments, wait=True):
        """Start the daemon and wait until it listens."""
        self.errors = open(self.folder / "daemon.log", "ab")
        self.addCleanup(self.errors.close)
        self.daemon = subprocess.Popen(
            [PIPELINE, "serve", "--config", str(self.config), *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.addCleanup(self.end, self.daemon)
        if wait:
            self.url = self.daemon.stdout.readline().strip()
            self.assertTrue(self.url.startswith("http://"), self.log())

    def log(self):
        """What the daemon said on its standard error."""
        return (self.folder / "daemon.log").read_text(encoding="utf-8")

    def end(self, daemon, number=signal.SIGTERM):
        """Stop a daemon as a service manager does; its exit code."""
        if daemon.poll() is None:
            daemon.send_signal(number)
        code = daemon.wait(timeout=30)
        daemon.stdout.close()
        return code

    def ask(self, method, path, body=None, headers=None, token=None):
        """(status, body) of a request."""
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers or {})
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
