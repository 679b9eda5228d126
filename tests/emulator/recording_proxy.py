"""A proxy before an emulator that keeps what was asked of AWS, in words that are the same for each run."""

import hashlib
import http.client
import http.server
import json
import re
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflows"))

from loopback_server import LoopbackServer  # noqa: E402

# What differs from run to run, and what stands for it; the first that fits goes first.
NAMES = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "TOKEN"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"127_0_0_1_\d+"), "HOST"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"(?<![0-9a-f])([0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])"), "ID"),
    (re.compile(r"\bd-[0-9A-Z]{9}\b"), "DEPLOYMENT"),
    (re.compile(r"\b(ASIA|AROA|AIDA)[0-9A-Z]{12,}\b"), r"\1…"),
    (re.compile(r"task-definition-[^/]+\.json"), "task-definition-NAME.json"),
    (re.compile(r"(task-definition/\w+:)\d+"), r"\1N"),
)


def without_chance(value):
    """The same value with names for what differs from run to run."""
    if isinstance(value, dict):
        runs = [key for key, entry in value.items() if entry == "RunId"]
        value = {**value, **{key.replace("Key", "Value"): "RUN" for key in runs}}
        if "sha256" in value and value["sha256"] == hashlib.sha256(value["content"].encode()).hexdigest():
            value = {**value, "sha256": "that of the content"}
        named = {without_chance(key): without_chance(entry) for key, entry in value.items()}
        return {key: "PASSWORD" if key.startswith("docker_password") else entry for key, entry in named.items()}
    if isinstance(value, list):
        return [without_chance(entry) for entry in value]
    if isinstance(value, str):
        for pattern, name in NAMES:
            value = pattern.sub(name, value)
    return value


def read_call(headers, body):
    """A request of one of AWS's protocols: operation, parameters, and the service that it is signed for."""
    target = headers.get("X-Amz-Target")
    if target:
        operation, parameters = target.rsplit(".", 1)[1], json.loads(body or "{}")
    else:
        form = dict(urllib.parse.parse_qsl(body.decode()))
        operation = form.pop("Action", "?")
        form.pop("Version", None)
        parameters = form
    scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", headers.get("Authorization", ""))
    signed = f"{scope[2]} in {scope[1]}" if scope else "no"
    return {"operation": operation, "signed": signed, "parameters": parameters}


class RecordingProxy(LoopbackServer):
    """Passes all on to `endpoint`, until the operation `last` was answered; `close` ends it."""

    def __init__(self, endpoint, last=None):
        self.calls = []
        self.is_over = False
        proxy, target = self, endpoint.removeprefix("http://")

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_):
                """Tests read what was asked, not this."""

            def do_POST(self):  # pylint: disable=invalid-name
                """AWS's calls."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.calls.append(read_call(self.headers, body))
                if proxy.is_over:
                    self.refuse()
                    return
                proxy.is_over = proxy.calls[-1]["operation"] == last
                connection = http.client.HTTPConnection(target, timeout=60)
                # The Host header is signed, so that it stays as it came.
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            def refuse(self):
                """As AWS does when a session is over."""
                content = b'{"__type": "ExpiredTokenException", "message": "The security token included in the request is expired"}'
                self.send_response(400)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.begin(Handler)

    def take(self):
        """What was asked since the last time, without chance; how often one waits and asks again is left out."""
        calls, self.calls = without_chance(self.calls), []
        return [call for before, call in zip([None, *calls], calls) if call != before]
