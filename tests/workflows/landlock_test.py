"""--sandbox landlock: jobs on machines that forbid namespaces, held by landlock, seccomp and no_new_privs alone."""

import json
import os
import signal
import subprocess
import time
import unittest

from harness import PIPELINE, WorkflowTest

HELD = ("--sandbox", "landlock")


def processes_with(mark):
    """The ids of all processes that have a text in their environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as environment:
                if mark.encode() in environment.read():
                    found.append(int(name))
        except OSError:
            pass
    return found


class LandlockTest(WorkflowTest):
    """As whoever runs the tests, and as root also as an ordinary user."""

    def users(self):
        """The ways to call the binary: as ourselves, and as a user without any rights."""
        yield self.run_pipeline
        if os.geteuid() == 0:
            yield lambda *arguments, code=0: self.run_as_user(
                *arguments, code=code, env={"PIPELINE_STATE_DIR": str(self.folder / "state-of-user")}
            )

    def job(self, steps, head=""):
        """A workflow of one job."""
        lines = ["on: push", "jobs:", "  a:", "    runs-on: ubuntu-latest", *([f"    {head}"] if head else []), "    steps:"]
        return self.workflow("\n".join(lines) + "\n" + "\n".join("      " + line for line in steps.strip("\n").split("\n")) + "\n")

    def test_ordinary_workflows_run(self):
        """Checkout, shells, environment files, outputs, git, temp files, JavaScript, artifacts."""
        self.job(
            """
- uses: actions/checkout@v4
- id: make
  run: |
    git status --short
    echo made > "$(mktemp)"
    echo "answer=42" >> "$GITHUB_OUTPUT"
    echo "LATER=yes" >> "$GITHUB_ENV"
    mkdir -p ~/.config && echo mine > ~/.config/file
    printf 'a\\nb\\n' | sort -r | tee out.txt | grep -c . > /dev/null
    nohup true & wait
- run: print("python says ${{ steps.make.outputs.answer }} $LATER")
  shell: python3 {0}
- run: test "$LATER" = yes && cat out.txt ~/.config/file
- uses: actions/github-script@v7
  with: {script: "console.log('node says', 6 * 7)"}
- uses: actions/upload-artifact@v4
  with: {name: result, path: out.txt}
