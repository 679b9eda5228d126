"""`pipeline serve` as a service: it begins, says how it is, and ends."""

import re
import shutil
import signal
import socket
import subprocess
import unittest
import urllib.error
import urllib.request

from serve_harness import PIPELINE, ServeTest


class ServeBeginsAndEndsTest(ServeTest):
    """The daemon as its service manager sees it."""

    def test_says_that_it_is_ready_and_ends_on_sigterm(self):
        self.configure()
        self.serve()
        self.assertEqual(self.ask("GET", "/livez"), (200, "ok\n"))
        self.assertEqual(self.ask("GET", "/readyz"), (200, "ok\n"))
        self.assertEqual(self.ask("GET", "/nowhere")[0], 404)
        self.assertNotIn('"error"', self.log(), "nothing is wrong with a state folder that is new")
        port = int(self.url.rsplit(":", 1)[1])
        self.assertEqual(self.end(self.daemon, signal.SIGTERM), 0)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)

    def test_the_page_comes_with_the_program(self):
        self.configure()
        self.serve()
        for path, kind in (("/", "text/html"), ("/runs/1", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")):
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                self.assertIn(kind, answer.headers["Content-Type"])
                self.assertIn("default-src 'self'", answer.headers["Content-Security-Policy"])
                self.assertGreater(len(answer.read()), 100)
                seen = answer.headers["ETag"]
            again = urllib.request.Request(self.url + path, headers={"If-None-Match": seen})
            with self.assertRaises(urllib.error.HTTPError) as unchanged:
                urllib.request.urlopen(again, timeout=30)
            self.assertEqual(unchanged.exception.code, 304)
            unchanged.exception.close()

    def test_its_metrics_are_such_as_prometheus_reads(self):
        self.configure("public-read: true\nrepositories: {}\n")
        self.serve()
        described, seen = set(), {}
        for line in self.ask("GET", "/metrics")[1].splitlines():
            if found := re.fullmatch(r"# (HELP|TYPE) (pipeline_[a-z_]+) (.+)", line):
                described.add(found.group(1, 2))
                continue
            name, _, value = re.fullmatch(r"([a-z_]+)(\{[a-z_]+=\"[^\"]*\"\})? (\S+)", line).groups()
            self.assertLessEqual({("HELP", name), ("TYPE", name)}, described)
            seen[name] = float(value)
        self.assertEqual((seen["pipeline_reports_waiting"], seen["pipeline_queue_oldest_seconds"], seen["pipeline_worker_capacity"]), (0, 0, 2))
        free = shutil.disk_usage(self.state).free
        self.assertAlmostEqual(seen["pipeline_disk_free_bytes"], free, delta=free / 10)

    def test_a_mistake_in_the_configuration_is_named_with_its_place(self):
        self.configure("repositories:\n  a/b:\n    poll-second: 3\n")
        self.serve(wait=False)
        self.assertEqual(self.daemon.wait(timeout=30), 2)
        self.assertIn("serve.yml:4:5: unknown key 'poll-second'; did you mean poll-seconds?", self.log())

    def test_a_secret_of_hooks_that_is_not_there_is_told_at_once(self):
        """It may come later: secrets are read at each delivery."""
        self.configure("hooks: {github: {secrets: ['file:nowhere']}}\nrepositories: {}\n")
        self.serve()
        self.assertIn("hooks of github: cannot read", self.log())
        self.assertIn("nowhere: No such file or directory", self.log())

    def test_a_second_daemon_on_the_state_folder_is_refused(self):
        self.configure()
        self.serve()
        second = subprocess.run(
            [PIPELINE, "serve", "--config", str(self.config)],
            env=self.environment(), capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual(second.returncode, 2)
        self.assertIn("another daemon runs on the state folder", second.stderr)


if __name__ == "__main__":
    unittest.main()
