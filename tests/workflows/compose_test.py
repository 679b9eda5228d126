"""`docker compose` in steps: projects of containers without an engine."""

import os
import pathlib

from harness import WorkflowTest
from images import ASK, make_image

# Whoever reads that it starts, or is answered, knows that the trap is set.
SERVER = """#!/bin/sh
trap 'echo asked to end; exit 0' TERM
mkdir -p /tmp/www
echo "I am $NAME" > /tmp/www/index.html
echo "$NAME starts"
[ -z "$SLOW" ] || sleep "$SLOW"
httpd -p 7000 -h /tmp/www
while :; do sleep 0.1; done
"""

FILES = {
    "compose.yml": """
x-server: &server
  image: tiny:${TAG:-1}
  command: server
  healthcheck:
    test: [CMD, wget, -q, -O-, "http://127.0.0.1:7000/"]
    interval: 1s
    retries: 1000
services:
  db:
    <<: *server
    environment: {NAME: db, SLOW: "0.3"}
    volumes: ["data:/data"]
  migrate:
    image: tiny:1
    command: sh -c 'ask db:7000; echo migrated > /data/done'
    volumes: ["data:/data"]
    depends_on: {db: {condition: service_healthy}}
  web:
    <<: *server
    build: {context: app, args: {GREETING: "hello from ${WHO}"}}
    image: web:built
    env_file: web.env
    ports: ["0:7000"]
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
    networks: {default: {aliases: [front]}}
  tools:
    image: tiny:1
    profiles: [tools]
    command: ask front:7000
volumes: {data: }
""",
    ".env": "WHO=the env file\n",
    "web.env": "NAME=web of ${WHO}\n",
    "app/Dockerfile": 'FROM tiny:1\nARG GREETING\nENV GREETING=$GREETING\n',
}


