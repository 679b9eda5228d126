"""Registries behind a connection that breaks: a push or a pull ends right or with a clear error, never with a wrong blob."""

import io
import json
import os
import random
import subprocess
import tarfile
import urllib.error
import urllib.request

from debian_registry import DebianRegistry, Fault, FaultyProxy
from harness import WorkflowTest

BIG = 150_000


def is_blob(path):
    """A blob's content, not the uploads of blobs."""
    return "/blobs/sha256:" in path


class RegistryFaultsTest(WorkflowTest):
    """One image with a layer of some 150 kB, pushed and pulled through a proxy."""

    def setUp(self):
        super().setUp()
        self.fault = lambda method, path, number: None
        self.registry = DebianRegistry(self, self.folder / "registry")
        self.proxy = FaultyProxy(self, self.registry.address, lambda *asked: self.fault(*asked))
        self.seed = 0

    def make_image(self, name):
        """A new image every time: nothing of it is in the registry."""
        self.seed += 1
        content = random.Random(self.seed).randbytes(BIG)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            info = tarfile.TarInfo("file")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        (self.folder / "root.tar").write_bytes(out.getvalue())
        self.run_pipeline("image", "import", str(self.folder / "root.tar"), name)
        return content

    def digest_of(self, name):
        """Of the stored image."""
        return json.loads(self.run_pipeline("image", "inspect", name))["digest"]

    def verify(self, tag, content, digest):
        """What the registry has now, fetched without the proxy into another store, is the image."""
        state = self.folder / f"verify-{self.seed}-{len(os.listdir(self.folder))}"
        env = {"PIPELINE_STATE_DIR": str(state)}
        name = f"{self.registry.address}/{tag}"
        self.assertEqual(self.run_pipeline("image", "pull", name, env=env).splitlines()[-1], digest)
        self.run_pipeline("image", "unpack", name, str(state / "tree"), env=env)
        self.assertEqual((state / "tree/file").read_bytes(), content)
        self.run_pipeline("image", "fsck", env=env)

    def push_through(self, tag, fault, code=0):
        """The output of a push with that fault."""
        name = f"{self.proxy.address}/{tag}"
        content = self.make_image(name)
        digest = self.digest_of(name)
        self.fault = fault
        output = self.run_pipeline("image", "push", name, code=code)
        self.fault = lambda *asked: None
        return output, content, digest

    def skopeo(self, *arguments):
        """Run it; it fails the test."""
        done = subprocess.run(
            ["skopeo", *arguments], capture_output=True, text=True, check=False, env=self.environment()
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def once(self, matches, fault):
        """The fault for the first request that matches."""
        left = [fault]

        def choose(method, path, _):
            return left.pop() if left and matches(method, path) else None

        return choose

    def test_an_upload_that_is_cut_anywhere_ends_right(self):
        def upload(method, path):
            return method == "PUT" and "/uploads/" in path

        for cut in (0, 1, 511, 4096, 20_000, BIG // 2, BIG - 1, BIG + 60):
            with self.subTest(cut=cut):
                fault = self.once(upload, Fault(cut_request=cut))
                _, content, digest = self.push_through(f"up{cut}:1", fault)
                self.verify(f"up{cut}:1", content, digest)

    def test_an_upload_that_is_cut_always_ends_with_an_error_and_without_a_tag(self):
        output, _, _ = self.push_through(
            "never:1",
            lambda method, path, _: Fault(cut_request=1000) if method == "PUT" and "/uploads/" in path else None,
            code=3,
        )
        self.assertIn("pushing blob sha256:", output)
        with self.assertRaises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"http://{self.registry.address}/v2/never/manifests/1")
        self.assertEqual(missing.exception.code, 404)
        self.run_pipeline("image", "fsck")

    def test_passing_answers_are_tried_again(self):
        for status in (429, 500, 502, 503, 504):
            for method in ("HEAD", "POST", "PUT"):
                with self.subTest(status=status, method=method):
                    fault = self.once(
                        lambda asked, path: asked == method, Fault(status=status, headers={"Retry-After": "0"})
                    )
                    tag = f"s{status}{method.lower()}:1"
                    _, content, digest = self.push_through(tag, fault)
                    self.verify(tag, content, digest)

    def test_lasting_answers_end_with_what_the_registry_said(self):
        for status in (400, 403, 413, 501):
            with self.subTest(status=status):
                output, _, _ = self.push_through(
                    f"no{status}:1",
                    lambda method, path, _: Fault(status=status) if method == "POST" else None,
                    code=None,
                )
                self.assertIn(f"answered {status}", output)

    def pull_through(self, tag, fault, code=0):
        """The output of a pull into an empty store with that fault."""
        name = f"{self.proxy.address}/{tag}"
        state = self.folder / f"pull-{len(os.listdir(self.folder))}"
        env = {"PIPELINE_STATE_DIR": str(state)}
        self.fault = fault
        output = self.run_pipeline("image", "pull", name, code=code, env=env)
        self.fault = lambda *asked: None
        self.assertIn("all is well", self.run_pipeline("image", "fsck", env=env))
        return output, name, env, state

    def test_a_download_that_is_cut_anywhere_ends_right(self):
        _, content, digest = self.push_through("down:1", self.fault)
        for cut in (0, 1, 8191, 8192, 50_000, BIG - 1, BIG + 30):
            with self.subTest(cut=cut):
                fault = self.once(lambda method, path: method == "GET" and is_blob(path), Fault(cut_response=cut))
                output, name, env, state = self.pull_through("down:1", fault)
                self.assertEqual(output.splitlines()[-1], digest)
                self.run_pipeline("image", "unpack", name, str(state / "tree"), env=env)
                self.assertEqual((state / "tree/file").read_bytes(), content)

    def test_a_download_that_is_cut_again_and_again_goes_on_where_it_was(self):
        _, _, digest = self.push_through("often:1", self.fault)
        output, *_ = self.pull_through(
            "often:1", lambda method, path, _: Fault(cut_response=20_000) if is_blob(path) else None
        )
        self.assertEqual(output.splitlines()[-1], digest)

    def test_a_download_that_is_cut_at_once_always_ends_with_an_error(self):
        self.push_through("cut:1", self.fault)
        output, name, env, _ = self.pull_through(
            "cut:1",
            lambda method, path, _: Fault(cut_response=0) if method == "GET" and is_blob(path) else None,
            code=3,
        )
        self.assertIn("pulling " + name, output)
        self.run_pipeline("image", "inspect", name, code=2, env=env)

    def test_a_changed_byte_is_never_believed(self):
        _, _, digest = self.push_through("flip:1", self.fault)
        for flip in (0, 300, BIG // 2):
            with self.subTest(flip=flip):
                output, name, env, _ = self.pull_through(
                    "flip:1",
                    lambda method, path, _: Fault(flip=flip) if method == "GET" and is_blob(path) else None,
                    code=None,
                )
                self.assertIn("expected a blob with digest sha256:", output)
                self.run_pipeline("image", "inspect", name, code=2, env=env)
        fault = self.once(lambda method, path: method == "GET" and is_blob(path), Fault(flip=100))
        output, *_ = self.pull_through("flip:1", fault)
        self.assertEqual(output.splitlines()[-1], digest, "once is a fault of the connection")

    def test_a_manifest_that_is_not_what_it_is_called_is_refused(self):
        self.push_through("lie:1", self.fault)
        lie = {"Docker-Content-Digest": "sha256:" + "0" * 64}
        output, *_ = self.pull_through(
            "lie:1", lambda method, path, _: Fault(replace=lie) if "/manifests/" in path else None, code=3
        )
        self.assertIn("but sent one with digest sha256:", output)

    def test_a_slow_registry_is_waited_for(self):
        _, content, digest = self.push_through("slow:1", lambda *asked: Fault(delay=0.3))
        self.verify("slow:1", content, digest)

    def test_layers_that_are_compressed_on_their_way_survive_cuts(self):
        for cut in (0, 5000, BIG - 5000):
            with self.subTest(cut=cut):
                name = f"{self.proxy.address}/plain{cut}:1"
                content = self.make_image(name)
                # Uncompressed layers, as docker save writes them.
                self.run_pipeline("image", "save", name, "-o", str(self.folder / "oci.tar"))
                archive = self.folder / f"docker{cut}.tar"
                self.skopeo("copy", f"oci-archive:{self.folder}/oci.tar", f"docker-archive:{archive}:{name}")
                self.run_pipeline("image", "load", str(archive))
                self.fault = self.once(lambda method, path: method == "PATCH", Fault(cut_request=cut))
                digest = self.run_pipeline("image", "push", name).splitlines()[-1]
                self.fault = lambda *asked: None
                self.verify(f"plain{cut}:1", content, digest)
                self.run_pipeline("image", "fsck")
