"""Service containers: how they are found, waited for, kept apart, and what is left of them."""

import os
import signal
import socket
import textwrap
import threading
import time
import unittest

from harness import WorkflowTest
from images import make_image, running_with

# Answers with its name.
SERVER = """#!/bin/sh
echo "starting $NAME as $(id -u)"
mkdir /tmp/www
echo "I am $NAME" > /tmp/www/index.html
exec httpd -f -p ${PORT:-7000} -h /tmp/www
"""
# Asks, again for a while: a service that is running may not listen yet.
ASK = "for i in 1 2 3 4 5; do wget -q -O- http://$1/ && break; sleep 1; done"
PYTHON_ASK = """python3 -c '
import sys, time, urllib.request
for left in range(50, -1, -1):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1]).read().decode())
        break
    except OSError:
        if not left: raise
        time.sleep(0.1)
' $1"""


def free_port():
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServicesTest(WorkflowTest):
    """Services of busybox, in jobs on the host and in containers."""

    def setUp(self):
        super().setUp()
        make_image(
            self,
            "server:1",
            "ENV NAME=image",
            "EXPOSE 7000",
            'ENTRYPOINT ["/bin/server"]',
            files={"bin/server": SERVER, "bin/ask": "#!/bin/sh\n" + ASK},
        )

    def run_job(self, text, *arguments, code=0):
        """A workflow whose job `test` has these keys; its output."""
        body = "\n".join(f"    {line}" for line in text.strip("\n").splitlines())
        self.workflow(f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n{body}\n")
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code)

    def test_a_host_job_finds_services_on_published_ports(self):
        """A fixed port, and one that is free; the context says which."""
        port = free_port()
        output = self.run_job(
            f"""
services:
  one: {{image: 'server:1', env: {{NAME: first}}, ports: ['{port}:7000']}}
  two: {{image: 'server:1', env: {{NAME: second}}, ports: [7000]}}
  none: {{image: '${{{{ vars.NOTHING }}}}'}}
steps:
  - run: |
      cat > ask <<'EOF'
{textwrap.indent(PYTHON_ASK, '      ')}
      EOF
      sh ask {port}; sh ask ${{{{ job.services.two.ports['7000'] }}}}
      echo "one is at ${{{{ job.services.one.ports['7000'] }}}}"
      echo "net ${{{{ job.services.one.network }}}} id ${{{{ job.services.one.id }}}}"
      echo "none is '${{{{ toJSON(job.services.none) }}}}'"
"""
        )
        for expected in ("I am first", "I am second", f"one is at {port}", "none is 'null'", "Initialize containers"):
            self.assertIn(expected, output)
        self.assertRegex(output, r"net github_network_[0-9a-f]{32} id [0-9a-f]{64}")
        tail = output[output.index("Stop containers") :]
        self.assertIn("Print service container logs: one", tail)
        self.assertIn("starting first as 0", tail)

    def test_a_container_job_and_other_services_find_them_by_name(self):
        """By id and by alias, on the service's own ports, two services on one port."""
        make_image(self, "plain:1", files={"bin/ask": "#!/bin/sh\n" + ASK})
        output = self.run_job(
            """
container: server:1
services:
  one: {image: 'server:1', env: {NAME: first}, options: --network-alias uno}
  two: {image: 'server:1', env: {NAME: second, PORT: '7001'}, options: --expose 7001}
  asker:
    image: plain:1
    entrypoint: sh
    command: -c 'sleep 1; echo asked $(ask one:7000)'
steps:
  - run: |
      ask one:7000; ask uno:7000; ask two:7001
      sleep 2
"""
        )
        self.assertEqual(output.count("│ I am first"), 2, output)
        self.assertIn("│ I am second", output)
        self.assertIn("asked I am first", output)

    def test_jobs_with_the_same_ports_do_not_collide(self):
        """In networks of their own at once, in the host's one after the other."""
        port = free_port()
        job = f"""
strategy: {{matrix: {{name: [a, b, c]}}}}
services:
  s: {{image: 'server:1', env: {{NAME: '${{{{ matrix.name }}}}'}}, ports: ['{port}:7000']}}
steps:
  - run: |
      cat > ask <<'EOF'
{textwrap.indent(PYTHON_ASK, '      ')}
      EOF
      sh ask {port}
"""
        for network in ("none", "host"):
            with self.subTest(network):
                output = self.run_job(job, "--network", network)
                for name in "abc":
                    self.assertIn(f"I am {name}", output)

    def test_a_taken_port_says_who_has_it(self):
        """A process that is none of ours fails the job."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            output = self.run_job(
                f"services: {{s: {{image: 'server:1', ports: ['{port}:7000']}}}}\nsteps: [run: echo must-not-run]", code=1
            )
        self.assertIn(f"port {port} of this machine", output)
        self.assertIn(f"process {os.getpid()} (", output)
        self.assertNotIn("│ must-not-run", output)

    def test_health_checks_are_waited_for(self):
        """That of the image, and that of the options; sooner than after a whole interval."""
        make_image(
            self,
            "slow:1",
            "HEALTHCHECK --interval=30s CMD test -e /tmp/ready",
            'ENTRYPOINT ["sh", "-c", "sleep 1; touch /tmp/ready; exec sleep 1000"]',
        )
        began = time.monotonic()
        output = self.run_job(
            """
