"""Each fault on demand, seen by a real client."""

import json
import time
import unittest
import urllib.error
import urllib.request

import api_walk
from emulator_harness import BareEmulatorTest

SEED = api_walk.SEED + """
alarms:
  - {AlarmName: errors, Namespace: Web, MetricName: Errors, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 1,
     ComparisonOperator: GreaterThanThreshold, TreatMissingData: notBreaching}
"""


class FaultsTest(BareEmulatorTest):
    """A service of busybox httpd; each test takes its fault back."""

    seed_text = SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "web")
        cls.image = cls.push_image("web:1", files={"srv/index.html": "hello\n"})
        cls.url = cls.status()["load_balancers"][0]["listeners"][0]["url"]

    def tearDown(self):
        self.fault("clear")

    def fault(self, *words, code=0):
        """The verb of the command line."""
        return self.run_program(self.binary(), "emulator", "fault", *words, code=code)

    def register(self, family="fault"):
        """A new revision: what faults of tasks concern."""
        container = {**api_walk.CONTAINER, "image": self.image}
        self.aws("ecs", "register-task-definition", "--family", family, "--cpu", "256", "--memory", "512", "--container-definitions", json.dumps([container]))

    def run_task(self):
        """The ARN of a task of the newest revision."""
        return self.aws("ecs", "run-task", "--cluster", "walk", "--task-definition", "fault")["tasks"][0]["taskArn"]

    def stopped(self, task):
        """The task, once it has stopped."""
        describe = lambda: self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", task)["tasks"][0]  # noqa: E731
        self.wait_until("the task to stop", lambda: describe()["lastStatus"] == "STOPPED")
        return describe()

    def test_an_image_that_cannot_be_pulled(self):
        """Of revisions after the fault; not of others."""
        self.register()
        self.fault("pull")
        old = self.run_task()
        self.register()
        task = self.stopped(self.run_task())
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.assertIn("CannotPullContainerError", task["stoppedReason"])
        running = lambda: self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", old)["tasks"][0]["lastStatus"] == "RUNNING"  # noqa: E731
        self.wait_until("the old revision to run", running)
        self.aws("ecs", "stop-task", "--cluster", "walk", "--task", old)

    def test_a_crash_after_a_while(self):
        """A task that ran is gone."""
        self.fault("crash", "after_seconds=1")
        self.register()
        started = time.monotonic()
        task = self.stopped(self.run_task())
        self.assertGreater(time.monotonic() - started, 0.9)
        self.assertEqual((task["stopCode"], task["containers"][0]["exitCode"]), ("EssentialContainerExited", 137))

    def target(self):
        """State and description of the only target; nothing while there is none."""
        group = self.aws("elbv2", "describe-target-groups", "--names", "web")["TargetGroups"][0]["TargetGroupArn"]
        found = self.aws("elbv2", "describe-target-health", "--target-group-arn", group)["TargetHealthDescriptions"]
        return {"Reason": "", **found[-1]["TargetHealth"]} if found else {"State": "none", "Reason": ""}

    def serve(self, name):
        """A service of a new revision behind the load balancer, gone at the test's end."""
        self.register(name)
        group = self.aws("elbv2", "describe-target-groups", "--names", "web")["TargetGroups"][0]["TargetGroupArn"]
        self.aws("ecs", "create-service", "--cluster", "walk", "--service-name", name, "--task-definition", name, "--desired-count", "1",
                 "--load-balancers", f"targetGroupArn={group},containerName=web,containerPort=8000",
                 "--health-check-grace-period-seconds", "60")  # fmt: skip
        self.addCleanup(self.wait_until, "no target", lambda: self.target()["State"] == "none")
        self.addCleanup(self.aws, "ecs", "delete-service", "--cluster", "walk", "--service", name, "--force")

    def test_a_health_path_that_fails(self):
        """The load balancer's checks see 503, other requests are served (it fails open)."""
        self.fault("health", "status=503")
        self.serve("sick")
        self.wait_until("an unhealthy target", lambda: self.target()["State"] == "unhealthy")
        self.assertEqual(self.target()["Description"], "Health checks failed with these codes: [503]")
        with urllib.request.urlopen(self.url, timeout=10) as answer:
            self.assertEqual(answer.read(), b"hello\n")

    def test_a_task_that_becomes_unhealthy_after_a_while(self):
        """It was healthy first; the service replaces it."""
        self.fault("health", "after_seconds=2", "times=1")
        self.serve("ailing")
        self.wait_until("an unhealthy target", lambda: self.target()["Reason"] == "Target.ResponseCodeMismatch", 60)
        first = self.tasks("ailing")
        self.aws("ecs", "update-service", "--cluster", "walk", "--service", "ailing", "--health-check-grace-period-seconds", "0")
        self.wait_until("another task", lambda: self.tasks("ailing") not in ([], first) and self.target()["State"] == "healthy", 60)
        self.assertIn("Task failed ELB health checks in (target-group", self.stopped(first[0])["stoppedReason"])
        events = [event["message"] for event in self.aws("ecs", "describe-services", "--cluster", "walk", "--services", "ailing")["services"][0]["events"]]
        steady, ill = (min(i for i, event in enumerate(reversed(events)) if words in event) for words in ("has reached a steady state", "is unhealthy in"))
        self.assertLess(steady, ill)

    def tasks(self, service):
        """ARNs of those that run."""
        return self.aws("ecs", "list-tasks", "--cluster", "walk", "--service-name", service, "--desired-status", "RUNNING")["taskArns"]

    def test_a_health_path_that_is_slow(self):
        """Slower than the timeout."""
        self.fault("health", "delay_seconds=3")
        self.serve("slow")
        self.wait_until("an unhealthy target", lambda: self.target()["State"] == "unhealthy")
        self.assertEqual(self.target()["Reason"], "Target.Timeout")

    def test_a_slow_start(self):
        """Nothing answers at first, then everything does."""
        self.fault("slow_start", "after_seconds=3")
        started = time.monotonic()
        self.serve("late")
        self.wait_until("a healthy target", lambda: self.target()["State"] == "healthy")
        self.assertGreater(time.monotonic() - started, 2.9)

    def test_an_alarm_that_fires(self):
        """For as long as the fault lasts."""
        state = lambda: self.aws("cloudwatch", "describe-alarms", "--alarm-names", "errors")["MetricAlarms"][0]["StateValue"]  # noqa: E731
        self.fault("alarm", "alarm=errors")
        self.assertEqual(state(), "ALARM")
        self.fault("clear")
        self.wait_until("the alarm to recover", lambda: state() == "OK", 10)
        self.assertIn("there is no alarm 'none'", self.fault("alarm", "alarm=none", code=3))

    def test_throttling_of_an_action(self):
        """So many times; others are not concerned."""
        self.fault("throttle", "action=ecs:ListClusters", "times=2")
        retries = {"AWS_MAX_ATTEMPTS": "1"}
        for _ in range(2):
            self.assertIn("(ThrottlingException) when calling the ListClusters operation", self.aws("ecs", "list-clusters", env=retries, code=254))
            self.aws("ecs", "list-services", "--cluster", "walk", env=retries)
        self.aws("ecs", "list-clusters", env=retries)
        self.fault("throttle", "action=elasticloadbalancing:*")
        self.assertIn("(Throttling) when calling the DescribeLoadBalancers", self.aws("elbv2", "describe-load-balancers", env=retries, code=254))

    def test_a_token_that_has_expired(self):
        """Calls with a role's credentials."""
        credentials = self.aws("sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/deployer", "--role-session-name", "walk")["Credentials"]
        env = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))))
        self.aws("ecs", "list-clusters", env=env)
        self.fault("expired_token", "times=1")
        self.assertIn("(ExpiredTokenException) when calling the ListClusters", self.aws("ecs", "list-clusters", env=env, code=254))
        self.aws("ecs", "list-clusters", env=env)

    def test_an_identity_provider_that_is_down(self):
        """A code that SDKs retry."""
        self.fault("identity_provider")
        output = self.aws("sts", "assume-role-with-web-identity", "--role-arn", "arn:aws:iam::123456789012:role/deployer", "--role-session-name", "walk",
                          "--web-identity-token", "a.b.c", env={"AWS_MAX_ATTEMPTS": "1"}, code=254)  # fmt: skip
        self.assertIn("IDPCommunicationError", output)

    def test_a_registry_whose_connections_break(self):
        """skopeo sees it; afterwards it is whole again."""
        credentials = f"AWS:{self.password()}"
        inspect = ("skopeo", "inspect", "--tls-verify=false", "--creds", credentials, f"docker://{self.image}")
        self.fault("registry", "repository=web")
        self.run_program(*inspect, code=1)
        self.fault("clear")
        self.run_program(*inspect)

    def test_faults_are_listed_and_wrong_ones_refused(self):
        """With what was expected."""
        self.fault("crash", "after_seconds=5", "task_definition=web:*")
        self.assertEqual(json.loads(self.fault("list"))["task_definition"], "web:*")
        self.assertIn("expected one of pull, capacity, crash", self.fault("explode", code=3))
        self.assertIn("'colour' is no member", self.fault("crash", "colour=red", code=3))
        self.assertIn("expected 0 to 86400 seconds", self.fault("crash", "after_seconds=-1", code=3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
