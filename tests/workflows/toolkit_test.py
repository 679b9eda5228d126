"""An action made of GitHub's own packages from npm, run by the binary against its services.

No default test: `ninja -C build toolkit_test` installs the packages, which needs npm and its registry.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from action_server import ActionServer
from harness import WorkflowTest
from images import busybox_tree

SOURCE = Path(__file__).resolve().parent / "toolkit_action"
CACHE = Path(os.environ.get("PIPELINE_TEST_CACHE", tempfile.gettempdir() + "/pipeline-test-cache")) / "toolkit"


def built_action():
    """The folder of the action with its packages bundled, as actions are published."""
    stamp = "".join((SOURCE / name).read_text(encoding="utf-8") for name in ("package.json", "main.mjs"))
    done = CACHE / "built-from"
    if done.exists() and done.read_text(encoding="utf-8") == stamp:
        return CACHE
    CACHE.mkdir(parents=True, exist_ok=True)
    for file in SOURCE.iterdir():
        shutil.copy(file, CACHE)
    for command in (["install", "--no-audit", "--no-fund", "--silent"], ["run", "--silent", "build"]):
        subprocess.run(["npm", *command], cwd=CACHE, check=True)
    done.write_text(stamp, encoding="utf-8")
    return CACHE


class ToolkitTest(WorkflowTest):
    """core, exec, io, tool-cache, cache, artifact and getIDToken."""

    def setUp(self):
        super().setUp()
        action = built_action()
        (self.repository / "toolkit/dist").mkdir(parents=True)
        shutil.copy(action / "action.yml", self.repository / "toolkit")
        shutil.copy(action / "dist/main.mjs", self.repository / "toolkit/dist")
        # The same, called by a composite action.
        self.write(
            "composite/action.yml",
            """\
            name: composite
            inputs:
              part: {required: true}
              key: {default: none}
            outputs:
              answer: {value: "${{ steps.inner.outputs.answer }}"}
            runs:
              using: composite
              steps:
                - id: inner
                  uses: ./toolkit
                  with: {part: "${{ inputs.part }}", key: "${{ inputs.key }}"}
            """,
        )
        self.commit()

    def run_parts(self, steps, *arguments, action="./toolkit", permissions="{}"):
        """A workflow of one job with these steps after a checkout."""
        text = f"on: push\npermissions: {permissions}\njobs:\n  toolkit:\n    runs-on: ubuntu-latest\n    steps:\n"
        text += "      - uses: actions/checkout@v4\n"
        for step in steps:
            if isinstance(step, tuple):
                part, key = step
                text += f"      - id: {part}\n        uses: {action}\n        with: {{part: {part}, key: {key}}}\n"
            else:
                text += f"      - {step}\n"
        self.workflow(text)
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, timeout=120)

    def test_core(self):
        output = self.run_parts(
            [
                ("core", "none"),
                'run: echo "answer=${{ fromJSON(steps.core.outputs.answer).nested[1] }}"; echo "$FROM_ACTION"; echo "$PATH"',
            ]
        )
        for text in ("the password is ***", "answer=2", "line two", "/opt/from-action:", "post of core, state [kept]"):
            self.assertIn(text, output)

    def test_exec_io_and_tools(self):
        output = self.run_parts([("exec", "none"), ("tools", "none"), "run: hello"])
        for text in ("ok exit code", "ok copied", "ok which", "ok versions", "hello from the tool"):
            self.assertIn(text, output)

    def test_caches_go_both_ways(self):
        output = self.run_parts(
            [
                ("saveCache", "by-toolkit-1"),
                "run: rm -r deps",
                "uses: actions/cache/restore@v4\n        with: {path: deps, key: by-toolkit-1, fail-on-cache-miss: true}",
                "run: cat deps/sub/file; rm -r deps; mkdir -p deps/sub; echo saved by the built-in > deps/sub/file",
                "uses: actions/cache/save@v4\n        with: {path: deps, key: by-builtin-1}",
                "run: rm -r deps",
                ("restoreCache", "by-builtin-1"),
            ]
        )
        self.assertIn("saved by the toolkit", output)
        self.assertIn("ok hit", output)
        self.assertIn("│ saved by the built-in", output.split("ok hit")[1])

    def test_artifacts_go_both_ways(self):
        output = self.run_parts(
            [
                ("uploadArtifact", "none"),
                "uses: actions/download-artifact@v4\n        with: {name: toolkit, path: back}",
                "run: cat back/sub/file; stat -c %s back/large",
                "run: mkdir -p in/sub; echo uploaded by the built-in > in/sub/file",
                "uses: actions/upload-artifact@v4\n        with: {name: builtin, path: in}",
                ("downloadArtifact", "none"),
            ],
            "--network",
            "none",
        )
        for text in ("ok immutable", "ok names", "uploaded by the toolkit", "20000000", "ok mismatch"):
            self.assertIn(text, output)
        self.assertIn("uploaded by the built-in", output.split("ok mismatch")[1])

    def test_identity_also_without_a_network(self):
        for more in ((), ("--network", "none")):
            output = self.run_parts(
                [("identity", "none"), 'run: echo "sub=${{ steps.identity.outputs.answer }}"'],
                *more,
                permissions="{id-token: write}",
            )
            self.assertIn("sub=repo:local/repo:ref:refs/heads/main", output)

    def test_the_same_within_a_composite_action(self):
        output = self.run_parts(
            [
                ("core", "none"),
                ("saveCache", "composite-1"),
                ("uploadArtifact", "none"),
                'run: echo "id=${{ steps.uploadArtifact.outputs.answer }}"',
            ],
            action="./composite",
        )
        self.assertRegex(output, r"id=\d+")
        self.assertIn("ok saved", output)
        self.assertIn("post of core, state [kept]", output)


METADATA = """\
name: {name}
inputs:
  part: {{required: true}}
  key: {{default: none}}
