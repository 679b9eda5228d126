"""The binary without root: on user namespaces alone."""

import os
import unittest

from harness import WorkflowTest
from images import make_image


class RootlessTest(WorkflowTest):
    """As a user that has no subordinate ids and no rights."""

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

    BUILD = """
        FROM base:1 AS one
        RUN echo built > /made && mkdir -p /d/deep && echo x > /d/deep/f && ln -s /made /link
        WORKDIR /w/x
        COPY README.md .
        RUN rm -rf /d && mkdir /d && echo new > /d/g && rm /made /bin/nc && touch /srv/s && chmod 4111 /srv/s && mkdir /closed && touch /closed/x && chmod 0 /closed
        RUN true
        FROM base:1
        COPY --from=one --chown=5:6 /w /w
        COPY --from=one /d /copied
        COPY --chown=worker README.md /home/
        RUN echo more >> /home/README.md && find /w /copied | sort && true
        RUN true
        FROM one
        RUN test ! -e /made && test ! -e /d/deep && test -f /d/g && test ! -e /bin/nc && test -L /link && echo all-as-left
        COPY --from=1 /home /home
        USER worker
        """

    def test_building_on_an_image(self):
        """RUN, COPY --from and what they delete come to the very image that root builds, owners too."""
        self.write("Dockerfile", self.BUILD)
        (self.repository / "README.md").chmod(0o644)

        def build(run, state):
            self.state = self.folder / state
            make_image(self, "base:1", "RUN true", run=lambda *call: run(*call, "--build-arg", "SOURCE_DATE_EPOCH=1700000000"))
            output = run("image", "build", "--build-arg", "SOURCE_DATE_EPOCH=1700000000", "-t", "built:1", ".")
            self.assertIn("all-as-left", output)
            return output.strip().splitlines()[-1]

        self.assertEqual(build(self.run_as_user, "of-user"), build(self.run_pipeline, "of-root"))

    def test_root_and_users_may_share_a_state_folder(self):
        """Layers that one of them unpacked are not for the other: owners differ. Root first, the user, root again."""
        self.workflow("on: push\njobs: {a: {runs-on: x, container: 'base:1', steps: [{run: echo it-runs > /etc/x && cat /etc/x}]}}\n")
        self.commit()
        make_image(self, "base:1")
        for run in (self.run_pipeline, self.run_as_user, self.run_pipeline):
            # As by sudo: what root leaves is the user's in the end.
            self.give_to_user(self.folder)
            self.assertIn("│ it-runs", run("run", ".github/workflows/test.yml"))
            run("image", "build", "-t", "more:1", str(self.more()))

    def more(self):
        """A context that builds on it."""
        context = self.folder / "more"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(f"FROM base:1\nRUN echo {os.urandom(4).hex()} > /etc/y\n")
        context.chmod(0o755)
        return context

    def test_what_a_build_without_root_cannot_do(self):
        """It has one id: the message says so, and nothing is half built."""
        make_image(self, "base:1", run=self.run_as_user)
        self.write("Second", "FROM base:1\nUSER worker\nRUN id\n")
        output = self.run_as_user("image", "build", "-t", "second:1", "-f", "Second", ".", code=3)
        self.assertIn("RUN as 'worker': a build without root has one id", output)
        self.assertNotIn("second:1", self.run_as_user("image", "ls"))

    def test_actions_and_steps_build_on_images(self):
        """A Docker action's Dockerfile, and `docker build` in a step."""
        self.write("act/action.yml", "name: d\nruns: {using: docker, image: Dockerfile}\n")
        self.write("act/Dockerfile", 'FROM base:1\nRUN echo hello from the action > /said\nENTRYPOINT ["cat", "/said"]\n')
        self.write("image/Dockerfile", "FROM base:1\nRUN echo hello from the build && touch /there\n")
        self.commit()
        make_image(self, "base:1", run=self.run_as_user)
        self.workflow(
            """
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/checkout@v4
                  - uses: ./act
                  - run: docker build -t mine:1 image
            """
        )
        output = self.run_as_user("run", ".github/workflows/test.yml")
        self.assertIn("│ hello from the action", output)
        self.assertIn("hello from the build", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
