"""The places that attacks are tried in (a step as root or rootless, a Dockerfile's RUN), and the canaries outside."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import PIPELINE, WorkflowTest  # noqa: E402  pylint: disable=wrong-import-position
from images import make_image  # noqa: E402  pylint: disable=wrong-import-position

PROBE = os.environ.get("ATTACK_PROBE", str(Path(PIPELINE).resolve().parent / "tests/attacks/attack_probe"))


def digest(path):
    """Of a file's content, owner and mode."""
    status = os.lstat(path)
    content = Path(path).read_bytes() if os.path.isfile(path) else b""
    return hashlib.sha256(content).hexdigest(), status.st_uid, status.st_mode, status.st_nlink


class Canaries:
    """Files, a process and sockets of the host that no attack may reach; `changed` says which one was."""

    FILES = ("/etc/passwd", "/etc/group", "/usr/bin/env", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname")

    def __init__(self, test, folder):
        self.folder = Path(folder)
        self.secret = self.folder / "canary"
        self.secret.write_text("secret-of-the-host")
        self.secret.chmod(0o666)
        self.folder.chmod(0o777)
        self.process = subprocess.Popen(["sleep", "600"])  # pylint: disable=consider-using-with
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)
        self.tcp = self.listening(test, socket.AF_INET, ("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.abstract_name = f"pipeline-canary-{os.getpid()}-{time.monotonic_ns()}"
        self.abstract = self.listening(test, socket.AF_UNIX, "\0" + self.abstract_name)
        self.path_name = str(self.folder / "socket")
        self.by_path = self.listening(test, socket.AF_UNIX, self.path_name)
        os.chmod(self.path_name, 0o777)
        self.before = self.state()

    @staticmethod
    def listening(test, family, address):
        """A socket that is never served: whoever connects to it is seen."""
        made = socket.socket(family)
        made.bind(address)
        made.listen(5)
        made.setblocking(False)
        test.addCleanup(made.close)
        return made

    def state(self):
        """What must not change."""
        files = [*self.FILES, str(self.secret), PIPELINE]
        return {name: digest(name) for name in files} | {"time": abs(time.time() - time.monotonic()) // 3600}

    def changed(self):
        """What an attack reached; [] is as it should be."""
        after = self.state()
        found = [name for name, value in self.before.items() if after[name] != value]
        found += [name for name in ("/etc/attack", "/usr/attack", "/usr/bin/env-attack", "/usr/bin/env-link", "/tmp/link") if os.path.lexists(name)]
        if self.process.poll() is not None:
            found.append("the process")
        for name, made in (("tcp", self.tcp), ("abstract socket", self.abstract), ("socket", self.by_path)):
            try:
                made.accept()[0].close()
                found.append(name)
            except BlockingIOError:
                pass
        if "secret-of-the-host" not in self.secret.read_text():
            found.append("the canary's content")
        return found

    def told(self, network):
        """The probe's environment."""
        return {
            "ATTACK_CANARY": str(self.secret),
            "ATTACK_STATE": str(self.folder / "state"),
            "ATTACK_RUNNER": os.path.abspath(PIPELINE),
            "ATTACK_SOCKET": self.path_name,
            "ATTACK_ABSTRACT": self.abstract_name,
            "ATTACK_PORT": str(self.port),
            "ATTACK_PID": str(self.process.pid),
            "ATTACK_NETWORK": network,
        }


class AttackTest(WorkflowTest):
    """A scratch repository with the probe in it, canaries around it."""

    def setUp(self):
        super().setUp()
        self.need_root("only root can be root, and become another user")
        self.canaries = Canaries(self, self.folder)
        self.state.mkdir(exist_ok=True)
        shutil.copy(PROBE, self.repository / "probe")

    def as_user(self, *arguments, code=0, timeout=120):
        """The binary as a user without rights and without subordinate ids; the binary is that user's own."""
        owned = (self.repository, self.state)
        binary = self.give_to_user(*owned)
        before = digest(binary)
        output = self.run_as_user(*arguments, code=code, timeout=timeout, owned=owned)
        self.assertEqual(digest(binary), before, "a step changed the runner's program")
        return output

    def each(self):
        """The ways to run the binary; nothing outside has changed after each."""
        for run in (self.as_root, self.as_user):
            yield run
            self.assertEqual(self.canaries.changed(), [])

    def as_root(self, *arguments, code=0, timeout=120):
        """The binary as root."""
        return self.run_pipeline(*arguments, code=code, timeout=timeout)

    def job(self, *steps, head=""):
        """A workflow of one job; steps as YAML text or script text. `head` are more lines of the job."""
        lines = ["on: push", "jobs:", "  attack:", "    runs-on: ubuntu-latest"]
        if head:
            lines.append(textwrap.indent(textwrap.dedent(head).strip("\n"), "    "))
        lines.append("    steps:")
        for step in steps:
            step = textwrap.dedent(step).strip("\n")
            if not step.startswith("- "):
                step = "- run: |\n" + textwrap.indent(step, "    ")
            lines.append(textwrap.indent(step, "      "))
        return self.workflow("\n".join(lines) + "\n")

    @staticmethod
    def results(output):
        """The probe's JSON object somewhere in an output."""
        for line in output.splitlines():
            start = line.find('{"a01')
            if start >= 0:
                return json.loads(line[start : line.rindex("}") + 1])
        raise AssertionError("the probe printed nothing:\n" + output)

    def probe_in_step(self, run, *arguments, network="host", place="/tmp"):
        """What the probe saw as a step of a job; `place` is a folder that it may write to."""
        environment = "\n".join(f"    {name}: '{value}'" for name, value in self.canaries.told(network).items())
        self.job(
            "- uses: actions/checkout@v4",
            f"- run: cp probe {place}/attack_probe && chmod 755 {place}/attack_probe && exec {place}/attack_probe\n  env:\n" + environment,
            "echo the-job-goes-on",
        )
        self.commit()
        output = run("run", ".github/workflows/test.yml", *arguments)
        self.assertIn("the-job-goes-on", output)
        return self.results(output)

    def make_attack_image(self, run):
        """An image of busybox and the probe."""
        make_image(self, "tiny:1", run=run)
        self.write("Dockerfile", "FROM tiny:1\nCOPY --chmod=755 probe /tmp/attack_probe\nCOPY probe /usr/bin/env\n")
        run("image", "build", "-t", "attack:1", ".")

    def probe_in_container(self, run, *arguments, network="host"):
        """What the probe saw as a step of a container job."""
        self.make_attack_image(run)
        environment = "\n".join(f"    {name}: '{value}'" for name, value in self.canaries.told(network).items())
        self.job(
            "- run: exec /tmp/attack_probe\n  env:\n" + environment,
            "echo the-job-goes-on",
            head="container: attack:1",
        )
        output = run("run", ".github/workflows/test.yml", *arguments)
        self.assertIn("the-job-goes-on", output)
        return self.results(output)

    def probe_in_service(self, run, *arguments):
        """What the probe saw as a service, which has a network of its own."""
        self.make_attack_image(run)
        environment = "\n".join(f"      {name}: '{value}'" for name, value in self.canaries.told("isolated").items())
        head = f"""
            services:
              prober:
                image: attack:1
                entrypoint: sh
                command: -c '/tmp/attack_probe; touch /tried; sleep 600'
                options: --health-cmd "test -e /tried" --health-interval 1s
                env:
        """
        self.job("echo the-job-goes-on", head=textwrap.dedent(head).rstrip() + "\n" + environment)
        output = run("run", ".github/workflows/test.yml", *arguments)
        self.assertIn("the-job-goes-on", output)
        return self.results(output)

    def probe_in_action(self, run, *arguments, network="host"):
        """What the probe saw as a Docker action."""
        self.make_attack_image(run)
        environment = "\n".join(f"    {name}: '{value}'" for name, value in self.canaries.told(network).items())
        self.job(
            "- uses: docker://attack:1\n  with: {entrypoint: /tmp/attack_probe}\n  env:\n" + environment,
            "echo the-job-goes-on",
        )
        output = run("run", ".github/workflows/test.yml", *arguments)
        self.assertIn("the-job-goes-on", output)
        return self.results(output)

    def probe_in_build(self, run):
        """What the probe saw as a RUN of a Dockerfile."""
        environment = "\n".join(f"ENV {name}={value}" for name, value in self.canaries.told("isolated").items())
        (self.repository / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
        self.write("Dockerfile", f"FROM scratch\nCOPY probe /usr/bin/env\nCOPY probe /tmp/attack_probe\nCOPY passwd /etc/passwd\n{environment}\n".replace("    ", ""))
        with open(self.repository / "Dockerfile", "a", encoding="utf-8") as dockerfile:
            dockerfile.write('RUN --network=none ["/tmp/attack_probe"]\n')
        return self.results(run("image", "build", "--no-cache", "-t", "attack:1", "."))
