"""Every attempt of the probe ends as it should, wherever a step runs, and reaches none of the canaries."""

import ctypes
import errno
import os
import re
import unittest

from attack_harness import AttackTest
from expected import (
    EXPECTED,
    INSIDE_AN_IMAGE,
    ISOLATED,
    LANDLOCK,
    LANDLOCK_OF_ROOT,
    LANDLOCK_OF_USER,
    MASKED_FILES,
    ONE_ID,
    READ_ONLY_FILES,
)
from harness import PIPELINE

LANDLOCK_WITH_TRUNCATE = 3
LANDLOCK_WITH_SCOPES = 6
OPEN_TREE_ATTR = 467


def landlock_version():
    """Of this kernel; 0 without."""
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def by_this_kernel():
    """What has to be seen of files that it has or has not."""
    outcomes = {name: "masked" if os.path.exists(path) else "ENOENT" for name, path in MASKED_FILES.items()}
    outcomes.update({name: "EACCES" if os.path.exists(path) else "ENOENT" for name, path in READ_ONLY_FILES.items()})
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(OPEN_TREE_ATTR, -1, None, 0, None, 0) < 0 and ctypes.get_errno() == errno.ENOSYS:
        outcomes["a06_open_tree_attr"] = "ENOSYS"
    return outcomes


def by_the_host_s_files():
    """What has to be seen where they are there to be read: landlock answers before masks and mounts do."""
    outcomes = {}
    if os.path.exists(MASKED_FILES["a03_sysrq"]):
        outcomes["a03_sysrq"] = "EACCES"
    if landlock_version() < LANDLOCK_WITH_TRUNCATE:
        outcomes["a01_truncate_passwd"] = "EROFS"
    if os.path.realpath(PIPELINE).startswith("/usr/"):
        outcomes["a01_runner_program"] = "EACCES"
    return outcomes


class ProbeTest(AttackTest):
    """One case for each place; a sandbox that cannot be set up fails it."""

    def check(self, seen, *differences):
        """What was seen against what has to be; all that is wrong at once."""
        expected = dict(EXPECTED)
        host = {} if INSIDE_AN_IMAGE in differences else by_the_host_s_files()
        for more in (by_this_kernel(), host, *differences):
            expected.update(more)
        # Only landlock parts the host's abstract sockets from a step that shares its network (SECURITY.md).
        within_reach = landlock_version() < LANDLOCK_WITH_SCOPES and ISOLATED not in differences
        if within_reach:
            expected["a17_abstract_socket"] = "OK"
        wrong = {
            name: f"{seen.get(name, 'not tried')}, expected {expected.get(name, 'nothing of that name')}"
            for name in sorted(set(expected) | set(seen))
            if seen.get(name) != expected.get(name)
        }
        self.assertEqual(wrong, {})
        changed = self.canaries.changed()
        self.assertEqual([name for name in changed if not (within_reach and name == "abstract socket")], [])

    def test_a_step_of_root(self):
        """Shifted ids, the host's network."""
        self.check(self.probe_in_step(self.as_root))

    def test_a_step_of_an_ordinary_user(self):
        """One id, the host's network."""
        self.check(self.probe_in_step(self.as_user), ONE_ID)

    def test_a_step_without_a_network(self):
        """Of root and of an ordinary user."""
        arguments = ("--network", "none")
        self.check(self.probe_in_step(self.as_root, *arguments, network="isolated"), ISOLATED)
        self.check(self.probe_in_step(self.as_user, *arguments, network="isolated"), ISOLATED, ONE_ID)

    def test_a_step_that_landlock_alone_holds(self):
        """Of root and of an ordinary user; what they see of other processes is whatever runs here."""
        if landlock_version() < LANDLOCK_WITH_SCOPES:
            refused = self.run_steps("true", arguments=("--sandbox", "landlock"), code=3)
            self.assertIn("only from version 6 on", refused)
            return
        for run, more in ((self.as_root, LANDLOCK_OF_ROOT), (self.as_user, LANDLOCK_OF_USER)):
            seen = self.probe_in_step(run, "--sandbox", "landlock", place='"$RUNNER_TEMP"')
            # Of a user without namespaces the bounding set is the machine's, and useless without new privileges.
            seen["a26_own_capabilities"] = re.sub(r"(CapEff=0+ )CapBnd=\w+", r"\1", seen["a26_own_capabilities"])
            shown = {
                "a26_own_capabilities": "CapEff=0000000000000000  NoNewPrivs=1 Seccomp=2",
                "a37_other_processes": seen["a37_other_processes"],
            }
            self.check(seen, LANDLOCK, shown, more)

    def test_a_container_job(self):
        """Of root and of an ordinary user, on the host's network and without one."""
        for run, ids in ((self.as_root, {}), (self.as_user, ONE_ID)):
            self.check(self.probe_in_container(run), INSIDE_AN_IMAGE, ids)
            alone = self.probe_in_container(run, "--network", "none", network="isolated")
            self.check(alone, ISOLATED, INSIDE_AN_IMAGE, ids)

    def test_a_service(self):
        """Of root and of an ordinary user."""
        beside = {"a37_other_processes": "pipeline-zygote sh attack_probe"}
        self.check(self.probe_in_service(self.as_root), ISOLATED, INSIDE_AN_IMAGE, beside)
        self.check(self.probe_in_service(self.as_user), ISOLATED, INSIDE_AN_IMAGE, ONE_ID, beside)

    def test_a_docker_action(self):
        """Of root and of an ordinary user."""
        self.check(self.probe_in_action(self.as_root), INSIDE_AN_IMAGE)
        self.check(self.probe_in_action(self.as_user), INSIDE_AN_IMAGE, ONE_ID)

    def test_a46_a_run_of_a_dockerfile(self):
        """Of root and of an ordinary user: its root is its own to change, and nothing of it is the host's."""
        self.check(self.probe_in_build(self.as_root), ISOLATED, INSIDE_AN_IMAGE)
        self.check(self.probe_in_build(self.as_user), ISOLATED, INSIDE_AN_IMAGE, ONE_ID)


if __name__ == "__main__":
    unittest.main()
