"""`pipeline serve` tells forges of its runs: a forge of the test's own that checks the App's tokens with PyJWT."""

import http.server
import json
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-jwt, for another Python, too
import jwt  # noqa: E402
from harness import WorkflowTest  # noqa: E402

COMMIT = "a" * 40
ATTEMPT = (
    "INSERT INTO attempts (repository, workflow, name, event, ref, sha, actor, payload, meaning, delivery_id, trust,"
    " priority, labels, state, queued) VALUES (?, 'ci.yml', 'CI', 'push', 'refs/heads/main', ?, 'octo', '{}', ?, 1,"
    " 'trusted', 0, '', 'held', 1)"
)


class Forge:
    """What GitHub and Gitea answer to reports; each request is kept."""

    def __init__(self, public_key):
        self.requests = []
        self.tokens = {"status-token"}
        self.problems = []
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_):
                """Tests read what the daemon says, not what this does."""

            def do_GET(self):  # pylint: disable=invalid-name
                """Questions."""
                self.do_POST()

            def do_POST(self):  # pylint: disable=invalid-name
                """Everything."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = forge.answer(self.command, self.path, self.headers, json.loads(body or "null"))
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_PATCH = do_POST  # pylint: disable=invalid-name

        self.public_key = public_key
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        """Ends it."""
        self.http.shutdown()
        self.http.server_close()

    def answer(self, method, path, headers, body):
        """As documented, as far as reports ask."""
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if path.endswith("/installation") or path.startswith("/app/"):
            try:
                claims = jwt.decode(token, self.public_key, algorithms=["RS256"], issuer="Iv1.app", leeway=0)
                if claims["exp"] - time.time() > 600:
                    return 401, {"message": "exp is too far in the future"}
            except jwt.PyJWTError as error:
                self.problems.append(str(error))
                return 401, {"message": str(error)}
            if method == "GET":
                return 200, {"id": 5}
            self.tokens.add("ghs_installation")
            return 201, {"token": "ghs_installation"}
        if token not in self.tokens:
            return 401, {"message": "Bad credentials"}
        self.requests.append((method, path, body))
        return (201 if method == "POST" else 200), {"id": 77}


class ReportingTest(WorkflowTest):
    """A daemon whose queue the test fills by itself."""

    def setUp(self):
        super().setUp()
        key = self.folder / "app.pem"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", str(key), "-pubout"], check=True, capture_output=True).stdout
        self.forge = Forge(public)
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

    def wait_for_requests(self, count):
        """Until the forge has so many."""
        deadline = time.monotonic() + 30
        while len(self.forge.requests) < count:
            self.assertLess(time.monotonic(), deadline, (self.forge.requests, self.forge.problems))
            time.sleep(0.02)

    def test_a_check_run_by_the_app_follows_the_run(self):
        self.database.execute(ATTEMPT, ("octo/app", COMMIT, "one"))
        self.wait_for_requests(1)
        method, path, body = self.forge.requests[0]
        self.assertEqual((method, path), ("POST", "/repos/octo/app/check-runs"))
        self.assertEqual((body["head_sha"], body["status"], body["name"]), (COMMIT, "queued", "CI"))
        self.assertEqual(body["details_url"], "https://ci.example.org/runs/1")
        self.database.execute("UPDATE attempts SET state = 'done', conclusion = 'failure', finished = 2 WHERE id = 1")
        self.wait_for_requests(2)
        method, path, body = self.forge.requests[1]
        self.assertEqual((method, path), ("PATCH", "/repos/octo/app/check-runs/77"))
        self.assertEqual((body["status"], body["conclusion"]), ("completed", "failure"))
        self.assertEqual(self.forge.problems, [])

    def test_gitea_gets_commit_statuses_with_the_repository_s_credential(self):
        self.database.execute(ATTEMPT, ("octo/tea", COMMIT, "one"))
        self.wait_for_requests(1)
        method, path, body = self.forge.requests[0]
        self.assertEqual((method, path), ("POST", f"/api/v1/repos/octo/tea/statuses/{COMMIT}"))
        self.assertEqual((body["state"], body["context"]), ("pending", "pipeline / CI"))

    def test_the_tokens_are_in_no_file_of_the_daemon(self):
        self.database.execute(ATTEMPT, ("octo/app", COMMIT, "one"))
        self.database.execute(ATTEMPT, ("octo/tea", COMMIT, "two"))
        self.wait_for_requests(2)
        self.assertEqual(self.state_files_with("ghs_installation") + self.state_files_with("status-token"), [])
