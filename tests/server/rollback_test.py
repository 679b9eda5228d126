"""A rollout of a run is taken back from the page: the daemon, the emulator's ECS and a browser, all of them real."""

import json
import shutil
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "emulator"))

import api_walk  # noqa: E402
from chromium import Chromium  # noqa: E402
from emulator_harness import ADMIN, BareEmulatorTest  # noqa: E402
from forge import READ, RUN, ForgeTest  # noqa: E402
from recording_proxy import RecordingProxy  # noqa: E402

DEPLOY = """
on: push
jobs:
  ship:
    runs-on: ubuntu-latest
    environment: production
    env:
      AWS_ENDPOINT_URL: {endpoint}
      AWS_REGION: eu-central-1
      AWS_ACCESS_KEY_ID: EMULATORADMIN
      AWS_SECRET_ACCESS_KEY: emulator
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2
        with:
          task-definition: task.json
          service: web
          cluster: walk
          wait-for-service-stability: true
          preflight: "off"
"""


class Cloud(BareEmulatorTest):
    """An emulator with a service whose first revision is proven."""

    seed_text = api_walk.SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "web")
        cls.container = {**api_walk.CONTAINER, "image": cls.push_image("web:1", files={"srv/index.html": "hello\n"})}
        cls.definition = {"family": "web", "cpu": "256", "memory": "512", "containerDefinitions": [cls.container]}
        words = [word for key, name in (("cpu", "--cpu"), ("memory", "--memory")) for word in (name, cls.definition[key])]
        cls.aws("ecs", "register-task-definition", "--family", "web", *words, "--container-definitions", json.dumps([cls.container]))
        cls.aws("ecs", "create-service", "--cluster", "walk", "--service-name", "web", "--task-definition", "web", "--desired-count", "1")
        # The waiter services-stable only counts tasks: what is replaced before it has completed is not proven.
        while cls.service()["deployments"][0]["rolloutState"] != "COMPLETED":
            time.sleep(0.1)

    @classmethod
    def service(cls):
        """As ECS describes it."""
        return cls.aws("ecs", "describe-services", "--cluster", "walk", "--services", "web")["services"][0]

    @classmethod
    def running(cls):
        """The revision that serves."""
        return cls.service()["taskDefinition"].rsplit("/", 1)[1]


