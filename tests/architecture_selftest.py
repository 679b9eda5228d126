#!/usr/bin/env python3
"""architecture_test.py sees what it is there to see."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import architecture_test  # noqa: E402  pylint: disable=wrong-import-position


class ArchitectureTest(unittest.TestCase):
    """Each rule, broken in a small tree."""

    def violations(self, name, text):
        """What is found when one file holds that text."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            return architecture_test.check(Path(folder))[0]

    def test_an_arrow_upwards_is_found(self):
        """base/ knows nothing of the rooms above it."""
        self.assertEqual(
            self.violations("base/files.cpp", '#include "workflow/plan.h"\n'),
            ["base/files.cpp:1: base/ may not include workflow/plan.h"],
        )

    def test_an_arrow_downwards_is_fine(self):
        """steps/ may use workflow/."""
        self.assertEqual(self.violations("steps/a.cpp", '#include "workflow/plan.h"\n'), [])

    def test_a_library_in_another_room_is_found(self):
        """yaml-cpp is for workflow/ alone."""
        self.assertEqual(len(self.violations("runner/a.cpp", "#include <yaml-cpp/yaml.h>\n")), 1)

    def test_the_registry_client_in_the_emulator_is_found(self):
        """The emulator judges it."""
        self.assertEqual(len(self.violations("emulator/a.cpp", '#include "ecr/registry.h"\n')), 1)

    def test_a_file_that_grew_too_long_is_found(self):
        """801 lines are one too many."""
        self.assertEqual(len(self.violations("base/a.cpp", "\n" * 801)), 1)


if __name__ == "__main__":
    unittest.main()
