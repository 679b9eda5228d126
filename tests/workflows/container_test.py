"""Jobs in containers: `container:`, the places and variables they have, and what is refused."""

import json
import unittest

from fake_registry import FakeRegistry
from harness import WorkflowTest
from images import make_image


class ContainerTest(WorkflowTest):
    """Jobs whose steps run in an image."""

    def run_in(self, container, *steps, code=0, arguments=(), job=""):
        """A job with this container (YAML text) and these scripts; the output."""
        lines = ["on: push", "jobs:", "  test:", "    runs-on: ubuntu-latest", f"    container: {container}"]
        lines += [f"    {line}" for line in job.splitlines()]
        lines.append("    steps:")
        for step in steps:
            if step.startswith("- "):
                lines += [f"      {line}" for line in step.splitlines()]
            else:
                lines.append("      - run: |")
                lines += [f"          {line}" for line in step.splitlines()]
        self.workflow("\n".join(lines) + "\n")
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code)

    def test_steps_run_in_the_image_at_githubs_places(self):
        """Root file system, shell, folders and variables are those of a container job."""
        make_image(self, "tiny:1", "ENV FROM_IMAGE=yes LIST=/opt/bin")
        output = self.run_in(
            "tiny:1",
            "test ! -e /usr/lib && echo root-is-the-image\n"
            'echo "shell $0 $-"; readlink /proc/$$/exe\n'
            "tr '\\0' ' ' < /proc/$$/cmdline\n"
            "pwd\n"
            'echo "home $HOME image $FROM_IMAGE path $PATH"\n'
            'echo "workspace $GITHUB_WORKSPACE ${{ github.workspace }}"\n'
            'echo "temp $RUNNER_TEMP ${{ runner.temp }} tools $RUNNER_TOOL_CACHE"\n'
            'test -s "$GITHUB_EVENT_PATH" && echo "event $GITHUB_EVENT_PATH"\n'
            "id -u; echo A=1 >> $GITHUB_ENV; echo o=2 >> $GITHUB_OUTPUT; echo made > file; touch /in-the-root",
            'echo "env $A"; cat file; ls /in-the-root; hostname',
            "- uses: actions/checkout@v4",
            "cat README.md; ls -ln README.md",
        )
        for expected in (
            "root-is-the-image",
            "/bin/busybox",
            "sh -e /__w/_temp/",
            "/__w/repo/repo\n",
            "home /github/home image yes path /usr/local/sbin",
            "workspace /__w/repo/repo /__w/repo/repo",
            "temp /__w/_temp /__w/_temp tools /__t",
            "event /github/workflow/event.json",
            "env 1",
            "made",
            "/in-the-root",
            "scratch",
            "Initialize containers",
            "Stop containers",
        ):
            self.assertIn(expected, output)
        self.assertRegex(output, r"README.md\n")
        self.assertRegex(output, r" 0 +0 .*README.md")

    def test_user_environment_and_options_are_as_asked_for(self):
        """env, --user, --hostname, --env, --tmpfs, --add-host, --read-only."""
        make_image(self, "tiny:1", "ENV A=image B=image", "WORKDIR /srv")
        output = self.run_in(
            "\n".join(
                [
                    "",
                    "      image: ${{ matrix.name }}:${{ matrix.tag }}",
                    "      env: {A: container, SECRET: '${{ secrets.S }}', REF: '${{ github.ref_name }}'}",
                    "      options: >-",
                    "        --user worker --hostname box -e C='with space' --tmpfs /scratch:size=1m",
                    "        --add-host db:10.0.0.7 --read-only",
                ]
            ),
            'id -u; id -g; echo "A=$A B=$B C=$C REF=$REF"; hostname\n'
            "grep 10.0.0.7 /etc/hosts\n"
            "echo x > /scratch/x && echo scratch-is-writable\n"
            "echo x > /srv/x || echo root-is-read-only\n"
            "echo x > here && cat here && echo secret-$SECRET\n"
            "echo out=1 >> $GITHUB_OUTPUT",
            job="strategy: {matrix: {name: [tiny], tag: ['1']}}",
            arguments=("-s", "S=hunter22"),
        )
        for expected in (
            "1000\n",
            "A=container B=image C=with space REF=main",
            "box",
            "10.0.0.7 db",
            "scratch-is-writable",
            "root-is-read-only",
            "secret-***",
        ):
            self.assertIn(expected, output)

    def test_a_user_is_in_the_groups_that_name_it(self):
        """Those of the image's /etc/group, but not where the user is named with a group."""
        groups = "root:x:0:\nworker:x:1000:\nmore:x:2000:other,worker\nless:x:2001:root\n"
        make_image(self, "tiny:1", "USER worker", files={"etc/group": groups})
        self.assertIn("groups 1000 2000\n", self.run_in("tiny:1", "echo groups $(id -G)"))
        with_group = "{image: 'tiny:1', options: --user worker:worker}"
        self.assertIn("groups 1000\n", self.run_in(with_group, "echo groups $(id -G)"))

    def test_an_empty_image_is_no_container(self):
        """As on GitHub: a matrix may have legs without one."""
        make_image(self, "tiny:1")
        output = self.run_in(
            "${{ matrix.image }}",
            "test -d /usr/lib && echo on-the-host || echo in-the-image",
            job="strategy: {matrix: {image: ['', 'tiny:1']}}",
        )
        self.assertIn("on-the-host", output)
        self.assertIn("in-the-image", output)

    def test_what_is_not_supported_is_refused_by_name(self):
        """Nothing is ignored."""
        make_image(self, "tiny:1")
        for options, expected in (
            ("--privileged", "'--privileged' is not supported"),
            ("--cap-add SYS_ADMIN", "--cap-add SYS_ADMIN is not supported"),
            ("--network host", "'--network' is not supported"),
            ("-v /etc:/host", "does not get folders of this machine"),
            ("--user nobody-here", "unable to find user nobody-here"),
        ):
            with self.subTest(options):
                container = f"{{image: 'tiny:1', options: '{options}'}}"
                output = self.run_in(container, "echo must-not-run", code=1)
                self.assertIn(expected, output)
                self.assertNotIn("│ must-not-run", output)

    def test_javascript_actions_run_with_the_machines_node(self):
        """The image has none and no C library of its own."""
        make_image(self, "tiny:1")
        self.write(".github/actions/js/action.yml", "name: js\nruns: {using: node20, main: main.js}\n")
        self.write(
            ".github/actions/js/main.js",
            """
            const { execFileSync, fork } = require('child_process');
            console.log('where ' + process.env.GITHUB_WORKSPACE + ' ' + __dirname);
            console.log('child ' + execFileSync(process.execPath, ['-e', 'console.log(6 * 7)']).toString());
            require('fs').appendFileSync(process.env.GITHUB_OUTPUT, 'x=from-node\\n');
            """,
        )
        output = self.run_in(
            "tiny:1", "- uses: actions/checkout@v4", "- uses: ./.github/actions/js\n  id: js",
            'echo "got ${{ steps.js.outputs.x }}"',
        )
        self.assertIn("where /__w/repo/repo /__w/repo/repo/.github/actions/js", output)
        self.assertIn("child 42", output)
        self.assertIn("got from-node", output)

    def test_scripts_for_github_and_docker_built_ins_work_in_the_image(self):
        """Built-in actions know its places, and the machine's node where it has none."""
        make_image(self, "tiny:1")
        self.write("Dockerfile", "FROM tiny:1\nLABEL made=here\n")
        self.commit()
        output = self.run_in(
            "tiny:1",
            "- uses: actions/checkout@v4",
            "- uses: actions/github-script@v7\n  id: script\n  with:\n    script: |\n"
            "      core.info('at ' + process.cwd())\n      return { six: 6 }\n",
            "- uses: docker/metadata-action@v5\n  id: meta\n  with: {images: tiny}",
            "- uses: docker/build-push-action@v6\n  with:\n    context: .\n"
            "    tags: ${{ steps.meta.outputs.tags }}\n    outputs: type=local,dest=out\n",
            "echo 'got ${{ steps.script.outputs.result }}'; grep DOCKER_META \"${{ steps.meta.outputs.bake-file }}\"\n"
            "test -e out/bin/busybox && echo exported",
        )
        self.assertIn("at /__w/repo/repo", output)
        self.assertIn('got {"six":6}', output)
        self.assertIn('"DOCKER_META_VERSION": "main"', output)
        self.assertIn("naming to docker.io/library/tiny:main", output)
        self.assertIn("│ exported", output)

    def test_volumes_are_shared_by_name_and_by_folders_of_the_workspace(self):
        """A name is a folder of the job, a path one of its own."""
        make_image(self, "tiny:1")
        output = self.run_in(
            "{image: 'tiny:1', volumes: ['data:/data', '${{ github.workspace }}/sub:/sub:ro', '/anonymous']}",
            "echo x > /data/x && echo data-is-writable\n"
            "echo y > sub/y && cat /sub/y\n"
            "echo z > /sub/z || echo sub-is-read-only",
        )
        for expected in ("data-is-writable", "│ y\n", "sub-is-read-only"):
            self.assertIn(expected, output)

    def serve(self, **options):
        """A registry with team/app:1 as this store has tiny:1, which the store forgets."""
        make_image(self, "tiny:1")
        registry = FakeRegistry(
            self.state / "images", {"team/app:1": "docker.io/library/tiny:1"}, **options
        )
        self.addCleanup(registry.close)
        return registry

    def test_an_image_is_pulled_with_the_credentials_of_the_job(self):
        """Into the store, where the second run finds it; the password is nowhere."""
        registry = self.serve(login=("robot", "swordfish-17"))
        container = (
            f"{{image: 'docker://{registry.address}/team/app:1', "
            "credentials: {username: robot, password: '${{ secrets.PASSWORD }}'}}"
        )
        secret = ("-s", "PASSWORD=swordfish-17")
        self.assertIn("│ in", self.run_in(container, "echo in", arguments=secret))
        seen = len(registry.requests)
        self.assertGreater(seen, 0)
        self.assertIn("is in the local store", self.run_in(container, "echo in", arguments=secret))
        self.assertEqual(len(registry.requests), seen)
        self.assertEqual(self.state_files_with("swordfish-17"), [])

    def test_an_image_that_is_not_there_fails_the_job_at_once(self):
        """A 404 is final; the steps do not run."""
        registry = self.serve()
        output = self.run_in(f"{registry.address}/team/other:1", "echo must-not-run", code=1)
        self.assertIn(f"{registry.address}/team/other:1", output)
        self.assertIn("✗ Initialize containers", output)
        self.assertNotIn("│ must-not-run", output)
        self.assertNotIn("trying again", output)

    def test_the_network_policy_says_which_registries_may_be_asked(self):
        """They are named by the workflow; the store's own images are there in any case."""
        registry = self.serve()
        image = f"{registry.address}/team/app:1"
        output = self.run_in(image, "echo in", code=1, arguments=("--network", "none"))
        self.assertIn("the job's network policy does not let it connect to 127.0.0.1 port", output)
        self.assertEqual(registry.requests, [])
        self.assertIn("│ in", self.run_in(image, "echo in", arguments=("--network", f"allow={registry.address}")))
        self.assertIn("│ in", self.run_in(image, "echo in", arguments=("--network", "none")))

    def test_a_dry_run_shows_the_sandboxes_of_containers(self):
        """Without an image, a pull or a process."""
        output = self.run_in(
            "{image: 'nowhere:1', options: --hostname box}",
            "echo must-not-run",
            job="services: {db: {image: 'postgres:16', ports: ['5432:5432']}}",
            arguments=("--dry-run=sandbox",),
        )
        shown = json.loads(output[output.index('{\n  "job"') :])
        self.assertEqual(shown["container"]["sandbox"]["hostname"], "box")
        self.assertIn("/__w/_temp", [mount["target"] for mount in shown["container"]["sandbox"]["mounts"]])
        self.assertEqual(shown["services"]["db"]["ports"], ["5432:5432/tcp"])
        self.assertEqual(shown["services"]["db"]["sandbox"]["network"], "isolated")
        self.assertFalse((self.state / "images").exists())

    def test_nothing_is_left_of_the_container(self):
        """No folder of the job, no mount."""
        make_image(self, "tiny:1")
        self.run_in("tiny:1", "sleep 1000 & echo started")
        self.assertEqual(list(self.state.glob("runs/*/jobs/*")), [])
        with open("/proc/mounts", encoding="utf-8") as mounts:
            self.assertNotIn(str(self.folder), mounts.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
