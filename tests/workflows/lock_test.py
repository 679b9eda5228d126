"""`pipeline lock`: the commits of all that workflows use from other repositories."""

import unittest

from remote_action import HELLO, RemoteActionTest

LOCK = ".github/workflows/actions.lock"

OUTER = """
    name: Outer
    runs:
      using: composite
      steps:
        - uses: octo/hello@v1
        - uses: $/inner
"""
INNER = """
    name: Inner
    runs:
      using: composite
      steps:
        - uses: octo/deep/some/where@v1
"""
CALLED = """
    on: workflow_call
    jobs:
      one: {runs-on: x, steps: [{uses: octo/hello@v1}]}
      two: {uses: ./.github/workflows/beside.yml}
"""
BESIDE = """
    on: workflow_call
    jobs:
      three: {runs-on: x, steps: [{uses: octo/deep/some/where@v1}]}
"""


class LockCommandTest(RemoteActionTest):
    """Of a repository with two workflows and a local action."""

    def setUp(self):
        super().setUp()
        self.hello = self.server.publish("octo/hello", {"action.yml": HELLO}, "v1")
        self.deep = self.server.publish("octo/deep", {"some/where/action.yml": HELLO}, "v1")
        self.outer = self.server.publish("octo/outer", {"action.yml": OUTER, "inner/action.yml": INNER}, "v1")
        self.flows = self.server.publish("octo/flows", {".github/workflows/called.yml": CALLED, ".github/workflows/beside.yml": BESIDE}, "v1")
        self.write("act/action.yml", "name: a\nruns: {using: composite, steps: [{uses: octo/hello@v1}]}\n")
        self.workflow("on: push\njobs: {a: {runs-on: x, steps: [{uses: Octo/Outer@v1}]}}\n".replace("Octo/Outer", "octo/outer"), "one.yml")
        self.workflow(
            "on: push\njobs:\n  a: {runs-on: x, steps: [{uses: actions/checkout@v4}, {uses: ./act}]}\n"
            "  b: {uses: octo/flows/.github/workflows/called.yml@v1}\n", "two.yml"
        )
        self.checkout = self.server.publish("actions/checkout", {"action.yml": HELLO}, "v4")

    def text(self):
        """The lock's."""
        return (self.repository / LOCK).read_text(encoding="utf-8")

    def move(self):
        """A new commit under the tag of octo/hello."""
        return self.server.publish("octo/hello", {"action.yml": HELLO.replace("hello $", "moved $")}, "v1")

    def test_the_lock_holds_what_workflows_use_and_what_that_uses(self):
        """Composite actions, called workflows with those beside them, actions of the repository itself."""
        output = self.run_pipeline("lock")
        self.assertIn("5 actions of 2 workflows", output)
        self.assertEqual(
            self.text(),
            f"""# Written by `pipeline lock`: the commits of all that the workflows here use from other repositories.
version: 'v0.0.3'
workflows:
  '.github/workflows/one.yml':
    - 'octo/outer@v1'
  '.github/workflows/two.yml':
    - 'actions/checkout@v4'
    - 'octo/flows@v1'
    - 'octo/hello@v1'
dependencies:
  'actions/checkout@v4':
    commit: 'sha1-{self.checkout}'
  'octo/deep@v1':
    commit: 'sha1-{self.deep}'
  'octo/flows@v1':
    commit: 'sha1-{self.flows}'
    uses:
      - 'octo/deep@v1'
      - 'octo/hello@v1'
  'octo/hello@v1':
    commit: 'sha1-{self.hello}'
  'octo/outer@v1':
    commit: 'sha1-{self.outer}'
    uses:
      - 'octo/deep@v1'
      - 'octo/hello@v1'
""",
        )
        self.move()
        output = self.run_pipeline("run", ".github/workflows/one.yml")
        self.in_order(output, "Using locked action versions", f"(SHA:{self.hello})", "hello world")
        self.assertNotIn("moved world", output)
        self.assertIn("hello world", self.run_pipeline("run", ".github/workflows/two.yml"))

    def test_a_check_says_what_moved_is_missing_or_unused(self):
        """Exit code 1, and nothing is written."""
        self.assertIn("missing  .github/workflows/one.yml", self.run_pipeline("lock", "--check", code=1))
        self.assertFalse((self.repository / LOCK).exists())
        self.run_pipeline("lock")
        before = self.text()
        self.assertIn("is up to date", self.run_pipeline("lock", "--check"))
        newer = self.move()
        self.workflow("on: push\njobs: {a: {runs-on: x, steps: [{uses: octo/deep/some/where@main}]}}\n", "one.yml")
        output = self.run_pipeline("lock", "--check", code=1)
        self.assertIn(f"moved    octo/hello@v1 from {self.hello} to {newer}", output)
        self.assertIn("missing  octo/deep@main of .github/workflows/one.yml", output)
        self.assertIn(f"missing  octo/deep@main ({self.deep})", output)
        self.assertIn("unused   octo/outer@v1", output)
        self.assertEqual(self.text(), before)

    def test_what_is_locked_stays_until_it_is_updated(self):
        """`pipeline lock` adds and removes; --update takes what moved, of that repository alone."""
        self.run_pipeline("lock")
        newer = self.move()
        self.server.publish("octo/deep", {"more": ""}, "v1")
        self.workflow("on: push\njobs: {a: {runs-on: x, steps: [{uses: octo/hello@v1}]}}\n", "one.yml")
        output = self.run_pipeline("lock")
        self.assertIn("removed  octo/outer@v1", output)
        self.assertIn(self.hello, self.text())
        output = self.run_pipeline("lock", "--update", "Octo/Hello")
        self.assertIn(f"updated  octo/hello@v1 from {self.hello} to {newer}", output)
        self.assertIn(newer, self.text())
        self.assertIn(self.deep, self.text())
        self.assertIn("moved world", self.run_pipeline("run", ".github/workflows/one.yml"))
        self.assertIn("locks nothing of it", self.run_pipeline("lock", "--update", "octo/nothing", code=2))

    def test_what_cannot_be_had_is_named(self):
        """And the lock is as it was."""
        self.run_pipeline("lock")
        before = self.text()
        self.workflow("on: push\njobs: {a: {runs-on: x, steps: [{uses: octo/hello@v9}]}}\n", "one.yml")
        self.assertIn("unable to find version `v9`", self.run_pipeline("lock", code=None))
        self.assertEqual(self.text(), before)

    def test_actions_and_workflows_that_use_themselves_are_no_loop(self):
        """Refused when they run; a lock of them is made."""
        self.server.publish("octo/loop", {"action.yml": OUTER.replace("$/inner", "octo/loop@v1"), ".github/workflows/l.yml": "on: workflow_call\njobs: {a: {uses: ./.github/workflows/l.yml}}\n"}, "v1")
        self.workflow("on: push\njobs: {a: {runs-on: x, steps: [{uses: octo/loop@v1}]}, b: {uses: octo/loop/.github/workflows/l.yml@v1}}\n", "one.yml")
        self.run_pipeline("lock")
        self.assertIn("- 'octo/loop@v1'", self.text())


