"""kill -9 in every phase of build, push, pull and prune, and all at once: the store verifies clean, the next run works."""

import random
import threading
import time

from debian_registry import DebianRegistry, Fault, FaultyProxy
from harness import WorkflowTest
from images import busybox_tree

DELAYS = (0.01, 0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6)


class ImageKillTest(WorkflowTest):
    """One context: busybox, some megabytes, a few steps."""

    def setUp(self):
        super().setUp()
        self.need_root("layers of RUN are made as root here")
        self.context = self.folder / "context"
        busybox_tree(self.context / "root")

    def dockerfile(self, number):
        """A build that has everything to do: its content is new."""
        (self.context / "big").write_bytes(random.Random(number).randbytes(3_000_000))
        lines = [
            "FROM scratch",
            "COPY root /",
            "COPY big /big",
            f"RUN echo {number} > /number && cat /big /big > /bigger",
        ]
        (self.context / "Dockerfile").write_text("\n".join([*lines, "RUN rm /big", ""]))

    def kill_after(self, delay, *arguments):
        """Starts the binary, kills it; whether it was still running."""
        process = self.start(*arguments)
        time.sleep(delay)
        alive = process.poll() is None
        process.kill()
        process.communicate()
        return alive

    def assert_clean(self):
        """Nothing damaged, nothing missing, nothing left of the dead."""
        self.assertIn("all is well", self.run_pipeline("image", "fsck"))
        left = [path.name for path in (self.state / "images/work").iterdir()]
        self.assertEqual(left, [], "work of processes that are gone")

    def test_builds_that_are_killed(self):
        hits = 0
        for number, delay in enumerate(DELAYS):
            self.dockerfile(number)
            hits += self.kill_after(delay, "image", "build", "-t", "app:1", str(self.context))
            self.assert_clean()
        self.assertGreater(hits, 2, "most came too late to mean anything")
        self.run_pipeline("image", "build", "-t", "app:1", str(self.context))
        self.run_pipeline("image", "unpack", "app:1", str(self.folder / "tree"))
        self.assertEqual((self.folder / "tree/number").read_text(), f"{len(DELAYS) - 1}\n")
        self.assertEqual((self.folder / "tree/bigger").stat().st_size, 6_000_000)

    def test_pushes_and_pulls_that_are_killed(self):
        registry = DebianRegistry(self, self.folder / "registry")
        proxy = FaultyProxy(self, registry.address, lambda *asked: Fault(delay=0.05))
        name = f"{proxy.address}/app:1"
        self.dockerfile(1)
        digest = self.run_pipeline("image", "build", "-t", name, str(self.context)).splitlines()[-1]
        for delay in DELAYS:
            self.kill_after(delay, "image", "push", name)
            self.assert_clean()
        self.assertIn(digest, self.run_pipeline("image", "push", name))
        self.state = self.folder / "other"
        for delay in DELAYS:
            self.kill_after(delay, "image", "pull", "--unpack", name)
            self.assert_clean()
        self.assertEqual(self.run_pipeline("image", "pull", "--unpack", name).splitlines()[-1], digest)
        self.run_pipeline("image", "unpack", name, str(self.folder / "tree"))

    def test_prunes_that_are_killed(self):
        for number, delay in enumerate((0.005, 0.01, 0.02, 0.03, 0.05)):
            self.dockerfile(number)
            self.run_pipeline("image", "build", "-t", "kept:1", str(self.context))
            self.dockerfile(number + 100)
            self.run_pipeline("image", "build", "-t", "lost:1", str(self.context))
            self.run_pipeline("image", "tag", "kept:1", "lost:1")
            self.kill_after(delay, "image", "prune", "--cache")
            self.assert_clean()
        self.run_pipeline("image", "prune", "--cache")
        self.assert_clean()
        self.run_pipeline("image", "unpack", "kept:1", str(self.folder / "tree"))

    def test_two_builds_and_prunes_at_once(self):
        self.dockerfile(7)
        stop = threading.Event()
        prunes = []

        def prune_on():
            while not stop.is_set():
                prunes.append(self.run_pipeline("image", "prune", "--cache"))

        pruner = threading.Thread(target=prune_on)
        pruner.start()
        try:
            for turn in range(3):
                builds = [
                    self.start("image", "build", "-t", f"app{each}:1", "--build-arg", f"TURN={turn}", str(self.context))
                    for each in range(2)
                ]
                for build in builds:
                    output, _ = build.communicate(timeout=60)
                    self.assertEqual(build.returncode, 0, output)
                self.dockerfile(turn)
        finally:
            stop.set()
            pruner.join()
        self.assertTrue(all("removed" in output for output in prunes), prunes)
        self.assert_clean()
        for each in range(2):
            self.run_pipeline("image", "unpack", f"app{each}:1", str(self.folder / f"tree{each}"))
