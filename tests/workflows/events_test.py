"""What a run without a payload of its own tells workflows of its event: `github.event` as GitHub fills it."""

import json
import unittest

from harness import WorkflowTest

WORKFLOW = """
on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: cat "$GITHUB_EVENT_PATH"
"""


class EventsTest(WorkflowTest):
    """Payloads made from the working tree."""

    def payload(self, *arguments):
        """The event that a job of this repository finds."""
        self.workflow(WORKFLOW)
        output = self.run_pipeline("run", *arguments)
        text = "\n".join(line.split("│ ", 1)[1] for line in output.splitlines() if "│ " in line)
        return json.loads(text[text.index("\n{\n") :])

    def test_a_push_is_that_of_the_last_commit(self):
        """before, after, commits, pusher and sender; a first commit makes the branch."""
        first = self.git("rev-parse", "HEAD")
        payload = self.payload()
        self.assertEqual((payload["before"], payload["created"]), ("0" * 40, True))
        second = self.commit()
        payload = self.payload()
        self.assertEqual((payload["before"], payload["after"], payload["created"]), (first, second, False))
        commit = payload["head_commit"]
        self.assertEqual(payload["commits"], [commit])
        self.assertEqual((commit["id"], commit["message"]), (second, "Change"))
        self.assertEqual(commit["tree_id"], self.git("rev-parse", "HEAD^{tree}"))
        self.assertEqual(commit["timestamp"], self.git("log", "-1", "--format=%cI").replace("Z", "+00:00"))
        self.assertEqual(commit["author"]["email"], "tester@example.com")
        self.assertEqual((payload["sender"]["login"], payload["pusher"]["name"]), ("Tester", "Tester"))
        self.assertEqual(self.payload("--actor", "mona")["sender"]["login"], "mona")

    def test_a_pull_request_goes_from_this_branch_into_the_default_one(self):
        """head and base with repositories, so that the usual question after forks is answered."""
        base = self.git("rev-parse", "HEAD")
        self.git("branch", "-m", "main", "master")
        self.git("checkout", "-q", "-b", "feature/x")
        head = self.commit()
        payload = self.payload("--event", "pull_request")
        pull = payload["pull_request"]
        self.assertEqual((pull["head"]["ref"], pull["head"]["sha"]), ("feature/x", head))
        self.assertEqual((pull["base"]["ref"], pull["base"]["sha"]), ("master", base))
        self.assertEqual(pull["head"]["repo"]["full_name"], payload["repository"]["full_name"])
        self.assertEqual((pull["title"], pull["body"], pull["draft"], pull["labels"]), ("Change", None, False, []))
        self.assertEqual(pull["user"]["login"], "Tester")

    def test_the_default_branch_is_the_repositorys(self):
        """What origin/HEAD names; else main or master; else where we are."""
        self.assertEqual(self.payload()["repository"]["default_branch"], "main")
        self.git("branch", "-m", "main", "trunk")
        self.assertEqual(self.payload()["repository"]["default_branch"], "trunk")
        self.git("branch", "master")
        self.assertEqual(self.payload()["repository"]["default_branch"], "master")
        self.git("update-ref", "refs/remotes/origin/develop", "HEAD")
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
        self.assertEqual(self.payload()["repository"]["default_branch"], "develop")

    def test_a_folder_without_commits_has_an_event_too(self):
        """Nothing to say of commits, and nothing fails."""
        self.git("update-ref", "-d", "HEAD")
        payload = self.payload()
        self.assertEqual((payload["ref"], payload["head_commit"], payload["commits"]), ("refs/heads/main", None, []))


if __name__ == "__main__":
    unittest.main()
