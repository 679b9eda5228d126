"""Metrics of real traffic, alarms that fire by them, and what hostile requests do."""

import json
import random
import struct
import time
import unittest
import urllib.error
import urllib.request

import api_walk
from aws_models import data_folders, import_botocore, load_model
from emulator_harness import ADMIN, BareEmulatorTest
from raw_client import RawClient

SEED = api_walk.SEED + """
alarms:
  - AlarmName: too-many-404
    target_group: web
    Namespace: AWS/ApplicationELB
    MetricName: HTTPCode_Target_4XX_Count
    Statistic: Sum
    Period: 10
    EvaluationPeriods: 1
    Threshold: 2
    ComparisonOperator: GreaterThanThreshold
    TreatMissingData: notBreaching
  - AlarmName: any
    AlarmRule: ALARM("too-many-404")
"""


class CloudWatchTest(BareEmulatorTest):
    """A service behind a load balancer, watched."""

    seed_text = SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = RawClient(cls.endpoint, ADMIN["AWS_ACCESS_KEY_ID"], ADMIN["AWS_SECRET_ACCESS_KEY"], "eu-central-1")
        cls.model = load_model(data_folders()[0], "cloudwatch")
        cls.url = cls.status()["load_balancers"][0]["listeners"][0]["url"]

    def alarm(self, name):
        """As Debian's aws has it, by the Query protocol."""
        found = self.aws("cloudwatch", "describe-alarms", "--alarm-names", name, "--alarm-types", "MetricAlarm", "CompositeAlarm")
        return (found["MetricAlarms"] + found["CompositeAlarms"])[0]

    def ask(self, path):
        """The status of a GET through the load balancer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_1_an_alarm_on_real_traffic_fires_and_recovers(self):
        """404s of a busybox httpd, counted by the load balancer; the composite alarm follows."""
        image = self.push_image("web:1", files={"srv/index.html": "hello\n"}) if self.make_repository("web") else ""
        definition = [{**api_walk.CONTAINER, "image": image}]
        self.aws("ecs", "register-task-definition", "--family", "web", "--cpu", "256", "--memory", "512", "--container-definitions", json.dumps(definition))
        group = self.aws("elbv2", "describe-target-groups", "--names", "web")["TargetGroups"][0]["TargetGroupArn"]
        self.aws("ecs", "create-service", "--cluster", "walk", "--service-name", "web", "--task-definition", "web", "--desired-count", "1",
                 "--load-balancers", f"targetGroupArn={group},containerName=web,containerPort=8000")  # fmt: skip
        self.wait_until("the service to answer", lambda: self.ask("/") == 200)
        self.wait_until("the alarm to be OK", lambda: self.alarm("too-many-404")["StateValue"] == "OK")
        for _ in range(12):
            self.assertEqual(self.ask("/none"), 404)
        self.wait_until("the alarm to fire", lambda: self.alarm("too-many-404")["StateValue"] == "ALARM")
        self.assertIn("Threshold Crossed: 1 out of the last 1 datapoints [12", self.alarm("too-many-404")["StateReason"])
        self.wait_until("the composite alarm", lambda: self.alarm("any")["StateValue"] == "ALARM", 5)
        self.wait_until("the alarm to recover", lambda: self.alarm("too-many-404")["StateValue"] == "OK", 60)
        history = self.aws("cloudwatch", "describe-alarm-history", "--alarm-name", "too-many-404", "--history-item-type", "StateUpdate")
        self.assertIn("Alarm updated from OK to ALARM", [item["HistorySummary"] for item in history["AlarmHistoryItems"]])

    def make_repository(self, name):
        """Its description."""
        return self.aws("ecr", "create-repository", "--repository-name", name)["repository"]

    def test_2_the_load_balancer_counts_are_metrics(self):
        """RequestCount, response times with percentiles, healthy hosts."""
        metrics = self.aws("cloudwatch", "list-metrics", "--namespace", "AWS/ApplicationELB")["Metrics"]
        names = {metric["MetricName"] for metric in metrics}
        self.assertLessEqual({"RequestCount", "TargetResponseTime", "HTTPCode_Target_2XX_Count", "HealthyHostCount", "UnHealthyHostCount"}, names)
        times = next(metric for metric in metrics if metric["MetricName"] == "TargetResponseTime" and len(metric["Dimensions"]) == 2)
        dimensions = [f"Name={entry['Name']},Value={entry['Value']}" for entry in times["Dimensions"]]
        now = time.time()
        found = self.aws("cloudwatch", "get-metric-statistics", "--namespace", "AWS/ApplicationELB", "--metric-name", "TargetResponseTime",
                         "--dimensions", *dimensions, "--period", "3600", "--start-time", str(int(now - 7200)), "--end-time", str(int(now + 60)),
                         "--extended-statistics", "p50", "p99")  # fmt: skip
        percentiles = found["Datapoints"][-1]["ExtendedStatistics"]
        self.assertGreater(percentiles["p99"], 0)
        self.assertGreaterEqual(percentiles["p99"], percentiles["p50"])

    def test_3_alarms_survive_a_kill(self):
        """State and history are in a file; datapoints are not."""
        before = self.aws("cloudwatch", "describe-alarm-history", "--alarm-name", "too-many-404")
        self.kill()
        after = self.aws("cloudwatch", "describe-alarm-history", "--alarm-name", "too-many-404")["AlarmHistoryItems"]
        for item in before["AlarmHistoryItems"]:
            self.assertIn(item, after)
        self.assertEqual(self.alarm("any")["AlarmRule"], 'ALARM("too-many-404")')

    def post(self, body, protocol):
        """A body by hand, signed."""
        if protocol == "query":
            request = {"url_path": "/", "body": body, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        elif protocol == "json":
            target = "GraniteServiceVersion20100801.PutMetricData"
            request = {"url_path": "/", "body": body, "headers": {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}}
        else:
            path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
            request = {"url_path": path, "body": body, "headers": {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}}
        return self.client.post(request, self.model, protocol)

    def test_4_no_body_of_any_protocol_is_answered_with_a_500(self):
        """Depth, lengths, huge numbers, cut and shuffled bytes."""
        chance = random.Random(7)
        good = b"\xa2iNamespaceaAjMetricData\x81\xa2jMetricNameaBeValue\xfb" + struct.pack(">d", 1e308)
        bodies = [b"\x81" * 1_000_000, b"\x7f" * 1_000_000, b"\x9b" + b"\xff" * 8, b"\xbb" + b"\xff" * 8, b"\xfb" + b"\xff" * 8]
        bodies += [good[: chance.randrange(len(good))] for _ in range(40)]
        bodies += [bytes(chance.randrange(256) if chance.random() < 0.2 else byte for byte in good) for _ in range(200)]
        self.assertEqual(self.post(good, "smithy-rpc-v2-cbor").status, 200)
        for body in bodies:
            self.assertLess(self.post(body, "smithy-rpc-v2-cbor").status, 500, body[:60])
        deep = b"[" * 100_000
        datum = b'{"Namespace":"A","MetricData":[{"MetricName":"B","Value":%s}]}'
        for body in (deep, datum % b"1e999", datum % b"-1e308", datum % b"9" * 50, datum % b'"x"', b'{"MetricData":{"a":1}}', b"\xff\xfe"):
            self.assertLess(self.post(body, "json").status, 500, body[:60])
        start = "Action=PutMetricData&Version=2010-08-01&Namespace=A"
        for rest in ("&MetricData.member.99999999.Value=1", "&MetricData.member.1.Value=nan&MetricData.member.1.MetricName=B", "&MetricData=1",
                     "&MetricData.member.1.Timestamp=9999-99-99T99:99:99Z", "&" + ".".join(["a"] * 10_000) + "=1"):  # fmt: skip
            self.assertLess(self.post(start + rest, "query").status, 500, rest[:60])

    def test_5_a_hundred_thousand_metrics_stay_in_bounds(self):
        """The series that were written longest ago are forgotten; the process does not grow without end."""
        pid = json.loads((self.state / "emulator" / "control.json").read_text())["pid"]
        client = import_botocore("session").get_session().create_client(
            "cloudwatch", "eu-central-1", endpoint_url=self.endpoint, aws_access_key_id=ADMIN["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ADMIN["AWS_SECRET_ACCESS_KEY"]
        )
        for start in range(0, 100_000, 1000):
            client.put_metric_data(Namespace="Many", MetricData=[{"MetricName": f"m{start + i}", "Value": 1.0} for i in range(1000)])
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.assertLess(resident, 400_000, "kilobytes")
        listed = client.list_metrics(Namespace="Many", MetricName="m99999")["Metrics"]
        self.assertEqual(len(listed), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
