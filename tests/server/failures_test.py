"""The failure matrix: what is killed, filled up or started anew, and what is left of a run then."""

import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

from failing import WAITS, FailureTest, process_of


class FailuresTest(FailureTest):
    """Processes, the machine, the disk, the forge."""

    def test_the_daemon_is_killed_and_the_run_goes_on(self):
        run = self.begin()
        pid = self.supervisor(run)
        self.end(self.daemon, signal.SIGKILL)
        time.sleep(1)
        self.assertIsNotNone(process_of(pid))
        self.serve()
        self.assertEqual(self.supervisor(run), pid)
        found = self.run_when(run, "completed")["run"]
        self.assertEqual((found["conclusion"], found["attempt"]), ("success", 1))
        self.assertEqual([line for line in self.lines(run) if line.startswith("tick")], [f"tick {i}" for i in range(1, 41)])
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)

    def test_sigterm_drains_and_another_daemon_takes_over(self):
        run = self.begin()
        pid = self.supervisor(run)
        self.assertEqual(self.end(self.daemon, signal.SIGTERM), 0)
        self.assertIsNotNone(process_of(pid))
        self.serve()
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")

    def test_a_supervisor_is_killed_and_the_run_is_tried_once_more(self):
        run = self.begin(ticks=20)
        os.kill(self.supervisor(run), signal.SIGKILL)
        found = self.run_when(run, "completed")["run"]
        self.assertEqual((found["conclusion"], found["reason"]), ("error", "its supervisor was killed"))
        again = self.wait_for("not tried again", lambda: self.get("/api/runs")["runs"][0]["id"] != run and
                              self.get("/api/runs")["runs"][0])
        self.assertEqual(again["retry_of"], run)
        self.assertEqual(self.run_when(again["id"], "completed")["run"]["conclusion"], "success")
        self.assertEqual(list((self.state / "checkouts").iterdir()), [])

    def test_a_deployment_whose_supervisor_is_killed_is_for_a_person(self):
        run = self.begin(more="environment: production", ticks=100)
        os.kill(self.supervisor(run), signal.SIGKILL)
        found = self.run_when(run, "completed")["run"]
        self.assertEqual(found["conclusion"], "needs_human")
        self.assertIn("had begun the job wait", found["reason"])
        time.sleep(1)
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)

    def test_no_process_of_a_killed_supervisor_is_left(self):
        run = self.begin(more="environment: production", ticks=600)
        pid = self.supervisor(run)
        family = subprocess.run(["pgrep", "-g", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        os.kill(pid, signal.SIGKILL)
        self.run_when(run, "completed")
        for member in family:
            self.wait_for(f"{member} is left", lambda member=member: process_of(member) is None, 20)

    def test_a_step_is_killed_and_the_job_fails(self):
        run = self.begin(ticks=600)
        sleeps = subprocess.run(["pgrep", "-f", "for i in .seq 600"], capture_output=True, text=True, check=False)
        own = [pid for pid in sleeps.stdout.split() if self.is_below(int(pid), self.supervisor(run))]
        for pid in own:
            os.kill(int(pid), signal.SIGKILL)
        if not own:
            self.kill_below(self.supervisor(run), "bash")
        found = self.run_when(run, "completed")["run"]
        self.assertEqual(found["conclusion"], "failure")
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)

    @staticmethod
    def is_below(pid, ancestor):
        """Whether one process descends from the other."""
        while pid > 1:
            if pid == ancestor:
                return True
            found = process_of(pid)
            pid = found[1] if found else 0
        return False

    def kill_below(self, ancestor, name):
        """The programs of that name that descend from the process."""
        for path in Path("/proc").glob("[0-9]*/comm"):
            try:
                is_it = path.read_text(encoding="utf-8").strip() == name
            except FileNotFoundError:
                continue
            if is_it and self.is_below(int(path.parent.name), ancestor):
                os.kill(int(path.parent.name), signal.SIGKILL)

    def test_the_machine_was_started_anew(self):
        boot = self.folder / "boot_id"
        boot.write_text("one\n", encoding="utf-8")
        self.workflow(WAITS.format(more="", ticks=600))
        self.serve("--boot-id-file", str(boot))
        run = self.push_and_run()
        self.wait_for("no line of the step", lambda: self.said(run, "tick 1"))
        pid = self.supervisor(run)
        self.end(self.daemon, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        boot.write_text("two\n", encoding="utf-8")
        self.serve("--boot-id-file", str(boot))
        found = self.run_when(run, "completed")["run"]
        self.assertEqual(found["conclusion"], "host_lost")
        again = self.get("/api/runs")["runs"][0]["id"]
        self.run_when(again, "in_progress")
        self.post(f"/api/runs/{again}/cancel")
        self.run_when(again, "completed")

    def test_a_full_disk_pauses_and_loses_nothing(self):
        self.need_root("the state folder is a small file system of its own")
        self.state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "none", str(self.state)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.state)], check=False)
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n")
        self.commit()
        self.push()
        self.serve()
        ballast = self.state / "ballast"
        subprocess.run(["fallocate", "-l", "110M", str(ballast)], check=True)
        self.wait_for("it does not pause", lambda: self.get("/api/workers")["paused"])
        run = self.push_and_run()
        time.sleep(1)
        self.assertEqual(self.get(f"/api/runs/{run}")["run"]["status"], "queued")
        subprocess.run(["dd", "if=/dev/zero", f"of={self.state / 'rest'}", "bs=64k"], check=False, capture_output=True)
        self.commit()
        payload = self.push_payload(*self.push())
        payload["padding"] = "x" * (4 << 20)
        status = self.hook("push", payload, guid="full")[0]
        self.assertEqual(status, 503)
        self.assertEqual(self.ask("GET", "/livez")[0], 200)
        (self.state / "rest").unlink()
        ballast.unlink()
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        status, answer = self.hook("push", payload, guid="full")
        self.assertEqual(status, 202)
        later = next(one["run"] for one in self.verdict(answer["delivery"])["workflows"])
        self.assertEqual(self.run_when(later, "completed")["run"]["conclusion"], "success")

    def test_the_forge_is_down_and_the_delivery_is_judged_later(self):
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n")
        self.commit()
        payload = self.push_payload(*self.push())
        self.serve()
        self.wait_for("no mirror", lambda: (self.state / "mirrors/acme/shop.git/HEAD").exists())
        self.commit()
        payload = self.push_payload(*self.push())
        away = self.bare.rename(self.folder / "away.git")
        delivery = self.hook("push", payload)[1]["delivery"]
        self.wait_for("it did not try", lambda: re.search("cannot fetch from", self.log()))
        self.assertEqual(self.get(f"/api/deliveries/{delivery}")["delivery"]["verdict"], "pending")
        away.rename(self.bare)
        self.assertEqual(self.verdict(delivery)["verdict"], "started")
        self.run_when(self.get("/api/runs")["runs"][0]["id"], "completed")


if __name__ == "__main__":
    unittest.main()
