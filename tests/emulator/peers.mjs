// Drives the emulator with AWS's SDK for JavaScript: a service from nothing to a second revision, waiters and errors
// included. Usage: node peers.mjs ENDPOINT IMAGE, with @aws-sdk in PIPELINE_PEERS. Prints what it found as JSON.
import { nameOfError, optionsOf, require } from './peers_sdk.mjs';

const ecs = require('@aws-sdk/client-ecs');
const elb = require('@aws-sdk/client-elastic-load-balancing-v2');
const sts = require('@aws-sdk/client-sts');
const codedeploy = require('@aws-sdk/client-codedeploy');

const [endpoint, image] = process.argv.slice(2);
const options = optionsOf(endpoint);
const client = new ecs.ECSClient(options);
const found = {};

async function register(version) {
  const answer = await client.send(new ecs.RegisterTaskDefinitionCommand({
    family: 'peers',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [{
      name: 'web', image, portMappings: [{ containerPort: 8000 }], stopTimeout: 2,
      command: ['sh', '-c', `mkdir /tmp/w && echo ${version} > /tmp/w/index.html && exec httpd -f -p 8000 -h /tmp/w`],
    }],
  }));
  return answer.taskDefinition.taskDefinitionArn;
}

const stable = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
const service = { cluster: 'walk', services: ['peers'] };
const caller = await new sts.STSClient(options).send(new sts.GetCallerIdentityCommand({}));
found.caller = caller.Arn;

const balancing = new elb.ElasticLoadBalancingV2Client(options);
const groups = await balancing.send(new elb.DescribeTargetGroupsCommand({ Names: ['web'] }));
const group = groups.TargetGroups[0].TargetGroupArn;
await client.send(new ecs.CreateServiceCommand({
  cluster: 'walk', serviceName: 'peers', taskDefinition: await register('one'), desiredCount: 1,
  healthCheckGracePeriodSeconds: 10,
  loadBalancers: [{ targetGroupArn: group, containerName: 'web', containerPort: 8000 }],
}));
found.created = (await ecs.waitUntilServicesStable(stable, service)).state;
found.inService = (await elb.waitUntilTargetInService({ ...stable, client: balancing }, { TargetGroupArn: group })).state;

const before = (await client.send(new ecs.DescribeServicesCommand(service))).services[0].deployments[0].id;
const updated = await client.send(new ecs.UpdateServiceCommand({
  cluster: 'walk', service: 'peers', taskDefinition: await register('two'),
}));
found.newPrimary = updated.service.deployments[0].status === 'PRIMARY' && updated.service.deployments[0].id !== before;
found.updated = (await ecs.waitUntilServicesStable(stable, service)).state;
const listed = await client.send(new ecs.ListServiceDeploymentsCommand({ cluster: 'walk', service: 'peers' }));
const described = await client.send(new ecs.DescribeServiceDeploymentsCommand({
  serviceDeploymentArns: [listed.serviceDeployments[0].serviceDeploymentArn],
}));
found.status = described.serviceDeployments[0].status;
found.createdAtIsADate = described.serviceDeployments[0].createdAt instanceof Date;

const run = { cluster: 'walk', taskDefinition: 'peers', clientToken: 'the-same', launchType: 'FARGATE' };
const first = await client.send(new ecs.RunTaskCommand(run));
const again = await client.send(new ecs.RunTaskCommand(run));
found.sameTask = first.tasks[0].taskArn === again.tasks[0].taskArn;
await client.send(new ecs.StopTaskCommand({ cluster: 'walk', task: first.tasks[0].taskArn }));
found.stopped = (await ecs.waitUntilTasksStopped(stable, { cluster: 'walk', tasks: [first.tasks[0].taskArn] })).state;

found.noCluster = await nameOfError(client.send(new ecs.ListServicesCommand({ cluster: 'none' })));
found.noGroup = await nameOfError(balancing.send(new elb.DescribeTargetGroupsCommand({ Names: ['none'] })));
const deploys = new codedeploy.CodeDeployClient(options);
found.noDeployment = await nameOfError(deploys.send(new codedeploy.GetDeploymentCommand({ deploymentId: 'd-000000000' })));
const stranger = new ecs.ECSClient({ ...options, credentials: { accessKeyId: 'NOBODY', secretAccessKey: 'x' } });
found.stranger = await nameOfError(stranger.send(new ecs.ListClustersCommand({})));

await client.send(new ecs.DeleteServiceCommand({ cluster: 'walk', service: 'peers', force: true }));
console.log(JSON.stringify(found));
