"""`pipeline backup` and `pipeline restore`."""

import os
import sqlite3
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from failing import FailureTest  # noqa: E402
from harness import WorkflowTest  # noqa: E402
from invariants import violations  # noqa: E402


class BackupTest(WorkflowTest):
    """A state folder with a run in it."""

    def setUp(self):
        super().setUp()
        self.run_steps("echo remembered")
        self.backup = self.folder / "backup"

    def restored(self, *arguments, code=0):
        """The output of a verb that looks at what was restored."""
        return self.run_pipeline("--state-dir", str(self.folder / "other"), *arguments, code=code)

    def test_a_backup_brings_runs_and_their_logs_back(self):
        self.run_pipeline("backup", str(self.backup))
        self.assertEqual(self.backup.stat().st_mode & 0o777, 0o700)
        self.restored("restore", str(self.backup))
        self.assertEqual(self.restored("runs"), self.run_pipeline("runs"))
        self.assertIn("remembered", self.restored("logs"))

    def test_a_database_is_copied_whole_while_somebody_writes_to_it(self):
        writer = sqlite3.connect(self.state / "history.db", isolation_level=None)
        self.addCleanup(writer.close)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM runs")
        self.run_pipeline("backup", str(self.backup))
        writer.execute("ROLLBACK")
        self.restored("restore", str(self.backup))
        self.assertEqual(self.restored("runs"), self.run_pipeline("runs"))

    def test_nothing_is_written_over(self):
        self.backup.mkdir()
        (self.backup / "mine").touch()
        self.assertIn("expected a new or empty folder", self.run_pipeline("backup", str(self.backup), code=2))
        self.run_pipeline("backup", str(self.folder / "second"))
        said = self.run_pipeline("restore", str(self.folder / "second"), code=2)
        self.assertIn("is not empty", said)

    def test_a_backup_that_was_cut_off_or_is_damaged_is_refused(self):
        self.run_pipeline("backup", str(self.backup))
        database = self.backup / "history.db"
        whole = database.read_bytes()
        database.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
        self.restored("restore", str(self.backup), code=3)
        self.assertFalse((self.folder / "other").exists())
        (self.backup / "pipeline-backup.json").unlink()
        self.assertIn("no whole backup", self.restored("restore", str(self.backup), code=2))

    def refused(self, expected, code=2):
        """Nothing is restored, and that says why."""
        said = self.restored("restore", str(self.backup), code=code)
        self.assertIn(expected, said)
        self.assertFalse((self.folder / "other").exists(), said)

    def test_files_that_are_not_as_they_were_backed_up_are_refused(self):
        self.run_pipeline("backup", str(self.backup))
        log = next(self.backup.glob("runs/*/events.jsonl"))
        whole = log.read_bytes()
        for damaged in (whole[:-5], whole.replace(b"remembered", b"remodelled"), whole + b"{}\n"):
            log.write_bytes(damaged)
            self.refused(f"{self.backup / 'runs'} is damaged: expected content of SHA-256", code=3)
        log.unlink()
        self.refused("is damaged", code=3)
        log.symlink_to("/etc/passwd")
        self.refused("is damaged", code=3)
        log.unlink()
        os.mkfifo(log)
        self.refused("is damaged", code=3)
        log.unlink()
        log.write_bytes(whole)
        (log.parent / "more").touch()
        self.refused("is damaged", code=3)
        (log.parent / "more").unlink()
        (self.backup / "history.db").rename(self.backup / "away.db")
        self.refused("history.db is missing from the backup")
        (self.backup / "away.db").rename(self.backup / "history.db")
        self.restored("restore", str(self.backup))
        self.assertIn("remembered", self.restored("logs"))

    def test_what_another_program_made_is_no_backup(self):
        self.refused("no whole backup")
        self.backup.mkdir()
        marker = self.backup / "pipeline-backup.json"
        for text, expected in (("", "pipeline-backup.json"), ("{", "pipeline-backup.json"), ("[]", "digests"),
                               ('{"version": "0.1.0"}', "digests"), ('{"sha256": {"../away": "0"}}', '"../away" is no part'),
                               ('{"sha256": {"runs": 1}}', "missing")):
            marker.write_text(text, encoding="utf-8")
            self.refused(expected)
        (self.backup / "runs").mkdir()
        self.refused("is damaged", code=3)

    def test_a_restore_that_was_cut_off_is_done_anew(self):
        self.run_pipeline("backup", str(self.backup))
        other = self.folder / "other"
        (other / "restoring-a1b2c3" / "runs").mkdir(parents=True)
        (other / "server.lock").touch()
        self.restored("restore", str(self.backup))
        self.assertEqual(sorted(path.name for path in other.iterdir()), ["history.db", "results", "runs", "server.lock"])
        self.assertIn("remembered", self.restored("logs"))

    def test_only_a_state_folder_is_backed_up_and_not_into_itself(self):
        said = self.restored("backup", str(self.backup), code=2)
        self.assertIn("nothing to back up", said)
        said = self.run_pipeline("backup", str(self.state / "runs" / "backup"), code=2)
        self.assertIn("outside of the state folder", said)

    def test_the_master_key_is_in_it_only_when_that_is_asked_for(self):
        key = self.state / "pipeline-master-key"
        key.write_text("A" * 43 + "=\n", encoding="utf-8")
        key.chmod(0o600)
        self.run_pipeline("backup", str(self.backup))
        self.assertFalse((self.backup / key.name).exists())
        self.run_pipeline("backup", str(self.folder / "second"), "--with-master-key")
        self.assertEqual((self.folder / "second" / key.name).stat().st_mode & 0o777, 0o600)


