"""`docker run` and its neighbours in steps: containers without an engine, gone with the job."""

import unittest

from harness import WorkflowTest
from images import ASK, make_image, running_with

# Whoever is answered knows that the trap is set.
SERVER = """#!/bin/sh
trap 'echo asked to end; exit 7' TERM
echo started
mkdir -p /tmp/www
echo "I am $NAME" > /tmp/www/index.html
httpd -p 7000 -h /tmp/www
while :; do sleep 0.1; done
"""


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
            files={"bin/server": SERVER, "bin/ask": ASK},
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
            docker create --name newer tiny:1 > /dev/null; docker ps -l --format 'newest {{.Names}}'; docker ps -n 5 -q | wc -l | sed 's/^/of five: /'
            docker ps -n x; echo "odd number: $?"; docker rm newer; docker ps --format '{{.Nome}}' -a; echo "odd field: $?"
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
            "newest newer",
            "of five: 2",
            "odd number: 1",
            "odd field: 1",
            "left: 0",
        ):
            self.assertIn(expected, lines)

    def test_containers_find_those_that_start_later(self):
        """By name and alias, in each network that they share; a name that is free again leads to who has it now."""
        lines = self.run_scripts(
            """
            docker network create one > /dev/null; docker network create two > /dev/null
            docker run -d --name early --network one --network two tiny:1 sleep 100 > /dev/null
            docker run -d --name web --network one --network-alias www -e NAME=web tiny:1 server > /dev/null
            docker exec early ask web:7000; docker exec early ask www:7000
            docker run -d --name apart --network two -e NAME=apart tiny:1 server > /dev/null
            docker exec early ask apart:7000
            docker exec web timeout 2 wget -q -O- http://apart:7000/ || echo not found
            docker rm -f web > /dev/null; docker run -d --name web --network one -e NAME=second tiny:1 server > /dev/null
            docker exec early ask web:7000; docker exec early grep -c web /etc/hosts | sed 's/^/lines: /'
            docker stop -t 1 web > /dev/null; docker start web > /dev/null; docker exec early ask web:7000 | sed 's/^/again: /'
            docker network inspect -f '{{.Name}} {{.Driver}}' one; docker network inspect nowhere 2> /dev/null || echo absent
            docker network rm one 2>&1 | grep -c 'active endpoints' | sed 's/^/in use: /'
            """
        )
        self.assertEqual(lines.count("I am web"), 2)
        for expected in (
            "I am apart",
            "not found",
            "I am second",
            "lines: 1",
            "again: I am second",
            "one bridge",
            "absent",
            "in use: 1",
        ):
            self.assertIn(expected, lines)

    def test_health_checks_are_carried_out(self):
        """Of options and of the image; ps, inspect and the filter show them."""
        make_image(self, "checked:1", 'HEALTHCHECK --interval=100ms --retries=2 CMD test -e /tmp/ok || exit 1', 'CMD ["sleep", "100"]')
        lines = self.run_scripts(
            """
            state() { for i in $(seq 600); do [ "$(docker inspect -f '{{.State.Health.Status}}' $1)" = $2 ] && break; sleep 0.1; done; docker inspect -f '{{.Name}} {{.State.Health.Status}}' $1; }
            docker run -d --name image checked:1 > /dev/null
            docker run -d --name option --health-cmd 'test -e /tmp/ok' --health-interval 1s --health-retries 1000 checked:1 > /dev/null
            docker run -d --name none --no-healthcheck checked:1 > /dev/null
            docker ps --format '{{.Names}} {{.Status}}' | grep -o 'option .*(health: starting)' | sed 's/Up .*(/(/'
            state image unhealthy
            docker exec option touch /tmp/ok; state option healthy
            docker ps -q --filter health=healthy | wc -l | sed 's/^/healthy: /'
            docker ps --filter health=unhealthy --format '{{.Names}}' | sed 's/^/unhealthy: /'
            docker ps --filter health=none --format '{{.Names}}' | sed 's/^/none: /'
            docker exec image touch /tmp/ok; state image healthy
            """
        )
        for expected in (
            "option (health: starting)",
            "/image unhealthy",
            "/option healthy",
            "healthy: 1",
            "unhealthy: image",
            "none: none",
            "/image healthy",
        ):
            self.assertIn(expected, lines)

    def test_volumes_have_names_and_end_with_the_job(self):
        """create, ls, rm, inspect, prune; names that lead elsewhere are none."""
        lines = self.run_scripts(
            """
            docker volume create data; docker volume create data
            docker run --rm -v data:/d tiny:1 sh -c 'echo kept > /d/file'
            docker run -d --name holder -v data:/d:ro tiny:1 sleep 100 > /dev/null; docker exec holder cat /d/file
            docker volume rm data 2>&1 | grep -c 'volume is in use' | sed 's/^/in use: /'
            docker volume create other > /dev/null; docker volume ls -q | tr '\n' ' '; echo
            docker volume ls -q --filter dangling=true | sed 's/^/dangling: /'
            docker volume inspect -f '{{.Name}} {{.Driver}}' data; docker volume inspect nothing 2>&1 | tail -n 1
            docker volume prune -f | tail -n 1 | sed 's/^/pruned: /'
            docker rm -f holder > /dev/null; docker volume rm data > /dev/null; docker volume ls -q | wc -l | sed 's/^/left: /'
            for name in .. ../../x .hidden a a/b "$(printf '%0300d')"; do docker volume create -- "$name" > /dev/null 2>&1 || echo refused; done
            docker run --rm -v 'a:/x' tiny:1 true 2>&1 | grep -c 'invalid characters' | sed 's/^/invalid: /'
            """
        )
        self.assertEqual(lines.count("refused"), 6)
        for expected in (
            "kept",
            "in use: 1",
            "data other ",
            "dangling: other",
            "data local",
            "Error response from daemon: get nothing: no such volume",
            "pruned: other",
            "left: 0",
            "invalid: 1",
        ):
            self.assertIn(expected, lines)

    def test_files_go_into_containers_and_out(self):
        """cp of files, folders and tars, of containers that run and that do not; links and names that lead elsewhere."""
        lines = self.run_scripts(
            """
            mkdir -p tree/sub; echo a > tree/a; echo b > tree/sub/b; ln -s /etc/passwd tree/link; chmod 700 tree/sub
            docker create --name still tiny:1 > /dev/null; docker run -d --name runs -v data:/data tiny:1 sleep 100 > /dev/null
            for name in still runs; do
            docker cp tree $name:/srv; docker cp tree/. $name:/tmp/new; docker cp tree/a $name:/tmp/renamed; docker cp tree/a $name:/srv
            docker cp $name:/srv/tree out-$name; diff -r --no-dereference tree out-$name && echo "same tree of $name"
            docker cp $name:/tmp/renamed - | tar -xOf - | sed "s/^/tar of $name: /"
            docker cp $name:/tmp/new/. contents-$name; ls contents-$name | tr '\n' ' '; echo
            tar -cf - -C tree a sub | docker cp - $name:/home; docker cp $name:/home/sub/b copied-$name && cat copied-$name
            stat -c %a out-$name/sub | sed 's/^/mode: /'
            done
            docker exec runs sh -c 'cat /srv/tree/sub/b /srv/a /tmp/new/a; stat -c %u /srv/a' | tr '\n' ' '; echo
            docker cp tree/a runs:/data/; docker run --rm -v data:/data tiny:1 cat /data/a | sed 's/^/volume: /'
            docker start still > /dev/null; docker wait still > /dev/null; docker logs still
            """,
            """
            docker cp tree/a runs:/no/folder/ || echo "code $?"
            docker cp tree runs:/srv/a || echo "code $?"
            docker cp tree/a runs:/srv/tree/sub/../../../../../../../../made-inside && docker exec runs cat /made-inside
            docker exec runs ln -s /../../../../.. /tmp/up; docker cp tree/a runs:/tmp/up/made-too && docker exec runs cat /made-too
            docker cp runs:/proc/version - || echo kernel; docker cp tree/a runs:/proc/sys/kernel/core_pattern || echo kernel
            docker cp runs:/proc/self/root/etc/hostname . || echo no magic
            docker cp nobody:/a . || echo "code $?"; docker cp tree/a tree/b || echo "code $?"
            ls -d /made-inside /made-too 2> /dev/null | wc -l | sed 's/^/escaped: /'
            """,
            """
            printf '%s\n' 'import tarfile, io, sys' 'tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")' \
              'def add(name, **more):' '    entry = tarfile.TarInfo(name); entry.size = 4 if not more else 0' \
              '    for key, value in more.items(): setattr(entry, key, value)' '    tar.addfile(entry, io.BytesIO(b"evil"))' \
              'add("fine")' 'add("out", type=tarfile.SYMTYPE, linkname="/srv")' 'add(sys.argv[1])' 'tar.close()' > evil.py
            for name in ../../up /abs out/through out/../../x; do
            python3 evil.py $name | docker cp - runs:/home > error 2>&1; echo "$name: $?"
            done
            docker exec runs ls -d /up /x /srv/through /home/abs 2> /dev/null
            head -c 3000 /dev/urandom | docker cp - runs:/home 2> /dev/null || echo no tar
            """,
        )
        for name in ("still", "runs"):
            self.assertIn(f"same tree of {name}", lines)
            self.assertIn(f"tar of {name}: a", lines)
        self.assertEqual(lines.count("a link sub "), 2)
        self.assertEqual(lines.count("mode: 700"), 2)
        self.assertEqual(lines.count("kernel"), 2)
        for expected in ("b a a 0 ", "volume: a", "by the image", "no magic", "escaped: 0", "no tar", "out/through: 1", "/home/abs"):
            self.assertIn(expected, lines)
        self.assertEqual(lines.count("code 1"), 3)
        for absent in ("/up", "/x", "/srv/through"):
            self.assertNotIn(absent, lines)

    def test_a_new_volume_begins_with_what_the_image_has(self):
        """With its owners and modes; one that is there already stays as it is."""
        make_image(self, "data:1", "RUN mkdir -m 750 /d && echo first > /d/file && busybox chown -R 1000:1000 /d")
        lines = self.run_scripts(
            """
            docker run --rm -v kept:/d data:1 sh -c 'cat /d/file; stat -c "%a %u" /d; stat -c %u /d/file; echo second > /d/file'
            docker run --rm -v kept:/d data:1 cat /d/file
            docker run --rm -v empty:/not/there data:1 ls -A /not/there | wc -l | sed 's/^/empty: /'
            """
        )
        for expected in ("first", "750 1000", "1000", "second", "empty: 0"):
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
            docker logs nobody 2>&1; docker swarm init 2>&1; true
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
        self.assertIn("'swarm' is not supported", text)

    def test_the_policy_of_the_job_holds_in_containers(self):
        """With --network none there is no way out of a container either; its ports are the job's own."""
        lines = self.run_scripts(
            """
            docker run --rm tiny:1 sh -c 'timeout 2 wget -q -O- http://192.0.2.1/ || echo no way out'
            docker run -d --name web -p 7001:7000 -e NAME=web tiny:1 server > /dev/null
            docker exec web ask 127.0.0.1:7000 > /dev/null
            python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:7001").read().decode())'
            """,
            arguments=("--network", "none"),
        )
        self.assertIn("no way out", lines)
        self.assertIn("I am web", lines)

    def test_nothing_is_left_of_containers_when_the_job_ends(self):
        """Neither processes nor folders, also of those that ignore being asked."""
        mark = f"98765{id(self) % 1000}"
        self.run_scripts(
            f"""
            docker run -d --name deaf tiny:1 sh -c 'trap "" TERM; echo deaf now; sleep {mark}' > /dev/null
            until docker logs deaf | grep -q now; do sleep 0.1; done
            """
        )
        self.assertEqual(running_with(f"sleep {mark}"), [])
        left = list((self.state / "runs").rglob("actions-containers/*"))
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
