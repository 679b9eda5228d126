"""Images whose layers attack: refused with the layer and the entry, or contained. Nothing outside changes."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from harness import WorkflowTest
from hostile_layers import attacks

TOKEN = "657363617065"


class HostileLayersTest(WorkflowTest):
    """Every attack in one flat tree (`image unpack`) and as layers of a build (trees for an overlay)."""

    def setUp(self):
        super().setUp()
        self.need_root("devices and owners are only tried by root")
        self.outside = self.folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("of the host")
        self.before = self.canary()

    def canary(self):
        """All that an attack could change outside."""
        secret = self.outside / "secret"
        status = secret.lstat()
        return sorted(os.listdir(self.outside)), secret.read_text(), status.st_nlink, status.st_mode, status.st_uid

    def check(self, attack, code, output, what):
        """The outcome is the right one and nothing outside changed."""
        self.assertEqual(self.canary(), self.before, f"{attack.name}: {what}: {output}")
        for place in ("/", "/tmp", self.folder, self.folder.parent):
            self.assertNotIn(TOKEN, os.listdir(place), attack.name)
        self.assertNotIn("\x1b", output, attack.name)
        harmless = attack.refused is None or (what == "unpack" and attack.flat_is_harmless)
        if harmless:
            self.assertEqual(code, 0, f"{attack.name}: {what}: {output}")
            return
        if what == "build" and attack.flat_is_harmless is None:
            return  # a layer of an overlay knows nothing of the one below: a folder of its own covers the link
        self.assertNotEqual(code, 0, f"{attack.name}: {what} was not refused: {output}")
        self.assertIn(code, (2, 3), f"{attack.name}: {output}")
        self.assertRegex(output, attack.refused, f"{attack.name}: {what}")
        if not attack.at_load:
            self.assertRegex(output, r"layer sha256:[0-9a-f]{64}", attack.name)
        if attack.entry:
            named = [line for line in output.splitlines() if "while unpacking the entry" in line]
            self.assertTrue(named and attack.entry.strip('"') in named[0], f"{attack.name}: {output}")

    def run_attack(self, attack):
        """Loads, unpacks, builds on it; the state folder is a new one."""
        shutil.rmtree(self.state, ignore_errors=True)
        archive = self.folder / "attack.tar"
        attack.write(archive)
        process = self.start("image", "load", str(archive))
        output, _ = process.communicate(timeout=60)
        if attack.at_load:
            self.check(attack, process.returncode, output, "load")
            return
        self.assertEqual(process.returncode, 0, f"{attack.name}: {output}")
        tree = self.folder / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        process = self.start("image", "unpack", "attack:1", str(tree))
        output, _ = process.communicate(timeout=120)
        self.check(attack, process.returncode, output, "unpack")
        if process.returncode == 0:
            attack.check(self, tree)
        context = self.folder / "context"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text("FROM attack:1\nCOPY Dockerfile /made/by/the/build\n")
        process = self.start("image", "build", "-t", "built:1", str(context))
        output, _ = process.communicate(timeout=120)
        self.check(attack, process.returncode, output, "build")
        self.run_pipeline("image", "fsck")

    def test_every_attack_is_refused_or_contained(self):
        cases = attacks(self.outside)
        self.assertGreaterEqual(len(cases), 60)
        for attack in cases:
            with self.subTest(attack.name):
                self.run_attack(attack)

    def test_a_bomb_takes_neither_memory_nor_disk(self):
        bomb = next(attack for attack in attacks(self.outside) if attack.name == "a bomb of zeros")
        bomb.write(self.folder / "bomb.tar")
        self.run_pipeline("image", "load", str(self.folder / "bomb.tar"))
        tree = self.folder / "tree"
        process = self.start("image", "unpack", "attack:1", str(tree))
        output, _ = process.communicate(timeout=120)
        self.assertNotEqual(process.returncode, 0, output)
        used = subprocess.run(["du", "-sk", str(tree)], check=True, capture_output=True, text=True).stdout.split()[0]
        self.assertLess(int(used), 4096, "zeros are holes")

    def test_set_user_id_bits_and_capabilities_are_kept_when_asked_for(self):
        bits = next(attack for attack in attacks(self.outside) if attack.name == "set-user-id")
        bits.write(self.folder / "bits.tar")
        self.run_pipeline("image", "load", str(self.folder / "bits.tar"))
        self.run_pipeline("image", "unpack", "--setuid", "attack:1", str(self.folder / "tree"))
        self.assertEqual((self.folder / "tree/tool").stat().st_mode & 0o7777, 0o6755)

    def test_names_of_the_archive_itself_lead_nowhere(self):
        for name in ("blobs/sha256/../../../" + TOKEN, "/" + TOKEN, "../" + TOKEN):
            with self.subTest(name):
                archive = self.folder / "names.tar"
                subprocess.run(
                    [
                        "python3",
                        "-c",
                        "import sys,tarfile,io\nt=tarfile.open(sys.argv[1],'w')\ni=tarfile.TarInfo(sys.argv[2])\ni.size=1\nt.addfile(i,io.BytesIO(b'x'))",
                        str(archive),
                        name,
                    ],
                    check=True,
                )
                output = self.run_pipeline("image", "load", str(archive), code=2)
                self.assertTrue(re.search("has the content of|neither index.json", output), output)
                for place in (self.folder, self.folder.parent, Path("/"), self.state, self.state / "images"):
                    self.assertNotIn(TOKEN, os.listdir(place))
