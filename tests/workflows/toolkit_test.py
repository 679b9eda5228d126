"""An action made of GitHub's own packages from npm, run by the binary against its services.

No default test: `ninja -C build toolkit_test` installs the packages, which needs npm and its registry.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import WorkflowTest

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


if __name__ == "__main__":
    unittest.main()
