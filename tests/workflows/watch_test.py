"""`pipeline run --watch`: what a changed file runs again, and what it does not."""

import os
import select
import signal
import time
import unittest

from harness import WorkflowTest

TWO_JOBS = """
    on:
      push:
        paths: ["src/**", ".github/**"]
    jobs:
      greet:
        runs-on: ubuntu-latest
        steps:
          - run: echo "hello from greet"
      test:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - run: echo "source is $(cat src/a.txt)"
      report:
        needs: [test, greet]
        runs-on: ubuntu-latest
        steps:
          - run: echo "reported"
"""


class WatchTest(WorkflowTest):
    def setUp(self):
        super().setUp()
        self.write("src/a.txt", "one\n")
        self.write(".gitignore", "ignored/\n*.log\n")
        self.workflow(TWO_JOBS)
        self.commit()
        self.text = ""

    def watch(self, *arguments):
        self.process = self.start("run", "--watch", *arguments)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.wait_for("watching")

    def wait_for(self, words, seconds=40, count=1):
        """Reads on until the words have come so often since the last mark."""
        deadline = time.monotonic() + seconds
        while self.text.count(words) < count:
            left = deadline - time.monotonic()
            self.assertGreater(left, 0, f"'{words}' did not come:\n{self.text}")
            if select.select([self.process.stdout], [], [], min(left, 0.5))[0]:
                piece = self.process.stdout.buffer.raw.read(65536)
                self.assertNotEqual(piece, b"", f"ended before '{words}':\n{self.text}")
                self.text += (piece or b"").decode("utf-8", "replace")

    def forget(self):
        """What came so far does not count any more."""
        text, self.text = self.text, ""
        return text

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)

    def test_a_changed_file_runs_what_looks_at_it_and_what_needs_that(self):
        self.watch()
        self.assertIn("source is one", self.forget())
        self.write("src/a.txt", "two\n")
        self.wait_for("watching")
        text = self.forget()
        self.assertIn("changed: src/a.txt\n", text)
        self.assertIn("test.yml: test, report\n", text)
        self.assertIn("source is two", text)
        self.assertIn("hello from greet", text)  # report needs it
        self.assertEqual(self.end(), 0)

    def test_filters_and_gitignore_decide(self):
        self.watch()
        self.forget()
        (self.repository / "ignored").mkdir()
        self.write("ignored/x.txt", "x")
        self.write("noise.log", "x")
        self.write("README.md", "other\n")
        self.wait_for("watching")
        text = self.forget()
        self.assertIn("changed: README.md\n", text)
        self.assertNotIn("ignored", text.replace("paths-ignore", ""))
        self.assertRegex(text, r"test.yml: not run: .*paths")
        self.assertNotIn("source is", text)
        self.assertEqual(self.end(), 0)

    def test_new_folders_and_removed_files_are_seen(self):
        self.watch()
        self.forget()
        self.write("src/deep/er/b.txt", "new\n")
        self.wait_for("watching")
        self.assertIn("changed: src/deep/er/b.txt\n", self.forget())
        self.write("src/deep/er/b.txt", "newer\n")
        self.wait_for("watching")
        self.assertIn("changed: src/deep/er/b.txt\n", self.forget())
        (self.repository / "src/deep/er/b.txt").unlink()
        self.wait_for("watching")
        self.assertIn("changed: src/deep/er/b.txt\n", self.forget())
        self.assertEqual(self.end(), 0)

    def test_of_a_changed_workflow_the_changed_jobs_run(self):
        self.watch()
        self.forget()
        self.workflow(TWO_JOBS.replace('echo "reported"', 'echo "reported twice"'))
        self.wait_for("watching")
        text = self.forget()
        self.assertIn("test.yml: report\n", text)
        self.assertIn("reported twice", text)
        self.workflow("on: [push\n")
        self.wait_for("watching")
        self.assertIn("test.yml", self.forget())
        self.workflow(TWO_JOBS.replace("hello from greet", "good evening"))
        self.wait_for("watching")
        self.assertIn("good evening", self.forget())
        self.assertEqual(self.end(), 0)

    def test_its_own_files_are_no_change_and_the_last_run_decides_the_exit_code(self):
        self.state = self.repository / "state"
        self.watch()
        self.forget()
        self.workflow(TWO_JOBS.replace('echo "reported"', "exit 3"))
        self.wait_for("watching")
        self.assertIn("exit code 3", self.forget())
        time.sleep(1)  # long enough for a run of its own files to show
        self.assertEqual(self.end(), 1)
        rest = self.process.stdout.buffer.raw.read(65536) or b""
        self.assertNotIn(b"changed:", rest)


    def test_of_a_built_in_that_is_fetched_nobody_knows_what_it_looks_at(self):
        self.workflow("""
            on: push
            jobs:
              alone:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/setup-python@v5
                    if: false
                  - run: echo "hello from alone"
        """)
        self.commit()
        self.watch()
        self.wait_for("hello from alone")
        self.write("src/a.txt", "two\n")
        self.wait_for("no job of it looks at the repository")
        self.end()
        self.text = ""
        self.write("own/action.yml", "name: own\nruns: {using: composite, steps: []}\n")
        self.watch("--no-builtin", "actions/setup-python", "--replace", "actions/setup-python=./own")
        self.forget()
        self.write("src/a.txt", "three\n")
        self.wait_for("hello from alone")
        self.wait_for("watching")
        self.assertEqual(self.end(), 0)


if __name__ == "__main__":
    unittest.main()
