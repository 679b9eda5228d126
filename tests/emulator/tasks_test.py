"""Tasks of several containers start in order; the live page shows what runs."""

import http.server
import json
import os
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import api_walk
from emulator_harness import CLEAN_PATH, BareEmulatorTest


class TaskRunner(BareEmulatorTest):
    """Containers of busybox."""

    seed_text = api_walk.SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "web")
        cls.image = cls.push_image("web:1")

    def run_to_end(self, *containers, role=None, volumes=()):
        """The stopped task of these containers, and the lines that each wrote, in time."""
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/tasks", "awslogs-region": "eu-central-1", "awslogs-create-group": "true", "awslogs-stream-prefix": "c"}}
        whole = [{"image": self.image, "logConfiguration": log, "stopTimeout": 2, **container} for container in containers]
        self.aws("ecs", "register-task-definition", "--family", "ordered", "--cpu", "256", "--memory", "512", "--container-definitions", json.dumps(whole),
                 *(("--task-role-arn", role) if role else ()), *(("--volumes", json.dumps(volumes)) if volumes else ()))  # fmt: skip
        task = self.aws("ecs", "run-task", "--cluster", "walk", "--task-definition", "ordered")["tasks"][0]["taskArn"]
        describe = lambda: self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", task)["tasks"][0]  # noqa: E731
        self.wait_until("the task to stop", lambda: describe()["lastStatus"] == "STOPPED")
        stopped = describe()
        streams = [f"c/{container['name']}/{task.rsplit('/', 1)[1]}" for container in containers]
        events = self.aws("logs", "filter-log-events", "--log-group-name", "/tasks", "--log-stream-names", *streams)["events"]
        return stopped, [event["message"] for event in events]


class TasksTest(TaskRunner):
    """Order and dependencies of containers, and the page."""

    def test_containers_wait_for_what_they_depend_on(self):
        """A migration that has to succeed, a server that has to be healthy, then the application."""
        migration = {"name": "migration", "essential": False, "command": ["sh", "-c", "sleep 0.5; echo migrated"]}
        server = {
            "name": "server",
            "essential": False,
            "dependsOn": [{"containerName": "migration", "condition": "SUCCESS"}],
            "command": ["sh", "-c", "echo started; sleep 0.5; touch /tmp/up; echo up; sleep 60"],
            "healthCheck": {"command": ["CMD", "test", "-e", "/tmp/up"], "interval": 1, "timeout": 1, "retries": 9},
        }
        application = {"name": "application", "dependsOn": [{"containerName": "server", "condition": "HEALTHY"}], "command": ["echo", "served"]}
        task, lines = self.run_to_end(application, server, migration)
        self.assertEqual(lines, ["migrated", "started", "up", "served"])
        codes = {container["name"]: container.get("exitCode") for container in task["containers"]}
        self.assertEqual((codes["migration"], codes["application"]), (0, 0))

    def test_a_dependency_that_fails_ends_the_task(self):
        """What depends on its success never starts."""
        migration = {"name": "migration", "essential": False, "command": ["sh", "-c", "echo failed; exit 3"]}
        application = {"name": "application", "dependsOn": [{"containerName": "migration", "condition": "SUCCESS"}], "command": ["echo", "served"]}
        task, lines = self.run_to_end(migration, application)
        self.assertEqual(lines, ["failed"])
        self.assertIn("container application depends on migration with condition SUCCESS, which will not be met", task["stoppedReason"])

    def test_containers_end_in_the_reverse_order(self):
        """What others depend on is told to stop when they have ended."""
        until_told = "trap 'sleep {1}; echo {0} ended; exit 0' TERM; echo {0}; while true; do sleep 0.1; done"
        database = {"name": "database", "command": ["sh", "-c", until_told.format("database", 0)]}
        server = {"name": "server", "dependsOn": [{"containerName": "database", "condition": "START"}], "command": ["sh", "-c", until_told.format("server", 0.7)], "stopTimeout": 20}
        last = {"name": "last", "dependsOn": [{"containerName": "server", "condition": "START"}], "command": ["sleep", "1"]}
        lines = self.run_to_end(database, server, last)[1]
        self.assertEqual(lines[-2:], ["server ended", "database ended"])

    def test_a_dependency_that_takes_too_long_ends_the_task(self):
        """Its startTimeout, not that of who waits."""
        server = {"name": "server", "essential": False, "startTimeout": 2, "command": ["sleep", "60"], "healthCheck": {"command": ["CMD", "false"], "interval": 60}}
        application = {"name": "application", "dependsOn": [{"containerName": "server", "condition": "HEALTHY"}], "command": ["echo", "served"]}
        task, lines = self.run_to_end(server, application)
        self.assertEqual(lines, [])
        self.assertIn("depends on server with condition HEALTHY", task["stoppedReason"])

    def test_the_page_is_static_and_asks_with_the_token(self):
        """A strict policy for content, a script that parses, and no status without the token."""
        with urllib.request.urlopen(self.endpoint + "/", timeout=10) as answer:
            page, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
        self.assertIn('<script src="/_page/page.js">', page)
        self.assertIn("default-src 'none'; script-src 'self'", policy)
        with urllib.request.urlopen(self.endpoint + "/_page/page.js", timeout=10) as answer:
            script = self.folder / "page.js"
            script.write_bytes(answer.read())
        subprocess.run(["node", "--check", str(script)], check=True, env={"PATH": CLEAN_PATH})
        self.assertNotIn("innerHTML", script.read_text())
        address = self.run_program(self.binary(), "emulator", "status", "--page").strip()
        self.assertTrue(address.startswith(self.endpoint + "/#"), address)
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(self.endpoint + "/_emulator/status", timeout=10)
        logs = self.owner("GET", "logs")
        self.assertEqual(sorted(logs), ["groups", "lines", "streams"])


