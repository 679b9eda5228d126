"""How actions of other repositories are fetched and kept, and what is said when they cannot be."""

import os
import shutil
import tarfile
import textwrap
import unittest

from remote_action import HELLO, RemoteActionTest


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


if __name__ == "__main__":
    unittest.main()
