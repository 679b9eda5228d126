"""`environment`: what protects it, what its jobs get, and its address."""

import json
import os
import pty
import time
import unittest

from harness import PIPELINE, WorkflowTest

DEPLOY = """
on: push
jobs:
  before:
    runs-on: ubuntu-latest
    steps: [{run: echo before-ran}]
  deploy:
    needs: before
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: echo "deployed with ${{ vars.COLOUR }} and a secret of ${#TOKEN}"
        env: {TOKEN: "${{ secrets.TOKEN }}"}
"""


class EnvironmentsTest(WorkflowTest):
    """The project's .pipeline.yml says what protects an environment."""

    def environments(self, text):
        self.write(".pipeline.yml", f"environments:\n  production:\n{text}\n")

    def wait_for(self, text, run=1, seconds=20):
        log = self.state / f"runs/{run}/events.jsonl"
        deadline = time.monotonic() + seconds
        while not (log.exists() and text in log.read_text(encoding="utf-8")):
            self.assertLess(time.monotonic(), deadline, f"'{text}' did not come")
            time.sleep(0.02)

    def begin(self, *arguments):
        self.workflow(DEPLOY)
        return self.start("run", ".github/workflows/test.yml", *arguments)

    def end(self, process, code=0):
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, code, output)
        return output

    def test_its_secrets_and_variables_stand_above_those_of_the_run(self):
        self.environments("    variables: {COLOUR: green}\n    secrets: production.env")
        self.write("production.env", "TOKEN=env-secret-value\n")
        output = self.end(self.begin("--var", "COLOUR=red", "--secret", "TOKEN=short"))
        self.assertIn("deployed with green and a secret of 16", output)
        self.assertEqual(self.state_files_with("env-secret-value"), [])

    def test_an_environment_that_nobody_declared_protects_nothing(self):
        self.assertIn("deployed with red", self.end(self.begin("--var", "COLOUR=red")))

    def test_an_approval_from_another_terminal_lets_the_job_go_on(self):
        self.environments("    reviewers: true")
        process = self.begin()
        self.wait_for("waits for an approval of environment 'production'")
        self.wait_for('"before-ran"')
        self.assertIn("waits for no approval of environment 'other'", self.run_pipeline("approve", "1", "--env", "other", code=2))
        self.assertIn("is approved", self.run_pipeline("approve", "1", "--env", "Production"))
        self.assertIn("deployed with", self.end(process))

    def test_a_rejection_fails_the_job_and_says_by_whom(self):
        self.environments("    reviewers: true")
        process = self.begin()
        self.wait_for("waits for an approval")
        self.run_pipeline("reject", "--comment", "not on a friday")
        output = self.end(process, 1)
        self.assertRegex(output, "environment 'production' was rejected by .*: not on a friday")
        self.assertNotIn("deployed with", output)

    def test_only_reviewers_may_approve(self):
        self.environments("    reviewers: [somebody-else]")
        process = self.begin()
        self.wait_for("waits for an approval")
        self.assertIn("is approved by somebody-else, not by", self.run_pipeline("approve", code=3))
        process.terminate()
        process.communicate(timeout=30)

    def test_without_input_the_job_fails_with_a_sentence(self):
        self.environments("    reviewers: true")
        output = self.end(self.begin("--no-input"), 1)
        self.assertIn("environment 'production' needs an approval, and --no-input lets nobody be asked", output)

    def test_at_a_terminal_it_is_asked(self):
        self.environments("    reviewers: true")
        self.workflow(DEPLOY)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.repository)
            os.execve(os.path.abspath(PIPELINE), ["pipeline", "run", ".github/workflows/test.yml"], self.environment())
        shown = b""
        answered = False
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if not answered and b"[y/n]" in shown:
                os.write(terminal, b"y\n")
                answered = True
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, shown)
        self.assertIn(b"may its jobs deploy to environment 'production'?", shown)
        self.assertIn(b"deployed with", shown)

    def test_other_branches_are_refused(self):
        self.environments("    branches: ['release/*', stable]")
        output = self.end(self.begin(), 1)
        self.assertIn('Branch "main" is not allowed to deploy to production due to environment protection rules.', output)
        self.git("checkout", "-q", "-b", "release/7")
        self.assertIn("deployed with", self.end(self.begin()))

    def test_the_wait_timer_holds_the_job(self):
        self.environments("    wait-timer: 0.02")
        started = time.monotonic()
        output = self.end(self.begin())
        self.assertIn("the wait timer of environment 'production'", output)
        self.assertGreater(time.monotonic() - started, 1.2)

    def test_rules_that_are_not_known_are_refused_with_their_place(self):
        self.environments("    reviewer: true")
        self.workflow(DEPLOY)
        output = self.run_pipeline("run", code=2)
        self.assertIn(".pipeline.yml:3:5: unknown key 'reviewer'; did you mean 'reviewers'?", output)

    def test_its_address_is_told_unless_it_holds_a_secret(self):
        self.workflow(
            """
            on: push
            jobs:
              good:
                runs-on: ubuntu-latest
                environment: {name: "stage-${{ github.ref_name }}", url: "https://${{ steps.s.outputs.host }}/"}
                steps: [{id: s, run: echo host=stage.example.com >> $GITHUB_OUTPUT}]
              bad:
                runs-on: ubuntu-latest
                env: {TOKEN: "${{ secrets.TOKEN }}"}
                environment: {name: x, url: "https://example.com/${{ env.TOKEN }}"}
                steps: [{run: 'true'}]
            """
        )
        events = self.events("--secret", "TOKEN=hunter2hunter2")
        urls = [(event["job"], event["name"], event.get("url")) for event in events if event["type"] == "environment"]
        self.assertEqual(sorted(urls), [("bad", "x", None), ("good", "stage-main", "https://stage.example.com/")])
        warnings = [event["text"] for event in events if event.get("kind") == "warning"]
        self.assertIn("Skip setting environment url as environment 'x' may contain secret.", warnings)
        self.assertNotIn("hunter2hunter2", json.dumps(events))


if __name__ == "__main__":
    unittest.main()
