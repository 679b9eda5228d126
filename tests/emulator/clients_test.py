"""Clients that others wrote agree with what the emulator, the registry and the image say."""

import json
import os
import socket
import subprocess
import time
import unittest

from emulator_harness import CLEAN_PATH, EmulatorTest


class ClientsTest(EmulatorTest):
    """After one deployment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_program(
            cls.binary(), "run", ".github/workflows/deploy.yml", "--emulator", "--var", f"SERVICE_URL={cls.url}"
        )
        cls.sha = cls.git("rev-parse", "HEAD")
        cls.image = f"{cls.registry}/items:{cls.sha}"

    def digest(self):
        """Of the pushed image, as ECR's API has it."""
        images = self.aws("ecr", "describe-images", "--repository-name", "items")["imageDetails"]
        return next(image["imageDigest"] for image in images if self.sha in image.get("imageTags", []))

    def test_aws_lists_repository_image_service_deployment_and_targets(self):
        """Debian's aws, a client of another house."""
        repositories = self.aws("ecr", "describe-repositories")["repositories"]
        self.assertEqual([repository["repositoryName"] for repository in repositories], ["items"])
        self.assertRegex(self.digest(), r"^sha256:[0-9a-f]{64}$")
        service = self.aws("ecs", "describe-services", "--cluster", "production", "--services", "items")["services"][0]
        self.assertEqual((service["runningCount"], service["desiredCount"]), (3, 3))
        self.assertEqual([d["rolloutState"] for d in service["deployments"]], ["COMPLETED"])
        group = self.aws("elbv2", "describe-target-groups")["TargetGroups"][0]["TargetGroupArn"]
        health = self.aws("elbv2", "describe-target-health", "--target-group-arn", group)["TargetHealthDescriptions"]
        self.assertEqual([target["TargetHealth"]["State"] for target in health], ["healthy"] * 3)
        events = self.aws("logs", "filter-log-events", "--log-group-name", "/ecs/items", "--filter-pattern", "Uvicorn")
        self.assertGreaterEqual(len(events["events"]), 2)

    def test_aws_waits_for_a_stable_service(self):
        """botocore's own waiters are content."""
        self.aws("ecs", "wait", "services-stable", "--cluster", "production", "--services", "items")
        group = self.aws("elbv2", "describe-target-groups")["TargetGroups"][0]["TargetGroupArn"]
        self.aws("elbv2", "wait", "target-in-service", "--target-group-arn", group)
        task = self.aws("ecs", "run-task", "--cluster", "production", "--task-definition", "items")["tasks"][0]["taskArn"]
        self.aws("ecs", "wait", "tasks-running", "--cluster", "production", "--tasks", task)
        self.aws("ecs", "stop-task", "--cluster", "production", "--task", task)
        self.aws("ecs", "wait", "tasks-stopped", "--cluster", "production", "--tasks", task)

    def test_a_wrong_key_is_refused(self):
        """The signature is checked."""
        output = self.aws("sts", "get-caller-identity", env={"AWS_SECRET_ACCESS_KEY": "wrong"}, code=254)
        self.assertIn("signature we calculated does not match", output)
        output = self.aws("sts", "get-caller-identity", env={"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}, code=254)
        self.assertIn("security token included in the request is invalid", output)

    def test_skopeo_reads_the_image_and_its_digest(self):
        """From the emulator's registry."""
        credentials = f"AWS:{self.password()}"
        seen = json.loads(
            self.run_program(
                "skopeo", "inspect", "--tls-verify=false", "--creds", credentials, f"docker://{self.image}"
            )
        )
        self.assertEqual(seen["Digest"], self.digest())
        self.assertIn("APP_VERSION=" + self.sha[:7], seen["Env"])

    def test_skopeo_copies_it_and_another_runtime_starts_it(self):
        """crun runs what was built here."""
        credentials = f"AWS:{self.password()}"
        layout = self.folder / "layout"
        self.run_program(
            "skopeo", "copy", "--src-tls-verify=false", "--src-creds", credentials, f"docker://{self.image}", f"oci:{layout}:items"
        )
        bundle = self.folder / "bundle"
        self.unpack(layout, bundle / "rootfs")
        self.run_program("crun", "spec", cwd=bundle)
        spec = json.loads((bundle / "config.json").read_text())
        spec["process"].update(
            terminal=False,
            user={"uid": 10001, "gid": 10001},
            cwd="/srv",
            args=["python3", "-c", "import app.main; print('imported', app.main.app.title)"],
            env=["PATH=/usr/bin:/bin", "APP_VERSION=1"],
        )
        (bundle / "config.json").write_text(json.dumps(spec))
        # On a machine with both versions of cgroups crun 1.8 starts only where it does not see the second.
        hide = "[ ! -d /sys/fs/cgroup/unified ] || mount -t tmpfs none /sys/fs/cgroup/unified; exec \"$@\""
        crun = ["crun", "--cgroup-manager=disabled", "run", f"pipeline-test-{os.getpid()}"]
        output = self.run_program("unshare", "--mount", "sh", "-c", hide, "sh", *crun, cwd=bundle)
        self.assertIn("imported items", output)

    def unpack(self, layout, rootfs):
        """The layers of an image layout, in order, by tar alone: this image has no whiteouts that matter to it."""
        rootfs.mkdir(parents=True)
        blob = lambda digest: layout / "blobs" / "sha256" / digest.removeprefix("sha256:")  # noqa: E731
        index = json.loads((layout / "index.json").read_text())
        manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
        for layer in manifest["layers"]:
            self.run_program("tar", "-xzf", str(blob(layer["digest"])), "-C", str(rootfs), "--exclude=dev/*")

    def test_it_goes_through_docker_registry_and_back(self):
        """Pushed by us to Debian's docker-registry, read there by skopeo."""
        port = self.free_port()
        config = self.folder / "registry.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %s}\n"
            "http: {addr: '127.0.0.1:%d'}\n" % (self.folder / "registry", port)
        )
        server = subprocess.Popen(
            ["docker-registry", "serve", str(config)],
            env={"PATH": CLEAN_PATH},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.wait_for(port)
        name = f"127.0.0.1:{port}/items:1"
        self.run_program(self.binary(), "image", "tag", self.image, name)
        self.run_program(self.binary(), "image", "push", name)
        seen = json.loads(self.run_program("skopeo", "inspect", "--tls-verify=false", f"docker://{name}"))
        self.assertEqual(seen["Digest"], self.digest())

    def wait_for(self, port):
        """Until somebody listens there."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.fail(f"nobody listens on {port}")

    def test_the_registry_asks_for_a_password(self):
        """Without GetAuthorizationToken's there is nothing to see."""
        output = self.run_program("skopeo", "inspect", "--tls-verify=false", f"docker://{self.image}", code=1)
        self.assertIn("unauthorized: Not Authorized", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
