"""A JavaScript action without any package, for tests of the services that actions expect."""

import textwrap

from harness import WorkflowTest

# A JavaScript action without any package that speaks to the services as the toolkit does.
WIRE = r"""
const fs = require('fs');
const crypto = require('crypto');
const claims = JSON.parse(Buffer.from(process.env.ACTIONS_RUNTIME_TOKEN.split('.')[1], 'base64url'));
const scope = claims.scp.split(' ').map(part => part.split(':')).find(part => part[0] === 'Actions.Results');
const ids = {workflow_run_backend_id: scope[1], workflow_job_run_backend_id: scope[2]};
async function call(service, method, message, token = process.env.ACTIONS_RUNTIME_TOKEN) {
  const url = new URL(`/twirp/github.actions.results.api.v1.${service}/${method}`, process.env.ACTIONS_RESULTS_URL);
  const answer = await fetch(url, {method: 'POST', body: JSON.stringify(message),
    headers: {'Content-Type': 'application/json', Authorization: `Bearer ${token}`}});
  return {status: answer.status, body: await answer.json()};
}
function block(url, id) { return `${url}&comp=block&blockid=${encodeURIComponent(id)}`; }
async function put(url, body, headers = {}) {
  const answer = await fetch(url, {method: 'PUT', body, headers});
  return answer.status;
}
function check(what, found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  console.log(`ok ${what}`);
}
function main(run) {
  run().catch(error => { console.log(`::error::${error.stack}`); process.exitCode = 1; });
}
module.exports = {fs, crypto, ids, call, block, put, check, main};
"""


class ActionTest(WorkflowTest):
    """A JavaScript action that is written for the test."""

    def action(self, name, script):
        """A JavaScript action of the repository."""
        self.write(f"{name}/action.yml", "name: wire\nruns:\n  using: node20\n  main: main.js\n")
        self.write(f"{name}/wire.js", WIRE)
        self.write(
            f"{name}/main.js",
            "const {fs, crypto, ids, call, block, put, check, main} = require('./wire.js');\n"
            "main(async () => {\n" + script + "\n});\n",
        )

    def run_action(self, script, code=0, arguments=(), more=""):
        """A workflow whose one job runs the script as an action, and more steps."""
        self.action("wire", script)
        self.commit()
        self.workflow(
            """\
            on: push
            jobs:
              wire:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/checkout@v4
                  - uses: ./wire
"""
            + textwrap.indent(more, " " * 18)
        )
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code)
