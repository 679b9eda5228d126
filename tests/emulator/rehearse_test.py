"""pipeline rehearse: strategies and faults on emulators of their own, with the ends that AWS documents."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from emulator_harness import BareEmulatorTest
from harness import PIPELINE

SERVER = Path(PIPELINE).resolve().parent / "tests" / "unit" / "emulator" / "tiny_web_server"
SEED = """
account: '123456789012'
region: eu-central-1
log_groups: [/ecs/items]
clusters: [production]
target_groups:
  - name: items
    port: 8000
    deregistration_delay_seconds: 30
    health_check: {path: /health, interval_seconds: 15, timeout_seconds: 5, healthy_threshold: 2, unhealthy_threshold: 3}
load_balancers:
  - {name: items, listeners: [{port: 8080, target_group: items}]}
services:
  - name: items
    cluster: production
    desired_count: 2
    load_balancers: [{target_group: items, container: items, port: 8000}]
    deploymentConfiguration: {strategy: CANARY}
"""
RELEASE = """
cluster: production
deploy:
  items:
    task-definition: task.json
    image: {items: 'items:1'}
"""
DEFINITION = {
    "family": "items",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "containerDefinitions": [
        {
            "name": "items",
            "image": "replaced",
            "portMappings": [{"containerPort": 8000}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/items", "awslogs-region": "eu-central-1"}},
        }
    ],
}


class RehearseTest(BareEmulatorTest):
    """A service of one static program."""

    seed_text = SEED

    @classmethod
    def setUpClass(cls):  # no emulator of the class: rehearsals have their own
        cls.folder = Path(tempfile.mkdtemp(prefix="pipeline-rehearse-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.state = cls.folder / "state"
        cls.prepare()
        (cls.repository / "release.yml").write_text(RELEASE, encoding="utf-8")
        (cls.repository / "task.json").write_text(json.dumps(DEFINITION), encoding="utf-8")
        image = cls.folder / "image"
        image.mkdir()
        shutil.copy(SERVER, image / "server")
        (image / "Dockerfile").write_text('FROM scratch\nCOPY server /server\nCMD ["/server"]\n', encoding="utf-8")
        cls.run_program(cls.binary(), "image", "build", "-q", "-t", "items:1", str(image))

    def rehearse(self, *arguments, code=0, timeout=280):
        """The objects of --json."""
        output = self.run_program(self.binary(), "rehearse", "release.yml", "--json", *arguments, code=code, timeout=timeout)
        return [json.loads(line) for line in output.splitlines() if line.startswith("{")]

    def test_each_strategy_ends_as_documented_whatever_goes_wrong(self):
        """No request fails, and the right version serves afterwards; what a strategy does not have is left out."""
        faults = ("none", "crash", "missing-secret", "throttling", "alarm", "stop", "failing-hook", "hanging-hook")
        *ends, last = self.rehearse("--strategy", "all", "--time-scale", "120", *(word for fault in faults for word in ("--fault", fault)))
        self.assertEqual(last, {"type": "rehearsal_finished", "tried": 38, "as_expected": 38}, ends)
        for end in ends:
            completes = end["fault"] in ("none", "throttling")
            self.assertEqual(end["came"], "COMPLETED" if completes else "ROLLED_BACK", end)
            self.assertGreater(end["requests"]["sent"], 0, end)  # one in 20 ms, and some rollbacks take 100
            self.assertEqual(end["requests"]["failed"], 0, end)
        self.assertNotIn(("rolling", "failing-hook"), [(end["strategy"], end["fault"]) for end in ends])

    def test_a_health_path_that_answers_too_late_is_no_health(self):
        """A second of it is the machine's own: no time scale shortens what an application may take."""
        end, _ = self.rehearse("--strategy", "rolling", "--fault", "slow-health", "--time-scale", "120")
        self.assertEqual((end["came"], end["right_version"], end["requests"]["failed"]), ("ROLLED_BACK", True, 0), end)

    def test_the_seed_says_the_strategy_and_the_table_is_for_people(self):
        """Without flags."""
        output = self.run_program(self.binary(), "rehearse", "release.yml", "--fault", "none")
        self.assertRegex(output, r"canary +none +COMPLETED +COMPLETED +as it is +\d+ +0 ")
        self.assertIn("1 of 1 as expected", output)

    def test_a_release_that_never_works_is_no_rehearsal(self):
        """The reason is that of the deployment."""
        broken = json.loads(json.dumps(DEFINITION))
        broken["containerDefinitions"][0]["secrets"] = [{"name": "A", "valueFrom": "/not/there"}]
        (self.repository / "task.json").write_text(json.dumps(broken), encoding="utf-8")
        self.addCleanup((self.repository / "task.json").write_text, json.dumps(DEFINITION), encoding="utf-8")
        output = self.run_program(self.binary(), "rehearse", "release.yml", "--fault", "crash", code=3)
        self.assertIn("the release does not even deploy when nothing goes wrong", output)

    def test_what_cannot_be_rehearsed_is_refused_with_what_to_do(self):
        """Unknown names, an image that nobody built, a service that the seed lacks."""
        output = self.run_program(self.binary(), "rehearse", "release.yml", "--fault", "flood", code=2)
        self.assertIn("--fault: expected all or one of none, crash,", output)
        other = self.repository / "other.yml"
        other.write_text(RELEASE.replace("items:1", "items:none"), encoding="utf-8")
        self.assertIn("build it first: pipeline image build -t items:none", self.run_program(self.binary(), "rehearse", "other.yml", code=3))
        other.write_text(RELEASE.replace("  items:\n", "  web:\n"), encoding="utf-8")
        self.assertIn("the seed has no service web in cluster production", self.run_program(self.binary(), "rehearse", "other.yml", code=2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
