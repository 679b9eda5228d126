"""The examples, from a fresh state through build, push and deployment; and the gate of one of them."""

import os
import re
import subprocess
import unittest

from emulator_harness import CLEAN_PATH, ROOT, BareEmulatorTest, EmulatorTest

EXAMPLES = ("fastapi", "flask", "models", "stack", "ingestion")


class ExamplesTest(unittest.TestCase):
    """`make examples`."""

    def test_each_deploys_and_no_request_fails(self):
        """The table says for each how many were sent and failed."""
        folder = os.environ.get("PIPELINE_TEST_CACHE", "/tmp")
        done = subprocess.run(
            [str(ROOT / "examples" / "run-all"), BareEmulatorTest.binary()], env={"PATH": CLEAN_PATH, "HOME": os.environ.get("HOME", "/"), "PIPELINE_EXAMPLE_LOGS": folder},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1700, check=False,
        )  # fmt: skip
        rows = dict(re.findall(r"^(\w+) +(passed +\d+ +\d+ +\d+)$", done.stdout, re.MULTILINE))
        self.assertEqual(tuple(rows), EXAMPLES, done.stdout[-6000:])
        for name, row in rows.items():
            sent, failed = map(int, row.split()[2:])
            self.assertGreater(sent, 20, name)
            self.assertEqual(failed, 0, name)
        self.assertEqual(done.returncode, 0)


class ScanGateTest(EmulatorTest):
    """Examples/flask, in whose image ECR finds something HIGH."""

    example = ROOT / "examples" / "flask"
    seed_changes = (("severity: LOW", "severity: HIGH"),)

    def test_an_image_with_a_high_finding_is_not_deployed(self):
        """The step says what was found; no task definition is registered."""
        output = self.deploy(code=1)
        self.assertIn("HIGH  CVE-2010-4756", output)
        self.assertIn("findings of severity HIGH or CRITICAL in notes:", output)
        self.assertEqual(self.status()["services"][0]["running"], 0)
        self.assertNotIn("aws-actions/amazon-ecs-deploy-task-definition", output.split("Summary")[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
