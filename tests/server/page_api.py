"""The daemon's API as the page sees it (docs/openapi.yaml), with runs that a test makes up."""

import http.server
import json
import re
import threading
import time
import urllib.parse
from pathlib import Path

POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; frame-ancestors 'none'"


class PageApi:
    """`runs` by id are answers of /api/runs/{id}; `logs` by (run, job) say the text of a line and how many there are."""

    def __init__(self, test, page):
        self.page = Path(page)
        self.runs, self.logs, self.events, self.posted = {}, {}, {}, []
        self.deliveries, self.token, self.most_lines = [], "", 0
        self.refuses, self.answers = False, {}  # what changes something
        self.asked = ""  # of the list of runs
        self.changed = threading.Condition()
        self.test = test
        self.server = None
        self.start(0)
        test.addCleanup(self.stop)

    def start(self, port):
        """Listens; again at the same port after stop()."""
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Requests of one connection."""

            protocol_version = "HTTP/1.1"

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Nothing."""

            def do_GET(self):  # pylint: disable=invalid-name
                """Pages, answers and streams."""
                api.get(self)

            def do_POST(self):  # pylint: disable=invalid-name
                """What the page wants done."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.posted.append((self.path, json.loads(body)))
                if api.refuses:
                    api.answer(self, {"error": {"message": "expected a token"}}, 401)
                else:
                    api.answer(self, api.answers, 202)

        class Server(http.server.ThreadingHTTPServer):
            """Connections may last; they end with the server."""

            daemon_threads = True
            block_on_close = False

        self.stopping = False
        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        """Closes the port and ends the streams."""
        if not self.server:
            return
        self.stopping = True
        with self.changed:
            self.changed.notify_all()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.server = None

    def url(self, path):
        """The address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def publish(self, run, event, data):
        """One more event of a run's stream."""
        with self.changed:
            self.events.setdefault(run, []).append((event, data))
            self.changed.notify_all()

    @staticmethod
    def send(handler, status, kind, body, **more):
        """A whole answer."""
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(body), **more}.items():
            handler.send_header(name, str(value))
        handler.end_headers()
        handler.wfile.write(body)

    def answer(self, handler, content, status=200):
        """JSON."""
        self.send(handler, status, "application/json", json.dumps(content).encode())

    def get(self, handler):
        """One request."""
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if not url.path.startswith("/api/"):
            self.send_page(handler, url.path)
        elif self.token and handler.headers["Authorization"] != f"Bearer {self.token}":
            self.answer(handler, {"error": {"message": "expected a token"}}, 401)
        elif found := re.fullmatch(r"/api/runs/(\d+)/jobs/([^/]+)/log", url.path):
            self.answer(handler, self.log(int(found[1]), urllib.parse.unquote(found[2]), query))
        elif found := re.fullmatch(r"/api/runs/(\d+)/events", url.path):
            self.stream(handler, int(found[1]))
        elif found := re.fullmatch(r"/api/runs/(\d+)", url.path):
            self.answer(handler, self.runs[int(found[1])])
        elif url.path == "/api/runs":
            self.asked = url.query
            self.answer(handler, {"runs": [run["run"] for run in reversed(self.runs.values())]})
        elif url.path == "/api/deliveries":
            self.answer(handler, {"deliveries": self.deliveries})
        else:
            self.answer(handler, {"error": {"message": "there is nothing at this path"}}, 404)

    def send_page(self, handler, path):
        """The built page, with the daemon's policy."""
        name, kind = {
            "/page.js": ("page.js", "text/javascript"),
            "/page.css": ("page.css", "text/css"),
        }.get(path, ("index.html", "text/html"))
        body = (self.page / name).read_bytes()
        self.send(handler, 200, kind, body, **{"Content-Security-Policy": POLICY})

    def log(self, run, job, query):
        """Some lines of it."""
        line_of, total = self.logs[run, job]
        first, count = int(query.get("from", 1)), int(query.get("count", 500))
        last = min(total, first + count - 1)
        self.most_lines = max(self.most_lines, last - first + 1)
        lines = [{"step": 1, "kind": "output", "text": line_of(n)} for n in range(first, last + 1)]
        return {"from": first, "total": total, "lines": lines}

    def stream(self, handler, run):
        """Events behind the one that the client has seen; an id is a count."""
        at = int(handler.headers["Last-Event-ID"] or 0)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        try:
            while not self.stopping:
                with self.changed:
                    self.changed.wait_for(lambda: self.stopping or len(self.events.get(run, [])) > at, timeout=5)
                    new = self.events.get(run, [])[at:]
                for event, data in new:
                    at += 1
                    handler.wfile.write(f"id: {at}\nevent: {event}\ndata: {json.dumps(data)}\n\n".encode())
                handler.wfile.flush()
        except OSError:
            pass  # the page has gone


def make_run(number, jobs, **more):
    """The answer of /api/runs/{id} for these jobs."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    run = {
        "id": number, "number": number, "attempt": 1, "workflow": ".github/workflows/ci.yml", "name": "CI",
        "repository": "octo/app", "event": "push", "ref": "refs/heads/main", "sha": "0123456789abcdef", "actor": "octocat",
        "title": "Change something", "status": "in_progress", "queued_at": now, "started_at": now, **more,
    }  # fmt: skip
    return {"run": run, "jobs": jobs, "annotations": [], "artifacts": [], "rollouts": [], "summary": ""}


def make_job(key, needs=(), **more):
    """A job that ran well."""
    step = {"number": 1, "name": f"Run {key}", "status": "completed", "conclusion": "success", "first_line": 1, "lines": 3}
    return {"key": key, "name": key, "needs": list(needs), "status": "completed", "conclusion": "success", "lines": 3,
            "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:09Z", "steps": [step], **more}  # fmt: skip
