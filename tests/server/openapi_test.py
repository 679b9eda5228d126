"""docs/openapi.yaml and the daemon: what is described is there, and what is asked for is answered as described."""

import json
import unittest
from pathlib import Path

import yaml
from forge import READ, RUN, ForgeTest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/openapi.yaml"


class OpenApiTest(ForgeTest):
    """Held against a daemon that knows one run."""

    def setUp(self):
        super().setUp()
        self.document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
        self.workflow("on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: echo one}]\n")
        self.serve()
        self.run_id = self.push_and_run()
        self.run_when(self.run_id, "completed")

    def operations(self):
        """(method, path) of each, with an id that is there."""
        for path, methods in self.document["paths"].items():
            for method in methods:
                filled = path.replace("{job}", "one")
                filled = filled.replace("{id}", "1" if "deliveries" in path else str(self.run_id))
                yield method.upper(), filled

    def test_every_operation_is_there_and_needs_a_token(self):
        for method, path in self.operations():
            with self.subTest(operation=f"{method} {path}"):
                self.assertEqual(self.ask(method, path)[0], 401)
                status, text = self.ask(method, path, b"{}" if method == "POST" else None,
                                        {"Content-Type": "application/json"}, RUN)
                self.assertNotIn(status, (405, 500), text)
                self.assertNotIn("nothing at this path", text)

    def test_what_changes_something_needs_the_scope_run_and_json(self):
        for method, path in self.operations():
            if method != "POST":
                continue
            with self.subTest(operation=f"{method} {path}"):
                self.assertEqual(self.ask(method, path, b"{}", {"Content-Type": "application/json"}, READ)[0], 403)
                self.assertEqual(self.ask(method, path, b"{}", {"Content-Type": "text/plain"}, RUN)[0], 415)

    def test_answers_hold_to_their_schemas(self):
        schemas = self.document["components"]["schemas"]
        found = self.get(f"/api/runs/{self.run_id}")
        self.hold(found["run"], schemas["Run"])
        self.hold(found["jobs"][0], schemas["Job"])
        self.hold(self.get("/api/runs")["runs"][0], schemas["Run"])
        self.hold(self.get("/api/deliveries/1")["delivery"], schemas["Delivery"])
        log = self.get(f"/api/runs/{self.run_id}/jobs/one/log")
        self.assertEqual(sorted(log), ["from", "lines", "total"])
        status, text = self.ask("GET", "/api/runs/999", token=READ)
        self.assertEqual((status, sorted(json.loads(text))), (404, ["error"]))

    def hold(self, value, schema):
        """As far as the document says: required members, types, enumerations, below as well."""
        for name in schema.get("required", []):
            self.assertIn(name, value)
        kinds = {"integer": int, "string": str, "array": list, "object": dict}
        for name, member in schema.get("properties", {}).items():
            if name not in value:
                continue
            self.assertIsInstance(value[name], kinds[member["type"]], name)
            if "enum" in member:
                self.assertIn(value[name], member["enum"], name)
            if member["type"] == "array":
                for item in value[name]:
                    if member["items"]["type"] == "object":
                        self.hold(item, member["items"])


if __name__ == "__main__":
    unittest.main()
