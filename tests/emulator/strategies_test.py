"""`pipeline deploy` of services that ECS deploys as canary or linear: followed, proven, taken back."""

import json
import subprocess
import unittest

from rollouts_harness import BINARY, REGION, Prober, RolloutsTest

BREAKER = {"enable": True, "rollback": True}


class StrategiesTest(RolloutsTest):
    """One service; each test gives it another strategy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test = cls()
        cls.ecs.create_service(
            cluster="production", serviceName="items", taskDefinition=test.register("v1"), desiredCount=2, launchType="FARGATE",
            loadBalancers=test.balancers(), deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
        )  # fmt: skip
        assert test.wait_until_over("items")["status"] == "SUCCESSFUL"

    def deploy(self, version, *arguments, code=0, **variables):
        """The binary as a person at a terminal has it: the objects of --json."""
        described = self.ecs.describe_task_definition(taskDefinition=self.register(version, **variables))["taskDefinition"]
        definition = {key: described[key] for key in ("family", "networkMode", "cpu", "memory", "containerDefinitions")}
        definition["requiresCompatibilities"] = ["FARGATE"]
        (self.folder / "task.json").write_text(json.dumps(definition), encoding="utf-8")
        keys = {"AWS_ACCESS_KEY_ID": "EMULATORADMIN", "AWS_SECRET_ACCESS_KEY": "emulator", "AWS_REGION": REGION}
        done = subprocess.run(
            [BINARY, "deploy", "-c", "production", "-s", "items", "-t", "task.json", "--json", *arguments],
            cwd=self.folder, env={**self.environment(), **keys, "AWS_ENDPOINT_URL": self.endpoint}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stdout[-3000:] + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def set_strategy(self, **configuration):
        """Without a deployment."""
        configuration = {"bakeTimeInMinutes": 0, "lifecycleHooks": [], "deploymentCircuitBreaker": BREAKER, **configuration}
        self.ecs.update_service(cluster="production", service="items", deploymentConfiguration=configuration)

    def deploy_with_traffic(self, version):
        """What the binary told, and who answered meanwhile."""
        prober = Prober(self.urls[0])
        try:
            told = self.deploy(version)
        finally:
            prober.stop()
        self.assertEqual(prober.failures, [])
        finished = [event for event in told if event["type"] == "item_finished"]
        self.assertEqual([event["status"] for event in finished], ["COMPLETED"], told)
        self.assertEqual(self.deployment("items")["status"], "SUCCESSFUL")
        self.assertEqual(self.get(self.urls[0]), version)
        return prober.answers

    def test_1_a_canary_is_followed_to_its_end(self):
        """The new version gets its share first; no request fails."""
        self.set_strategy(strategy="CANARY", canaryConfiguration={"canaryPercent": 20, "canaryBakeTimeInMinutes": 3})
        answers = self.deploy_with_traffic("v2")
        self.assertEqual(set(answers), {"v1", "v2"})

    def test_2_a_linear_one_is_followed_through_its_steps(self):
        """The half, and then all."""
        self.set_strategy(strategy="LINEAR", linearConfiguration={"stepPercent": 50, "stepBakeTimeInMinutes": 3})
        answers = self.deploy_with_traffic("v3")
        self.assertEqual(set(answers), {"v2", "v3"})

    def test_3_a_sick_one_is_taken_back_and_has_its_own_exit_code(self):
        """By either strategy, without a request to it."""
        for strategy in ("CANARY", "LINEAR"):
            self.set_strategy(strategy=strategy)
            prober = Prober(self.urls[0])
            try:
                told = self.deploy("sick", code=10, HEALTH="500")
            finally:
                prober.stop()
            finished = [event for event in told if event["type"] == "item_finished"][0]
            self.assertEqual(finished["status"], "ROLLED_BACK", strategy)
            self.assertEqual((prober.failures, set(prober.answers)), ([], {"v3"}), strategy)


if __name__ == "__main__":
    unittest.main(verbosity=2)
