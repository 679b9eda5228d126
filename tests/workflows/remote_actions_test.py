"""Actions and workflows of other repositories, fetched from a git server on loopback."""

import os
import shutil
import tarfile
import textwrap
import unittest

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


class ActionCacheTest(RemoteActionTest):
    """What is asked of the server, and what is kept."""

    def test_a_commit_is_fetched_once_and_a_full_one_asks_nobody(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.uses(f"octo/hello@{commit}")
        self.assertTrue((self.state / "actions/octo/hello" / commit / "action.yml").exists())
        asked = len(self.server.requests)
        self.assertIn("hello world", self.uses(f"octo/hello@{commit}"))
        self.assertEqual(len(self.server.requests), asked)
        self.uses("octo/hello@v1")
        self.assertEqual([path for _, path, _ in self.server.requests[asked:] if "git-upload-pack" in path and "?" not in path],
                         ["/octo/hello/git-upload-pack"])

    def test_only_the_newest_commit_comes(self):
        self.server.publish("octo/hello", {"big": "x" * 1000, "action.yml": HELLO})
        (self.server.folder / "octo/hello/big").write_bytes(os.urandom(3 << 20))
        self.server.publish("octo/hello", {})
        (self.server.folder / "octo/hello/big").unlink()
        self.server.publish("octo/hello", {}, "v1")
        self.uses("octo/hello@v1")
        kept = sum(path.stat().st_size for path in self.state.joinpath("actions").rglob("*") if path.is_file())
        self.assertLess(kept, 100_000)

    def test_offline_takes_what_is_there_and_names_what_is_not(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.uses("octo/hello@v1")
        self.close()
        self.assertIn("hello world", self.uses("octo/hello@v1", arguments=["--offline"]))
        output = self.uses("octo/hello@v1", "octo/other@v3", arguments=["--action-offline-mode"], code=1)
        self.assertIn("the action `octo/other@v3` is not in the cache", output)
        self.assertIn("the run is offline", output)
        self.assertNotIn("hello world", output)

    def test_a_download_that_was_killed_is_done_again(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        left = self.state / "actions/octo/hello/.new-123456"
        left.mkdir(parents=True)
        (left / "files").mkdir()
        self.assertIn("hello world", self.uses("octo/hello@v1"))
        self.assertEqual(sorted(path.name for path in left.parent.iterdir() if path.is_dir()), [commit])

    def test_jobs_and_processes_side_by_side_fetch_it_once(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        job = "{runs-on: x, strategy: {matrix: {n: [1, 2, 3, 4]}}, steps: [{uses: octo/hello@v1}]}"
        path = self.workflow(f"on: push\njobs:\n  a: {job}\n")
        runs = [self.start("run", path) for _ in range(2)]
        outputs = [run.communicate(timeout=60)[0] for run in runs]
        self.assertEqual([run.returncode for run in runs], [0, 0], outputs)
        self.assertEqual(sum(output.count("│ hello world") for output in outputs), 8)
        packs = [1 for method, path, _ in self.server.requests if method == "POST"]
        # Each process asks for the reference; one of them fetches.
        self.assertEqual(len(packs), 3)

    def test_archives_of_the_runner_are_taken_first(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        archives = self.folder / "archives"
        (archives / "octo_hello").mkdir(parents=True)
        with tarfile.open(archives / "octo_hello" / f"{commit}.tar.gz", "w:gz") as archive:
            archive.add(self.server.folder / "octo/hello", f"octo-hello-{commit[:7]}")
        shutil.rmtree(self.server.folder / "octo/hello")
        env = {"ACTIONS_RUNNER_ACTION_ARCHIVE_CACHE": str(archives)}
        self.assertIn("hello world", self.uses(f"octo/hello@{commit}", env=env))

    def test_unpacked_archives_of_the_runner_are_used_when_the_machine_says_so(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        folder = self.folder / "archives/octo_hello" / commit / "octo-hello-1234567"
        folder.mkdir(parents=True)
        (folder / "action.yml").write_text(textwrap.dedent(HELLO.replace("hello $", "unpacked $")), encoding="utf-8")
        env = {"ACTIONS_RUNNER_ACTION_ARCHIVE_CACHE": str(self.folder / "archives")}
        switch = {**env, "ACTIONS_RUNNER_SYMLINK_CACHED_ACTIONS": "true"}
        self.assertIn("unpacked world", self.uses("octo/hello@v1", env=switch))
        self.assertIn("│ hello world", self.uses("octo/hello@v1", env=env))
        (folder.parent / "another").mkdir()
        self.assertIn("│ hello world", self.uses("octo/hello@v1", env=switch))

    def test_a_folder_stands_for_a_repository(self):
        self.write("dev/action.yml", HELLO.replace("hello $", "developed $"))
        self.script("octo/one")
        output = self.uses("octo/hello@v9", "octo/one@v1", arguments=["--replace", "octo/hello=./dev"])
        self.assertIn("developed world", output)
        self.assertIn("main part of octo/one@v1", output)
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        output = self.uses("octo/hello@v1", "octo/hello@v2", arguments=["--replace", "Octo/Hello@v2=dev"])
        self.in_order(output, "hello world", "developed world")

    def test_a_folder_stands_for_a_built_in(self):
        self.write("dev/action.yml", HELLO)
        self.assertIn("hello world", self.uses("actions/checkout@v4", arguments=["--replace", "actions/checkout=dev"]))

    def test_servers_of_files_need_no_network(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        url = f"file://{self.server.folder}"
        self.close()
        self.assertIn("hello world", self.uses("octo/hello@v1", arguments=["--action-server", url]))

    def test_the_configuration_names_the_server(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.write(".pipeline.yml", f"action-server: file://{self.server.folder}\n")
        self.close()
        self.assertIn("hello world", self.uses("octo/hello@v1", env={"PIPELINE_ACTION_SERVER": ""}))


class RefusalTest(RemoteActionTest):
    """Who may read what, and what is said of the rest."""

    def test_passing_faults_are_tried_again(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.server.failures = [503, 502]
        output = self.uses("octo/hello@v1")
        self.assertIn("hello world", output)
        self.assertEqual(output.count("Retrying in 0 seconds"), 2)
        self.server.failures = [503] * 3
        output = self.uses("octo/hello@v1", code=1)
        self.assertIn("HTTP status 503", output)
        self.assertEqual(self.server.failures, [])

    def test_a_refusal_is_not_tried_again(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        for status in (401, 403, 404):
            self.server.failures = [status]
            before = len(self.server.requests)
            self.uses("octo/hello@v1", code=1)
            self.assertEqual(len(self.server.requests), before + 1)

    def test_what_does_not_exist_is_named(self):
        commit = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.assertIn("Unable to resolve action `octo/hello@v7`, unable to find version `v7`",
                      self.uses("octo/hello@v7", code=1))
        self.assertIn("Unable to resolve action `octo/none@v1`, repository not found", self.uses("octo/none@v1", code=1))
        self.assertIn(f"the provided ref `{commit[:10]}` is the shortened version of a commit SHA",
                      self.uses(f"octo/hello@{commit[:10]}", code=1))
        missing = "1" * 40
        self.assertIn(f"unable to find version `{missing}`", self.uses(f"octo/hello@{missing}", code=1))
        output = self.run_steps("- uses: octo/hello@v7", "- if: always()\n  run: echo ran", code=1)
        self.assertNotIn("ran\n", output)

    def test_a_private_repository_is_read_with_the_token(self):
        self.server.publish("octo/hidden", {"action.yml": HELLO}, "v1")
        self.server.tokens = {"octo/hidden": "s3cret-token"}
        output = self.uses("octo/hidden@v1", code=1)
        self.assertIn("refuses access", output)
        output = self.uses("octo/hidden@v1", arguments=["--secret", "GITHUB_TOKEN"], env={"GITHUB_TOKEN": "s3cret-token"})
        self.assertIn("hello world", output)
        self.assertNotIn("s3cret-token", output)
        self.assertEqual(self.state_files_with("s3cret-token"), [])

    def test_a_refused_token_is_left_away(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.server.known_passwords = ["other"]
        output = self.uses("octo/hello@v1", arguments=["--secret", "GITHUB_TOKEN=of-another-server"])
        self.assertIn("hello world", output)
        self.assertEqual({password for _, _, password in self.server.requests}, {"of-another-server", ""})

    def test_git_logs_in_where_it_can(self):
        self.server.publish("octo/hidden", {"action.yml": HELLO}, "v1")
        self.server.tokens = {"octo/hidden": "from-the-store"}
        host = self.server.url.partition("://")[2]
        (self.folder / ".git-credentials").write_text(f"http://me:from-the-store@{host}\n")
        (self.folder / ".gitconfig").write_text("[credential]\n\thelper = store\n")
        self.assertIn("hello world", self.uses("octo/hidden@v1"))


class LockTest(RemoteActionTest):
    """`.github/workflows/actions.lock`."""

    def lock(self, dependencies, workflow=".github/workflows/test.yml"):
        """A lock of the workflow with these pins and commits."""
        lines = ["version: 'v0.0.2'", "workflows:", f"    '{workflow}':", *[f"        - '{pin}'" for pin in dependencies]]
        lines += ["dependencies:"]
        for pin, commit in dependencies.items():
            lines += [f"    '{pin}':", f"        ref: '{pin.partition('@')[2]}'", f"        commit: 'sha1-{commit}'"]
            lines += ["        owner_id: 1", "        repo_id: 2"]
        self.write(".github/workflows/actions.lock", "\n".join(lines) + "\n")

    def test_the_locked_commit_is_used_though_the_tag_moved(self):
        first = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.lock({"octo/hello@v1": first})
        self.server.publish("octo/hello", {"action.yml": HELLO.replace("hello $", "tampered $")}, "v1")
        (self.server.folder / "Octo").mkdir()
        (self.server.folder / "Octo/Hello").symlink_to("../octo/hello")
        output = self.uses("Octo/Hello@v1")
        self.in_order(output, "Using locked action versions from the workflow's lockfile", f"(SHA:{first})", "hello world")
        self.assertNotIn("tampered", output)

    def test_what_the_lock_does_not_know_is_refused(self):
        first = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.server.publish("octo/other", {"action.yml": HELLO}, "v1")
        self.lock({"octo/hello@v1": first})
        output = self.uses("octo/hello@v1", "octo/other@v1", code=1)
        self.assertIn("does not know `octo/other@v1`; update the lock", output)
        self.assertNotIn("│ hello world", output)

    def test_another_commit_than_the_locked_one_is_refused(self):
        first = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        second = self.server.publish("octo/hello", {}, "v2")
        self.lock({f"octo/hello@{second}": first})
        output = self.uses(f"octo/hello@{second}", code=1)
        self.assertIn(f"names the commit {first} for `octo/hello@{second}`", output)

    def test_workflows_that_the_lock_does_not_name_are_free(self):
        self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.lock({"octo/hello@v1": "1" * 40}, workflow=".github/workflows/other.yml")
        output = self.uses("octo/hello@v1")
        self.assertIn("hello world", output)
        self.assertNotIn("Using locked", output)

    def test_a_broken_lock_is_refused_with_its_place(self):
        self.write(".github/workflows/actions.lock", "version: v9\n")
        output = self.uses("octo/hello@v1", code=2)
        self.assertIn(".github/workflows/actions.lock:1:10: expected version v0.0.2 or v0.0.3, found 'v9'", output)


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
