"""The failure matrix, its second half: memory, what is on disk, clocks, and remote sides that want to be left alone."""

import os
import subprocess
import time
import unittest
from pathlib import Path

from failing import FailureTest
from fake_github import FakeGithub, make_app_key

# Real time is moved by as many seconds as the file CLOCK_SHIFT says; time that only goes forward is not.
CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static long *shift;
__attribute__((constructor)) static void look(void) {
  const char *path = getenv("CLOCK_SHIFT");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *seen = fd < 0 ? MAP_FAILED : mmap(0, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
  if (seen != MAP_FAILED) shift = seen;
}
int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, now);
  if (id == CLOCK_REALTIME && shift) now->tv_sec += *shift;
  return result;
}
"""
ONE = "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n"


class MemoryTest(FailureTest):
    """What the kernel kills for want of memory."""

    def test_a_step_that_runs_out_of_memory_fails_and_says_so(self):
        self.need_root("only root may always make control groups")
        self.write(".pipeline.yml", "limits: {memory: 128m}\n")
        self.workflow(
            "on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: python3 -c 'x = bytearray(400 << 20)'\n      - if: always()\n        run: echo goes-on\n"
        )
        self.serve()
        run = self.push_and_run()
        found = self.run_when(run, "completed")
        self.assertEqual(found["run"]["conclusion"], "failure", found)
        self.assertIn("killed: out of memory, limit 128 MiB", str(found["annotations"]))
        self.assertIn("goes-on", self.lines(run))
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)

    def small_group(self):
        """A control group with next to no memory; (its processes, its count of kills)."""
        old = Path("/sys/fs/cgroup/memory")
        group = (old if old.exists() else Path("/sys/fs/cgroup")) / f"test-{os.getpid()}"
        group.mkdir()

        def gone():
            try:
                group.rmdir()
            except OSError:
                return False
            return True

        self.addCleanup(lambda: self.wait_for("the group is not left", gone, 20))
        limit, counts = ("memory.limit_in_bytes", "memory.oom_control") if old.exists() else ("memory.max", "memory.events")
        (group / limit).write_text("65536", encoding="ascii")
        return group / "cgroup.procs", group / counts

    def test_a_supervisor_that_runs_out_of_memory_is_tried_once_more(self):
        self.need_root("only root may always make control groups")
        self.workflow(
            "on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: echo tick 1; sleep 3; head -c 30000000 /dev/zero | tr '\\0' x; echo\n")
        self.serve()
        run = self.push_and_run()
        self.wait_for("no line of the step", lambda: self.said(run, "tick 1"))
        processes, counts = self.small_group()
        processes.write_text(str(self.supervisor(run)), encoding="ascii")
        found = self.run_when(run, "completed")["run"]
        self.assertRegex(counts.read_text(encoding="ascii"), r"oom_kill [1-9]")
        self.assertEqual((found["conclusion"], found["reason"]), ("error", "its supervisor was killed"))
        again = self.wait_for("not tried again", lambda: self.get("/api/runs")["runs"][0]["id"] != run and
                              self.get("/api/runs")["runs"][0])
        self.assertEqual(again["retry_of"], run)
        self.assertEqual(self.run_when(again["id"], "completed")["run"]["conclusion"], "success")


class DamageTest(FailureTest):
    """What somebody or something wrote over."""

    def finished(self):
        """A run of 300 lines that has ended; its id and its log."""
        self.workflow("on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    steps: [{run: seq 1000 1299}]\n")
        self.serve()
        run = self.push_and_run()
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        return run, self.state / "runs" / str(self.get(f"/api/runs/{run}")["run"]["run_id"]) / "events.jsonl"

    def page(self, run):
        """The log as the API tells of it."""
        return self.get(f"/api/runs/{run}/jobs/wait/log?count=5000")

    def test_a_log_that_was_cut_off_is_read_up_to_there_and_told(self):
        run, log = self.finished()
        whole = self.page(run)
        self.assertNotIn("damaged", whole)
        content = log.read_bytes()
        log.write_bytes(content[: content.index(b"1200")])
        page = self.page(run)
        self.assertIn("the log is damaged", page["damaged"])
        self.assertLess(len(page["lines"]), page["total"])
        self.assertEqual(page["lines"], whole["lines"][: len(page["lines"])])
        text = self.ask("GET", f"/api/runs/{run}/jobs/wait/log?format=text", token="look-token")[1]
        self.assertIn("[the log is damaged", text.splitlines()[-1])
        log.unlink()
        self.assertIn("the log is gone", self.page(run)["damaged"])

    def test_garbage_in_a_log_costs_what_it_covers_and_is_told(self):
        run, log = self.finished()
        content = log.read_bytes()
        begin = content.rindex(b"\n", 0, content.index(b'"1') if b'"1' in content else len(content) // 2) + 1
        log.write_bytes(content[:begin] + b"\xff\x00{[" + content[begin + 4 :])
        page = self.page(run)
        self.assertIn("the log is damaged", page["damaged"])
        self.assertLess(len(page["lines"]), page["total"])
        self.assertEqual(self.get(f"/api/runs/{run}")["run"]["conclusion"], "success")
        self.assertIn("is damaged", self.run_pipeline("logs", "1"))

    def test_a_corrupt_database_is_not_started_on_and_a_backup_brings_it_back(self):
        run, _ = self.finished()
        self.run_pipeline("backup", str(self.folder / "backup"))
        self.end(self.daemon)
        database = self.state / "server.db"
        content = bytearray(database.read_bytes())
        content[4096:8192] = b"x" * 4096
        database.write_bytes(content)
        self.serve(wait=False)
        self.assertEqual(self.daemon.wait(timeout=30), 3)
        self.assertRegex(self.log(), r"(?s)the server's database.*nothing was started\. Move .* away .*restore BACKUP")
        self.assertEqual(database.read_bytes(), content)
        self.state.rename(self.folder / "away")
        self.run_pipeline("restore", str(self.folder / "backup"))
        self.serve()
        self.assertEqual(self.get(f"/api/runs/{run}")["run"]["conclusion"], "success")
        self.assertEqual(self.run_when(self.push_and_run(), "completed")["run"]["conclusion"], "success")


class ClockTest(FailureTest):
    """The machine's clock is put forward and back by an hour: leases and time limits go by another one."""

    def setUp(self):
        self.preload = {}
        super().setUp()
        source = self.folder / "clock.c"
        source.write_text(CLOCK, encoding="utf-8")
        library = self.folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        self.shift = self.folder / "shift"
        self.shift.write_bytes(bytes(8))
        self.preload = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self.shift)}

    def jump(self, seconds):
        """The clock is so far from what it was."""
        with open(self.shift, "r+b") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    def environment(self, **more):
        return super().environment(**self.preload, **more)

    def survives(self, seconds):
        """A run during which the clock jumps is that one run, and ends as it would have."""
        run = self.begin(ticks=60)
        pid = self.supervisor(run)
        self.jump(seconds)
        time.sleep(2)
        self.assertEqual(self.supervisor(run), pid)
        found = self.run_when(run, "completed")["run"]
        self.assertEqual((found["conclusion"], found["attempt"]), ("success", 1))
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)
        self.assertEqual(self.run_when(self.push_and_run(), "completed")["run"]["conclusion"], "success")

    def test_the_clock_jumps_forwards(self):
        self.survives(3600)

    def test_the_clock_jumps_backwards(self):
        self.survives(-3600)


