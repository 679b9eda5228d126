#!/usr/bin/env python3
"""The house keeps its shape: arrows between rooms, one library one room, file sizes.

Usage: architecture_test.py ROOT. Prints each violation as file:line: sentence; exit code 1 when there is one.
"""

import re
import sys
from pathlib import Path

# Which rooms a room may include, besides itself.
ARROWS = {
    "base": set(),
    "workflow": {"base"},
    "sandbox": {"base"},
    "aws": {"base"},
    "ecr": {"sandbox", "aws", "base"},
    "ecs": {"aws", "base"},
    "steps": {"workflow", "sandbox", "ecr", "ecs", "aws", "base"},
    "emulator": {"sandbox", "ecr", "base"},
    "runner": {"steps", "workflow", "sandbox", "ecr", "base"},
    "server": {"runner", "workflow", "base"},
    "cli": {"base", "workflow", "sandbox", "aws", "ecr", "ecs", "steps", "emulator", "runner", "server"},
}

# Who may include a library's headers.
LIBRARIES = [
    (re.compile(r"git2(\.h|/)"), {"base"}),
    (re.compile(r"archive(_entry)?\.h$"), {"base"}),
    (re.compile(r"openssl/"), {"base"}),
    (re.compile(r"curl/"), {"base"}),
    (re.compile(r"spdlog/"), {"base"}),
    (re.compile(r"httplib\.h$"), {"base"}),
    (re.compile(r"yaml-cpp/"), {"workflow"}),
    (re.compile(r"seccomp\.h$"), {"sandbox"}),
    (re.compile(r"linux/landlock\.h$"), {"sandbox"}),
    (re.compile(r"(isa-l|igzip|libdeflate|zlib|zstd)"), {"ecr"}),
    (re.compile(r"hs/"), {"steps"}),
    (re.compile(r"sqlite3\.h$"), {"runner"}),
    (re.compile(r"hs\.h$"), {"steps"}),
    (re.compile(r"(libpq|sodium)"), {"server"}),
    (re.compile(r"CLI/"), {"cli"}),
]

# emulator/ judges our registry client, so it may not use it.
EMULATOR_MAY_NOT_INCLUDE = {"ecr/registry.h", "ecr/push.h", "ecr/pull.h", "ecr/ecr_client.h", "ecr/build.h"}

LONGEST_FILE = 800
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def violations_of(path, room):
    """Each violation of one file as (line, sentence)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > LONGEST_FILE:
        yield 1, f"{len(lines)} lines; {LONGEST_FILE} is the limit: split it by subject"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(1)
        target = header.split("/", 1)[0]
        if target in ARROWS and "/" in header and target != room and target not in ARROWS[room]:
            yield number, f"{room}/ may not include {header}"
        if room == "emulator" and header in EMULATOR_MAY_NOT_INCLUDE:
            yield number, f"emulator/ may not include {header}: it judges that client"
        for pattern, owners in LIBRARIES:
            if pattern.match(header) and room not in owners:
                yield number, f"only {', '.join(sorted(owners))}/ may include <{header}>"


def check(root):
    """All violations below root, and how many files were read."""
    found, files = [], 0
    for room in ARROWS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in {".h", ".cpp"}:
                files += 1
                found += [f"{path.relative_to(root)}:{line}: {text}" for line, text in violations_of(path, room)]
    return found, files


def main():
    """Check the tree that is named."""
    found, files = check(Path(sys.argv[1]))
    if files == 0:
        found = [f"{sys.argv[1]}: no source file found in any room"]
    print("\n".join(found) if found else f"{files} files, no violation")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
