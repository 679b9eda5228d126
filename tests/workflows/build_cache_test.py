"""Caches of builds that leave the machine, and images that are the same wherever they are built."""

import os
import re
import shutil
import subprocess
import tarfile
import time

from debian_registry import DebianRegistry
from harness import WorkflowTest
from images import busybox_tree

DOCKERFILE = """
FROM scratch AS tools
COPY root /
RUN echo tool > /tool
FROM scratch
COPY root /
COPY --from=tools /tool /tool
COPY file /file
WORKDIR /made/here
RUN echo made > /made/by-run
ADD archive.tar /archive/
COPY <<EOF /conf
inline
EOF
"""


class BuildCacheTest(WorkflowTest):
    """Two state folders stand for two machines."""

    def setUp(self):
        super().setUp()
        self.need_root("building images needs root here")
        self.context = self.make_context("context")

    def make_context(self, name):
        """A folder to build from; times are those of now."""
        context = self.folder / name
        busybox_tree(context / "root")
        (context / "file").write_text("content\n")
        with tarfile.open(context / "archive.tar", "w") as archive:
            entry = tarfile.TarInfo("inside")
            archive.addfile(entry)
        (context / "Dockerfile").write_text(DOCKERFILE)
        return context

    def build(self, machine, *arguments, context=None, env=None):
        """The digest and the log of a build with a state folder of its own."""
        env = {"PIPELINE_STATE_DIR": os.fspath(self.folder / machine), **(env or {})}
        output = self.run_pipeline("image", "build", *arguments, os.fspath(context or self.context), env=env)
        return re.findall(r"^sha256:[0-9a-f]{64}$", output, re.MULTILINE)[-1], output

    def test_the_same_epoch_makes_the_same_image_on_two_machines(self):
        """Other folders, other times of files, no cache in common."""
        other = self.make_context("elsewhere/deep")
        for path in (other / "file", other / "root/bin/busybox"):
            os.utime(path, (time.time() + 100, time.time() + 100))
        first, _ = self.build("one", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")
        second, _ = self.build("two", context=other, env={"SOURCE_DATE_EPOCH": "1700000000"})
        self.assertEqual(first, second)
        third, _ = self.build("two", "--build-arg", "SOURCE_DATE_EPOCH=1600000000", context=other)
        self.assertNotEqual(first, third)

    def test_a_registry_carries_the_cache(self):
        """mode=min has the image's own steps, mode=max all."""
        address = DebianRegistry(self, self.folder / "registry").address
        for mode, cached in (("min", 8), ("max", 9)):
            reference = f"{address}/cache:{mode}"
            first, _ = self.build(f"{mode}-one", "--cache-to", f"type=registry,ref={reference},mode={mode}")
            second, log = self.build(f"{mode}-two", "--cache-from", f"type=registry,ref={reference}")
            self.assertEqual(log.count("CACHED"), cached, log)
            if mode == "max":
                self.assertEqual(first, second)
            third, log = self.build(f"{mode}-two")
            self.assertEqual(log.count("CACHED"), 9, "what was imported once is there")
            self.assertEqual(second, third)

    def test_a_folder_carries_the_cache(self):
        """As an OCI image layout."""
        folder = self.folder / "cache"
        first, _ = self.build("one", "--cache-to", f"type=local,dest={folder},mode=max")
        second, log = self.build("two", "--cache-from", f"type=local,src={folder}")
        self.assertEqual(log.count("CACHED"), 9, log)
        self.assertEqual(first, second)
        # A layer that is not what it says is made anew, and told.
        blobs = sorted((folder / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
        blobs[-1].write_bytes(b"\0" * blobs[-1].stat().st_size)
        third, log = self.build("three", "--cache-from", f"type=local,src={folder}")
        self.assertIn("is not to be had", log)
        self.assertTrue(third)

    def test_an_image_carries_the_cache_of_its_own_layers(self):
        """type=inline, pushed with the image."""
        address = DebianRegistry(self, self.folder / "registry").address
        name = f"{address}/app:1"
        first, _ = self.build("one", "--cache-to", "type=inline", "-t", name)
        env = {"PIPELINE_STATE_DIR": os.fspath(self.folder / "one")}
        self.run_pipeline("image", "push", name, env=env)
        second, log = self.build("two", "--cache-from", name, "--cache-to", "type=inline")
        self.assertIn(f"importing the cache {name}", log)
        self.assertGreaterEqual(log.count("CACHED"), 8, log)
        self.assertTrue(first and second)

    def test_a_cache_that_is_not_there_only_costs_time(self):
        """On the way in it is told; on the way out it fails the build unless it may."""
        digest, log = self.build("one", "--cache-from", f"type=local,src={self.folder}/nothing")
        self.assertTrue(digest)
        self.assertIn("the build goes on without it", log)
        (self.folder / "file").write_text("")
        target = f"type=local,dest={self.folder}/file/below"
        env = {"PIPELINE_STATE_DIR": os.fspath(self.folder / "one")}
        output = self.run_pipeline("image", "build", "--cache-to", target, os.fspath(self.context), env=env, code=2)
        self.assertIn("while exporting the cache", output)
        self.assertTrue(self.build("one", "--cache-to", target + ",ignore-error=true")[0])

    def test_the_cache_of_a_job_is_refused_where_there_is_no_job(self):
        """type=gha by name, and nothing is built."""
        for option in ("--cache-from", "--cache-to"):
            output = self.run_pipeline("image", "build", option, "type=gha,scope=x", os.fspath(self.context), code=2)
            self.assertIn("type=gha is for jobs", output)

    def test_secrets_are_in_no_cache(self):
        """Neither in layers nor in keys."""
        secret = "s3cr3t-of-the-build"
        (self.folder / "secret").write_text(secret)
        (self.context / "Dockerfile").write_text(
            "FROM scratch\nCOPY root /\n"
            'RUN --mount=type=secret,id=a --mount=type=secret,id=a,env=S test -n "$S" && wc -c < /run/secrets/a > /n\n'
        )
        folder = self.folder / "cache"
        self.build("one", "--secret", f"id=a,src={self.folder / 'secret'}", "--cache-to", f"type=local,dest={folder}")
        shutil.rmtree(self.context)
        found = subprocess.run(["grep", "-rl", secret, folder, self.folder / "one"], capture_output=True, check=False)
        self.assertEqual(found.stdout, b"")
