"""`pipeline serve` tells forges of its runs: a forge of the test's own that checks the App's tokens with PyJWT."""

import sqlite3
import sys
import time
from pathlib import Path

from fake_github import FakeGithub, make_app_key

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import WorkflowTest  # noqa: E402

COMMIT = "a" * 40
ATTEMPT = (
    "INSERT INTO attempts (repository, workflow, name, event, ref, sha, actor, payload, meaning, delivery_id, trust,"
    " priority, labels, state, queued) VALUES (?, 'ci.yml', 'CI', 'push', 'refs/heads/main', ?, 'octo', '{}', ?, 1,"
    " 'trusted', 0, '', 'held', 1)"
)


class ReportingTest(WorkflowTest):
    """A daemon whose queue the test fills by itself."""

    def setUp(self):
        super().setUp()
        key = self.folder / "app.pem"
        self.forge = FakeGithub(make_app_key(key))
        self.addCleanup(self.forge.close)
        (self.folder / "credential").write_text("status-token\n", encoding="utf-8")
        config = self.folder / "serve.yml"
        config.write_text(
            f"""
listen: 127.0.0.1:0
external-url: https://ci.example.org
github:
  app: Iv1.app
  private-key: file:{key}
  api: {self.forge.url}
repositories:
  octo/app:
    url: file://{self.repository}
  octo/tea:
    forge: gitea
    url: {self.forge.url}/octo/tea.git
    credential: file:{self.folder}/credential
""",
            encoding="utf-8",
        )
        self.daemon = self.start("serve", "--config", str(config))
        self.assertIn("http://", self.daemon.stdout.readline())
        self.database = sqlite3.connect(self.state / "server.db", isolation_level=None, timeout=30)
        self.addCleanup(self.database.close)

    def happen(self, statement, parameters=(), attempt=1):
        """A change of the queue, as it writes one: with a line of the journal."""
        self.database.execute("BEGIN IMMEDIATE")
        self.database.execute(statement, parameters)
        self.database.execute("INSERT INTO journal (time, type, attempt, fence, about) VALUES (1, 'held', ?, 0, '')", (attempt,))
        self.database.execute("COMMIT")

    def wait_for_requests(self, count):
        """Until the forge has so many."""
        deadline = time.monotonic() + 30
        while len(self.forge.requests) < count:
            self.assertLess(time.monotonic(), deadline, (self.forge.requests, self.forge.problems))
            time.sleep(0.02)

    def test_a_check_run_by_the_app_follows_the_run(self):
        self.happen(ATTEMPT, ("octo/app", COMMIT, "one"))
        self.wait_for_requests(1)
        method, path, body = self.forge.requests[0]
        self.assertEqual((method, path), ("POST", "/repos/octo/app/check-runs"))
        self.assertEqual((body["head_sha"], body["status"], body["name"]), (COMMIT, "queued", "CI"))
        self.assertEqual(body["details_url"], "https://ci.example.org/runs/1")
        self.happen("UPDATE attempts SET state = 'done', conclusion = 'failure', finished = 2 WHERE id = 1")
        self.wait_for_requests(2)
        method, path, body = self.forge.requests[1]
        self.assertEqual((method, path), ("PATCH", "/repos/octo/app/check-runs/77"))
        self.assertEqual((body["status"], body["conclusion"]), ("completed", "failure"))
        self.assertEqual(self.forge.problems, [])

    def test_gitea_gets_commit_statuses_with_the_repository_s_credential(self):
        self.happen(ATTEMPT, ("octo/tea", COMMIT, "one"))
        self.wait_for_requests(1)
        method, path, body = self.forge.requests[0]
        self.assertEqual((method, path), ("POST", f"/api/v1/repos/octo/tea/statuses/{COMMIT}"))
        self.assertEqual((body["state"], body["context"]), ("pending", "pipeline / CI"))

    def test_the_tokens_are_in_no_file_of_the_daemon(self):
        self.happen(ATTEMPT, ("octo/app", COMMIT, "one"))
        self.happen(ATTEMPT, ("octo/tea", COMMIT, "two"), attempt=2)
        self.wait_for_requests(2)
        self.assertEqual(self.state_files_with("ghs_installation") + self.state_files_with("status-token"), [])
