"""`concurrency`: groups of all runs on the machine, of workflows and of jobs."""

import json
import time
import unittest

from harness import WorkflowTest


def workflow(concurrency, step, job_concurrency="", trigger="push"):
    """One job with one step; the groups as YAML flow mappings."""
    return (
        f"on: {trigger}\n"
        + (f"concurrency: {concurrency}\n" if concurrency else "")
        + "jobs:\n  work:\n    runs-on: ubuntu-latest\n"
        + (f"    concurrency: {job_concurrency}\n" if job_concurrency else "")
        + f"    steps:\n      - run: {step}\n"
    )


class ConcurrencyTest(WorkflowTest):
    """Runs are processes of their own; what they wait for is a file that the test makes."""

    def setUp(self):
        super().setUp()
        self.logs = {}

    def begin(self, name, *arguments):
        """A run of that workflow, started; its id is the order in which runs began."""
        process = self.start("run", f".github/workflows/{name}.yml", "--sandbox", "none", *arguments)
        number = len(self.logs) + 1
        self.logs[number] = process
        self.wait_until(lambda: (self.state / f"runs/{number}/events.jsonl").exists())
        return number

    def log(self, number):
        return (self.state / f"runs/{number}/events.jsonl").read_text(encoding="utf-8")

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not happen")
            time.sleep(0.02)

    def wait_for(self, number, text):
        self.wait_until(lambda: text in self.log(number))

    def end(self, number, code=0):
        output, _ = self.logs[number].communicate(timeout=30)
        self.assertEqual(self.logs[number].returncode, code, output)
        return output

    def held(self, name="go"):
        """A script that says that it began, and ends when the test lets it."""
        return f"echo it-began; until [ -e {self.folder}/{name} ]; do sleep 0.02; done; echo it-ended"

    def let_go(self, name="go"):
        (self.folder / name).touch()

    def test_a_second_run_waits_and_says_for_whom(self):
        self.workflow(workflow("prod", self.held()), "a.yml")
        self.workflow(workflow("PROD", "echo of-the-second"), "b.yml")
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        second = self.begin("b")
        self.wait_for(second, "waits for the concurrency group 'PROD', which run 1 holds")
        self.assertNotIn("of-the-second", self.log(second))
        self.let_go()
        self.end(first)
        self.assertIn("│ of-the-second", self.end(second))

    def test_a_newer_run_takes_the_place_of_one_that_waits(self):
        self.workflow(workflow("prod", self.held()), "a.yml")
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        second = self.begin("a")
        self.wait_for(second, "waits for the concurrency group")
        third = self.begin("a")
        self.assertIn("Canceling since a higher priority waiting request for 'prod' exists", self.end(second, 1))
        self.let_go()
        self.end(first)
        self.assertIn("it-ended", self.end(third))
        states = {run["id"]: run["status"] for run in json.loads(self.run_pipeline("runs", "--json"))}
        self.assertEqual(states, {first: "success", second: "cancelled", third: "success"})

    def test_cancel_in_progress_ends_the_one_that_runs(self):
        self.workflow(workflow("{group: \"${{ github.ref }}\", cancel-in-progress: \"${{ github.ref == 'refs/heads/main' }}\"}", self.held()), "a.yml")
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        second = self.begin("a")
        self.assertIn("Canceling since a higher priority waiting request for 'refs/heads/main' exists", self.end(first, 1))
        self.wait_for(second, '"it-began"')
        self.let_go()
        self.end(second)

    def test_queue_max_keeps_the_order(self):
        self.workflow(workflow("{group: g, queue: max}", self.held()), "a.yml")
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        others = []
        for _ in range(3):
            others.append(self.begin("a"))
            self.wait_for(others[-1], "waits for the concurrency group")
        self.let_go()
        for number in (first, *others):
            self.end(number)
        began = []
        for number in (first, *others):
            events = [json.loads(line) for line in self.log(number).splitlines()]
            began.append([event["time"] for event in events for text in event.get("text", "").split("\n") if text in ("it-began", "it-ended")])
        for earlier, later in zip(began, began[1:]):
            self.assertLessEqual(earlier[1], later[0], "one ran while another did")

    def test_a_runner_that_is_killed_holds_nothing(self):
        self.workflow(workflow("prod", self.held()), "a.yml")
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        second = self.begin("a")
        self.wait_for(second, "waits for the concurrency group")
        self.logs[first].kill()
        self.wait_for(second, '"it-began"')
        self.let_go()
        self.end(second)

    def test_jobs_have_groups_of_their_own(self):
        self.workflow(workflow("", self.held("a"), "deploy"), "a.yml")
        self.workflow(
            "on: push\njobs:\n"
            "  free:\n    runs-on: ubuntu-latest\n    steps: [{run: echo free-ran}]\n"
            "  work:\n    runs-on: ubuntu-latest\n    concurrency: {group: deploy}\n    steps: [{run: echo work-ran}]\n",
            "b.yml",
        )
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        second = self.begin("b")
        self.wait_for(second, "which run 1 holds with its job 'work'")
        self.wait_for(second, '"free-ran"')
        self.assertNotIn('"work-ran"', self.log(second))
        self.let_go("a")
        self.end(first)
        self.assertIn("│ work-ran", self.end(second))

    def test_a_matrix_takes_its_turns_in_one_group(self):
        self.workflow(
            "on: push\njobs:\n  work:\n    runs-on: ubuntu-latest\n    strategy: {matrix: {n: [1, 2, 3]}}\n"
            "    concurrency: {group: one-at-a-time, queue: max}\n"
            f"    steps: [{{run: \"mkdir {self.folder}/alone && sleep 0.1 && rmdir {self.folder}/alone\"}}]\n",
            "m.yml",
        )
        self.end(self.begin("m"))

    def test_a_job_that_waits_for_its_own_run_is_cancelled(self):
        self.workflow(workflow("\"${{ github.workflow }}\"", "echo never", "\"${{ github.workflow }}\""), "a.yml")
        output = self.end(self.begin("a"), 1)
        self.assertIn("Canceling since a deadlock for concurrency group '.github/workflows/a.yml' was detected", output)
        self.assertNotIn("│ never", output)

    def test_who_waits_can_be_cancelled(self):
        self.workflow(workflow("prod", self.held()), "a.yml")
        first = self.begin("a")
        self.wait_for(first, '"it-began"')
        second = self.begin("a")
        self.wait_for(second, "waits for the concurrency group")
        self.run_pipeline("cancel", str(second))
        self.end(second, 130)
        self.let_go()
        self.end(first)


if __name__ == "__main__":
    unittest.main()
