"""Workflows of other repositories, fetched from a git server on loopback."""

import unittest

from remote_action import HELLO, RemoteActionTest

CALLED = """
    on:
      workflow_call:
        inputs: {who: {type: string}}
        outputs: {said: {value: "${{ jobs.one.outputs.said }}"}}
    jobs:
      one:
        runs-on: x
        outputs: {said: "${{ steps.hi.outputs.said }}"}
        steps:
          - id: hi
            uses: $/hello
            with: {who: "${{ inputs.who }}"}
          - run: |
              echo "ref=${{ job.workflow_ref }} sha=${{ job.workflow_sha }}"
              echo "repository=${{ job.workflow_repository }} file=${{ job.workflow_file_path }}"
              echo "caller=${{ github.repository }}"
"""


class RemoteWorkflowTest(RemoteActionTest):
    """Jobs that call workflows of other repositories."""

    def call(self, uses, code=0, arguments=()):
        """A job that calls it, and one that shows what came back."""
        path = self.workflow(
            f"""
            on: push
            jobs:
              call:
                uses: {uses}
                with: {{who: you}}
              after:
                needs: call
                runs-on: x
                steps: [{{run: 'echo "got=${{{{ needs.call.outputs.said }}}}"'}}]
            """
        )
        return self.run_pipeline("run", path, *arguments, code=code)

    def publish(self, text=CALLED):
        """The called workflow; the commit."""
        return self.server.publish("octo/flows", {".github/workflows/x.yml": text, "hello/action.yml": HELLO}, "v1")

    def test_it_runs_and_knows_where_it_is_from(self):
        commit = self.publish()
        output = self.call("octo/flows/.github/workflows/x.yml@v1")
        self.assertIn("hello you from", output)
        self.assertIn("got=you", output)
        self.assertIn(f"ref=octo/flows/.github/workflows/x.yml@refs/tags/v1 sha={commit}", output)
        self.assertIn("repository=octo/flows file=.github/workflows/x.yml", output)
        self.assertIn("caller=local/repo", output)
        self.close()
        self.assertIn("got=you", self.call("octo/flows/.github/workflows/x.yml@v1", arguments=["--offline"]))

    def test_what_it_calls_beside_itself_is_of_its_repository(self):
        self.publish()
        nested = """
            on:
              workflow_call:
                inputs: {who: {type: string}}
                outputs: {said: {value: "${{ jobs.on.outputs.said }}"}}
            jobs: {on: {uses: ./.github/workflows/x.yml, with: {who: "deep ${{ inputs.who }}"}}}
        """
        self.server.publish("octo/flows", {".github/workflows/y.yml": nested}, "v2")
        output = self.call("octo/flows/.github/workflows/y.yml@v2")
        self.assertIn("got=deep you", output)
        self.assertIn("ref=octo/flows/.github/workflows/x.yml@refs/tags/v2", output)

    def test_what_is_missing_is_said_before_anything_runs(self):
        self.publish()
        for uses, why in (
            ("octo/flows/.github/workflows/z.yml@v1", "workflow was not found"),
            ("octo/flows/.github/workflows/x.yml@v9", "unable to find version `v9`"),
            ("octo/none/.github/workflows/x.yml@v1", "repository not found"),
        ):
            output = self.call(uses, code=2)
            self.assertIn(f'error parsing called workflow "{uses}"', output)
            self.assertIn(why, output)

    def test_a_check_asks_nobody(self):
        self.publish()
        self.call("octo/flows/.github/workflows/x.yml@v1")
        asked = len(self.server.requests)
        self.run_pipeline("check", ".github/workflows/test.yml", code=None)
        self.assertEqual(len(self.server.requests), asked)


if __name__ == "__main__":
    unittest.main()