class RollbackTest(ForgeTest):
    """The daemon has AWS credentials of its own."""

    @classmethod
    def setUpClass(cls):
        Cloud.setUpClass()
        cls.addClassCleanup(Cloud.doClassCleanups)

    def environment(self, **more):
        return super().environment(**ADMIN, AWS_ENDPOINT_URL=Cloud.endpoint, AWS_REGION="eu-central-1", **more)

    def push_deployment(self, endpoint):
        """A run that deploys another revision."""
        before = Cloud.running()
        changed = {**Cloud.container, "environment": [{"name": "GREETING", "value": f"welcome after {before}"}]}
        self.write("task.json", json.dumps({**Cloud.definition, "containerDefinitions": [changed]}))
        self.workflow(DEPLOY.format(endpoint=endpoint))
        self.serve()
        return self.push_and_run()

    def deployed(self):
        """A run that has deployed it."""
        before = Cloud.running()
        run = self.push_deployment(Cloud.endpoint)
        found = self.run_when(run, "completed")
        self.assertEqual(found["run"]["conclusion"], "success", found)
        self.assertNotEqual(Cloud.running(), before)
        self.before = before
        return run

    def test_a_rollout_that_aws_tells_no_more_of_is_for_a_person(self):
        proxy = RecordingProxy(Cloud.endpoint, last="UpdateService")
        self.addCleanup(proxy.close)
        found = self.run_when(self.push_deployment(proxy.url), "completed")["run"]
        self.assertEqual(found["conclusion"], "needs_human", found)
        self.assertRegex(found["reason"], r"^look at deployment ecs-svc/\d+ of service web in walk: it ended as UNKNOWN$")
        self.wait_for("it goes on", lambda: Cloud.service()["deployments"][0]["rolloutState"] == "COMPLETED")

    def test_a_rollout_is_taken_back_by_the_page_s_button(self):
        run = self.deployed()
        path = f"/api/runs/{run}/jobs/ship/rollback"
        self.assertEqual(self.post(path, token=READ)[0], 403)
        browser = Chromium(self)
        browser.goto(self.url + "/")
        browser.evaluate(f"sessionStorage.setItem('pipeline-token', '{RUN}')")
        browser.goto(f"{self.url}/runs/{run}")
        browser.click("Roll back")
        browser.click("Take web back now")
        browser.wait_for("document.body.innerText.includes('Taken back by hands')")
        ended = self.wait_for("it goes on", lambda: [
            one for one in self.get(f"/api/runs/{run}")["rollbacks"] if one["state"] != "running"])[0]
        self.assertEqual((ended["state"], ended["by"], ended["service"]), ("succeeded", "hands", "web"), ended)
        self.assertEqual(Cloud.running(), self.before)
        self.assertEqual(browser.errors, [])

    def supervisors(self):
        """What processes of the daemon said."""
        return (self.state / "supervisors.log").read_text(encoding="utf-8")

    def test_nothing_is_taken_back_for_a_job_that_rolled_nothing_out(self):
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n")
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "completed")
        status, answer = self.post(f"/api/runs/{run}/jobs/one/rollback")
        self.assertEqual((status, self.get(f"/api/runs/{run}")["rollbacks"]), (409, []))
        self.assertIn("has rolled nothing out", answer["error"]["message"])

    def test_of_several_services_that_a_job_rolled_out_one_is_named(self):
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n")
        self.serve()
        run = self.push_and_run()
        history = self.run_when(run, "completed")["run"]["run_id"]
        with open(self.state / f"runs/{history}/outline.jsonl", "a", encoding="utf-8") as outline:
            for service in ("web", "api"):
                outline.write(json.dumps({"type": "deployment_finished", "job": "one", "cluster": "walk", "service": service}) + "\n")
        path = f"/api/runs/{run}/jobs/one/rollback"
        for body in ({}, {"service": "other"}):
            status, answer = self.post(path, body)
            self.assertEqual((status, answer["error"]["message"]), (
                409, f"expected `service` to be one that the job one of run {run} has rolled out: api, web"))
        status, answer = self.post(path, {"service": "api"})
        self.assertEqual((status, answer["rollback"]["service"]), (202, "api"), answer)
        self.wait_for("it goes on", lambda: self.get(f"/api/runs/{run}")["rollbacks"][0]["state"] != "running")


class EmulatorRollbackTest(RollbackTest):
    """The daemon has none, and an emulator in its state folder, as of `make serve`."""

    def setUp(self):
        super().setUp()
        (self.state / "emulator").mkdir(parents=True)
        shutil.copy(Cloud.state / "emulator/control.json", self.state / "emulator/control.json")
        config = self.config.read_text(encoding="utf-8")
        self.config.write_text(config + f"emulator: true\nemulator-seed: {Cloud.seed}\n", encoding="utf-8")

    def environment(self, **more):
        return ForgeTest.environment(self, AWS_ACCESS_KEY_ID="of-somebody-else", AWS_SECRET_ACCESS_KEY="x", **more)

    def test_an_emulator_that_is_down_is_named(self):
        run = self.deployed()
        (self.state / "emulator/control.json").unlink()
        self.post(f"/api/runs/{run}/jobs/ship/rollback")
        ended = self.wait_for("it goes on", lambda: [
            one for one in self.get(f"/api/runs/{run}")["rollbacks"] if one["state"] != "running"])[0]
        self.assertEqual(ended["state"], "failed")
        self.assertIn("pipeline emulator up", ended["about"])


if __name__ == "__main__":
    unittest.main()
