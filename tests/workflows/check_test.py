"""`pipeline check` as people see it: its output in each format, its configuration, other linters."""

import json
import os
import pty
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import CLEAN_PATH, PIPELINE, WorkflowTest

ROOT = Path(__file__).resolve().parents[2]
CONFORMANCE = Path(os.environ.get("PIPELINE_CONFORMANCE", ROOT.parent / "shared/conformance"))

TOOLS = {"shellcheck": "shellcheck", "pyflakes": "pyflakes3"}
DEPRECATED = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo "::set-output name=a::b"
"""
REFUSED = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo
        nmae: Say it
"""


class CheckTest(WorkflowTest):
    """Without shellcheck and pyflakes, so that a test sees what it is about."""

    def setUp(self):
        super().setUp()
        self.write(".pipeline.yml", "check:\n  disable: [shellcheck, pyflakes]\n")

    def check(self, *arguments, code=0):
        """What `pipeline check` prints."""
        return self.run_pipeline("check", *arguments, code=code)

    def problems(self, *arguments, code=0):
        """Its problems as (line, rule)."""
        return [(p["line"], p["rule"]) for p in json.loads(self.check("--format", "json", *arguments, code=code))]

    def test_a_problem_is_shown_with_its_line_and_a_caret(self):
        """As compilers do; a count at the end."""
        self.workflow(REFUSED)
        lines = self.check(code=2).splitlines()
        self.assertRegex(lines[0], r"^\.github/workflows/test\.yml:7:9: error: Unexpected value 'nmae'.* \[syntax\]$")
        self.assertEqual(lines[1], "    7 |         nmae: Say it")
        self.assertEqual(lines[2], "      |         ^~~~~")
        self.assertEqual(lines[-1], "1 workflow file: 1 error, 0 warnings")

    def test_the_caret_stands_below_its_character(self):
        """Wide characters take two columns; control characters are not sent to the terminal."""
        self.workflow('on: push\njobs: {"\u65e5\u672c\u001f": {}, "b": 1}\n'.replace("\u001f", "\\x1b"))
        self.write(".github/workflows/test.yml", '{"on": "push", "\u65e5\u672c": 1, "jobs": {"a": {"runs-on": "x", "steps": [{"run": "x"}]}}}\n')
        lines = self.check(code=2).splitlines()
        self.assertTrue(lines[0].startswith(".github/workflows/test.yml:1:16: error: Unexpected value"), lines)
        self.assertEqual(lines[2], "      |" + " " * 16 + "^")

    def test_escapes_of_a_file_do_not_reach_the_terminal(self):
        """A file could else hide what is said of it."""
        self.workflow("on: push\njobs:\n  a:\n    runs-on: \"ubuntu-latest\"\n    steps:\n      - {run: a, nmae: \"\x7f\u009b2J\u202e\"}\n")
        output = self.check(code=2)
        for character in ("\x1b", "\x7f", "\u009b", "\u202e"):
            self.assertNotIn(character, output)

    def test_a_long_line_is_shown_around_the_place(self):
        """Not in full."""
        self.workflow("on: push\njobs: {a: {runs-on: ubuntu-latest, name: " + "x" * 5000 + ", nmae: b, steps: [{run: a}]}}\n")
        lines = self.check(code=2).splitlines()
        self.assertLess(max(len(line) for line in lines[1:3]), 170)
        self.assertIn("nmae", lines[1])
        self.assertEqual(lines[1][lines[2].index("^") :][:4], "nmae")

    def test_colours_are_for_terminals(self):
        """And not against NO_COLOR."""
        self.workflow(REFUSED)

        def on_a_terminal(**env):
            master, slave = pty.openpty()
            process = subprocess.Popen(
                [os.path.abspath(PIPELINE), "check"], cwd=self.repository, env=self.environment(**env), stdout=slave, stdin=subprocess.DEVNULL
            )
            os.close(slave)
            output = b""
            try:
                while chunk := os.read(master, 4096):
                    output += chunk
            except OSError:
                pass
            os.close(master)
            self.assertEqual(process.wait(), 2)
            return output

        self.assertIn(b"\x1b[1;31merror", on_a_terminal(TERM="xterm"))
        self.assertNotIn(b"\x1b", on_a_terminal(TERM="xterm", NO_COLOR="1"))
        self.assertNotIn("\x1b", self.check(code=2))

    def test_warnings_alone_pass_unless_strict(self):
        """The exit code is 2 for errors."""
        self.workflow(DEPRECATED)
        self.assertIn("warning: ", self.check())
        self.assertIn("0 errors, 1 warning\n", self.check("--strict", code=2))

    def test_json_is_a_list_of_problems(self):
        """--json is --format json."""
        self.workflow(REFUSED)
        problems = json.loads(self.check("--json", code=2))
        self.assertEqual(problems, json.loads(self.check("--format", "json", code=2)))
        message = problems[0].pop("message")
        self.assertIn("nmae", message)
        self.assertEqual(
            problems[0],
            {"file": ".github/workflows/test.yml", "line": 7, "column": 9, "rule": "syntax", "severity": "error"},
        )

    def test_github_makes_annotations(self):
        """Workflow commands with their values escaped; paths from the root of the repository."""
        self.workflow(REFUSED, name="a,b.yml")
        self.assertRegex(
            self.check("--format", "github", str(self.repository / ".github/workflows/a,b.yml"), code=2),
            r"\A::error file=\.github/workflows/a%2Cb\.yml,line=7,col=9,title=syntax::Unexpected value 'nmae'.*\n\Z",
        )

    def test_sarif_names_each_rule_and_its_page(self):
        """SARIF 2.1.0: each result's rule is one of the driver's, by index, too."""
        self.workflow(REFUSED)
        self.workflow(DEPRECATED, name="b.yml")
        log = json.loads(self.check("--format", "sarif", code=2))
        self.assertEqual(log["version"], "2.1.0")
        (run,) = log["runs"]
        rules = run["tool"]["driver"]["rules"]
        for rule in rules:
            self.assertTrue(rule["shortDescription"]["text"])
            self.assertRegex(rule["helpUri"], r"^https://.*/rules/" + rule["id"] + r"\.md$")
        self.assertEqual([result["ruleId"] for result in run["results"]], ["deprecated-commands", "syntax"])
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
        place = run["results"][1]["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"], {"uri": ".github/workflows/test.yml", "uriBaseId": "%SRCROOT%"})
        self.assertEqual(place["region"], {"startLine": 7, "startColumn": 9})
        self.assertEqual([result["level"] for result in run["results"]], ["warning", "error"])

    def test_every_rule_has_a_page(self):
        """With what it finds, why, an example that is wrong, one that is right, and how to switch it off."""
        rules = json.loads(self.check("--rules", "--json"))
        pages = {page.stem for page in (ROOT / "docs/rules").glob("*.md")} - {"README"}
        self.assertEqual(pages, {rule["id"] for rule in rules})
        index = (ROOT / "docs/rules/README.md").read_text(encoding="utf-8")
        for rule in rules:
            page = (ROOT / f"docs/rules/{rule['id']}.md").read_text(encoding="utf-8")
            self.assertTrue(page.startswith(f"# {rule['id']}\n"), rule["id"])
            self.assertIn(f"({rule['id']}.md)", index)
            for heading in ("## Why", "## Wrong", "## Right", "## Switching it off"):
                self.assertIn(f"\n{heading}\n", page, rule["id"])
            self.assertIn(rule["severity"], page.splitlines()[2], rule["id"])
        self.assertIn("deprecated-commands", self.check("--rules"))

    def test_a_comment_or_the_configuration_switches_a_rule_off(self):
        """At the end of a line, above it, above all; or in .pipeline.yml."""
        self.workflow(DEPRECATED)
        self.assertEqual(self.problems(), [(6, "deprecated-commands")])
        self.workflow(DEPRECATED.rstrip() + "  # pipeline-ignore: deprecated-commands\n")
        self.assertEqual(self.problems(), [])
        self.workflow("# pipeline-ignore: deprecated-commands\n" + DEPRECATED)
        self.assertEqual(self.problems(), [])
        self.workflow(DEPRECATED)
        self.write(".pipeline.yml", "check:\n  disable: [deprecated-commands]\n")
        self.assertEqual(self.problems(), [])

    def test_a_wrong_configuration_is_told_with_its_place(self):
        """Unknown keys and rules, with what was perhaps meant."""
        self.workflow(DEPRECATED)
        self.write(".pipeline.yml", "check:\n  disable: [deprecated-comands]\n  runer-labels: [x]\n")
        output = self.check(code=2)
        self.assertIn(".pipeline.yml:2:13: error: there is no rule 'deprecated-comands'; did you mean 'deprecated-commands'?", output)
        self.assertIn(".pipeline.yml:3:3: error: unknown key 'runer-labels'; did you mean 'runner-labels'?", output)
        self.assertIn("    3 |   runer-labels: [x]\n", output)

    def test_actions_of_the_repository_are_checked_too(self):
        """Those below .github/actions, and those that a workflow or such an action uses."""
        broken = "name: A\nruns:\n  using: composite\n  steps:\n    - rnu: echo\n"
        self.workflow("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./tools/one\n")
        self.write("tools/one/action.yml", "name: A\nruns:\n  using: composite\n  steps:\n    - uses: ./tools/two\n")
        self.write("tools/two/action.yaml", broken)
        self.write("tools/unused/action.yml", broken)
        self.write(".github/actions/three/action.yml", broken)
        output = self.check(code=2)
        self.assertIn("tools/two/action.yaml:5:7: error: Unexpected value 'rnu'", output)
        self.assertIn(".github/actions/three/action.yml:5:7: error: ", output)
        self.assertNotIn("unused", output)
        self.assertIn("1 workflow file and 3 action files: ", output)
        self.assertIn("unused/action.yml:5:7: error: ", self.check("tools/unused/action.yml", code=2))

    def test_it_reads_nothing_outside_of_the_repository(self):
        """Neither by a symlink nor by dots."""
        outside = self.folder / "outside"
        outside.mkdir()
        (outside / "action.yml").write_text("name: 1\nruns: {using: composite, steps: [{rnu: secret}]}\n")
        (self.repository / "link").symlink_to(outside)
        self.workflow(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./link\n      - uses: ./../outside\n"
        )
        self.assertNotIn("secret", self.run_pipeline("check", code=None))
        (self.repository / ".github/workflows/link.yml").symlink_to(outside / "action.yml")
        output = self.check(code=2)
        self.assertIn("cannot read .github/workflows/link.yml", output)

    def test_it_finds_the_repository_from_a_folder_below(self):
        """Files are named from where one stands."""
        self.workflow(REFUSED)
        (self.repository / "src").mkdir()
        done = subprocess.run(
            [os.path.abspath(PIPELINE), "check"], cwd=self.repository / "src", env=self.environment(), capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stdout.startswith("../.github/workflows/test.yml:7:9: error: "), done.stdout)

    def test_a_file_that_is_not_there_is_told(self):
        """Exit code 2, the name, what to do."""
        self.assertIn("nothing.yml", self.check("nothing.yml", code=2))
        self.assertIn("no workflows found", self.check(code=2))


