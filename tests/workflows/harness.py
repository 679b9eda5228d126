"""A scratch repository and the real binary, for tests that use it as people do."""

import json
import os
import shutil
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

PIPELINE = os.environ.get("PIPELINE_BINARY", "build/release/pipeline")
USER_ID = 54321  # of nobody on the machine
CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class WorkflowTest(unittest.TestCase):
    """Each test has a repository with one commit on main and a state folder, both gone afterwards."""

    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pipeline-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.repository = self.folder / "repo"
        self.state = self.folder / "state"
        self.repository.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write("README.md", "scratch\n")
        self.commit()

    def need_root(self, why):
        """Fails the test where it cannot be had: skipped, it would look as if it held."""
        self.assertEqual(os.geteuid(), 0, why)

    def environment(self, **more):
        """What the binary sees: no variable of the one who runs the tests."""
        values = {
            "PATH": CLEAN_PATH,
            "HOME": str(self.folder),
            "PIPELINE_STATE_DIR": str(self.state),
            "GIT_AUTHOR_NAME": "Tester",
            "GIT_AUTHOR_EMAIL": "tester@example.com",
            "GIT_COMMITTER_NAME": "Tester",
            "GIT_COMMITTER_EMAIL": "tester@example.com",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                values[name] = os.environ[name]
        values.update(more)
        return values

    def git(self, *arguments):
        """Run git in the repository; its output."""
        return subprocess.run(
            ["git", *arguments], cwd=self.repository, env=self.environment(), check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self):
        """Commit all; the commit id."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "Change")
        return self.git("rev-parse", "HEAD")

    def write(self, name, text, mode=0o644):
        """A file of the repository."""
        path = self.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        path.chmod(mode)
        return path

    def workflow(self, text, name="test.yml"):
        """A workflow file; without `on:` and `runs-on:` in every job the text would be longer than its point."""
        self.write(f".github/workflows/{name}", text)
        return f".github/workflows/{name}"

    def start(self, *arguments, **options):
        """The binary, started; killed at the end of the test if it still runs."""
        env = self.environment(**options.pop("env", {}))
        process = subprocess.Popen(
            [os.path.abspath(PIPELINE), *arguments],
            cwd=self.repository,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **options,
        )

        def end():
            if process.poll() is None:
                process.kill()
            if not process.stdout.closed:
                process.communicate()

        self.addCleanup(end)
        return process

    def run_pipeline(self, *arguments, code=0, timeout=60, env=None):
        """Run the binary to its end; its output. Fails unless the exit code is `code` (None: any)."""
        process = self.start(*arguments, env=env or {})
        output, _ = process.communicate(timeout=timeout)
        if code is not None:
            self.assertEqual(process.returncode, code, output)
        return output

    def give_to_user(self, *folders):
        """An ordinary user, without rights or subordinate ids, gets these folders and a copy of the binary; its path."""
        self.need_root("only root can become another user")
        binary = self.folder / "bin" / "pipeline"
        if not binary.exists():
            binary.parent.mkdir()
            shutil.copy(PIPELINE, binary)
            binary.chmod(0o755)
        for folder in (*folders, binary.parent):
            subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", str(folder)], check=True)
        return binary

    def run_as_user(self, *arguments, code=0, timeout=60, owned=None, env=None):
        """run_pipeline as that user, who owns these folders (default: all of the test)."""
        binary = self.give_to_user(*(owned or [self.folder]))
        done = subprocess.run(
            ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--clear-groups", str(binary), *arguments],
            cwd=self.repository,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def run_steps(self, *steps, code=0, arguments=(), env=None):
        """A workflow of one job with these run steps (script text, or mappings as YAML text)."""
        lines = ["on: push", "jobs:", "  test:", "    runs-on: ubuntu-latest", "    steps:"]
        for step in steps:
            step = textwrap.dedent(step).strip("\n")
            if not step.startswith("- "):
                step = "- run: |\n" + textwrap.indent(step, "    ")
            lines.append(textwrap.indent(step, "      "))
        self.workflow("\n".join(lines) + "\n")
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code, env=env)

    def events(self, *arguments, code=0):
        """The JSON event stream of a run."""
        output = self.run_pipeline("run", *arguments, "--json", code=code)
        return [json.loads(line) for line in output.splitlines()]

    def state_files_with(self, text):
        """Files below the state folder that hold the text."""
        found = []
        for path in self.state.rglob("*"):
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes():
                found.append(str(path.relative_to(self.state)))
        return found

    def processes_with(self, text):
        """Ids of processes whose command line or environment holds the text."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if text.encode() in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found
