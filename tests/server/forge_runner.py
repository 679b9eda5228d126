"""What tests of `pipeline runner` share: a forge that is written from the public protocol files, and runners of it."""

import signal
import sys
import textwrap
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "workflows"), str(TESTS / "fakes")]
from fake_runner_v1 import FakeForge  # noqa: E402
from harness import WorkflowTest  # noqa: E402


def job(steps, more=""):
    """A task's workflow: one job with these steps."""
    return (
        "name: CI\non: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
        + textwrap.indent(textwrap.dedent(more), "    ")
        + "    steps:\n"
        + textwrap.indent(textwrap.dedent(steps), "      ")
    )


class ForgeRunnerTest(WorkflowTest):
    """A forge for each test, and a runner that is registered there."""

    def setUp(self):
        super().setUp()
        self.forge = FakeForge(self.folder / "forge")
        self.addCleanup(self.forge.close)
        self.token_file = self.folder / "token"
        self.token_file.write_text(self.forge.registration_token + "\n", encoding="utf-8")

    def register(self, *arguments, code=0, env=None):
        """Its output."""
        return self.run_pipeline(
            "runner", "register", "--instance", self.forge.url, "--no-interactive", *arguments, code=code, env=env
        )

    def registered_runner(self, *arguments, labels="ubuntu-latest:host"):
        """A runner that fetches jobs."""
        self.register("--token-file", str(self.token_file), "--labels", labels)
        return self.start("runner", "run", *arguments)

    def end(self, runner, code=0):
        """Asks it to end; what it said."""
        runner.send_signal(signal.SIGTERM)
        output, _ = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, code, output)
        return output

    def wait_for(self, what, message, seconds=30):
        """Until it holds."""
        deadline = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), deadline, message)
            time.sleep(0.02)

    def run_task(self, workflow, *arguments, **task):
        """A task from its start to its end."""
        added = self.forge.add_task(workflow, **task)
        runner = self.registered_runner(*arguments)
        self.assertTrue(added.done.wait(60), f"no result; log: {added.log()}")
        self.output = self.end(runner)
        return added
