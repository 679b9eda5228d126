"""What the daemon removes by age, by number and when the disk runs short."""

import os
import sqlite3
import subprocess
import time
import unittest

from forge import ForgeTest

ONE = "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n"


class RetentionTest(ForgeTest):
    """Runs that the test makes old."""

    EXTRA = "retention: {runs-days: 10, logs-days: 5, deliveries-days: 7, runs: 3}\ndisk: {soft-mib: 120, hard-mib: 60}\n"

    def runs(self, count):
        """So many that have ended, newest first."""
        self.workflow(ONE)
        self.serve()
        for _ in range(count):
            self.run_when(self.push_and_run(), "completed")
        return [one["id"] for one in self.get("/api/runs")["runs"]]

    def change(self, statement, *parameters):
        """The database while no daemon runs."""
        with sqlite3.connect(self.state / "server.db") as database:
            database.execute(statement, parameters)

    def age(self, run, days):
        """The run with its delivery and its log is so old."""
        then = time.time() - days * 86_400
        self.change("UPDATE attempts SET finished = ? WHERE id = ?", then, run)
        self.change("UPDATE deliveries SET received = ? WHERE id = (SELECT delivery_id FROM attempts WHERE id = ?)", then, run)
        with sqlite3.connect(self.state / "history.db") as history:
            history.execute("UPDATE runs SET started = ? WHERE id = ?", (then, run))
        os.utime(self.state / "runs" / str(run) / "events.jsonl", (then, then))

    def test_runs_logs_and_deliveries_go_by_age(self):
        kept, no_log, gone = self.runs(3)
        self.end(self.daemon)
        self.age(gone, 11)
        self.age(no_log, 6)
        self.serve()
        self.wait_for("it is still there", lambda: self.ask("GET", f"/api/runs/{gone}", token="look-token")[0] == 404)
        self.wait_for("its folder is", lambda: not (self.state / "runs" / str(gone)).exists())
        self.assertEqual(len(self.get("/api/deliveries")["deliveries"]), 2)
        self.wait_for("its log is", lambda: not (self.state / "runs" / str(no_log) / "events.jsonl").exists())
        self.assertEqual(self.get(f"/api/runs/{no_log}")["run"]["conclusion"], "success")
        self.assertIn("the log is gone", self.get(f"/api/runs/{no_log}/jobs/one/log")["damaged"])
        self.assertNotIn("damaged", self.get(f"/api/runs/{kept}/jobs/one/log"))

    def test_runs_go_by_number(self):
        runs = self.runs(5)
        self.end(self.daemon)
        self.serve()
        self.wait_for("too many", lambda: [one["id"] for one in self.get("/api/runs")["runs"]] == runs[:3])

    def test_a_disk_that_runs_short_is_made_room_on_and_intake_goes_on(self):
        self.need_root("the state folder is a small file system of its own")
        self.state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "none", str(self.state)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.state)], check=False)
        old = self.runs(1)[0]
        self.age(old, 11)
        self.assertEqual(self.ask("GET", "/readyz"), (200, "ok\n"))
        ballast = self.state / "ballast"
        subprocess.run(["fallocate", "-l", "90M", str(ballast)], check=True)
        self.wait_for("nothing was removed", lambda: self.ask("GET", f"/api/runs/{old}", token="look-token")[0] == 404)
        self.assertIn("what is too old is removed now", self.log())
        self.run_when(self.push_and_run(), "completed")
        subprocess.run(["fallocate", "-l", "150M", str(ballast)], check=True)
        self.wait_for("it does not pause", lambda: self.get("/api/workers")["paused"])
        status, text = self.ask("GET", "/readyz")
        self.assertEqual(status, 503)
        self.assertIn("has less than 60.0 MiB left", text)
        waiting = self.push_and_run()
        self.assertEqual(self.get(f"/api/runs/{waiting}")["run"]["status"], "queued")
        ballast.unlink()
        self.assertEqual(self.run_when(waiting, "completed")["run"]["conclusion"], "success")
        self.wait_for("not ready", lambda: self.ask("GET", "/readyz")[0] == 200)


if __name__ == "__main__":
    unittest.main()
