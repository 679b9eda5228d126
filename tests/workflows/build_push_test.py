"""docker/build-push-action with all that goes beyond one image: platforms, annotations, attestations, caches."""

import json
import os
import subprocess
import urllib.request

from debian_registry import DebianRegistry
from docker_images_test import AGENT, ASK
from harness import WorkflowTest
from images import make_image

ACCEPT = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"


class BuildPushTest(WorkflowTest):
    """Against docker-registry, read back by plain HTTP and by skopeo."""

    def setUp(self):
        super().setUp()
        self.need_root("building images needs root here")
        self.registry = DebianRegistry(self, self.folder / "registry").address

    def run_build(self, inputs, *more, state=None):
        """One step of the action with these inputs; the output."""
        lines = "".join(f"            {line}\n" for line in inputs.strip().split("\n"))
        steps = "".join(f"      - {step}\n" for step in more)
        self.workflow(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: actions/checkout@v4\n"
            "      - uses: docker/build-push-action@v6\n        id: build\n        with:\n" + lines + steps
        )
        self.commit()
        env = {"PIPELINE_STATE_DIR": os.fspath(self.folder / state)} if state else {}
        return self.run_pipeline("run", env=env)

    def fetch(self, path):
        """A document of the registry."""
        request = urllib.request.Request(f"http://{self.registry}/v2/{path}", headers={"Accept": ACCEPT})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def test_an_index_of_platforms_with_attestations_is_pushed(self):
        """What BuildKit would have put beside the images is there, under the same names."""
        self.write("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY README.md /for-$TARGETARCH\n")
        self.write("node_modules/pad/package.json", '{"name": "pad", "version": "1.0.0", "license": "MIT"}\n')
        output = self.run_build(
            f"context: .\npush: true\ntags: {self.registry}/octo/app:1\nplatforms: linux/amd64,linux/arm64\n"
            "provenance: mode=max\nsbom: true\n"
            "annotations: |\n  index:org.example.of=index\n  org.example.of=manifest\n"
            "build-args: |\n  NAME=value\n",
        )
        index = self.fetch("octo/app/manifests/1")
        self.assertEqual(index["annotations"], {"org.example.of": "index"})
        kinds = [(entry["platform"]["architecture"], bool(entry.get("annotations"))) for entry in index["manifests"]]
        self.assertEqual(kinds, [("amd64", False), ("arm64", False), ("unknown", True), ("unknown", True)], output)
        image = self.fetch("octo/app/manifests/" + index["manifests"][1]["digest"])
        self.assertEqual(image["annotations"], {"org.example.of": "manifest"})
        beside = index["manifests"][3]
        self.assertEqual(beside["annotations"]["vnd.docker.reference.digest"], index["manifests"][1]["digest"])
        attested = self.fetch("octo/app/manifests/" + beside["digest"])
        statements = [self.fetch("octo/app/blobs/" + layer["digest"]) for layer in attested["layers"]]
        self.assertEqual(
            [statement["predicateType"] for statement in statements],
            ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"],
        )
        self.assertEqual(statements[0]["predicate"]["spdxVersion"], "SPDX-2.3")
        request = statements[1]["predicate"]["buildDefinition"]["externalParameters"]["request"]
        self.assertEqual(request["args"], {"build-arg:NAME": "value"})
        shown = subprocess.run(
            ["skopeo", "inspect", "--tls-verify=false", "--config", f"docker://{self.registry}/octo/app:1"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.assertEqual(json.loads(shown.stdout)["architecture"], "amd64")

    def test_caches_of_all_kinds_are_taken_by_another_machine(self):
        """Each in a state folder of its own, but for the caches of the repository."""
        self.write("Dockerfile", "FROM scratch\nCOPY README.md /\nWORKDIR /made\n")
        targets = f"type=registry,ref={self.registry}/octo/cache:1,mode=max\n  type=local,dest=layers\n  type=gha,mode=max"
        output = self.run_build(
            f"context: .\ncache-to: |\n  {targets}\ncache-from: type=gha\n",
            "run: tar -cf /tmp/layers.tar layers && ls layers/blobs/sha256 | wc -l | sed 's/^/blobs /'",
        )
        self.assertIn("no cache of the scope buildkit is there yet", output)
        self.assertIn("cache saved with key build-cache-buildkit-", output)
        self.assertIn("blobs 4", output)
        output = self.run_build(
            f"context: .\ncache-from: {self.registry}/octo/cache:1\n", state="other"
        )
        self.assertEqual(output.count("CACHED"), 2, output)
        # The layer cache of the machine gone, the caches of the repository are what is left.
        subprocess.run(["rm", "-rf", os.fspath(self.state / "images")], check=True)
        output = self.run_build("context: .\ncache-from: type=gha\n")
        self.assertEqual(output.count("CACHED"), 2, output)

    def test_a_folder_of_the_job_carries_the_cache_and_a_context(self):
        """Within one job; a link out of the workspace is not followed."""
        self.write("Dockerfile", "FROM scratch\nCOPY --from=extra file /\n")
        self.write("extra/file", "x\n")
        output = self.run_build(
            "context: .\nbuild-contexts: |\n  extra=extra\ncache-to: type=local,dest=layers\n"
            "outputs: type=oci,dest=image.tar\n",
            "run: ls -a layers; ln -s / away; mv layers/index.json layers/kept",
            "uses: docker/build-push-action@v6\n        with:\n          context: .\n"
            "          build-contexts: extra=extra\n          cache-from: type=local,src=away/etc\n",
        )
        self.assertIn("index.json", output)
        self.assertIn("the cache away/etc is not there yet", output)

    def test_outputs_are_files_archives_and_images_of_each_platform(self):
        """Several of one build; read by tar and skopeo, and by steps."""
        self.write("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY README.md /for-$TARGETARCH\n")
        output = self.run_build(
            "context: .\nplatforms: linux/amd64,linux/arm64\noutputs: |\n  out\n  type=tar,dest=made/tree.tar\n"
            f"  type=oci,dest=made/image.tar\n  type=image,name={self.registry}/octo/app:2,push=true,"
            "annotation-index.org.example.of=index\n  type=docker,name=local:1\n",
            "run: find out made -type f | sort; tar -tf made/tree.tar | sort; docker images -q local:1 | wc -l | sed 's/^/named /'",
        )
        for line in ("out/linux_amd64/for-amd64", "out/linux_arm64/for-arm64", "made/image.tar", "linux_arm64/for-arm64", "named 1"):
            self.assertIn(line, output)
        index = self.fetch("octo/app/manifests/2")
        self.assertEqual(index["annotations"], {"org.example.of": "index"})

    def test_a_build_reaches_the_agent_of_the_job(self):
        """Where a step before it has started one; by its path as the steps see it, and never beyond their root."""
        (self.repository / "app").mkdir()
        (self.folder / "ask.c").write_text(ASK, encoding="utf-8")
        subprocess.run(["cc", "-static", "-o", self.repository / "app/ask", self.folder / "ask.c"], check=True)
        make_image(self, "tiny:1", 'CMD ["sh"]')
        self.write("agent.py", AGENT)
        self.write("app/Dockerfile", "FROM tiny:1\nCOPY ask /ask\nRUN --mount=type=ssh,required /ask > /answer\n")
        started = "      - run: |\n          trap : USR1\n          python3 agent.py /tmp/agent > /dev/null 2>&1 & wait || true\n          echo SSH_AUTH_SOCK=/tmp/agent >> $GITHUB_ENV\n"
        build = "      - uses: docker/build-push-action@v6\n        with:\n          context: app\n          load: true\n          tags: app:1\n"
        workflow = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
        self.workflow(workflow + started + build + "          ssh: default\n      - run: docker run --rm app:1 cat /answer\n")
        self.commit()
        self.assertIn("agent of the step", self.run_pipeline("run"))
        self.workflow(workflow + "      - run: ln -s /proc/1/root/run/away /tmp/away\n" + build + "          ssh: default=/tmp/away\n")
        self.commit()
        self.assertIn("reaching the ssh agent at /tmp/away", self.run_pipeline("run", code=1))

    def test_what_the_build_checks_find_is_annotated(self):
        """At the line of the Dockerfile; `call: check` fails the step and builds nothing."""
        self.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\nCMD echo\n")
        output = self.run_build("context: app\nfile: app/Dockerfile\n")
        self.assertIn("JSON arguments recommended for CMD to prevent unintended behavior related to OS signals", output)
        events = [json.loads(line) for line in self.run_pipeline("run", "--json").splitlines() if line.startswith("{")]
        places = [(event.get("file"), event.get("line")) for event in events if event.get("title") == "JSONArgsRecommended"]
        self.assertEqual(places, [("app/Dockerfile", 3)], events)
        self.workflow(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: actions/checkout@v4\n"
            "      - uses: docker/build-push-action@v6\n        with:\n          context: app\n          call: check\n"
        )
        self.commit()
        output = self.run_pipeline("run", code=1)
        self.assertIn("Check complete, 1 warning has been found!", output)
        self.assertNotIn("COPY", output.split("Check complete")[0])

    def test_a_dockerfile_may_be_in_lower_case(self):
        """In a folder of the job and in the repository itself."""
        self.write("app/dockerfile", "FROM scratch\nCOPY dockerfile /\n")
        self.assertIn("COPY dockerfile /", self.run_build("context: app\n"))
        self.write("dockerfile", "FROM scratch\nCOPY README.md /\n")
        self.commit()
        self.assertIn("COPY README.md /", self.run_build("push: false\n"))

    def test_what_is_not_done_is_refused_by_name(self):
        """Before anything is built."""
        for inputs, why in (
            ("cache-to: type=s3,bucket=b", "type=s3 is not supported"),
            ("provenance: version=v0.2", "version=v0.2 is not supported"),
            ("sbom: generator=image", "generator=image"),
            ("platforms: not/a/platform/at/all", "platform"),
            ("ulimit: nofile=1", "ulimit"),
        ):
            self.write("Dockerfile", "FROM scratch\nCOPY README.md /\n")
            lines = "".join(f"          {line}\n" for line in ("context: .", inputs))
            self.workflow(
                "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
                "      - uses: actions/checkout@v4\n"
                "      - uses: docker/build-push-action@v6\n        with:\n" + lines
            )
            self.commit()
            self.assertIn(why, self.run_pipeline("run", code=1))
