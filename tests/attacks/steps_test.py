"""Attacks that take more than one call: on files that runner and step share, on the runner's program, on jobs beside,
on what a Dockerfile brings along. Each is tried as root and as an ordinary user where both can be."""

import io
import os
import subprocess
import tarfile
import time
import unittest
from pathlib import Path

from attack_harness import PIPELINE, AttackTest, digest


class StepAttackTest(AttackTest):
    """By number as in docs/attacks.md."""

    def run_job(self, run, *steps, code=0, arguments=(), head=""):
        """The output of a job with these steps."""
        self.job(*steps, head=head)
        return run("run", ".github/workflows/test.yml", *arguments, code=code)

    def test_a11_the_runners_program_cannot_be_written_through_proc(self):
        """A step has the fork server's own program started, and writes to what /proc says of it (CVE-2019-5736)."""
        attack = """
            import os, signal, sys, time
            found = None
            for _ in range(200):
                for pid in filter(str.isdigit, os.listdir("/proc")):
                    try:
                        command = open(f"/proc/{pid}/cmdline", "rb").read()
                        if b"emulator" in command and int(pid) not in (1, os.getpid()):
                            found = int(pid)
                    except OSError: pass
                if found: break
                time.sleep(0.02)
            if not found: sys.exit("stopped by a rule that it may not even be started")
            file = os.open(f"/proc/{found}/exe", os.O_PATH)
            os.kill(found, signal.SIGKILL)
            for _ in range(200):
                try:
                    fd = os.open(f"/proc/self/fd/{file}", os.O_WRONLY)
                    os.write(fd, b"owned")
                    print("WROTE")
                except OSError as error:
                    print("stopped by", error.strerror)
                    if error.strerror != "Text file busy": break
                time.sleep(0.01)
        """
        self.write("attack.py", attack)
        self.commit()
        for run in self.each():
            before = digest(PIPELINE)
            output = self.run_job(
                run, "- uses: actions/checkout@v4",
                "- background: true\n  id: victim\n  continue-on-error: true\n  shell: /proc/self/exe --state-dir {0}.d emulator serve\n  run: x",
                "python3 attack.py", code=None,
            )
            self.assertIn("attack.py", output)
            self.assertIn("stopped by", output)
            self.assertNotIn("│ WROTE", output)
            self.assertEqual(digest(PIPELINE), before)

    def test_a13_a_working_directory_is_not_a_way_out(self):
        """Descriptors and links of /proc as working directory: the step fails, or is inside."""
        for run in self.each():
            for folder in ("/proc/self/fd/3", "/proc/self/fd/9", "/proc/1/root", "/proc/1/cwd", "/proc/self/cwd/../../../.."):
                output = self.run_job(run, f"- working-directory: {folder}\n  run: cat ./{self.canaries.secret} ../../../../{self.canaries.secret} || echo not-there", code=None)
                self.assertNotIn("secret-of-the-host", output, folder)
                self.assertRegex(output, "An error occurred trying to start|not-there", folder)

    def test_a14_links_in_the_workspace_lead_the_runner_nowhere(self):
        """hashFiles, the post steps and the cleaning after a job follow none out."""
        for run in self.each():
            output = self.run_job(
                run,
                f"ln -s / everything; ln -s {self.canaries.folder} canary; ln -s {self.canaries.secret} direct; ln -s /etc etc",
                "- run: echo 'hash=${{ hashFiles('everything/**', 'canary/**', 'direct') }}='",
                "- if: always()\n  working-directory: canary\n  continue-on-error: true\n  run: ls",
                "- if: always()\n  run: echo the-job-goes-on",
                code=1,
            )
            self.assertNotIn("secret-of-the-host", output)
            self.assertIn("it is a link out of the workspace", output)
            self.assertIn("the-job-goes-on", output)

    def test_a15_files_of_commands_in_another_shape_neither_leak_nor_block(self):
        """Links, pipes, folders and large files in the place of GITHUB_ENV and its like."""
        for run in self.each():
            begin = time.monotonic()
            for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE"):
                output = self.run_job(
                    run,
                    f'- continue-on-error: true\n  run: rm -f "${name}"; ln -s {self.canaries.secret} "${name}"',
                    f'- continue-on-error: true\n  run: rm -f "${name}"; mkfifo "${name}"',
                    f'- continue-on-error: true\n  run: rm -f "${name}"; mkdir "${name}"',
                    f'- continue-on-error: true\n  run: rm -f "${name}"; truncate -s 100G "${name}"',
                    f'- continue-on-error: true\n  run: rm -f "${name}"; ln -s /dev/zero "${name}"',
                    "env; echo the-job-goes-on",
                )
                self.assertNotIn("secret-of-the-host", output)
                self.assertIn("the-job-goes-on", output)
            self.assertLess(time.monotonic() - begin, 60)

    def test_a16_archives_stay_where_they_are_unpacked(self):
        """A tar of ADD with links and dots."""
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as archive:
            for name, target in (("link", "/etc"), ("up", "../../../../../../../..")):
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, target
                archive.addfile(link)
            for name in ("link/attack", "up/etc/attack", "../../../../etc/attack", "/etc/attack"):
                member = tarfile.TarInfo(name)
                member.size = 6
                archive.addfile(member, io.BytesIO(b"attack"))
        (self.repository / "evil.tar").write_bytes(data.getvalue())
        self.write("Dockerfile", "FROM scratch\nADD evil.tar /a/b/\n")
        self.as_root("image", "build", "-t", "evil:1", ".", code=None)
        self.assertEqual(self.canaries.changed(), [])

    def test_a18_jobs_share_no_folder_that_both_write(self):
        """Whatever one leaves anywhere, the other does not find: workspace, tools, caches, temp, shared memory."""
        for run in self.each():
            self.workflow(
                """
                on: push
                jobs:
                  first:
                    runs-on: x
                    steps:
                      - run: |
                          for d in "$GITHUB_WORKSPACE" "$RUNNER_TEMP" "$RUNNER_TOOL_CACHE" "$HOME" /tmp /var/tmp /run /dev/shm /dev $(find / -xdev -type d -writable 2>/dev/null | grep -v '^/proc' | head -200); do
                            echo left > "$d/left-by-first" || true
                          done
                          cat /proc/self/uid_map
                  second:
                    runs-on: x
                    needs: first
                    steps:
                      - run: |
                          find / -name 'left-by-first' -not -path '/proc/*' 2>/dev/null | sed 's/^/FOUND /'
                          echo looked
                """
            )
            output = run("run")
            self.assertIn("│ looked", output)
            self.assertNotIn("│ FOUND", output)

    def test_a28_a31_nothing_of_a_job_outlives_it(self):
        """A daemon under another name that left its session and ignores signals; a child that holds the output."""
        mark = f"attack-mark-{os.getpid()}-{time.monotonic_ns()}"
        for run in self.each():
            begin = time.monotonic()
            self.run_job(
                run,
                f"""
                python3 - <<'END'
                import os, signal, time
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        for number in range(1, 32):
                            try: signal.signal(number, signal.SIG_IGN)
                            except (OSError, ValueError): pass
                        os.environ.clear()
                        os.execve("/bin/sleep", ["{mark}", "300"], {{"MARK": "{mark}"}})
                END
                MARK={mark} sleep 300 &
                echo started
                """,
            )
            self.assertLess(time.monotonic() - begin, 25)
            end = time.monotonic() + 1
            while self.processes_with(mark) and time.monotonic() < end:
                time.sleep(0.02)
            self.assertEqual(self.processes_with(mark), [])

    def test_a34_stopped_processes_end_at_their_limit(self):
        """SIGSTOP to all, the fork server included."""
        for run in self.each():
            begin = time.monotonic()
            self.run_job(run, "- timeout-minutes: 0.02\n  run: |\n    sleep 100 & kill -STOP -1 1 $!\n    sleep 100", code=1)
            self.assertLess(time.monotonic() - begin, 30)

    def test_a36_a_flood_of_output_is_no_flood_of_memory(self):
        """No newline, NULs, bytes that are no text, terminal sequences, commands in pieces."""
        self.job(
            """
            python3 - <<'END'
            import os
            piece = os.urandom(1 << 16).replace(b"\\n", b"x")
            for _ in range(800): os.write(1, piece)
            os.write(1, b"\\n\\0\\0\\x1b]0;owned\\x07\\x1b[2J::set-env name=EVIL::1\\n::warn")
            os.write(1, b"ing::in-pieces\\n")
            END
            """,
            'echo "evil=$EVIL="',
        )
        process = self.start("run", "--json")
        output = []
        peak = 0
        while True:
            piece = os.read(process.stdout.fileno(), 1 << 20)
            if not piece:
                break
            output.append(piece)
            try:
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
                peak = max([peak] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
            except OSError:
                pass
        process.wait(60)
        text = b"".join(output)
        self.assertIn(b"evil==", text)
        self.assertLess(peak, 300 << 10, "kilobytes of memory")

    def test_a39_tools_that_one_job_changes_are_not_those_of_the_next(self):
        """The tool cache is a job's own; the host's tools are read-only."""
        for run in self.each():
            output = self.run_job(run, 'mkdir -p "$RUNNER_TOOL_CACHE/node" && echo evil > "$RUNNER_TOOL_CACHE/node/left"; echo x >> /usr/bin/env || echo read-only')
            self.assertIn("│ read-only", output)
            output = self.run_job(run, 'ls -A "$RUNNER_TOOL_CACHE" | sed "s/^/FOUND /"; echo looked')
            self.assertNotIn("│ FOUND", output)

    def test_a42_without_user_namespaces_the_run_is_refused(self):
        """It says which sysctl helps, ends with 3 or 1, and the step has not run."""
        self.job("echo it-ran > /tmp/it-ran; echo it-ran")
        done = subprocess.run(
            ["unshare", "--user", "--map-user=1000", "--keep-caps", "bash", "-c", f"echo 0 > /proc/sys/user/max_user_namespaces; exec {os.path.abspath(PIPELINE)} run"],
            cwd=self.repository, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
        )
        self.assertIn(done.returncode, (1, 3), done.stdout)
        self.assertNotIn("│ it-ran", done.stdout)
        self.assertIn("sysctl -w user.max_user_namespaces", done.stdout)

    def test_a43_jobs_at_the_same_time_have_different_ids(self):
        """No two have a host id in common."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: x
                strategy: {matrix: {n: [1, 2, 3]}}
                steps:
                  - run: echo "map $(cat /proc/self/uid_map)"; sleep 1
            """
        )
        output = self.as_root("run")
        maps = [line.split("map")[1].split() for line in output.splitlines() if "│ map" in line]
        self.assertEqual(len({entry[1] for entry in maps}), 3, output)
        self.assertTrue(all(int(entry[1]) >= 100000 for entry in maps))

    def test_a44_links_of_an_image_lead_no_mount_outside(self):
        """/dev, /proc and /etc/resolv.conf as links to a folder of the host."""
        for name in ("dev", "proc", "tmp"):
            (self.repository / name).symlink_to(self.canaries.folder)
        (self.repository / "resolv.conf").symlink_to(self.canaries.secret)
        self.write("Dockerfile", 'FROM scratch\nCOPY probe /probe\nCOPY dev /dev\nCOPY proc /proc\nCOPY resolv.conf /etc/resolv.conf\nRUN --network=none ["/probe", "--ids"]\n')
        listing = sorted(os.listdir(self.canaries.folder))
        self.as_root("image", "build", "-t", "evil:2", ".", code=None)
        self.assertEqual([name for name in sorted(os.listdir(self.canaries.folder)) if name != "state"], [name for name in listing if name != "state"])
        self.assertEqual(self.canaries.changed(), [])

    def test_a47_mounts_of_a_build_stay_inside_theirs(self):
        """Caches and binds whose source climbs or is a link (CVE-2024-23651, -23652, -1753)."""
        (self.repository / "link").symlink_to(self.canaries.folder)
        for mount in (
            "type=cache,target=/c,source=../../..", "type=cache,target=/c,id=../../../x", "type=bind,target=/c,source=link,rw",
            "type=bind,target=/c,source=../../..,rw", "type=cache,target=/../../c", "type=bind,target=/c,source=/etc,rw",
        ):
            self.write("Dockerfile", f'FROM scratch\nCOPY probe /probe\nRUN --network=none --mount={mount} ["/probe", "--ids"]\n')
            self.as_root("image", "build", "--no-cache", "-t", "evil:3", ".", code=None)
            self.assertEqual(self.canaries.changed(), [], mount)


if __name__ == "__main__":
    unittest.main()
