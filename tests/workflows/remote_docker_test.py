"""Docker actions of other repositories, and other repositories' scripts in a job's container."""

import unittest

from images import make_image
from remote_action import RemoteActionTest

METADATA = """
    name: Box
    inputs: {who: {default: world}}
    runs:
      using: docker
      image: Dockerfile
      args: ['${{ inputs.who }}']
      pre-entrypoint: /pre.sh
      post-entrypoint: /post.sh
"""

DOCKERFILE = """
    FROM tiny:1
    COPY *.sh /
    ENTRYPOINT ["/main.sh"]
"""

SCRIPTS = {
    "pre": '#!/bin/sh\necho "pre of $GITHUB_ACTION_REPOSITORY@$GITHUB_ACTION_REF"; echo early=seen >> $GITHUB_STATE\n',
    "main": '#!/bin/sh\necho "main for $1 with $STATE_early"; echo said=$1 >> $GITHUB_OUTPUT; echo late=kept >> $GITHUB_STATE\n',
    "post": '#!/bin/sh\necho "post with $STATE_early and $STATE_late"\n',
}


class RemoteDockerTest(RemoteActionTest):
    """A server of actions, and the image tiny:1 in the store."""

    def setUp(self):
        super().setUp()
        make_image(self, "tiny:1")

    def box(self, metadata=METADATA):
        """A Docker action with all parts."""
        scripts = {f"{name}.sh": (text, 0o755) for name, text in SCRIPTS.items()}
        self.server.publish("octo/box", {"action.yml": metadata, "Dockerfile": DOCKERFILE, **scripts}, "v1")

    def test_parts_of_a_docker_action_run_around_all_steps(self):
        self.box()
        output = self.run_steps(
            "echo first", "- id: box\n  uses: octo/box@v1\n  with: {who: you}", "echo last ${{ steps.box.outputs.said }}"
        )
        self.in_order(
            output,
            "Build container for action use: '/home/runner/work/_actions/octo/box/v1/Dockerfile'.",
            "│ pre of octo/box@v1",
            "│ first",
            "│ main for you with seen",
            "│ last you",
            "Post Run octo/box@v1",
            "│ post with seen and kept",
        )
        self.assertEqual(output.count("Build container for action use"), 1, output)

    def test_conditions_of_parts_hold(self):
        self.box(METADATA + "      pre-if: failure()\n      post-if: success()\n")
        output = self.run_steps("- uses: octo/box@v1", "exit 1", code=1)
        self.assertIn("main for world with", output)
        self.assertNotIn("pre of octo", output)
        self.assertNotIn("post with", output)

    def test_a_failed_part_fails_the_step(self):
        self.box(METADATA.replace("/pre.sh", "/bin/false"))
        output = self.run_steps("- uses: octo/box@v1", "echo not reached", code=1)
        self.assertIn("Docker run failed with exit code 1.", output)
        self.assertNotIn("main for", output)
        self.assertIn("post with", output)

    def test_a_dockerfile_alone_is_an_action(self):
        self.server.publish("octo/bare", {"sub/Dockerfile": 'FROM tiny:1\nENTRYPOINT ["echo", "bare", "says"]\n'}, "v1")
        output = self.run_steps("- uses: octo/bare/sub@v1\n  with: {args: \"it 'to you'\"}")
        self.assertIn("│ bare says it to you", output)

    def test_it_runs_within_composite_actions_of_others(self):
        """Together with an image by name, as metadata has it and as a step has it; built after all was fetched."""
        self.box()
        self.server.publish(
            "octo/image",
            {"action.yml": "name: i\nruns: {using: docker, image: 'docker://tiny:1', args: [echo, image of octo]}\n"},
            "v1",
        )
        self.server.publish(
            "octo/wrap",
            {
                "action.yml": """
                    name: Wrap
                    runs:
                      using: composite
                      steps:
                        - uses: octo/box@v1
                        - uses: octo/image@v1
                        - uses: docker://tiny:1
                          with: {args: echo by name}
                """
            },
            "v1",
        )
        output = self.run_steps("- uses: octo/wrap@v1", "echo last")
        self.in_order(
            output,
            "Download action repository 'octo/image@v1'",
            "└ ✓ Set up job",
            "┌ Pull tiny:1",
            "│ Pull down action image 'tiny:1'",
            "└ ✓ Pull tiny:1",
            "┌ Build octo/box@v1",
            "│ Build container for action use: '/home/runner/work/_actions/octo/box/v1/Dockerfile'.",
            "└ ✓ Build octo/box@v1",
            "│ pre of octo/box@v1",
            "│ main for world with seen",
            "│ image of octo",
            "│ by name",
            "│ last",
            "│ post with seen and kept",
        )

    def test_images_are_made_once_and_before_the_first_step(self):
        self.box(METADATA.replace("pre-entrypoint: /pre.sh", "").replace("post-entrypoint: /post.sh", ""))
        output = self.run_steps("echo first", "- uses: octo/box@v1", "- uses: octo/box@v1\n  with: {who: me}", "- uses: docker://tiny:1\n  with: {args: echo x}",
                                "- uses: docker://tiny:1\n  if: false")
        self.in_order(output, "✓ Pull tiny:1", "✓ Build octo/box@v1", "│ first", "main for world", "main for me", "│ x")
        self.assertEqual(output.count("Build container for action use"), 1, output)
        self.assertEqual(output.count("Pull down action image"), 1, output)

    def test_an_image_that_cannot_be_made_fails_the_job_before_its_steps(self):
        self.server.publish("octo/broken", {"action.yml": METADATA, "Dockerfile": "FROM tiny:1\nRUN exit 3\n"}, "v1")
        output = self.run_steps("echo first", "- uses: octo/broken@v1", "- if: always()\n  run: echo always", code=1)
        self.in_order(output, "✗ Build octo/broken@v1", "Run echo first: step 'Build octo/broken@v1' failed", "│ always")
        self.assertNotIn("│ first", output)

    def test_a_composite_action_of_the_workspace_gets_its_images_before_its_steps(self):
        self.box()
        self.write("mine/action.yml", """
            name: Mine
            runs:
              using: composite
              steps:
                - run: echo inner first
                  shell: sh
                - uses: octo/box@v1
        """)
        self.commit()
        output = self.run_steps("- uses: actions/checkout@v4", "- uses: ./mine")
        self.in_order(output, "Build container for action use", "│ inner first", "main for world")

    def test_jobs_in_containers_use_actions_of_others(self):
        """Scripts by the machine's node, which the image has not; Docker actions in a container of their own."""
        self.script("octo/one")
        self.box()
        self.workflow(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    container: tiny:1\n    steps:\n"
            "      - uses: octo/one@v1\n      - uses: octo/box@v1\n      - run: echo last\n"
        )
        output = self.run_pipeline("run", ".github/workflows/test.yml")
        self.in_order(
            output,
            "│ pre part of octo/one@v1",
            "│ pre of octo/box@v1",
            "│ main part of octo/one@v1",
            "│ main for world with seen",
            "│ last",
            "│ post with seen and kept",
            "│ post part of octo/one@v1",
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
