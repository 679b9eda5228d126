"""The binary without root: on user namespaces alone."""

import os
import shutil
import subprocess
import unittest

from harness import PIPELINE, WorkflowTest
from images import make_image

UID = 54321


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class RootlessTest(WorkflowTest):
    """As a user that has no subordinate ids and no rights."""

    def run_as_user(self, *arguments, code=0):
        """Run the binary as that user; its output."""
        binary = self.folder / "pipeline"
        if not binary.exists():
            shutil.copy(PIPELINE, binary)
            binary.chmod(0o755)
        subprocess.run(["chown", "-R", f"{UID}:{UID}", str(self.folder)], check=True)
        done = subprocess.run(
            ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", str(binary), *arguments],
            cwd=self.repository,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def test_a_job_runs_in_its_sandbox(self):
        """Its steps see neither the home of the user nor other processes, and write to their workspace."""
        (self.folder / "private").write_text("not for steps")
        self.workflow(
            f"""
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                steps:
                  - run: |
                      echo hello > file && cat file
                      test ! -e {self.folder}/private && echo nothing-private
                      echo "processes: $(ls /proc | grep -c '^[0-9]')"
                      mount -t tmpfs none /mnt 2>/dev/null || echo no-mount
            """
        )
        output = self.run_as_user("run", ".github/workflows/test.yml")
        for expected in ("hello", "nothing-private", "no-mount"):
            self.assertIn(expected, output)
        self.assertRegex(output, r"processes: [1-9]\n")

    def test_containers_and_services_run(self):
        """An image made by the user, its steps and services as its root; other users need subordinate ids."""
        make_image(
            self,
            "server:1",
            "EXPOSE 7000",
            'ENTRYPOINT ["sh", "-c", "mkdir /tmp/w; echo I am it > /tmp/w/index.html; exec httpd -f -p 7000 -h /tmp/w"]',
            run=self.run_as_user,
        )
        self.workflow(
            """
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                container: server:1
                services:
                  it: {image: 'server:1', options: --health-cmd "wget -q -O- http://127.0.0.1:7000/"}
                steps:
                  - run: |
                      id -u; pwd; echo x > file; touch /made
                      wget -q -O- http://it:7000/
                  - uses: docker://server:1
                    with: {entrypoint: sh, args: "-c 'cat file; wget -q -O- http://it:7000/; touch /made-too'"}
            """
        )
        output = self.run_as_user("run", ".github/workflows/test.yml")
        for expected in ("│ 0\n", "/__w/repo/repo", "│ x\n"):
            self.assertIn(expected, output)
        self.assertEqual(output.count("│ I am it"), 2, output)
        self.assertEqual(list(self.state.glob("runs/*/jobs/*")), [])

    def test_building_on_an_image_says_that_it_needs_root(self):
        """Mounting layers is not for everybody; the message says what to do, and nothing is half built."""
        self.write("Dockerfile", "FROM scratch\nCOPY README.md /a\n")
        self.write("Second", "FROM base:1\nCOPY README.md /b\n")
        self.run_as_user("image", "build", "-t", "base:1", ".")
        output = self.run_as_user("image", "build", "-t", "second:1", "-f", "Second", ".", code=3)
        self.assertIn("run as root", output)
        self.assertNotIn("second:1", self.run_as_user("image", "ls"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
