"""GitHub's REST API as far as the build box asks it, written from its documentation ("REST API endpoints for check
runs", "… deployments", "… deployment statuses", "… GitHub App webhooks", "… repository webhooks", "Rate limits"),
and Gitea's commit statuses. It is not GitHub: it refuses what GitHub refuses of these calls."""

import datetime
import http.server
import json
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflows"))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-jwt, for another Python, too
import jwt  # noqa: E402
from loopback_server import LoopbackServer  # noqa: E402

DEPLOYMENT_STATES = {"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}


def make_app_key(path):
    """A key of a GitHub App at that path; its public half."""
    subprocess.run(["openssl", "genrsa", "-out", str(path), "2048"], check=True, capture_output=True)
    public = ["openssl", "rsa", "-in", str(path), "-pubout"]
    return subprocess.run(public, check=True, capture_output=True).stdout


class FakeGithub(LoopbackServer):
    """What GitHub and Gitea answer; each request that changes something is kept."""

    def __init__(self, public_key):
        self.public_key = public_key
        self.requests, self.refused, self.problems = [], [], []
        self.tokens = {"status-token": {"deployments", "hooks"}}
        self.granted = {"checks": "write", "deployments": "write", "metadata": "read"}
        self.deployments, self.deliveries, self.redelivered = [], [], []
        self.redeliver = None  # called with the delivery that is to be sent once more
        self.limited_until = 0
        self.lose_answers_to = ""  # a path whose calls are carried out and not answered
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Tests read what the daemon says, not what this does."""

            def do_GET(self):  # pylint: disable=invalid-name
                """Questions."""
                self.do_POST()

            def do_POST(self):  # pylint: disable=invalid-name
                """Everything."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer, more = fake.answer(self.command, self.path, self.headers, json.loads(body or "null"))
                if fake.lose_answers_to and self.command == "POST" and self.path.endswith(fake.lose_answers_to):
                    fake.lose_answers_to = ""
                    self.close_connection = True
                    return
                text = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**more, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_PATCH = do_POST  # pylint: disable=invalid-name

        self.begin(Handler)

    def answer(self, method, path, headers, body):
        """(status, body, headers) as documented."""
        if time.time() < self.limited_until:
            self.refused.append((method, path))
            wait = {"Retry-After": str(max(1, round(self.limited_until - time.time())))}
            return 403, {"message": "You have exceeded a secondary rate limit."}, wait
        path, _, query = path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if path.endswith("/installation") or path.startswith("/app/"):
            return self._as_app(method, path, query, token, body)
        if token not in self.tokens:
            return 401, {"message": "Bad credentials"}, {}
        if "/hooks/" in path:
            return self._hook_deliveries(method, path, path.split("/hooks/")[1].partition("/")[2], query)
        if "/deployments" in path:
            if "deployments" not in self.tokens[token]:
                return 403, {"message": "Resource not accessible by integration"}, {}
            status, answer = self._deployment(method, path, query, body)
            return status, answer, {}
        self.requests.append((method, path, body))
        return (201 if method == "POST" else 200), {"id": 77}, {}

    def _as_app(self, method, path, query, token, body):
        try:
            claims = jwt.decode(token, self.public_key, algorithms=["RS256"], issuer="Iv1.app", leeway=0)
            if claims["exp"] - time.time() > 600:
                return 401, {"message": "exp is too far in the future"}, {}
        except jwt.PyJWTError as error:
            self.problems.append(str(error))
            return 401, {"message": str(error)}, {}
        if path.startswith("/app/hook/"):
            return self._hook_deliveries(method, path, path.removeprefix("/app/hook/"), query)
        if method == "GET":
            return 200, {"id": 5}, {}
        wanted = body["permissions"]
        if any(self.granted.get(name) not in (level, "write") for name, level in wanted.items()):
            return 422, {"message": "The permissions requested are not granted to this installation."}, {}
        name = "ghs_installation" + ("_deployments" if "deployments" in wanted else "")
        self.tokens[name] = set(wanted)
        return 201, {"token": name}, {}

    # A ref that is merged, or whose checks have not passed, is refused with 409 unless the caller says otherwise.
    def _deployment(self, method, path, query, body):
        place = path.split("/deployments")[1].strip("/").split("/")
        if method == "GET":
            wanted = {name: query[name] for name in ("sha", "environment", "task") if name in query}
            return 200, [one for one in self.deployments if wanted.items() <= one.items()]
        self.requests.append((method, path, body))
        if place == [""]:
            if not body.get("ref"):
                return 422, {"message": "Validation Failed"}
            if body.get("auto_merge", True) or body.get("required_contexts") != []:
                return 409, {"message": f"Conflict: Commit status checks failed for {body['ref']}."}
            made = {"id": 100 + len(self.deployments), "sha": body["ref"], "task": "deploy", "statuses": [],
                    "environment": "production", **body}
            self.deployments.append(made)
            return 201, made
        deployment = next((one for one in self.deployments if str(one["id"]) == place[0]), None)
        if deployment is None:
            return 404, {"message": "Not Found"}
        urls = [body.get("environment_url", ""), body.get("log_url", "")]
        wrong = body.get("state") not in DEPLOYMENT_STATES or len(body.get("description", "")) > 140
        if wrong or any(url and not url.startswith(("http://", "https://")) for url in urls):
            return 422, {"message": "Validation Failed"}
        deployment["statuses"].append(body)
        return 201, {"id": len(deployment["statuses"])}

    def add_delivery(self, number, guid, status_code, age=0.0, **more):
        """One attempt at delivering a hook, as the list shows it."""
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
        self.deliveries.insert(0, {
            "id": number, "guid": guid, "delivered_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "redelivery": False,
            "status_code": status_code, "status": "OK" if 200 <= status_code < 300 else "failed", "event": "push", **more})

    # Pages of two, so that more than one has to be read; what is older than three days is not sent again.
    def _hook_deliveries(self, method, whole, path, query):
        place = path.split("/")
        if method == "GET":
            begin = int(query.get("cursor", 0))
            more = {}
            if begin + 2 < len(self.deliveries):
                more = {"Link": f'<{self.url}{whole}?per_page=100&cursor={begin + 2}>; rel="next"'}
            return 200, self.deliveries[begin : begin + 2], more
        found = next((one for one in self.deliveries if str(one["id"]) == place[1]), None)
        if place[2:] != ["attempts"] or found is None:
            return 404, {"message": "Not Found"}, {}
        self.redelivered.append(found["guid"])
        if self.redeliver:
            threading.Thread(target=self.redeliver, args=(found,)).start()
        return 202, {}, {}
