"""A walk through the emulator that calls each operation to success, with a task that really runs behind it."""

import datetime
import hashlib
import json
import urllib.request

from aws_models import import_botocore

SEED = """
account: '123456789012'
region: eu-central-1
oidc_providers:
  - url: https://token.actions.githubusercontent.com
users:
  - name: admin
    access_key_id: EMULATORADMIN
    secret_access_key: emulator
roles:
  - name: deployer
    trust_policy:
      Version: '2012-10-17'
      Statement:
        - {Effect: Allow, Principal: {AWS: 'arn:aws:iam::123456789012:root'}, Action: 'sts:AssumeRole'}
clusters: [walk]
target_groups:
  - name: web
    port: 8000
    deregistration_delay_seconds: 0
    health_check: {path: /, interval_seconds: 0.2, timeout_seconds: 1, healthy_threshold: 2, unhealthy_threshold: 2}
load_balancers:
  - name: front
    listeners: [{port: 0, target_group: web}]
lambda_functions:
  - {name: note, command: 'cat > "$PIPELINE_STATE_DIR/hook"; echo "{}"'}
"""
CONTAINER = {
    "name": "web",
    "essential": True,
    "command": ["httpd", "-f", "-p", "8000", "-h", "/srv"],
    "portMappings": [{"containerPort": 8000}],
    "environment": [{"name": "GREETING", "value": "hello"}],
    "stopTimeout": 2,
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/walk", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web", "awslogs-create-group": "true"},
    },
}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
OUTSIDE = {"AssumeRoleWithWebIdentity"}  # needs an issuer: deploy_test has one


def known_names(test):
    """Names and ARNs that exist after the walk, so that generated requests meet something."""
    names = {"walk", "web", "front", "items", "deployer", "/walk", "latest", "walk:1", "arn:aws:iam::123456789012:role/deployer"}

    def harvest(value):
        if isinstance(value, dict):
            for key, member in value.items():
                if isinstance(member, str) and key.lower().endswith(("arn", "name", "id")):
                    names.add(member)
                harvest(member)
        elif isinstance(value, list):
            for member in value:
                harvest(member)

    harvest(test.status())
    for words in (("ecs", "list-services", "--cluster", "walk"), ("ecs", "list-tasks", "--cluster", "walk"), ("elbv2", "describe-listeners", "--load-balancer-arn", test.balancer)):
        harvest(test.aws(*words))
        names.update(value for values in test.aws(*words).values() for value in values if isinstance(value, str))
    return sorted(names)


