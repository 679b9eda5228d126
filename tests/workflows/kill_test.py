"""Whatever is killed or goes wrong below a run: its end state is right, the history can be read, nothing is left."""

import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from harness import PIPELINE, WorkflowTest


def wait_until(condition, seconds=10):
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def children_of(pid):
    """Of a process, by all of its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  static int asked;
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, now);
  if (id == CLOCK_REALTIME && ++asked > 8) now->tv_sec -= 90000;
  return result;
}
"""


class KillTest(WorkflowTest):
    """Runner, fork server, a step's processes; disk, folders, clock."""

    def setUp(self):
        super().setUp()
        self.mark = f"pipeline-mark-{os.getpid()}-{time.monotonic_ns()}"

    def started(self, script, *arguments, line="│ ready", env=None):
        """A run whose step has printed that it is ready, and what it said so far."""
        indented = "\n".join("          " + text for text in script.splitlines())
        self.workflow(
            "on: push\njobs:\n  a:\n    runs-on: x\n    env:\n      MARK: " + self.mark
            + "\n    steps:\n      - run: |\n" + indented + "\n      - if: always()\n        run: echo after\n"
        )
        process = self.start("run", *arguments, env=env or {})
        lines = []
        for text in process.stdout:
            lines.append(text)
            if line in text:
                break
        return process, lines

    def assert_nothing_is_left(self):
        """Processes, folders, mounts, and a history that can be read."""
        self.assertTrue(wait_until(lambda: not self.processes_with(self.mark), 5), "a process is left")
        self.assertIn("next-run", self.run_steps("echo next-run"))
        self.assertEqual(list(self.state.glob("runs/*/jobs")), [])
        self.assertNotIn(str(self.folder), Path("/proc/self/mounts").read_text(encoding="utf-8"))
        return self.run_pipeline("runs")

    def test_the_runner_is_killed(self):
        """With a step that ignores signals and has left its session."""
        process, _ = self.started("setsid bash -c 'trap \"\" TERM HUP INT; while :; do sleep 1; done' &\necho ready\nsleep 300")
        process.kill()
        process.wait()
        self.assertTrue(wait_until(lambda: not self.processes_with(self.mark), 1), "a process outlived the runner by a second")
        history = self.assert_nothing_is_left()
        self.assertEqual(len(history.splitlines()), 2)

    def test_the_fork_server_is_killed(self):
        """Both of its processes, one after the other: the job fails, and says why."""
        for depth in (1, 2):
            process, lines = self.started("echo ready\nsleep 300")
            victim = next(pid for pid in children_of(process.pid) if b"pipeline-sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes())
            for _ in range(depth - 1):
                victim = children_of(victim)[0]
            os.kill(victim, signal.SIGKILL)
            rest, _ = process.communicate(timeout=30)
            output = "".join(lines) + rest
            self.assertIn(process.returncode, (1, 3), output)
            self.assertIn("the sandbox", output)
            self.assert_nothing_is_left()

    def test_a_process_of_a_step_is_killed(self):
        """The step fails with 137, what comes always still comes."""
        process, lines = self.started("echo ready\nexec sleep 300")
        pid = next(pid for pid in self.processes_with(self.mark) if Path(f"/proc/{pid}/comm").read_text().strip() == "sleep")
        os.kill(pid, signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1)
        self.assertIn("exit code 137", "".join(lines) + rest)
        self.assertIn("│ after", rest)
        self.assert_nothing_is_left()

    def test_all_processes_are_stopped_and_a_limit_still_ends_them(self):
        """SIGSTOP to everything in the sandbox."""
        begin = time.monotonic()
        output = self.run_steps("- timeout-minutes: 0.02\n  run: |\n    sleep 300 & kill -STOP -1\n    sleep 300", code=1)
        self.assertLess(time.monotonic() - begin, 30, output)
        self.assert_nothing_is_left()

    def test_the_disk_is_full(self):
        """A step fills the disk of the state folder: the run ends, and once there is room the history can be read."""
        self.need_root("only root may mount a small disk")
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                steps:
                  - run: head -c 100m /dev/zero > file; echo wrote $?; df . | tail -1
                  - run: for i in $(seq 2000); do echo line-$i-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done
            """
        )
        script = (
            'mount -t tmpfs -o size=16m tmpfs "$PIPELINE_STATE_DIR"; timeout -k 5 60 "$1" run; echo "code $?"; '
            'echo "left $(ls "$PIPELINE_STATE_DIR"/runs/1)"; timeout 20 "$1" runs; echo "code $?"'
        )
        self.state.mkdir()
        done = subprocess.run(
            ["unshare", "--mount", "bash", "-c", script, "bash", os.path.abspath(PIPELINE)],
            cwd=self.repository, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100, check=False,
        )
        self.assertIn("No space left on device", done.stdout)
        codes = [line for line in done.stdout.splitlines() if line.startswith("code ")]
        self.assertIn(codes[0], ("code 0", "code 1", "code 3"), done.stdout)
        self.assertEqual(codes[1], "code 0", done.stdout)
        self.assertNotIn("jobs", done.stdout.split("left ")[1].splitlines()[0])

    def test_a_step_makes_its_workspace_unreadable(self):
        """The next steps fail or not as their shells do; the folders go."""
        self.run_steps(
            "mkdir -p a/b && touch a/b/c && chmod 000 a/b a && chmod 000 .",
            "- if: always()\n  working-directory: /tmp\n  run: echo goes-on",
        )
        self.assert_nothing_is_left()

    def test_the_clock_is_set_back_during_a_run(self):
        """By a day: durations and time limits go by another clock."""
        source = self.folder / "clock.c"
        source.write_text(CLOCK)
        library = self.folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        begin = time.monotonic()
        output = self.run_steps("- timeout-minutes: 0.02\n  run: sleep 300", "- if: always()\n  run: echo goes-on", code=1, env={"LD_PRELOAD": str(library)})
        self.assertLess(time.monotonic() - begin, 30)
        self.assertIn("goes-on", output)
        self.assertRegex(self.run_pipeline("runs"), r"failure")

    def test_fifty_jobs_are_cancelled_in_time_and_no_line_is_lost(self):
        """Each has said what it said before; SIGINT, and all are gone long before the rules' 10 seconds."""
        self.workflow(
            "on: push\njobs:\n  a:\n    runs-on: x\n    env:\n      MARK: " + self.mark
            + "\n    strategy:\n      matrix:\n        n: [" + ", ".join(str(n) for n in range(50)) + "]\n"
            "    steps:\n      - run: |\n          for i in $(seq 20); do echo line-${{ matrix.n }}-$i-; done\n"
            "          echo ready\n          exec sleep 300\n"
        )
        process = self.start("run", "--json")
        lines = []
        ready = 0
        for line in process.stdout:
            lines.append(line)
            ready += '"text":"ready"' in line.replace(" ", "")
            if ready == 50:
                break
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        took = time.monotonic() - begin
        output = "".join(lines) + rest
        self.assertEqual(process.returncode, 130, rest)
        self.assertLess(took, 10)
        for job in range(50):
            for number in range(1, 21):
                self.assertIn(f"line-{job}-{number}-", output)
        self.assert_nothing_is_left()


if __name__ == "__main__":
    unittest.main()
