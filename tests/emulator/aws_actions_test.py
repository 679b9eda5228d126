"""The built-ins for the four aws-actions, held against what the published actions gave and asked (`aws-actions/`).

`published_actions_test.py` is what wrote that down.
"""

import json
import socket
import time
import unittest

from aws_actions_harness import CASES, FOLDER, AwsActionsTest
from compare_actions import differences

SLOW = """\
on: push
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v6
        with:
          aws-region: eu-central-1
          aws-access-key-id: EMULATORADMIN
          aws-secret-access-key: emulator
          sts-endpoint: http://127.0.0.1:PORT
          action-timeout-s: 1
"""


class BuiltinActionsTest(AwsActionsTest):
    """Without the actions' JavaScript."""

    def test_they_give_and_ask_what_the_published_actions_do(self):
        """Case by case: ends of steps, outputs, rendered files, requests to AWS."""
        for case in CASES:
            with self.subTest(case):
                recorded = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
                self.assertEqual(differences(case, recorded, self.carry_out(case)), [])

    def test_a_time_limit_ends_a_request_that_nobody_answers(self):
        """action-timeout-s, with an STS that takes the connection and is silent."""
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            path = self.repository / ".github" / "workflows" / "slow.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SLOW.replace("PORT", str(silent.getsockname()[1])), encoding="utf-8")
            began = time.monotonic()
            output = self.run_program(self.binary(), "run", str(path), "--emulator", code=1)
            self.assertIn("Action timed out after 1 seconds", output)
            self.assertLess(time.monotonic() - began, 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
