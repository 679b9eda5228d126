"""Runs that something happens to: a step that goes on for a while, and the invariants afterwards."""

from pathlib import Path

from forge import ForgeTest
from invariants import violations

# A job that says something ten times a second.
WAITS = """
on: push
jobs:
  wait:
    runs-on: ubuntu-latest
    {more}
    steps:
      - run: |
          echo began
          for i in $(seq 600); do echo "tick $i"; sleep 0.1; test $i -lt {ticks} || exit 0; done
"""


def process_of(pid):
    """State and parent of a process, None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
    except FileNotFoundError:
        return None
    return None if fields[0] in "ZX" else (fields[0], int(fields[1]))


class FailureTest(ForgeTest):
    """Each ends with the invariants being read from the database and the logs."""

    def begin(self, more="", ticks=40):
        """A run whose step goes on for a while; its id."""
        self.workflow(WAITS.format(more=more, ticks=ticks))
        self.serve()
        run = self.push_and_run()
        self.wait_for("no line of the step", lambda: self.said(run, "tick 1"))
        return run

    def said(self, run, text):
        """Whether the job's log has that line."""
        found = self.get(f"/api/runs/{run}")
        if not found["jobs"] or found["run"]["status"] == "queued":
            return False
        return text in self.lines(run)

    def supervisor(self, run):
        """The process that carries the run out."""
        workers = self.get("/api/workers")["workers"]
        return next(worker["pid"] for worker in workers if worker["run"] == run)

    def tearDown(self):
        if (self.state / "server.db").exists():
            self.end(self.daemon) if self.daemon.poll() is None else None
            self.assertEqual(list(violations(self.state)), [], self.log())

    def lines(self, run, job="wait"):
        """The text of a job's log."""
        return [line["text"] for line in self.get(f"/api/runs/{run}/jobs/{job}/log?count=5000")["lines"]]