class LimitedForgeTest(FailureTest):
    """A forge that lets nobody ask for a while."""

    def configure(self, text=None):
        key = self.folder / "app.pem"
        self.forge = FakeGithub(make_app_key(key))
        self.addCleanup(self.forge.close)
        github = f"github: {{app: Iv1.app, private-key: 'file:{key}', api: '{self.forge.url}'}}\n"
        super().configure(github + text)

    def test_a_forge_that_limits_its_rate_stops_no_run_and_is_told_later(self):
        self.workflow(ONE)
        self.serve()
        self.forge.limited_until = time.time() + 6
        run = self.push_and_run()
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success")
        self.wait_for("not refused", lambda: self.forge.refused)
        self.assertLess(time.time(), self.forge.limited_until, "the run waited for the forge")
        self.assertEqual(self.forge.requests, [])
        self.wait_for("not told", lambda: any(
            (body or {}).get("conclusion") == "success" for _, _, body in self.forge.requests))
        self.assertLessEqual(len(self.forge.refused), 4, "it was asked again and again")
        self.assertEqual(self.forge.problems, [])


class ThrottledCloudTest(FailureTest):
    """AWS that answers "Rate exceeded"."""

    EXTRA = "emulator: true\n"

    def setUp(self):
        super().setUp()
        seed = self.folder / "seed.yml"
        seed.write_text(
            "account: '123456789012'\nregion: eu-central-1\nusers:\n"
            "  - {name: admin, access_key_id: EMULATORADMIN, secret_access_key: emulator}\n", encoding="utf-8")
        self.run_pipeline("emulator", "up", "--seed", str(seed))
        self.addCleanup(self.run_pipeline, "emulator", "down")
        self.workflow(
            "on: push\njobs:\n  wait:\n    runs-on: ubuntu-latest\n    environment: production\n"
            "    env: {AWS_REGION: eu-central-1, AWS_ACCESS_KEY_ID: EMULATORADMIN, AWS_SECRET_ACCESS_KEY: emulator}\n"
            "    steps: [{uses: aws-actions/amazon-ecr-login@v2}]\n")

    def throttle(self, *words):
        """So many calls are refused."""
        self.run_pipeline("emulator", "fault", "throttle", "action=ecr:GetAuthorizationToken", *words)

    def test_aws_that_throttles_for_a_while_fails_nothing(self):
        self.throttle("times=2")
        self.serve()
        run = self.push_and_run()
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "success", self.lines(run))
        self.assertIn('"happened":2', self.run_pipeline("emulator", "fault", "list"))

    def test_aws_that_throttles_for_good_fails_the_job_and_is_named(self):
        self.throttle()
        self.serve()
        run = self.push_and_run()
        found = self.run_when(run, "completed")
        self.assertEqual(found["run"]["conclusion"], "failure")
        self.assertIn("Rate exceeded", str(found["annotations"]))


if __name__ == "__main__":
    unittest.main()
