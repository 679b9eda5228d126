"""CodeDeploy's blue/green deployments with traffic on them."""

import json
import time
import unittest

from code_deploy_harness import CodeDeployService
from json_client import AwsError
from rollouts_harness import Prober


class CodeDeployTest(CodeDeployService):
    """Of two tasks behind a production and a test listener."""

    def test_1_a_canary_gets_its_share_and_the_old_tasks_wait_for_their_end(self):
        prober = Prober(self.urls[0])
        deployment = self.deploy(
            self.spec("v2", [{"AfterAllowTestTraffic": "approve"}]), "CodeDeployDefault.ECSCanary10Percent5Minutes"
        )
        sets = self.wait_for(
            lambda: (lambda t: t if [s["trafficWeight"] for s in t["taskSetsInfo"]] == [90, 10] else None)(self.target(deployment))
        )["taskSetsInfo"]
        self.assertEqual([(s["taskSetLabel"], s["status"], s["trafficWeight"]) for s in sets], [("Blue", "PRIMARY", 90), ("Green", "ACTIVE", 10)])
        self.assertEqual(self.get(self.urls[1]), "v2")
        with self.assertRaisesRegex(AwsError, "^DeploymentLimitExceededException: "):
            self.deploy(self.spec("v3"))
        self.aws("deploy", "wait", "deployment-successful", "--deployment-id", deployment)
        prober.stop()
        self.assertEqual(prober.failures, [])
        self.assertEqual(set(prober.answers), {"v1", "v2"})
        self.assertEqual([e["status"] for e in self.target(deployment)["lifecycleEvents"]], ["Succeeded"] * 8)
        service = self.ecs.describe_services(cluster="production", services=["items"])["services"][0]
        self.assertEqual((service["runningCount"], len(service["taskSets"]), service["deployments"]), (2, 1, []))

    def test_2_a_failing_hook_makes_a_new_deployment_that_takes_it_back(self):
        prober = Prober(self.urls[0])
        deployment = self.deploy(self.spec("bad", [{"AfterAllowTraffic": "refuse"}]))
        failed = self.wait_until_over(deployment)
        self.assertEqual((failed["status"], failed["errorInformation"]["code"]), ("Failed", "HOOK_EXECUTION_FAILURE"))
        back = self.wait_until_over(failed["rollbackInfo"]["rollbackDeploymentId"])
        self.assertEqual((back["status"], back["creator"]), ("Succeeded", "codeDeployRollback"))
        prober.stop()
        self.assertEqual(prober.failures, [])
        self.assertEqual(self.get(self.urls[0]), "v2")

    def test_3_a_sick_version_never_gets_production_traffic_and_a_user_stops_it(self):
        prober = Prober(self.urls[0])
        deployment = self.deploy(self.spec("sick", HEALTH="500"))
        time.sleep(3)
        self.assertEqual(self.info(deployment)["status"], "InProgress")
        self.assertEqual(self.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)["status"], "Pending")
        stopped = self.wait_until_over(deployment)
        self.assertEqual((stopped["status"], stopped["errorInformation"]["code"]), ("Stopped", "MANUAL_STOP"))
        self.wait_until_over(stopped["rollbackInfo"]["rollbackDeploymentId"])
        prober.stop()
        self.assertEqual(prober.failures, [])
        self.assertEqual(set(prober.answers), {"v2"})

    def test_4_a_deployment_goes_on_after_the_emulator_was_killed(self):
        deployment = self.deploy(self.spec("v4", [{"AfterInstall": "silent"}]))
        self.wait_for(lambda: (self.folder / "hook").exists())
        time.sleep(0.3)
        (self.folder / "hook").unlink()
        self.kill_emulator()
        asked = self.wait_for(lambda: (self.folder / "hook").exists() and (self.folder / "hook").read_text())
        payload = json.loads(asked)
        self.assertEqual(payload["DeploymentId"], deployment)
        self.codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment, lifecycleEventHookExecutionId=payload["LifecycleEventHookExecutionId"], status="Succeeded"
        )
        self.assertEqual(self.wait_until_over(deployment)["status"], "Succeeded")
        self.wait_for(lambda: self.get(self.urls[0]) == "v4")

    def test_5_a_yaml_app_spec_is_read(self):
        text = json.dumps(self.spec("v6"))  # JSON is YAML; a comment makes it no JSON
        deployment = self.codedeploy.create_deployment(
            applicationName="AppECS-production-items",
            deploymentGroupName="DgpECS-production-items",
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": "# ours\n" + text}},
        )["deploymentId"]
        self.assertEqual(self.wait_until_over(deployment)["status"], "Succeeded")


if __name__ == "__main__":
    unittest.main(verbosity=2)
