"""`pipeline image push` and `pull` by AWS keys alone: the token is asked for, and signed for, by the client itself."""

import re
import unittest

import api_walk
from emulator_harness import ADMIN, BareEmulatorTest
from images import make_image


class RegistryKeysTest(BareEmulatorTest):
    """No docker login, no ~/.aws."""

    seed_text = api_walk.SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "web")
        cls.name = f"{cls.registry}/web:1"
        cls.run_image = lambda *words: cls.run_program(cls.binary(), *words)
        make_image(cls, cls.name, 'CMD ["true"]', run=cls.run_image)

    def image(self, verb, *words, code=0, **env):
        """A verb of `pipeline image` with keys of the environment."""
        keys = {**ADMIN, "AWS_ENDPOINT_URL": self.endpoint, **env}
        return self.run_program(self.binary(), "image", verb, *words, env=keys, code=code)

    def test_plain_keys_push_and_pull(self):
        """The digest that ECR has is the one that was pushed, and comes back."""
        digest = re.search(r"^sha256:[0-9a-f]{64}$", self.image("push", self.name), re.MULTILINE)[0]
        described = self.aws("ecr", "describe-images", "--repository-name", "web")["imageDetails"]
        self.assertEqual([image["imageDigest"] for image in described], [digest])
        self.image("rm", self.name)
        self.assertIn(digest, self.image("pull", self.name))
        self.assertIn("1", self.image("tags", f"{self.registry}/web").splitlines())

    def test_wrong_keys_are_told(self):
        """With what AWS says, and never with the key."""
        output = self.image("push", self.name, code=3, AWS_SECRET_ACCESS_KEY="mistyped-secret")
        self.assertIn("logging in to", output)
        self.assertIn("signature", output)
        self.assertNotIn("mistyped-secret", output)

    def test_without_keys_the_registry_refuses(self):
        """As it would a stranger."""
        none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        self.assertRegex(self.image("push", self.name, code=3, **none), "(?i)unauthorized|401|denied|credentials")


if __name__ == "__main__":
    unittest.main()
