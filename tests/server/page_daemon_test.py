"""The daemon's page in a browser, against the daemon itself."""

import signal
import unittest

from chromium import Chromium
from failing import FailureTest
from forge import READ


class PageOfDaemonTest(FailureTest):
    """A run that says something ten times a second."""

    def open(self, path):
        """A browser at that page, with a token that may read."""
        self.browser = Chromium(self)
        self.browser.goto(self.url + "/")
        self.browser.evaluate(f"sessionStorage.setItem('pipeline-token', '{READ}')")
        self.browser.goto(self.url + path)

    def shows(self, text, seconds=30):
        """The page says it by then."""
        self.browser.wait_for(f"document.body.innerText.includes('{text}')", seconds)

    def test_a_log_is_shown_as_it_grows_to_the_end_of_the_run(self):
        run = self.begin(ticks=60)
        self.open(f"/runs/{run}/jobs/wait")
        self.shows("tick 5")
        self.shows("tick 20")
        self.shows("tick 60")
        self.shows("success")
        self.assertEqual(self.browser.errors, [])

    def test_a_log_goes_on_after_the_daemon_was_killed(self):
        run = self.begin(ticks=150)
        self.open(f"/runs/{run}/jobs/wait")
        self.shows("tick 5")
        port = self.url.rsplit(":", 1)[1]
        self.end(self.daemon, signal.SIGKILL)
        self.shows("connection lost")
        config = self.config.read_text(encoding="utf-8")
        self.config.write_text(config.replace("listen: 127.0.0.1:0", f"listen: 127.0.0.1:{port}"), encoding="utf-8")
        self.serve()
        self.shows("tick 150", 60)
        self.shows("success")
        self.assertEqual(self.browser.evaluate("document.body.innerText.split('tick 150').length"), 2)

    def test_what_may_not_be_done_with_a_token_is_said(self):
        run = self.begin(ticks=100)
        self.open(f"/runs/{run}")
        self.browser.click("Cancel")
        self.shows("has not the scope for this")
        self.assertEqual(self.get(f"/api/runs/{run}")["run"]["status"], "in_progress")


if __name__ == "__main__":
    unittest.main()
