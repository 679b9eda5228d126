"""`docker compose` with a real PostgreSQL of Debian's packages, as teams use it in CI."""

from pathlib import Path

from harness import WorkflowTest
from images import keep_image, make_base_image

IMAGE = Path(__file__).resolve().parent.parent.parent / "examples/images/postgres"

COMPOSE = """
services:
  db:
    image: postgres:15
    environment: {POSTGRES_USER: items, POSTGRES_PASSWORD: secret, POSTGRES_DB: shop}
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, pg_isready, -h, 127.0.0.1, -U, items], interval: 1s, retries: 1000}
  client:
    image: postgres:15
    profiles: [client]
    entrypoint: [psql, -X, -A, -t, -v, ON_ERROR_STOP=1]
    environment: {PGHOST: db, PGUSER: items, PGPASSWORD: secret, PGDATABASE: shop}
    depends_on: {db: {condition: service_healthy}}
volumes: {data: }
"""


class ComposePostgresTest(WorkflowTest):
    """The image is built once per machine: Debian's packages are far away."""

    def setUp(self):
        super().setUp()
        self.need_root("building images needs root here")
        keep_image("postgres:15", self.build_postgres, self.run_pipeline)

    def build_postgres(self):
        """The example's, as teams build it."""
        make_base_image(self.run_pipeline, self.environment())
        self.run_pipeline("image", "build", "-q", "-t", "postgres:15", str(IMAGE), timeout=600)

    def test_a_client_runs_sql_against_a_database_that_is_healthy(self):
        """up --wait, SQL by a container and by exec, down; with its volume the data stays, without it goes."""
        self.write("compose.yml", COMPOSE)
        script = """
            docker compose up -d --wait; echo "up $?"
            docker compose run --rm client -c "create table items (name text); insert into items values ('bolt'), ('nut')"
            docker compose run --rm client -c "select count(*), max(name) from items" | sed 's/^/rows: /'
            docker compose run --rm -e PGPASSWORD=wrong client -c "select 1" 2>&1 | grep -c 'password authentication failed' | sed 's/^/wrong password: /'
            docker compose exec -T db psql -U items -At -c "select current_user, inet_server_addr() is null" shop | sed 's/^/exec: /'
            docker compose down; docker compose up -d --wait
            docker compose run --rm client -c "select 'kept ' || count(*) from items"
            docker compose logs db 2>&1 | grep -c 'database system is ready to accept connections' | sed 's/^/ready: /'
            docker compose down -v; docker volume ls -q | wc -l | sed 's/^/volumes: /'
            docker ps -aq | wc -l | sed 's/^/left: /'
        """
        lines = "".join(f"          {line.strip()}\n" for line in script.strip().splitlines())
        self.workflow(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
            f"      - shell: bash {{0}}\n        run: |\n{lines}"
        )
        self.commit()
        output = self.run_pipeline("run", ".github/workflows/test.yml", timeout=300)
        lines = [line.split("│ ", 1)[1] for line in output.splitlines() if "│ " in line]
        for expected in ("up 0", "rows: 2|nut", "wrong password: 1", "exec: items|t", "kept 2", "volumes: 0", "left: 0"):
            self.assertIn(expected, lines, output)
        self.assertRegex(output, "ready: [1-9]")
