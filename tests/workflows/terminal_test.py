"""The live view on a terminal: a pseudo-terminal and a small model of a screen, so that what people see is held
against what was meant, not the bytes that draw it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import PIPELINE, WorkflowTest

SEQUENCE = re.compile(rb"\x1b\[([?0-9;]*)([A-Za-z])")
DRAWING = {b"A", b"J", b"K", b"h", b"l", b"m"}


class Screen:
    """What a terminal of that size shows: lines that scrolled out, and those on the screen."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.gone, self.lines = [], [""]
        self.row = self.column = 0
        self.wraps, self.cursor = True, True

    def feed(self, data):
        position = 0
        while position < len(data):
            match = SEQUENCE.match(data, position)
            if match:
                self.obey(match.group(1).decode(), match.group(2).decode())
                position = match.end()
                continue
            size = 1
            first = data[position]
            if first >= 0xC2:
                size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            self.put(data[position : position + size].decode("utf-8", "replace"))
            position += size

    def obey(self, arguments, letter):
        if letter == "A":
            self.row = max(0, self.row - int(arguments or 1))
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        elif letter in "hl" and arguments == "?7":
            self.wraps = letter == "h"
        elif letter in "hl" and arguments == "?25":
            self.cursor = letter == "h"

    def new_line(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")
        if self.row == self.rows:
            self.gone.append(self.lines.pop(0))
            self.row -= 1

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.new_line()
        else:
            if self.column >= self.columns:
                if not self.wraps:
                    self.column = self.columns - 1
                else:
                    self.column = 0
                    self.new_line()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1

    def all(self):
        return [line.rstrip() for line in self.gone + self.lines]


class OnTerminal:
    """The binary on a pseudo-terminal."""

    def __init__(self, test, *arguments, rows=24, columns=80, env=None):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        environment = test.environment(**{"TERM": "xterm-256color", **(env or {})})
        self.process = subprocess.Popen(
            [os.path.abspath(PIPELINE), *arguments],
            cwd=test.repository,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        self.screen = Screen(rows, columns)
        self.raw = b""
        self.seen = []  # screens that were shown in between
        test.addCleanup(self.close)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, condition, seconds=60):
        """Reads on until the condition holds for the screen; what is left when the program ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition is not None and condition(self.screen):
                return True
            if not select.select([self.master], [], [], 0.1)[0]:
                if self.process.poll() is not None:
                    return condition is None
                continue
            data = os.read(self.master, 65536)
            self.raw += data
            # Whole drawings only: a condition is about what a person sees.
            self.screen.feed(data)
            self.seen.append("\n".join(self.screen.all()))
        return False

    def finish(self):
        assert self.read_until(None), "\n".join(self.screen.all())
        return self.process.wait(10)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.master, self.slave):
            os.close(descriptor)


class TerminalTest(WorkflowTest):
    def one_job(self, script, name="check"):
        body = "\n".join("          " + line for line in script.strip().splitlines())
        self.workflow(
            "on: push\njobs:\n  %s:\n    runs-on: ubuntu-latest\n    steps:\n      - name: Work\n        run: |\n%s\n"
            % (name, body)
        )

    def on_terminal(self, *arguments, **options):
        return OnTerminal(self, "run", ".github/workflows/test.yml", *arguments, **options)

    def test_the_tree_shows_jobs_steps_and_the_last_lines_of_what_runs(self):
        self.one_job("for i in $(seq 1 30); do echo line $i; done\nsleep 2")
        shown = self.on_terminal()
        self.assertTrue(shown.read_until(lambda screen: any("│ line 30" in line for line in screen.lines)))
        text = "\n".join(shown.screen.all())
        self.assertRegex(text, r"● check +[0-9.]+m?s")
        self.assertRegex(text, r"  ● Work +[0-9.]+m?s")
        self.assertIn("1 running, 0 done", text)
        self.assertNotIn("line 20\n", text)
        self.assertEqual(shown.finish(), 0)
        text = "\n".join(shown.screen.all())
        self.assertNotIn("●", text)
        self.assertNotIn("line 30", text)
        self.assertRegex(text, r"✓ check +[0-9.]+s\n  ✓ Work +[0-9.]+s\n")
        self.assertIn("success in", text)

    def test_a_failure_is_shown_with_its_last_fifty_lines(self):
        self.one_job("for i in $(seq 1 70); do echo line $i; done\necho '::error::it broke'\nexit 3")
        shown = self.on_terminal()
        self.assertEqual(shown.finish(), 1)
        text = "\n".join(shown.screen.all())
        self.assertIn("✗ check › Work", text)
        self.assertIn("  line 70\n  Error: it broke\n  Error: Process completed with exit code 3.", text)
        self.assertNotIn("line 10\n", text)
        self.assertIn("lines before these are in the log", text)

    def test_warnings_are_shown_at_the_end(self):
        self.one_job("echo '::warning::be careful'")
        shown = self.on_terminal()
        self.assertEqual(shown.finish(), 0)
        self.assertIn("warning check: be careful", "\n".join(shown.screen.all()))

    def test_a_narrow_terminal_gets_no_line_wider_than_itself(self):
        self.one_job("echo %s\necho 日本語日本語日本語日本語日本語\nsleep 1" % ("x" * 300))
        shown = self.on_terminal(rows=6, columns=20)
        self.assertTrue(shown.read_until(lambda screen: any("日" in line for line in screen.lines)))
        for line in shown.screen.lines:
            self.assertLessEqual(len(line), 20)
        self.assertEqual(shown.finish(), 0)
        self.assertNotIn("●", "\n".join(shown.screen.all()))

    def test_a_change_of_size_is_followed(self):
        self.one_job("echo %s\nsleep 3" % ("wide " * 40))
        shown = self.on_terminal(columns=120)
        self.assertTrue(shown.read_until(lambda screen: any("wide wide" in line for line in screen.lines)))
        shown.resize(24, 30)
        os.kill(shown.process.pid, signal.SIGWINCH)
        start = len(shown.raw)
        self.assertTrue(shown.read_until(lambda _: shown.raw.count(b"\x1b[?2026l", start) >= 3))
        frames = shown.raw[start:].split(b"\x1b[?2026h")[2:-1]
        for frame in frames:
            for line in SEQUENCE.sub(b"", frame).decode().replace("\r", "").split("\n"):
                self.assertLessEqual(len(line), 30, line)
        self.assertEqual(shown.finish(), 0)

    def test_no_color_means_none(self):
        self.one_job("printf '\\033[31mred\\033[0m\\n'\nsleep 1\nexit 1")
        shown = self.on_terminal(env={"NO_COLOR": "1"})
        self.assertEqual(shown.finish(), 1)
        live = shown.raw.split(b"failure in")[0].split("✗ check › Work".encode())[0]
        self.assertNotRegex(live, rb"\x1b\[[0-9;]*m")

    def test_what_steps_print_moves_no_cursor(self):
        self.one_job(r"printf 'a\033[2J\033[5Ab\033]0;title\007c\r\bd\033[?1049he\302\233Jf\n'" + "\nsleep 1\nexit 1")
        shown = self.on_terminal()
        self.assertEqual(shown.finish(), 1)
        for match in re.finditer(rb"\x1b(.)", shown.raw, re.DOTALL):
            self.assertEqual(match.group(1), b"[")
        for match in SEQUENCE.finditer(shown.raw):
            self.assertIn(match.group(2), DRAWING)
            if match.group(2) in b"hl":
                self.assertIn(match.group(1), {b"?25", b"?7", b"?2026"})
        self.assertNotIn(b"\x07", shown.raw)
        self.assertNotIn(b"\x08", shown.raw)
        self.assertIn(b"[2J", shown.raw)

    def test_ctrl_c_leaves_the_terminal_as_it_was(self):
        self.one_job("echo begun\nsleep 60")
        shown = self.on_terminal()
        self.assertTrue(shown.read_until(lambda screen: any("begun" in line for line in screen.lines)))
        os.write(shown.master, b"\x03")
        self.assertEqual(shown.finish(), 130)
        self.assertTrue(shown.screen.cursor)
        self.assertTrue(shown.screen.wraps)
        self.assertEqual(termios.tcgetattr(shown.slave), shown.before)
        self.assertRegex("\n".join(shown.screen.all()), "◌ check cancelled")

    def test_killed_it_leaves_the_terminal_as_it_was(self):
        self.one_job("echo begun\nsleep 60")
        shown = self.on_terminal()
        self.assertTrue(shown.read_until(lambda screen: any("begun" in line for line in screen.lines)))
        shown.process.kill()
        shown.read_until(None, 5)
        self.assertTrue(shown.screen.cursor)
        self.assertTrue(shown.screen.wraps)
        self.assertEqual(termios.tcgetattr(shown.slave), shown.before)

    def test_a_terminal_that_cannot_move_its_cursor_gets_lines(self):
        self.one_job("echo plain words")
        shown = self.on_terminal(env={"TERM": "dumb", "NO_COLOR": "1"})
        self.assertEqual(shown.finish(), 0)
        self.assertNotIn(b"\x1b", shown.raw)
        self.assertIn("check │ plain words", "\n".join(shown.screen.all()))

    def test_formats_for_others(self):
        self.one_job("echo words\necho '::group::folded'")
        output = self.run_pipeline("run", ".github/workflows/test.yml", "--log-format", "github")
        self.assertRegex(output, r"(?m)^check\tWork\t\d{4}-\d\d-\d\dT[0-9:.]+Z ##\[group\]Run echo words$")
        self.assertRegex(output, r"(?m)^check\tWork\t\S+ words$")
        self.assertRegex(output, r"(?m)^check\tComplete job\t\S+ Job success$")
        self.assertEqual(self.run_pipeline("run", ".github/workflows/test.yml", "--log-format", "quiet"), "")
        self.one_job("echo words\nexit 4")
        output = self.run_pipeline("run", ".github/workflows/test.yml", "--log-format", "quiet", code=1)
        self.assertIn("✗ check › Work\n", output)
        self.assertIn("  words\n  Error: Process completed with exit code 4.", output)
        output = self.run_pipeline("run", ".github/workflows/test.yml", "--log-format", "live", code=2)
        self.assertIn("--log-format live needs a terminal", output)

    def test_the_steps_summaries_come_on_request(self):
        self.one_job('echo "## What happened" >> "$GITHUB_STEP_SUMMARY"\necho "it *worked*" >> "$GITHUB_STEP_SUMMARY"')
        self.assertNotIn("What happened\n", self.run_pipeline("run", ".github/workflows/test.yml"))
        file = self.folder / "summary.md"
        self.run_pipeline("run", ".github/workflows/test.yml", "--summary", str(file))
        self.assertEqual(file.read_text(), "## check summary\n\n## What happened\nit *worked*\n")
        output = self.run_pipeline("run", ".github/workflows/test.yml", "--summary", "-", "--log-format", "quiet")
        self.assertIn("## What happened\n", output)

    def test_annotations_are_ten_of_a_kind_and_not_endless(self):
        self.one_job("for i in $(seq 1 12); do echo ::warning::w$i; done\nprintf '::error::%05000d\\n' 7")
        events = self.events(".github/workflows/test.yml")
        warnings = [e for e in events if e["type"] == "annotation" and e["kind"] == "warning"]
        self.assertEqual(len(warnings), 10)
        error = [e for e in events if e["type"] == "annotation" and e["kind"] == "error"]
        self.assertEqual(len(error[0]["text"]), 4096)
        self.assertTrue(any(e["type"] == "line" and e["text"] == "w12" for e in events))


if __name__ == "__main__":
    unittest.main()
