"""What the daemon, its runs and their jobs do to each other when memory runs out or processes are counted."""

import os
import signal
import unittest
from pathlib import Path

from failing import FailureTest


def groups_of(pid):
    """Control group by controllers; "" is version 2's."""
    lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    return {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}


def children_of(pid):
    """All processes below it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(entry.parent.name)
            found += [child, *children_of(child)]
    return found


def score_of(pid):
    """oom_score_adj; None when the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="utf-8"))
    except OSError:
        return None


class ApartTest(FailureTest):
    """A run that goes on while its processes are looked at."""

    def test_the_daemon_and_each_run_have_control_groups_of_their_own(self):
        run = self.begin(ticks=100)
        supervisor = self.supervisor(run)
        ours, theirs = groups_of(self.daemon.pid), groups_of(supervisor)
        kinds = {"memory", "pids", ""} & set(ours)
        self.assertTrue(kinds, "no control groups are mounted")
        for kind in kinds:
            self.assertRegex(ours[kind], f"/pipeline-{self.daemon.pid}-daemon$")
            self.assertRegex(theirs[kind], f"/pipeline-{supervisor}-run$")
            self.assertEqual(ours[kind].rsplit("/", 1)[0], theirs[kind].rsplit("/", 1)[0], "beside each other")
        self.run_when(run, "completed")
        self.end(self.daemon)
        left = [str(path) for pid in (self.daemon.pid, supervisor) for path in Path("/sys/fs/cgroup").glob(f"*/**/pipeline-{pid}-*")]
        self.assertEqual(left, [])

    def test_jobs_are_killed_before_their_supervisors_and_the_daemon(self):
        run = self.begin(ticks=100)
        supervisor = self.supervisor(run)
        self.assertEqual(score_of(supervisor), score_of(self.daemon.pid), "raised only where the daemon is held dear")
        self.assertEqual({score_of(pid) for pid in children_of(supervisor)} - {None}, {500})

    def test_a_killed_run_leaves_no_control_group_behind_the_next_one(self):
        run = self.begin(ticks=100)
        supervisor = self.supervisor(run)
        os.kill(supervisor, signal.SIGKILL)
        self.run_when(run, "completed")
        others = (run, self.daemon.pid)  # until it has its own process, an attempt is the daemon's
        again = self.wait_for("it is not tried again", lambda: [
            one["pid"] for one in self.get("/api/workers")["workers"] if one["run"] not in others and one["pid"] not in others])[0]
        self.wait_for("the next one is not apart", lambda: f"pipeline-{again}-run" in str(groups_of(again)))
        self.assertEqual(list(Path("/sys/fs/cgroup").glob(f"*/**/pipeline-{supervisor}-*")), [])


if __name__ == "__main__":
    unittest.main()
