"""`pipeline secret` and `pipeline variable`, and runs that take what they keep."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import PIPELINE, WorkflowTest  # noqa: E402

PASSWORD = "correct horse battery"


class SecretTest(WorkflowTest):
    """A state folder with secrets."""

    def setUp(self):
        super().setUp()
        self.git("remote", "add", "origin", "https://git.example.org/octo/app.git")

    def give(self, text, *arguments, code=0, env=None):
        """The binary with this on its standard input; its output."""
        done = subprocess.run(
            [os.path.abspath(PIPELINE), *arguments],
            cwd=self.repository,
            env=self.environment(**(env or {})),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def listed(self):
        """Scope, name and version."""
        secrets = json.loads(self.run_pipeline("secret", "list", "--json"))
        return [(secret["scope"], secret["name"], secret["version"]) for secret in secrets]

    def test_values_come_from_standard_input_or_a_file_and_are_shown_nowhere(self):
        said = self.give(PASSWORD + "\n", "secret", "set", "PASSWORD")
        self.assertIn("a master key was made", said)
        file = self.folder / "value"
        file.write_text(PASSWORD, encoding="utf-8")
        self.run_pipeline("secret", "set", "PASSWORD", "--file", str(file), "--environment", "production")
        self.give("x", "secret", "set", "TOKEN", "--organisation", "octo")
        self.assertEqual(
            self.listed(), [("octo", "TOKEN", 1), ("octo/app", "PASSWORD", 1), ("octo/app:production", "PASSWORD", 1)]
        )
        shown = self.run_pipeline("secret", "list") + self.run_pipeline("secret", "audit")
        self.assertNotIn(PASSWORD, shown + said)
        self.assertEqual(self.state_files_with(PASSWORD), [])
        self.assertEqual((self.state / "pipeline-master-key").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.state / "secrets.db").stat().st_mode & 0o777, 0o600)
        self.assertIn("expected the value of EMPTY", self.give("", "secret", "set", "EMPTY", code=2))

    def test_a_value_in_the_command_line_is_refused(self):
        self.give("", "secret", "set", "PASSWORD", PASSWORD, code=2)
        self.assertFalse((self.state / "secrets.db").exists())

    def test_a_secret_is_removed(self):
        self.give("x", "secret", "set", "A")
        self.run_pipeline("secret", "remove", "a")
        self.assertEqual(self.listed(), [])
        self.assertIn("octo/app has no secret 'A'", self.run_pipeline("secret", "remove", "A", code=2))

    def test_a_run_takes_them_by_environment_and_each_reading_is_written_down(self):
        self.give("of the repository", "secret", "set", "PASSWORD")
        self.give("of production", "secret", "set", "PASSWORD", "--environment", "production")
        self.give("Ulm\n", "variable", "set", "PLACE")
        self.give("Bonn\n", "variable", "set", "PLACE", "--environment", "production")
        out = self.folder / "out"
        out.mkdir()
        self.workflow(
            f"""
            on: push
            jobs:
              build:
                runs-on: ubuntu-latest
                steps:
                  - run: echo "${{{{ secrets.PASSWORD }}}} in ${{{{ vars.PLACE }}}}" > {out}/build; echo "${{{{ secrets.PASSWORD }}}}"
              deploy:
                runs-on: ubuntu-latest
                environment: production
                steps:
                  - run: echo "${{{{ secrets.PASSWORD }}}} in ${{{{ vars.PLACE }}}}" > {out}/deploy
            """
        )
        said = self.run_pipeline("run", "--stored-secrets", "--sandbox", "none")
        self.assertEqual((out / "build").read_text(encoding="utf-8"), "of the repository in Ulm\n")
        self.assertEqual((out / "deploy").read_text(encoding="utf-8"), "of production in Bonn\n")
        self.assertNotIn("of the repository", said)
        self.assertIn("***", said)
        audit = json.loads(self.run_pipeline("secret", "audit", "--json"))
        read = {(line["scope"], line["who"]) for line in audit if line["what"] == "read"}
        self.assertIn(("octo/app:production", "run 1, job deploy"), read)
        self.assertIn(("octo/app", "run 1, job build"), read)

    def test_another_master_key_opens_them_and_the_old_one_does_not(self):
        self.give(PASSWORD, "secret", "set", "PASSWORD")
        old = (self.state / "pipeline-master-key").read_text(encoding="utf-8").strip()
        new_key = self.folder / "key"
        new_key.write_text(base64.b64encode(os.urandom(32)).decode(), encoding="utf-8")
        self.assertIn("1 secrets are under the new key", self.run_pipeline("secret", "rotate", "--new-key-file", str(new_key)))
        self.workflow('on: push\njobs: {a: {runs-on: x, steps: [{run: "test -n \\"${{ secrets.PASSWORD }}\\""}]}}\n')
        self.run_pipeline("run", "--stored-secrets")
        (self.state / "pipeline-master-key").unlink()
        said = self.run_pipeline("run", "--stored-secrets", env={"PIPELINE_MASTER_KEY": old}, code=None)
        self.assertIn("sealed by the master key", said)
        self.assertIn("there is no master key", self.run_pipeline("run", "--stored-secrets", code=2))

    def test_references_are_read_from_aws_when_a_job_needs_them(self):
        seed = self.folder / "seed.yml"
        seed.write_text(
            "region: eu-central-1\n"
            "users:\n  - {name: admin, access_key_id: EMULATORADMIN, secret_access_key: emulator}\n"
            "secrets:\n  - name: database\n    value: {password: from the manager}\n"
            "parameters:\n  - name: /app/token\n    value: from the parameters\n    type: SecureString\n",
            encoding="utf-8",
        )
        self.run_pipeline("emulator", "up", "--seed", str(seed))
        self.addCleanup(self.run_pipeline, "emulator", "down", code=None)
        aws = {
            "AWS_ENDPOINT_URL": self.run_pipeline("emulator", "status", "--endpoint").strip(),
            "AWS_ACCESS_KEY_ID": "EMULATORADMIN",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": "eu-central-1",
        }
        arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database:password::"
        self.run_pipeline("secret", "set", "PASSWORD", "--reference", arn)
        self.run_pipeline("secret", "set", "TOKEN", "--reference", "ssm:/app/token")
        out = self.folder / "out"
        self.workflow(
            f"""
            on: push
            jobs:
              a:
                runs-on: x
                steps: [{{run: 'echo "${{{{ secrets.PASSWORD }}}}, ${{{{ secrets.TOKEN }}}}" > {out}'}}]
            """
        )
        said = self.run_pipeline("run", "--stored-secrets", "--sandbox", "none", env=aws)
        self.assertEqual(out.read_text(encoding="utf-8"), "from the manager, from the parameters\n")
        self.assertNotIn("from the manager", said)
        self.run_pipeline("secret", "set", "TOKEN", "--reference", "ssm:/app/nothing")
        said = self.run_pipeline("run", "--stored-secrets", "--sandbox", "none", env=aws, code=None)
        self.assertIn("reading the secret TOKEN of octo/app", said)
        self.assertIn("ssm:/app/nothing", said)

    def test_a_key_that_others_may_read_is_refused(self):
        self.give("x", "secret", "set", "A")
        (self.state / "pipeline-master-key").chmod(0o644)
        self.assertIn("others can read the key", self.run_pipeline("secret", "list", code=None))
