"""Services that are scaled by what their tasks really use."""

import json
import time
import unittest

import api_walk
from emulator_harness import BareEmulatorTest

BUSY = "while true; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; done"
SEED = api_walk.SEED + """
time_scale: 60
scalable_targets:
  - service: walk/busy
    min: 1
    max: 3
    policies:
      - PolicyName: cpu
        PolicyType: TargetTrackingScaling
        TargetTrackingScalingPolicyConfiguration:
          TargetValue: 40
          PredefinedMetricSpecification: {PredefinedMetricType: ECSServiceAverageCPUUtilization}
          ScaleOutCooldown: 60
          ScaleInCooldown: 60
"""


class ScalingTest(BareEmulatorTest):
    """An hour of the account is a minute."""

    seed_text = SEED

    def service(self):
        """As it is now."""
        return self.aws("ecs", "describe-services", "--cluster", "walk", "--services", "busy")["services"][0]

    def register(self, command):
        """A revision whose task does this, on an eighth of a core."""
        container = [{**api_walk.CONTAINER, "image": self.image, "command": ["sh", "-c", command], "stopTimeout": 2}]
        self.aws("ecs", "register-task-definition", "--family", "busy", "--cpu", "128", "--memory", "256", "--container-definitions", json.dumps(container))

    def average(self, metric):
        """Of the last minute of this machine; nothing when there is none."""
        now = int(time.time())
        dimensions = ["Name=ClusterName,Value=walk", "Name=ServiceName,Value=busy"]
        found = self.aws("cloudwatch", "get-metric-statistics", "--namespace", "AWS/ECS", "--metric-name", metric, "--dimensions", *dimensions, "--period", "3600",
                         "--start-time", str(now - 3600), "--end-time", str(now + 60), "--statistics", "Maximum")  # fmt: skip
        return max((point["Maximum"] for point in found["Datapoints"]), default=None)

    def test_a_busy_service_grows_and_an_idle_one_shrinks(self):
        """Alarms of the policy, on metrics of the tasks' own processes, with activities that say why."""
        self.aws("ecr", "create-repository", "--repository-name", "web")
        self.__class__.image = self.push_image("web:1")
        self.register(BUSY)
        self.aws("ecs", "create-service", "--cluster", "walk", "--service-name", "busy", "--task-definition", "busy", "--desired-count", "1")
        self.wait_until("the service to be as large as it may", lambda: self.service()["desiredCount"] == 3)
        self.assertGreater(self.average("CPUUtilization"), 40)
        self.assertGreater(self.average("MemoryUtilization"), 0)
        activities = self.aws("application-autoscaling", "describe-scaling-activities", "--service-namespace", "ecs", "--resource-id", "service/walk/busy")["ScalingActivities"]
        self.assertEqual(activities[0]["Description"], "Setting desired count to 3.")
        self.assertEqual(activities[0]["StatusCode"], "Successful")
        self.assertIn("AlarmHigh", activities[0]["Cause"])
        self.register("exec sleep 10000")
        self.aws("ecs", "update-service", "--cluster", "walk", "--service", "busy", "--task-definition", "busy")
        self.wait_until("the service to be as small as it may", lambda: self.service()["desiredCount"] == 1, 120)


if __name__ == "__main__":
    unittest.main(verbosity=2)
