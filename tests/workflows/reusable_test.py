"""Jobs that call workflows of the repository."""

import unittest

from harness import WorkflowTest

CALLED = """
    on:
      workflow_call:
        inputs:
          where: {type: string, required: true}
          count: {type: number}
        secrets: {key: {required: true}}
        outputs:
          url: {value: "${{ jobs.one.outputs.url }}"}
    env: {INNER: inner}
    jobs:
      one:
        runs-on: ubuntu-latest
        outputs: {url: "https://${{ inputs.where }}"}
        steps:
          - run: |
              echo "outer='$OUTER' inner=$INNER count=${{ inputs.count }} key=${#KEY}"
              echo "token=${{ secrets.OTHER == '' }} ref=${{ job.workflow_file_path }} event=${{ github.event_name }}"
            env: {KEY: "${{ secrets.key }}"}
"""


class ReusableTest(WorkflowTest):
    """What goes down and what comes back."""

    def call(self, **lines):
        """A workflow that calls the other; lines of the calling job by key."""
        job = {"uses": "./.github/workflows/called.yml", "with": "{where: here, count: 3}"}
        job.update({"secrets": '{key: "${{ secrets.KEY }}"}'}, **lines)
        text = "on: push\nenv: {OUTER: outer}\njobs:\n  call:\n"
        text += "".join(f"    {key}: {value}\n" for key, value in job.items() if value)
        text += "  after:\n    needs: call\n    runs-on: ubuntu-latest\n"
        text += '    steps: [{run: "echo url=${{ needs.call.outputs.url }}"}]\n'
        return self.workflow(text)

    def run_call(self, code=0, **lines):
        """Its output."""
        self.write(".github/workflows/called.yml", CALLED)
        return self.run_pipeline("run", self.call(**lines), "--secret", "KEY=abcdef", "--secret", "OTHER=zzz", code=code)

    def test_inputs_secrets_and_outputs(self):
        """Only what is passed is seen; env is not passed."""
        output = self.run_call()
        self.assertIn("│ outer='' inner=inner count=3 key=6", output)
        self.assertIn("│ token=true ref=.github/workflows/called.yml event=push", output)
        self.assertIn("call / one ✓ success", output)
        self.assertIn("│ url=https://here", output)

    def test_inherited_secrets(self):
        """All of them."""
        self.assertIn("│ token=false", self.run_call(secrets="inherit"))

    def test_workflows_of_other_folders_are_refused(self):
        """As on GitHub, which looks into one folder only."""
        self.write("ci/called.yml", CALLED)
        output = self.run_pipeline("run", self.call(uses="./ci/called.yml"), "--secret", "KEY=abcdef", code=2)
        self.assertIn("references to workflows must be rooted in '.github/workflows'", output)

    def test_a_missing_input_is_found_before_anything_runs(self):
        """With its place; exit code 2."""
        output = self.run_call(code=2, **{"with": ""})
        self.assertIn("test.yml:5:", output)
        self.assertIn("where", output)
        self.assertNotIn("started", output)

    def test_permissions_may_not_grow(self):
        """A job below asks for more than its caller has."""
        self.write(".github/workflows/called.yml", CALLED.replace("runs-on", "permissions: {contents: write}\n        runs-on"))
        path = self.call(permissions="{contents: read}")
        output = self.run_pipeline("run", path, "--secret", "KEY=abcdef", code=2)
        self.assertIn("contents: write", output)

    def test_a_file_outside_of_the_repository_cannot_be_called(self):
        """Neither by dots nor by a link."""
        (self.folder / "secret.yml").write_text("on: workflow_call\njobs: {a: {runs-on: x, steps: [{run: echo stolen}]}}")
        (self.repository / ".github/workflows").mkdir(parents=True)
        (self.repository / ".github/workflows/link.yml").symlink_to(self.folder / "secret.yml")
        for uses in ("./.github/workflows/link.yml", "./../secret.yml"):
            output = self.run_pipeline("run", self.call(uses=uses, **{"with": "", "secrets": ""}), code=2)
            self.assertNotIn("stolen", output)

    def test_the_plan_names_the_jobs_that_are_called(self):
        """--dry-run."""
        self.write(".github/workflows/called.yml", CALLED)
        self.assertIn("call / one", self.run_pipeline("run", self.call(), "--dry-run"))


if __name__ == "__main__":
    unittest.main()
