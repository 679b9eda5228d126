"""`pipeline explain` and `pipeline graph`: what would run and why, without running it."""

import json
import unittest
import xml.etree.ElementTree

from harness import WorkflowTest

WORKFLOW = """
    name: CI
    on:
      push: {branches: [main, 'release/**']}
    permissions: {contents: read}
    jobs:
      build:
        runs-on: ubuntu-latest
        strategy: {matrix: {os: [linux, mac]}}
        outputs: {tag: "${{ steps.tag.outputs.tag }}"}
        steps:
          - run: echo build
          - {if: failure(), run: echo sorry}
          - {id: tag, run: echo tag=1 >> "$GITHUB_OUTPUT"}
      deploy:
        needs: build
        if: vars.DEPLOY == 'yes' && needs.build.outputs.tag
        runs-on: ubuntu-latest
        environment: production
        steps: [{run: echo deploy}]
      tell:
        needs: [build, deploy]
        if: failure()
        runs-on: ubuntu-latest
        steps: [{run: echo tell}]
"""


class ExplainTest(WorkflowTest):
    """What a run would do."""

    def setUp(self):
        super().setUp()
        self.file = self.workflow(WORKFLOW)

    def jobs(self, *arguments):
        """The jobs of the explanation, by id."""
        output = self.run_pipeline("explain", self.file, "--json", *arguments)
        return {job["id"]: job for job in json.loads(output)["jobs"]}

    def test_says_what_would_run_and_why_not(self):
        """A condition's tree has the values; a job that is skipped names the one that it comes from."""
        output = self.run_pipeline("explain", self.file)
        self.assertIn("✓ on push", output)
        self.assertIn("= main  main", output)
        self.assertIn("✓ build", output)
        self.assertIn("✗ deploy  its condition does not hold\n", output)
        self.assertIn("✗ vars.DEPLOY == 'yes'", output)
        self.assertIn("vars.DEPLOY = null", output)
        self.assertIn("· needs.build.outputs.tag  (not needed)", output)
        self.assertIn("build (linux), build (mac)", output)
        self.assertIn("✗ Run echo sorry  only when a step before it failed", output)
        self.assertIn("contents: read (of the workflow)", output)
        self.assertFalse((self.state / "history.db").exists(), "nothing has run")

    def test_leaves_open_what_only_a_run_can_tell(self):
        """Three values; what is known is used."""
        jobs = self.jobs("--var", "DEPLOY=yes")
        self.assertEqual(jobs["deploy"]["runs"], "unknown")
        self.assertIn("needs.build.outputs.tag is known when 'build' has run", jobs["deploy"]["why"])
        self.assertEqual(jobs["tell"]["runs"], "unknown")
        self.assertEqual(jobs["tell"]["runs_if_all_goes_well"], "no")
        self.assertEqual(jobs["deploy"]["legs"][0]["settings"]["environment"], "production")

    def test_answers_what_would_run_if_a_job_failed(self):
        """--assume, also for all jobs at once."""
        jobs = self.jobs("--assume", "build=failure", "--var", "DEPLOY=yes")
        self.assertEqual(jobs["tell"]["runs"], "yes")
        self.assertEqual(jobs["deploy"]["because_of"], "build")
        self.assertEqual(self.jobs("--assume", "*=success", "--var", "DEPLOY=yes")["tell"]["runs"], "no")
        self.assertIn("has no job 'nope'", self.run_pipeline("explain", self.file, "--assume", "nope=failure", code=2))
        self.assertIn("expected success", self.run_pipeline("explain", self.file, "--assume", "build=red", code=2))

    def test_says_which_filter_did_not_match(self):
        """Each pattern with what it was held against; without a named file the others are told in short."""
        self.git("checkout", "-q", "-b", "feature/x")
        output = self.run_pipeline("explain")
        self.assertIn("✗ on push", output)
        self.assertIn("≠ release/**  feature/x", output)
        self.assertNotIn("✓ build", output)

    def test_shows_no_secret(self):
        """A condition may look at one by way of env."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                env: {TOKEN: "${{ secrets.TOKEN }}"}
                steps: [{run: x, if: env.TOKEN == 'other'}]
            """
        )
        for form in ([], ["--json"]):
            output = self.run_pipeline("explain", self.file, "--secret", "TOKEN=hunter22", *form)
            self.assertIn("***", output)
            self.assertNotIn("hunter22", output)

    def test_looks_into_the_workflows_that_are_called(self):
        """Their inputs are what the caller gives, as far as it is known."""
        self.write(
            ".github/workflows/called.yml",
            """
            on:
              workflow_call: {inputs: {where: {type: string}, tag: {type: string}}}
            jobs:
              check: {runs-on: x, if: inputs.where == 'here', steps: [{run: x}]}
              ship: {runs-on: x, needs: check, if: inputs.tag, steps: [{run: x}]}
            """,
        )
        self.workflow(
            """
            on: push
            permissions: {contents: read}
            jobs:
              build: {runs-on: x, outputs: {tag: a}, steps: [{run: x}]}
              here:
                needs: build
                uses: ./.github/workflows/called.yml
                with: {where: here, tag: "${{ needs.build.outputs.tag }}"}
              there:
                uses: ./.github/workflows/called.yml
                with: {where: there}
            """
        )
        output = self.run_pipeline("explain", self.file)
        self.assertIn("        ✓ check  its condition holds", output)
        self.assertIn("        ? ship  if 'check' succeeds; inputs.tag is known when the workflow is called", output)
        self.assertIn("        ✗ check  its condition does not hold", output)
        self.assertIn("contents: read (of the caller)", output)
        jobs = self.jobs("--assume", "here/check=failure", "--assume", "build=success")
        self.assertEqual([job["runs"] for job in jobs["here"]["legs"][0]["called"]], ["yes", "no"])

    def test_an_invalid_workflow_is_refused(self):
        """As by run."""
        self.workflow("on: push\njobs: {a: {runs-on: x, stepps: []}}\n")
        self.assertIn("test.yml:2", self.run_pipeline("explain", self.file, code=2))

    def test_draws_the_graph_as_text_mermaid_and_svg(self):
        """Legs are folded into one."""
        self.assertIn("build ×2 ─", self.run_pipeline("graph", self.file))
        self.assertIn('job0["build ×2"]', self.run_pipeline("graph", self.file, "--format", "mermaid"))
        drawing = self.repository / "ci.svg"
        self.assertEqual(self.run_pipeline("graph", self.file, "--format", "svg", "-o", str(drawing)), "")
        root = xml.etree.ElementTree.fromstring(drawing.read_text(encoding="utf-8"))
        texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertEqual(sorted(texts), ["CI", "build ×2", "deploy", "tell"])

    def test_an_error_in_an_expression_has_its_place(self):
        """File, line and column of the text, and the position within the expression."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                steps:
                  - run: echo "${{ 'x' == fromJSON('{') }}"
            """
        )
        output = self.run_pipeline("run", self.file, code=1)
        self.assertIn(".github/workflows/test.yml:7:14: Error parsing fromJson", output)
        self.assertIn("Located at position 8 within expression: 'x' == fromJSON('{')", output)

    def test_a_condition_may_ask_for_the_status_of_named_jobs(self):
        """Of those that the job needs, directly or not; any other is a mistake that fails it."""
        self.workflow(
            """
            on: push
            jobs:
              good: {runs-on: x, steps: [{run: 'true'}]}
              bad: {runs-on: x, needs: good, steps: [{run: 'false'}]}
              of-good: {runs-on: x, needs: bad, if: "success('good')", steps: [{run: echo ran-for-good}]}
              of-bad: {runs-on: x, needs: bad, if: "failure('bad')", steps: [{run: echo ran-for-bad}]}
              not-bad: {runs-on: x, needs: bad, if: "success('bad')", steps: [{run: echo must-not-run}]}
              stranger: {runs-on: x, needs: good, if: "success('bad')", steps: [{run: echo must-not-run}]}
            """
        )
        output = self.run_pipeline("run", self.file, code=1)
        self.assertIn("│ ran-for-good", output)
        self.assertIn("│ ran-for-bad", output)
        self.assertNotIn("│ must-not-run", output)
        self.assertIn("asks for the status of 'bad', which it does not need", output)
        self.assertIn("it needs 'bad', which ended in failure", output)

    def test_a_skip_at_run_time_names_the_values_that_decided(self):
        """The same sentences as explain has."""
        self.workflow("on: push\njobs: {a: {runs-on: x, if: vars.X == '1', steps: [{run: x}]}}\n")
        self.assertIn("its condition does not hold: vars.X == '1' (vars.X is null)", self.run_pipeline("run", self.file))


if __name__ == "__main__":
    unittest.main()