class Walk:
    """Calls operations and checks each answer; `faults` is what was wrong."""

    def __init__(self, test):
        self.test = test
        self.offered = {service["name"]: service for service in test.offered}
        self.succeeded = {(name, operation) for name in self.offered for operation in OUTSIDE if operation in self.offered[name]["operations"]}
        self.faults = []
        self.requests = self.checked = 0

    def call(self, service, operation, /, **params):
        """In each protocol and generation of model; the members of the last answer."""
        members = {}
        for model, knows_all in self.test.models_with(service, operation):
            shape = model.operation_model(operation)
            for protocol in self.test.protocols(model, self.offered[service]):
                answer = self.test.client.send(model, operation, self.known_to(shape.input_shape, params), protocol)
                self.requests += 1
                if answer.error == "ResourceInUse" or (answer.error or "").find("Already") >= 0 and members:
                    continue  # made by the same request in the protocol before
                self.test.assertIsNone(answer.error, f"{operation} {params}: {answer.raw[:500]!r}")
                faults = self.test.faults_of(answer, shape.output_shape, protocol, knows_all)
                self.faults += [f"{service}:{operation} by {protocol}: {fault}" for fault in faults]
                self.checked += 1
                self.succeeded.add((service, operation))
                members = self.members(answer, protocol, shape) or members or {"": ""}
                if not operation.startswith(("Describe", "Get", "List", "BatchGet", "BatchCheck", "Simulate")):
                    return members  # what changes something is asked once; generations differ in what they read
        self.test.assertTrue(members, f"{service}:{operation} is in no model")
        return members

    @staticmethod
    def known_to(shape, params):
        """Only what this generation can send."""
        return {key: value for key, value in params.items() if shape is not None and key in shape.members}

    @staticmethod
    def members(answer, protocol, shape):
        """As botocore would hand it to its user."""
        if protocol != "query" or shape.output_shape is None:
            return answer.body
        parser = import_botocore("parsers").create_parser("query")
        return parser.parse({"body": answer.raw, "headers": {}, "status_code": 200}, shape.output_shape)

    def run(self):
        """Everything, in an order in which each finds what it needs."""
        self.sts()
        self.iam()
        self.images()
        self.secrets()
        self.logs()
        self.load_balancer()
        self.service()
        self.strategies()
        self.code_deploy()
        self.metrics()
        self.scaling()
        self.tasks()
        self.undo()

    def sts(self):
        self.call("sts", "GetCallerIdentity")
        self.call("sts", "AssumeRole", RoleArn="arn:aws:iam::123456789012:role/deployer", RoleSessionName="walk")

    def iam(self):
        iam = lambda operation, /, **params: self.call("iam", operation, **params)  # noqa: E731
        managed = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]})
        role = iam("CreateRole", RoleName="walker", AssumeRolePolicyDocument=TRUST, Description="walks", Tags=[{"Key": "a", "Value": "b"}])["Role"]["Arn"]
        iam("UpdateAssumeRolePolicy", RoleName="walker", PolicyDocument=TRUST)
        iam("PutRolePolicy", RoleName="walker", PolicyName="see", PolicyDocument=policy)
        iam("AttachRolePolicy", RoleName="walker", PolicyArn=managed)
        iam("GetRolePolicy", RoleName="walker", PolicyName="see")
        for operation in ("GetRole", "ListRolePolicies", "ListAttachedRolePolicies"):
            iam(operation, RoleName="walker")
        iam("ListRoles")
        iam("SimulatePrincipalPolicy", PolicySourceArn=role, ActionNames=["ecs:DescribeServices", "ecs:UpdateService"])
        iam("DetachRolePolicy", RoleName="walker", PolicyArn=managed)
        iam("DeleteRolePolicy", RoleName="walker", PolicyName="see")
        iam("DeleteRole", RoleName="walker")
        provider = iam("CreateOpenIDConnectProvider", Url="https://issuer.example.com", ClientIDList=["a"], ThumbprintList=["0" * 40])
        iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=provider["OpenIDConnectProviderArn"])
        iam("ListOpenIDConnectProviders")

    def images(self):
        ecr = lambda operation, /, **params: self.call("ecr", operation, **params)  # noqa: E731
        arn = ecr("CreateRepository", repositoryName="web", tags=[{"Key": "team", "Value": "walk"}])["repository"]["repositoryArn"]
        ecr("GetAuthorizationToken")
        self.image = self.test.push_image("web:1", "WORKDIR /srv", files={"srv/index.html": "hello\n"})
        ecr("DescribeRepositories")
        ecr("ListTagsForResource", resourceArn=arn)
        ecr("DescribeImages", repositoryName="web")
        ecr("ListImages", repositoryName="web")
        got = ecr("BatchGetImage", repositoryName="web", imageIds=[{"imageTag": "1"}])["images"][0]
        ecr("PutImage", repositoryName="web", imageManifest=got["imageManifest"], imageTag="2", imageManifestMediaType=got["imageManifestMediaType"])
        layer = json.loads(got["imageManifest"])["layers"][0]["digest"]
        ecr("BatchCheckLayerAvailability", repositoryName="web", layerDigests=[layer, "sha256:" + "0" * 64])
        with urllib.request.urlopen(ecr("GetDownloadUrlForLayer", repositoryName="web", layerDigest=layer)["downloadUrl"], timeout=10) as answer:
            self.test.assertEqual("sha256:" + hashlib.sha256(answer.read()).hexdigest(), layer)
        ecr("PutImageScanningConfiguration", repositoryName="web", imageScanningConfiguration={"scanOnPush": True})
        ecr("PutImageTagMutability", repositoryName="web", imageTagMutability="MUTABLE")
        rule = {"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100}, "action": {"type": "expire"}}
        ecr("PutLifecyclePolicy", repositoryName="web", lifecyclePolicyText=json.dumps({"rules": [rule]}))
        ecr("GetLifecyclePolicy", repositoryName="web")
        ecr("StartLifecyclePolicyPreview", repositoryName="web")
        ecr("GetLifecyclePolicyPreview", repositoryName="web")
        ecr("DeleteLifecyclePolicy", repositoryName="web")
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
        ecr("SetRepositoryPolicy", repositoryName="web", policyText=json.dumps(allow))
        ecr("GetRepositoryPolicy", repositoryName="web")
        ecr("DeleteRepositoryPolicy", repositoryName="web")
        findings = [{"name": "CVE-2026-1", "severity": "HIGH", "package": "openssl", "version": "3.0", "fixed_in": "3.1", "uri": "https://example.com"}]
        self.test.owner("POST", "scan-findings", {"repository": "web", "image": "1", "findings": findings})
        ecr("StartImageScan", repositoryName="web", imageId={"imageTag": "1"})
        scanned = lambda: ecr("DescribeImageScanFindings", repositoryName="web", imageId={"imageTag": "1"})["imageScanStatus"]["status"]  # noqa: E731
        self.test.wait_until("the scan", lambda: scanned() == "COMPLETE")
        ecr("PutRegistryScanningConfiguration", scanType="ENHANCED")
        self.test.wait_until("the enhanced scan", lambda: scanned() == "ACTIVE")
        ecr("PutRegistryScanningConfiguration", scanType="BASIC")
        ecr("GetRegistryScanningConfiguration")
        digest = got["imageId"]["imageDigest"]
        ecr("ListImageReferrers", repositoryName="web", subjectId={"imageDigest": digest})
        ecr("BatchDeleteImage", repositoryName="web", imageIds=[{"imageTag": "2"}])
        ecr("CreateRepository", repositoryName="gone")
        ecr("DeleteRepository", repositoryName="gone", force=True)

    def secrets(self):
        secret = lambda operation, /, **params: self.call("secretsmanager", operation, **params)  # noqa: E731
        secret("CreateSecret", Name="walk/secret", SecretString="{}", ClientRequestToken="a" * 32)
        secret("PutSecretValue", SecretId="walk/secret", SecretString='{"a": "b"}', ClientRequestToken="b" * 32)
        for operation in ("GetSecretValue", "DescribeSecret"):
            secret(operation, SecretId="walk/secret")
        secret("ListSecrets")
        secret("DeleteSecret", SecretId="walk/secret")
        ssm = lambda operation, /, **params: self.call("ssm", operation, **params)  # noqa: E731
        ssm("PutParameter", Name="/walk/parameter", Value="value", Type="SecureString")
        ssm("GetParameter", Name="/walk/parameter", WithDecryption=True)
        ssm("GetParameters", Names=["/walk/parameter", "/walk/none"])
        ssm("GetParametersByPath", Path="/walk")

    def logs(self):
        logs = lambda operation, /, **params: self.call("logs", operation, **params)  # noqa: E731
        logs("CreateLogGroup", logGroupName="/walk/logs")
        logs("CreateLogStream", logGroupName="/walk/logs", logStreamName="s")
        logs("PutLogEvents", logGroupName="/walk/logs", logStreamName="s", logEvents=[{"timestamp": 1_790_000_000_000, "message": "hello"}])
        logs("GetLogEvents", logGroupName="/walk/logs", logStreamName="s")
        logs("FilterLogEvents", logGroupName="/walk/logs", filterPattern="hello")
        logs("DescribeLogGroups")
        logs("DescribeLogStreams", logGroupName="/walk/logs")
        logs("DeleteLogGroup", logGroupName="/walk/logs")

    def load_balancer(self):
        elb = lambda operation, /, **params: self.call("elasticloadbalancing", operation, **params)  # noqa: E731
        self.elb = elb
        group = elb("CreateTargetGroup", Name="second", Port=8000, Protocol="HTTP", VpcId="vpc-1", TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        balancer = elb("CreateLoadBalancer", Name="second", Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        listener = elb("CreateListener", LoadBalancerArn=balancer, Port=self.test.free_port(), Protocol="HTTP", DefaultActions=forward)["Listeners"][0]["ListenerArn"]
        condition = [{"Field": "path-pattern", "Values": ["/api/*"]}]
        rule = elb("CreateRule", ListenerArn=listener, Priority=5, Conditions=condition, Actions=forward)["Rules"][0]["RuleArn"]
        elb("ModifyRule", RuleArn=rule, Conditions=condition)
        elb("SetRulePriorities", RulePriorities=[{"RuleArn": rule, "Priority": 7}])
        elb("ModifyListener", ListenerArn=listener, DefaultActions=forward)
        elb("ModifyTargetGroup", TargetGroupArn=group, HealthCheckPath="/health")
        elb("ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}])
        elb("ModifyLoadBalancerAttributes", LoadBalancerArn=balancer, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "60"}])
        elb("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": 1}])
        elb("AddTags", ResourceArns=[group], Tags=[{"Key": "team", "Value": "walk"}])
        elb("RemoveTags", ResourceArns=[group], TagKeys=["none"])
        elb("DescribeTags", ResourceArns=[group])
        for operation in ("DescribeTargetGroups", "DescribeLoadBalancers"):
            elb(operation)
        for operation, key in (("DescribeListeners", "LoadBalancerArn"), ("DescribeLoadBalancerAttributes", "LoadBalancerArn")):
            elb(operation, **{key: balancer})
        for operation in ("DescribeTargetHealth", "DescribeTargetGroupAttributes"):
            elb(operation, TargetGroupArn=group)
        elb("DescribeRules", ListenerArn=listener)
        elb("DeregisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": 1}])
        elb("DeleteRule", RuleArn=rule)
        elb("DeleteListener", ListenerArn=listener)
        elb("DeleteLoadBalancer", LoadBalancerArn=balancer)
        elb("DeleteTargetGroup", TargetGroupArn=group)
        self.group = elb("DescribeTargetGroups", Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
        type(self.test).balancer = elb("DescribeLoadBalancers", Names=["front"])["LoadBalancers"][0]["LoadBalancerArn"]

    def service(self):
        ecs = lambda operation, /, **params: self.call("ecs", operation, **params)  # noqa: E731
        self.ecs = ecs
        ecs("CreateCluster", clusterName="second")
        for operation in ("DescribeClusters", "ListClusters"):
            ecs(operation, clusters=["walk"])
        definition = {"family": "walk", "containerDefinitions": [{**CONTAINER, "image": self.image}], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
                      "executionRoleArn": "arn:aws:iam::123456789012:role/execution"}  # fmt: skip
        ecs("RegisterTaskDefinition", **definition, requiresCompatibilities=["FARGATE"], tags=[{"key": "team", "value": "walk"}])
        ecs("RegisterTaskDefinition", **definition)
        ecs("DescribeTaskDefinition", taskDefinition="walk:1", include=["TAGS"])
        ecs("ListTaskDefinitions")
        ecs("ListTaskDefinitionFamilies")
        balancers = [{"targetGroupArn": self.group, "containerName": "web", "containerPort": 8000}]
        network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}}
        service = ecs("CreateService", cluster="walk", serviceName="web", taskDefinition="walk:1", desiredCount=1, loadBalancers=balancers, networkConfiguration=network, launchType="FARGATE")["service"]["serviceArn"]
        self.test.wait_until("a steady service", self.is_steady)
        ecs("UpdateService", cluster="walk", service="web", taskDefinition="walk:2")
        self.test.wait_until("the second revision", self.is_steady)
        ecs("DescribeServices", cluster="walk", services=["web", "none"], include=["TAGS"])
        ecs("ListServices", cluster="walk")
        ecs("TagResource", resourceArn=service, tags=[{"key": "a", "value": "b"}])
        ecs("ListTagsForResource", resourceArn=service)
        ecs("UntagResource", resourceArn=service, tagKeys=["a"])
        deployment = ecs("ListServiceDeployments", cluster="walk", service="web")["serviceDeployments"][0]
        ecs("DescribeServiceDeployments", serviceDeploymentArns=[deployment["serviceDeploymentArn"]])
        ecs("DescribeServiceRevisions", serviceRevisionArns=[deployment["targetServiceRevisionArn"]])
        ecs("UpdateService", cluster="walk", service="web", taskDefinition="walk:1")
        latest = ecs("ListServiceDeployments", cluster="walk", service="web")["serviceDeployments"][0]
        ecs("StopServiceDeployment", serviceDeploymentArn=latest["serviceDeploymentArn"], stopType="ROLLBACK")

    def newest(self, service, operation, /, **params):
        """A request that models of 2023 cannot write."""
        model = next(m for m, knows_all in self.test.models_with(service, operation) if knows_all)
        answer = self.test.client.send(model, operation, params, "json")
        self.test.assertIsNone(answer.error, f"{operation}: {answer.raw[:500]!r}")
        return answer.body

    def strategies(self):
        """A pause of a blue/green deployment, and task sets of an external controller; no task is needed for either."""
        ecs = self.ecs
        pause = {"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}
        self.newest("ecs", "CreateService", cluster="walk", serviceName="paused", taskDefinition="walk:1", desiredCount=0,
                    deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [pause]})  # fmt: skip
        latest = ecs("ListServiceDeployments", cluster="walk", service="paused")["serviceDeployments"][0]["serviceDeploymentArn"]
        described = lambda: ecs("DescribeServiceDeployments", serviceDeploymentArns=[latest])["serviceDeployments"][0]  # noqa: E731
        self.test.wait_until("the pause", lambda: described().get("lifecycleHookDetails"))
        ecs("ContinueServiceDeployment", serviceDeploymentArn=latest, hookId=described()["lifecycleHookDetails"][0]["hookId"], action="CONTINUE")
        self.test.wait_until("its end", lambda: described()["status"] == "SUCCESSFUL")
        ecs("CreateService", cluster="walk", serviceName="sets", desiredCount=0, deploymentController={"type": "EXTERNAL"})
        names = {"cluster": "walk", "service": "sets"}
        made = ecs("CreateTaskSet", taskDefinition="walk:1", externalId="one", scale={"value": 100.0, "unit": "PERCENT"}, **names)["taskSet"]["id"]
        ecs("UpdateServicePrimaryTaskSet", primaryTaskSet=made, **names)
        ecs("UpdateTaskSet", taskSet=made, scale={"value": 50.0, "unit": "PERCENT"}, **names)
        ecs("DescribeTaskSets", include=["TAGS"], **names)
        ecs("DescribeServices", cluster="walk", services=["sets"])
        ecs("DeleteTaskSet", taskSet=made, force=True, **names)

    def code_deploy(self):
        """A deployment whose hook reports, and one that is stopped while it waits."""
        ask = lambda operation, /, **params: self.call("codedeploy", operation, **params)  # noqa: E731
        groups = [
            self.elb("CreateTargetGroup", Name=name, Port=8000, Protocol="HTTP", VpcId="vpc-1", TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
            for name in ("blue", "green")
        ]
        listener = self.elb("CreateListener", LoadBalancerArn=self.test.balancer, Port=self.test.free_port(), Protocol="HTTP",
                            DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[0]}])["Listeners"][0]["ListenerArn"]  # fmt: skip
        balancers = [{"targetGroupArn": groups[0], "containerName": "web", "containerPort": 8000}]
        self.ecs("CreateService", cluster="walk", serviceName="shifted", taskDefinition="walk:1", desiredCount=0, loadBalancers=balancers,
                 deploymentController={"type": "CODE_DEPLOY"})  # fmt: skip
        ask("CreateApplication", applicationName="walk", computePlatform="ECS")
        ask("CreateApplication", applicationName="spare", computePlatform="ECS")
        routing = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 20, "canaryInterval": 1}}
        ask("CreateDeploymentConfig", deploymentConfigName="Fifth", computePlatform="ECS", trafficRoutingConfig=routing)
        ask("GetDeploymentConfig", deploymentConfigName="Fifth")
        ask("GetDeploymentConfig", deploymentConfigName="CodeDeployDefault.ECSLinear10PercentEvery1Minutes")
        ask("ListDeploymentConfigs")
        ask("DeleteDeploymentConfig", deploymentConfigName="Fifth")
        pair = {"targetGroups": [{"name": "blue"}, {"name": "green"}], "prodTrafficRoute": {"listenerArns": [listener]}}
        group = {
            "applicationName": "walk",
            "serviceRoleArn": "arn:aws:iam::123456789012:role/deployer",
            "ecsServices": [{"serviceName": "shifted", "clusterName": "walk"}],
            "loadBalancerInfo": {"targetGroupPairInfoList": [pair]},
            "alarmConfiguration": {"enabled": True, "alarms": [{"name": "none"}]},
            "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]},
        }
        ask("CreateDeploymentGroup", deploymentGroupName="walk", **group)
        ask("CreateDeploymentGroup", deploymentGroupName="spare", **group)
        ask("DeleteDeploymentGroup", applicationName="walk", deploymentGroupName="spare")
        properties = {"TaskDefinition": "walk:1", "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8000}}
        spec = {"version": 0, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}], "Hooks": [{"AfterInstall": "note"}]}
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}}
        ask("RegisterApplicationRevision", applicationName="walk", revision=revision, description="first")
        ask("GetApplicationRevision", applicationName="walk", revision=revision)
        ask("ListApplicationRevisions", applicationName="walk")
        names = {"applicationName": "walk", "deploymentGroupName": "walk"}
        deployment = ask("CreateDeployment", revision=revision, description="a walk", **names)["deploymentId"]
        hook = self.test.state / "hook"
        self.test.wait_until("the hook's call", hook.exists)
        self.test.wait_until("its payload", hook.read_text)
        execution = json.loads(hook.read_text())["LifecycleEventHookExecutionId"]
        ask("PutLifecycleEventHookExecutionStatus", deploymentId=deployment, lifecycleEventHookExecutionId=execution, status="Succeeded")
        status = lambda wanted: lambda: ask("GetDeployment", deploymentId=deployment)["deploymentInfo"]["status"] == wanted  # noqa: E731
        self.test.wait_until("its success", status("Succeeded"))
        ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60}
        end = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60}
        ask("UpdateDeploymentGroup", applicationName="walk", currentDeploymentGroupName="walk",
            blueGreenDeploymentConfiguration={"deploymentReadyOption": ready, "terminateBlueInstancesOnDeploymentSuccess": end})  # fmt: skip
        spec["Hooks"] = []
        revision["appSpecContent"]["content"] = json.dumps(spec)
        deployment = ask("CreateDeployment", revision=revision, **names)["deploymentId"]
        self.test.wait_until("its readiness", status("Ready"))
        ask("ContinueDeployment", deploymentId=deployment, deploymentWaitType="READY_WAIT")
        targets = ask("ListDeploymentTargets", deploymentId=deployment)["targetIds"]
        ask("GetDeploymentTarget", deploymentId=deployment, targetId=targets[0])
        ask("BatchGetDeploymentTargets", deploymentId=deployment, targetIds=targets)
        ask("StopDeployment", deploymentId=deployment, autoRollbackEnabled=True)
        self.test.wait_until("its stop", status("Stopped"))
        ask("GetApplication", applicationName="walk")
        ask("ListApplications")
        ask("BatchGetApplications", applicationNames=["walk"])
        ask("GetDeploymentGroup", **names)
        ask("ListDeploymentGroups", applicationName="walk")
        ask("BatchGetDeploymentGroups", applicationName="walk", deploymentGroupNames=["walk"])
        ask("ListDeployments", **names)
        ask("BatchGetDeployments", deploymentIds=[deployment])
        ask("DeleteApplication", applicationName="spare")

    def is_steady(self):
        service = self.test.aws("ecs", "describe-services", "--cluster", "walk", "--services", "web")["services"][0]
        return len(service["deployments"]) == 1 and service["deployments"][0]["rolloutState"] == "COMPLETED" and service["runningCount"] == 1

    def metrics(self):
        watch = lambda operation, /, **params: self.call("monitoring", operation, **params)  # noqa: E731
        now = datetime.datetime.now(datetime.timezone.utc)
        dimensions = [{"Name": "Stage", "Value": "test"}]
        watch("PutMetricData", Namespace="Walk", MetricData=[
            {"MetricName": "Depth", "Dimensions": dimensions, "Values": [1.0, 2.5], "Counts": [3.0, 1.0], "Unit": "Count"},
            {"MetricName": "Depth", "Dimensions": dimensions, "StatisticValues": {"SampleCount": 2.0, "Sum": 9.0, "Minimum": 4.0, "Maximum": 5.0}},
            {"MetricName": "Depth", "Timestamp": now, "Value": 7.0},
        ])
        watch("ListMetrics", Namespace="Walk", Dimensions=[{"Name": "Stage"}])
        span = {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now + datetime.timedelta(minutes=2)}
        watch("GetMetricStatistics", Namespace="Walk", MetricName="Depth", Dimensions=dimensions, Period=60, Statistics=["Sum", "Average"], **span)
        watch("GetMetricStatistics", Namespace="Walk", MetricName="Depth", Dimensions=dimensions, Period=60, ExtendedStatistics=["p90"], **span)
        stat = {"Metric": {"Namespace": "Walk", "MetricName": "Depth", "Dimensions": dimensions}, "Period": 60, "Stat": "Maximum"}
        watch("GetMetricData", MetricDataQueries=[{"Id": "depth", "MetricStat": stat}], **span)
        watch("PutMetricAlarm", AlarmName="deep", Namespace="Walk", MetricName="Depth", Dimensions=dimensions, Statistic="Maximum",
              Period=60, EvaluationPeriods=2, DatapointsToAlarm=1, Threshold=100.0, ComparisonOperator="GreaterThanThreshold",
              TreatMissingData="notBreaching", AlarmActions=["arn:aws:sns:eu-central-1:123456789012:topic"])  # fmt: skip
        watch("PutCompositeAlarm", AlarmName="any", AlarmRule='ALARM("deep") OR FALSE')
        watch("SetAlarmState", AlarmName="deep", StateValue="ALARM", StateReason="a walk")
        watch("DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        watch("DescribeAlarmHistory", AlarmName="deep")
        watch("DeleteAlarms", AlarmNames=["any"])

    def scaling(self):
        scaling = lambda operation, /, **params: self.call("application-autoscaling", operation, **params)  # noqa: E731
        target = {"ServiceNamespace": "ecs", "ResourceId": "service/walk/web", "ScalableDimension": "ecs:service:DesiredCount"}
        tracking = {"TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
        scaling("RegisterScalableTarget", **target, MinCapacity=1, MaxCapacity=3, SuspendedState={"DynamicScalingInSuspended": True})
        scaling("PutScalingPolicy", **target, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking)
        scaling("DescribeScalableTargets", ServiceNamespace="ecs", ResourceIds=["service/walk/web"])
        scaling("DescribeScalingPolicies", ServiceNamespace="ecs")
        scaling("DescribeScalingActivities", ServiceNamespace="ecs", ResourceId="service/walk/web")
        scaling("DeleteScalingPolicy", **target, PolicyName="cpu")
        scaling("DeregisterScalableTarget", **target)

    def tasks(self):
        ecs = self.ecs
        task = ecs("RunTask", cluster="walk", taskDefinition="walk:1", count=1, startedBy="walk", clientToken="once")["tasks"][0]["taskArn"]
        ecs("ListTasks", cluster="walk")
        ecs("DescribeTasks", cluster="walk", tasks=[task, "0" * 32], include=["TAGS"])
        ecs("StopTask", cluster="walk", task=task, reason="enough")
        bad = {"family": "bad", "containerDefinitions": [{"name": "web", "image": "web:none", "essential": True}], "cpu": "256", "memory": "512"}
        ecs("RegisterTaskDefinition", **bad)
        failing = ecs("RunTask", cluster="walk", taskDefinition="bad", count=1)["tasks"][0]["taskArn"]
        status = lambda: self.test.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", task, failing)["tasks"]  # noqa: E731
        self.test.wait_until("both tasks to stop", lambda: all(entry["lastStatus"] == "STOPPED" for entry in status()))
        ecs("DescribeTasks", cluster="walk", tasks=[task, failing])

    def undo(self):
        ecs = self.ecs
        ecs("DeregisterTaskDefinition", taskDefinition="bad:1")
        ecs("CreateService", cluster="second", serviceName="empty", taskDefinition="walk:1", desiredCount=0)
        ecs("DeleteService", cluster="second", service="empty", force=True)
        self.test.wait_until("the empty service to go", lambda: self.is_gone("second", "empty"))
        ecs("DeleteCluster", cluster="second")

    def is_gone(self, cluster, service):
        found = self.test.aws("ecs", "describe-services", "--cluster", cluster, "--services", service)["services"]
        return all(entry["status"] == "INACTIVE" for entry in found)
