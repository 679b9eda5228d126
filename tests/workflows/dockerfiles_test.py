"""Dockerfiles of tests/dockerfiles, built by us and by buildah: the same files and configuration.

Where buildah's version lacks a word, NAME.plain says the same in words that it has. `cases.json` has the arguments of a
case and the differences that are meant, each with its reason.
"""

import gzip
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import tarfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from action_server import ActionServer
from harness import PIPELINE, WorkflowTest
from image_tree import read_folder, read_layout_archive
from images import BUSYBOX

CASES = Path(__file__).resolve().parent.parent / "dockerfiles"
TOOL = b"a program" * 1000


class Files(http.server.BaseHTTPRequestHandler):
    """A server with a file, an archive and a redirect."""

    archive = b""

    def log_message(self, *_):
        """Quiet."""

    def do_GET(self):  # pylint: disable=invalid-name
        """All there is."""
        body = {"/files/tool.bin": TOOL, "/files/archive.tar.gz": self.archive}.get(self.path)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/files/tool.bin")
            self.end_headers()
            return
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT")
        self.end_headers()
        self.wfile.write(body or b"")


def make_context(folder):
    """Files of every kind that a case copies."""
    texts = {
        "app/main.py": "print('main')\n",
        "app/lib/util.py": "x = 1\n",
        "app/.hidden": "hidden\n",
        "docs/a.md": "# a\n",
        "docs/b.txt": "b\n",
        "docs/deep/c.txt": "c\n",
        "bin/tool.sh": "#!/bin/sh\necho tool\n",
        "with blank.txt": "blank\n",
        "secret": "s3cr3t",
        "links/target/inside": "inside\n",
        "git/v1/first": "1\n",
        "git/main/sub/second": "2\n",
        "heredoc/EOF": 'hello somebody $NAME "quoted"\n',
        "heredoc/RAW": "$NAME stays\n",
        "heredoc/run.sh": "#!/bin/sh\necho somebody\n",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    (folder / "app/lib/util.py").chmod(0o640)
    (folder / "bin/tool.sh").chmod(0o755)
    (folder / "docs/deep").chmod(0o750)
    (folder / "empty").mkdir()
    (folder / "links/file").symlink_to("target/inside")
    (folder / "links/folder").symlink_to("target")
    (folder / "links/dangling").symlink_to("/nowhere")
    inside = folder.parent / "archived"
    (inside / "a/b").mkdir(parents=True)
    (inside / "a/b/c").write_text("c\n")
    (inside / "a/b/c").chmod(0o600)
    (inside / "a/link").symlink_to("b/c")
    os.chown(inside / "a/b/c", 1000, 1000)
    for name, mode in (("archive.tar", "w"), ("archive.tar.gz", "w:gz"), ("archive.tar.xz", "w:xz")):
        with tarfile.open(folder / name, mode) as archive:
            archive.add(inside / "a", arcname="a")
    (folder / "plain.gz").write_bytes(gzip.compress(b"no tar\n", mtime=0))
    shutil.rmtree(inside)


def make_base(folder):
    """A root file system with all of busybox, two users and a folder with something in it. It has the places that
    buildah mounts things at, which it would leave in the image else."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(parents=True)
    shutil.copy(BUSYBOX, bin_folder / "busybox")
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            (bin_folder / applet).symlink_to("busybox")
    for name in ("etc", "tmp", "srv", "home", "root", "dev", "proc", "sys", "run"):
        (folder / name).mkdir()
    for name in ("hosts", "hostname", "resolv.conf"):
        (folder / "etc" / name).touch()
    (folder / "srv/kept").write_text("of the base\n")
    (folder / "tmp").chmod(0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1000::/home:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\nworker:x:1000:\n")


class DockerfilesTest(WorkflowTest):
    """Each file of tests/dockerfiles, in both builders."""

    def setUp(self):
        super().setUp()
        self.need_root("buildah's chroot isolation and owners of files need root")
        self.context = self.folder / "context"
        self.context.mkdir()
        make_context(self.context)
        self.meta = json.loads((CASES / "cases.json").read_text())
        self.serve()
        self.make_base_image()

    def serve(self):
        """What ADD fetches."""
        Files.archive = (self.context / "archive.tar.gz").read_bytes()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.git_server = ActionServer(self.folder / "git")
        self.addCleanup(self.git_server.close)
        self.git_server.publish("o/r.git", {"first": "1\n"}, tag="v1")
        self.git_server.publish("o/r.git", {"sub/second": "2\n"})
        self.words = {
            "@SERVER@": f"http://127.0.0.1:{server.server_address[1]}",
            "@GIT@": self.git_server.url,
            "@DIGEST@": hashlib.sha256(TOOL).hexdigest(),
            "@CONTEXT@": os.fspath(self.context),
        }

    def filled(self, text):
        """With the addresses of this test."""
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text

    def buildah(self, *arguments):
        """Run it with a storage of this test's own."""
        command = ["buildah", "--root", self.folder / "buildah", "--runroot", self.folder / "run", "--storage-driver", "vfs"]
        env = self.environment(XDG_RUNTIME_DIR=os.fspath(self.folder), TMPDIR=os.fspath(self.folder))
        done = subprocess.run(
            [*command, *arguments], env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def ours(self, *arguments):
        """Run the binary."""
        done = subprocess.run(
            [PIPELINE, "image", *arguments], env=self.environment(), capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def make_base_image(self):
        """The same bytes for both."""
        base = self.folder / "base"
        make_base(base / "root")
        (base / "Dockerfile").write_text("FROM scratch\nCOPY root /\n")
        self.build_by_buildah(base / "Dockerfile", base, "localhost/base:1", [])
        archive = self.folder / "base.tar"
        self.buildah("push", "-q", "localhost/base:1", f"oci-archive:{archive}:localhost/base:1")
        self.ours("load", os.fspath(archive))

    def build_by_buildah(self, file, context, name, arguments):
        """With its layers in one, which makes no difference to the files."""
        self.buildah(
            "bud", "--isolation", "chroot", "--format", "docker", "--identity-label=false", "-q", "-t", name,
            "-f", os.fspath(file), *arguments, os.fspath(context),
        )  # fmt: skip

    def case_context(self, name):
        """The context of one case, with its ignore files."""
        meta = self.meta.get(name, {})
        if "ignore" not in meta and "file_ignore" not in meta:
            return self.context
        context = self.folder / f"context-{name}"
        shutil.copytree(self.context, context, symlinks=True)
        if "ignore" in meta:
            (context / ".dockerignore").write_text(meta["ignore"])
        return context

    def build_both(self, name):
        """(files and configuration) by us, and by buildah."""
        meta = self.meta.get(name, {})
        context = self.case_context(name)
        arguments = [self.filled(argument) for argument in meta.get("args", [])]
        file = self.folder / f"{name}.Dockerfile"
        file.write_text(self.filled((CASES / f"{name}.Dockerfile").read_text()))
        plain = CASES / f"{name}.plain"
        theirs = self.folder / f"{name}.plain"
        theirs.write_text(self.filled((plain if plain.exists() else CASES / f"{name}.Dockerfile").read_text()))
        more = []
        if "file_ignore" in meta:
            ignore = Path(f"{file}.dockerignore")
            ignore.write_text(meta["file_ignore"])
            more = ["--ignorefile", os.fspath(ignore)]
        tag = f"localhost/cases:{name}"
        self.ours("build", "-q", "-t", tag, "-f", os.fspath(file), *arguments, os.fspath(context))
        archive = self.folder / f"{name}.tar"
        self.ours("save", tag, "-o", os.fspath(archive))
        self.build_by_buildah(theirs, context, tag, [*arguments, *more])
        blobs = self.folder / f"{name}.blobs"
        self.buildah("push", "-q", "--format", "v2s2", "--disable-compression", tag, f"dir:{blobs}")
        return read_layout_archive(archive), read_folder(blobs)

    def compare(self, name):
        """What differs and is not meant to, as lines."""
        meant = self.meta.get(name, {}).get("differences", {})
        try:
            (files, config), (their_files, their_config) = self.build_both(name)
        except AssertionError as failed:
            return [str(failed)]
        ours, theirs = {**files, **config}, {**their_files, **their_config}
        unlike = {
            name: f"{name}: ours {ours.get(name)}, buildah's {theirs.get(name)}"
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name) != theirs.get(name)
        }
        stale = [f"{name} is no difference, though cases.json says so" for name in meant if name not in unlike]
        return [line for name, line in unlike.items() if name not in meant] + stale

    def test_all_are_the_same(self):
        """Two at a time; first those that others are built on."""
        names = sorted(path.name.removesuffix(".Dockerfile") for path in CASES.glob("*.Dockerfile"))
        self.assertGreaterEqual(len(names), 40)
        self.assertEqual(set(self.meta) - set(names), set(), "cases.json tells of files that are not there")
        later = [name for name in names if "needs" in self.meta.get(name, {})]
        unlike = {}
        with ThreadPoolExecutor(2) as pool:
            for group in ([name for name in names if name not in later], later):
                unlike.update(zip(group, pool.map(self.compare, group)))
        for name in names:
            with self.subTest(name):
                self.assertFalse(unlike[name], "\n" + "\n".join(unlike[name]))


if __name__ == "__main__":
    unittest.main()
