"""What GitHub's side asks and is told beyond check runs: deployments, buttons that run again, lost deliveries."""

import os
import signal
import sqlite3
import unittest

from failing import FailureTest
from fake_github import FakeGithub, make_app_key

DEPLOYS = """
on: push
jobs:
  wait:
    runs-on: ubuntu-latest
    environment:
      name: production
      url: https://shop.example.org/${{{{ steps.one.outputs.path }}}}
    steps:
      - id: one
        run: echo path=v1 >> "$GITHUB_OUTPUT"; {more}
"""
ONE = "on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n"


class GithubTest(FailureTest):
    """The App of the daemon is at a GitHub of the test's own."""

    MORE = "    hook: 12\n    credential: file:credential\n"

    def configure(self, text=None):
        key = self.folder / "app.pem"
        (self.folder / "credential").write_text("status-token\n", encoding="utf-8")
        self.github = FakeGithub(make_app_key(key))
        self.addCleanup(self.github.close)
        super().configure(
            f"external-url: https://ci.example.org\ngithub: {{app: Iv1.app, private-key: 'file:{key}', api: '{self.github.url}'}}\n" + text)

    def checks(self):
        """Bodies of the check runs that were made."""
        return [body for method, path, body in self.github.requests if method == "POST" and path.endswith("/check-runs")]


class DeploymentsTest(GithubTest):
    """Jobs with an environment."""

    def ended(self, state):
        """The one deployment, once its last status is that."""
        return self.wait_for(f"no deployment is {state}: {self.github.deployments}", lambda: [
            one for one in self.github.deployments if one["statuses"] and one["statuses"][-1]["state"] == state])[0]

    def test_a_job_with_an_environment_is_a_deployment_with_its_states_and_its_address(self):
        self.workflow(DEPLOYS.format(more="sleep 3"))
        self.serve()
        run = self.push_and_run()
        self.assertEqual(self.ended("in_progress")["environment"], "production")
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        made = self.ended("success")
        self.assertEqual((made["sha"], made["task"]), (self.git("rev-parse", "HEAD"), "deploy"))
        last = made["statuses"][-1]
        self.assertEqual(last["environment_url"], "https://shop.example.org/v1")
        self.assertEqual(last["log_url"], f"https://ci.example.org/runs/{run}")
        self.assertEqual(len(self.github.deployments), 1)

    def test_a_deployment_that_fails_or_is_lost_is_told_as_that(self):
        self.workflow(DEPLOYS.format(more="exit 1"))
        self.serve()
        self.run_when(self.push_and_run(), "completed")
        self.ended("failure")
        self.workflow(DEPLOYS.format(more="echo tick 1; sleep 60"))
        run = self.push_and_run()
        self.ended("in_progress")
        os.kill(self.supervisor(run), signal.SIGKILL)
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "needs_human")
        self.ended("error")

    def test_a_deployment_whose_making_was_not_answered_is_made_once(self):
        self.github.lose_answers_to = "/deployments"
        self.workflow(DEPLOYS.format(more="true"))
        self.serve()
        self.run_when(self.push_and_run(), "completed")
        self.ended("success")
        self.assertEqual(len(self.github.deployments), 1)

    def test_an_app_that_may_not_tell_of_deployments_still_tells_of_runs(self):
        del self.github.granted["deployments"]
        self.workflow(DEPLOYS.format(more="true"))
        self.serve()
        self.run_when(self.push_and_run(), "completed")
        self.wait_for("not told", lambda: any((body or {}).get("conclusion") == "success" for _, _, body in self.github.requests))
        self.assertEqual(self.github.deployments, [])


