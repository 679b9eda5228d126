"""`pipeline serve` as systemd starts it: notices of readiness and of its end, the watchdog."""

import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import WorkflowTest  # noqa: E402

class ServiceTest(WorkflowTest):
    """A service manager of the test's own."""

    def setUp(self):
        super().setUp()
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notices.close)
        self.notices.bind(str(self.folder / "notify"))
        self.notices.settimeout(30)
        self.config = self.folder / "server.yml"

    def serve(self, **env):
        """The daemon."""
        self.config.write_text(
            f"listen: 127.0.0.1:0\nrepositories:\n  octo/app:\n    url: file://{self.repository}\n", encoding="utf-8"
        )
        env["NOTIFY_SOCKET"] = str(self.folder / "notify")
        return self.start("serve", "--config", str(self.config), env=env)

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