class RulePagesTest(WorkflowTest):
    """What the pages of rules show as wrong and right."""

    def findings(self, page, heading):
        """Problems of the example below the heading."""
        section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        shutil.rmtree(self.repository / ".github", ignore_errors=True)
        (self.repository / ".pipeline.yml").unlink(missing_ok=True)
        for name, text in re.findall(r"^```yaml(?: title=(\S+))?\n(.*?)^```$", section, re.M | re.S):
            self.write(name or ".github/workflows/test.yml", text)
        return json.loads(self.run_pipeline("check", "--json", code=None))

    def test_the_examples_are_as_wrong_and_as_right_as_they_say(self):
        """The rule finds something in the one and nothing in the other, which has no error at all."""
        wrong = []
        pages = sorted(set((ROOT / "docs/rules").glob("*.md")) - {ROOT / "docs/rules/README.md"})
        self.assertGreater(len(pages), 20)
        for path in pages:
            page = path.read_text(encoding="utf-8")
            if path.stem in TOOLS and shutil.which(TOOLS[path.stem], path=CLEAN_PATH) is None:
                continue
            found = self.findings(page, "Wrong")
            if path.stem not in [problem["rule"] for problem in found]:
                wrong.append(f"{path.stem}: not found in what is wrong, but {found}")
            for problem in self.findings(page, "Right"):
                if problem["rule"] == path.stem or problem["severity"] == "error":
                    wrong.append(f"{path.stem}: found in what is right: {problem}")
        self.assertEqual(wrong, [])