class CheckFetchTest(RemoteActionTest):
    """`pipeline check --fetch`: by what actions and workflows of other repositories say themselves."""

    def setUp(self):
        super().setUp()
        self.server.publish("octo/hello", {"action.yml": HELLO, "sub/action.yml": HELLO.replace("inputs: {who: {default: world}}", "inputs: {name: {required: true}}")}, "v1")
        self.server.publish(
            "octo/flows",
            {".github/workflows/w.yml": "on:\n  workflow_call:\n    inputs: {where: {type: string, required: true}}\n    outputs: {url: {value: x}}\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n"},
            "v1",
        )

    def check(self, *arguments, code=0):
        """Of this workflow."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: ubuntu-latest
                steps:
                  - {id: one, uses: octo/hello@v1, with: {whom: you}}
                  - uses: octo/hello/sub@v1
                  - run: echo "${{ steps.one.outputs.sayd }}"
              b:
                uses: octo/flows/.github/workflows/w.yml@v1
                with: {wher: here}
              c:
                needs: b
                runs-on: ubuntu-latest
                steps: [{run: 'echo "${{ needs.b.outputs.uri }}"'}]
            """
        )
        return self.run_pipeline("check", *arguments, code=code)

    def test_inputs_and_outputs_are_those_of_the_fetched_files(self):
        """Unknown and missing ones, of actions in folders and of called workflows; without --fetch nobody is asked."""
        self.check()
        self.assertEqual(self.server.requests, [])
        output = self.check("--fetch", code=2)
        for said in ("has no input 'whom'", "'octo/hello/sub@v1' needs the input 'name'", "sayd", "wher", "where", "uri"):
            self.assertIn(said, output)

    def test_the_commits_of_a_lock_are_what_is_checked(self):
        """Not what their tags mean since then; and a lock that does not know an action refuses it."""
        workflow = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: octo/hello@v1, with: {who: you}}]}}\n"
        self.workflow(workflow)
        self.run_pipeline("lock")
        self.server.publish("octo/hello", {"action.yml": HELLO.replace("who", "whom")}, "v1")
        self.run_pipeline("check", "--fetch")
        self.workflow(workflow.replace("octo/hello@v1", "octo/hello/sub@v2"))
        self.assertIn("octo/hello@v2", self.run_pipeline("check", "--fetch", code=None))
        (self.repository / LOCK).unlink()
        self.workflow(workflow)
        self.assertIn("has no input 'who'", self.run_pipeline("check", "--fetch", code=2))

    def test_what_cannot_be_had_is_named(self):
        """And nothing is checked by halves."""
        self.workflow("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: octo/none@v1}]}}\n")
        output = self.run_pipeline("check", "--fetch", code=None)
        self.assertIn("Unable to resolve action `octo/none@v1`", output)
        self.workflow("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: octo/hello/nowhere@v1}]}}\n")
        self.assertIn("'octo/hello/nowhere@v1' is not there", self.run_pipeline("check", "--fetch"))


del RemoteActionTest

if __name__ == "__main__":
    unittest.main()
