"""Drives the emulator with boto3, of whichever generation this Python has: each service, and botocore's own waiters. Every
answer is held against its model as it came over the wire. Reads what there is as JSON from its input, prints what it found."""

import hashlib
import json
import sys

import boto3
import botocore
from botocore.exceptions import ClientError

from aws_models import faults_of_json, faults_of_xml
from raw_client import read_answer

GIVEN = json.load(sys.stdin)  # endpoint, group, task_definition, app_spec
REGION = "eu-central-1"
SOON = {"Delay": 1, "MaxAttempts": 90}
FOUND = {"botocore": botocore.__version__, "checked": 0, "faults": []}


class Wire:
    """An answer as http.client has it, which botocore has read."""

    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers

    def getheader(self, name):
        """Of any spelling."""
        return self.headers.get(name)


def check(model, http_response, **_):
    """What is not as the model of the operation has it."""
    if http_response.status_code >= 400:
        return
    service = model.service_model
    protocol = getattr(service, "resolved_protocol", service.metadata["protocol"])
    shape = model.output_shape
    answer = read_answer(protocol, Wire(http_response), http_response.content)
    FOUND["checked"] += 1
    if shape is None:
        return
    today = botocore.__version__ >= "1.40"
    faults = faults_of_xml(answer.body, shape, today) if protocol == "query" else faults_of_json(answer.body, shape, today)
    FOUND["faults"] += [f"{service.service_name}:{model.name}: {fault}" for fault in faults]


def client(name):
    """Of the seed's user; each of its answers is checked."""
    made = boto3.client(name, endpoint_url=GIVEN["endpoint"], region_name=REGION, aws_access_key_id="EMULATORADMIN", aws_secret_access_key="emulator")
    made.meta.events.register("after-call", check)
    return made


def code_of(call, **arguments):
    """Of the error that a call ends with."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "none"


def roll_out(ecs, elb):
    """A service from nothing to its end, by waiters alone."""
    balancer = {"targetGroupArn": GIVEN["group"], "containerName": "items", "containerPort": 8000}
    ecs.create_service(cluster="production", serviceName="peer", taskDefinition=GIVEN["task_definition"], desiredCount=1,
                       launchType="FARGATE", loadBalancers=[balancer])  # fmt: skip
    ecs.get_waiter("services_stable").wait(cluster="production", services=["peer"], WaiterConfig=SOON)
    elb.get_waiter("target_in_service").wait(TargetGroupArn=GIVEN["group"], WaiterConfig=SOON)
    targets = elb.describe_target_health(TargetGroupArn=GIVEN["group"])["TargetHealthDescriptions"]
    ecs.update_service(cluster="production", service="peer", desiredCount=0)
    elb.get_waiter("target_deregistered").wait(TargetGroupArn=GIVEN["group"], Targets=[targets[0]["Target"]], WaiterConfig=SOON)
    ecs.delete_service(cluster="production", service="peer", force=True)
    ecs.get_waiter("services_inactive").wait(cluster="production", services=["peer"], WaiterConfig=SOON)
    FOUND["missing"] = ecs.describe_services(cluster="production", services=["none"])["failures"][0]["reason"]


def run_task(ecs):
    """Started, and stopped by its user."""
    task = ecs.run_task(cluster="production", taskDefinition=GIVEN["task_definition"], launchType="FARGATE")["tasks"][0]["taskArn"]
    ecs.get_waiter("tasks_running").wait(cluster="production", tasks=[task], WaiterConfig=SOON)
    ecs.stop_task(cluster="production", task=task, reason="enough")
    ecs.get_waiter("tasks_stopped").wait(cluster="production", tasks=[task], WaiterConfig=SOON)
    stopped = ecs.describe_tasks(cluster="production", tasks=[task])["tasks"][0]
    FOUND["stopped"] = [stopped["stopCode"], stopped["stoppedReason"]]


def deploy_by_code_deploy(codedeploy):
    """Until DeploymentSuccessful."""
    content = json.dumps(GIVEN["app_spec"])
    made = codedeploy.create_deployment(
        applicationName="AppECS-production-items", deploymentGroupName="DgpECS-production-items",
        deploymentConfigName="CodeDeployDefault.ECSAllAtOnce",
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()}},
    )["deploymentId"]  # fmt: skip
    codedeploy.get_waiter("deployment_successful").wait(deploymentId=made, WaiterConfig=SOON)
    FOUND["deployment"] = codedeploy.get_deployment(deploymentId=made)["deploymentInfo"]["status"]


def keep_things():
    """What a deployment finds beside ECS: registry, secrets, parameters, logs, roles, scaling."""
    ecr = client("ecr")
    ecr.create_repository(repositoryName=f"peer-{botocore.__version__}")
    FOUND["images"] = len(ecr.describe_images(repositoryName="items")["imageDetails"])
    secrets = client("secretsmanager")
    secrets.create_secret(Name=f"peer-{botocore.__version__}", SecretString="kept")
    FOUND["secret"] = secrets.get_secret_value(SecretId=f"peer-{botocore.__version__}")["SecretString"]
    ssm = client("ssm")
    ssm.put_parameter(Name="/peer", Value="kept", Type="String", Overwrite=True)
    FOUND["no_parameter"] = ssm.get_parameters(Names=["/peer", "/none"])["InvalidParameters"]
    logs = client("logs")
    group = f"/peer/{botocore.__version__}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[{"timestamp": GIVEN["now_ms"], "message": "hello"}])
    FOUND["log"] = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    FOUND["role"] = code_of(client("iam").get_role, RoleName="none")
    scaling = client("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ResourceId": "service/production/items", "ScalableDimension": "ecs:service:DesiredCount"}
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    FOUND["scales"] = [entry["MaxCapacity"] for entry in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]]


def watch_alarms():
    """By the protocol that this generation prefers."""
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="peer", Namespace="Peer", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
                                Threshold=1, ComparisonOperator="GreaterThanThreshold")  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="peer", StateValue="ALARM", StateReason="to see it")
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=["peer"], WaiterConfig=SOON)
    FOUND["alarm"] = cloudwatch.describe_alarms(AlarmNames=["peer"])["MetricAlarms"][0]["AlarmName"]


def main():
    """All of it, in order."""
    FOUND["caller"] = client("sts").get_caller_identity()["Account"]
    ecs, elb = client("ecs"), client("elbv2")
    roll_out(ecs, elb)
    run_task(ecs)
    deploy_by_code_deploy(client("codedeploy"))
    keep_things()
    watch_alarms()
    FOUND["no_cluster"] = code_of(ecs.list_services, cluster="none")
    FOUND["no_group"] = code_of(elb.describe_target_groups, Names=["none"])
    print(json.dumps(FOUND))


main()
