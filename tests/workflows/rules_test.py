"""Rules of GitHub Actions, one folder each, run by the real binary in its sandbox.

rules/NAME/
  workflow.yml   the first line is a comment: the rule and its source; more .yml files are workflows too
  expected       what the run has to come to: exit code, conclusions, every line of the log
  arguments      more words for `pipeline run`, one a line
  event.json     the payload of the event
  secrets        lines NAME=VALUE
  machine        lines NAME=VALUE: the environment of the one who runs it
  FOLDER/...     files of the repository, actions among them

A run is compared whole. What differs from run to run is normalised (times, ids, commits); the group that opens each
step is left out unless the first line of `expected` is "with headers". `ACCEPT=1` writes `expected` anew: read the
difference, an expectation is what GitHub does and not what was printed.
"""

import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import CLEAN_PATH, PIPELINE

RULES = Path(__file__).parent / "rules"
FILES = ("expected", "arguments", "event.json", "secrets", "machine")
WITH_HEADERS = "with headers"
TAGS = {"output": "", "detail": "", "script": ""}
TIMEOUT = 110

NORMALISED = [
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<sha>"),
    (re.compile(r"\bat [0-9a-f]{7}\b"), "at <sha>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r" +\d+(\.\d+)? ?(ms|s)\b"), " <duration>"),
    (re.compile(r"duration_ms=[1-9]\d*"), "duration_ms=<duration>"),
    (re.compile(r"Machine name: '.*'"), "Machine name: '<name>'"),
    (re.compile(r"orphan process: pid \(\d+\)"), "orphan process: pid (<id>)"),
    (re.compile(r"made (by|without) root"), "made by <user>"),
]


def normalised(text):
    """The text without what is new in every run."""
    for pattern, name in NORMALISED:
        text = pattern.sub(name, text)
    return text


def environment(folder):
    """What git and the binary see: nothing of the one who runs the tests, and the same in every run."""
    values = {
        "PATH": CLEAN_PATH,
        "HOME": str(folder),
        "PIPELINE_STATE_DIR": str(folder / "state"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    for role in ("AUTHOR", "COMMITTER"):
        values[f"GIT_{role}_NAME"] = "octocat"
        values[f"GIT_{role}_EMAIL"] = "octocat@example.com"
        values[f"GIT_{role}_DATE"] = "2026-01-01T00:00:00Z"
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            values[name] = os.environ[name]
    return values


def git(repository, *arguments):
    """Run git there."""
    subprocess.run(
        ["git", *arguments], cwd=repository, env=environment(repository.parent), check=True, capture_output=True
    )


def make_repository(case, folder):
    """A repository with the files of the case and one commit."""
    repository = folder / "rules"
    workflows = repository / ".github/workflows"
    workflows.mkdir(parents=True)
    for entry in case.iterdir():
        if entry.is_dir():
            shutil.copytree(entry, repository / entry.name, symlinks=True)
        elif entry.name not in FILES:
            shutil.copy(entry, workflows / entry.name)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "remote", "add", "origin", "https://github.com/octo/rules.git")
    git(repository, "config", "user.name", "octocat")
    git(repository, "add", "-A", "-f")
    git(repository, "commit", "-q", "-m", "Rules")
    return repository


def run_case(case):
    """The run, as `expected` shows it."""
    with tempfile.TemporaryDirectory(prefix="pipeline-rule-") as name:
        folder = Path(name)
        repository = make_repository(case, folder)
        arguments = []
        if (case / "arguments").exists():
            for line in (case / "arguments").read_text(encoding="utf-8").splitlines():
                arguments += shlex.split(line)
        if (case / "event.json").exists():
            arguments += ["--event-file", str(case / "event.json")]
        if (case / "secrets").exists():
            arguments += ["--secret-file", str(case / "secrets")]
        machine = environment(folder)
        if (case / "machine").exists():
            for line in (case / "machine").read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                machine[name] = value
        as_text = any(argument.startswith("--log-format") for argument in arguments)
        done = subprocess.run(
            [os.path.abspath(PIPELINE), "run", ".github/workflows/workflow.yml", *arguments]
            + ([] if as_text else ["--json"]),
            cwd=repository,
            env=machine,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace").replace(str(folder), "<folder>")
        errors = done.stderr.decode("utf-8", "replace").replace(str(folder), "<folder>")
        lines = [f"exit {done.returncode}"]
        if as_text or not output.startswith("{"):
            lines += normalised(output + errors).splitlines()
        else:
            lines += Run(output).lines(wants_headers(case)) + normalised(errors).splitlines()
        return "\n".join(line.rstrip() for line in lines) + "\n"


def wants_headers(case):
    """Whether the case is about the group that opens a step."""
    expected = case / "expected"
    return expected.exists() and expected.read_text(encoding="utf-8").startswith(WITH_HEADERS)


class Run:
    """The events of a run, put in order: jobs by name, steps by number."""

    def __init__(self, output):
        self.jobs = {}
        for line in output.splitlines():
            event = json.loads(line)
            if "job" in event:
                self.jobs.setdefault(event["job"], []).append(event)

    def lines(self, headers):
        """The text of it."""
        lines = []
        for name in sorted(self.jobs):
            lines += self.job(name, self.jobs[name], headers)
        return lines

    def job(self, name, events, headers):
        """A job: its conclusion, and what belongs to no step, before its steps."""
        steps = {}
        for event in events:
            steps.setdefault(event.get("step", 0), []).append(event)
        own = steps.pop(0, [])
        end = next((event for event in own if event["type"] == "job_finished"), {})
        shown = end.get("name", name)
        title = f"job {name}" + (f" '{shown}'" if shown != name else "") + f": {end.get('text', 'did not end')}"
        lines = [title + (f" ({normalised(end['reason'])})" if end.get("reason") else "")]
        lines += ["  " + line for line in log_lines(own, headers)]
        for number in sorted(steps):
            finished = [event for event in steps[number] if event["type"] == "step_finished"]
            end = finished[-1] if finished else {}
            conclusion = end.get("conclusion", "did not end")
            outcome = "" if end.get("outcome") == conclusion else f" (outcome {end.get('outcome')})"
            title = end.get("text", "a step")
            lines.append(f"  {number} {normalised(title)}: {conclusion}{outcome}")
            # What the built-in checkout says is no rule of these.
            if not title.removeprefix("Post ").startswith("Run actions/checkout@"):
                lines += ["    " + line for line in log_lines(steps[number], headers)]
        return lines


def log_lines(events, headers):
    """Lines, annotations and whatever else a step reported, each as one line."""
    lines = []
    in_header = False
    in_section = False
    for event in events:
        # What "Set up job" and "Complete job" begin and end with names the machine; all else they say counts.
        if event.get("by") == "runner":
            in_section = event["type"] == "step_started"
        if in_section and event.get("kind") in ("detail", "group", "endgroup"):
            continue
        # Why a step was skipped stands in no log of GitHub's.
        if event["type"] in ("job_started", "job_finished", "step_started", "step_finished", "step_skipped"):
            continue
        kind = event.get("kind", "")
        if not headers and kind == "group" and event["text"].startswith("Run "):
            in_header = True
        if not in_header:
            lines += shown(event, kind)
        elif kind == "endgroup":
            in_header = False
    return lines


def shown(event, kind):
    """One event as the runner's log has it; the place of an annotation in braces."""
    details = {
        key: value for key, value in event.items() if key not in ("time", "type", "job", "step", "kind", "text")
    }
    suffix = " " + json.dumps(details, sort_keys=True, ensure_ascii=False) if details else ""
    if event["type"] not in ("line", "annotation"):
        return [normalised(f"<{event['type']}> {event.get('text', '')}".rstrip() + suffix)]
    tag = TAGS.get(kind, f"##[{kind}]")
    first, *more = normalised(event["text"]).split("\n")
    if event["type"] == "line":
        # Output comes in blocks of lines.
        return [f"| {tag}{first}"] + [f"| {line}" for line in more]
    # An annotation may have several lines; its place stands behind the last.
    lines = [f"! {tag}{first}"] + [f"!   {line}" for line in more]
    lines[-1] += normalised(suffix)
    return lines


class RulesTest(unittest.TestCase):
    """Every folder of rules/, several at a time."""

    maxDiff = None

    def check(self, first, last):
        """The rules whose names begin with these letters."""
        only = os.environ.get("RULES", "")
        cases = [
            case
            for case in sorted(RULES.iterdir())
            if case.is_dir() and first <= case.name[0] <= last and re.search(only, case.name)
        ]
        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
            runs = {case: pool.submit(run_case, case) for case in cases}
            for case, run in runs.items():
                with self.subTest(case.name):
                    self.compare(case, run)
        self.assertTrue(cases or only, f"no rule begins with {first} to {last}")

    def compare(self, case, run):
        """Holds the run against `expected`, or writes it."""
        try:
            got = run.result()
        except subprocess.TimeoutExpired as expired:
            self.fail(f"the run did not end in {TIMEOUT} s:\n{(expired.stdout or b'').decode('utf-8', 'replace')}")
        rule = (case / "workflow.yml").read_text(encoding="utf-8").splitlines()[0]
        self.assertRegex(rule, r"^# .+", "the first line of workflow.yml says which rule it is, and its source")
        expected = case / "expected"
        if wants_headers(case):
            got = f"{WITH_HEADERS}\n{got}"
        if os.environ.get("ACCEPT") == "1":
            expected.write_text(got, encoding="utf-8")
        wanted = expected.read_text(encoding="utf-8") if expected.exists() else "(there is no file `expected`)\n"
        self.assertMultiLineEqual(wanted, got, rule)

    def test_rules_a_to_c(self):
        """actions, annotations, commands, conditions, …"""
        self.check("a", "c")

    def test_rules_d_to_i(self):
        """env, exit, headers, hashFiles, inputs, …"""
        self.check("d", "i")

    def test_rules_j_to_z(self):
        """jobs, masking, matchers, matrix, names, shells, …"""
        self.check("j", "z")


if __name__ == "__main__":
    unittest.main()
