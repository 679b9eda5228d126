"""The JSON Schemas that `pipeline check --schema` prints, held against workflows that GitHub takes and refuses."""

import json
import re
import unittest

import jsonschema
import yaml
from check_test import CONFORMANCE
from harness import WorkflowTest


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema: `on` is a text, and so is a date."""

    yaml_implicit_resolvers = {}


for _tag, _form, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_form), _first)
# Ours, not PyYAML's of YAML 1.1: 010 is ten.
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 10))


def load(text):
    """A YAML document as JSON has it: keys are texts."""

    def plain(value):
        if isinstance(value, dict):
            return {str(key): plain(member) for key, member in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return plain(yaml.load(text, Loader=CoreLoader))


HEAD = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: a\n"
WRONG = {
    "no trigger": "jobs: {a: {runs-on: x, steps: [{run: a}]}}",
    "an unknown event": "on: psuh\njobs: {a: {runs-on: x, steps: [{run: a}]}}",
    "an unknown event in a list": "on: [push, psuh]\njobs: {a: {runs-on: x, steps: [{run: a}]}}",
    "an unknown key": HEAD + "        nmae: b\n",
    "run beside uses": HEAD + "        uses: a/b@v1\n",
    "neither run nor uses": "on: push\njobs: {a: {runs-on: x, steps: [{name: a}]}}",
    "steps in a job that calls": "on: push\njobs: {a: {uses: ./.github/workflows/b.yml, steps: [{run: a}]}}",
    "no runs-on": "on: push\njobs: {a: {steps: [{run: a}]}}",
    "a list for a text": HEAD + "        shell: [bash]\n",
    "a word for a boolean": HEAD + "        continue-on-error: perhaps\n",
    "an unknown permission": "permissions: {content: read}\n" + HEAD,
    "an unknown right": "permissions: {contents: execute}\n" + HEAD,
    "an expression where none may be": HEAD + "        id: ${{ github.sha }}\n",
    "an input of no type": "on: {workflow_call: {inputs: {a: {required: true}}}}\njobs: {a: {runs-on: x, steps: [{run: a}]}}",
    "a job that is a list": "on: push\njobs: {a: []}",
}
RIGHT = {
    "a boolean from an expression": HEAD + "        continue-on-error: ${{ matrix.experimental }}\n",
    "steps in parallel": HEAD + "      - parallel:\n          - run: a\n          - run: b\n",
    "a called workflow": "on: push\njobs: {a: {uses: ./.github/workflows/b.yml, secrets: inherit, with: {a: 1}}}",
    "an inserted mapping": HEAD + "        env:\n          ${{ insert }}: ${{ matrix.env }}\n",
    "a matrix from an expression": "on: push\njobs: {a: {runs-on: x, strategy: {matrix: '${{ fromJSON(1) }}'}, steps: [{run: a}]}}",
}


class SchemaTest(WorkflowTest):
    """Both schemas."""

    def validator(self, *arguments):
        """A validator of the schema, which is checked itself."""
        schema = json.loads(self.run_pipeline("check", *arguments))
        jsonschema.Draft7Validator.check_schema(schema)
        return jsonschema.Draft7Validator(schema)

    def accepts(self, text):
        """Whether the binary finds no error of GitHub's in it."""
        self.workflow(text)
        problems = json.loads(self.run_pipeline("check", "--json", ".github/workflows/test.yml", code=None))
        return [p["message"] for p in problems if p["rule"] == "syntax"] == []

    def test_it_accepts_and_refuses_as_the_reader_does(self):
        """Both say the same of each of these."""
        validator = self.validator("--schema")
        for name, text in RIGHT.items():
            self.assertEqual([error.message for error in validator.iter_errors(load(text))], [], name)
        for name, text in WRONG.items():
            self.assertFalse(validator.is_valid(load(text)), name)
            self.assertFalse(self.accepts(text), name)

    def test_it_accepts_workflows_of_others(self):
        """All that GitHub offers to start with."""
        validator = self.validator("--schema")
        files = sorted((CONFORMANCE / "starter-workflows").rglob("*.y*ml"))
        if not files:
            self.skipTest("the public test data 'starter-workflows' is not beside the repository: none of it was checked")
        failed, unread = [], []
        for path in files:
            try:
                document = load(path.read_text(encoding="utf-8"))
            except yaml.YAMLError:
                # A placeholder `{{ name }}` is a mapping as a key, which PyYAML cannot make.
                unread.append(path.name)
                continue
            found = jsonschema.exceptions.best_match(validator.iter_errors(document))
            if found is not None:
                failed.append(f"{path.name}: {found.json_path}: {found.message[:200]}")
        passed = len(files) - len(failed) - len(unread)
        print(f"starter-workflows, by the JSON Schema: {passed} passed, {len(failed)} failed, {len(unread)} listed differences")
        self.assertEqual(failed, [])
        self.assertLessEqual(len(unread), len(files) // 50)

    def test_there_is_one_for_actions(self):
        """action.yml of each kind."""
        validator = self.validator("--schema=action")
        for text in (
            "name: A\nruns: {using: node24, main: a.js}",
            "name: A\nruns: {using: composite, steps: [{run: a, shell: bash}, {uses: a/b@v1}]}",
            "name: A\ninputs: {a: {default: x}}\nruns: {using: docker, image: Dockerfile, args: ['${{ inputs.a }}']}",
        ):
            self.assertEqual([error.message for error in validator.iter_errors(load(text))], [], text)
        for text in ("name: A", "runs: {main: a.js}", "runs: {using: composite, steps: [{rnu: a}]}", "runs: []"):
            self.assertFalse(validator.is_valid(load(text)), text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
