"""Kills at random moments: pushes are told of while the daemon, supervisors and steps are killed, and nothing is lost.

PIPELINE_KILLS_SECONDS is how long they are killed (default 20), PIPELINE_KILLS_SEED what is done to whom (default: ever
anew). ctest does it for a few seconds with one seed.
"""

import ctypes
import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time
import unittest
import urllib.error
import uuid
from pathlib import Path

from failing import FailureTest

SECONDS = float(os.environ.get("PIPELINE_KILLS_SECONDS", "20"))
SEED = int(os.environ.get("PIPELINE_KILLS_SEED") or random.randrange(1 << 32))
PR_SET_CHILD_SUBREAPER = 36
# So many runs may wait, or the end takes longer than all before it.
MOST_UNDER_WAY = 8
# A supervisor looks for cancellations five times a second; this machine may be busy.
NOTICES_WITHIN = 5

BUILD = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - run: for i in $(seq 5); do echo "tick $i"; sleep 0.1; done
      - run: sleep 0.2
  two:
    needs: one
    runs-on: ubuntu-latest
    steps: [{run: "sleep 0.1; echo built"}]
"""
SHIP = """
on: push
concurrency: ship
jobs:
  ship:
    runs-on: ubuntu-latest
    environment: production
    steps: [{run: "echo shipping; sleep 0.3; echo shipped"}]
"""
WORKFLOWS = {"build.yml": BUILD, "ship.yml": SHIP}


def parents():
    """Of each process that is no zombie."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            found[int(entry.parent.name)] = int(fields[1])
    return found


def below(ancestor):
    """The processes that descend from it."""
    family, found = parents(), []
    for pid in family:
        above = family[pid]
        while above > 1 and above != ancestor:
            above = family.get(above, 0)
        if above == ancestor:
            found.append(pid)
    return found


