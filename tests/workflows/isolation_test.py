"""What a step may not do, and what is left when a run ends, is interrupted or is killed."""

import os
import signal
import time
import unittest
from pathlib import Path

from harness import WorkflowTest


def wait_until(condition, seconds=10):
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


class IsolationTest(WorkflowTest):
    """Sandbox, secrets, endings."""

    def test_a_step_sees_none_of_the_host_beyond_its_tools(self):
        """/etc is read-only and without secrets, homes are absent, no host root."""
        canary = self.folder / "canary"
        canary.write_text("host file")
        output = self.run_steps(
            f"""
            cat /etc/shadow 2>/dev/null && echo LEAK-shadow
            cat {canary} 2>/dev/null && echo LEAK-canary
            touch /etc/x 2>/dev/null && echo LEAK-etc
            touch /usr/x 2>/dev/null && echo LEAK-usr
            echo x > /proc/sys/kernel/core_pattern 2>/dev/null && echo LEAK-core
            mount -t tmpfs none /mnt 2>/dev/null && echo LEAK-mount
            unshare -U true 2>/dev/null && echo LEAK-userns
            ls /root 2>/dev/null | grep -q . && echo LEAK-root
            grep -q '^ *0 *0 ' /proc/self/uid_map && echo LEAK-uid-map
            cat /proc/1/environ >/dev/null 2>&1 && echo LEAK-environ
            kill -0 {os.getpid()} 2>/dev/null && echo LEAK-pid
            echo checked
            """
        )
        self.assertIn("checked", output)
        self.assertEqual([line for line in output.splitlines() if "│ LEAK-" in line], [])

    def test_secrets_are_masked_whole_by_line_and_encoded(self):
        """Output, and every file of the state folder."""
        secret = "correct-horse-battery"
        other = "line-one-secret\nline-two-secret"
        output = self.run_steps(
            """
            echo "it is ${{ secrets.TOKEN }}"
            echo "$TOKEN" | base64
            echo "line-two-secret alone"
            echo "TOKEN_COPY=$TOKEN" >> "$GITHUB_ENV"
            """.replace("$TOKEN\"", '${{ secrets.TOKEN }}"'),
            'echo "copy: $TOKEN_COPY"; echo "::add-mask::made-up-here"; echo made-up-here',
            arguments=["--secret", f"TOKEN={secret}", "--secret", "OTHER"],
            env={"OTHER": other},
        )
        self.assertIn("it is ***", output)
        self.assertIn("copy: ***", output)
        for text in (secret, "line-one-secret", "line-two-secret", "made-up-here"):
            shown = [line for line in output.splitlines() if text in line and "add-mask" not in line and "echo" not in line]
            self.assertEqual(shown, [], text)
            if text != "made-up-here" and "line" not in text:
                self.assertEqual(self.state_files_with(text), [])

    def test_no_secret_stands_in_an_argv(self):
        """While the step runs, `ps` shows none."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                steps:
                  - env:
                      TOKEN: ${{ secrets.TOKEN }}
                    run: |
                      echo "${{ secrets.TOKEN }}" > /dev/null
                      echo ready
                      sleep 3
            """
        )
        secret = "swordfish-8841"
        process = self.start("run", "--secret", "TOKEN", env={"TOKEN": secret})
        for line in process.stdout:
            if "│ ready" in line:
                break
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    self.assertNotIn(secret.encode(), (entry / "cmdline").read_bytes())
                except OSError:
                    continue
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)

    def test_a_background_process_is_gone_when_the_job_is(self):
        """Also one that left its session and ignores signals."""
        mark = f"pipeline-mark-{os.getpid()}-{time.monotonic_ns()}"
        self.run_steps(
            f"""
            MARK={mark} setsid bash -c 'trap "" TERM HUP INT; sleep 300 & wait' > /dev/null 2>&1 &
            sleep 0.2
            echo started
            """
        )
        self.assertTrue(wait_until(lambda: not self.processes_with(mark), 3), "a process outlived its job")

    def output_of_interrupted(self, number):
        """What a run prints that gets the signal when its step has said that it is ready."""
        process = self.start("run")
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "│ ready" in line:
                break
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
        output = "".join(lines) + rest
        self.assertEqual(process.returncode, 130, output)
        return output

    def test_ctrl_c_ends_the_run_in_order(self):
        """SIGINT to the step, `always()` steps run, exit code 130."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                steps:
                  - run: |
                      trap 'echo got-int; exit 1' INT
                      echo ready
                      sleep 60 & wait
                  - run: echo must-not-run
                  - if: always()
                    run: echo cleanup-ran
            """
        )
        output = self.output_of_interrupted(signal.SIGINT)
        self.assertIn("│ got-int", output)
        self.assertIn("│ cleanup-ran", output)
        self.assertNotIn("│ must-not-run", output)

    def test_a_shutdown_fails_the_job_without_its_cleanup(self):
        """SIGTERM: the step gets its signals, no condition is looked at any more, no further job starts."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                steps:
                  - run: |
                      trap 'echo got-int; exit 1' INT
                      echo ready
                      sleep 60 & wait
                  - if: always()
                    run: echo cleanup-ran
              b:
                if: always()
                needs: a
                runs-on: x
                steps: [{run: echo b-ran}]
            """
        )
        output = self.output_of_interrupted(signal.SIGTERM)
        self.assertIn("│ got-int", output)
        self.assertIn("The runner has received a shutdown signal.", output)
        self.assertRegex(output, r"✗ a +[0-9]")
        for what in ("cleanup-ran", "b-ran"):
            self.assertNotIn(f"│ {what}", output)

    def test_nothing_is_left_of_a_run_that_was_killed_once_the_next_has_started(self):
        """kill -9 of the runner in the middle of a step."""
        mark = f"pipeline-mark-{os.getpid()}-{time.monotonic_ns()}"
        self.workflow(
            f"""
            on: push
            jobs:
              a:
                runs-on: x
                steps:
                  - env:
                      MARK: {mark}
                      TOKEN: ${{{{ secrets.TOKEN }}}}
                    run: |
                      echo "$TOKEN" > "$RUNNER_TEMP/file"
                      echo ready
                      sleep 300
            """
        )
        process = self.start("run", "--secret", "TOKEN=hunter2-hunter2")
        for line in process.stdout:
            if "│ ready" in line:
                break
        process.kill()
        process.communicate()
        self.assertTrue(wait_until(lambda: not self.processes_with(mark), 3), "a process outlived its runner")
        self.run_steps("echo next-run")
        self.assertEqual(self.state_files_with("hunter2-hunter2"), [])
        volatile = Path(f"/dev/shm/pipeline-{os.getuid()}")
        kept = [p for p in volatile.rglob("*") if p.is_file() and b"hunter2-hunter2" in p.read_bytes()] if volatile.exists() else []
        self.assertEqual(kept, [])
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            self.assertNotIn(str(self.folder), mounts.read())

    def test_without_a_sandbox_only_when_asked_for(self):
        """--sandbox none says so in the log."""
        output = self.run_steps("echo plain-$(id -u)", arguments=["--sandbox", "none"])
        self.assertIn(f"plain-{os.getuid()}", output)
        self.assertIn("without a sandbox", output)

    def test_the_network_can_be_taken_away(self):
        """--network none leaves only loopback."""
        output = self.run_steps("echo links=$(ls /sys/class/net 2>/dev/null | tr '\\n' ' ') $(tail -n +3 /proc/net/dev | wc -l)", arguments=["--network", "none"])
        self.assertRegex(output, r"│ links=.* 1\b")


if __name__ == "__main__":
    unittest.main()
