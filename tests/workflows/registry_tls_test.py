"""Registries behind TLS and behind a password: certificates from the configuration, logins that docker has kept."""

import base64
import json
import os
import subprocess

from debian_registry import DebianRegistry
from harness import WorkflowTest
from images import make_image

USERS = "ci:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n"  # "open sesame"


class RegistryTlsTest(WorkflowTest):
    """docker-registry with a certificate of an authority that the machine does not know."""

    def setUp(self):
        super().setUp()
        self.registry = None

    def openssl(self, *arguments):
        """Run it where the certificates are."""
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def make_certificate(self):
        """An authority, and a certificate for 127.0.0.1 by it."""
        new_key = ("-newkey", "rsa:2048", "-nodes")
        self.openssl("req", "-x509", *new_key, "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl("req", *new_key, "-subj", "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "request.pem")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        self.openssl("x509", "-req", "-in", "request.pem", *signing, "-out", "certificate.pem")
        return self.folder / "certificate.pem", self.folder / "key.pem"

    def configure(self, **settings):
        """What ~/.config/pipeline/registries.json says of the registry."""
        file = self.folder / ".config/pipeline/registries.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"registries": {self.registry.address: settings}}))

    def test_a_certificate_is_only_trusted_when_the_configuration_says_so(self):
        self.registry = DebianRegistry(self, self.folder / "registry", tls=self.make_certificate())
        name = f"{self.registry.address}/app:1"
        make_image(self, name)
        self.configure(verify=True, ca="/etc/ssl/certs/ca-certificates.crt")
        output = self.run_pipeline("image", "push", name, code=3)
        self.assertIn("check the CA certificates of this machine", output)
        self.configure(ca=str(self.folder / "ca.pem"))
        digest = self.run_pipeline("image", "push", name).splitlines()[-1]
        env = {"PIPELINE_STATE_DIR": str(self.folder / "other")}
        self.assertEqual(self.run_pipeline("image", "pull", name, env=env).splitlines()[-1], digest)
        self.configure(verify=False)
        self.assertEqual(self.run_pipeline("image", "tags", name.removesuffix(":1")).split(), ["1"])
        self.configure(ca=str(self.folder / "absent.pem"))
        self.assertIn("the file of CA certificates cannot be read", self.run_pipeline("image", "push", name, code=3))
        self.configure(blocked=True)
        self.assertIn("is blocked", self.run_pipeline("image", "pull", name, code=3, env=env))
        self.configure(mirror=["x"])
        self.assertIn('"mirror" is no setting of a registry', self.run_pipeline("image", "pull", name, code=2, env=env))

    def test_logins_that_docker_has_kept_are_used(self):
        self.registry = DebianRegistry(self, self.folder / "registry", users=USERS)
        name = f"{self.registry.address}/app:1"
        make_image(self, name)
        self.assertIn("log in to the registry first", self.run_pipeline("image", "push", name, code=3))
        docker = self.folder / ".docker"
        docker.mkdir()
        (docker / "config.json").write_text(
            json.dumps({"auths": {self.registry.address: {"auth": base64.b64encode(b"ci:of another").decode()}}})
        )
        output = self.run_pipeline("image", "push", name, code=3)
        self.assertIn("log in to the registry first", output)
        self.assertNotIn("of another", output)
        (docker / "config.json").write_text(json.dumps({"credHelpers": {self.registry.address: "test"}}))
        helper = self.folder / "bin/docker-credential-test"
        helper.parent.mkdir(exist_ok=True)
        helper.write_text('#!/bin/sh\n[ "$1" = get ] && echo \'{"Username":"ci","Secret":"open sesame"}\'\n')
        helper.chmod(0o755)
        path = {"PATH": f"{helper.parent}:{os.environ['PATH']}"}
        self.assertIn("sha256:", self.run_pipeline("image", "push", name, env=path))
