"""Gates of the deploy step: what completed is watched, and taken back when a gate refuses it."""

import json
import unittest

from emulator_harness import BareEmulatorTest

SEED = """
account: '123456789012'
region: eu-central-1
time_scale: 60
users: [{name: admin, access_key_id: EMULATORADMIN, secret_access_key: emulator}]
repositories: [{name: items}]
clusters: [production]
target_groups:
  - {name: items, port: 8000, deregistration_delay_seconds: 30, health_check: {path: /health, interval_seconds: 6, timeout_seconds: 5, healthy_threshold: 2, unhealthy_threshold: 3}}
load_balancers:
  - {name: items, listeners: [{port: 0, target_group: items}]}
services:
  - {name: items, cluster: production, desired_count: 1, load_balancers: [{target_group: items, container: items, port: 8000}]}
"""
WORKFLOW = """
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with: {aws-region: eu-central-1, aws-access-key-id: EMULATORADMIN, aws-secret-access-key: emulator}
      - id: deploy
        uses: aws-actions/amazon-ecs-deploy-task-definition@v2
        with:
          task-definition: task.json
          service: items
          cluster: production
          wait-for-service-stability: true
          gates: |
            watch-minutes: 0.05
            probe: {url: "URL/feature"}
      - if: always()
        run: echo "status=${{ steps.deploy.outputs.deployment-status }} back=${{ steps.deploy.outputs.rolled-back-to }}"
"""


class StepGatesTest(BareEmulatorTest):
    """Two images: one has what the gate asks for."""

    seed_text = SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        serve = 'CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]'
        cls.images = {
            "good": cls.push_image("items:good", serve, files={"www/health": "ok", "www/feature": "yes"}),
            "bad": cls.push_image("items:bad", serve, files={"www/health": "ok"}),
        }
        cls.url = cls.status()["load_balancers"][0]["listeners"][0]["url"]
        cls.run_program("git", "init", "-q", "-b", "main")

    def deploy(self, image, code=0, workflow=WORKFLOW):
        """The workflow's output."""
        container = {"name": "items", "image": self.images[image], "portMappings": [{"containerPort": 8000}], "stopTimeout": 2}
        definition = {"family": "items", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
        (self.repository / "task.json").write_text(json.dumps({**definition, "containerDefinitions": [container]}), encoding="utf-8")
        path = self.repository / ".github" / "workflows" / "deploy.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(workflow.replace("URL", self.url), encoding="utf-8")
        self.run_program("git", "add", "-A")
        self.run_program("git", "commit", "-q", "--allow-empty", "-m", image)
        return self.run_program(self.binary(), "run", ".github/workflows/deploy.yml", "--emulator", code=code)

    def running(self):
        """The revision that serves."""
        return self.aws("ecs", "describe-services", "--cluster", "production", "--services", "items")["services"][0]["taskDefinition"]

    def test_1_what_passes_its_gate_stays(self):
        """The gate asks the service itself."""
        output = self.deploy("good")
        self.assertIn("watching its gates for 3 s", output)
        self.assertIn("status=COMPLETED back=", output)
        self.assertTrue(self.running().endswith("/items:1"))

    def test_2_what_fails_it_is_taken_back(self):
        """It completed, and all the same the old revision serves again; the step says why."""
        output = self.deploy("bad", code=1)
        self.assertRegex(output, r"\d+ of \d+ requests to \S+/feature failed")
        self.assertIn("service items was taken back", output)
        self.assertRegex(output, r"status=ROLLED_BACK back=\S+/items:1\b")
        self.assertTrue(self.running().endswith("/items:1"))

    def test_3_wrong_gates_are_refused_before_anything_changes(self):
        """With their place."""
        before = self.running()
        output = self.deploy("good", code=1, workflow=WORKFLOW.replace("watch-minutes", "watch-minuets"))
        self.assertIn("the input gates:1:1: unknown key 'watch-minuets'; did you mean watch-minutes?", output)
        output = self.deploy("good", code=1, workflow=WORKFLOW.replace("wait-for-service-stability: true", "wait-for-service-stability: false"))
        self.assertIn("gates: expected a service and wait-for-service-stability: true", output)
        self.assertEqual(self.running(), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
