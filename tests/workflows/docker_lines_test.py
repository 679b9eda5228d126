"""Lines with `docker` as scripts of workflows have them: what people know works, or is refused by name."""

from harness import WorkflowTest
from images import make_image


class DockerLinesTest(WorkflowTest):
    """With an image of busybox."""

    def setUp(self):
        super().setUp()
        make_image(self, "tiny:1", "ENV A=1", "LABEL team=blue", "EXPOSE 7000", 'CMD ["sleep", "100"]')

    def run_script(self, script):
        """What a step printed, line by line."""
        lines = "".join(f"          {line}\n" for line in script.strip().splitlines())
        self.workflow(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
            f"      - shell: bash {{0}}\n        run: |\n{lines}"
        )
        self.commit()
        output = self.run_pipeline("run", ".github/workflows/test.yml")
        return [line.split("│ ", 1)[1] for line in output.splitlines() if "│ " in line]

    def expect_lines(self, script, *expected):
        """Each of them among what the script prints."""
        lines = self.run_script(script)
        for line in expected:
            self.assertIn(line, lines)

    def test_scripts_ask_by_templates_and_filters(self):
        """inspect, ps and images with --format and --filter."""
        self.expect_lines(
            """
            docker run -d --name web --health-cmd true --health-interval 1s -P tiny:1 > /dev/null
            timeout 60 sh -c 'until [ "$(docker inspect -f {{.State.Health.Status}} web)" = healthy ]; do sleep 0.1; done'; echo "healthy $?"
            docker run -d --name web-other tiny:1 > /dev/null
            docker inspect --format='{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' web-other | sed 's/^/other: /'
            docker inspect -f '{{.State.Health.Status}}' web-other 2> /dev/null; echo "no health: $?"
            docker inspect -f '{{(index (index .NetworkSettings.Ports "7000/tcp") 0).HostPort}}' web | grep -Eq '^[0-9]+$' && echo published
            docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' tiny:1 | grep '^A='
            docker inspect -f 'user "{{.Config.User}}" {{index .Config.Labels "team"}}' tiny:1
            docker ps --format 'table {{.Names}}\\t{{.Image}}' --filter 'name=^web$'
            docker ps -q -f 'name=^/?web$' -f name=nothing | wc -l | sed 's/^/by name: /'
            docker stop -t 1 web-other > /dev/null; docker ps -a --filter status=exited --format '{{.Names}}' | sed 's/^/ended: /'
            docker restart -t 1 web; docker inspect -f 'again {{.State.Running}}' web
            docker tag tiny:1 localhost:5000/team/tiny:2
            docker images --filter 'reference=tiny:*' --format '{{.Repository}} {{.Tag}}' | sed 's/^/listed: /'
            docker images --filter label=team=red -q | wc -l | sed 's/^/red: /'
            docker images --no-trunc -q tiny | grep -c '^sha256:' | sed 's/^/whole: /'
            docker images | head -n 1 | tr -s ' '
            """,
            "healthy 0",
            "other: none",
            "no health: 1",
            "published",
            "A=1",
            'user "" blue',
            "NAMES     IMAGE",
            "web       tiny:1",
            "by name: 1",
            "ended: web-other",
            "web",
            "again true",
            "listed: tiny 1",
            "red: 0",
            "whole: 1",
            "REPOSITORY TAG IMAGE ID CREATED SIZE",
        )

    def test_images_are_named_by_their_ids(self):
        """build -q into run and tag, rmi of ids, a Dockerfile on stdin."""
        self.write("Dockerfile", "FROM tiny:1\nRUN echo built > /made\n")
        self.expect_lines(
            """
            docker run --rm $(docker build -q .) cat /made
            docker run --rm $(printf 'FROM tiny:1\\nRUN echo stdin > /made\\n' | docker build -q -) cat /made
            docker build -q -t app:1 - < Dockerfile > /dev/null; docker run --rm app:1 cat /made | sed 's/^/redirected: /'
            tar -c Dockerfile | docker build - 2>&1 | grep -o 'found an archive'
            docker tag $(docker images -q app) app:2; docker history -q app:2 | wc -l | sed 's/^/history: /'
            docker rmi -f $(docker images -q app | sort -u) | grep Untagged
            docker images -q app | wc -l | sed 's/^/left: /'
            """,
            "built",
            "stdin",
            "redirected: built",
            "found an archive",
            "Untagged: app:1",
            "Untagged: app:2",
            "left: 0",
        )

    def test_mounts_are_written_at_length(self):
        """--mount of run: bind, volume, tmpfs; what is wrong with one."""
        self.expect_lines(
            """
            echo here > file
            docker run --rm --mount type=bind,source="$(pwd)",target=/src tiny:1 cat /src/file
            docker run --rm --mount type=bind,src="$PWD/file",dst=/only,readonly tiny:1 sh -c 'echo x > /only' 2> /dev/null; echo "read-only $?"
            docker run --rm --mount source=data,target=/data tiny:1 sh -c 'echo kept > /data/file'
            docker run --rm --mount type=volume,src=data,dst=/data tiny:1 cat /data/file
            docker run --rm --read-only --mount type=tmpfs,destination=/tmp tiny:1 touch /tmp/x; echo "tmpfs $?"
            docker run --rm --mount type=bind,src=.,targt=/x tiny:1 2>&1 | grep -o 'did you mean target?'
            docker run --rm --restart always tiny:1 true 2>&1
            """,
            "here",
            "read-only 1",
            "kept",
            "tmpfs 0",
            "did you mean target?",
            "docker: the option '--restart' has no effect here",
        )

    def test_pruning_takes_what_the_job_has_left(self):
        """system, container and image prune."""
        self.expect_lines(
            """
            docker run --name ended tiny:1 true; docker run -d --name running tiny:1 > /dev/null
            docker network create unused > /dev/null; docker volume create old > /dev/null
            docker container prune -f | grep -c '^[0-9a-f]\\{64\\}$' | sed 's/^/pruned: /'
            docker system prune --all --force --volumes 2> told; cat told
            docker ps -a --format '{{.Names}}' | sed 's/^/stays: /'
            docker network ls -q | grep -c unused; docker volume ls -q | wc -l | sed 's/^/volumes: /'
            docker image prune -af --filter until=24h 2> /dev/null; docker builder prune -af 2> /dev/null; echo "code $?"
            docker run --rm tiny:1 echo image stays
            """,
            "pruned: 1",
            "Total reclaimed space: 0B",
            "docker: images and build caches are this machine's and stay; `pipeline image prune` removes what nobody uses",
            "stays: running",
            "volumes: 0",
            "code 0",
            "image stays",
        )
