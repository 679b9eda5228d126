"""Tasks of several containers start in order; the live page shows what runs."""

import json
import subprocess
import unittest
import urllib.error
import urllib.request

import api_walk
from emulator_harness import CLEAN_PATH, BareEmulatorTest


class TasksTest(BareEmulatorTest):
    """Containers of busybox."""

    seed_text = api_walk.SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "web")
        cls.image = cls.push_image("web:1")

    def run_to_end(self, *containers):
        """The stopped task of these containers, and the lines that each wrote, in time."""
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/tasks", "awslogs-region": "eu-central-1", "awslogs-create-group": "true", "awslogs-stream-prefix": "c"}}
        whole = [{"image": self.image, "logConfiguration": log, "stopTimeout": 2, **container} for container in containers]
        self.aws("ecs", "register-task-definition", "--family", "ordered", "--cpu", "256", "--memory", "512", "--container-definitions", json.dumps(whole))
        task = self.aws("ecs", "run-task", "--cluster", "walk", "--task-definition", "ordered")["tasks"][0]["taskArn"]
        describe = lambda: self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", task)["tasks"][0]  # noqa: E731
        self.wait_until("the task to stop", lambda: describe()["lastStatus"] == "STOPPED")
        stopped = describe()
        streams = [f"c/{container['name']}/{task.rsplit('/', 1)[1]}" for container in containers]
        events = self.aws("logs", "filter-log-events", "--log-group-name", "/tasks", "--log-stream-names", *streams)["events"]
        return stopped, [event["message"] for event in events]

    def test_containers_wait_for_what_they_depend_on(self):
        """A migration that has to succeed, a server that has to be healthy, then the application."""
        migration = {"name": "migration", "essential": False, "command": ["sh", "-c", "sleep 0.5; echo migrated"]}
        server = {
            "name": "server",
            "essential": False,
            "dependsOn": [{"containerName": "migration", "condition": "SUCCESS"}],
            "command": ["sh", "-c", "echo started; sleep 0.5; touch /tmp/up; echo up; sleep 60"],
            "healthCheck": {"command": ["CMD", "test", "-e", "/tmp/up"], "interval": 1, "timeout": 1, "retries": 9},
        }
        application = {"name": "application", "dependsOn": [{"containerName": "server", "condition": "HEALTHY"}], "command": ["echo", "served"]}
        task, lines = self.run_to_end(application, server, migration)
        self.assertEqual(lines, ["migrated", "started", "up", "served"])
        codes = {container["name"]: container.get("exitCode") for container in task["containers"]}
        self.assertEqual((codes["migration"], codes["application"]), (0, 0))

    def test_a_dependency_that_fails_ends_the_task(self):
        """What depends on its success never starts."""
        migration = {"name": "migration", "essential": False, "command": ["sh", "-c", "echo failed; exit 3"]}
        application = {"name": "application", "dependsOn": [{"containerName": "migration", "condition": "SUCCESS"}], "command": ["echo", "served"]}
        task, lines = self.run_to_end(migration, application)
        self.assertEqual(lines, ["failed"])
        self.assertIn("container application depends on migration with condition SUCCESS, which will not be met", task["stoppedReason"])

    def test_the_page_is_static_and_asks_with_the_token(self):
        """A strict policy for content, a script that parses, and no status without the token."""
        with urllib.request.urlopen(self.endpoint + "/", timeout=10) as answer:
            page, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
        self.assertIn('<script src="/_page/page.js">', page)
        self.assertIn("default-src 'none'; script-src 'self'", policy)
        with urllib.request.urlopen(self.endpoint + "/_page/page.js", timeout=10) as answer:
            script = self.folder / "page.js"
            script.write_bytes(answer.read())
        subprocess.run(["node", "--check", str(script)], check=True, env={"PATH": CLEAN_PATH})
        self.assertNotIn("innerHTML", script.read_text())
        address = self.run_program(self.binary(), "emulator", "status", "--page").strip()
        self.assertTrue(address.startswith(self.endpoint + "/#"), address)
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(self.endpoint + "/_emulator/status", timeout=10)
        logs = self.owner("GET", "logs")
        self.assertEqual(sorted(logs), ["groups", "lines", "streams"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
