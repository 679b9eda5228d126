"""A repository of workflows, and a git server of actions on loopback."""

from action_server import ActionServer
from harness import WorkflowTest

HELLO = """
    name: Hello
    inputs: {who: {default: world}}
    outputs: {said: {value: "${{ steps.say.outputs.said }}"}}
    runs:
      using: composite
      steps:
        - id: say
          shell: bash
          run: |
            echo "hello ${{ inputs.who }} from $GITHUB_ACTION_PATH"
            echo "said=${{ inputs.who }}" >> "$GITHUB_OUTPUT"
"""

JAVASCRIPT = """
    name: Script
    runs: {using: node20, pre: pre.js, main: main.js, post: post.js}
"""

SAYS = 'console.log(`%s of ${process.env.GITHUB_ACTION_REPOSITORY}@${process.env.GITHUB_ACTION_REF}`);\n'


class RemoteActionTest(WorkflowTest):
    """A repository of workflows and a server of actions."""

    server = None

    def setUp(self):
        super().setUp()
        self.server = ActionServer(self.folder / "server")
        self.closed = False
        self.addCleanup(self.close)

    def close(self):
        """Ends the server, once."""
        if not self.closed:
            self.server.close()
        self.closed = True

    def environment(self, **more):
        url = self.server.url if self.server else ""
        return super().environment(
            **{"PIPELINE_ACTION_SERVER": url, "_GITHUB_ACTION_DOWNLOAD_NO_BACKOFF": "1", **more}
        )

    def uses(self, *uses, code=0, arguments=(), env=None):
        """A job with a step for each."""
        return self.run_steps(*[f"- uses: {one}" for one in uses], code=code, arguments=arguments, env=env)

    def script(self, repository, tag="v1", metadata=JAVASCRIPT):
        """A JavaScript action that says which of its parts runs."""
        files = {f"{part}.js": SAYS % f"{part} part" for part in ("pre", "main", "post")}
        return self.server.publish(repository, {"action.yml": metadata, **files}, tag)

    def in_order(self, output, *texts):
        """Each comes behind the one before it."""
        at = 0
        for text in texts:
            found = output.find(text, at)
            self.assertNotEqual(found, -1, f"{text!r} is not behind what came before it:\n{output}")
            at = found + len(text)
