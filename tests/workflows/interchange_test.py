"""Images go both ways between ours and skopeo, podman, buildah, umoci and docker-registry, unchanged."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

from debian_registry import DebianRegistry
from harness import WorkflowTest
from images import busybox_tree


def describe(tree):
    """Every entry below a folder: kind, mode, owner, content or target; times of files."""
    found = {}
    for folder, folders, files in os.walk(tree):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            what = [stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid]
            if stat.S_ISLNK(status.st_mode):
                what.append(os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    what += [hashlib.sha256(file.read()).hexdigest(), int(status.st_mtime), status.st_nlink]
            found[os.path.relpath(path, tree)] = what
    return found


class InterchangeTest(WorkflowTest):
    """One image with what layers are made of: links, modes, owners, whiteouts, an opaque folder."""

    def setUp(self):
        super().setUp()
        self.need_root("podman, buildah and umoci unpack owners as root only")
        for tool in ("skopeo", "podman", "buildah", "umoci"):
            self.assertTrue(shutil.which(tool), f"{tool} is not installed (packages.txt)")
        self.registry = DebianRegistry(self, self.folder / "registry")
        self.environment_of_tools = {
            **self.environment(),
            "REGISTRY_AUTH_FILE": str(self.folder / "none.json"),
            "STORAGE_DRIVER": "vfs",
            "TMPDIR": str(self.folder),
            "BUILDAH_ISOLATION": "chroot",
        }
        (self.folder / "none.json").write_text("{}")
        self.storage = ["--root", str(self.folder / "storage"), "--runroot", str(self.folder / "run")]

    def name(self, rest):
        """In the registry."""
        return f"{self.registry.address}/{rest}"

    def tool(self, *argv):
        """Another tool, run to its end; its output."""
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, env=self.environment_of_tools, timeout=120
        )
        self.assertEqual(done.returncode, 0, f"{argv}: {done.stderr}")
        return done.stdout

    def skopeo_copy(self, source, target, *options):
        """Without TLS."""
        self.tool("skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", *options, source, target)

    def build(self, name):
        """Ours, pushed; its digest."""
        context = self.folder / "context"
        busybox_tree(context / "root")
        (context / "root/bin/twin").hardlink_to(context / "root/bin/busybox")
        (context / "root/srv/old").mkdir()
        (context / "root/srv/old/gone").write_text("x")
        lines = [
            "FROM scratch",
            "COPY root /",
            "RUN chown 7:8 /srv && chmod 4755 /bin/busybox && mkdir -p /a/b && echo deep > /a/b/c",
            "RUN rm -r /srv/old && mkdir /srv/old && echo new > /srv/old/new && rm /home -r && ln /a/b/c /a/d",
            "ENV WHO=ours",
            'CMD ["/bin/sh", "-c", "echo it runs for $WHO"]',
        ]
        (context / "Dockerfile").write_text("\n".join([*lines, ""]))
        digest = self.run_pipeline("image", "build", "-t", name, str(context)).splitlines()[-1]
        self.assertIn(digest, self.run_pipeline("image", "push", name))
        return digest

    def fetch(self, name, digest=None):
        """Pulls it into a store of its own, checks the digest; the tree that we unpack."""
        state = self.folder / f"state-{len(os.listdir(self.folder))}"
        env = {"PIPELINE_STATE_DIR": str(state)}
        pulled = self.run_pipeline("image", "pull", name, env=env).splitlines()[-1]
        self.assertEqual(pulled, digest or pulled)
        self.run_pipeline("image", "unpack", "--setuid", name, str(state / "tree"), env=env)
        self.run_pipeline("image", "fsck", env=env)
        return state / "tree", pulled, env

    def umoci_tree(self, name):
        """The same image as umoci unpacks it."""
        layout = self.folder / f"layout-{len(os.listdir(self.folder))}"
        self.skopeo_copy(f"docker://{name}", f"oci:{layout}:x")
        self.tool("umoci", "unpack", "--image", f"{layout}:x", str(layout / "bundle"))
        return layout / "bundle/rootfs"

    def unmount_storage(self):
        """What other tools leave mounted until their container is removed, the innermost first."""
        places = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
        for place in reversed([place for place in places if place.startswith(str(self.folder / "storage"))]):
            subprocess.run(["umount", "-l", place], check=True)

    def test_what_we_build_is_the_same_for_umoci_buildah_and_podman(self):
        name = self.name("ours:1")
        digest = self.build(name)
        raw = self.tool("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}")
        self.assertEqual("sha256:" + hashlib.sha256(raw.encode()).hexdigest(), digest)
        tree, *_ = self.fetch(name, digest)
        ours = describe(tree)
        self.assertEqual(ours, describe(self.umoci_tree(name)))
        container = self.tool("buildah", *self.storage, "from", "--tls-verify=false", name).strip()
        self.addCleanup(self.unmount_storage)
        self.assertEqual(
            self.tool("buildah", *self.storage, "run", container, "--", "/bin/cat", "/srv/old/new"), "new\n"
        )
        mounted = self.tool("buildah", *self.storage, "mount", container).strip()
        # What buildah mounts for a run leaves its mount points.
        points = ("dev", "etc/hostname", "etc/hosts", "etc/resolv.conf", "proc", "run", "sys")
        theirs = {path: what for path, what in describe(mounted).items() if not path.startswith(points)}
        self.assertEqual({path: what for path, what in ours.items() if not path.startswith(points)}, theirs)
        pulled = self.tool("podman", *self.storage, "pull", "-q", "--tls-verify=false", name).strip()
        inspected = json.loads(self.tool("podman", *self.storage, "inspect", pulled))[0]
        self.assertEqual(inspected["Digest"], digest)
        self.assertIn("WHO=ours", inspected["Config"]["Env"])

    def test_what_buildah_builds_and_pushes_is_the_same_here(self):
        context = self.folder / "theirs"
        busybox_tree(context / "root")
        lines = ["FROM scratch", "COPY root /", "RUN echo theirs > /who && rm /bin/ls", 'CMD ["/bin/cat", "/who"]', ""]
        (context / "Dockerfile").write_text("\n".join(lines))
        name = self.name("theirs:1")
        for form in ("oci", "docker"):
            with self.subTest(form):
                self.tool("buildah", *self.storage, "bud", "-q", "--format", form, "-t", name, str(context))
                digest_file = self.folder / "digest"
                self.tool(
                    "buildah", *self.storage, "push", "-q", "--tls-verify=false", "--digestfile", str(digest_file), name
                )
                tree, digest, env = self.fetch(name, digest_file.read_text())
                self.assertEqual(describe(tree), describe(self.umoci_tree(name)))
                # And on from here: the same manifest, byte for byte.
                self.run_pipeline("image", "tag", name, self.name(f"copy:{form}"), env=env)
                self.assertIn(digest, self.run_pipeline("image", "push", self.name(f"copy:{form}"), env=env))
                self.fetch(self.name(f"copy:{form}"), digest)

    def test_zstd_and_back(self):
        name = self.name("packed:1")
        digest = self.build(name)
        reference = describe(self.fetch(name, digest)[0])
        for step, compression in enumerate(("zstd", "gzip")):
            packed = self.name(f"packed-{compression}:1")
            source = name if step == 0 else self.name("packed-zstd:1")
            self.skopeo_copy(
                f"docker://{source}", f"oci:{self.folder}/{compression}:x", "--dest-compress-format", compression
            )
            self.skopeo_copy(
                f"oci:{self.folder}/{compression}:x", f"docker://{packed}", "--dest-compress-format", compression
            )
            tree, pulled, env = self.fetch(packed)
            self.assertEqual(describe(tree), reference, compression)
            self.run_pipeline("image", "tag", packed, self.name("again:1"), env=env)
            self.assertIn(pulled, self.run_pipeline("image", "push", self.name("again:1"), env=env))

    def test_archives_go_both_ways(self):
        name = self.name("archived:1")
        digest = self.build(name)
        reference = describe(self.fetch(name, digest)[0])
        self.run_pipeline("image", "save", name, "-o", str(self.folder / "ours.tar"))
        self.skopeo_copy(
            f"oci-archive:{self.folder}/ours.tar", f"docker://{self.name('saved:1')}", "--preserve-digests"
        )
        self.assertEqual(describe(self.fetch(self.name("saved:1"), digest)[0]), reference)
        for form in ("docker-archive", "oci-archive"):
            with self.subTest(form):
                archive = self.folder / f"{form}.tar"
                self.skopeo_copy(f"docker://{name}", f"{form}:{archive}:loaded.test/app:1")
                env = {"PIPELINE_STATE_DIR": str(self.folder / f"loaded-{form}")}
                self.run_pipeline("image", "load", str(archive), env=env)
                loaded = "loaded.test/app:1" if form == "docker-archive" else self.loaded_name(env)
                self.run_pipeline("image", "unpack", "--setuid", loaded, str(self.folder / f"tree-{form}"), env=env)
                self.assertEqual(describe(self.folder / f"tree-{form}"), reference)

    def loaded_name(self, env):
        """Of the only image in a store."""
        return self.run_pipeline("image", "ls", env=env).splitlines()[1].split()[0]

    def test_images_that_umoci_makes(self):
        layout = self.folder / "made"
        self.tool("umoci", "init", "--layout", str(layout))
        self.tool("umoci", "new", "--image", f"{layout}:base")
        self.tool("umoci", "unpack", "--image", f"{layout}:base", str(self.folder / "bundle"))
        busybox_tree(self.folder / "bundle/rootfs/root")
        os.setxattr(self.folder / "bundle/rootfs/root/bin/busybox", "user.note", b"kept")
        for path in (self.folder / "bundle/rootfs").rglob("*"):
            os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)  # umoci rounds fractions up, too
        self.tool("umoci", "repack", "--image", f"{layout}:base", str(self.folder / "bundle"))
        self.skopeo_copy(f"oci:{layout}:base", f"docker://{self.name('umoci:1')}", "--preserve-digests")
        tree, *_ = self.fetch(self.name("umoci:1"))
        self.assertEqual(describe(tree), describe(self.folder / "bundle/rootfs"))
        self.assertEqual(os.getxattr(tree / "root/bin/busybox", "user.note"), b"kept")
