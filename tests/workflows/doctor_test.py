"""`pipeline doctor`: what a machine offers to sandboxes, and what it lacks."""

import json
import os
import subprocess
import unittest

from harness import PIPELINE, WorkflowTest


class DoctorTest(WorkflowTest):
    """As text and as JSON; on a machine that forbids what is needed."""

    def test_it_names_what_there_is_and_what_helps(self):
        """Each finding is good, or has something to do beside it."""
        findings = {found["name"]: found for found in json.loads(self.run_pipeline("doctor", "--json"))}
        for name in ("kernel", "user namespaces", "ids of steps", "landlock", "seccomp", "overlay", "cgroup memory", "a sandbox", "a network policy", "--sandbox landlock", "git", "disk"):
            self.assertIn(name, findings)
        for name, found in findings.items():
            self.assertIn(found["standing"], ("good", "weaker", "missing"))
            self.assertEqual(found["standing"] == "good", found["advice"] == "", name)
        self.assertEqual(findings["a sandbox"]["standing"], "good")
        text = self.run_pipeline("doctor")
        for name in findings:
            self.assertIn(name, text)

    def test_it_says_which_setting_forbids_the_sandbox(self):
        """Inside a user namespace that may have none of its own: exit code 3."""
        self.need_root("only root may forbid namespaces")
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "bash", "-c", f"echo 0 > /proc/sys/user/max_user_namespaces; exec {os.path.abspath(PIPELINE)} doctor"],
            cwd=self.repository, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
        )
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("user.max_user_namespaces is 0", done.stdout)
        self.assertIn("sysctl -w user.max_user_namespaces", done.stdout)

    def test_overlay_as_a_module_is_there(self):
        """The kernel loads it with the first mount: nothing has to be done."""
        self.need_root("only root may put other files over those of the kernel")
        (self.folder / "filesystems").write_text("nodev\ttmpfs\n")
        overlay = "mount --bind filesystems /proc/filesystems; mount -t overlay -o lowerdir=modules:/usr/lib none /usr/lib"
        for depends, standing in (("kernel/fs/overlayfs/overlay.ko:\n", "good"), ("kernel/fs/ext4/ext4.ko:\n", "missing")):
            modules = self.folder / "modules/modules" / os.uname().release
            modules.mkdir(parents=True, exist_ok=True)
            (modules / "modules.dep").write_text(depends)
            done = subprocess.run(
                ["unshare", "--mount", "bash", "-ec", f"{overlay}; exec {os.path.abspath(PIPELINE)} doctor --json"],
                cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60, check=False,
            )
            (found,) = (found for found in json.loads(done.stdout) if found["name"] == "overlay")
            self.assertEqual(found["standing"], standing, found)


if __name__ == "__main__":
    unittest.main()
