"""The four aws-actions as they are published, on the emulator, beside the built-ins: run by `make aws-actions`.

AWS_ACTIONS names a folder with clones of their repositories. With ACCEPT=1 what they do is written down in `aws-actions/`,
for the test of every day that holds the built-ins against it.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from aws_actions_harness import CASES, FOLDER, AwsActionsTest  # isort: skip
from action_server import ActionServer  # isort: skip

ACTIONS = (
    "configure-aws-credentials",
    "amazon-ecr-login",
    "amazon-ecs-render-task-definition",
    "amazon-ecs-deploy-task-definition",
)


def sources():
    """Where each action's clone is; ends the program when one is missing."""
    folder = os.environ.get("AWS_ACTIONS", "")
    found = {action: Path(folder) / action for action in ACTIONS}
    missing = [action for action, path in found.items() if not folder or not path.is_dir()]
    if missing:
        sys.exit(
            "AWS_ACTIONS: expected a folder with clones of https://github.com/aws-actions/NAME, "
            f"found none of {', '.join(missing)} in '{folder}'"
        )
    return found


class PublishedActionsTest(AwsActionsTest):
    """Served by git on loopback, fetched as any action is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = ActionServer(cls.folder / "server")
        cls.addClassCleanup(cls.server.close)
        for action, source in sources().items():
            clone = cls.folder / "server" / "aws-actions" / action
            subprocess.run(["git", "clone", "-q", "--no-checkout", str(source), str(clone)], check=True)
            cls.refs = {**cls.refs, action: cls.server.git(f"aws-actions/{action}", "rev-parse", "HEAD")}

    def test_they_do_what_is_written_down(self):
        """So that the record is that of these versions."""
        fetched = [word for action in ACTIONS for word in ("--no-builtin", f"aws-actions/{action}")]
        for case in CASES:
            with self.subTest(case):
                done = self.carry_out(case, *fetched, env={"PIPELINE_ACTION_SERVER": self.server.url})
                record = FOLDER / f"{case}.json"
                if os.environ.get("ACCEPT") == "1":
                    record.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
                self.assertEqual(done, json.loads(record.read_text(encoding="utf-8")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
