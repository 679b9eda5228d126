"""Images that tests make without any registry, of the machine's static busybox or of Debian's packages."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import PIPELINE

CACHE = Path(os.environ.get("PIPELINE_TEST_CACHE", tempfile.gettempdir()))
MAKE_BASE_IMAGE = Path(__file__).resolve().parent.parent.parent / "examples" / "make-base-image"
BUSYBOX = "/usr/bin/busybox"
APPLETS = (
    "sh ls cat echo env id pwd mkdir touch test sleep nc httpd wget grep sed head tail hostname mount true false "
    "printf tr rm stat kill ps dd wc sort readlink ln chmod ip seq timeout"
).split()
# A program for images: asks host:port until it is answered, since what is started may not listen yet. A minute at most.
ASK = """#!/bin/sh
for i in $(seq 600); do wget -q -O- "http://$1/" 2> /dev/null && exit 0; sleep 0.1; done
exit 1
"""


def busybox_tree(folder):
    """A root file system of busybox; its folder."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(parents=True)
    shutil.copy(BUSYBOX, bin_folder / "busybox")
    for applet in APPLETS:
        (bin_folder / applet).symlink_to("busybox")
    for name in ("etc", "tmp", "srv", "home"):
        (folder / name).mkdir()
    (folder / "tmp").chmod(0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1000::/home:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\nworker:x:1000:\n")
    return folder


def make_image(test, name, *instructions, files=None, run=None):
    """Build an image of busybox and these Dockerfile lines into the test's store."""
    context = test.folder / "images" / name.replace(":", "-").replace("/", "-")
    shutil.rmtree(context, ignore_errors=True)
    busybox_tree(context / "root")
    for path, text in (files or {}).items():
        file = context / "root" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)
    (context / "Dockerfile").write_text("\n".join(["FROM scratch", "COPY root /", *instructions, ""]))
    (run or test.run_pipeline)("image", "build", "-t", name, os.fspath(context))


def archive_of(name):
    """Where keep_image keeps it."""
    return CACHE / (name.replace(":", "-") + ".tar")


def keep_image(name, make, run):
    """An image in the test's store that takes long to `make`: once per machine, then from an archive. `run` runs the binary."""
    archive = archive_of(name)
    if archive.exists():
        run("image", "load", str(archive))
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    make()
    partial = archive.with_suffix(f".{os.getpid()}")
    run("image", "save", name, "-o", str(partial))
    partial.rename(archive)


def make_base_image(run, environment):
    """debian:bookworm-slim of Debian's packages."""

    def make():
        subprocess.run([str(MAKE_BASE_IMAGE), os.path.abspath(PIPELINE)], env=environment, check=True, capture_output=True)

    keep_image("debian:bookworm-slim", make, run)


def running_with(text):
    """Lines of ps that hold the text."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line and "ps -eo" not in line]