outputs:
  answer: {{description: what it came to{value}}}
runs:
"""
COMPOSITE = """\
  using: composite
  steps:
    - id: inner
      uses: octo/toolkit@v1
      with: {part: "${{ inputs.part }}", key: "${{ inputs.key }}"}
"""
DOCKER = """\
  using: docker
  image: Dockerfile
  entrypoint: /action/run
  post-entrypoint: /action/run
"""
DOCKERFILE = """\
FROM node:of-this-machine
COPY run dist /action/
"""


def image_of_node(folder):
    """A root file system with node, GNU tar, gzip and zstd of this machine, and the libraries that they need."""
    busybox_tree(folder)
    for program in ("node", "tar", "gzip", "zstd"):
        path = Path(shutil.which(program)).resolve()
        (folder / "bin" / program).unlink(missing_ok=True)
        shutil.copy(path, folder / "bin" / program)
        listed = subprocess.run(["ldd", str(path)], check=True, capture_output=True, text=True).stdout
        for word in listed.split():
            if word.startswith("/"):
                target = folder / word.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(word, target)
    for name in ("zstdmt", "unzstd"):
        (folder / "bin" / name).symlink_to("zstd")
    return folder


class FetchedToolkitTest(ToolkitTest):
    """The action in its three forms, unmodified and fetched from a git server: JavaScript, composite, Docker."""

    def setUp(self):
        self.server = None
        super().setUp()
        self.server = ActionServer(self.folder / "server")
        self.addCleanup(self.server.close)
        action = built_action()
        bundle = (action / "dist/main.mjs").read_text(encoding="utf-8")
        metadata = (action / "action.yml").read_text(encoding="utf-8")
        value = ', value: "${{ steps.inner.outputs.answer }}"'
        self.publish("octo/toolkit", {"action.yml": metadata, "dist/main.mjs": bundle})
        self.publish("octo/composite", {"action.yml": METADATA.format(name="composite", value=value) + COMPOSITE})
        self.publish(
            "octo/docker",
            {
                "action.yml": METADATA.format(name="docker", value="") + DOCKER,
                "Dockerfile": DOCKERFILE,
                "run": ("#!/bin/sh\nexec node /action/main.mjs\n", 0o755),
                "dist/main.mjs": bundle,
            },
        )
        context = self.folder / "node-image"
        image_of_node(context / "root")
        (context / "Dockerfile").write_text("FROM scratch\nCOPY root /\n")
        self.run_pipeline("image", "build", "-t", "node:of-this-machine", str(context))

    def publish(self, repository, files):
        """Under v1."""
        self.server.publish(repository, files, "v1")

    def environment(self, **more):
        url = self.server.url if self.server else ""
        return super().environment(**{"PIPELINE_ACTION_SERVER": url, **more})

    def test_all_three_forms_come_to_the_same(self):
        """Outputs, variables, paths, state for the post step, caches, artifacts, identity; also without a network."""
        for form in ("toolkit", "composite", "docker"):
            for network in ((), ("--network", "none")):
                output = self.run_parts(
                    [
                        ("core", "none"),
                        ("saveCache", f"{form}-{len(network)}"),
                        ("uploadArtifact", "none"),
                        ("identity", "none"),
                        'run: echo "answer=${{ fromJSON(steps.core.outputs.answer).nested[1] }} id=${{ steps.uploadArtifact.outputs.answer }}"',
                        'run: echo "sub=${{ steps.identity.outputs.answer }}"; echo "$FROM_ACTION"; echo "$PATH"',
                    ],
                    *network,
                    action=f"octo/{form}@v1",
                    permissions="{id-token: write}",
                )
                with self.subTest(form=form, network=network):
                    self.assertRegex(output, r"answer=2 id=\d+")
                    for text in ("the password is ***", "ok saved", "line two", "/opt/from-action:", "post of core, state [kept]",
                                 "sub=repo:local/repo:ref:refs/heads/main"):
                        self.assertIn(text, output)


if __name__ == "__main__":
    unittest.main()
