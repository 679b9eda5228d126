"""`pipeline backup` and `pipeline restore`."""

import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import WorkflowTest  # noqa: E402


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

    def test_the_master_key_is_in_it_only_when_that_is_asked_for(self):
        key = self.state / "pipeline-master-key"
        key.write_text("A" * 43 + "=\n", encoding="utf-8")
        key.chmod(0o600)
        self.run_pipeline("backup", str(self.backup))
        self.assertFalse((self.backup / key.name).exists())
        self.run_pipeline("backup", str(self.folder / "second"), "--with-master-key")
        self.assertEqual((self.folder / "second" / key.name).stat().st_mode & 0o777, 0o600)