class MemoryTest(TaskRunner):
    """What containers may hold of their task's memory."""

    @unittest.skipIf(os.geteuid() != 0, "only root may always make control groups")
    def test_a_container_over_its_own_limit_is_killed(self):
        """Exit code, reason and the task's end are ECS's; its neighbour had as much, and no limit of its own."""
        hungry = ["dd", "if=/dev/zero", "of=/dev/null", "bs=150M", "count=1"]
        large = {"name": "large", "essential": False, "command": hungry}
        small = {"name": "small", "memory": 64, "memoryReservation": 32, "command": hungry,
                 "dependsOn": [{"containerName": "large", "condition": "SUCCESS"}]}  # fmt: skip
        task, lines = self.run_to_end(large, small)
        self.assertEqual(lines.count("1+0 records in"), 1)
        self.assertEqual((task["stopCode"], task["stoppedReason"]), ("EssentialContainerExited", "Essential container in task exited"))
        found = {container["name"]: (container["exitCode"], container.get("reason")) for container in task["containers"]}
        self.assertEqual(found, {"large": (0, None), "small": (137, "OutOfMemoryError: Container killed due to memory usage")})


class VolumesTest(TaskRunner):
    """Containers with images of their own, and what they share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "other")
        cls.other = cls.push_image("other:1", "RUN chown -R 70:70 /stock && chmod 750 /stock", files={"stock/first": "from the image\n"})

    def test_containers_of_two_images_share_network_and_volumes(self):
        """Each has its own files; one listens, the other asks; what one writes the other reads."""
        point = lambda path, **more: {"sourceVolume": "data", "containerPath": path, **more}  # noqa: E731
        writer = {"name": "writer", "essential": False, "mountPoints": [point("/data")], "portMappings": [{"containerPort": 8000}],
                  "command": ["sh", "-c", "test ! -e /stock && echo hello > /data/index.html && exec httpd -f -p 8000 -h /data"]}  # fmt: skip
        script = ("for i in 1 2 3 4 5 6 7 8 9; do wget -q -O- http://127.0.0.1:8000/index.html 2>/dev/null && break; sleep 0.5; done; "
                  "cat /seen/index.html /stock/first; touch /seen/mine 2>/dev/null || echo read-only")  # fmt: skip
        reader = {"name": "reader", "image": self.other, "mountPoints": [point("/seen", readOnly=True)], "command": ["sh", "-c", script],
                  "dependsOn": [{"containerName": "writer", "condition": "START"}]}  # fmt: skip
        task, lines = self.run_to_end(writer, reader, volumes=[{"name": "data"}])
        self.assertEqual(lines, ["hello", "hello", "from the image", "read-only"])
        self.assertEqual(len({container["imageDigest"] for container in task["containers"]}), 2)

    def test_a_volume_begins_with_what_the_image_has_there(self):
        """Owners and modes included; `volumesFrom` takes another container's."""
        owner = {"name": "owner", "essential": False, "image": self.other, "mountPoints": [{"sourceVolume": "stock", "containerPath": "/stock"}],
                 "command": ["sh", "-c", "echo more > /stock/second"]}  # fmt: skip
        heir = {"name": "heir", "volumesFrom": [{"sourceContainer": "owner"}], "dependsOn": [{"containerName": "owner", "condition": "SUCCESS"}],
                "command": ["sh", "-c", "stat -c '%u %a' /stock; cat /stock/first /stock/second"]}  # fmt: skip
        lines = self.run_to_end(owner, heir, volumes=[{"name": "stock"}])[1]
        self.assertEqual(lines, ["70 750", "from the image", "more"])
        lines = self.run_to_end({**heir, "dependsOn": [], "volumesFrom": [], "command": ["sh", "-c", "ls /stock 2>&1 || true"]})[1]
        self.assertEqual(lines, ["ls: /stock: No such file or directory"])

    def efs(self, root="/", **more):
        """A volume of the file system fs-12345678."""
        return [{"name": "kept", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678", "rootDirectory": root, **more}}]

    def test_a_file_system_outlives_its_tasks(self):
        """Other tasks find it, also a part of it; with an access point not only root writes."""
        container = {"name": "one", "mountPoints": [{"sourceVolume": "kept", "containerPath": "/kept"}]}
        self.run_to_end({**container, "command": ["sh", "-c", "mkdir -p /kept/a/b; echo one > /kept/a/b/file"]}, volumes=self.efs())
        lines = self.run_to_end({**container, "command": ["cat", "/kept/file"]}, volumes=self.efs("/a/b"))[1]
        self.assertEqual(lines, ["one"])
        write = {**container, "user": "70:70", "command": ["sh", "-c", "touch /kept/mine 2>/dev/null && echo written || echo refused"]}
        self.assertEqual(self.run_to_end(write, volumes=self.efs("/new"))[1], ["refused"])
        point = self.efs("/new", transitEncryption="ENABLED", authorizationConfig={"accessPointId": "fsap-12345678"})
        self.assertEqual(self.run_to_end(write, volumes=point)[1], ["written"])

    def test_a_link_leads_nobody_out_of_a_file_system(self):
        """What a task has put there does not choose what another one gets."""
        container = {"name": "one", "mountPoints": [{"sourceVolume": "kept", "containerPath": "/kept"}]}
        self.run_to_end({**container, "command": ["ln", "-s", "/etc", "/kept/out"]}, volumes=self.efs())
        task, lines = self.run_to_end({**container, "command": ["ls", "/kept"]}, volumes=self.efs("/out"))
        self.assertEqual(lines, [])
        self.assertIn("ResourceInitializationError", task["stoppedReason"])

    def test_what_fargate_has_not_is_refused(self):
        """A folder of the host, and a volume that is not declared."""
        container = {"name": "one", "mountPoints": [{"sourceVolume": "host", "containerPath": "/host"}], "command": ["ls", "/host"]}
        task, lines = self.run_to_end(container, volumes=[{"name": "host", "host": {"sourcePath": "/etc"}}])
        self.assertEqual(lines, [])
        self.assertIn("host.sourcePath names a folder of a container instance", task["stoppedReason"])
        refused = self.aws("ecs", "register-task-definition", "--family", "wrong", "--cpu", "256", "--memory", "512",
                           "--container-definitions", json.dumps([{**container, "image": self.image}]), code=254)  # fmt: skip
        self.assertIn("Unknown volume 'host'.", refused)


class Greeting(http.server.BaseHTTPRequestHandler):
    """What a server outside of ECS says."""

    def do_GET(self):
        """To everybody."""
        body = b"from outside\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


class SurroundingsTest(TaskRunner):
    """What a task finds outside of itself: hosts of the seed, its metadata, its role's credentials."""

    @classmethod
    def prepare(cls):
        cls.outside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeting)
        threading.Thread(target=cls.outside.serve_forever).start()
        cls.addClassCleanup(cls.outside.server_close)
        cls.addClassCleanup(cls.outside.shutdown)
        cls.seed_text = api_walk.SEED.replace(
            "clusters: [walk]",
            f"""  - name: worker
    trust_policy:
      Version: '2012-10-17'
      Statement: [{{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: 'sts:AssumeRole'}}]
clusters: [walk]
hosts:
  - {{name: web.internal, port: 8000, service: walk/neighbour}}
  - {{name: legacy.example.com, port: 9000, address: '127.0.0.1:{cls.outside.server_port}'}}""",
        )
        super().prepare()

    def ask(self, *words, **definition):
        """What a task printed that ran this in a shell; the stopped task and its lines."""
        return self.run_to_end({"name": "asker", "command": ["sh", "-c", " ".join(words)]}, **definition)

    def test_hosts_of_the_seed_are_found_by_their_names(self):
        """A service's tasks, and a port of this machine; what is not there refuses."""
        self.aws("ecs", "register-task-definition", "--family", "neighbour", "--cpu", "256", "--memory", "512", "--container-definitions",
                 json.dumps([{"name": "web", "image": self.image, "command": ["sh", "-c", "mkdir /tmp/w; echo a neighbour > /tmp/w/index.html; exec httpd -f -p 8000 -h /tmp/w"], "portMappings": [{"containerPort": 8000}], "stopTimeout": 2}]))  # fmt: skip
        refused = self.ask("wget -q -O- http://web.internal:8000/ || echo nobody")[1]
        self.assertEqual(refused[-1], "nobody")
        self.aws("ecs", "create-service", "--cluster", "walk", "--service-name", "neighbour", "--task-definition", "neighbour", "--desired-count", "1")
        self.addCleanup(self.aws, "ecs", "delete-service", "--cluster", "walk", "--service", "neighbour", "--force")
        asking = "for i in 1 2 3 4 5 6 7 8; do wget -q -O- http://web.internal:8000/ && break; sleep 0.5; done;"
        lines = self.ask(asking, "wget -q -O- http://legacy.example.com:9000/")[1]
        self.assertEqual(lines[-2:], ["a neighbour", "from outside"])

    def test_a_task_reads_its_metadata(self):
        """Of itself, its container, with tags."""
        task, lines = self.ask('wget -q -O- "$ECS_CONTAINER_METADATA_URI_V4"; echo; wget -q -O- "$ECS_CONTAINER_METADATA_URI_V4/task"; echo')
        container, whole = (json.loads(line) for line in lines if line)
        self.assertEqual(whole["TaskARN"], task["taskArn"])
        self.assertEqual((whole["Family"], whole["LaunchType"], whole["Limits"]), ("ordered", "FARGATE", {"CPU": 0.25, "Memory": 512}))
        self.assertEqual(whole["Containers"], [container])
        self.assertEqual((container["Name"], container["Image"], container["LogDriver"]), ("asker", self.image, "awslogs"))
        self.assertEqual(container["Labels"]["com.amazonaws.ecs.task-arn"], task["taskArn"])

    def test_a_task_reads_what_it_uses(self):
        """The statistics of its container, and those of all."""
        read = 'wget -q -O- "$ECS_CONTAINER_METADATA_URI_V4/{}"; echo; '
        busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; "
        lines = self.ask(read.format("stats"), busy, read.format("task/stats"))[1]
        first, whole = (json.loads(line) for line in lines if line)
        second = whole[first["id"]]
        self.assertEqual((first["name"], first["precpu_stats"]), ("asker", {}))
        self.assertEqual(second["precpu_stats"], first["cpu_stats"])
        self.assertGreater(second["cpu_stats"]["cpu_usage"]["total_usage"], first["cpu_stats"]["cpu_usage"]["total_usage"])
        self.assertGreater(second["cpu_stats"]["system_cpu_usage"], first["cpu_stats"]["system_cpu_usage"])
        self.assertEqual(second["memory_stats"]["limit"], 512 << 20)
        self.assertGreater(second["memory_stats"]["usage"], 0)
        self.assertGreaterEqual(second["pids_stats"]["current"], 2)
        self.assertEqual(first["network_rate_stats"], {})
        self.assertGreater(first["networks"]["eth1"]["rx_bytes"], 0)  # it asked
        self.assertGreater(second["networks"]["eth1"]["tx_packets"], first["networks"]["eth1"]["tx_packets"])
        self.assertEqual(second["networks"]["eth1"]["rx_errors"], 0)
        self.assertGreater(second["network_rate_stats"]["tx_bytes_per_sec"], 0)

    def test_a_task_has_the_credentials_of_its_role(self):
        """For as long as it runs; another secret, and a task without a role, get none."""
        task, lines = self.ask('echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI"; wget -q -O- "$AWS_CONTAINER_CREDENTIALS_FULL_URI"; echo; '
                               'wget -q -O- "${AWS_CONTAINER_CREDENTIALS_FULL_URI%????}0000" || echo refused', role="arn:aws:iam::123456789012:role/worker")  # fmt: skip
        credentials = json.loads(lines[1])
        self.assertEqual(lines[-1], "refused")
        self.assertEqual(credentials["RoleArn"], "arn:aws:iam::123456789012:role/worker")
        names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey", "AWS_SESSION_TOKEN": "Token"}
        caller = self.aws("sts", "get-caller-identity", env={variable: credentials[name] for variable, name in names.items()})
        self.assertEqual(caller["Arn"], f"arn:aws:sts::123456789012:assumed-role/worker/{task['taskArn'].rsplit('/', 1)[1]}")
        path = lines[0].split("/", 3)[3]
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{self.endpoint}/{path}", timeout=10)
        self.assertEqual(self.ask('echo "none: $AWS_CONTAINER_CREDENTIALS_FULL_URI"')[1], ["none: "])


if __name__ == "__main__":
    unittest.main(verbosity=2)
