"""What becomes of a seed that changes."""

import unittest

from emulator_harness import BareEmulatorTest


class SeedTest(BareEmulatorTest):
    """An account with one cluster, later two."""

    seed_text = "region: eu-central-1\nclusters: [one]\nusers: [{name: admin, access_key_id: EMULATORADMIN, secret_access_key: emulator}]\n"

    def clusters(self):
        """Their names."""
        return sorted(arn.rsplit("/", 1)[1] for arn in self.aws("ecs", "list-clusters")["clusterArns"])

    def test_a_running_emulator_does_not_pass_over_a_changed_seed(self):
        """It says what to do; that makes what is new."""
        up = ("emulator", "up", "--seed", str(self.seed))
        self.assertIn("already", self.run_program(self.binary(), *up))
        self.seed.write_text(self.seed.read_text(encoding="utf-8").replace("[one]", "[one, two]"), encoding="utf-8")
        output = self.run_program(self.binary(), *up, code=2)
        self.assertIn("seeds are read at the start: run `pipeline emulator down`", output)
        self.assertEqual(self.clusters(), ["one"])
        self.run_program(self.binary(), "emulator", "down")
        self.run_program(self.binary(), *up)
        type(self).endpoint = self.run_program(self.binary(), "emulator", "status", "--endpoint").strip()
        self.assertEqual(self.clusters(), ["one", "two"])


if __name__ == "__main__":
    unittest.main()
