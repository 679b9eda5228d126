"""Traces of runs: a collector of the test's own, OTLP over HTTP as JSON."""

import http.server
import json
import time
import unittest

from failing import FailureTest
from loopback_server import LoopbackServer

TWO = """
on: push
jobs:
  build:
    name: Build it
    runs-on: ubuntu-latest
    steps: [{name: Compile, run: echo one}]
  test:
    needs: build
    runs-on: ubuntu-latest
    steps: [{name: Try, run: exit 1}]
"""


class Collector(LoopbackServer):
    """Takes what is posted to /v1/traces."""

    def __init__(self):
        self.requests = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Nothing."""

            def do_POST(self):  # pylint: disable=invalid-name
                """An export."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.requests.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        self.begin(Handler)

    def spans(self):
        """All of them by name."""
        found = {}
        for _, _, body in self.requests:
            for resource in body["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found |= {span["name"]: span for span in scope["spans"]}
        return found


def attributes(span):
    """As a dictionary."""
    return {one["key"]: one["value"]["stringValue"] for one in span["attributes"]}


class TraceTest(FailureTest):
    """The daemon's environment names the collector."""

    def setUp(self):
        self.more = {}
        super().setUp()

    def environment(self, **more):
        return super().environment(**self.more, **more)

    def test_a_run_is_one_trace_with_spans_for_jobs_and_steps(self):
        collector = Collector()
        self.addCleanup(collector.close)
        self.more = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b"}
        self.workflow(TWO)
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        self.wait_for("no span of the run", lambda: "RUN .github/workflows/test.yml" in collector.spans())
        spans = collector.spans()
        root = spans["RUN .github/workflows/test.yml"]
        job, step, failed = spans["Build it"], spans["Compile"], spans["Try"]
        self.assertEqual({span["traceId"] for span in spans.values()}, {root["traceId"]})
        self.assertRegex(root["traceId"], "^[0-9a-f]{32}$")
        self.assertNotIn("parentSpanId", root)
        self.assertEqual((job["parentSpanId"], step["parentSpanId"]), (root["spanId"], job["spanId"]))
        self.assertEqual(attributes(root)["cicd.pipeline.result"], "failure")
        self.assertEqual(attributes(root)["vcs.ref.head.revision"], self.git("rev-parse", "HEAD"))
        self.assertEqual(attributes(failed)["cicd.pipeline.task.run.result"], "failure")
        self.assertEqual((failed["status"]["code"], step["status"]["code"]), (2, 1))
        self.assertLessEqual(int(root["startTimeUnixNano"]), int(step["startTimeUnixNano"]))
        self.assertLessEqual(int(step["endTimeUnixNano"]), int(root["endTimeUnixNano"]))
        path, headers, body = collector.requests[0]
        self.assertEqual((path, headers["x-key"], headers["Content-Type"]), ("/v1/traces", "a b", "application/json"))
        self.assertEqual(attributes(body["resourceSpans"][0]["resource"]), {"service.name": "pipeline"})

    def test_steps_go_on_with_the_trace_by_traceparent(self):
        collector = Collector()
        self.addCleanup(collector.close)
        self.more = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        self.workflow(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - {name: First, run: 'echo \"at $TRACEPARENT\"'}\n"
            "      - {name: Second, run: 'echo \"at $TRACEPARENT\"', background: true}\n"
            "      - {name: Third, run: 'echo \"at $TRACEPARENT\"', env: {TRACEPARENT: my own}}\n"
        )
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        self.wait_for("no span of a step", lambda: {"First", "Second"} <= set(collector.spans()))
        said = {line.removeprefix("at ") for line in self.lines(run, "build") if line.startswith("at ")}
        spans = [collector.spans()[name] for name in ("First", "Second")]
        self.assertEqual(said, {f"00-{span['traceId']}-{span['spanId']}-01" for span in spans} | {"my own"})

    def test_without_a_collector_there_is_no_traceparent(self):
        self.workflow("on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: [{run: 'echo \"at ${TRACEPARENT-none}\"'}]\n")
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        self.assertIn("at none", self.lines(run, "build"))

    def test_a_collector_that_is_down_stops_no_run(self):
        collector = Collector()
        collector.close()
        self.more = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        self.workflow(TWO.replace("exit 1", "exit 0"))
        self.serve()
        begin = time.monotonic()
        self.assertEqual(self.run_when(self.push_and_run(), "completed")["run"]["conclusion"], "success")
        self.assertLess(time.monotonic() - begin, 30)
        log = self.state / "supervisors.log"
        self.wait_for("not told", lambda: "spans of the run's trace were dropped" in log.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
