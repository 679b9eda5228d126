"""A service that CodeDeploy deploys."""

import hashlib
import json

from rollouts_harness import RolloutsTest


class CodeDeployService(RolloutsTest):
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
        health = self.elb("describe-target-health", "--target-group-arn", self.groups[group])["TargetHealthDescriptions"]
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
