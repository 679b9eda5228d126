"""Jobs of a forge: artifacts that the forge keeps, caches that stay, and actions from wherever their address says."""

import io
import sys
import zipfile
from pathlib import Path

from forge_runner import ForgeRunnerTest, job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflows"))
from action_server import ActionServer  # noqa: E402

UPLOADS = """
- run: mkdir out; seq 200000 > out/numbers; echo hello > out/hello
- id: up
  uses: actions/upload-artifact@v4
  with: {name: site, path: out}
- run: echo "number ${{ steps.up.outputs.artifact-id }} at ${{ steps.up.outputs.artifact-url }}"
"""
DOWNLOADS = """
- uses: actions/download-artifact@v4
  with: {name: site, path: got}
- run: cat got/hello; tail -n 1 got/numbers
"""
# Prints what an action of the job is given.
VARIABLES = """
const names = Object.keys(process.env).filter(name => /^ACTIONS_(R|C)/.test(name) && !/TOKEN/.test(name)).sort();
for (const name of names) console.log(`${name}=${process.env[name]}`);
fetch(`${process.env.ACTIONS_CACHE_URL}_apis/artifactcache/cache?keys=none&version=1`,
      {headers: {Authorization: `Bearer ${process.env.ACTIONS_RUNTIME_TOKEN}`}}).then(answer => console.log(`cache ${answer.status}`));
"""


class RunnerArtifactsTest(ForgeRunnerTest):
    """Tasks of one run, number 4711."""

    def context(self, number=1, run=4711):
        """With the token that a forge of today gives."""
        return {"gitea_runtime_token": self.forge.artifacts.token(run, number), "run_id": str(run)}

    def test_what_a_job_uploads_is_on_the_forge_and_another_machine_downloads_it(self):
        first = self.run_task(job(UPLOADS), context=self.context(1))
        self.assertEqual(first.result, "SUCCESS", first.log())
        content = self.forge.artifacts.contents(4711)["site"]
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.assertEqual(sorted(archive.namelist()), ["hello", "numbers"])
        self.assertIn(f"number 101 at {self.forge.url}/octo/app/actions/runs/12/artifacts/site", first.log())
        self.assertNotIn(first.message["context"]["gitea_runtime_token"], "\n".join(first.log()))
        self.state = self.folder / "another machine"
        second = self.run_task(job(DOWNLOADS), context=self.context(2))
        self.assertEqual(second.result, "SUCCESS", second.log())
        self.assertEqual(second.log()[second.log().index("hello") + 1], "200000")

    def test_what_was_replaced_on_the_forge_meanwhile_is_fetched_anew(self):
        self.assertEqual(self.run_task(job(UPLOADS), context=self.context(1)).result, "SUCCESS")
        here, self.state = self.state, self.folder / "another machine"
        newer = UPLOADS.replace("echo hello", "echo newer").replace("path: out}", "path: out, overwrite: true}")
        self.assertEqual(self.run_task(job(newer), context=self.context(2)).result, "SUCCESS")
        self.state = here
        task = self.run_task(job(DOWNLOADS), context=self.context(3))
        self.assertIn("newer", task.log())

    def test_a_forge_that_stumbles_is_asked_again_and_one_that_refuses_fails_the_step(self):
        self.forge.artifacts.failures = [503, 500]
        self.assertEqual(self.run_task(job(UPLOADS), context=self.context(1)).result, "SUCCESS")
        wrong = {**self.context(2), "run_id": "4712"}
        self.forge.artifacts.tokens.clear()
        task = self.run_task(job(UPLOADS), context=wrong)
        self.assertEqual(task.result, "FAILURE")
        self.assertIn("answered 401", "\n".join(task.log()))

    def test_a_forge_that_keeps_none_leaves_them_on_this_machine(self):
        task = self.run_task(job(UPLOADS + DOWNLOADS))
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertEqual(self.forge.artifacts.calls, [])

    def test_actions_are_told_of_the_forges_artifacts_and_of_the_machines_caches(self):
        self.forge.publish("tools/look", {"action.yml": "runs: {using: node20, main: main.js}\n", "main.js": VARIABLES}, tag="v1")
        task = self.run_task(job("- uses: tools/look@v1\n"), context=self.context())
        log = "\n".join(task.log())
        self.assertIn(f"ACTIONS_RESULTS_URL={self.forge.url}\n", log)
        self.assertIn(f"ACTIONS_RUNTIME_URL={self.forge.url}/api/actions_pipeline/", log)
        self.assertNotIn("ACTIONS_CACHE_SERVICE_V2", log)
        self.assertIn("cache 204", log, "the machine's cache takes the forge's token: there is nothing under that key")

    def test_an_action_of_another_server_comes_from_there_and_gets_no_token_of_the_forge(self):
        other = ActionServer(self.folder / "other")
        self.addCleanup(other.close)
        greet = "runs:\n  using: composite\n  steps:\n    - {run: echo greetings from %s, shell: bash}\n"
        other.publish("tools/greet", {"sub/action.yml": greet % "elsewhere"}, tag="v1")
        self.forge.publish("tools/own", {"action.yml": greet % "the forge"}, tag="v1")
        self.forge.tokens["tools/own"] = "token-for-own-actions"
        task = self.run_task(
            job(f"- uses: {other.url}/tools/greet/sub@v1\n- uses: {self.forge.url}/tools/own@v1\n- uses: {other.url}/actions/checkout@v4\n  if: false\n"),
            context={"gitea_default_actions_url": other.url, "token": "token-for-own-actions"},
        )
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("greetings from elsewhere", task.log())
        self.assertIn("greetings from the forge", task.log())
        self.assertEqual({password for _, _, password in other.requests}, {""})

    def test_one_name_on_two_servers_is_refused(self):
        task = self.run_task(job("- uses: https://one.example/a/b@v1\n- uses: https://two.example/a/b@v1\n"))
        self.assertEqual(task.result, "FAILURE")
        self.assertIn("a/b@v1 is meant to be on https://one.example and on https://two.example", "\n".join(task.log()))
