"""An emulator with one image of a single static program: for tests of deployments."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))

from harness import CLEAN_PATH, PIPELINE  # noqa: E402
from json_client import JsonClient  # noqa: E402

BINARY = os.path.abspath(PIPELINE)
SERVER = Path(BINARY).parent / "tests" / "unit" / "emulator" / "tiny_web_server"
ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecs"

SEED = {
    "account": ACCOUNT,
    "region": REGION,
    "time_scale": 60,
    "users": [{"name": "admin", "access_key_id": "EMULATORADMIN", "secret_access_key": "emulator"}],
    "repositories": [{"name": "items"}],
    "log_groups": ["/ecs/items"],
    "clusters": ["production"],
    "target_groups": [
        {
            "name": name,
            "port": 8000,
            "deregistration_delay_seconds": 30,
            "health_check": {
                "path": "/health",
                "interval_seconds": 6,
                "timeout_seconds": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
        }
        for name in ("blue", "green")
    ],
    "load_balancers": [
        {"name": "items", "listeners": [{"port": 0, "target_group": "blue"}, {"port": 0, "target_group": "blue"}]}
    ],
}


class Prober:
    """Asks one address without a pause, with two clients at most 200 times a second, until it is told to stop."""

    def __init__(self, url):
        self.url, self.answers, self.failures = url, Counter(), []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.ask) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        while not self.ended.wait(0.01):
            try:
                with urllib.request.urlopen(self.url, timeout=10) as answer:
                    self.answers[answer.read().decode()] += 1
            except (urllib.error.URLError, OSError) as error:
                self.failures.append(str(error))

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


class RolloutsTest(unittest.TestCase):
    """One emulator for each class; its seed is `seed_of_class()`."""

    maxDiff = None

    @classmethod
    def seed_of_class(cls):
        """The seed as data."""
        return json.loads(json.dumps(SEED))

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="pipeline-rollouts-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.seed = cls.folder / "emulator.yml"
        cls.seed.write_text(json.dumps(cls.seed_of_class()), encoding="utf-8")
        cls.start_emulator()
        cls.addClassCleanup(cls.stop_emulator)
        cls.push_image()

    @classmethod
    def environment(cls):
        """Nothing of whoever runs the tests."""
        return {"PATH": CLEAN_PATH, "HOME": str(cls.folder), "PIPELINE_STATE_DIR": str(cls.folder / "state")}

    @classmethod
    def pipeline(cls, *argv):
        """Output of the binary, which must pass."""
        done = subprocess.run(
            [BINARY, *argv], cwd=cls.folder, env=cls.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )
        assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    @classmethod
    def start_emulator(cls):
        """In the foreground, as a child that can be killed."""
        cls.log = open(cls.folder / "emulator.out", "ab")  # noqa: SIM115
        cls.addClassCleanup(cls.log.close)
        cls.process = subprocess.Popen(
            [BINARY, "emulator", "serve", "--seed", str(cls.seed)],
            cwd=cls.folder, env=cls.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=cls.log,
        )
        cls.endpoint = cls.process.stdout.readline().decode().strip()
        cls.process.stdout.close()
        assert cls.endpoint.startswith("http://"), (cls.folder / "emulator.out").read_text()
        cls.read_listeners()

    @classmethod
    def read_listeners(cls):
        """The addresses of the listeners and the ARNs behind them."""
        cls.ecs, cls.ecr, cls.codedeploy = (JsonClient(name, cls.endpoint, REGION) for name in ("ecs", "ecr", "codedeploy"))
        groups = cls.elb("describe-target-groups")["TargetGroups"]
        cls.groups = {group["TargetGroupName"]: group["TargetGroupArn"] for group in groups}
        balancer = cls.elb("describe-load-balancers")["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = cls.elb("describe-listeners", "--load-balancer-arn", balancer)["Listeners"]
        cls.listeners = [listener["ListenerArn"] for listener in listeners]
        cls.urls = [f"http://127.0.0.1:{listener['Port']}" for listener in listeners]
        cls.rules = [cls.elb("describe-rules", "--listener-arn", arn)["Rules"][-1]["RuleArn"] for arn in cls.listeners]

    @classmethod
    def aws(cls, *arguments):
        """Debian's client; its answer."""
        environment = {**cls.environment(), "AWS_ACCESS_KEY_ID": "EMULATORADMIN", "AWS_SECRET_ACCESS_KEY": "emulator"}
        command = ["aws", "--endpoint-url", cls.endpoint, "--region", REGION, "--output", "json", *arguments]
        output = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, timeout=60).stdout
        return json.loads(output) if output.strip() else None

    @classmethod
    def elb(cls, *arguments):
        """What it says of load balancers."""
        return cls.aws("elbv2", *arguments)

    @classmethod
    def stop_emulator(cls):
        """As its user does."""
        cls.process.terminate()
        cls.process.wait(timeout=30)

    def kill_emulator(self):
        """As the kernel does when memory is short, and up again."""
        self.process.kill()
        self.process.wait(timeout=30)
        type(self).start_emulator()

    @classmethod
    def push_image(cls):
        """The static program as items:1."""
        context = cls.folder / "context"
        context.mkdir()
        shutil.copy(SERVER, context / "server")
        (context / "Dockerfile").write_text('FROM scratch\nCOPY server /server\nCMD ["/server"]\n')
        registry = cls.endpoint.removeprefix("http://")
        password = cls.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        assert base64.b64decode(password).startswith(b"AWS:")
        (cls.folder / ".docker").mkdir()
        (cls.folder / ".docker" / "config.json").write_text(json.dumps({"auths": {registry: {"auth": password}}}))
        cls.image = f"{registry}/items:1"
        cls.pipeline("image", "build", "-t", cls.image, str(context))
        cls.pipeline("image", "push", cls.image)

    def register(self, version, **variables):
        """A task definition that answers with its version; its ARN."""
        values = {"VERSION": version, **variables}
        container = {
            "name": "items",
            "image": self.image,
            "portMappings": [{"containerPort": 8000}],
            "environment": [{"name": name, "value": value} for name, value in values.items()],
        }
        made = self.ecs.register_task_definition(
            family="items", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[container],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def balancers(self):
        """What ECS's own blue/green deployments need."""
        return [
            {
                "targetGroupArn": self.groups["blue"],
                "containerName": "items",
                "containerPort": 8000,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": self.groups["green"],
                    "productionListenerRule": self.rules[0],
                    "testListenerRule": self.rules[1],
                    "roleArn": ROLE,
                },
            }
        ]

    def deployment(self, service):
        """The newest service deployment, whole."""
        briefs = self.ecs.list_service_deployments(cluster="production", service=service)["serviceDeployments"]
        arns = [briefs[0]["serviceDeploymentArn"]]
        return self.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"][0]

    def wait_for(self, what, seconds=60):
        """The first true value of `what()`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = what()
            if value:
                return value
            time.sleep(0.05)
        log = (self.folder / "emulator.out").read_text()
        return self.fail(f"nothing within {seconds} s; the emulator's log:\n{log[-3000:]}")

    def wait_until_over(self, service):
        """The newest deployment once it has ended."""
        return self.wait_for(lambda: (lambda d: d if "finishedAt" in d else None)(self.deployment(service)))

    def get(self, url):
        """The body of a GET."""
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
