"""From a push to a run: by the real daemon, its supervisors and real sandboxes."""

import io
import json
import re
import time
import unittest
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor

from forge import READ, RUN, ForgeTest

HELLO = """
on: [push, workflow_dispatch]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          cat README.md
          echo "on $(git rev-parse --abbrev-ref HEAD) of $(git remote get-url origin)"
          echo "event $GITHUB_EVENT_NAME of $GITHUB_REF at $GITHUB_SHA in $GITHUB_REPOSITORY"
  after:
    runs-on: ubuntu-latest
    needs: build
    steps:
      - name: Say it
        run: echo done
"""


class RunsTest(ForgeTest):
    """What a run does, and what the API tells of it."""

    MORE = "    variables: {COLOR: blue}\n    secrets-file: shop.env\n"

    def setUp(self):
        super().setUp()
        (self.folder / "shop.env").write_text("PASSWORD=hunter22\n", encoding="utf-8")
        (self.folder / "stored").write_text("stored-secret", encoding="utf-8")
        self.git("remote", "add", "origin", "https://git.example.org/acme/shop.git")
        self.run_pipeline("secret", "set", "STORED", "--file", str(self.folder / "stored"))
        (self.folder / "shape").write_text("round", encoding="utf-8")
        self.run_pipeline("variable", "set", "SHAPE", "--file", str(self.folder / "shape"))

    def lines(self, run, job, query=""):
        """The text of a job's log."""
        return [line["text"] for line in self.get(f"/api/runs/{run}/jobs/{job}/log?kind=output{query}")["lines"]]

    def test_a_push_runs_its_own_commit(self):
        self.workflow(HELLO)
        self.serve()
        run = self.push_and_run()
        found = self.run_when(run, "completed")
        self.assertEqual(found["run"]["conclusion"], "success", found)
        self.assertEqual((found["run"]["number"], found["run"]["attempt"]), (1, 1))
        self.assertEqual([job["key"] for job in found["jobs"]], ["build", "after"])
        self.assertEqual([job["needs"] for job in found["jobs"]], [[], ["build"]])
        self.assertIn("Say it", [step["name"] for step in found["jobs"][1]["steps"]])
        head = self.git("rev-parse", "HEAD")
        log = self.lines(run, "build")
        self.assertIn("scratch", log)
        self.assertIn(f"event push of refs/heads/main at {head} in acme/shop", log)
        self.assertTrue([line for line in log if line.startswith("on main of ") and "mirrors" not in line], log)
        self.assertEqual(list((self.state / "checkouts").iterdir()), [])

    def test_a_log_is_read_from_any_line(self):
        self.workflow("on: push\njobs:\n  many:\n    runs-on: ubuntu-latest\n    steps: [{run: seq 5000}]\n")
        self.serve()
        run = self.push_and_run()
        job = self.run_when(run, "completed")["jobs"][0]
        page = self.get(f"/api/runs/{run}/jobs/many/log?from=3000&count=10")
        self.assertEqual([line["line"] for line in page["lines"]], list(range(3000, 3010)))
        numbers = [int(line["text"]) for line in page["lines"]]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 10)))
        self.assertEqual(page["total"], job["lines"])
        text = self.ask("GET", f"/api/runs/{run}/jobs/many/log?format=text", token=READ)[1]
        self.assertEqual(len(text.splitlines()), job["lines"])
        self.assertEqual(self.ask("GET", f"/api/runs/{run}/jobs/none/log", token=READ)[0], 404)

    def test_a_log_of_200_megabytes_is_read_at_any_line(self):
        total = 2_000_000
        padding = "x" * 90
        self.workflow(f"on: push\njobs:\n  many:\n    runs-on: ubuntu-latest\n    steps: [{{run: seq -f 'line %.0f {padding}' {total}}}]\n")
        self.serve()
        run = self.push_and_run()
        self.wait_for("it does not end", lambda: self.get(f"/api/runs/{run}")["run"]["status"] == "completed", 280)
        step = next(one for one in self.get(f"/api/runs/{run}")["jobs"][0]["steps"] if one["lines"] > total)
        begin = step["first_line"] + step["lines"] - total
        first = self.get(f"/api/runs/{run}/jobs/many/log?from={begin}&count=1")["lines"][0]["text"]
        offset = begin - int(first.split()[1])
        for line in (1, 777_777, 1_234_567, total):
            asked = time.monotonic()
            page = self.get(f"/api/runs/{run}/jobs/many/log?from={offset + line}&count=500")
            self.assertLess(time.monotonic() - asked, 2)
            self.assertEqual((page["lines"][0]["line"], page["lines"][0]["text"]), (offset + line, f"line {line} {padding}"))
        log = self.state / "runs" / str(self.get(f"/api/runs/{run}")["run"]["run_id"]) / "events.jsonl"
        self.assertGreater(log.stat().st_size, 200_000_000)

    def events(self, run, after=None):
        """All of a stream's events as (id, name, data), until its end."""
        request = urllib.request.Request(f"{self.url}/api/runs/{run}/events")
        request.add_header("Authorization", f"Bearer {READ}")
        if after is not None:
            request.add_header("Last-Event-ID", after)
        found = []
        with urllib.request.urlopen(request, timeout=60) as stream:
            event = {}
            for raw in stream:
                line = raw.decode().rstrip("\n")
                if line and not line.startswith(":"):
                    name, value = line.split(": ", 1)
                    event[name] = value
                elif event:
                    found.append((event.get("id"), event.get("event", "message"), json.loads(event["data"])))
                    event = {}
        return found

    def test_events_are_streamed_and_go_on_where_a_reader_was(self):
        self.workflow(HELLO)
        self.serve()
        run = self.push_and_run()
        events = self.events(run)
        types = [data.get("type") for _, name, data in events if name == "message"]
        self.assertEqual((types[0], types[-1]), ("plan", "run_finished"))
        self.assertIn("log", [name for _, name, _ in events])
        self.assertEqual((events[-1][1], events[-1][2]["conclusion"]), ("end", "success"))
        self.assertEqual(self.events(run, events[4][0]), events[5:])

    def test_secrets_and_variables_of_the_configuration_are_there_and_masked(self):
        self.workflow(
            "on: push\njobs:\n  one:\n    name: a ${{ vars.SHAPE }} job\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: test '${{ secrets.PASSWORD }} ${{ secrets.STORED }}' = 'hunter22 stored-secret' && echo '${{ vars.COLOR }} ${{ secrets.PASSWORD }}'\n"
        )
        self.serve()
        run = self.push_and_run()
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        self.assertIn("blue ***", self.lines(run, "one"))
        self.assertEqual(self.get(f"/api/runs/{run}")["jobs"][0]["name"], "a round job")
        names = self.get("/api/secrets")["secrets"]
        self.assertEqual([(one["scope"], one["name"]) for one in names], [("acme/shop", "STORED")])
        for file in self.state.rglob("*"):
            if file.is_file():
                for secret in (b"hunter22", b"stored-secret"):
                    self.assertNotIn(secret, file.read_bytes(), file)

    def test_a_run_of_a_fork_has_no_secrets(self):
        self.workflow(
            "on: pull_request\npermissions: {id-token: write}\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: echo \"secret<${{ secrets.PASSWORD }}${{ secrets.STORED }}> token<$ACTIONS_ID_TOKEN_REQUEST_URL>\"\n"
        )
        head = self.commit()
        self.push()
        self.git("push", "-q", str(self.bare), "HEAD:refs/pull/7/head")
        self.serve()
        side = {"ref": "main", "sha": head, "repo": {"full_name": self.REPOSITORY}}
        payload = {
            "action": "opened", "number": 7, "sender": {"login": "stranger"},
            "pull_request": {"number": 7, "head": {**side, "repo": {"full_name": "stranger/shop"}}, "base": side},
            "repository": {"full_name": self.REPOSITORY, "default_branch": "main"},
        }
        delivery = self.hook("pull_request", payload)[1]["delivery"]
        run = self.verdict(delivery)["workflows"][0]["run"]
        self.post(f"/api/runs/{run}/decision", {"approve": True})
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        self.assertIn("secret<> token<>", self.lines(run, "one"))

    def test_a_run_is_cancelled(self):
        self.workflow("on: push\njobs:\n  long:\n    runs-on: ubuntu-latest\n    steps: [{run: sleep 300}]\n")
        self.serve()
        run = self.push_and_run()
        self.wait_for("no step runs", lambda: any(job["steps"] for job in self.get(f"/api/runs/{run}")["jobs"]))
        self.assertEqual(self.post(f"/api/runs/{run}/cancel")[0], 202)
        found = self.run_when(run, "completed")["run"]
        self.assertEqual((found["conclusion"], found["cancelled_by"]), ("cancelled", "hands"))
        self.assertEqual(self.post(f"/api/runs/{run}/cancel")[0], 409)

    def test_a_run_that_waits_for_its_group_takes_no_capacity(self):
        grouped = ("on: workflow_dispatch\nconcurrency: stage\njobs:\n  one:\n    runs-on: ubuntu-latest\n"
                   "    steps: [{run: sleep %s}]\n")
        self.workflow(grouped % 6, "holder.yml")
        self.workflow(grouped % 0, "waiter.yml")
        self.workflow("on: workflow_dispatch\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo hi}]\n", "free.yml")
        self.commit()
        self.push()
        self.serve()

        def dispatched(name):
            status, answer = self.post("/api/dispatch", {"repository": self.REPOSITORY, "workflow": name})
            self.assertEqual(status, 202, answer)
            return answer["run"]["id"]

        holder = dispatched("holder.yml")
        self.wait_for("it does not run", lambda: any(job["steps"] for job in self.get(f"/api/runs/{holder}")["jobs"]))
        waiter = dispatched("waiter.yml")
        self.wait_for("it does not wait", lambda: self.get(f"/api/runs/{waiter}").get("waits_for"))
        self.assertEqual(self.get("/api/workers")["capacity"], 2)
        self.assertEqual(self.run_when(dispatched("free.yml"), "completed")["run"]["conclusion"], "success")
        self.assertEqual(self.get(f"/api/runs/{holder}")["run"]["status"], "in_progress")
        self.assertEqual(self.run_when(waiter, "completed")["run"]["conclusion"], "success")
        self.assertEqual(self.get(f"/api/runs/{holder}")["run"]["conclusion"], "success")

    def test_a_run_is_run_again_as_a_further_attempt(self):
        self.workflow(
            "on: push\njobs:\n  good:\n    runs-on: ubuntu-latest\n    steps: [{run: echo good}]\n"
            "  bad:\n    runs-on: ubuntu-latest\n    steps: [{run: 'test $GITHUB_RUN_ATTEMPT = 2'}]\n"
        )
        self.serve()
        run = self.push_and_run()
        first = self.run_when(run, "completed")["run"]
        self.assertEqual(first["conclusion"], "failure")
        for mistyped in ({"failed": "yes"}, {"only_failed": True}):
            self.assertEqual(self.post(f"/api/runs/{run}/rerun", mistyped)[0], 400)
        status, answer = self.post(f"/api/runs/{run}/rerun", {"failed": True})
        self.assertEqual(status, 202, answer)
        found = self.run_when(answer["run"]["id"], "completed")
        self.assertEqual((found["run"]["conclusion"], found["run"]["attempt"]), ("success", 2), found)
        self.assertEqual(found["run"]["number"], first["number"])
        self.assertEqual(self.get(f"/api/runs/{run}")["run"]["conclusion"], "failure")

    def test_a_run_is_run_again_once_at_a_time(self):
        """Two who press the button at once: one attempt, and the other is told of it."""
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: 'test $GITHUB_RUN_ATTEMPT = 1 || sleep 300'}]\n")
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        with ThreadPoolExecutor(8) as people:
            answers = list(people.map(lambda _: self.post(f"/api/runs/{run}/rerun"), range(8)))
        self.assertEqual(sorted(status for status, _ in answers), [202] + [409] * 7, answers)
        again = next(answer["run"]["id"] for status, answer in answers if status == 202)
        told = next(answer["error"]["message"] for status, answer in answers if status == 409)
        self.assertEqual(told, f"run {run} is being run again already, as run {again}: wait for its end, or cancel it")
        self.run_when(again, "in_progress")
        self.assertEqual(self.post(f"/api/runs/{again}/cancel")[0], 202)
        self.run_when(again, "completed")
        status, answer = self.post(f"/api/runs/{run}/rerun")
        self.assertEqual(status, 202, answer)
        self.run_when(answer["run"]["id"], "in_progress")
        self.assertEqual(self.post(f"/api/runs/{answer['run']['id']}/cancel")[0], 202)
        self.assertEqual(self.run_when(answer["run"]["id"], "completed")["run"]["attempt"], 3)

    def test_an_artifact_is_fetched_as_it_was_uploaded(self):
        self.workflow(
            "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: seq 100000 > kept.txt\n"
            "      - uses: actions/upload-artifact@v4\n        with: {name: the report, path: kept.txt}\n"
        )
        self.serve()
        run = self.push_and_run()
        self.assertEqual([one["name"] for one in self.run_when(run, "completed")["artifacts"]], ["the report"])
        request = urllib.request.Request(f"{self.url}/api/runs/{run}/artifacts/the%20report", headers={"Authorization": f"Bearer {READ}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.assertEqual((answer.headers["Content-Type"], answer.headers["Content-Disposition"]), ("application/zip", "attachment"))
            with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
                self.assertEqual(archive.read("kept.txt").split()[-1], b"100000")
        self.assertEqual(self.ask("GET", f"/api/runs/{run}/artifacts/the%20report")[0], 401)
        status, said = self.ask("GET", f"/api/runs/{run}/artifacts/other", token=READ)
        self.assertEqual((status, json.loads(said)["error"]["message"]), (404, "the run has no artifact 'other'"))

    def test_a_workflow_is_dispatched(self):
        self.workflow(
            "on: {workflow_dispatch: {inputs: {who: {required: true}}}}\njobs:\n  one:\n    runs-on: ubuntu-latest\n"
            "    steps: [{run: 'echo hello ${{ inputs.who }}'}]\n"
        )
        self.commit()
        self.push()
        self.serve()
        asked = {"repository": self.REPOSITORY, "workflow": "test.yml", "inputs": {"who": "world"}}
        status, answer = self.post("/api/dispatch", asked)
        self.assertEqual(status, 202, answer)
        run = answer["run"]["id"]
        self.assertEqual(self.run_when(run, "completed")["run"]["actor"], "hands")
        self.assertIn("hello world", self.lines(run, "one"))
        status, answer = self.post("/api/dispatch", {**asked, "inputs": {}})
        self.assertEqual(status, 400)
        self.assertIn("who", answer["error"]["message"])
        self.assertEqual(self.post("/api/dispatch", {**asked, "workflow": "none.yml"})[0], 400)
        self.assertEqual(self.ask("POST", "/api/dispatch", b"{}", {"Content-Type": "text/plain"}, RUN)[0], 415)

    def test_a_workflow_is_dispatched_from_the_command_line(self):
        self.workflow("on: workflow_dispatch\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo hi}]\n")
        self.commit()
        self.push()
        self.serve()
        dispatch = ["dispatch", "test.yml", "--repository", self.REPOSITORY]
        where = {"PIPELINE_SERVER": self.url, "PIPELINE_TOKEN": RUN}
        said = self.run_pipeline(*dispatch, env=where)
        run = int(re.search(r"run (\d+)", said).group(1))
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        self.assertIn("none.yml was not started", self.run_pipeline("dispatch", "none.yml", *dispatch[2:], env=where, code=2))
        self.assertIn("PIPELINE_TOKEN", self.run_pipeline(*dispatch, env={"PIPELINE_SERVER": self.url}, code=2))

    def test_an_environment_waits_for_an_approval(self):
        self.write(".pipeline.yml", "environments:\n  production: {reviewers: true}\n")
        self.workflow(
            "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    environment: production\n"
            "    steps: [{run: echo shipped}]\n"
        )
        self.serve()
        run = self.push_and_run()
        self.wait_for("the job does not wait",
                      lambda: self.get(f"/api/runs/{run}")["jobs"][0:1] and
                      self.get(f"/api/runs/{run}")["jobs"][0]["status"] == "waiting")
        status, answer = self.post(f"/api/runs/{run}/jobs/ship/decision", {"approve": True})
        self.assertEqual(status, 202, answer)
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")


class PollTest(ForgeTest):
    """Without hooks."""

    MORE = "    poll-seconds: 1\n"

    def test_a_push_is_seen_without_a_hook(self):
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo polled}]\n")
        self.commit()
        self.push()
        self.serve()
        self.wait_for("not polled", lambda: (self.state / "mirrors/acme/shop.git/HEAD").exists())
        self.commit()
        after = self.push()[1]
        runs = self.wait_for("no run", lambda: self.get("/api/runs")["runs"])
        self.assertEqual((len(runs), runs[0]["sha"], runs[0]["actor"]), (1, after, "poll"))
        self.assertEqual(self.run_when(runs[0]["id"], "completed")["run"]["conclusion"], "success")


if __name__ == "__main__":
    unittest.main()
