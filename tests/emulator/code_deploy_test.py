"""CodeDeploy's blue/green deployments with traffic on them, driven by boto3 and by `aws ecs deploy`."""

import hashlib
import importlib.util
import json
import subprocess
import sys
import time
import unittest

from rollouts_harness import REGION, Prober, RolloutsTest


class CodeDeployTest(RolloutsTest):
    """A service of two tasks behind a production and a test listener."""

    @classmethod
    def seed_of_class(cls):
        seed = super().seed_of_class()
        seed["lambda_functions"] = [
            {"name": "approve", "command": "echo '{\"hookStatus\": \"SUCCEEDED\"}'"},
            {"name": "refuse", "command": "echo '{\"hookStatus\": \"FAILED\"}'"},
            {"name": "silent", "command": f"cat > {cls.folder}/hook; echo '{{}}'"},
        ]
        seed["code_deploy"] = [
            {
                "application": "AppECS-production-items",
                "deployment_group": "DgpECS-production-items",
                "cluster": "production",
                "service": "items",
                "target_groups": ["blue", "green"],
                "production_listener": "items#1",
                "test_listener": "items#2",
                "termination_wait_minutes": 1,
                "auto_rollback": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"],
            }
        ]
        return seed

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test = cls()
        balancer = {"targetGroupArn": cls.groups["blue"], "containerName": "items", "containerPort": 8000}
        cls.ecs.create_service(
            cluster="production", serviceName="items", taskDefinition=test.register("v1"), desiredCount=2,
            launchType="FARGATE", loadBalancers=[balancer], deploymentController={"type": "CODE_DEPLOY"},
        )
        test.wait_for(lambda: test.healthy("blue") == 2)

    def healthy(self, group):
        """How many targets are."""
        health = self.elb.describe_target_health(TargetGroupArn=self.groups[group])["TargetHealthDescriptions"]
        return sum(target["TargetHealth"]["State"] == "healthy" for target in health)

    def spec(self, version, hooks=(), **variables):
        """An AppSpec for a version."""
        properties = {
            "TaskDefinition": self.register(version, **variables),
            "LoadBalancerInfo": {"ContainerName": "items", "ContainerPort": 8000},
        }
        service = {"Type": "AWS::ECS::Service", "Properties": properties}
        return {"version": 0, "Resources": [{"TargetService": service}], "Hooks": list(hooks)}

    def deploy(self, spec, config="CodeDeployDefault.ECSAllAtOnce"):
        """Its id."""
        content = json.dumps(spec, separators=(",", ":"))
        return self.codedeploy.create_deployment(
            applicationName="AppECS-production-items",
            deploymentGroupName="DgpECS-production-items",
            deploymentConfigName=config,
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
            },
        )["deploymentId"]

    def info(self, deployment):
        """GetDeployment's."""
        return self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def wait_until_over(self, deployment):
        """GetDeployment's once it has ended."""
        return self.wait_for(lambda: (lambda i: i if "completeTime" in i else None)(self.info(deployment)))

    def target(self, deployment):
        """GetDeploymentTarget's."""
        answer = self.codedeploy.get_deployment_target(deploymentId=deployment, targetId="production:items")
        return answer["deploymentTarget"]["ecsTarget"]

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
        with self.assertRaises(self.codedeploy.exceptions.DeploymentLimitExceededException):
            self.deploy(self.spec("v3"))
        self.codedeploy.get_waiter("deployment_successful").wait(deploymentId=deployment, WaiterConfig={"Delay": 1})
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

    @unittest.skipUnless(importlib.util.find_spec("awscli"), "awscli is not installed for this Python")
    def test_5_aws_ecs_deploy_is_content(self):
        """A CodeDeploy client of another house. Debian's asks CodeDeploy where no flag or variable can send it."""
        definition = self.ecs.describe_task_definition(taskDefinition=self.register("v5"))["taskDefinition"]
        keep = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions")
        (self.folder / "task.json").write_text(json.dumps({key: definition[key] for key in keep}))
        (self.folder / "appspec.yaml").write_text(
            "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n"
            "        TaskDefinition: x\n        LoadBalancerInfo:\n          ContainerName: items\n          ContainerPort: 8000\n"
        )
        environment = {
            **self.environment(),
            "AWS_ACCESS_KEY_ID": "EMULATORADMIN",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        done = subprocess.run(
            [sys.executable, "-m", "awscli", "ecs", "deploy", "--cluster", "production", "--service", "items",
             "--task-definition", str(self.folder / "task.json"), "--codedeploy-appspec", str(self.folder / "appspec.yaml")],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Successfully deployed", done.stdout)
        self.assertEqual(self.get(self.urls[0]), "v5")

    def test_6_a_yaml_app_spec_is_read(self):
        text = json.dumps(self.spec("v6"))  # JSON is YAML; a comment makes it no JSON
        deployment = self.codedeploy.create_deployment(
            applicationName="AppECS-production-items",
            deploymentGroupName="DgpECS-production-items",
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": "# ours\n" + text}},
        )["deploymentId"]
        self.assertEqual(self.wait_until_over(deployment)["status"], "Succeeded")


if __name__ == "__main__":
    unittest.main(verbosity=2)
