"""The DEB: what is in it, and that it installs and goes without leaving anything behind."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from harness import PIPELINE  # noqa: E402

BUILD = Path(PIPELINE).resolve().parent
UNITS = ("pipeline.service", "pipeline.socket", "pipeline-runner.service")


def run(*command, **options):
    """Its output; an error when it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300, **options
    )
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}")
    return done.stdout


class UnitTest(unittest.TestCase):
    """The units as they are in the sources."""

    def test_systemd_finds_nothing_to_say_about_the_units(self):
        """Where there is a systemd: its own check, with the program where the units have it."""
        self.assertTrue(shutil.which("systemd-analyze"), "systemd is not installed (packages.txt)")
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="pipeline-units-")))
        units = Path(__file__).resolve().parents[2] / "packaging"
        for unit in UNITS:
            text = (units / unit).read_text(encoding="utf-8").replace("/usr/bin/pipeline", str(Path(PIPELINE).resolve()))
            (folder / unit).write_text(text, encoding="utf-8")
        said = run("systemd-analyze", "verify", "--man=no", *(str(folder / unit) for unit in UNITS))
        self.assertEqual(said, "")
        broken = folder / UNITS[0]
        broken.write_text(broken.read_text(encoding="utf-8").replace("WatchdogSec=", "WatchDogSec="), encoding="utf-8")
        said = run("systemd-analyze", "verify", "--man=no", str(broken))
        self.assertIn("WatchDogSec", said)


class PackageTest(unittest.TestCase):
    """One package for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="pipeline-package-"))
        run("cpack", "-G", "DEB", "-B", str(cls.folder), "--config", str(BUILD / "CPackConfig.cmake"), cwd=BUILD)
        (cls.package,) = cls.folder.glob("*.deb")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_holds_the_binary_and_its_units(self):
        listed = run("dpkg-deb", "--contents", str(self.package))
        files = {line.split()[5] for line in listed.splitlines() if line.startswith("-")}
        expected = {"./usr/bin/pipeline"} | {f"./usr/lib/systemd/system/{unit}" for unit in UNITS}
        self.assertEqual(files, expected)
        self.assertIn("libc6", run("dpkg-deb", "--field", str(self.package), "Depends"))

    def test_its_scripts_are_shell_and_may_run(self):
        control = self.folder / "control"
        run("dpkg-deb", "--control", str(self.package), str(control))
        for name in ("postinst", "prerm", "postrm"):
            self.assertTrue(os.access(control / name, os.X_OK), name)
            run("sh", "-n", str(control / name))

    def test_the_units_name_what_the_package_holds(self):
        root = self.folder / "root"
        run("dpkg-deb", "--extract", str(self.package), str(root))
        for unit in UNITS:
            for line in (root / "usr/lib/systemd/system" / unit).read_text(encoding="utf-8").splitlines():
                if line.startswith("ExecStart="):
                    words = line.removeprefix("ExecStart=").split()
                    self.assertTrue((root / words[0].lstrip("/")).exists(), line)
                    run(str(root / words[0].lstrip("/")), *words[1:2], "--help")

    def test_installs_and_goes_in_a_root_of_its_own(self):
        self.assertEqual(os.geteuid(), 0, "only root can change its root")
        root = self.folder / "install"
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log", "tmp", "dev",
                       "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc"):
            (root / folder).mkdir(parents=True)
        for link in ("bin", "sbin", "lib", "lib64"):
            (root / link).symlink_to(f"usr/{link}")
        (root / "var/lib/dpkg/status").touch()
        (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n", encoding="utf-8")
        (root / "etc/group").write_text("root:x:0:\n", encoding="utf-8")
        for ranges in ("subuid", "subgid"):
            (root / "etc" / ranges).touch()
        # The scripts' own tools, as a Debian has them.
        for program in ("sh", "getent", "useradd", "userdel", "rm"):
            self.bring(root, shutil.which(program, path="/usr/sbin:/usr/bin"))
        self.dpkg(root, "--install", str(self.package))
        self.assertIn("pipeline:", (root / "etc/passwd").read_text(encoding="utf-8"))
        for ranges in ("subuid", "subgid"):
            self.assertIn("pipeline:", (root / "etc" / ranges).read_text(encoding="utf-8"), "ids for its jobs")
        self.assertTrue((root / "usr/bin/pipeline").exists())
        (root / "var/lib/pipeline").mkdir(parents=True, exist_ok=True)
        self.dpkg(root, "--remove", "pipeline")
        self.assertFalse((root / "usr/bin/pipeline").exists())
        self.assertFalse((root / "usr/lib/systemd/system/pipeline.service").exists())
        self.assertTrue((root / "var/lib/pipeline").exists(), "what was run stays")
        self.dpkg(root, "--purge", "pipeline")
        self.assertFalse((root / "var/lib/pipeline").exists())
        self.assertNotIn("pipeline:", (root / "etc/passwd").read_text(encoding="utf-8"))

    @staticmethod
    def dpkg(root, *arguments):
        """In that root; what the package depends on is not there."""
        run("dpkg", f"--root={root}", "--force-depends", *arguments)

    @staticmethod
    def bring(root, program):
        """A program with its libraries."""
        lines = run("ldd", program).splitlines() if program else []
        files = [program] + [word for line in lines for word in line.split() if word.startswith("/")]
        for file in files:
            target = root / str(Path(file)).lstrip("/")
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(os.path.realpath(file), target)


if __name__ == "__main__":
    unittest.main()
