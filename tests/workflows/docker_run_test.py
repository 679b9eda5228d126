"""`docker run` and its neighbours in steps: containers without an engine, gone with the job."""

import unittest

from harness import WorkflowTest
from images import make_image, running_with

SERVER = """#!/bin/sh
echo started
mkdir -p /tmp/www
echo "I am $NAME" > /tmp/www/index.html
httpd -p 7000 -h /tmp/www
trap 'echo asked to end; exit 7' TERM
while :; do sleep 0.1; done
"""
# Asks, again for a while: what is started may not listen yet.
ASK = "for i in 1 2 3 4 5 6 7 8; do wget -q -O- http://$1/ && break; sleep 0.5; done"


class DockerRunTest(WorkflowTest):
    """Steps that start containers of a busybox image."""

    def setUp(self):
        super().setUp()
        make_image(
            self,
            "tiny:1",
            "ENV NAME=image FROM_IMAGE=yes",
            "EXPOSE 7000",
            'CMD ["/bin/sh", "-c", "echo by the image; exit 3"]',
            files={"bin/server": SERVER, "bin/ask": "#!/bin/sh\n" + ASK},
        )

    def run_scripts(self, *scripts, arguments=(), code=0):
        """Each script is a step of one job, without `-e`; what they printed, line by line."""
        steps = "".join(
            "      - shell: bash {0}\n        run: |\n" + "".join(f"          {line}\n" for line in script.strip().splitlines())
            for script in scripts
        )
        self.workflow(f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n{steps}")
        output = self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code)
        return [line.split("│ ", 1)[1] for line in output.splitlines() if "│ " in line]

    def test_runs_a_command_with_folders_variables_and_input(self):
        """Output, exit code, -v, -w, -e with and without a value, --env-file, -u, -i, --entrypoint."""
        lines = self.run_scripts(
            """
            docker run --rm tiny:1; echo "code $?"
            export MINE=passed-on
            printf '# no\\nFILED=by file\\n' > vars
            docker run --rm -v "$PWD":/work:rw -w /work -e A=1 -e MINE --env-file vars tiny:1 sh -c 'echo "$A $MINE $FILED $FROM_IMAGE"; pwd; echo made > made; echo oops >&2'
            cat made
            docker run --rm -v ./made:/only/this:ro tiny:1 sh -c 'cat /only/this; echo x > /only/this || echo read-only'
            echo piped | docker run -i --rm tiny:1 cat
            docker run --rm -u worker --entrypoint id tiny:1 -u
            docker run --rm -v kept:/data tiny:1 sh -c 'echo volume > /data/file'
            docker run --rm -v kept:/data tiny:1 cat /data/file
            docker run --rm tiny:1 ls -dit / | wc -l
            """
        )
        for expected in (
            "by the image",
            "code 3",
            "1 passed-on by file yes",
            "/work",
            "oops",
            "read-only",
            "piped",
            "1000",
            "volume",
            "1",
        ):
            self.assertIn(expected, lines)
        self.assertEqual(lines.count("made"), 2)

    def test_containers_in_the_background_are_found_by_port_and_name(self):
        """-d, -p, --network, ps, exec, inspect, port, logs, stop, rm."""
        lines = self.run_scripts(
            """
            docker network create net
            docker run -d --name web --network net -p 0:7000 -e NAME=web tiny:1 server > id
            docker run --rm --network net tiny:1 ask web:7000 | sed 's/^/by name: /'
            python3 -c 'import sys, urllib.request; print(urllib.request.urlopen("http://" + sys.argv[1]).read().decode().strip())' $(docker port web 7000) | sed 's/^/by port: /'
            docker exec -e MORE=more web sh -c 'echo "inside $NAME $MORE"; exit 4'; echo "code $?"
            docker inspect -f '{{.State.Status}} {{.State.Running}} {{.Name}}' web
            docker ps --format '{{.Names}} {{.Image}} {{.State}}'
            [ "$(docker ps -q --no-trunc)" = "$(cat id)" ] && echo same id
            """,
            """
            docker stop web
            docker wait web
            docker logs web | sed 's/^/log: /'
            docker logs --tail 1 web | sed 's/^/tail: /'
            docker ps -q | wc -l | sed 's/^/running: /'
            docker rm web
            docker ps -aq | wc -l | sed 's/^/left: /'
            """,
        )
        for expected in (
            "by name: I am web",
            "by port: I am web",
            "inside web more",
            "code 4",
            "running true /web",
            "web tiny:1 running",
            "same id",
            "7",
            "log: started",
            "log: asked to end",
            "tail: asked to end",
            "running: 0",
            "left: 0",
        ):
            self.assertIn(expected, lines)

    def test_refusals_are_those_of_docker(self):
        """Exit codes 125 to 127, names in use, options and folders that nobody gets."""
        lines = self.run_scripts(
            """
            docker run --rm tiny:1 /not/there 2>&1; echo "code $?"
            docker run --rm tiny:1 /etc/passwd 2>&1; echo "code $?"
            docker run --privileged tiny:1 2>&1; echo "code $?"
            docker run --network nowhere tiny:1 2>&1; echo "code $?"
            docker run -v /etc:/host tiny:1 2>&1 | head -n 1
            ln -s /etc link; docker run --rm -v "$PWD/link":/host tiny:1 ls /host 2>&1 | head -n 1
            docker create --name one tiny:1 > /dev/null; docker create --name one tiny:1 2>&1 | head -n 1
            docker exec one true 2>&1 | head -n 1
            docker logs nobody 2>&1; docker compose up 2>&1; true
            """
        )
        text = "\n".join(lines)
        for expected in ("code 127", "code 126", "code 125", "'--privileged' is not supported", "network nowhere not found"):
            self.assertIn(expected, text)
        self.assertEqual(text.count("code 125"), 2)
        self.assertIn("a job does not get folders of this machine", text)
        self.assertNotIn("shadow", text)
        self.assertIn('The container name "/one" is already in use', text)
        self.assertIn("is not running", text)
        self.assertIn("No such container: nobody", text)
        self.assertIn("'compose' is not supported", text)

    def test_the_policy_of_the_job_holds_in_containers(self):
        """With --network none there is no way out of a container either; its ports are the job's own."""
        lines = self.run_scripts(
            """
            docker run --rm tiny:1 sh -c 'wget -q -T 2 -O- http://192.0.2.1/ || echo no way out'
            docker run -d --name web -p 7001:7000 -e NAME=web tiny:1 server > /dev/null
            sleep 0.5
            python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:7001").read().decode())'
            """,
            arguments=("--network", "none"),
        )
        self.assertIn("no way out", lines)
        self.assertIn("I am web", lines)

    def test_nothing_is_left_of_containers_when_the_job_ends(self):
        """Neither processes nor folders, also of those that ignore being asked."""
        mark = f"98765{id(self) % 1000}"
        self.run_scripts(f"docker run -d tiny:1 sh -c 'trap \"\" TERM; sleep {mark}' > /dev/null; sleep 0.2")
        self.assertEqual(running_with(f"sleep {mark}"), [])
        left = list((self.state / "runs").rglob("actions-containers/*"))
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
