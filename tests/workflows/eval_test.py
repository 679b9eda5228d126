"""`pipeline eval`: one expression, its value as JSON or its error with a caret."""

import concurrent.futures
import json
import os
import subprocess
import unittest

from check_test import CONFORMANCE
from harness import PIPELINE, WorkflowTest


class EvalTest(WorkflowTest):
    """The verb as people use it."""

    def evaluate(self, expression, contexts=None, code=0):
        """(stdout as JSON, or nothing; stderr)."""
        arguments = [os.path.abspath(PIPELINE), "eval", expression]
        if contexts is not None:
            arguments += ["--contexts", "-"]
        done = subprocess.run(
            arguments, cwd=self.repository, env=self.environment(), input=json.dumps(contexts), capture_output=True, text=True, check=False
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stderr)
        return (json.loads(done.stdout) if done.stdout else None), done.stderr

    def test_it_prints_kind_and_value(self):
        """Of each kind."""
        contexts = {"github": {"ref": "refs/heads/main", "n": 1.5, "none": None, "list": [1, "a"]}}
        for expression, kind, value in (
            ("github.ref == 'refs/heads/main'", "Boolean", True),
            ("${{ github.n }}", "Number", 1.5),
            ("github.none", "Null", None),
            ("github.list", "Array", [1, "a"]),
            ("github", "Object", contexts["github"]),
            ("format('{0}!', github.ref)", "String", "refs/heads/main!"),
            ("-1 < 0", "Boolean", True),
            ("-Infinity", "Number", "-Infinity"),
            ("NaN", "Number", "NaN"),
        ):
            self.assertEqual(self.evaluate(expression, contexts)[0], {"kind": kind, "value": value}, expression)

    def test_an_error_has_a_caret_below_its_place(self):
        """On stderr; exit code 2."""
        printed, error = self.evaluate("1 == unknown.x", code=2)
        self.assertIsNone(printed)
        lines = error.splitlines()
        self.assertTrue(lines[0].startswith("pipeline: Unrecognized named-value: 'unknown'"), error)
        self.assertEqual(lines[-2:], ["  1 == unknown.x", "       ^"])
        lines = self.evaluate("1 == fromJSON('{')", code=2)[1].splitlines()
        self.assertEqual(lines[-2:], ["  1 == fromJSON('{')", "       ^"])
        self.assertIn("1 &| 2", self.evaluate("1 &| 2", code=2)[1])

    def test_status_functions_answer_from_the_contexts(self):
        """Of a step from job.status, of a job from the results of what it needs."""
        for expression, contexts, value in (
            ("success()", {}, True),
            ("failure()", {"job": {"status": "failure"}}, True),
            ("success()", {"job": {"status": "failure"}}, False),
            ("cancelled()", {"job": {"status": "cancelled"}}, True),
            ("failure()", {"needs": {"a": {"result": "success"}, "b": {"result": "failure"}}}, True),
            ("failure('a')", {"needs": {"a": {"result": "success"}, "b": {"result": "failure"}}}, False),
            ("success()", {"needs": {"a": {"result": "skipped"}}}, False),
            ("always()", {"job": {"status": "cancelled"}}, True),
        ):
            self.assertEqual(self.evaluate(expression, contexts)[0]["value"], value, (expression, contexts))

    def test_hash_files_reads_this_folder(self):
        """The digest of the digests of the files."""
        self.write("a.lock", "a\n")
        first = self.evaluate("hashFiles('*.lock')")[0]["value"]
        self.assertRegex(first, "^[0-9a-f]{64}$")
        self.write("a.lock", "b\n")
        self.assertNotEqual(self.evaluate("hashFiles('*.lock')")[0]["value"], first)
        self.assertEqual(self.evaluate("hashFiles('nothing')")[0], {"kind": "String", "value": ""})

    def test_contexts_come_from_a_file(self):
        """Which must hold an object."""
        path = self.folder / "contexts.json"
        path.write_text('{"vars": {"A": "x"}}')
        self.assertEqual(self.run_pipeline("eval", "vars.A", "--contexts", str(path)), '{"kind":"String","value":"x"}\n')
        path.write_text("[]")
        self.assertIn("expected the contexts", self.run_pipeline("eval", "1", "--contexts", str(path), code=2))
        path.write_text('{"a": }')
        self.assertIn("line 1, column 7", self.run_pipeline("eval", "1", "--contexts", str(path), code=2))

    def difference(self, test):
        """Of a case of GitHub's, what is not as expected; "" for nothing."""
        printed, error = self.evaluate(test["expr"], test.get("contexts", {}), code=None)
        if "err" in test:
            return "" if printed is None and test["err"]["value"] in error else f"{printed} {error}"
        return "" if printed == test["result"] else f"{printed} {error}"

    def test_it_answers_every_public_case_as_github_does(self):
        """The same cases that the evaluator is held against, by the binary."""
        cases = []
        for path in sorted((CONFORMANCE / "github-expressions").glob("*.json")):
            for group in json.loads(path.read_text(encoding="utf-8")).values():
                cases += group
        if not cases:
            self.skipTest("the public test data 'github-expressions' is not beside the repository: none of it was checked")
        # Longer than an argument of a program can be, or with a NUL in it.
        cases = [case for case in cases if len(case["expr"]) < 100_000 and "\0" not in case["expr"]]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            differences = list(pool.map(self.difference, cases))
        failed = [f"{case['expr'][:100]}: {text}" for case, text in zip(cases, differences) if text]
        print(f"github-expressions, by the binary: {len(cases) - len(failed)} passed, {len(failed)} failed, 0 listed differences")
        self.assertEqual(failed, [])
        self.assertGreaterEqual(len(cases), 800)


if __name__ == "__main__":
    unittest.main(verbosity=2)
