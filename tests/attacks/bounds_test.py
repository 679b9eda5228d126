"""Attacks by quantity, by outliving, on secrets in the log, and of a service on what the runner listens with; and that
each number of docs/attacks.md is tried somewhere here."""

import base64
import os
import re
import signal
import time
import unittest
import urllib.parse
from pathlib import Path

from attack_harness import AttackTest
from expected import EXPECTED

SECRET = "pa$$ w\u00f6rd/of+the=host"


class BoundsTest(AttackTest):
    """By number as in docs/attacks.md."""

    def test_each_number_is_tried(self):
        """01 to 47, by the names of the probe's attempts and of the tests."""
        names = " ".join(EXPECTED)
        for file in Path(__file__).parent.glob("*_test.py"):
            names += " ".join(re.findall(r"def test(?:_a\d\d)+", file.read_text(encoding="utf-8")))
        self.assertEqual(sorted({int(number) for number in re.findall(r"\b(?:test_)?a(\d\d)", names.replace("_a", " a"))}), list(range(1, 48)))

    def test_a29_a_memory_bomb_ends_its_own_job(self):
        """It is said with its limit; the job beside it ends as it should."""
        self.workflow(
            """
            on: push
            jobs:
              bomb: {runs-on: x, steps: [{run: "python3 -c 'x = bytearray(900 << 20)'"}]}
              beside: {runs-on: x, steps: [{run: sleep 1; echo beside-it-goes-on}]}
            """
        )
        output = self.as_root("run", ".github/workflows/test.yml", "--memory", "64m", code=1)
        self.assertIn("killed: out of memory, limit 64 MiB", output)
        self.assertIn("beside-it-goes-on", output)

    def test_a30_a_full_disk_is_the_jobs_own(self):
        """One large file, one of a billion gigabytes of nothing, many small ones."""
        fillers = {
            "head -c 900m /dev/zero > file": "a file grew over the disk limit of 20 MiB",
            "truncate -s 1E file": "a file grew over the disk limit of 20 MiB",
            "for i in $(seq 1000); do head -c 100k /dev/zero > $i; done; sleep 60": "disk limit 20.0 MiB",
        }
        for run in self.each():
            for filler, said in fillers.items():
                self.job(filler)
                self.assertIn(said, run("run", ".github/workflows/test.yml", "--disk", "20m", code=1))

    def test_a32_who_holds_the_output_holds_up_nobody(self):
        """Children that keep the pipes of an ended step."""
        for run in self.each():
            begin = time.monotonic()
            self.job("sleep 250 &\nsetsid sleep 251 &\necho the-step-ends", "echo the-next-begins")
            self.assertIn("the-next-begins", run("run", ".github/workflows/test.yml"))
            self.assertLess(time.monotonic() - begin, 30)

    def test_a33_a_killed_runner_takes_all_along(self):
        """SIGKILL in the middle of a step: gone within a second; the history says so, and the next run is right."""
        mark = f"attack-mark-{os.getpid()}-{time.monotonic_ns()}"
        self.job(f"- env: {{MARK: {mark}}}\n  run: |\n    (trap '' TERM HUP INT; setsid sleep 300 &)\n    echo ready\n    sleep 300")
        process = self.start("run", ".github/workflows/test.yml")
        for line in process.stdout:
            if "│ ready" in line:
                break
        self.assertNotEqual(self.processes_with(mark), [])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        end = time.monotonic() + 1
        while self.processes_with(mark) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(self.processes_with(mark), [])
        self.assertIn("killed", self.as_root("runs"))
        self.job("echo it-goes-on")
        self.assertIn("it-goes-on", self.as_root("run", ".github/workflows/test.yml"))

    def test_a38_a_secret_in_other_clothes_is_masked(self):
        """Encoded, quoted, and in pieces that only the log puts together."""
        forms = {
            "plain": SECRET,
            "base64": base64.b64encode(SECRET.encode()).decode(),
            "base64 behind others": base64.b64encode(b"x:" + SECRET.encode()).decode(),
            "uri": urllib.parse.quote(SECRET, safe=""),
        }
        script = "\n".join(
            [
                "import base64, json, os, sys, time, urllib.parse",
                "secret = os.environ['TOKEN']",
                "print('plain', secret)",
                "print('base64', base64.b64encode(secret.encode()).decode())",
                "print('base64', base64.b64encode(b'x:' + secret.encode()).decode())",
                "print('uri', urllib.parse.quote(secret, safe=''))",
                "for piece in ('in pieces ', secret[:5], secret[5:], '\\n'):",
                "    sys.stdout.write(piece); sys.stdout.flush(); time.sleep(0.05)",
            ]
        )
        for run in self.each():
            self.job("- shell: python3 {0}\n  env: {TOKEN: '${{ secrets.TOKEN }}'}\n  run: |\n" + "\n".join("    " + line for line in script.splitlines()))
            output = run("run", ".github/workflows/test.yml", "--secret", f"TOKEN={SECRET}")
            self.assertIn("in pieces ***", output)
            for name, text in forms.items():
                self.assertNotIn(text, output, name)

    def test_a45_a_service_finds_nothing_of_the_runner(self):
        """All ports of its own loopback and of the other service: nothing but what that one exposes; of the runner's
        services, which steps of the job reach, it knows neither address nor token."""
        for run in self.each():
            self.make_attack_image(run)
            self.workflow(
                """
                on: push
                permissions: {id-token: write}
                jobs:
                  attack:
                    runs-on: ubuntu-latest
                    services:
                      victim:
                        image: attack:1
                        entrypoint: sh
                        command: -c 'mkdir /w; echo it is the victim > /w/index.html; httpd -p 7001 -h /w; exec httpd -f -p 7000 -h /w'
                        options: --expose 7000
                      attacker:
                        image: attack:1
                        entrypoint: sh
                        command: >-
                          -c 'sleep 1; /tmp/attack_probe --scan 127.0.0.1; /tmp/attack_probe --scan $(grep victim /etc/hosts | cut -d" " -f1);
                          echo told: $(env | grep -c -E "ACTIONS_|RUNNER_|GITHUB_"); ls /github /home/runner /__w; touch /tried; sleep 600'
                        options: --health-cmd "test -e /tried" --health-interval 1s --health-retries 60
                    steps:
                      - run: |
                          test -n "$ACTIONS_ID_TOKEN_REQUEST_URL" && echo the-job-has-its-services
                """
            )
            output = run("run", ".github/workflows/test.yml")
            self.assertIn("the-job-has-its-services", output)
            # The name of the victim is an address of the attacker's own: both scans see the one listener.
            scans = re.findall(r"open on ([\d.]+):([ \d]*)\.", output)
            self.assertEqual([address == "127.0.0.1" for address, _ in scans], [True, False], output)
            self.assertEqual([ports.split() for _, ports in scans], [[], ["7000"]], output)
            self.assertIn("told: 0", output)
            self.assertIn("ls: /home/runner: No such file or directory", output)


if __name__ == "__main__":
    unittest.main()