class ScriptLintersTest(WorkflowTest):
    """shellcheck and pyflakes on scripts."""

    def setUp(self):
        super().setUp()
        for program in TOOLS.values():
            if shutil.which(program, path=CLEAN_PATH) is None:
                self.skipTest(f"{program} is not installed: no script was held against it")

    def problems(self):
        """Problems as (line, column, rule)."""
        return [(p["line"], p["column"], p["rule"]) for p in json.loads(self.run_pipeline("check", "--json"))]

    def test_findings_stand_at_their_place_in_the_file(self):
        """Line and column inside of a block, of a quoted text, of an action."""
        self.workflow(
            """\
            on: push
            jobs:
              a:
                runs-on: ubuntu-latest
                steps:
                  - run: |
                      echo "${{ github.sha }}"
                      ls $HOME/x
                  - run: 'ls $HOME/x'
                  - uses: ./.github/actions/a
                  - shell: python
                    run: |
                      print("${{ github.sha }}")
                      print(unknown)
            """
        )
        self.write(
            ".github/actions/a/action.yml",
            "name: A\ndescription: A\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: ls $HOME/x\n",
        )
        self.assertEqual(
            [p for p in self.problems() if p[2] in ("shellcheck", "pyflakes")],
            [(8, 14, "shellcheck"), (9, 18, "shellcheck"), (14, 17, "pyflakes"), (7, 15, "shellcheck")],
        )

    def test_they_are_switched_off_as_rules_are(self):
        """By a comment in the script, too."""
        script = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          ls $HOME/x"
        self.workflow(script + "\n")
        self.assertEqual([p[2] for p in self.problems()], ["shellcheck"])
        self.workflow(script + " # pipeline-ignore: shellcheck\n")
        self.assertEqual(self.problems(), [])
        self.workflow(script + "\n")
        self.write(".pipeline.yml", "check: {disable: shellcheck}\n")
        self.assertEqual(self.problems(), [])

    def test_they_flag_what_another_linter_has_them_flag(self):
        """Its findings stand where the script's step says `run`; ours in the script."""
        expected = []
        for folder in ("actionlint-err", "actionlint-examples"):
            for out in sorted((CONFORMANCE / folder).glob("*.out")):
                for line in out.read_text(encoding="utf-8").splitlines():
                    match = re.match(r"/?\^?test\\?\.yaml:(\d+):\d+: .*\[(shellcheck|pyflakes)\\?\]/?$", line)
                    if match:
                        expected.append((out.with_suffix(".yaml"), int(match[1]), match[2]))
        if not expected:
            self.skipTest("the public test data 'actionlint-err' is not beside the repository: none of it was checked")
        passed, missed = 0, []
        for file, number, rule in expected:
            text = file.read_text(encoding="utf-8")
            self.write(".github/workflows/test.yml", text)
            found = json.loads(self.run_pipeline("check", "--json", ".github/workflows/test.yml", code=None))
            lines = text.splitlines()
            last = next((n for n in range(number + 1, len(lines) + 1) if re.match(r"\s*- |\S", lines[n - 1])), len(lines) + 1)
            if any(p["rule"] == rule and number <= p["line"] < last for p in found):
                passed += 1
            else:
                missed.append(f"{file.name}:{number} {rule}")
        print(f"scripts of actionlint: {passed} passed, {len(missed)} failed, 0 listed differences")
        self.assertEqual(missed, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
