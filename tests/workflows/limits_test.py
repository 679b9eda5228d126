"""Limits of a job: what is hit is said in the step's error, and hits that job alone."""

import json
import time
import unittest
from pathlib import Path

from harness import WorkflowTest


def groups():
    """Control groups of this file's jobs whose runner is gone; emulators and daemons beside this test have others."""
    found = (path for job in ("test", "bomb", "beside", "a") for path in Path("/sys/fs/cgroup").glob(f"*/**/pipeline-*-{job}"))
    return {str(path) for path in found if not Path("/proc", path.name.split("-")[1]).exists()}


class LimitsTest(WorkflowTest):
    """Flags, the repository's own settings, and what steps see of them."""

    def setUp(self):
        super().setUp()
        self.need_root("only root may always make control groups")
        self.groups = groups()

    def tearDown(self):
        self.assertEqual(groups() - self.groups, set(), "control groups are left")

    def test_memory_that_ran_out_is_said_with_its_limit(self):
        """The kernel kills inside the job only."""
        output = self.run_steps(
            "python3 -c 'x = bytearray(400 << 20)'",
            "- if: always()\n  run: echo goes-on",
            code=1, arguments=["--memory", "128m"],
        )
        self.assertIn("killed: out of memory, limit 128 MiB", output)
        self.assertIn("goes-on", output)

    def test_a_fork_bomb_ends_at_its_limit(self):
        """It gets EAGAIN; a job beside it does not notice."""
        self.workflow(
            """
            on: push
            jobs:
              bomb:
                runs-on: x
                steps:
                  - run: |
                      python3 - <<'END'
                      import os, sys
                      try:
                          for _ in range(1000):
                              if os.fork() == 0: os.execvp("sleep", ["sleep", "60"])
                      except OSError as error:
                          sys.exit(f"no more: {error}")
                      END
              beside:
                runs-on: x
                steps:
                  - run: for i in $(seq 200); do /bin/true || exit 1; done; echo all-well
            """
        )
        begin = time.monotonic()
        output = self.run_pipeline("run", "--processes", "60", code=1)
        self.assertIn("no more processes: limit 60", output)
        self.assertIn("all-well", output)
        self.assertLess(time.monotonic() - begin, 30)

    def test_a_disk_filler_is_killed(self):
        """By many files, also by empty ones, by one large file; the job's folders go with it."""
        output = self.run_steps(
            "while :; do n=$((n + 1)); head -c 300k /dev/zero > file-$n; done",
            code=1, arguments=["--disk", "20m"],
        )
        self.assertRegex(output, r"killed: the job's folders hold [\d.]+ MiB, disk limit 20.0 MiB")
        output = self.run_steps("exec python3 -c 'for n in range(10**7): open(f\"file-{n}\", \"x\").close()'",
                                code=1, arguments=["--disk", "20m"])
        self.assertRegex(output, r"killed: the job's folders hold [\d.]+ MiB, disk limit 20.0 MiB")
        output = self.run_steps("head -c 40m /dev/zero > file", code=1, arguments=["--disk", "20m"])
        self.assertIn("a file grew over the disk limit of 20 MiB", output)
        output = self.run_steps("truncate -s 1E file", code=1, arguments=["--disk", "20m"])
        self.assertIn("a file grew over the disk limit of 20 MiB", output)
        left = [path for path in self.state.rglob("file*") if "snapshots" not in path.parts]
        self.assertEqual(left, [])

    def test_open_files_cores_and_time_are_limited(self):
        """By flags; the job's time limit cancels it."""
        output = self.run_steps("ulimit -n; ulimit -n 200 2> /dev/null || echo stays", arguments=["--open-files", "123"])
        self.assertIn("│ 123", output)
        self.assertIn("│ stays", output)
        output = self.run_steps(
            "time timeout 2 bash -c 'while :; do :; done' || true", arguments=["--cpus", "0.2"]
        )
        self.assertRegex(output, r"user\s+0m0\.")
        begin = time.monotonic()
        output = self.run_steps("sleep 60", code=1, arguments=["--time-limit", "1s"])
        self.assertIn("exceeded the maximum execution time", output)
        self.assertLess(time.monotonic() - begin, 20)

    def test_limits_may_stand_in_the_repository(self):
        """.pipeline.yml; a flag comes before it; a wrong one is named with its place."""
        self.write(".pipeline.yml", "limits:\n  memory: 128m\n  open-files: 99\n  time: 30m\n")
        output = self.run_steps("ulimit -n; python3 -c 'x = bytearray(400 << 20)'", code=1)
        self.assertIn("│ 99", output)
        self.assertIn("limit 128 MiB", output)
        self.run_steps("python3 -c 'x = bytearray(400 << 20)'", arguments=["--memory", "1g"])
        self.write(".pipeline.yml", "limits:\n  memory: lots\n")
        self.assertIn("limits.memory in .pipeline.yml:2: expected a size", self.run_steps("true", code=2))
        self.write(".pipeline.yml", "limits:\n  memroy: 1g\n")
        self.assertIn("unknown key 'memroy'", self.run_steps("true", code=2))

    def test_limits_are_shown_before_a_run(self):
        """--dry-run=sandbox."""
        self.workflow("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: true\n")
        plan = json.loads(self.run_pipeline("run", "--dry-run=sandbox", "--memory", "1g", "--disk", "2g", "--network", "audit"))
        self.assertEqual(plan["limits"]["memory_bytes"], 1 << 30)
        self.assertEqual(plan["limits"]["disk_bytes"], 2 << 30)
        self.assertTrue(plan["egress"])

    def test_without_a_group_to_use_a_limit_is_refused_with_what_to_do(self):
        """An ordinary user: the step does not run."""
        self.workflow("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo it-ran\n")
        output = self.run_as_user("run", "--memory", "1g", code=3)
        self.assertNotIn("│ it-ran", output)
        self.assertIn("a limit of memory needs the memory controller", output)
        self.assertIn("systemd-run --user --scope -p Delegate=yes", output)


if __name__ == "__main__":
    unittest.main()
