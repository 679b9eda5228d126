"""The daemon's API, asked by what docs/openapi.yaml says with values that nobody should send: each request is answered
at once, never as a failure of the server's own, and nothing is left behind."""

import http.client
import json
import random
import socket
import time
import unittest
import urllib.parse
from pathlib import Path

import yaml
from forge import RUN, ForgeTest
from invariants import violations

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/openapi.yaml"
SEED = 7
ROUNDS = 40  # of each operation
NUMBERS = ("0", "-1", "1e9", "nan", "", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "0x10", "1 ", "%31", "１")
TEXTS = (
    "", "..", "../..", "%2e%2e%2f%2e%2e", "%00", "one%00", "%ff%fe", "%", "%zz", "'; DROP TABLE attempts;--", "a" * 4000, "one?x", "one#x",
    "one/two", "\u202e", "{{7*7}}", "$(id)", "-rf",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1e308, 2**63, 2**64, "", "x", "\0", "a" * 100_000, [], [[]], {}, {"a": {"b": [1]}}, "\ud800", "../../etc/passwd",
    "refs/heads/main", "-upload-pack=x", "acme/shop", ".github/workflows/test.yml",
)  # fmt: skip
BODIES = (
    b"", b"{", b"null", b"[]", b'"x"', b"{}", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe{}", b'{"approve": tru', b'{"approve":1e999}', b"{}{}",
    b'{"approve":true,"approve":false}', b" " * 500_000, b"x" * 2_000_000, b'{"inputs":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
)  # fmt: skip


class HostileTest(ForgeTest):
    """A daemon that knows one run and one delivery."""

    def setUp(self):
        super().setUp()
        self.document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
        self.workflow(
            "on: [push, workflow_dispatch]\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n"
        )
        self.serve()
        self.run_id = self.push_and_run()
        self.run_when(self.run_id, "completed")
        self.chance = random.Random(SEED)

    def tearDown(self):
        self.end(self.daemon)
        self.assertEqual(list(violations(self.state)), [], self.log())

    def send(self, method, target, body=None, headers=None):
        """(status, body); a connection of its own, for what it is asked may be cut off by the server."""
        connection = self.connection()
        connection.timeout = 10
        try:
            connection.putrequest(method, target, skip_host=False, skip_accept_encoding=True)
            for name, value in {"Authorization": f"Bearer {RUN}", **(headers or {})}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            try:
                if body:
                    connection.send(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before it was read
            answer = connection.getresponse()
            if answer.getheader("Content-Type", "").startswith("text/event-stream"):
                return answer.status, b"{}"
            return answer.status, answer.read()
        finally:
            connection.close()

    def hold(self, method, target, body, headers):
        """One request, and what may come of it."""
        shown = f"{method} {target[:120]!a} {(body or b'')[:80]!r} {headers}"
        try:
            status, text = self.send(method, target, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            status, text = 400, b'{"error": {"message": "cut off"}}'  # what is no HTTP
        except TimeoutError:
            self.fail(f"no answer: {shown}")
        self.assertTrue(200 <= status < 500 or status == 503, f"{status} {text[:300]!r}: {shown}")
        if status >= 400 and target.startswith("/api/") and method != "HEAD":
            self.assertTrue(text.startswith(b'{"error":'), f"{status} {text[:300]!r}: {shown}")
            self.assertTrue(json.loads(text)["error"]["message"], shown)
        self.assertIsNone(self.daemon.poll(), f"the daemon ended: {shown}\n{self.log()[-2000:]}")

    def operations(self):
        """(path, method, operation, path's own parameters and those of the query)."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield path, method.upper(), operation

    def parameters(self, operation):
        """Of the query, by name."""
        return [one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"]

    def target(self, path, operation):
        """The path with parameters filled in, half of them with what is there."""
        path = path.replace("{id}", self.chance.choice((str(self.run_id), "1", *NUMBERS, *TEXTS)))
        path = path.replace("{job}", self.chance.choice(("one", "one", *TEXTS)))
        names = [*self.parameters(operation), "x"]
        query = [(self.chance.choice(names), self.chance.choice((*NUMBERS, *TEXTS))) for _ in range(self.chance.randrange(4))]
        # What is percent-encoded already stays so; a bare `?` or `#` would be no request target any more.
        path = urllib.parse.quote(path, safe="%/")
        joined = "&".join(f"{name}={urllib.parse.quote(value, safe='%/')}" for name, value in query)
        return f"{path}?{joined}" if query else path

    def body(self, operation):
        """Of the schema's members, each with a value that may have the wrong type; or no JSON at all."""
        if self.chance.random() < 0.4:
            return self.chance.choice(BODIES)
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        names = [*content.get("schema", {}).get("properties", {}), "unknown"]
        chosen = {name: self.chance.choice(VALUES) for name in names if self.chance.random() < 0.8}
        return json.dumps(chosen).encode()

    def test_every_operation_answers_at_once_whatever_it_is_asked(self):
        for path, method, operation in self.operations():
            for _ in range(ROUNDS):
                headers = {"Content-Type": "application/json"} if method == "POST" else {}
                if self.chance.random() < 0.2:
                    headers["Last-Event-ID"] = self.chance.choice((*NUMBERS[:9], "x" * 1000))
                self.hold(method, self.target(path, operation), self.body(operation) if method == "POST" else None, headers)

    def test_methods_and_paths_that_are_not_there_are_refused(self):
        for path, _, operation in self.operations():
            for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "GET", "POST"):
                self.hold(method, self.target(path, operation), b"{}" if method == "POST" else None, {"Content-Type": "application/json"})
        for target in ("/api", "/api/", "//api/runs", "/api/runs/", "/api/../api/runs", "/%61pi/runs", "/api/runs//log", "/hooks/none", "/metrics/x"):
            self.hold("GET", target, None, {})
            self.hold("POST", target, b"{}", {"Content-Type": "application/json"})

    def test_what_is_no_request_costs_nobody_anything(self):
        """Raw bytes: cut off, without an end, with lengths that lie."""
        host, port = self.url.removeprefix("http://").split(":")
        lines = (
            b"\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10, b"GET /" + b"a" * 100_000,
            b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            b"POST /api/dispatch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            b"GET /livez HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n", b"GET /livez HTTP/1.1\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        )  # fmt: skip
        idle = []
        for line in lines:
            with socket.create_connection((host, int(port)), timeout=10) as client:
                try:
                    client.sendall(line)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except (ConnectionResetError, BrokenPipeError):
                    pass
        for _ in range(100):  # and those who say nothing
            idle.append(socket.create_connection((host, int(port)), timeout=10))
        self.addCleanup(lambda: [one.close() for one in idle])
        self.assertEqual(self.ask("GET", "/livez")[0], 200)
        self.assertIsNone(self.daemon.poll(), self.log()[-2000:])


    def test_clients_that_never_say_what_they_want_keep_nobody_waiting_for_long(self):
        """As many as want to, and twice as many as there are threads."""
        address = ("127.0.0.1", int(self.url.rsplit(":", 1)[1]))
        said = b"GET /api/runs HTTP/1.1\r\nHost: x\r\nX: ", b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
        for one in range(256):
            slow = socket.create_connection(address, timeout=30)
            self.addCleanup(slow.close)
            slow.sendall(said[one % 2])
        begun = time.monotonic()
        self.assertEqual(self.ask("GET", "/livez")[0], 200)
        self.assertLess(time.monotonic() - begun, 15)


if __name__ == "__main__":
    unittest.main()