class KillsTest(FailureTest):
    """One repository with a build and a deployment at each push."""

    EXTRA = "capacity: 3\n"

    def setUp(self):
        super().setUp()
        # Whose parent was killed comes to this process instead of init: nothing gets out of sight.
        self.assertEqual(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0)
        self.random = random.Random(SEED)
        self.begun = time.time()
        self.seen, self.accepted, self.cancelled = set(), {}, []
        for name, text in WORKFLOWS.items():
            self.workflow(text, name)
        self.commit()
        self.push()

    def test_nothing_is_lost_doubled_or_left_whatever_is_killed(self):
        print(f"PIPELINE_KILLS_SEED={SEED} PIPELINE_KILLS_SECONDS={SECONDS:g}", flush=True)
        self.serve()
        actions = [self.tell_of_a_push] * 6 + [self.cancel_one] * 2 + [self.kill_a_supervisor] * 2
        actions += [self.kill_a_step] * 2 + [self.kill_the_daemon] * 2 + [self.replace_the_daemon]
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self.look_around()
            self.random.choice(actions)()
            time.sleep(self.random.choice([0, 0.02, 0.1, 0.4]))
        self.wait_for("some runs do not end", lambda: not self.under_way(), 120)
        self.random.random = lambda: 1.0  # the last push is left alone, and cleans up after those before it
        self.tell_of_a_push()
        last = list(self.accepted.values())[-1]
        self.wait_for("the last runs do not end", lambda: not self.under_way(), 120)
        self.assertEqual(self.rows("SELECT conclusion FROM attempts WHERE sha = ?", last), [("success",)] * 2)
        self.assertEqual(self.end(self.daemon), 0)
        self.check()

    # What happens

    def tell_of_a_push(self):
        """As a forge that sends again what nobody took, and now and then what somebody did."""
        if len(self.under_way()) >= MOST_UNDER_WAY:
            return
        self.commit()
        before, after = self.push()
        guid = str(uuid.UUID(int=self.random.getrandbits(128)))
        headers, body = self.hook_request("push", self.push_payload(before, after), guid=guid)
        killer = threading.Timer(self.random.random() * 0.05, self.daemon.kill)
        if self.random.random() < 0.3:
            killer.start()
        for _ in range(self.random.choice([1, 1, 2])):
            self.wait_for("the delivery is not taken", lambda: self.send(headers, body) in (200, 202), 30)
        self.accepted[guid] = after
        if killer.ident:
            killer.join()
            self.end(self.daemon, signal.SIGKILL)
            self.serve()

    def send(self, headers, body):
        """Its status; None when nobody answered, as the daemon was killed."""
        try:
            return self.ask("POST", "/hooks/github", body, headers)[0]
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            self.assertEqual(self.end(self.daemon), -signal.SIGKILL, self.log())
            self.serve()
            return None

    def cancel_one(self):
        """A run that has not ended, if there is one."""
        there = self.rows("SELECT id FROM attempts WHERE state NOT IN ('done', 'unknown')")
        if there:
            self.cancelled.append(self.random.choice(there)[0])
            self.post(f"/api/runs/{self.cancelled[-1]}/cancel")

    def kill_a_supervisor(self):
        """The process of a run, or what will be it."""
        there = [pid for pid, above in parents().items() if above in (self.daemon.pid, os.getpid())]
        self.kill_one_of([pid for pid in there if pid != self.daemon.pid])

    def kill_a_step(self):
        """Any process of a run but the first."""
        first = [pid for pid, above in parents().items() if above in (self.daemon.pid, os.getpid())]
        self.kill_one_of([pid for pid in below(os.getpid()) if pid not in first])

    def kill_one_of(self, processes):
        """If there are any."""
        if processes:
            try:
                os.kill(self.random.choice(sorted(processes)), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill_the_daemon(self):
        """Sometimes again while it starts."""
        self.end(self.daemon, signal.SIGKILL)
        if self.random.random() < 0.3:
            self.serve(wait=False)
            time.sleep(self.random.random() * 0.3)
            self.end(self.daemon, signal.SIGKILL)
        time.sleep(self.random.choice([0, 0, 0.5]))
        self.serve()

    def replace_the_daemon(self):
        """As an upgrade does."""
        self.assertEqual(self.end(self.daemon), 0)
        self.serve()

    # What is so

    def look_around(self):
        """Remember the processes, and take the ends of those that nobody else waits for."""
        self.seen.update(below(os.getpid()))
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
                if fields[0] == "Z" and int(fields[1]) == os.getpid() and int(entry.parent.name) != self.daemon.pid:
                    os.waitpid(int(entry.parent.name), os.WNOHANG)
            except OSError:
                continue

    def rows(self, sql, *parameters):
        """What server.db says."""
        database = sqlite3.connect(f"file:{self.state / 'server.db'}?mode=ro", uri=True, timeout=30)
        try:
            return database.execute(sql, parameters).fetchall()
        finally:
            database.close()

    def under_way(self):
        """The runs that have not ended, and the deliveries that were not judged."""
        self.look_around()
        return self.rows("SELECT 'run', id, state FROM attempts WHERE state NOT IN ('done', 'unknown')"
                         " UNION ALL SELECT 'delivery', id, state FROM deliveries WHERE state != 'done'")

    def check(self):
        """All that must hold beside the invariants, which tearDown looks at."""
        attempts = self.rows("SELECT id, sha, workflow, retry_of, conclusion, cancel, run_id, intent FROM attempts ORDER BY id")
        print(f"{len(self.accepted)} pushes, {len(attempts)} runs:",
              ", ".join(f"{sum(one[4] == kind for one in attempts)} {kind}" for kind in sorted({one[4] for one in attempts})))
        for guid, sha in self.accepted.items():
            verdicts = [json.loads(verdict) for (verdict,) in self.rows("SELECT verdict FROM deliveries WHERE guid = ?", guid)]
            self.assertEqual([verdict["verdict"] for verdict in verdicts], ["started"], (guid, verdicts))
            own = sorted(Path(one[2]).name for one in attempts if one[1] == sha and not one[3])
            self.assertEqual(own, sorted(WORKFLOWS), f"runs of {sha}")
        by_id = {one[0]: one for one in attempts}
        for one in attempts:
            self.check_attempt(one, by_id.get(one[3]), [other for other in attempts if other[3] == one[0]])
        self.check_history()
        self.check_remains()

    def check_attempt(self, attempt, first, retries):
        """Tried again once, and only what was lost and neither cancelled nor deploying."""
        number, _, _, _, conclusion, cancel, _, intent = attempt
        wanted = conclusion == "error" and not (first or cancel or intent) and self.was_lost(number)
        self.assertEqual(len(retries), int(wanted), (attempt, retries))
        if first:
            self.assertEqual((first[4], first[5], first[7]), ("error", "", ""), attempt)
        if cancel:
            self.assertIn(number, self.cancelled)
            self.check_no_step_after(number)

    def was_lost(self, number):
        """Whether its process was found to be no more."""
        return bool(self.rows("SELECT 1 FROM journal WHERE attempt = ? AND type = 'lost'", number))

    def check_no_step_after(self, number):
        """A run that was cancelled begins nothing more, as soon as it can know of that."""
        asked = self.rows("SELECT MIN(time) FROM journal WHERE attempt = ? AND type = 'cancel'", number)[0][0]
        run = self.rows("SELECT run_id FROM attempts WHERE id = ?", number)[0][0]
        limit = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(asked + NOTICES_WITHIN))
        outline = self.state / "runs" / str(run) / "outline.jsonl"
        for line in outline.read_text(encoding="utf-8").splitlines() if run else []:
            entry = json.loads(line)
            if entry["type"] == "step_started":
                self.assertLess(entry["time"], limit, f"run {number} was cancelled at {asked}")

    def was_ours(self, group):
        """Whether it is of a process of this test; numbers of processes come again, here and with others."""
        pid = group.name.split("-")[1]
        if not pid.isdigit() or int(pid) not in self.seen or Path(f"/proc/{pid}").exists():
            return False
        try:
            return group.stat().st_mtime >= self.begun
        except FileNotFoundError:
            return False

    def check_history(self):
        """Each run is of one attempt, and what passed has passed whole."""
        runs = self.rows("SELECT run_id, COUNT(*) FROM attempts WHERE run_id != 0 GROUP BY run_id HAVING COUNT(*) > 1")
        self.assertEqual(runs, [])
        for run, workflow in self.rows("SELECT run_id, workflow FROM attempts WHERE conclusion = 'success'"):
            said = self.run_pipeline("logs", str(run))
            wanted = [f"tick {i}" for i in range(1, 6)] + ["built"] if "build" in workflow else ["shipping", "shipped"]
            for text in wanted:
                self.assertEqual(sum(line.endswith(text) and "echo" not in line for line in said.splitlines()), 1, (text, said))

    def check_remains(self):
        """No process, mount, control group or folder of what is over."""
        self.wait_for("processes are left", lambda: not below(os.getpid()), 20)
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
        self.assertNotIn(str(self.folder), mounts)
        self.assertEqual([str(path) for path in Path("/sys/fs/cgroup").glob("**/pipeline-*") if self.was_ours(path)], [])
        self.assertEqual(list((self.state / "checkouts").iterdir()), [], self.log())
        self.assertEqual(list(self.state.glob("runs/*/jobs")), [], self.log())


if __name__ == "__main__":
    unittest.main()