class DaemonBackupTest(FailureTest):
    """While a daemon is at work."""

    EXTRA = "capacity: 3\n"

    def test_nothing_is_restored_under_a_daemon(self):
        self.serve()
        self.run_pipeline("backup", str(self.folder / "backup"))
        said = self.run_pipeline("restore", str(self.folder / "backup"), code=2)
        self.assertIn("a daemon runs on the state folder", said)
        self.assertEqual(self.ask("GET", "/readyz")[0], 200)

    def test_a_backup_is_right_while_runs_go_on_and_ends_in_its_copy_what_they_were_at(self):
        job = "on: push\njobs:\n  {}:\n    runs-on: ubuntu-latest\n{}    steps: [{{run: '{}'}}]\n"
        self.workflow(job.format("ship", "    environment: production\n", "sleep 600"), "x-ship.yml")
        busy = "while :; do mkdir -p a/b/c; touch a/b/c/$$ a/x; rm -rf a; done"
        self.workflow(job.format("busy", "", busy), "y-busy.yml")
        self.begin(ticks=600)
        runs = [one["id"] for one in self.get("/api/runs")["runs"]]
        self.assertEqual(len(runs), 3)
        for run in runs:
            self.run_when(run, "in_progress")
        for number in range(4):
            self.run_pipeline("backup", str(self.folder / f"before-{number}"))
        time.sleep(1)
        self.run_pipeline("backup", str(self.folder / "backup"))
        self.assertEqual(list((self.folder / "backup").glob("runs/*/jobs")), [])
        supervisors = [self.supervisor(run) for run in runs]
        first = self.state, self.daemon, self.url
        self.state = self.folder / "other"
        self.run_pipeline("restore", str(self.folder / "backup"))
        self.serve()
        ends = [self.run_when(run, "completed")["run"]["conclusion"] for run in runs]
        self.assertEqual(sorted(ends), ["error", "error", "needs_human"])
        self.end_runs()
        self.end(self.daemon)
        self.assertEqual(list(violations(self.state)), [])
        self.state, self.daemon, self.url = first
        self.assertEqual([self.supervisor(run) for run in runs], supervisors, "the copy took them for its own")
        self.end_runs()

    def end_runs(self):
        """Cancel what has not ended, and wait for it."""
        for run in self.get("/api/runs")["runs"]:
            if run["status"] != "completed":
                self.post(f"/api/runs/{run['id']}/cancel")
                self.run_when(run["id"], "completed")


if __name__ == "__main__":
    unittest.main()
