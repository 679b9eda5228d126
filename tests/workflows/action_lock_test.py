"""Runs under .github/workflows/actions.lock: the commits that it names."""

import unittest

from remote_action import HELLO, RemoteActionTest


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


if __name__ == "__main__":
    unittest.main()
