"""Check that what is installed satisfies requirements.txt, and that it fits together."""

import re
import sys
from importlib import metadata
from pathlib import Path


def parse(version):
    """A version's leading numbers, to compare."""
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def main():
    """Print a line for each requirement; 1 when one is not met."""
    failed = False
    for line in Path("requirements.txt").read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", line.strip())
        if not match:
            sys.exit(f"requirements.txt: expected name>=version, found {line!r}")
        name, minimum = match.groups()
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            print(f"{name}: not installed, {minimum} or newer is required")
            failed = True
            continue
        good = parse(installed) >= parse(minimum)
        print(f"{name}: {installed} installed, {minimum} or newer is required: {'ok' if good else 'TOO OLD'}")
        failed = failed or not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
