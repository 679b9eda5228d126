"""What must hold in server.db and in the runs' logs whatever was killed: read after each test of failures."""

import json
import sqlite3
from pathlib import Path


def violations(state):
    """Each broken invariant as a sentence."""
    with sqlite3.connect(f"file:{Path(state) / 'server.db'}?mode=ro", uri=True) as database:
        journal = database.execute("SELECT seq, type, attempt, fence, about FROM journal ORDER BY seq").fetchall()
        attempts = database.execute("SELECT id, state, conclusion, run_id, run_attempt, intent FROM attempts").fetchall()
        deliveries = database.execute("SELECT id, state, verdict FROM deliveries").fetchall()
    yield from _fences(journal)
    yield from _endings(journal, attempts)
    for delivery, state_of, verdict in deliveries:
        if state_of != "done" or not json.loads(verdict)["reason"]:
            yield f"delivery {delivery} has no verdict"
    for attempt, _, _, run, number, _ in attempts:
        if run:
            yield from _log(Path(state) / "runs" / str(run) / "outline.jsonl", attempt, number)


def _fences(journal):
    live, last = {}, 0
    for seq, kind, attempt, fence, _ in journal:
        if kind == "claimed":
            if attempt in live:
                yield f"journal {seq}: attempt {attempt} has two live fences"
            if fence <= last:
                yield f"journal {seq}: fence {fence} is not greater than {last}"
            live[attempt], last = fence, fence
        elif kind in ("finished", "lost"):
            if fence and live.get(attempt) != fence:
                yield f"journal {seq}: attempt {attempt} ended under fence {fence}, which it had not"
            live.pop(attempt, None)


def _endings(journal, attempts):
    ends = {}
    for _, kind, attempt, _, _ in journal:
        if kind in ("finished", "lost"):
            ends[attempt] = ends.get(attempt, 0) + 1
    intended = {attempt for _, kind, attempt, _, _ in journal if kind == "intent"}
    for attempt, state, conclusion, _, _, _ in attempts:
        over = state in ("done", "unknown")
        if over != (ends.get(attempt, 0) == 1):
            yield f"attempt {attempt} is {state} and ended {ends.get(attempt, 0)} times"
        if over and not conclusion:
            yield f"attempt {attempt} has ended without a conclusion"
        if attempt in intended and over and conclusion in ("error", "host_lost"):
            yield f"attempt {attempt} deployed, was lost, and no person is asked"


def _log(outline, attempt, number):
    """No step starts after its job has ended."""
    ended, wanted = set(), False
    for line in outline.read_text(encoding="utf-8").splitlines() if outline.exists() else []:
        entry = json.loads(line)
        if entry["type"] == "plan":
            wanted = entry["run_attempt"] == number
        elif wanted and entry["type"] == "job_finished":
            ended.add(entry["job"])
        elif wanted and entry["type"] == "step_started" and entry["job"] in ended:
            yield f"attempt {attempt}: a step of {entry['job']} started after the job had ended"
