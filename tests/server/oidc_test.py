"""`pipeline oidc`: static files from which an independent library (PyJWT) checks the tokens that jobs get."""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-jwt, for another Python, too
import jwt  # noqa: E402
from harness import WorkflowTest  # noqa: E402

ISSUER = "https://oidc.example.org"


class OidcTest(WorkflowTest):
    """An issuer whose files are in a folder."""

    def setUp(self):
        super().setUp()
        self.git("remote", "add", "origin", "https://github.com/octo/app.git")
        self.site = self.folder / "site"

    def publish(self):
        """The files anew."""
        return self.run_pipeline("oidc", "publish", str(self.site), "--issuer", ISSUER)

    def token(self):
        """What a job gets for AWS."""
        out = self.folder / "token"
        self.workflow(
            f"""
            on: push
            permissions: {{id-token: write}}
            jobs:
              deploy:
                runs-on: ubuntu-latest
                environment: production
                steps:
                  - run: |
                      curl -sfo {out} -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
                        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com"
            """
        )
        self.run_pipeline("run", "--sandbox", "none")
        return json.loads(out.read_text(encoding="utf-8"))["value"]

    def published_keys(self):
        """By id, as PyJWT reads them."""
        discovery = json.loads((self.site / ".well-known/openid-configuration").read_text(encoding="utf-8"))
        self.assertEqual(discovery["issuer"], ISSUER)
        self.assertEqual(discovery["jwks_uri"], ISSUER + "/.well-known/jwks")
        self.assertEqual(discovery["id_token_signing_alg_values_supported"], ["RS256"])
        keys = jwt.PyJWKSet.from_json((self.site / ".well-known/jwks").read_text(encoding="utf-8"))
        return {key.key_id: key for key in keys.keys}

    def checked(self, token, audience="sts.amazonaws.com", issuer=ISSUER):
        """The claims, as a verifier that knows the files alone has them."""
        key = self.published_keys()[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key.key, algorithms=["RS256"], audience=audience, issuer=issuer)

    def test_private_keys_are_sealed_at_rest_and_follow_the_master_key(self):
        self.publish()
        file = self.state / "oidc/keys.json"
        self.assertEqual(self.state_files_with("PRIVATE KEY"), [])
        self.assertIn("sealed", json.loads(file.read_text(encoding="utf-8"))["keys"][0])
        self.checked(self.token())
        (self.folder / "next").write_text("A" * 43 + "=\n", encoding="utf-8")
        (self.folder / "next").chmod(0o600)
        self.run_pipeline("secret", "rotate", "--new-key-file", str(self.folder / "next"))
        self.checked(self.token())
        (self.state / "pipeline-master-key").unlink()
        self.assertIn("master key", self.run_pipeline("oidc", "publish", str(self.site), code=None))

    def age(self, days):
        """All keys as if they were so much older."""
        file = self.state / "oidc/keys.json"
        keyring = json.loads(file.read_text(encoding="utf-8"))
        for key in keyring["keys"]:
            key["made"] -= days * 86400
            if key["published"]:
                key["published"] -= days * 86400
        file.write_text(json.dumps(keyring), encoding="utf-8")

    def test_an_independent_library_accepts_the_token_of_a_job_by_the_published_files(self):
        self.publish()
        token = self.token()
        claims = self.checked(token)
        self.assertEqual(claims["sub"], "repo:octo/app:environment:production")
        self.assertEqual(claims["repository"], "octo/app")
        self.assertLess(claims["exp"] - time.time(), 601)
        with self.assertRaises(jwt.InvalidAudienceError):
            self.checked(token, audience="somebody.else")
        with self.assertRaises(jwt.InvalidIssuerError):
            self.checked(token, issuer="https://other.example.org")
        head, body, signature = token.split(".")
        forged = jwt.utils.base64url_encode(json.dumps({**claims, "sub": "repo:evil/app"}).encode()).decode()
        with self.assertRaises(jwt.InvalidSignatureError):
            self.checked(".".join([head, forged, signature]))
        self.assertNotIn(body, forged)

    def test_the_private_key_is_kept_for_its_owner_and_not_published(self):
        self.publish()
        self.assertEqual((self.state / "oidc/keys.json").stat().st_mode & 0o777, 0o600)
        keys = json.loads((self.site / ".well-known/jwks").read_text(encoding="utf-8"))["keys"]
        self.assertEqual({name for key in keys for name in key}, {"kty", "alg", "use", "kid", "n", "e"})

    def test_the_next_key_is_published_a_day_before_it_signs_and_the_old_one_a_day_longer(self):
        self.publish()
        (first,) = self.published_keys()
        self.age(91)
        self.publish()
        both = self.published_keys()
        self.assertEqual(len(both), 2)
        self.assertEqual(jwt.get_unverified_header(self.token())["kid"], first)
        self.age(1.01)
        token = self.token()
        (second,) = set(both) - {first}
        self.assertEqual(jwt.get_unverified_header(token)["kid"], second)
        self.publish()
        self.assertIn(first, self.published_keys())
        self.checked(token)
        self.age(1.01)
        self.publish()
        self.assertEqual(set(self.published_keys()), {second})

    def test_for_s3_the_commands_are_printed_and_no_key_counts_before_the_world_sees_it(self):
        said = self.run_pipeline("oidc", "publish", "s3://my-bucket/oidc", "--issuer", ISSUER)
        self.assertIn("'s3://my-bucket/oidc/.well-known/jwks' --content-type application/json", said)
        self.assertIn("'s3://my-bucket/oidc/.well-known/openid-configuration'", said)
        (key,) = json.loads((self.state / "oidc/keys.json").read_text(encoding="utf-8"))["keys"]
        self.assertEqual(key["published"], 0)

    def test_an_issuer_that_aws_would_not_take_and_another_one_later_are_refused(self):
        for issuer in ("http://oidc.example.org", "https://oidc.example.org?x=1", "oidc.example.org"):
            said = self.run_pipeline("oidc", "publish", str(self.site), "--issuer", issuer, code=2)
            self.assertIn("expected https://HOST", said)
        self.publish()
        said = self.run_pipeline("oidc", "publish", str(self.site), "--issuer", "https://b.example.org", code=2)
        self.assertIn(f"the keys are those of {ISSUER}", said)

    def test_the_documents_for_iam_trust_one_environment_of_one_repository(self):
        self.publish()
        setup = ["oidc", "aws-setup", "--account", "123456789012", "--region", "eu-central-1", "--repository", "octo/app"]
        documents = json.loads(
            self.run_pipeline(
                *setup, "--environment", "production", "--ecr-repository", "items", "--cluster", "main", "--service", "web"
            )
        )
        self.assertEqual(documents["OpenIDConnectProvider"]["Url"], ISSUER)
        (trust,) = documents["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(trust["Action"], "sts:AssumeRoleWithWebIdentity")
        self.assertEqual(
            trust["Principal"], {"Federated": "arn:aws:iam::123456789012:oidc-provider/oidc.example.org"}
        )
        claims = self.checked(self.token())
        self.assertEqual(
            trust["Condition"],
            {"StringEquals": {"oidc.example.org:aud": claims["aud"], "oidc.example.org:sub": claims["sub"]}},
        )
        allowed = {action for statement in documents["PolicyDocument"]["Statement"] for action in statement["Action"]}
        self.assertLessEqual({"ecr:PutImage", "ecs:UpdateService", "ecs:RegisterTaskDefinition"}, allowed)
        self.assertFalse([action for action in allowed if "*" in action])
        self.assertIn("expected --environment or --branch", self.run_pipeline(*setup, code=2))
