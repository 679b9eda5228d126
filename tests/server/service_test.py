"""`pipeline serve` as systemd starts it: notices of readiness, the watchdog, a socket that is open already."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import PIPELINE, WorkflowTest  # noqa: E402

# As systemd does it: between fork and exec, since LISTEN_PID is the service's own.
START = 'export LISTEN_PID=$$; exec "$0" "$@"'


class ServiceTest(WorkflowTest):
    """A service manager of the test's own."""

    def setUp(self):
        super().setUp()
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notices.close)
        self.notices.bind(str(self.folder / "notify"))
        self.notices.settimeout(30)
        self.config = self.folder / "server.yml"

    def serve(self, listening=None, **env):
        """The daemon, with this as its descriptor 3."""
        self.config.write_text(
            f"listen: 127.0.0.1:0\nrepositories:\n  octo/app:\n    url: file://{self.repository}\n", encoding="utf-8"
        )
        if listening is not None:
            env["LISTEN_FDS"] = "1"

        def hand_over():
            os.dup2(listening.fileno(), 3)

        process = subprocess.Popen(
            ["/bin/sh", "-c", START, os.path.abspath(PIPELINE), "serve", "--config", str(self.config)],
            cwd=self.repository,
            env=self.environment(NOTIFY_SOCKET=str(self.folder / "notify"), **env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            close_fds=listening is None,
            preexec_fn=hand_over if listening is not None else None,
        )
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.communicate()))
        return process

    def notice(self):
        """The next one."""
        return self.notices.recv(4096).decode()

    def test_says_when_it_is_ready_and_when_it_ends(self):
        process = self.serve()
        self.assertEqual(self.notice(), "READY=1")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.notice(), "STOPPING=1")
        self.assertEqual(process.wait(30), 0)

    def test_tells_the_watchdog_that_it_lives(self):
        self.serve(WATCHDOG_USEC="200000")
        heard = [self.notice() for _ in range(4)]
        self.assertEqual(sorted(set(heard)), ["READY=1", "WATCHDOG=1"])

    def test_answers_on_the_socket_that_it_was_given_also_what_came_before_it_was_there(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as early:
                early.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self.serve(listening)
                early.settimeout(30)
                self.assertIn(b"200", early.recv(4096).split(b"\r\n")[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=30) as answer:
                self.assertEqual(answer.status, 200)

    def test_refuses_what_is_no_listening_socket(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as closed:
            process = self.serve(closed)
            output, _ = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 2, output)
            self.assertIn("expected a listening stream socket", output)
