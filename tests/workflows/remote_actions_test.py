"""Actions of other repositories, fetched from a git server on loopback."""

import os
import unittest

from remote_action import HELLO, JAVASCRIPT, RemoteActionTest


class RemoteActionsTest(RemoteActionTest):
    """What is fetched, and how it runs."""

    def test_a_composite_action_runs_with_inputs_and_gives_outputs(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        output = self.run_steps(
            "- id: hi\n  uses: octo/hello@v1\n  with: {who: you}", 'echo "said=${{ steps.hi.outputs.said }}"'
        )
        self.assertIn("hello you from /home/runner/work/_actions/octo/hello/v1", output)
        self.assertIn("said=you", output)
        self.in_order(
            output, "Prepare all required actions", f"Download action repository 'octo/hello@v1' (SHA:{commit})", "hello you"
        )

    def test_it_is_the_runner_who_fetches_whatever_the_jobs_network(self):
        """Under --network none an action still comes from the configured server, which no step can reach."""
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        port = self.server.url.rsplit(":", 1)[1]
        for arguments in (("--network", "none"), ("--network", "allow=example.com:443")):
            self.server.requests.clear()
            output = self.run_steps(
                "- uses: octo/hello@v1",
                f"curl -sS -m 5 {self.server.url}/octo/hello || echo out-of-reach",
                f"(exec 3<>/dev/tcp/127.0.0.1/{port}) || echo out-of-reach",
                arguments=arguments,
            )
            self.assertIn("hello world from", output)
            self.assertEqual(output.count("│ out-of-reach"), 2, output)
            self.assertTrue(self.server.requests, "the runner fetched nothing")
            self.assertEqual({path.split("?")[0] for _, path, _ in self.server.requests if "octo/hello/" not in path}, set())

    def test_branch_tag_annotated_tag_and_commit_are_found(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.server.git("octo/hello", "tag", "-a", "-m", "Two", "v2")
        newer = self.server.publish("octo/hello", {"more": ""}, branch="main")
        output = self.uses("octo/hello@v1", "octo/hello@v2", "octo/hello@main", f"octo/hello@{commit}")
        for name, sha in (("v1", commit), ("v2", commit), ("main", newer), (commit, commit)):
            self.assertIn(f"'octo/hello@{name}' (SHA:{sha})", output)

    def test_an_action_in_a_folder_of_its_repository(self):
        self.server.publish("octo/many", {"in/side/action.yaml": HELLO}, "v1")
        self.assertIn("from /home/runner/work/_actions/octo/many/v1/in/side", self.uses("octo/many/in/side@v1"))

    def test_parts_of_a_script_run_around_all_steps(self):
        self.script("octo/one")
        self.script("octo/two")
        output = self.run_steps("echo first", "- uses: octo/one@v1", "- uses: octo/two@v1\n  if: false", "echo last")
        self.in_order(
            output,
            "pre part of octo/one@v1",
            "pre part of octo/two@v1",
            "first",
            "main part of octo/one@v1",
            "last",
            "post part of octo/two@v1",
            "post part of octo/one@v1",
        )
        self.assertNotIn("main part of octo/two", output)

    def test_conditions_of_parts_hold(self):
        self.script(
            "octo/one",
            metadata="""
                name: Script
                runs: {using: node20, pre: pre.js, pre-if: "false", main: main.js, post: post.js, post-if: failure()}
            """,
        )
        self.assertNotIn("post part", self.uses("octo/one@v1"))
        output = self.run_steps("- uses: octo/one@v1", "exit 3", code=1)
        self.assertIn("post part of octo/one@v1", output)
        self.assertNotIn("pre part", output)

    def test_who_asks_for_a_token_that_is_not_there_is_told_of(self):
        """Actions do not say well that they miss it; with a token there is nothing to say."""
        metadata = JAVASCRIPT + "    inputs: {token: {default: '${{ github.token }}'}}\n"
        self.script("octo/asks", metadata=metadata)
        told = "Input 'token' is empty: this run has no token of GitHub."
        self.assertEqual(self.uses("octo/asks@v1").count(told), 1)
        self.assertNotIn(told, self.uses("octo/asks@v1", arguments=("--secret", "GITHUB_TOKEN=ghs_made_for_a_test")))

    def test_state_goes_from_part_to_part(self):
        self.server.publish(
            "octo/state",
            {
                "action.yml": JAVASCRIPT,
                "pre.js": "require('fs').appendFileSync(process.env.GITHUB_STATE, 'a=1\\n');",
                "main.js": "require('fs').appendFileSync(process.env.GITHUB_STATE, `b=${process.env.STATE_a}2\\n`);",
                "post.js": "console.log(`state ${process.env.STATE_a} ${process.env.STATE_b}`);",
            },
            "v1",
        )
        self.assertIn("state 1 12", self.uses("octo/state@v1"))

    def test_nested_actions_are_fetched_before_the_first_step(self):
        self.script("octo/inner")
        self.server.publish(
            "octo/outer",
            {
                "action.yml": """
                    name: Outer
                    runs:
                      using: composite
                      steps:
                        - uses: octo/inner@v1
                        - {shell: bash, run: 'echo "repository=[$GITHUB_ACTION_REPOSITORY] $SEEN"', env: {SEEN: "${{ github.action_repository }}"}}
                """
            },
            "v2",
        )
        output = self.run_steps("echo first", "- uses: octo/outer@v2")
        self.in_order(
            output,
            "Download action repository 'octo/outer@v2'",
            "Download action repository 'octo/inner@v1'",
            "pre part of octo/inner@v1",
            "first",
            "main part of octo/inner@v1",
            "repository=[] octo/outer",
            "post part of octo/inner@v1",
        )

    def test_actions_of_a_local_composite_action_are_fetched_when_it_runs(self):
        self.script("octo/inner")
        self.write("act/action.yml", "name: x\nruns:\n  using: composite\n  steps: [{uses: octo/inner@v1}]\n")
        self.commit()
        output = self.run_steps("- uses: actions/checkout@v4", "- uses: ./act")
        self.assertIn("`pre` execution is not supported for local action from './act'", output)
        self.assertNotIn("pre part", output)
        self.in_order(output, "Download action repository 'octo/inner@v1'", "main part", "post part")

    def test_nesting_ends_at_nine(self):
        for i in range(11):
            inner = f"{{uses: octo/deep{i + 1}@v1}}" if i < 10 else "{shell: bash, run: echo bottom}"
            text = f"name: x\nruns:\n  using: composite\n  steps: [{inner}]\n"
            self.server.publish(f"octo/deep{i}", {"action.yml": text}, "v1")
        self.assertIn("bottom", self.uses("octo/deep2@v1"))
        self.assertIn("Composite action depth exceeded max depth 9", self.uses("octo/deep1@v1", code=1))

    def test_its_own_repository_is_meant_by_dollar(self):
        self.server.publish(
            "octo/kit",
            {
                "outer/action.yml": "name: x\nruns:\n  using: composite\n  steps: [{uses: $/inner}]\n",
                "inner/action.yml": HELLO,
            },
            "v1",
        )
        self.write("mine/action.yml", HELLO)
        output = self.uses("octo/kit/outer@v1", "$/mine")
        self.assertIn("from /home/runner/work/_actions/octo/kit/v1/inner", output)
        # Of the user's own work tree, without a checkout and before any commit.
        self.assertRegex(output, r"from /home/runner/work/_actions/local/repo/[0-9a-f]{40}/mine")

    def test_a_symlink_out_of_the_repository_is_not_followed(self):
        self.server.publish("octo/hello", {"action.yml": HELLO})
        (self.folder / "outside").mkdir()
        (self.folder / "outside" / "action.yml").write_text("name: x\nruns: {using: composite, steps: []}\n")
        os.symlink(self.folder / "outside", self.server.folder / "octo/hello/link")
        self.server.publish("octo/hello", {}, "v1")
        output = self.uses("octo/hello/link@v1", code=1)
        self.assertIn("Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'octo/hello/link@v1'.", output)

    def test_node_of_the_runner_runs_it_not_that_of_a_step(self):
        self.script("octo/one")
        output = self.run_steps(
            'mkdir -p "$RUNNER_TEMP/bin"; printf "#!/bin/sh\\necho wrong node\\n" > "$RUNNER_TEMP/bin/node"\n'
            'chmod +x "$RUNNER_TEMP/bin/node"; echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"',
            "- uses: octo/one@v1",
        )
        self.assertIn("main part", output)
        self.assertNotIn("│ wrong node", output)


if __name__ == "__main__":
    unittest.main()