class ComposeTest(WorkflowTest):
    """With images of busybox."""

    def setUp(self):
        super().setUp()
        make_image(self, "tiny:1", "EXPOSE 7000", files={"bin/server": SERVER, "bin/ask": ASK})

    def run_script(self, script, files=None, code=0):
        """What a step printed, line by line, in a workspace with these files."""
        for name, text in (FILES if files is None else files).items():
            self.write(name, text)
        lines = "".join(f"          {line}\n" for line in script.strip().splitlines())
        self.workflow(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
            f"      - shell: bash {{0}}\n        run: |\n{lines}"
        )
        self.commit()
        output = self.run_pipeline("run", ".github/workflows/test.yml", code=code)
        return [line.split("│ ", 1)[1] for line in output.splitlines() if "│ " in line]

    def test_services_start_in_the_order_of_their_dependencies(self):
        """Health, completion, build, env files, variables, networks, volumes, profiles; all of it goes with down."""
        lines = self.run_script(
            """
            docker compose -p demo up -d --wait web 2>&1; echo "up: $?"
            docker compose -p demo ps --services | tr '\\n' ' ' | sed 's/^/ps: /'; echo
            docker compose -p demo ps -a --format json | python3 -c 'import json, sys; [print("row:", row["Service"], row["State"], row["Health"], row["ExitCode"]) for row in map(json.loads, sys.stdin)]'
            docker compose -p demo exec -T web sh -c 'echo "exec: $GREETING, $NAME, $(grep -cw demo-db-1 /etc/hosts)"'
            docker compose -p demo exec -T db cat /data/done
            echo piped | docker compose -p demo exec -T db cat | sed 's/^/stdin: /'
            docker compose -p demo run --rm tools | sed 's/^/run: /'
            docker compose -p demo run --rm -e A=1 --entrypoint sh tools -c 'echo "one-off $A"; exit 3'; echo "run: $?"
            docker compose -p demo logs db | sed 's/^/log: /'
            curl -s "http://$(docker compose -p demo port web 7000)" | sed 's/^/port: /'
            docker inspect -f '{{.State.Health.Status}}' demo-web-1 | sed 's/^/health: /'
            docker ps --format '{{.Names}} {{.Status}}' | grep -c '(healthy)' | sed 's/^/healthy: /'
            docker compose -p demo up -d web 2>&1 | grep -c 'demo-web-1  Running' | sed 's/^/kept: /'
            NAME=x docker compose -p demo restart db 2>&1 | grep -c Started | sed 's/^/restarted: /'
            docker compose -p demo down -v 2>&1 | sed 's/^/down: /'
            docker ps -aq | wc -l | sed 's/^/left: /'
            docker volume ls -q | wc -l | sed 's/^/volumes: /'
            docker network ls -q | grep -c demo | sed 's/^/networks: /'
            """
        )
        for expected in (
            "up: 0",
            "ps: db web ",
            "row: db running healthy 0",
            "row: migrate exited  0",
            "row: web running healthy 0",
            "exec: hello from the env file, web of the env file, 1",
            "migrated",
            "stdin: piped",
            "run: I am web of the env file",
            "one-off 1",
            "run: 3",
            "log: db-1  | db starts",
            "port: I am web of the env file",
            "health: healthy",
            "healthy: 2",
            "kept: 1",
            "restarted: 1",
            "down:  Container demo-web-1  Removed",
            "down:  Network demo_default  Removed",
            "down:  Volume demo_data  Removed",
            "left: 0",
            "volumes: 0",
            "networks: 0",
        ):
            self.assertIn(expected, lines)

    def test_a_project_in_the_foreground_ends_with_the_service_that_is_waited_for(self):
        """--exit-code-from, --abort-on-container-exit, prefixes, and a file that overrides."""
        files = {
            "docker-compose.yml": "services:\n"
            "  server: {image: 'tiny:1', command: server, environment: {NAME: server}}\n"
            "  test:\n    image: tiny:1\n    command: sh -c 'ask server:7000; exit 5'\n    depends_on: [server]\n",
            "docker-compose.override.yml": "services: {server: {environment: [NAME=other]}}\n",
        }
        lines = self.run_script(
            """
            docker-compose up --exit-code-from test; echo "code $?"
            docker compose ps -q | wc -l | sed 's/^/running: /'
            docker compose up --abort-on-container-exit > /dev/null 2>&1; echo "code $?"
            docker compose -f docker-compose.yml config --services
            docker compose up server > server.log & until grep -q 'other starts' server.log; do sleep 0.1; done
            kill -TERM $!; wait $!; tail -n 1 server.log
            docker compose down --remove-orphans > /dev/null 2>&1; echo "down $?"
            """,
            files,
        )
        self.assertIn("test-1    | I am other", lines)
        self.assertIn("server-1  | asked to end", lines)
        self.assertIn("test-1 exited with code 5", lines)
        self.assertEqual(lines.count("code 5"), 2)
        self.assertIn("running: 0", lines)
        self.assertIn("server-1 exited with code 0", lines)
        self.assertIn("down 0", lines)

    def test_what_cannot_be_is_refused_with_its_place(self):
        """Keys, cycles, dependencies that fail, folders of the machine, names that lead elsewhere."""
        files = {
            "key.yml": "services:\n  a:\n    image: tiny:1\n    deploy: {replicas: 2}\n",
            "cycle.yml": "services:\n  a: {image: 'tiny:1', depends_on: [b]}\n  b: {image: 'tiny:1', depends_on: [a]}\n",
            "fails.yml": "services:\n  bad: {image: 'tiny:1', command: 'sh -c \"exit 4\"'}\n  sick:\n    image: tiny:1\n"
            "    command: sleep 100\n    healthcheck: {test: 'false', interval: 50ms, retries: 2}\n"
            "  a: {image: 'tiny:1', depends_on: {bad: {condition: service_completed_successfully}}}\n"
            "  b: {image: 'tiny:1', depends_on: {sick: {condition: service_healthy}}}\n",
            "host.yml": "services: {a: {image: 'tiny:1', command: 'true', volumes: ['/etc:/host']}}\n",
            "name.yml": "services: {a: {image: 'tiny:1', volumes: ['v:/v']}}\nvolumes: {v: {name: ../../../escape}}\n",
        }
        script = "docker compose up 2>&1 | tail -n 1\n"
        for name in ("key", "cycle", "host", "name"):
            script += f'docker compose -f {name}.yml up 2>&1 | sed "s/^/{name}: /"\n'
        for service in "ab":
            script += f'docker compose -f fails.yml up {service} > out 2>&1; echo "code $?"; tail -n 1 out\n'
        lines = self.run_script(script, files)
        text = "\n".join(lines)
        self.assertIn("no configuration file provided: not found", text)
        self.assertIn("key: key.yml:4:5: the service a: the key 'deploy' is not supported here", text)
        self.assertIn("cycle: cycle.yml:2:3: dependency cycle", text)
        self.assertIn("a job does not get folders of this machine", text)
        self.assertIn("name: name.yml:2:21: the name \"../../../escape\" includes invalid characters", text)
        self.assertEqual(lines.count("code 1"), 2)
        self.assertIn("dependency failed to start: service \"bad\" didn't complete successfully: exit 4", text)
        self.assertRegex(text, "dependency failed to start: container .*-sick-1 is unhealthy")
        state = pathlib.Path(os.fspath(self.folder))
        self.assertEqual([path for path in state.rglob("escape")], [])
