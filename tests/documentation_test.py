"""Every row of docs/compatibility.md names a test that exists. Usage: documentation_test.py ROOT."""

import re
import sys
from pathlib import Path


def known_tests(root):
    """`Suite.Case` of the unit tests, `file.test_name` of the others, `rules/NAME` of the rules' folders."""
    names = {f"rules/{path.parent.name}" for path in (root / "tests/workflows/rules").glob("*/expected")}
    for path in (root / "tests").rglob("*.cpp"):
        for suite, case in re.findall(r"^\s*TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", path.read_text(encoding="utf-8"), re.M):
            names.add(f"{suite}.{case}")
    for path in (root / "tests").rglob("*_test.py"):
        for case in re.findall(r"^\s+def (test_\w+)", path.read_text(encoding="utf-8"), re.M):
            names.add(f"{path.stem}.{case}")
    return names


def main():
    """Report rows without a test."""
    root = Path(sys.argv[1])
    tests = known_tests(root)
    wrong = []
    rows = 0
    for number, line in enumerate((root / "docs/compatibility.md").read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("|") or line.startswith("|---") or line.rstrip("| ").endswith("| test"):
            continue
        rows += 1
        named = re.findall(r"`([\w.]+|rules/[\w-]+)`", line.rstrip().rstrip("|").rsplit("|", 1)[1])
        if not named or any(name not in tests for name in named):
            wrong.append(f"docs/compatibility.md:{number}: {named or 'no test'} does not exist")
    print("\n".join(wrong) or f"{rows} rows, each with a test")
    return 1 if wrong or rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
