"""`background`, `wait`, `wait-all`, `cancel`, `parallel`: steps beside the others of their job."""

import json
import signal
import time
import unittest

from harness import WorkflowTest


class BackgroundTest(WorkflowTest):
    """What they see, what is seen of them, and when."""

    def test_a_background_step_runs_beside_the_next_ones(self):
        """Each waits for a file that the other makes: one after the other would never end."""
        output = self.run_steps(
            """
            - id: first
              background: true
              timeout-minutes: 1
              run: touch first; until [ -e second ]; do sleep 0.02; done; echo first-saw-second
            """,
            "- run: touch second; until [ -e first ]; do sleep 0.02; done; echo second-saw-first\n  timeout-minutes: 1",
            "- wait: first",
        )
        self.assertIn("first-saw-second", output)
        self.assertIn("second-saw-first", output)

    def test_what_it_did_shows_only_after_the_wait(self):
        """Environment, path, outputs and outcome."""
        output = self.run_steps(
            """
            - id: made
              background: true
              run: |
                echo "COLOUR=green" >> "$GITHUB_ENV"
                echo "answer=42" >> "$GITHUB_OUTPUT"
                mkdir bin; echo "$PWD/bin" >> "$GITHUB_PATH"
                touch done
            """,
            "until [ -e done ]; do sleep 0.02; done\n"
            "echo \"before: '$COLOUR' '${{ steps.made.outputs.answer }}' '${{ steps.made.outcome }}' $(echo $PATH | grep -c /bin:)\"",
            "- wait: [made]",
            "echo \"after: '$COLOUR' '${{ steps.made.outputs.answer }}' '${{ steps.made.outcome }}'\"; case $PATH in $PWD/bin:*) echo on-path;; esac",
        )
        self.assertIn("│ before: '' '' ''", output)
        self.assertIn("│ after: 'green' '42' 'success'", output)
        self.assertIn("│ on-path", output)

    def test_two_write_their_own_environment_files(self):
        """Their GITHUB_OUTPUT is not the same file."""
        steps = [
            f"- id: s{n}\n  background: true\n  run: for i in 1 2 3; do echo \"k$i={n}\" >> $GITHUB_OUTPUT; sleep 0.01; done"
            for n in range(4)
        ]
        output = self.run_steps(
            *steps,
            "- wait-all:",
            "echo got ${{ join(steps.*.outputs.k1) }} ${{ join(steps.*.outputs.k3) }}",
        )
        self.assertIn("│ got 0,1,2,3 0,1,2,3", output)

    def test_its_failure_is_the_jobs_when_it_is_waited_for(self):
        """Steps before the wait still run, those after do not."""
        output = self.run_steps(
            "- id: bad\n  background: true\n  run: touch failed; exit 3",
            "until [ -e failed ]; do sleep 0.02; done; echo still-runs",
            "- wait: bad",
            "echo must-not-run",
            code=1,
        )
        self.assertIn("│ still-runs", output)
        self.assertNotIn("│ must-not-run", output)

    def test_its_continue_on_error_counts(self):
        """Outcome failure, conclusion success, and the job goes on."""
        output = self.run_steps(
            "- id: bad\n  background: true\n  continue-on-error: true\n  run: exit 3",
            "- wait: bad",
            "echo ${{ steps.bad.outcome }} ${{ steps.bad.conclusion }}",
        )
        self.assertIn("│ failure success", output)

    def test_nobody_has_to_wait_for_it(self):
        """The job waits before its post steps, and its failure counts."""
        output = self.run_steps("- background: true\n  name: late\n  run: sleep 0.2; exit 1", "echo quick", code=1)
        self.assertIn("└ ✗ late", output)
        self.assertIn("Wait for all background steps", output)

    def test_a_cancelled_one_is_no_failure(self):
        """It gets SIGINT; the job passes."""
        output = self.run_steps(
            "- id: server\n  background: true\n  run: |\n    touch up\n    exec sleep 60",
            "until [ -e up ]; do sleep 0.02; done",
            "- cancel: server",
            "echo ${{ steps.server.outcome }}",
        )
        self.assertIn("│ cancelled", output)

    def test_parallel_steps_run_at_once_and_all_are_waited_for(self):
        """Each waits for the others; the step after sees their outputs."""
        inner = "".join(
            f"    - id: p{n}\n      timeout-minutes: 1\n"
            f"      run: touch p{n}; until [ -e p0 ] && [ -e p1 ] && [ -e p2 ]; do sleep 0.02; done; echo v={n} >> $GITHUB_OUTPUT\n"
            for n in range(3)
        )
        output = self.run_steps("- parallel:\n" + inner, "echo ${{ join(steps.*.outputs.v, '-') }}")
        self.assertIn("│ 0-1-2", output)

    def test_only_ten_run_at_once(self):
        """Twelve of them, each of which counts those that run."""
        steps = [
            "- background: true\n  run: |\n    touch running-$$; ls running-* | wc -l >> counts; sleep 0.4; rm running-$$"
            for _ in range(12)
        ]
        output = self.run_steps(*steps, "- wait-all:", "echo most=$(sort -n counts | tail -1) all=$(wc -l < counts)")
        self.assertIn("│ most=10 all=12", output)

    def test_one_whose_condition_does_not_hold_is_skipped(self):
        """And nothing to wait for."""
        output = self.run_steps("- id: no\n  if: false\n  background: true\n  run: exit 1", "- wait: no", "echo went on")
        self.assertIn("│ went on", output)

    def test_its_time_limit_ends_it(self):
        """As that of any step."""
        began = time.monotonic()
        output = self.run_steps(
            "- id: slow\n  background: true\n  timeout-minutes: 0.005\n  run: exec sleep 60", "- wait: slow", code=1
        )
        self.assertIn("has timed out after 0.005 minutes", output)
        self.assertLess(time.monotonic() - began, 30)

    def test_ctrl_c_ends_it_with_the_job(self):
        """Nothing is left of it."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: ubuntu-latest
                steps:
                  - background: true
                    run: echo background-is-up; exec sleep 61.75
                  - run: exec sleep 61.75
            """
        )
        self.commit()
        process = self.start("run")
        for line in process.stdout:
            if "│ background-is-up" in line:
                break
        process.send_signal(signal.SIGINT)
        output = process.stdout.read()
        self.assertEqual(process.wait(30), 130, output)
        self.assertEqual(self.processes_with("61.75"), [])

    def test_each_line_belongs_to_its_step(self):
        """In the event stream."""
        output = self.run_steps(
            "- background: true\n  id: a\n  run: echo from-background",
            "echo from-foreground",
            "- wait: a",
            arguments=("--json",),
        )
        steps = {}
        for line in output.splitlines():
            event = json.loads(line)
            if event["type"] == "line" and event["text"].startswith("from-"):
                steps[event["text"]] = event["step"]
        self.assertEqual(steps, {"from-background": 1, "from-foreground": 2})


if __name__ == "__main__":
    unittest.main()
