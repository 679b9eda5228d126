"""ECS's own deployments, each strategy with traffic on it, asked as its clients ask."""

import json
import time
import unittest

from json_client import AwsError
from rollouts_harness import ACCOUNT, REGION, ROLE, Prober, RolloutsTest

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


class StrategiesTest(RolloutsTest):
    """A service of two tasks; minutes pass in seconds."""

    @classmethod
    def seed_of_class(cls):
        seed = super().seed_of_class()
        marker = cls.folder / "approved"
        seed["lambda_functions"] = [
            {"name": "log", "command": f"tee -a {cls.folder}/payloads > /dev/null; echo >> {cls.folder}/payloads; echo '{{\"hookStatus\": \"SUCCEEDED\"}}'"},
            {"name": "wait", "command": f'test -e {marker} && s=SUCCEEDED || s=IN_PROGRESS; echo "{{\\"hookStatus\\": \\"$s\\", \\"callBackDelay\\": 6}}"'},
            {"name": "refuse", "command": "echo 'what I think of it'; echo '{\"hookStatus\": \"FAILED\"}'"},
            {"name": "crash", "command": "echo 'no database' >&2; exit 3"},
        ]
        return seed

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test = cls()
        cls.ecs.create_service(
            cluster="production", serviceName="items", taskDefinition=test.register("v1"), desiredCount=2,
            launchType="FARGATE", loadBalancers=test.balancers(),
            deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
        )
        assert test.wait_until_over("items")["status"] == "SUCCESSFUL"

    def deploy(self, version, configuration=None, **variables):
        """Begins a deployment of a version."""
        more = {"deploymentConfiguration": configuration} if configuration else {}
        self.ecs.update_service(
            cluster="production", service="items", taskDefinition=self.register(version, **variables), **more
        )

    def share_of(self, answers, version):
        """In percent."""
        return 100 * answers[version] / max(1, sum(answers.values()))

    def deploy_with_traffic(self, version, configuration, **variables):
        """A whole deployment and what its clients saw."""
        prober = Prober(self.urls[0])
        try:
            self.deploy(version, configuration, **variables)
            ended = self.wait_until_over("items")
        finally:
            prober.stop()
        self.assertEqual(prober.failures, [], f"{len(prober.failures)} requests failed")
        return ended, prober.answers

    def test_1_blue_green_tests_the_new_version_before_it_gets_production_traffic(self):
        hooks = [{"hookTargetArn": FUNCTION + "log", "roleArn": ROLE, "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]
        pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
        prober = Prober(self.urls[0])
        self.deploy("v2", {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2, "lifecycleHooks": [*hooks, pause]})
        waiting = self.wait_for(
            lambda: next((h for h in self.deployment("items").get("lifecycleHookDetails", []) if h["status"] == "AWAITING_ACTION"), None)
        )
        self.assertEqual(self.get(self.urls[1]), "v2")
        self.assertEqual(set(prober.answers), {"v1"})
        held = self.deployment("items")
        self.assertEqual(held["lifecycleStage"], "POST_TEST_TRAFFIC_SHIFT")
        self.assertEqual(held["targetServiceRevision"]["requestedTestTrafficWeight"], 100)
        self.assertEqual(held["targetServiceRevision"]["requestedProductionTrafficWeight"], 0)
        self.ecs.continue_service_deployment(serviceDeploymentArn=held["serviceDeploymentArn"], hookId=waiting["hookId"])
        self.wait_for(lambda: self.deployment("items")["lifecycleStage"] == "BAKE_TIME")
        self.assertEqual(self.get(self.urls[0]), "v2")
        ended = self.wait_until_over("items")
        prober.stop()
        self.assertEqual(ended["status"], "SUCCESSFUL")
        self.assertEqual(prober.failures, [])
        payload = json.loads((self.folder / "payloads").read_text().splitlines()[0])
        self.assertEqual(payload["targetServiceRevisionArn"], held["targetServiceRevision"]["arn"])
        revisions = self.ecs.describe_service_revisions(serviceRevisionArns=[held["targetServiceRevision"]["arn"]])
        revision = revisions["serviceRevisions"][0]
        self.assertEqual(revision["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"], self.groups["green"])
        self.assertRegex(revision["containerImages"][0]["imageDigest"], "^sha256:")

    def test_2_a_canary_gets_its_share_and_then_all(self):
        ended, answers = self.deploy_with_traffic(
            "v3", {"strategy": "CANARY", "lifecycleHooks": [], "bakeTimeInMinutes": 0,
                   "canaryConfiguration": {"canaryPercent": 20, "canaryBakeTimeInMinutes": 3}}
        )
        self.assertEqual(ended["status"], "SUCCESSFUL")
        self.assertGreater(self.share_of(answers, "v3"), 5)
        self.assertEqual(self.get(self.urls[0]), "v3")

    def test_3_a_linear_one_goes_in_steps(self):
        self.deploy(
            "v4", {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50, "stepBakeTimeInMinutes": 4}}
        )
        self.wait_for(
            lambda: self.deployment("items")["targetServiceRevision"].get("requestedProductionTrafficWeight") == 50
        )
        seen = [self.get(self.urls[0]) for _ in range(20)]
        self.assertEqual((seen.count("v3"), seen.count("v4")), (10, 10))
        self.assertEqual(self.wait_until_over("items")["status"], "SUCCESSFUL")

    def test_4_a_failing_hook_brings_the_old_version_back(self):
        for name in ("refuse", "crash", "nobody"):
            hook = {"hookTargetArn": FUNCTION + name, "roleArn": ROLE, "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}
            ended, _ = self.deploy_with_traffic("bad", {"strategy": "BLUE_GREEN", "lifecycleHooks": [hook]})
            self.assertEqual(ended["status"], "ROLLBACK_SUCCESSFUL", name)
            self.assertEqual(self.get(self.urls[0]), "v4")
            self.assertEqual(ended["lifecycleHookDetails"][0]["status"], "FAILED")

    def test_5_a_sick_version_never_gets_a_request(self):
        for variables in ({"HEALTH": "500"}, {"CRASH": "1"}):
            ended, answers = self.deploy_with_traffic(
                "sick",
                {"strategy": "CANARY", "lifecycleHooks": [], "deploymentCircuitBreaker": {"enable": True, "rollback": True}},
                **variables,
            )
            self.assertEqual(ended["status"], "ROLLBACK_SUCCESSFUL")
            self.assertEqual(ended["deploymentCircuitBreaker"]["status"], "TRIGGERED")
            self.assertEqual(set(answers), {"v4"})

    def test_6_a_deployment_goes_on_after_the_emulator_was_killed(self):
        self.deploy("v5", {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 25, "lifecycleHooks": []})
        self.wait_for(lambda: self.deployment("items").get("lifecycleStage") == "BAKE_TIME")
        before = self.deployment("items")
        self.kill_emulator()
        after = self.deployment("items")
        self.assertEqual(after["serviceDeploymentArn"], before["serviceDeploymentArn"])
        self.assertIn(after["lifecycleStage"], ("BAKE_TIME", "CLEAN_UP"))
        self.wait_for(lambda: self.deployment("items")["sourceServiceRevisions"][0]["runningTaskCount"] == 2)
        self.assertEqual(self.wait_until_over("items")["status"], "SUCCESSFUL")
        self.wait_for(lambda: self.get(self.urls[0]) == "v5")

    def test_7_a_function_is_asked_until_it_is_done_and_a_user_may_stop_it(self):
        hook = {"hookTargetArn": FUNCTION + "wait", "roleArn": ROLE, "lifecycleStages": ["POST_SCALE_UP"]}
        self.deploy("v6", {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [hook]})
        self.wait_for(lambda: self.deployment("items").get("lifecycleStage") == "POST_SCALE_UP")
        time.sleep(0.5)
        self.assertEqual(self.deployment("items")["lifecycleStage"], "POST_SCALE_UP")
        (self.folder / "approved").touch()
        self.assertEqual(self.wait_until_over("items")["status"], "SUCCESSFUL")
        (self.folder / "approved").unlink()
        self.deploy("v7")
        self.wait_for(lambda: self.deployment("items").get("lifecycleStage") == "POST_SCALE_UP")
        arn = self.deployment("items")["serviceDeploymentArn"]
        self.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
        self.assertEqual(self.wait_until_over("items")["status"], "ROLLBACK_SUCCESSFUL")
        with self.assertRaisesRegex(AwsError, "^ConflictException: "):
            self.ecs.stop_service_deployment(serviceDeploymentArn=arn)

    def test_8_a_rolling_one_after_it_stays_where_the_traffic_is(self):
        ended, answers = self.deploy_with_traffic("v8", {"strategy": "ROLLING", "lifecycleHooks": []})
        self.assertEqual(ended["status"], "SUCCESSFUL")
        self.assertEqual(set(answers), {"v6", "v8"})
        self.aws("ecs", "wait", "services-stable", "--cluster", "production", "--services", "items")
        events = [e["message"] for e in self.ecs.describe_services(cluster="production", services=["items"])["services"][0]["events"]]
        self.assertIn("(service items) has reached a steady state.", events)


if __name__ == "__main__":
    unittest.main(verbosity=2)
