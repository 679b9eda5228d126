"""Docker actions: built or pulled, and run without an engine."""

import shutil
import unittest

from harness import WorkflowTest
from images import APPLETS, BUSYBOX, make_image

MAIN = """#!/bin/sh
echo "args <$1> <$2> of $#"
pwd
echo "who $INPUT_WHO workspace $GITHUB_WORKSPACE temp $RUNNER_TEMP home $HOME own $OWN image $FROM_IMAGE"
test "$GITHUB_ACTIONS" = true && test -s "$GITHUB_EVENT_PATH" && echo "event $GITHUB_EVENT_PATH"
ls -d $GITHUB_WORKSPACE/README.md
echo "::notice::from the container"
echo "greeting=hello $INPUT_WHO" >> "$GITHUB_OUTPUT"
echo FROM_ACTION=yes >> "$GITHUB_ENV"
echo kept=it >> "$GITHUB_STATE"
echo "# summary" >> "$GITHUB_STEP_SUMMARY"
mkdir -p sub && echo made > sub/by-the-action
echo more > /github/home/kept; echo more > /github/runner_temp/kept
"""


class DockerActionTest(WorkflowTest):
    """Actions of the repository with a Dockerfile, and images by docker://."""

    def write_action(self, metadata, **scripts):
        """.github/actions/d with a Dockerfile over busybox."""
        folder = self.repository / ".github/actions/d"
        folder.mkdir(parents=True)
        shutil.copy(BUSYBOX, folder / "busybox")
        for name, text in scripts.items():
            self.write(f".github/actions/d/{name}.sh", text, mode=0o755)
        links = " ".join(APPLETS)
        (folder / "Dockerfile").write_text(
            "FROM scratch\nCOPY busybox /bin/busybox\n"
            f'RUN ["/bin/busybox", "sh", "-c", "for a in {links}; do /bin/busybox ln -s busybox /bin/$a; done"]\n'
            'COPY *.sh /\nENV FROM_IMAGE=yes OWN=image\nENTRYPOINT ["/main.sh"]\nCMD ["from-image"]\n'
        )
        self.write(".github/actions/d/action.yml", metadata)

    def run_job(self, text, *arguments, code=0):
        """A workflow whose job `test` has these keys; its output."""
        body = "\n".join(f"    {line}" for line in text.strip("\n").splitlines())
        self.workflow(f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n{body}\n")
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code)

    def test_an_action_is_built_and_run_at_githubs_places(self):
        """In a job on the machine, twice (the second build is cached), and in a container job."""
        self.write_action(
            """
            name: d
            inputs: {who: {default: world}}
            runs:
              using: docker
              image: Dockerfile
              args: ['${{ inputs.who }} and all', second]
              env: {OWN: 'of ${{ inputs.who }}'}
            """,
            main=MAIN,
        )
        make_image(self, "tiny:1")
        steps = """
steps:
  - uses: actions/checkout@v4
  - uses: ./.github/actions/d
    id: first
  - run: |
      echo "got ${{ steps.first.outputs.greeting }} $FROM_ACTION"; cat sub/by-the-action $RUNNER_TEMP/kept
      echo more >> sub/by-the-action && echo writable
  - uses: ./.github/actions/d
    with: {who: you, args: ignored}
  - uses: ./.github/actions/d
    with: {entrypoint: /bin/echo}
"""
        for container in ("", "container: tiny:1"):
            with self.subTest(container):
                output = self.run_job(container + steps)
                for expected in (
                    "Build container for action use: '",
                    "args <world and all> <second> of 2",
                    "/github/workspace\n",
                    "who world workspace /github/workspace temp /github/runner_temp home /github/home own of world image yes",
                    "event /github/workflow/event.json",
                    "/github/workspace/README.md",
                    "Notice: from the container",
                    "got hello world yes",
                    "│ made",
                    "│ more",
                    "│ writable",
                    "args <you and all> <second> of 2",
                    "│ world and all second",
                    "CACHED",
                ):
                    self.assertIn(expected, output)
        self.assertEqual(list(self.state.glob("runs/*/jobs/*")), [])

    def test_an_image_by_name_runs_with_args_and_entrypoint(self):
        """docker://, with the image's own command if there are no args; a failure fails the step."""
        make_image(self, "tool:1", 'ENTRYPOINT ["echo"]', 'CMD ["default"]')
        output = self.run_job(
            """
steps:
  - uses: docker://tool:1
  - uses: docker://tool:1
    with: {args: "a 'b c'"}
  - uses: docker://tool:1
    env: {X: of-the-step}
    with: {entrypoint: sh, args: "-c 'echo X is $X in $(pwd) as $(id -u); exit 3'"}
""",
            code=1,
        )
        for expected in ("│ default", "│ a b c", "X is of-the-step in /github/workspace as 0", "Docker run failed with exit code 3."):
            self.assertIn(expected, output)

    def test_post_entrypoint_has_the_state_of_main(self):
        """And runs after the other steps; `pre` of a local action is not run, and said so."""
        self.write_action(
            """
            name: d
            runs: {using: docker, image: Dockerfile, pre-entrypoint: /main.sh, post-entrypoint: /post.sh, post-if: success()}
            """,
            main="#!/bin/sh\necho main; echo kept=it >> $GITHUB_STATE\n",
            post="#!/bin/sh\necho post with $STATE_kept\n",
        )
        output = self.run_job(
            "steps:\n  - uses: actions/checkout@v4\n  - uses: ./.github/actions/d\n  - run: echo between\n"
        )
        self.assertIn("`pre` execution is not supported for local action", output)
        self.assertLess(output.index("│ main"), output.index("│ between"))
        self.assertLess(output.index("│ between"), output.index("│ post with it"))

    def test_services_are_found_by_name(self):
        """On the machine's network and in one of the job's own."""
        make_image(
            self,
            "server:1",
            "EXPOSE 7000",
            'ENTRYPOINT ["sh", "-c", "mkdir /tmp/w; echo I am it > /tmp/w/index.html; exec httpd -f -p 7000 -h /tmp/w"]',
        )
        make_image(self, "tool:1")
        text = """
services:
  it: {image: 'server:1', options: --health-cmd "wget -q -O- http://127.0.0.1:7000/"}
steps:
  - uses: docker://tool:1
    with: {entrypoint: wget, args: -q -O- http://it:7000/}
"""
        for network in ("none", "host"):
            with self.subTest(network):
                self.assertIn("│ I am it", self.run_job(text, "--network", network))

    def test_a_step_cannot_lead_the_container_out_of_its_folders(self):
        """Links in place of the folders that the next container gets are not followed."""
        make_image(self, "tool:1")
        (self.folder / "private").mkdir()
        (self.folder / "private/canary").write_text("untouched")
        output = self.run_job(
            f"""
steps:
  - run: |
      for name in _runner_file_commands _github_home _github_workflow; do
        rm -rf "$RUNNER_TEMP/$name" || true; ln -sfn {self.folder}/private "$RUNNER_TEMP/$name" || true
      done 2>/dev/null
      rm -rf "$GITHUB_WORKSPACE" 2>/dev/null || true
  - uses: docker://tool:1
    with: {{entrypoint: sh, args: "-c 'cat /github/*/canary; echo x > /github/home/canary; echo tried'"}}
"""
        )
        self.assertIn("│ tried", output)
        self.assertNotIn("│ untouched", output)
        self.assertEqual((self.folder / "private/canary").read_text(), "untouched")


if __name__ == "__main__":
    unittest.main(verbosity=2)