class ButtonsTest(GithubTest):
    """"Re-run" of a check, and of all checks."""

    def payload(self, event, run, **more):
        """As GitHub tells of a button."""
        head = self.get(f"/api/runs/{run}")["run"]["sha"]
        return {
            "action": "rerequested", event: {"head_sha": head, **more}, "sender": {"login": "ann"},
            "repository": {"full_name": self.REPOSITORY, "default_branch": "main"},
        }

    def test_a_check_is_run_again_once_for_each_delivery(self):
        self.workflow(ONE)
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        check = self.wait_for("no check", self.checks)[0]
        payload = self.payload("check_run", run, external_id=check["external_id"])
        for _ in range(2):
            delivery = self.hook("check_run", payload, guid="button")[1]["delivery"]
        again = next(one["run"] for one in self.verdict(delivery)["workflows"] if one["runs"])
        found = self.run_when(again, "completed")["run"]
        self.assertEqual((found["attempt"], found["conclusion"], found["actor"]), (2, "success", "ann"))
        self.assertEqual(len(self.get("/api/runs")["runs"]), 2)

    def test_all_checks_of_a_commit_are_run_again(self):
        self.workflow(ONE)
        self.workflow(ONE, "other.yml")
        self.serve()
        run = self.push_and_run()
        self.wait_for("not over", lambda: all(one["status"] == "completed" for one in self.get("/api/runs")["runs"]))
        delivery = self.hook("check_suite", self.payload("check_suite", run))[1]["delivery"]
        verdict = self.verdict(delivery)
        self.assertEqual(verdict["reason"], "2 of 2 runs are run again", verdict)
        for one in [one for one in verdict["workflows"] if one["runs"]]:
            self.assertEqual(self.run_when(one["run"], "completed")["run"]["attempt"], 2)

    def test_a_check_of_another_app_or_commit_runs_nothing(self):
        self.workflow(ONE)
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        for more in ({"external_id": "other-1"}, {"external_id": f"attempt-{run}", "head_sha": "0" * 40}, {"external_id": "attempt-999"}):
            delivery = self.hook("check_run", self.payload("check_run", run, **more))[1]["delivery"]
            self.assertEqual(self.verdict(delivery)["verdict"], "nothing")
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)


class LostDeliveriesTest(GithubTest):
    """The daemon was down while GitHub had something to tell."""

    def setUp(self):
        super().setUp()
        self.workflow(ONE)
        self.commit()
        self.push()
        self.sent = {}
        self.github.redeliver = lambda one: self.ask("POST", "/hooks/github", self.sent[one["guid"]][1], self.sent[one["guid"]][0])

    def lose(self, number, guid, times=1):
        """A push of which GitHub could not tell."""
        self.commit()
        self.sent[guid] = self.hook_request("push", self.push_payload(*self.push()), guid=guid)
        for i in range(times):
            self.github.add_delivery(number + i, guid, 502)

    def test_what_was_lost_while_the_daemon_was_down_is_sent_again_and_runs_once(self):
        self.github.add_delivery(1, "of-old", 502, age=86_400)
        self.serve()
        self.wait_for("no sweep", lambda: (self.state / "server.db").exists())
        arrived = self.push_and_run()
        self.run_when(arrived, "completed")
        self.wait_for("no sweep yet", self.swept)
        self.assertEqual(self.github.redelivered, [], "what was before the daemon is not for it")
        self.end(self.daemon)
        self.lose(10, "lost-1", times=2)
        self.lose(20, "lost-2")
        self.github.add_delivery(30, "arrived", 202)
        self.github.add_delivery(31, "refused", 401)
        self.lose(40, "lost-3")
        self.github.add_delivery(41, "lost-3", 202)
        self.serve()
        runs = self.wait_for("not sent again", lambda: len(self.get("/api/runs")["runs"]) == 3 and self.get("/api/runs")["runs"])
        self.assertEqual(sorted(self.github.redelivered), ["lost-1", "lost-2"], "the App and the repository each have a list")
        for one in runs:
            self.assertEqual(self.run_when(one["id"], "completed")["run"]["conclusion"], "success")
        self.end(self.daemon)
        self.serve()
        self.run_when(self.push_and_run(), "completed")
        self.assertEqual(len(self.github.redelivered), 2, "it is not asked for again")

    def swept(self):
        """Whether both lists were looked at."""
        with sqlite3.connect(self.state / "server.db") as database:
            return database.execute("SELECT COUNT(*) FROM sweeps").fetchone()[0] == 2


if __name__ == "__main__":
    unittest.main()
