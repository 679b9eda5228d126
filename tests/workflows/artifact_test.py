"""Artifacts: the service that actions speak to, the built-ins on top of it, and the command line."""

import io
import json
import sqlite3
import textwrap
import unittest
import zipfile

from wire_action import ActionTest


class ArtifactTest(ActionTest):
    """What an action sends and gets, and what the built-ins do."""

    UPLOAD = r"""
      const created = await call('ArtifactService', 'CreateArtifact', {...ids, name: 'result', version: 4});
      check('created', [created.status, created.body.ok], [200, true]);
      const url = created.body.signed_upload_url;
      check('second block', await put(block(url, 'Mg=='), 'world'), 201);
      check('first block', await put(block(url, 'MQ=='), 'hello '), 201);
      check('block list', await put(`${url}&comp=blocklist`,
        '<?xml version="1.0" encoding="utf-8"?><BlockList><Latest>MQ==</Latest><Latest>Mg==</Latest></BlockList>'), 201);
      const hash = 'sha256:' + crypto.createHash('sha256').update('hello world').digest('hex');
      const done = await call('ArtifactService', 'FinalizeArtifact', {...ids, name: 'result', size: '11', hash});
      check('finalized', [done.status, done.body.ok], [200, true]);
    """

    def test_an_action_uploads_in_blocks_lists_and_reads_ranges(self):
        output = self.run_action(
            self.UPLOAD
            + r"""
      const list = await call('ArtifactService', 'ListArtifacts', {...ids, name_filter: 'result'});
      check('listed', list.body.artifacts.map(a => [a.name, a.size, a.digest, a.database_id]),
        [['result', '11', hash, done.body.artifact_id]]);
      const signed = (await call('ArtifactService', 'GetSignedArtifactURL', {...ids, name: 'result'})).body.signed_url;
      check('content', await (await fetch(signed)).text(), 'hello world');
      const part = await fetch(signed, {headers: {Range: 'bytes=6-8'}});
      check('range', [part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 6-8/11', 'wor']);
      const head = await fetch(signed, {method: 'HEAD'});
      check('head', [head.status, head.headers.get('content-length')], [200, '11']);
      check('read-only', await put(signed, 'x', {'x-ms-blob-type': 'BlockBlob'}), 403);
      check('no other address', (await fetch(signed.replace(/sig=./, 'sig=x'))).status, 403);
      const gone = await call('ArtifactService', 'DeleteArtifact', {...ids, name: 'result'});
      check('deleted', [gone.status, gone.body.artifact_id], [200, done.body.artifact_id]);
      check('gone', (await call('ArtifactService', 'GetSignedArtifactURL', {...ids, name: 'result'})).status, 404);
    """
        )
        self.assertIn("ok gone", output)

    def test_an_artifact_is_immutable_and_its_content_is_checked(self):
        output = self.run_action(
            self.UPLOAD
            + r"""
      const again = await call('ArtifactService', 'CreateArtifact', {...ids, name: 'result', version: 4});
      check('again', [again.status, again.body.code], [409, 'already_exists']);
      const other = await call('ArtifactService', 'CreateArtifact', {...ids, name: 'other', version: 4});
      check('whole', await put(other.body.signed_upload_url, 'abc', {'x-ms-blob-type': 'BlockBlob'}), 201);
      const wrong = await call('ArtifactService', 'FinalizeArtifact', {...ids, name: 'other', size: '3', hash});
      check('wrong hash', wrong.status, 400);
      const bad = await call('ArtifactService', 'CreateArtifact', {...ids, name: 'a/b', version: 4});
      check('bad name', bad.status, 400);
    """
        )
        self.assertIn("ok bad name", output)

    def test_a_job_reaches_its_own_run_only(self):
        output = self.run_action(
            r"""
      const foreign = await call('ArtifactService', 'ListArtifacts', {...ids, workflow_run_backend_id: 'other'});
      check('another run', [foreign.status, foreign.body.code], [403, 'permission_denied']);
      const unknown = await call('ArtifactService', 'ListArtifacts', ids, 'x.y.z');
      check('another token', [unknown.status, unknown.body.code], [401, 'unauthenticated']);
      console.log('token ' + process.env.ACTIONS_RUNTIME_TOKEN);
    """
        )
        self.assertIn("ok another token", output)
        self.assertRegex(output, r"token [\w.-]+\.\*\*\*")

    def test_the_service_is_reached_without_a_network_too(self):
        output = self.run_action(self.UPLOAD, arguments=("--network", "none"))
        self.assertIn("ok finalized", output)

    def test_run_steps_do_not_see_the_token(self):
        output = self.run_steps("env | grep -c '^ACTIONS_R' || true")
        self.assertIn("0", output)
        self.assertNotIn("ACTIONS_RUNTIME", output)

    def jobs(self, first, second="", more=""):
        """A workflow of two jobs with these steps, the second after the first."""
        text = "on: push\njobs:\n"
        for name, steps, needs in (("first", first, ""), ("second", second, "    needs: first\n")):
            if steps:
                text += f"  {name}:\n    runs-on: ubuntu-latest\n{needs}    steps:\n"
                text += textwrap.indent(textwrap.dedent(steps), "      ")
        self.workflow(text)
        return self.run_pipeline("run", ".github/workflows/test.yml", code=None if more == "any" else 0)

    def test_files_go_from_job_to_job(self):
        output = self.jobs(
            """\
            - run: |
                mkdir -p out/sub out/empty
                echo one > out/a.txt
                echo two > out/sub/b.txt
                chmod 755 out/a.txt
                ln -s ../a.txt out/sub/link
                ln out/a.txt out/hard
                echo odd > 'out/back\\\\slash'
                echo hidden > out/.hidden
            - id: up
              uses: actions/upload-artifact@v4
              with: {name: result, path: out}
            - run: echo "id=${{ steps.up.outputs.artifact-id }} ${{ steps.up.outputs.artifact-url }}"
            """,
            """\
            - id: down
              uses: actions/download-artifact@v4
              with: {name: result, path: back}
            - run: cd back && find . -type f | LC_ALL=C sort | xargs -d '\\n' grep -H . && stat -c %a a.txt
            - run: echo "path=${{ steps.down.outputs.download-path }}"
            """,
        )
        for line in (
            "With the provided path, there will be 5 files uploaded",
            "./a.txt:one",
            "./hard:one",
            "./sub/b.txt:two",
            "./sub/link:one",
            "slash:odd",
            "644",
            "/repo/repo/back",
        ):
            self.assertIn(line, output)
        self.assertNotIn("hidden:", output)
        self.assertRegex(output, r"id=\d+ https://github.com/.*/actions/runs/1/artifacts/\d+")

    def test_patterns_decide_what_goes_and_where_it_is(self):
        output = self.jobs(
            """\
            - run: mkdir -p a/x b && echo 1 > a/x/1.log && echo 2 > a/2.txt && echo 3 > b/3.log
            - uses: actions/upload-artifact@v4
              with:
                name: logs
                path: |
                  a/**/*.log
                  b
                  !b/*.txt
            - uses: actions/upload-artifact@v4
              with: {name: single, path: a/x/1.log}
            """,
            """\
            - uses: actions/download-artifact@v4
            - run: find . -type f | LC_ALL=C sort
            """,
        )
        self.assertIn("Multiple search paths detected", output)
        for line in ("./logs/a/x/1.log", "./logs/b/3.log", "./single/1.log"):
            self.assertIn(line, output)
        self.assertNotIn("2.txt", output.split("Preparing to download")[1].split("Summary")[0])

    def test_several_are_chosen_by_pattern_and_merged(self):
        output = self.jobs(
            """\
            - run: echo 1 > 1.txt; echo 2 > 2.txt; echo 3 > 3.txt
            - uses: actions/upload-artifact@v4
              with: {name: part-one, path: 1.txt}
            - uses: actions/upload-artifact@v4
              with: {name: part-two, path: 2.txt}
            - uses: actions/upload-artifact@v4
              with: {name: other, path: 3.txt}
            """,
            """\
            - uses: actions/download-artifact@v5
              with: {pattern: 'part-{one,two}', merge-multiple: true, path: flat}
            - run: ls flat | xargs echo flat
            - uses: actions/upload-artifact/merge@v4
              with: {name: all, pattern: 'part-*', delete-merged: true, separate-directories: true}
            - uses: actions/download-artifact@v5
              with: {path: after}
            - run: cd after && find . -type f | LC_ALL=C sort | xargs echo after
            """,
        )
        self.assertIn("flat 1.txt 2.txt", output)
        self.assertIn("after ./all/part-one/1.txt ./all/part-two/2.txt ./other/3.txt", output)

    def test_a_name_is_taken_unless_it_is_overwritten(self):
        steps = """\
            - run: echo 1 > 1.txt; echo 2 > 2.txt
            - uses: actions/upload-artifact@v4
              with: {path: 1.txt}
            - id: again
              continue-on-error: true
              uses: actions/upload-artifact@v4
              with: {path: 2.txt}
            - run: echo "again=${{ steps.again.outcome }}"
            - uses: actions/upload-artifact@v4
              with: {path: 2.txt, overwrite: true}
            - uses: actions/download-artifact@v4
              with: {name: artifact, path: back}
            - run: ls back | xargs echo back
            """
        output = self.jobs(steps)
        self.assertIn("(409) Conflict: an artifact with this name already exists on the workflow run", output)
        self.assertIn("again=failure", output)
        self.assertIn("back 2.txt", output)

    def test_nothing_to_upload_warns_fails_or_is_ignored(self):
        output = self.jobs(
            """\
            - uses: actions/upload-artifact@v4
              with: {path: none}
            - uses: actions/upload-artifact@v4
              with: {path: none, if-no-files-found: ignore}
            - id: error
              continue-on-error: true
              uses: actions/upload-artifact@v4
              with: {path: none, if-no-files-found: error}
            - run: echo "error=${{ steps.error.outcome }}"
            """
        )
        text = "No files were found with the provided path: none. No artifacts will be uploaded."
        self.assertEqual(output.split("Summary")[0].count(text), 3)
        self.assertIn("error=failure", output)

    def test_an_unknown_name_fails(self):
        output = self.jobs("- uses: actions/download-artifact@v4\n  with: {name: none}\n", more="any")
        self.assertIn("Artifact not found for name: none", output)

    def test_links_out_of_the_sandbox_lead_nowhere(self):
        secret = self.folder / "secret"
        secret.write_text("not for steps\n", encoding="utf-8")
        secret.chmod(0o600)
        output = self.jobs(
            f"""\
            - run: mkdir out && ln -s {secret} out/link && ln -s /etc/shadow out/shadow && echo x > out/x
            - uses: actions/upload-artifact@v4
              with: {{path: out}}
            - uses: actions/upload-artifact@v4
              with: {{name: direct, path: "{secret}"}}
            """
        )
        self.assertIn("there will be 1 file uploaded", output)
        self.assertIn(f"No files were found with the provided path: {secret}", output)

    def test_what_is_downloaded_stays_in_its_folder(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("../../escaped", "x")
        self.write("evil.zip", "").write_bytes(archive.getvalue())
        output = self.run_action(
            r"""
      const content = fs.readFileSync(process.env.GITHUB_WORKSPACE + '/evil.zip');
      const made = await call('ArtifactService', 'CreateArtifact', {...ids, name: 'evil', version: 4});
      check('put', await put(made.body.signed_upload_url, content, {'x-ms-blob-type': 'BlockBlob'}), 201);
      const done = await call('ArtifactService', 'FinalizeArtifact', {...ids, name: 'evil', size: String(content.length)});
      check('done', done.status, 200);
    """,
            more="- uses: actions/download-artifact@v4\n  with: {name: evil, path: deep/down}\n",
            code=1,
        )
        self.assertIn("which leads out of its folder", output)

    def test_they_go_with_their_run(self):
        steps = ("echo content > a.txt", "- uses: actions/upload-artifact@v4\n  with: {name: mine, path: a.txt}")
        self.run_steps(*steps)
        self.run_steps(*steps)
        self.assertIn("would remove 1 artifacts, ", self.run_pipeline("gc", "--keep-runs", "1", "--dry-run"))
        self.assertEqual(len(json.loads(self.run_pipeline("artifact", "ls", "1", "--json"))), 1)
        self.assertIn("removed 1 artifacts, ", self.run_pipeline("gc", "--keep-runs", "1"))
        self.assertEqual(len(json.loads(self.run_pipeline("artifact", "ls", "2", "--json"))), 1)
        self.assertFalse([path for path in self.state.rglob("*") if path.is_dir() and path.name == "1"])
        # Of a run that was removed before its artifacts were.
        with sqlite3.connect(self.state / "history.db") as database:
            database.execute("DELETE FROM runs")
        self.assertIn("removed 1 artifacts, ", self.run_pipeline("gc"))

    def test_the_command_line_lists_and_unpacks_them(self):
        self.assertIn("no run has artifacts", self.run_pipeline("artifact", "ls"))
        self.jobs(
            """\
            - run: mkdir -p out/sub && echo one > out/a && echo two > out/sub/b
            - uses: actions/upload-artifact@v4
              with: {name: result, path: out}
            - uses: actions/upload-artifact@v7
              with: {path: out/a, archive: false}
            """
        )
        (first, second) = json.loads(self.run_pipeline("artifact", "ls", "1", "--json"))
        self.assertEqual((first["name"], second["name"], first["job"], first["run"]), ("result", "a", "first", 1))
        self.run_pipeline("artifact", "download", "1", "result", "-o", str(self.folder / "one"))
        self.assertEqual((self.folder / "one/sub/b").read_text(), "two\n")
        self.run_pipeline("artifact", "download", "-o", str(self.folder / "all"))
        self.assertEqual((self.folder / "all/a/a").read_text(), "one\n")
        self.assertEqual((self.folder / "all/result/a").read_text(), "one\n")
        self.assertIn("run 1 has no artifact 'none'", self.run_pipeline("artifact", "download", "1", "none", code=None))


if __name__ == "__main__":
    unittest.main()
