"""The emulator under AWS's SDK for JavaScript, and the client before moto: run by `make peers`, which fetches both."""

import json
import os
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

import api_walk
from code_deploy_harness import CodeDeployService
from emulator_harness import ADMIN, ROOT, BareEmulatorTest

PEERS = Path(os.environ["PIPELINE_PEERS"])
NODE = os.environ.get("PIPELINE_NODE", "node")


class JavaScriptTest(BareEmulatorTest):
    """peers.mjs."""

    seed_text = api_walk.SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "web")
        cls.image = cls.push_image("web:1")

    def script(self):
        """What it found."""
        output = self.run_program(
            NODE, str(ROOT / "tests/emulator/peers.mjs"), self.endpoint, self.image, env={"PIPELINE_PEERS": str(PEERS)}, timeout=180
        )
        return json.loads(output.splitlines()[-1])

    def test_a_service_is_made_updated_waited_for_and_deleted(self):
        """Waiters end, dates are dates, errors have their names, a token is the same request."""
        self.assertEqual(
            self.script(),
            {
                "caller": "arn:aws:iam::123456789012:user/admin",
                "created": "SUCCESS",
                "inService": "SUCCESS",
                "newPrimary": True,
                "updated": "SUCCESS",
                "status": "SUCCESSFUL",
                "createdAtIsADate": True,
                "sameTask": True,
                "stopped": "SUCCESS",
                "noCluster": "ClusterNotFoundException",
                "noGroup": "TargetGroupNotFoundException",
                "noDeployment": "DeploymentDoesNotExistException",
                "stranger": "UnrecognizedClientException",
            },
        )

    def test_throttled_calls_are_retried_by_the_sdk(self):
        """It knows the error's name."""
        self.owner("POST", "faults", {"kind": "throttle", "action": "ecs:DescribeServices", "times": 2})
        self.assertEqual(self.script()["updated"], "SUCCESS")


class ServicesTest(CodeDeployService):
    """Each service, driven by three generations of clients: peers_boto.py, peers_services.mjs."""

    @classmethod
    def seed_of_class(cls):
        seed = super().seed_of_class()
        seed["target_groups"].append({**seed["target_groups"][0], "name": "peer"})
        seed["load_balancers"][0]["listeners"].append({"port": 0, "target_group": "peer"})
        return seed

    def drive(self, *argv, **environment):
        """What a script found."""
        given = {"endpoint": self.endpoint, "group": self.groups["peer"], "task_definition": self.register("peer"), "app_spec": self.spec("peer"),
                 "now_ms": int(time.time() * 1000)}  # fmt: skip
        done = subprocess.run(
            argv, cwd=ROOT / "tests/emulator", input=json.dumps(given), env={**self.environment(), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def drive_boto3(self, python, **environment):
        """The same, every answer of which was checked."""
        found = self.drive(python, "peers_boto.py", **environment)
        self.assertEqual(found.pop("faults"), [])
        self.assertGreater(found["checked"], 30)
        print(f"\nboto3 on botocore {found.pop('botocore')}: {found.pop('checked')} answers checked")
        return found

    def expect(self, found, **errors):
        """The same of each; SDKs spell some errors in their own way."""
        self.assertEqual(
            found,
            {
                "caller": "123456789012",
                "missing": "MISSING",
                "stopped": ["UserInitiated", "enough"],
                "deployment": "Succeeded",
                "images": 1,
                "secret": "kept",
                "no_parameter": ["/none"],
                "log": ["hello"],
                "role": "NoSuchEntity",
                "scales": [4],
                "alarm": "peer",
                "no_cluster": "ClusterNotFoundException",
                "no_group": "TargetGroupNotFound",
                **errors,
            },
        )

    def test_debians_boto3_drives_every_service_and_waits(self):
        """Unpacked, not installed."""
        self.expect(self.drive_boto3("/usr/bin/python3", PYTHONPATH=str(PEERS / "debian/usr/lib/python3/dist-packages")))

    def test_boto3_of_today_drives_every_service_and_waits(self):
        """CloudWatch by another protocol than Debian's."""
        self.expect(self.drive_boto3(str(PEERS / "venv/bin/python")))

    def test_the_sdk_for_javascript_drives_every_service_and_waits(self):
        """Stricter than both in what it reads."""
        found = self.drive(NODE, "peers_services.mjs", PIPELINE_PEERS=str(PEERS))
        self.expect(found, role="NoSuchEntityException", no_group="TargetGroupNotFoundException")


class MotoTest(BareEmulatorTest):
    """`pipeline deploy` before a server that other people wrote; no emulator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port = cls.free_port()
        cls.endpoint = f"http://127.0.0.1:{port}"
        log = open(cls.folder / "moto.log", "wb")  # noqa: SIM115
        cls.addClassCleanup(log.close)
        cls.moto = subprocess.Popen(
            [str(PEERS / "venv/bin/moto_server"), "-p", str(port)],
            env={**cls.environment(), "MOTO_ECS_SERVICE_RUNNING": "2"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        cls.addClassCleanup(cls.moto.wait)
        cls.addClassCleanup(cls.moto.terminate)
        cls.await_server()

    @classmethod
    def await_server(cls):
        """Until it answers."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(cls.endpoint + "/moto-api/", timeout=5):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def test_a_service_is_registered_updated_and_waited_for(self):
        """Without a record of deployments, which moto has not."""
        definition = {"family": "peers", "containerDefinitions": [{"name": "web", "image": "web:1", "memory": 128}], "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "networkMode": "awsvpc"}
        (self.repository / "task.json").write_text(json.dumps(definition), encoding="utf-8")
        self.aws("ecs", "create-cluster", "--cluster-name", "peers")
        self.aws("ecs", "register-task-definition", "--cli-input-json", "file://task.json")
        self.aws("ecs", "create-service", "--cluster", "peers", "--service-name", "web", "--task-definition", "peers", "--desired-count", "2")
        output = self.run_program(
            self.binary(), "deploy", "-c", "peers", "-s", "web", "-t", "task.json", "--preflight", "off", "--wait-minutes", "2", "--json",
            env={**ADMIN, "AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": ADMIN["AWS_DEFAULT_REGION"]}, timeout=180,
        )  # fmt: skip
        last = json.loads(output.splitlines()[-1])
        self.assertEqual(last, {"type": "release_finished", "status": "COMPLETED"})
        service = self.aws("ecs", "describe-services", "--cluster", "peers", "--services", "web")["services"][0]
        self.assertTrue(service["taskDefinition"].endswith("task-definition/peers:2"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