services:
  image: {image: 'slow:1'}
  options: {image: 'slow:1', options: --health-cmd "test -e /tmp/ready" --health-interval 10s --health-retries 5}
steps: [run: echo stepped]
"""
        )
        self.assertLess(time.monotonic() - began, 9)
        for expected in ("image service is healthy.", "options service is healthy.", "stepped"):
            self.assertIn(expected, output)
        self.assertIn("service is starting, waiting 2 seconds before checking again.", output)

    def test_an_unhealthy_service_fails_the_job_with_its_log(self):
        """The steps do not run; what it wrote and which image it was is said."""
        output = self.run_job(
            """
services:
  bad:
    image: server:1
    options: --health-cmd false --health-interval 100ms --health-retries 2
steps: [run: echo must-not-run]
""",
            code=1,
        )
        for expected in ("Service container bad failed.", "starting image as 0", "Failed to initialize container server:1"):
            self.assertIn(expected, output)
        self.assertNotIn("│ must-not-run", output)

    def test_a_service_has_its_user_entrypoint_command_and_secrets_masked(self):
        """entrypoint, command and --user as of docker create."""
        output = self.run_job(
            """
services:
  s:
    image: server:1
    env: {KEY: '${{ secrets.KEY }}'}
    entrypoint: sh
    command: -c 'echo "user $(id -u) key $KEY args $0 $1"; sleep 1000' zero 'one two'
    options: --user worker:worker
steps: [run: sleep 1]
""",
            "-s",
            "KEY=quite-secret",
        )
        self.assertIn("user 1000 key *** args zero one two", output)

    def test_a_service_sees_nothing_of_the_machine_or_of_the_job(self):
        """Own processes, no network but its own, no file of the host."""
        output = self.run_job(
            f"""
services:
  s:
    image: server:1
    entrypoint: sh
    command: >-
      -c 'echo "processes $(ls /proc | grep -c "^[0-9]")";
      test -e {self.state} || echo no-state; test -e /etc/shadow || echo no-shadow;
      timeout 2 wget -q -O- http://127.0.0.1:22 || echo no-host-ports; mount -t tmpfs x /srv || echo no-mount; sleep 1000'
steps: [run: sleep 2]
"""
        )
        for expected in ("no-state", "no-shadow", "no-host-ports", "no-mount"):
            self.assertIn(f"│ {expected}", output)
        self.assertRegex(output, r"processes [1-6]\n")

    def test_nothing_is_left_after_the_runner_was_killed(self):
        """No process, mount or port; the next start removes the folders."""
        port = free_port()
        mark = f"leftover-{os.getpid()}-{port}"
        self.workflow(
            f"""
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                container: server:1
                services:
                  s: {{image: 'server:1', entrypoint: sh, command: "-c 'trap : TERM INT HUP; sleep 99; : {mark}'"}}
                steps:
                  - run: |
                      echo running
                      sh -c 'sleep 99; true' {mark}
            """
        )
        process = self.start("run", ".github/workflows/test.yml")
        seen = threading.Event()
        threading.Thread(
            target=lambda: [seen.set() for line in process.stdout if "│ running" in line], daemon=True
        ).start()
        self.assertTrue(seen.wait(30))
        self.assertTrue(running_with(mark))
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 10
        while running_with(mark) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(running_with(mark), [])
        with open("/proc/mounts", encoding="utf-8") as mounts:
            self.assertNotIn(str(self.folder), mounts.read())
        self.run_job("steps: [run: echo next]")
        self.assertEqual(list(self.state.glob("runs/*/jobs/*")), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
