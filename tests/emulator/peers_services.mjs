// Drives the emulator with AWS's SDK for JavaScript as peers_boto.py does with boto3: each service and the SDK's own
// waiters. Usage: node peers_services.mjs < GIVEN, with @aws-sdk in PIPELINE_PEERS. Prints what it found as JSON.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { nameOfError, optionsOf, require } from './peers_sdk.mjs';

const given = JSON.parse(readFileSync(0, 'utf8'));
const options = optionsOf(given.endpoint);
const found = {};

// A client of the package, whose commands are called by their operations' names.
function clientOf(name, className) {
  const sdk = require(`@aws-sdk/client-${name}`);
  const client = new sdk[className](options);
  return { sdk, client, ask: (operation, input = {}) => client.send(new sdk[`${operation}Command`](input)) };
}

const soon = (peer) => ({ client: peer.client, maxWaitTime: 90, minDelay: 1, maxDelay: 1 });
const ecs = clientOf('ecs', 'ECSClient');
const elb = clientOf('elastic-load-balancing-v2', 'ElasticLoadBalancingV2Client');
found.caller = (await clientOf('sts', 'STSClient').ask('GetCallerIdentity')).Account;

const service = { cluster: 'production', services: ['peer'] };
await ecs.ask('CreateService', {
  cluster: 'production', serviceName: 'peer', taskDefinition: given.task_definition, desiredCount: 1, launchType: 'FARGATE',
  loadBalancers: [{ targetGroupArn: given.group, containerName: 'items', containerPort: 8000 }],
});
await ecs.sdk.waitUntilServicesStable(soon(ecs), service);
const group = { TargetGroupArn: given.group };
await elb.sdk.waitUntilTargetInService(soon(elb), group);
const targets = (await elb.ask('DescribeTargetHealth', group)).TargetHealthDescriptions;
await ecs.ask('UpdateService', { cluster: 'production', service: 'peer', desiredCount: 0 });
await elb.sdk.waitUntilTargetDeregistered(soon(elb), { ...group, Targets: [targets[0].Target] });
await ecs.ask('DeleteService', { cluster: 'production', service: 'peer', force: true });
await ecs.sdk.waitUntilServicesInactive(soon(ecs), service);
found.missing = (await ecs.ask('DescribeServices', { cluster: 'production', services: ['none'] })).failures[0].reason;

const run = { cluster: 'production', taskDefinition: given.task_definition, launchType: 'FARGATE' };
const task = (await ecs.ask('RunTask', run)).tasks[0].taskArn;
const tasks = { cluster: 'production', tasks: [task] };
await ecs.sdk.waitUntilTasksRunning(soon(ecs), tasks);
await ecs.ask('StopTask', { cluster: 'production', task, reason: 'enough' });
await ecs.sdk.waitUntilTasksStopped(soon(ecs), tasks);
const stopped = (await ecs.ask('DescribeTasks', tasks)).tasks[0];
found.stopped = [stopped.stopCode, stopped.stoppedReason];

const deploys = clientOf('codedeploy', 'CodeDeployClient');
const content = JSON.stringify(given.app_spec);
const { deploymentId } = await deploys.ask('CreateDeployment', {
  applicationName: 'AppECS-production-items', deploymentGroupName: 'DgpECS-production-items',
  deploymentConfigName: 'CodeDeployDefault.ECSAllAtOnce',
  revision: {
    revisionType: 'AppSpecContent',
    appSpecContent: { content, sha256: createHash('sha256').update(content).digest('hex') },
  },
});
await deploys.sdk.waitUntilDeploymentSuccessful(soon(deploys), { deploymentId });
found.deployment = (await deploys.ask('GetDeployment', { deploymentId })).deploymentInfo.status;

const ecr = clientOf('ecr', 'ECRClient');
await ecr.ask('CreateRepository', { repositoryName: 'peer-javascript' });
found.images = (await ecr.ask('DescribeImages', { repositoryName: 'items' })).imageDetails.length;
const secrets = clientOf('secrets-manager', 'SecretsManagerClient');
await secrets.ask('CreateSecret', { Name: 'peer-javascript', SecretString: 'kept' });
found.secret = (await secrets.ask('GetSecretValue', { SecretId: 'peer-javascript' })).SecretString;
const ssm = clientOf('ssm', 'SSMClient');
await ssm.ask('PutParameter', { Name: '/peer', Value: 'kept', Type: 'String', Overwrite: true });
found.no_parameter = (await ssm.ask('GetParameters', { Names: ['/peer', '/none'] })).InvalidParameters;
const logs = clientOf('cloudwatch-logs', 'CloudWatchLogsClient');
const stream = { logGroupName: '/peer/javascript', logStreamName: 'one' };
await logs.ask('CreateLogGroup', { logGroupName: stream.logGroupName });
await logs.ask('CreateLogStream', stream);
await logs.ask('PutLogEvents', { ...stream, logEvents: [{ timestamp: given.now_ms, message: 'hello' }] });
const { events } = await logs.ask('FilterLogEvents', { logGroupName: stream.logGroupName });
found.log = events.map((event) => event.message);
found.role = await nameOfError(clientOf('iam', 'IAMClient').ask('GetRole', { RoleName: 'none' }));
const scaling = clientOf('application-auto-scaling', 'ApplicationAutoScalingClient');
await scaling.ask('RegisterScalableTarget', {
  ServiceNamespace: 'ecs', ResourceId: 'service/production/items', ScalableDimension: 'ecs:service:DesiredCount',
  MinCapacity: 1, MaxCapacity: 4,
});
const scalable = await scaling.ask('DescribeScalableTargets', { ServiceNamespace: 'ecs' });
found.scales = scalable.ScalableTargets.map((target) => target.MaxCapacity);

const watch = clientOf('cloudwatch', 'CloudWatchClient');
await watch.ask('PutMetricAlarm', {
  AlarmName: 'peer', Namespace: 'Peer', MetricName: 'Errors', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1,
  Threshold: 1, ComparisonOperator: 'GreaterThanThreshold',
});
await watch.ask('SetAlarmState', { AlarmName: 'peer', StateValue: 'ALARM', StateReason: 'to see it' });
await watch.sdk.waitUntilAlarmExists(soon(watch), { AlarmNames: ['peer'] });
found.alarm = (await watch.ask('DescribeAlarms', { AlarmNames: ['peer'] })).MetricAlarms[0].AlarmName;

found.no_cluster = await nameOfError(ecs.ask('ListServices', { cluster: 'none' }));
found.no_group = await nameOfError(elb.ask('DescribeTargetGroups', { Names: ['none'] }));
console.log(JSON.stringify(found));
