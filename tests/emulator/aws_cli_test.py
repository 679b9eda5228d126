"""`aws ecs deploy` of today, run by `make peers`: Debian's asks CodeDeploy where no flag or variable can send it."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from code_deploy_harness import CodeDeployService
from rollouts_harness import REGION

PEERS = Path(os.environ.get("PIPELINE_PEERS", "build/peers"))


class AwsCliTest(CodeDeployService):
    """A CodeDeploy client of another house."""

    def test_aws_ecs_deploy_is_content(self):
        """It reads the AppSpec, asks CodeDeploy and waits."""
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
            [str(PEERS / "venv/bin/python"), "-m", "awscli", "ecs", "deploy", "--cluster", "production", "--service", "items",
             "--task-definition", str(self.folder / "task.json"), "--codedeploy-appspec", str(self.folder / "appspec.yaml")],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Successfully deployed", done.stdout)
        self.assertEqual(self.get(self.urls[0]), "v5")


if __name__ == "__main__":
    unittest.main()