"""
        )
        for run in self.users():
            output = run("run", ".github/workflows/test.yml", *HELD)
            self.assertIn("python says 42", output)
            self.assertIn("node says 42", output)
            self.assertIn("│ mine", output)
            self.assertIn("held by landlock alone", output)

    def test_what_is_outside_stays_outside(self):
        """Reading, writing, signalling and tracing end with the kernel's refusal."""
        secret = self.folder / "private"
        secret.write_text("not-for-steps")
        secret.chmod(0o666)
        self.folder.chmod(0o777)
        self.job(
            f"""
- run: |
    tried() {{ if "$@"; then echo "reached: $*"; else echo "refused: $1"; fi; }}
    tried cat {secret}
    tried tee {secret} < /dev/null
    tried ln {secret} "$RUNNER_TEMP/link"
    ln -s {secret} "$RUNNER_TEMP/symlink"
    tried cat "$RUNNER_TEMP/symlink"
    tried touch {self.folder}/new /tmp/landlock-test-new /dev/shm/landlock-test-new
    parent() {{ grep PPid /proc/$1/status | cut -f2; }}
    warden=$(parent $PPID)
    runner=$(parent $warden)
    for pid in $warden $runner; do
      tried kill -0 $pid
      tried kill -KILL $pid
      tried cat /proc/$pid/environ
      tried head -c 1 /proc/$pid/mem
      tried readlink /proc/$pid/exe
    done
    tried tr 'a' 'b' < /dev/null
- shell: python3 {{0}}
  run: |
    import ctypes, os, socket
    libc = ctypes.CDLL(None, use_errno=True)
    def parent(pid):
        return int(open(f"/proc/{{pid}}/stat").read().rsplit(")")[-1].split()[1])
    warden = parent(os.getppid())
    for pid in (warden, parent(warden)):
        print("attach:", libc.ptrace(16, pid, 0, 0), os.strerror(ctypes.get_errno()))
    try:
        socket.socket(socket.AF_UNIX)
        print("reached: unix sockets")
    except OSError as error:
        print("unix:", error.strerror)
    one, other = socket.socketpair()
    one.send(b"x")
    print("pair:", other.recv(1))
"""
        )
        for run in self.users():
            output = run("run", ".github/workflows/test.yml", *HELD)
            self.assertNotIn("│ reached: cat", output)
            reached = [line for line in output.splitlines() if "│ reached:" in line]
            self.assertEqual(len(reached), 1, reached)  # of `tr`, which shows that `tried` can tell
            for name, times in {"cat": 4, "kill": 4, "head": 2, "readlink": 2, "tee": 1, "ln": 1, "touch": 1}.items():
                self.assertEqual(output.count(f"│ refused: {name}"), times, output)
            self.assertEqual(output.count("attach: -1 Operation not permitted"), 2, output)
            self.assertIn("unix: Address family not supported by protocol", output)
            self.assertIn("pair: b'x'", output)
            self.assertEqual(secret.read_text(), "not-for-steps")
            self.assertFalse((self.folder / "new").exists())
            self.assertFalse(os.path.exists("/tmp/landlock-test-new"))

    def test_nothing_survives_a_job(self):
        """A daemon that ignores signals, one that killed its fork server, and one without its environment."""
        mark = f"landlock-{os.getpid()}-{time.monotonic_ns()}"
        self.job(
            f"""
- env: {{MARK: {mark}}}
  run: |
    (trap '' TERM HUP INT; setsid sleep 300 >/dev/null 2>&1 </dev/null &) &
    env -i setsid sleep 301.{os.getpid()} >/dev/null 2>&1 </dev/null &
    sleep 0.1
    echo the-step-ends
- env: {{MARK: {mark}}}
  run: kill -KILL $PPID; sleep 300
"""
        )
        for run in self.users():
            output = run("run", ".github/workflows/test.yml", *HELD, code=None)
            self.assertIn("the-step-ends", output)
            self.assertEqual(processes_with(mark), [])
            listed = subprocess.run(["pgrep", "-f", f"sleep 301.{os.getpid()}"], check=False, capture_output=True, text=True)
            self.assertEqual(listed.stdout, "")

    def test_nothing_survives_the_runner(self):
        """Killed, it takes its jobs with it."""
        mark = f"landlock-{os.getpid()}-{time.monotonic_ns()}"
        self.job(f"- env: {{MARK: {mark}}}\n  run: |\n    (trap '' TERM HUP; setsid sleep 300 &)\n    echo ready\n    sleep 300")
        process = self.start("run", ".github/workflows/test.yml", *HELD)
        for line in process.stdout:
            if "│ ready" in line:
                break
        self.assertNotEqual(processes_with(mark), [])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deadline = time.monotonic() + 5
        while processes_with(mark) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(processes_with(mark), [])

    def test_what_needs_namespaces_is_refused_before_anything_runs(self):
        """Containers, services, Docker actions, networks, the engine."""
        self.job("- run: echo it-ran", head="container: alpine:3")
        self.assertIn("job 'a' asks for a container", self.refused())
        self.job("- run: echo it-ran", head="services: {db: {image: postgres:16}}")
        self.assertIn("job 'a' asks for a service container", self.refused())
        self.job("- run: echo it-ran\n- uses: docker://alpine:3")
        self.assertIn("step 'docker://alpine:3' of job 'a' is a Docker action", self.refused())
        self.job("- run: echo it-ran")
        self.assertIn("--network: without namespaces there is no network of the job's own", self.refused("--network", "none"))
        self.assertIn("--docker host: the engine's socket is out of reach", self.refused("--docker", "host"))

    def refused(self, *arguments):
        """What a run says that does not begin."""
        output = self.run_pipeline("run", ".github/workflows/test.yml", *HELD, *arguments, code=2)
        self.assertNotIn("it-ran", output)
        return output

    def test_a_docker_action_of_the_repository_is_refused(self):
        """By name, before the job's first step."""
        self.write("act/action.yml", "name: d\nruns: {using: docker, image: Dockerfile}\n")
        self.write("act/Dockerfile", "FROM scratch\n")
        self.job("- uses: actions/checkout@v4\n- uses: ./act")
        self.assertIn("'./act' is a Docker action, which runs in a sandbox; run the job without --sandbox none or landlock",
                      self.run_pipeline("run", ".github/workflows/test.yml", *HELD, code=1))

    def test_what_held_a_run_stands_in_its_results(self):
        """In the event stream, in `runs`, in `show`."""
        self.job("- run: echo hello")
        events = self.run_pipeline("run", ".github/workflows/test.yml", *HELD, "--json")
        self.assertEqual(json.loads(events.splitlines()[0])["sandbox"], "landlock")
        self.assertEqual(json.loads(self.run_pipeline("show", "--json"))["sandbox"], "landlock")
        self.assertIn("sandbox   landlock alone", self.run_pipeline("show"))
        self.run_pipeline("run", ".github/workflows/test.yml")
        self.assertEqual([run["sandbox"] for run in json.loads(self.run_pipeline("runs", "--json"))], ["namespaces", "landlock"])

    def test_it_runs_where_namespaces_are_forbidden(self):
        """Where the sandbox is refused and its advice names this one."""
        self.need_root("only root may forbid namespaces")
        self.job("- run: echo it-ran")

        def run(*arguments):
            forbid = "echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --inh-caps=-all --ambient-caps=-all \"$@\""
            return subprocess.run(
                ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps", "bash", "-c", forbid, "bash",
                 os.path.abspath(PIPELINE), "run", ".github/workflows/test.yml", *arguments],
                cwd=self.repository, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
            )

        refused = run()
        self.assertNotEqual(refused.returncode, 0, refused.stdout)
        self.assertIn("user.max_user_namespaces is 0", refused.stdout)
        self.assertIn("--sandbox landlock", refused.stdout)
        held = run(*HELD)
        self.assertEqual(held.returncode, 0, held.stdout)
        self.assertIn("│ it-ran", held.stdout)

    def test_limits_hold_too(self):
        """The largest file, as elsewhere."""
        self.job("- run: head -c 3000000 /dev/zero > big")
        output = self.run_pipeline("run", ".github/workflows/test.yml", *HELD, "--disk", "1m", code=1)
        self.assertIn("limit of 1 MiB", output)

    def test_the_plan_says_what_may_be_read_and_written(self):
        """--dry-run=sandbox."""
        self.job("- run: echo hello")
        plan = json.loads(self.run_pipeline("run", ".github/workflows/test.yml", *HELD, "--dry-run=sandbox"))
        self.assertEqual(plan["walls"], "landlock")
        self.assertNotIn("/tmp", plan["writable"])
        self.assertIn("/usr", plan["readable"])


if __name__ == "__main__":
    unittest.main()
