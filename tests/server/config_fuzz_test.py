"""The example of docs/serve.md, damaged in hundreds of ways: refused with its place, or taken; never anything else.

PIPELINE_CONFIG_SEED is which ways (default: new ones), PIPELINE_CONFIG_MUTATIONS how many (default 200).
"""

import os
import random
import re
import select
import signal
import subprocess
import unittest
from pathlib import Path

from serve_harness import PIPELINE, ServeTest

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("PIPELINE_CONFIG_SEED") or random.randrange(1 << 32))
MUTATIONS = int(os.environ.get("PIPELINE_CONFIG_MUTATIONS", "200"))
LISTEN = "listen: 127.0.0.1:0\n"
VALUES = ["", "null", "true", "-1", "0", "1e309", "99999999999999999999", "0x10", ".nan", "[]", "{}", "[[1]]", "{a: {b: c}}", "'x'",
          '"\\u0000"', "!!binary aGk=", "!!python/object:os.system x", "&a [*a]", "*nothing", "<<: *x", "|\n  a\n", "?", "%", "@x",
          "`x`", "x" * 5000, "ünï 語 🎉", "[" * 300, "{a: " * 300, "2026-11-22", "~", "yes", "on", "0o17", "12:30", "# only", "'", '"']


def example():
    """The example, its address replaced by one that is free."""
    text = (ROOT / "docs/serve.md").read_text(encoding="utf-8").split("```yaml\n", 1)[1].split("```", 1)[0]
    return text.replace("listen: 127.0.0.1:8480\n", "")


class ConfigFuzzTest(ServeTest):
    """Each text is given to a daemon of its own."""

    def outcome(self, text):
        """(exit code or None when it listened, what it said)."""
        self.config = self.folder / "serve.yml"
        self.config.write_bytes(text if isinstance(text, bytes) else text.encode())
        daemon = subprocess.Popen(
            [PIPELINE, "serve", "--config", str(self.config)], cwd=self.folder, env=self.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertTrue(select.select([daemon.stdout], [], [], 20)[0], "neither listens nor ends")
            listens = daemon.stdout.readline().startswith(b"http://127.0.0.1:")
            if listens:
                daemon.send_signal(signal.SIGTERM)
            _, said = daemon.communicate(timeout=20)
            self.assertEqual(daemon.returncode == 0, listens, said)
            return (None if listens else daemon.returncode), said.decode(errors="strict")
        finally:
            if daemon.poll() is None:
                daemon.kill()
                daemon.communicate()

    def check(self, text):
        """Refused with file:line:col and what was expected, or taken; whether it was taken."""
        code, said = self.outcome(text)
        if code is None:
            return True
        self.assertEqual(code, 2, said)
        self.assertRegex(said, r"serve\.yml:[1-9]\d*:[1-9]\d*: \S", said)
        self.assertLess(len(said), 20_000)
        return False

    def test_the_example_is_taken(self):
        self.assertEqual(self.outcome(LISTEN + example())[0], None)

    def test_every_value_of_another_kind_is_refused_with_its_place(self):
        lines = (LISTEN + example()).splitlines(keepends=True)
        texts = {"external-url", "url", "user", "credential", "forks", "forge", "digest"}
        for number, line in enumerate(lines, 1):
            match = re.match(r" *([a-z-]+): (?![{\[])", line)
            if not match:
                continue
            for value in ("[[x]]", "{x: y}") if match[1] in texts | {"listen"} else ("[[x]]", "{x: y}", "x", "1.5", "-1", "true"):
                with self.subTest(line=line.strip(), value=value):
                    text = "".join(lines[: number - 1]) + line[: match.end()] + value + "\n" + "".join(lines[number:])
                    code, said = self.outcome(text)
                    self.assertEqual(code, 2, said)
                    self.assertRegex(said, rf"serve\.yml:{number}:\d+: expected .*, found ", said)

    def test_what_yaml_can_do_is_taken_rightly_or_refused(self):
        base = LISTEN + "repositories: {}\n"
        laughs = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
        for name, text, taken in [
            ("a key twice", base + "capacity: 1\ncapacity: 2\n", False),
            ("a key twice, far inside", LISTEN + "repositories:\n  a/b: {priority: 1, priority: 2}\n", False),
            ("a repository twice", LISTEN + "repositories:\n  a/b: {}\n  a/b: {}\n", False),
            ("an anchor in itself", LISTEN + "repositories: &a\n  a/b: *a\n", False),
            ("a list in itself", base + "labels: &l [x, *l]\n", False),
            ("an anchor that is not there", base + "labels: *l\n", False),
            ("a billion laughs", "a0: &a0 x\n" + laughs + base, False),
            ("an anchor used", LISTEN + "repositories:\n  a/b: &r {priority: 1}\n  a/c: *r\n", True),
            ("a second document", base + "---\n" + base, False),
            ("nothing", "", False), ("a comment", "# nothing\n", False), ("a list", "- a\n", False), ("a text", "a\n", False),
            ("no UTF-8", LISTEN.encode() + b"labels: [\xff\xfe]\nrepositories: {}\n", False),
            ("NULs", LISTEN.encode() + b"labels: [a\0b]\nrepositories: {}\n", False),
            ("tabs", LISTEN + "repositories:\n\ta/b: {}\n", False),
            ("JSON", '{"listen": "127.0.0.1:0", "repositories": {}}', True),
            ("lines of Windows", base.replace("\n", "\r\n"), True),
            ("a byte order mark", "\ufeff" + base, True),
        ]:
            with self.subTest(name):
                self.assertEqual(self.check(text), taken, text[:300])

    def test_mutations_of_the_example_never_crash_it(self):
        print(f"PIPELINE_CONFIG_SEED={SEED}", flush=True)
        chance, taken = random.Random(SEED), 0
        for number in range(MUTATIONS):
            text = self.mutated(chance, example())
            with self.subTest(number=number, seed=SEED, text=text[:2000]):
                taken += self.check(LISTEN + text)
        print(f"{taken} of {MUTATIONS} were taken")

    @staticmethod
    def mutated(chance, text):
        """One to three changes of a line, a value, or some letters."""
        for _ in range(chance.randint(1, 3)):
            lines = text.splitlines(keepends=True)
            at = chance.randrange(len(lines))
            kind = chance.randrange(8)
            if kind == 0:
                lines[at] = re.sub(r":.*", lambda _: ": " + chance.choice(VALUES), lines[at], count=1)
            elif kind == 1:
                lines.insert(at, chance.choice(lines))
            elif kind == 2:
                del lines[at]
            elif kind == 3:
                lines[at] = " " * chance.randrange(6) + lines[at].lstrip()
            elif kind == 4:
                lines[at] = lines[at].replace(":", chance.choice(["", "::", " :", ":\n"]), 1)
            elif kind == 5:
                lines[at] = lines[at][: chance.randrange(len(lines[at]))] + chance.choice(VALUES) + "\n"
            elif kind == 6:
                lines[at] = re.sub(r"[a-z]", lambda _: chance.choice("qzx"), lines[at], count=1)
            else:
                place = chance.randrange(len(text))
                lines = [text[:place] + chance.choice("{}[]:,&*#!|>'\"%@`-?\t\r\x01\u2028x1") + text[place + 1 :]]
            text = "".join(lines) or "x\n"
        return text


if __name__ == "__main__":
    unittest.main()
