"""pipeline deploy, rollback and status against the emulator."""

import json
import unittest
import urllib.request

from emulator_harness import ADMIN, EmulatorTest, make_image
from recording_proxy import RecordingProxy


class DeployVerbsTest(EmulatorTest):
    """A service that the workflow deployed once, deployed again by hand."""

    def pipeline(self, *arguments, code=0, endpoint=None):
        """The binary as a person at a terminal has it."""
        env = {**ADMIN, "AWS_ENDPOINT_URL": endpoint or self.endpoint, "AWS_REGION": ADMIN["AWS_DEFAULT_REGION"]}
        return self.run_program(self.binary(), *arguments, env=env, code=code)

    def events(self, *arguments, code=0):
        """The objects of --json."""
        return [json.loads(line) for line in self.pipeline(*arguments, "--json", code=code).splitlines()]

    def running(self):
        """The revision that serves."""
        service = self.aws("ecs", "describe-services", "--cluster", "production", "--services", "items")["services"][0]
        return service["taskDefinition"].rsplit("/", 1)[1]

    def deployment(self):
        """The id of the primary one."""
        return self.aws("ecs", "describe-services", "--cluster", "production", "--services", "items")["services"][0]["deployments"][0]["id"]

    def definition(self, **changes):
        """The running definition, changed, as a file of the repository."""
        described = self.aws("ecs", "describe-task-definition", "--task-definition", self.running())["taskDefinition"]
        described["containerDefinitions"][0].update(changes)
        path = self.repository / "definition.json"
        path.write_text(json.dumps(described), encoding="utf-8")
        return path.name

    def test_1_a_plan_changes_nothing(self):
        """The tree of checks, and the same revision afterwards."""
        self.deploy()
        before = self.running()
        output = self.pipeline(
            "deploy", "--plan", "-c", "production", "-s", "items", "-t", self.definition(environment=[{"name": "A", "value": "b"}])
        )
        self.assertIn("service items in production", output)
        self.assertRegex(output, r"image of items: .* is sha256:\w+ for linux/amd64")
        self.assertIn("✓ items:8000: the container has that port", output)
        self.assertIn("environment[A].value: (absent) → …", output)
        self.assertEqual(self.running(), before)

    def test_2_a_deployment_is_followed_and_proven(self):
        """A new revision, the old one gone, no request failed, and a report."""
        before = self.running()
        output = self.pipeline(
            "deploy", "-c", "production", "-s", "items", "-t", self.definition(environment=[{"name": "A", "value": "c"}]),
            "--probe", self.url + "/health", "--report", "report",
        )
        self.assertIn("COMPLETED", output)
        self.assertNotEqual(self.running(), before)
        report = json.loads((self.repository / "report/report.json").read_text(encoding="utf-8"))
        self.assertEqual(report["status"], "COMPLETED")
        self.assertEqual(report["requests"]["failed"], 0)
        self.assertEqual([phase["name"] for phase in report["requests"]["phases"]], ["before", "during", "after"])
        self.assertIn("<svg", (self.repository / "report/requests.svg").read_text(encoding="utf-8"))
        self.assertIn("| during |", (self.repository / "report/summary.md").read_text(encoding="utf-8"))

    def registry_answer(self, path):
        """What the registry has under a path of the repository, as any client of it asks."""
        token = self.aws("ecr", "get-authorization-token")["authorizationData"][0]["authorizationToken"]
        accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
        headers = {"Authorization": f"Basic {token}", "Accept": accept}
        with urllib.request.urlopen(urllib.request.Request(f"http://{self.registry}/v2/items/{path}", headers=headers), timeout=10) as answer:
            return json.load(answer)

    def test_2a_the_record_of_a_deployment_is_kept_beside_its_image(self):
        """As a statement that refers to the image's digest, without values of the environment."""
        name = self.definition(environment=[{"name": "A", "value": "hidden-in-the-task"}])
        self.pipeline("deploy", "-c", "production", "-s", "items", "-t", name, "--attach", "--probe", self.url + "/health")
        image = json.loads((self.repository / name).read_text(encoding="utf-8"))["containerDefinitions"][0]["image"]
        digest = self.aws("ecr", "describe-images", "--repository-name", "items", "--image-ids", "imageTag=" + image.rsplit(":", 1)[1])
        digest = digest["imageDetails"][0]["imageDigest"]
        referrers = self.registry_answer(f"referrers/{digest}")["manifests"]
        manifests = [self.registry_answer(f"manifests/{entry['digest']}") for entry in referrers]
        layers = [layer for manifest in manifests for layer in manifest["layers"]]
        records = [layer["digest"] for layer in layers if layer["annotations"]["in-toto.io/predicate-type"] == "urn:pipeline:deployment:v1"]
        self.assertEqual(len(records), 1, manifests)
        statement = self.registry_answer(f"blobs/{records[0]}")
        self.assertEqual("sha256:" + statement["subject"][0]["digest"]["sha256"], digest)
        record = statement["predicate"]
        self.assertEqual(record["images"], {"items": {"items": image}})
        self.assertEqual(record["deployment"]["status"], "COMPLETED")
        self.assertTrue(record["deployment"]["items"][0]["task_definition"].endswith(self.running()))
        self.assertEqual(record["deployment"]["requests"]["failed"], 0)
        self.assertNotIn("hidden-in-the-task", json.dumps(record))
        self.assertIn(referrers[0]["digest"], self.pipeline("image", "referrers", image))

    def test_3_a_rollback_goes_to_what_was_proven(self):
        """To the revision before, followed to its end."""
        before = self.running()
        output = self.pipeline("rollback", "-c", "production", "-s", "items")
        self.assertIn(f"Going back from {before} to items:", output)
        self.assertNotEqual(self.running(), before)

    def test_4_a_failure_has_its_own_exit_code_and_says_why(self):
        """The container ends at once; the circuit breaker brings the old revision back."""
        before = self.running()
        name = self.definition(command=["false"], entryPoint=[])
        events = self.events("deploy", "-c", "production", "-s", "items", "-t", name, code=10)
        finished = [event for event in events if event["type"] == "item_finished"][0]
        self.assertEqual(finished["status"], "ROLLED_BACK")
        self.assertEqual(finished["rolled_back_to"].rsplit("/", 1)[1], before)
        self.assertEqual(self.running(), before)

    def test_5_a_file_runs_a_task_before_its_service(self):
        """The exit code is a gate: the service stays as it is."""
        before = self.running()
        self.definition()
        text = """
cluster: production
deploy:
  migrate:
    task: {container: items, command: [sh, -c, "exit CODE"]}
    task-definition: items
  items:
    needs: migrate
    task-definition: definition.json
    force: true
"""
        path = self.repository / "release.yml"
        path.write_text(text.replace("CODE", "3"), encoding="utf-8")
        output = self.pipeline("deploy", "release.yml", code=1)
        self.assertIn("container items exited with code 3", output)
        self.assertIn("- items: not begun", output)
        self.assertEqual(self.running(), before)
        path.write_text(text.replace("CODE", "0"), encoding="utf-8")
        self.assertIn("✓ items", self.pipeline("deploy", "release.yml"))
        self.assertNotEqual(self.running(), before)

    def test_6_status_shows_deployments_and_targets(self):
        """For people and for programs."""
        self.assertRegex(self.pipeline("status", "-c", "production"), r"items in production: ACTIVE, 3 of 3 tasks running")
        status = json.loads(self.pipeline("status", "-c", "production", "-s", "items", "--json"))[0]
        self.assertEqual(status["deployments"][0]["rollout_state"], "COMPLETED")
        self.assertEqual(status["targets"]["healthy"], 3)
        self.assertEqual(status["history"][0]["status"], "SUCCESSFUL")

    def test_6a_a_rollback_that_fails_is_no_rollback(self):
        """The revision that it goes to cannot be pulled any more."""
        before = self.running()
        lost = json.loads((self.repository / self.definition(image=f"{self.registry}/items:gone")).read_text(encoding="utf-8"))
        lost = {key: lost[key] for key in ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "containerDefinitions")}
        revision = self.aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(lost))["taskDefinition"]["revision"]
        output = self.pipeline("rollback", "-c", "production", "-s", "items", "--to", f"items:{revision}", code=11)
        self.assertIn("The rollback failed: ", output)
        self.assertIn(f"service items runs {before}", output)
        self.assertEqual(self.running(), before)

    def test_6b_what_is_not_there_is_named_with_where_was_looked(self):
        """Services, clusters, revisions."""
        task = self.definition()
        output = self.pipeline("deploy", "-c", "production", "-s", "none", "-t", task, code=2)
        self.assertIn("looking for service none of cluster production in eu-central-1 (`pipeline status -c production` lists", output)
        self.assertIn("listing the services of cluster none in eu-central-1", self.pipeline("status", "-c", "none", code=3))
        output = self.pipeline("rollback", "-c", "production", "-s", "items", "--to", "items:9999", code=3)
        self.assertIn("looking for task definition items:9999", output)
        self.assertNotIn("Going back", output)

    def test_6c_a_tag_that_means_another_image_for_good_is_found_before_the_deployment(self):
        """Built here, not pushed: the repository refuses to change the tag."""
        self.aws("ecr", "create-repository", "--repository-name", "fixed", "--image-tag-mutability", "IMMUTABLE")
        image = self.push_image("fixed:1")
        make_image(self, image, "ENV CHANGED=yes", run=lambda *words: self.run_program(self.binary(), *words))
        output = self.pipeline("deploy", "-c", "production", "-s", "items", "-t", self.definition(image=image), code=1)
        self.assertIn("since its tag is immutable, and this machine built", output)
        self.assertIn("Nothing was changed", output)

    def test_6d_what_aws_tells_no_more_is_unknown(self):
        """Credentials that end midway: neither success nor failure, and a status that shows it later."""
        proxy = RecordingProxy(self.endpoint, last="UpdateService")
        self.addCleanup(proxy.close)
        file = self.definition(environment=[{"name": "LOST", "value": "sight"}])
        arguments = ["deploy", "-c", "production", "-s", "items", "-t", file, "--report", "lost"]
        output = self.pipeline(*arguments, code=16, endpoint=proxy.url)
        self.assertRegex(output, r"\? items: lost sight of deployment ecs-svc/\d+, which may go on: `pipeline status -c production -s items`")
        self.assertIn("The security token included in the request is expired", output)
        self.assertEqual(output.splitlines()[-1], "UNKNOWN")
        report = json.loads((self.repository / "lost" / "report.json").read_text())
        self.assertEqual((report["status"], report["items"][0]["state"], report["items"][0]["end"]["status"]), ("UNKNOWN", "unknown", "UNKNOWN"))
        self.assertIn("UNKNOWN", (self.repository / "lost" / "summary.md").read_text())
        status = ["status", "-c", "production", "-s", "items", "--json"]
        self.wait_until("its end without us", lambda: json.loads(self.pipeline(*status))[0]["history"][0]["status"] == "SUCCESSFUL")

    def test_6e_a_registered_revision_is_refreshed_and_scaled(self):
        """Without a file: the same revision once more, and another count of it."""
        revision, old = self.running(), self.deployment()
        deploy = ["deploy", "-c", "production", "-s", "items", "-t", revision]
        self.pipeline(*deploy, "--force")
        refreshed = self.deployment()
        self.assertNotEqual(refreshed, old)
        for count in ("4", "3"):
            self.pipeline(*deploy, "--desired-count", count)
            said = f"{count} of {count} tasks running"
            self.wait_until(said, lambda said=said: said in self.pipeline("status", "-c", "production", "-s", "items"))
        self.assertEqual((self.running(), self.deployment()), (revision, refreshed))

    def test_7_wrong_files_are_refused_with_their_place(self):
        """Before anything is asked of AWS."""
        path = self.repository / "wrong.yml"
        path.write_text("deploy:\n  items:\n    task-definitoin: x\n", encoding="utf-8")
        output = self.pipeline("deploy", "wrong.yml", code=2)
        self.assertIn("wrong.yml:3:5: unknown key 'task-definitoin'; did you mean task-definition?", output)
        for text in ("", "[]", "{}", '{"family": "items"}'):
            path.write_text(text, encoding="utf-8")
            output = self.pipeline("deploy", "-c", "production", "-s", "items", "-t", "wrong.yml", code=2)
            self.assertIn("wrong.yml: expected a task definition with a family and containerDefinitions, found", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
