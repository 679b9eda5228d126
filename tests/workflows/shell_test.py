"""After a failure: a shell in the place of a step, and going on from a step."""

import json
import os
import pty
import select
import subprocess
import time
import unittest

from harness import PIPELINE, WorkflowTest

FAILS = """
on: push
env: {FROM_WORKFLOW: wf}
jobs:
  build:
    runs-on: ubuntu-latest
    defaults: {run: {working-directory: sub}}
    env: {TOKEN: "${{ secrets.TOKEN }}"}
    steps:
      - id: make
        working-directory: .
        run: |
          mkdir sub; echo one > sub/file; echo "$TOKEN" > sub/credentials
          echo "made=42" >> "$GITHUB_OUTPUT"
          echo "ADDED=by-a-step" >> "$GITHUB_ENV"
          echo "LEAK=$TOKEN" >> "$GITHUB_ENV"
          mkdir "$PWD/bin"; echo "$PWD/bin" >> "$GITHUB_PATH"
          echo ran-make
      - name: Change it
        run: echo two >> file; echo ran-change
      - id: check
        env: {OWN: "own-${{ steps.make.outputs.made }}"}
        run: echo ran-check; echo three >> file; test -e "$GITHUB_WORKSPACE/sub/fixed"
      - run: echo ran-after
"""


class ShellTest(WorkflowTest):
    """The workspaces of a job that failed are kept, without secrets."""

    def fail(self, *arguments):
        self.workflow(FAILS)
        return self.run_pipeline("run", "--secret", "TOKEN=hunter2hunter2", *arguments, code=1)

    def shell(self, script, *arguments, code=0):
        """What commands from standard input print."""
        done = subprocess.run(
            [os.path.abspath(PIPELINE), "shell", *arguments],
            cwd=self.repository,
            env=self.environment(),
            input=script,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def test_the_shell_is_where_the_step_failed(self):
        self.fail()
        script = 'echo "$PWD"; cat file; echo "$OWN $ADDED $FROM_WORKFLOW $GITHUB_JOB ${#TOKEN}"; echo "$PATH"'
        output, said = self.shell(script, "--secret", "TOKEN=again")
        self.assertIn("/sub\none\ntwo\nthree\nown-42 by-a-step wf build 5\n", output)
        self.assertIn("/bin:", output)
        self.assertIn("These variables held secrets, which are not stored: LEAK", said)
        self.assertIn("These files held secrets, which are not stored: sub/credentials", said)
        self.assertEqual(json.loads(self.run_pipeline("show", "--json"))["attempt"], 1)

    def test_before_and_after_any_step(self):
        self.fail()
        token = ("--secret", "TOKEN=again")
        self.assertEqual(self.shell("cat file", "1", "--before", "2", *token)[0], "one\n")
        self.assertEqual(self.shell("cat file", "1", "--before", "check", *token)[0], "one\ntwo\n")
        self.assertEqual(self.shell("cat file", "1", "--after", "Change it", *token)[0], "one\ntwo\n")
        self.assertEqual(self.shell("ls", "1", "--before", "make", *token)[0], "")
        _, said = self.shell("ls", "1", "--before", "9", *token, code=2)
        self.assertIn("has no step '9'", said)
        self.assertIn("Change it", said)

    def test_what_the_shell_changes_is_gone_with_it(self):
        self.fail()
        token = ("--secret", "TOKEN=again")
        self.shell("echo changed > file", "--before", "2", *token)
        self.assertEqual(self.shell("cat file", "--before", "2", *token)[0], "one\n")

    def test_a_run_goes_on_from_a_step(self):
        self.fail()
        self.write(".github/workflows/test.yml", FAILS.replace("echo three", "touch fixed; echo three"))
        output = self.run_pipeline("rerun", "--from", "check", "--secret", "TOKEN=again")
        for text, there in (("ran-make", False), ("ran-change", False), ("ran-check", True), ("ran-after", True)):
            self.assertEqual(f"│ {text}" in output, there, output)
        run = json.loads(self.run_pipeline("show", "--json"))
        self.assertEqual((run["attempt"], run["status"]), (2, "success"))
        self.assertIn("│ ran-check", self.run_pipeline("logs", "--job", "build", "--step", "3"))

    def test_nothing_of_a_secret_is_kept(self):
        self.fail()
        self.assertEqual(self.state_files_with("hunter2hunter2"), [])
        self.assertTrue((self.state / "runs/1/snapshots/build/states.json").exists())

    def test_nothing_is_kept_of_jobs_that_pass_nor_without_snapshots(self):
        self.workflow(FAILS.replace("test -e", "true"))
        self.run_pipeline("run", "--secret", "TOKEN=hunter2hunter2")
        self.assertEqual(list((self.state / "runs/1").rglob("sub")), [])
        self.workflow(FAILS)
        self.run_pipeline("run", "--secret", "TOKEN=hunter2hunter2", "--no-snapshots", code=1)
        _, said = self.shell("ls", "2", "--secret", "TOKEN=x", code=2)
        self.assertIn("was not kept", said)

    def test_a_workspace_that_is_too_large_is_not_kept_and_says_so(self):
        self.run_steps("truncate -s 300M big; echo x >> big", "exit 1", code=1)
        self.assertIn("The workspace is not kept from step 2 on: its changed files are more than 256", self.run_pipeline("logs", "--json"))

    def test_a_killed_run_leaves_no_snapshots(self):
        self.workflow("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo $T > f\n        env: {T: '${{ secrets.TOKEN }}'}\n      - run: echo sleeping; sleep 60\n")
        process = self.start("run", "--secret", "TOKEN=hunter2hunter2")
        log = self.state / "runs/1/events.jsonl"
        deadline = time.monotonic() + 20
        while not (log.exists() and '"text":"sleeping"' in log.read_text(encoding="utf-8")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.kill()
        process.wait()
        self.run_steps("echo next")
        self.assertEqual(self.state_files_with("hunter2hunter2"), [])

    def test_shell_on_failure_opens_in_the_place_of_the_step(self):
        self.workflow("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo kept > here; false\n      - if: always()\n        run: cat here\n")
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.repository)
            os.execve(os.path.abspath(PIPELINE), ["pipeline", "run", "--shell-on-failure"], self.environment(TERM="dumb"))
        shown = b""
        typed = False
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            ready, _, _ = select.select([terminal], [], [], 1)
            if not ready:
                continue
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if not typed and b"[step]" in shown:
                os.write(terminal, b"cat here; tty -s && echo at-a-$((1+1))-terminal; echo changed > here; exit\r")
                typed = True
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 1, shown)
        self.assertIn(b"at-a-2-terminal", shown)
        self.assertIn(b" changed\r\n", shown)

    def test_shell_on_failure_needs_a_terminal(self):
        self.workflow(FAILS)
        self.assertIn("needs a terminal", self.run_pipeline("run", "--shell-on-failure", "--secret", "TOKEN=x", code=2))


if __name__ == "__main__":
    unittest.main()
