"""`pipeline runs`, `show`, `logs`, `rerun`, `cancel`, `gc`: what is known of runs once they are over, or should be."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from harness import WorkflowTest

TWO_JOBS = """
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs:
      made: ${{ steps.make.outputs.made }}
    steps:
      - id: make
        run: echo "made=$RANDOM-$RANDOM" >> "$GITHUB_OUTPUT"; echo "first in attempt $GITHUB_RUN_ATTEMPT"
  second:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "second saw ${{ needs.first.outputs.made }} in attempt $GITHUB_RUN_ATTEMPT"
      - run: test -e fixed
  third:
    needs: second
    runs-on: ubuntu-latest
    steps:
      - run: echo third-ran
"""


class HistoryTest(WorkflowTest):
    """Each test has its own state folder, so runs count from 1."""

    def runs(self):
        return json.loads(self.run_pipeline("runs", "--json"))

    def show(self, *arguments):
        return json.loads(self.run_pipeline("show", *arguments, "--json"))

    def jobs(self, *arguments):
        return {job["job"]: job for job in self.show(*arguments)["jobs"]}

    def run_two_jobs(self):
        """A run whose second job fails."""
        self.workflow(TWO_JOBS)
        self.run_pipeline("run", ".github/workflows/test.yml", code=1)

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not happen")
            time.sleep(0.02)

    def start_sleeper(self):
        """A run that is in its second step when this returns."""
        self.workflow(
            "on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: echo before-the-sleep\n      - run: echo sleeping; sleep 60\n"
            "      - if: always()\n        run: echo cleaned-up\n",
            "sleeper.yml",
        )
        process = self.start("run", ".github/workflows/sleeper.yml")
        log = self.state / "runs/1/events.jsonl"
        self.wait_until(lambda: log.exists() and '"text":"sleeping"' in log.read_text(encoding="utf-8"))
        return process

    def test_a_run_is_shown_with_its_jobs_and_outputs(self):
        self.run_two_jobs()
        run = self.show()
        self.assertEqual((run["id"], run["attempt"], run["status"]), (1, 1, "failure"))
        jobs = self.jobs("1")
        self.assertEqual([jobs[job]["conclusion"] for job in ("first", "second", "third")], ["success", "failure", "skipped"])
        self.assertRegex(jobs["first"]["outputs"]["made"], r"^\d+-\d+$")
        self.assertIn("it needs 'second', which ended in failure", jobs["third"]["reason"])
        text = self.run_pipeline("show", "1")
        self.assertIn("run 1", text)
        self.assertIn("made = ", text)
        self.assertIn("run history has no run 7", self.run_pipeline("show", "7", code=2))

    def test_a_skipped_step_says_why(self):
        output = self.run_steps("false", "echo never", "- if: failure() && github.ref == 'x'\n  run: echo neither", code=1)
        self.assertIn("○ Run echo never: step 'Run false' failed", output)
        self.assertIn("○ Run echo neither: its condition does not hold: failure() && github.ref == 'x'", output)

    def test_the_log_of_a_job_a_step_and_from_a_line(self):
        self.run_steps("seq 1 1000 | sed 's/^/line-/'", "echo of-the-second-step")
        whole = self.run_pipeline("logs")
        self.assertTrue(whole.startswith(".github/workflows/test.yml push of"), whole)
        self.assertIn("line-1000", whole)
        self.assertIn("of-the-second-step", whole)
        self.assertIn("success in", whole)
        step = self.run_pipeline("logs", "1", "--job", "test", "--step", "2")
        self.assertIn("of-the-second-step", step)
        self.assertNotIn("line-1", step)
        events = [json.loads(line) for line in self.run_pipeline("logs", "--step", "1", "--job", "test", "--json").splitlines()]
        lines = [event["text"] for event in events if event["type"] == "line"]
        where = lines.index("line-700") + 1
        from_there = self.run_pipeline("logs", "--job", "test", "--step", "1", "--line", str(where), "--lines", "2")
        self.assertEqual([line.split()[-1] for line in from_there.splitlines()], ["line-700", "line-701"])
        self.assertIn("has nothing of that job", self.run_pipeline("logs", "--job", "other", code=2))

    def test_following_shows_what_is_written_until_the_end(self):
        self.workflow(
            "on: push\njobs:\n  slow:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: echo begin-of-it; sleep 1.5; echo end-of-it\n",
            "sleeper.yml",
        )
        process = self.start("run", ".github/workflows/sleeper.yml")
        log = self.state / "runs/1/events.jsonl"
        self.wait_until(lambda: log.exists() and "begin-of-it" in log.read_text(encoding="utf-8"))
        followed = self.run_pipeline("logs", "--follow")
        process.communicate(timeout=30)
        self.assertIn("│ begin-of-it", followed)
        self.assertIn("│ end-of-it", followed)
        self.assertIn("success in", followed)

    def test_a_killed_run_shows_as_killed_and_runs_again(self):
        process = self.start_sleeper()
        self.assertEqual(self.runs()[0]["status"], "running")
        self.assertIn("still running", self.run_pipeline("rerun", "1", code=2))
        process.kill()
        process.wait()
        self.assertEqual(self.runs()[0]["status"], "killed")
        self.assertIn("before-the-sleep", self.run_pipeline("logs", "1"))
        self.assertIn("is not running: killed", self.run_pipeline("cancel", "1", code=2))
        self.workflow("on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps: [{run: echo now-short}]\n", "sleeper.yml")
        self.assertIn("now-short", self.run_pipeline("rerun", "1"))
        run = self.show("1")
        self.assertEqual((run["attempt"], run["status"]), (2, "success"))
        log = (self.state / "runs/1/events.jsonl").read_text(encoding="utf-8")
        self.assertEqual(log.count('"type":"run_started"'), 2)
        self.assertNotIn("now-short", self.run_pipeline("logs", "1", "--attempt", "1"))

    def test_of_reruns_at_once_one_runs_and_the_others_are_refused(self):
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: 'test $GITHUB_RUN_ATTEMPT = 1 || sleep 3'}]\n")
        self.run_pipeline("run")
        together = [self.start("rerun", "1") for _ in range(4)]
        said = [process.communicate(timeout=60)[0] for process in together]
        self.assertEqual(sorted(process.returncode for process in together), [0, 2, 2, 2], said)
        for process, text in zip(together, said):
            if process.returncode:
                self.assertRegex(text, r"run 1 is still running: wait for its end \(`pipeline logs -f 1`\)|run 1 was run again meanwhile, as attempt 2")
        self.assertEqual(self.show("1")["attempt"], 2)

    def test_rerun_failed_keeps_results_and_outputs_of_what_passed(self):
        self.run_two_jobs()
        made = self.jobs()["first"]["outputs"]["made"]
        self.write("fixed", "")
        output = self.run_pipeline("rerun", "--failed")
        self.assertIn(f"second saw {made} in attempt 2", output)
        self.assertIn("third-ran", output)
        self.assertNotIn("first in attempt 2", output)
        self.assertIn("kept from attempt 1", output)
        run = self.show()
        self.assertEqual((run["id"], run["attempt"], run["status"]), (1, 2, "success"))
        self.assertEqual(self.jobs("1", "--attempt", "1")["second"]["conclusion"], "failure")
        self.assertEqual(len(self.runs()), 1)
        # The third attempt knows the outputs of the first through the second.
        again = self.run_pipeline("rerun", "1", "--job", "third")
        self.assertIn("third-ran", again)
        self.assertNotIn("second saw", again)
        self.assertEqual(self.jobs()["first"]["outputs"]["made"], made)

    def test_rerun_of_a_job_runs_what_needs_it(self):
        self.write("fixed", "")
        self.workflow(TWO_JOBS)
        self.run_pipeline("run", ".github/workflows/test.yml")
        output = self.run_pipeline("rerun", "1", "--job", "second")
        self.assertIn("second saw", output)
        self.assertIn("third-ran", output)
        self.assertNotIn("first in attempt 2", output)
        self.assertIn("has no job 'fourth'", self.run_pipeline("rerun", "1", "--job", "fourth", code=2))

    def test_rerun_has_the_inputs_and_asks_for_secrets_by_name(self):
        self.workflow(
            """
            on:
              workflow_dispatch:
                inputs:
                  colour: {required: true}
            jobs:
              a:
                runs-on: ubuntu-latest
                steps:
                  - run: echo "colour ${{ inputs.colour }} ${{ vars.SIZE }} secret-length ${#TOKEN}"
                    env: {TOKEN: "${{ secrets.TOKEN }}"}
            """
        )
        call = ("run", ".github/workflows/test.yml", "--event", "workflow_dispatch", "--input", "colour=green", "--var", "SIZE=7")
        self.run_pipeline(*call, "--secret", "TOKEN=hunter2hunter2")
        self.assertEqual(self.state_files_with("hunter2hunter2"), [])
        refused = self.run_pipeline("rerun", "1", code=2)
        self.assertIn("--secret TOKEN", refused)
        self.assertEqual(self.show()["attempt"], 1, "nothing has begun")
        output = self.run_pipeline("rerun", "1", "--secret", "TOKEN", env={"TOKEN": "other-secret"})
        self.assertIn("colour green 7 secret-length 12", output)
        self.assertEqual(self.state_files_with("other-secret"), [])

    def test_a_call_that_holds_a_secret_elsewhere_is_not_kept(self):
        self.workflow("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: 'true'}]\n")
        self.run_pipeline("run", "--secret", "TOKEN=hunter2hunter2", "--env", "COPY=hunter2hunter2")
        self.assertEqual(self.state_files_with("hunter2hunter2"), [])
        self.assertIn("holds the value of a secret", self.run_pipeline("rerun", "--secret", "TOKEN=x", code=2))

    def test_cancel_from_elsewhere_ends_a_run_in_order(self):
        process = self.start_sleeper()
        self.assertIn("asked its runner", self.run_pipeline("cancel"))
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, output)
        self.assertIn("│ cleaned-up", output)
        self.assertEqual(self.runs()[0]["status"], "cancelled")
        self.assertIn("no run is running", self.run_pipeline("cancel", code=2))

    def test_cancel_with_force_ends_it_at_once(self):
        process = self.start_sleeper()
        self.run_pipeline("cancel", "1", "--force")
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertEqual(self.runs()[0]["status"], "killed")
        self.assertEqual(self.processes_with("echo sleeping"), [])

    def test_gc_removes_old_runs_and_leaves_those_that_run(self):
        for _ in range(3):
            self.run_steps("echo short")
        sleeper = self.state / "runs/4/events.jsonl"
        self.workflow("on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps: [{run: echo sleeping; sleep 60}]\n", "s.yml")
        process = self.start("run", ".github/workflows/s.yml")
        self.wait_until(lambda: sleeper.exists() and '"text":"sleeping"' in sleeper.read_text(encoding="utf-8"))
        would = self.run_pipeline("gc", "--keep-runs", "2", "--dry-run")
        self.assertIn("would remove run 1 ", would)
        self.assertIn("would remove 2 runs", would)
        self.assertEqual(len(self.runs()), 4)
        freed = json.loads(self.run_pipeline("gc", "--keep-runs", "0", "--json"))
        self.assertEqual([run["id"] for run in freed["runs"]], [3, 2, 1])
        self.assertGreater(freed["run_bytes"], 0)
        self.assertEqual(freed["kept_because_running"], 1)
        self.assertEqual([run["id"] for run in self.runs()], [4])
        self.assertEqual(sorted(os.listdir(self.state / "runs")), ["4"])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    def test_hooks_of_the_machine_run_around_the_steps(self):
        started = self.write("hooks/started.sh", "echo 'hook-began ${{ github.ref }}'\necho FROM_HOOK=yes >> $GITHUB_ENV\n")
        completed = self.write("hooks/completed.sh", "echo hook-ended; false\n")
        hooks = {"ACTIONS_RUNNER_HOOK_JOB_STARTED": str(started), "ACTIONS_RUNNER_HOOK_JOB_COMPLETED": str(completed)}
        output = self.run_steps("echo step-saw-$FROM_HOOK", code=1, env=hooks)
        self.assertIn("hook-began ${{ github.ref }}", output)
        self.assertIn("Set up runner", output)
        self.assertIn("│ step-saw-yes", output)
        self.assertLess(output.index("step-saw-yes"), output.index("hook-ended"))
        self.assertIn("A job started hook has been configured by the self-hosted runner administrator", output)
        self.assertIn(f"Run '{started}'", output)
        self.assertNotIn("│ echo 'hook-began", output)
        self.assertIn("✗ Complete runner", output)
        for file in ("started.sh", str(self.folder / "none.sh"), str(self.write("hooks/started.rb", ""))):
            refused = self.run_steps("echo never", "- if: always()\n  run: echo always", code=1, env={"ACTIONS_RUNNER_HOOK_JOB_STARTED": file})
            self.assertIn("ACTIONS_RUNNER_HOOK_JOB_STARTED", refused)
            self.assertIn("Run echo never: step 'Set up runner' failed", refused)
            self.assertIn("│ always", refused)
        self.assertIn("has to be the absolute path of a script that ends in .sh, .ps1 or .js", refused)

    def test_hooks_may_be_scripts_for_node_and_know_the_default_variables_alone(self):
        text = """
            const fs = require("fs");
            console.log(`js ${process.env.GITHUB_JOB} [${process.env.OF_THE_JOB}] [${process.env.GITHUB_ACTION}]`);
            console.log("::add-mask::hush-hush");
            console.log("::set-output name=x::1");
            fs.appendFileSync(process.env.GITHUB_PATH, "/opt/hooked\\n");
            fs.appendFileSync(process.env.GITHUB_OUTPUT, "out=1\\n");
            fs.appendFileSync(process.env.GITHUB_STATE, "state=1\\n");
            fs.readFileSync(process.env.GITHUB_EVENT_PATH);
        """
        hook = self.write("hooks/started.js", text)
        output = self.run_steps("- run: echo $OF_THE_JOB $PATH hush-hush [${{ steps }}]\n  env: {OF_THE_JOB: of-the-step}",
                                env={"ACTIONS_RUNNER_HOOK_JOB_STARTED": str(hook)}, arguments=("--env", "OF_THE_JOB=of-the-job"))
        self.assertIn("│ js test [undefined] [undefined]", output)
        self.assertRegex(output, r"│ of-the-step /opt/hooked:\S+ \*\*\* \[Object\]")

    def test_hooks_for_powershell_are_started_by_it(self):
        hook = self.write("hooks/started.ps1", "Write-Host from-powershell")
        output = self.run_steps("echo step", code=None, env={"ACTIONS_RUNNER_HOOK_JOB_STARTED": str(hook)})
        if shutil.which("pwsh", path="/usr/local/bin:/usr/bin:/bin"):
            self.assertIn("│ from-powershell", output)
        else:
            self.assertIn("powershell: command not found", output)
        self.assertNotIn("syntax error", output)

    def test_the_machine_may_require_containers_and_has_no_hooks_for_them(self):
        required = self.run_steps("echo never", code=1, env={"ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER": "true"})
        self.assertIn("✗ Set up job", required)
        self.assertIn("Jobs without a job container are forbidden on this runner", required)
        hooks = {"ACTIONS_RUNNER_CONTAINER_HOOKS": "/opt/hooks/index.js"}
        self.run_steps("echo no container", env=hooks)
        self.workflow("""
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                container: alpine
                steps: [{run: echo never}]
        """)
        refused = self.run_pipeline("run", ".github/workflows/test.yml", code=1, env=hooks)
        self.assertIn("ACTIONS_RUNNER_CONTAINER_HOOKS names '/opt/hooks/index.js'", refused)
        self.assertIn("unset it to run this job", refused)

    def test_completion_scripts_know_every_verb_and_flag(self):
        script = self.run_pipeline("completion", "bash")
        asked = subprocess.run(
            ["bash", "--norc", "-c", f'{script}\nCOMP_WORDS=(pipeline rerun --fa); COMP_CWORD=2; _pipeline; echo "${{COMPREPLY[@]}}"\n'
             'COMP_WORDS=(pipeline can); COMP_CWORD=1; _pipeline; echo "${COMPREPLY[@]}"'],
            capture_output=True, text=True, check=True,
        )
        self.assertEqual(asked.stdout.split(), ["--failed", "cancel"], asked.stderr)
        self.assertIn("'rerun:Run a run again, as one more attempt'", self.run_pipeline("completion", "zsh"))
        self.assertIn("-n '__fish_seen_subcommand_from rerun' -l failed", self.run_pipeline("completion", "fish"))
        self.run_pipeline("completion", "tcsh", code=2)

    def test_gc_goes_by_age(self):
        self.run_steps("echo old")
        self.run_steps("echo new")
        with sqlite3.connect(self.state / "history.db") as database:
            database.execute("UPDATE runs SET started = started - 86400 * 10 WHERE id = 1")
        fetched = self.state / "actions/o/r" / ("a" * 40)
        fetched.mkdir(parents=True)
        (fetched / "action.yml").write_text("name: old", encoding="utf-8")
        os.utime(fetched, (time.time() - 86400 * 10,) * 2)
        self.assertIn("removed 0 runs", self.run_pipeline("gc", "--keep-days", "11"))
        self.assertTrue(fetched.exists())
        self.assertIn("would remove 1 fetched actions", self.run_pipeline("gc", "--keep-days", "9", "--dry-run"))
        self.assertIn("removed run 1 ", self.run_pipeline("gc", "--keep-days", "9"))
        self.assertFalse(fetched.exists())
        self.assertEqual([run["id"] for run in self.runs()], [2])


if __name__ == "__main__":
    unittest.main()
