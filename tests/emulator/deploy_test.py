"""The example, end to end: deployed, deployed again, rolled back, refused."""

import json
import shutil
import time
import unittest
from pathlib import Path

from emulator_harness import EXAMPLE, EmulatorTest


class DeployTest(EmulatorTest):
    """From source to a healthy service, and what happens when it is not."""

    def test_1_a_first_deployment_runs_to_health(self):
        """Linted, tested, scanned, built, pushed, rolled out, smoke-tested."""
        output = self.deploy()
        self.assertIn("COMPLETED", output)
        sha = self.git("rev-parse", "HEAD")
        self.assertEqual(json.loads(self.get("/version"))["version"], sha[:7])
        self.assertIn(f"/items:{sha}", output)
        self.assertRegex(output, r"after:\s+items:\d+ \(\w+\)(, items:\d+ \(\w+\)){2}\n")

    def test_2_a_second_one_replaces_it_without_a_failed_request(self):
        """The emulator kept its state; no client of the load balancer notices."""
        self.edit("app/main.py", "HTTP API of the item service.", "HTTP API of the item service, second edition.")
        sha = self.commit("A second edition")
        output = self.deploy("--job", "deploy")
        self.assert_no_request_failed(output)
        self.assertEqual(json.loads(self.get("/version"))["version"], sha[:7])
        self.assertIn("CACHED", output)

    def test_3_an_unhealthy_version_is_rolled_back(self):
        """/health answers 500: the circuit breaker brings the old version back, and the job says why."""
        good = json.loads(self.get("/version"))["version"]
        self.edit("app/main.py", "    return {\n        \"status\"", "    raise HTTPException(status_code=500)\n    return {\n        \"status\"")
        self.remove_tests()
        self.commit("Break the health check")
        output = self.deploy(code=1)
        self.assertIn("FAILED and was rolled back: ECS deployment circuit breaker", output)
        self.assertIn("Health checks failed with these codes: [500]", output)
        self.assertIn('"GET /health HTTP/1.1" 500', output)
        self.assert_no_request_failed(output)
        self.assertEqual(json.loads(self.get("/version"))["version"], good)

    def test_4_a_version_that_crashes_is_rolled_back(self):
        """Exit code and traceback are in the step's error."""
        good = json.loads(self.get("/version"))["version"]
        self.restore()
        self.edit("app/main.py", "VERSION =", 'if os.environ.get("APP_VERSION"):\n    raise RuntimeError("no database")\nVERSION =')
        self.remove_tests()
        self.commit("Crash at start")
        output = self.deploy(code=1)
        self.assertIn("FAILED and was rolled back", output)
        self.assertIn("container items exited with code 1", output)
        self.assertIn("RuntimeError: no database", output)
        self.assert_no_request_failed(output)
        self.assertEqual(json.loads(self.get("/version"))["version"], good)

    def test_5_a_failing_test_stops_everything(self):
        """Nothing is built, pushed or deployed."""
        self.restore()
        images = self.aws("ecr", "list-images", "--repository-name", "items")
        revisions = self.aws("ecs", "list-task-definitions")
        tests = self.repository / "tests" / "test_store.py"
        tests.write_text(tests.read_text() + '\n\ndef test_broken():\n    """Fail."""\n    assert 1 == 2\n')
        self.commit("Break a test")
        output = self.deploy(code=1)
        self.assertIn("test_broken", output)
        self.assertNotIn("docker build", output)
        self.assertEqual(self.aws("ecr", "list-images", "--repository-name", "items"), images)
        self.assertEqual(self.aws("ecs", "list-task-definitions"), revisions)

    def test_6_no_secret_is_kept(self):
        """Neither session keys nor the registry's password stand in any file; the admin's key is the seed's alone."""
        for name in ("EMULATORADMIN", "ASIA"):
            files = [f for f in self.state_files_with(name) if not f.startswith(("images/", "emulator/images/"))]
            # What a job that failed had in its workspace is kept, the repository's own seed among it.
            files = [f for f in files if not f.endswith("/workspace/emulator.yml")]
            self.assertEqual(files, [], name)

    def test_7_tasks_come_back_after_a_restart_and_end_with_it(self):
        """`down` leaves no task; `up` starts what the services want."""
        self.run_program(self.binary(), "emulator", "down")
        with self.assertRaises(OSError):
            self.get("/health")
        self.run_program(self.binary(), "emulator", "up")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.status()["services"][0]["running"] < 3:
            time.sleep(0.05)
        self.assertEqual(self.status()["services"][0]["running"], 3)

    def remove_tests(self):
        """The example's own tests would find the fault first; here the load balancer has to."""
        for path in (self.repository / "tests").glob("test_*.py"):
            path.write_text('"""Nothing to test."""\n\n\ndef test_nothing():\n    """Pass."""\n')

    def restore(self):
        """The example as it stands, but for the seed."""
        for name in ("app", "tests"):
            shutil.rmtree(self.repository / name)
            shutil.copytree(EXAMPLE / name, self.repository / name, ignore=shutil.ignore_patterns("__pycache__"))


class WrongSubjectTest(EmulatorTest):
    """A trust policy that does not trust this branch."""

    seed_changes = (
        ("repo:*:ref:refs/heads/main", "repo:*:ref:refs/heads/release"),
        ("                - repo:*:environment:production\n", ""),
    )

    def test_a_role_that_is_not_trusted_says_so_and_the_audit_log_says_why(self):
        """AWS's bare words on the wire; condition, expected and found in the emulator's log."""
        output = self.deploy("--job", "build", code=1)
        self.assertIn("Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity", output)
        audit = self.run_program(self.binary(), "emulator", "audit")
        self.assertIn("token.actions.githubusercontent.com:sub", audit)
        self.assertIn("expected repo:*:ref:refs/heads/release", audit)
        self.assertRegex(audit, r"found repo:\S+:ref:refs/heads/main")


STARTER = Path(__file__).resolve().parents[3] / "shared/conformance/starter-workflows/deployments/aws.yml"


@unittest.skipUnless(STARTER.exists(), "GitHub's starter workflows are not beside this repository")
class StarterWorkflowTest(EmulatorTest):
    """GitHub's "Deploy to Amazon ECS", with only what its comments ask for filled in."""

    def test_it_runs_to_success(self):
        """env values, branch placeholder, two secrets."""
        text = STARTER.read_text(encoding="utf-8").replace("$default-branch", '"main"')
        values = {
            "MY_AWS_REGION": "eu-central-1",
            "MY_ECR_REPOSITORY": "items",
            "MY_ECS_SERVICE": "items",
            "MY_ECS_CLUSTER": "production",
            "MY_ECS_TASK_DEFINITION": "task-definition.json",
            "MY_CONTAINER_NAME": "items",
        }
        for name, value in values.items():
            self.assertIn(name, text)
            text = text.replace(name, value)
        path = self.repository / ".github" / "workflows" / "aws.yml"
        path.write_text(text, encoding="utf-8")
        sha = self.commit("Use the starter workflow")
        output = self.run_program(
            self.binary(),
            "run",
            ".github/workflows/aws.yml",
            "--emulator",
            "--secret",
            "AWS_ACCESS_KEY_ID=EMULATORADMIN",
            "--secret",
            "AWS_SECRET_ACCESS_KEY=emulator",
        )
        self.assertIn("COMPLETED", output)
        self.assertIn(f"/items:{sha}", output)
        self.assertIn('"service": "items"', json.dumps(json.loads(self.get("/"))))


if __name__ == "__main__":
    unittest.main(verbosity=2)
