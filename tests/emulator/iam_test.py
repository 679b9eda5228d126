"""Roles with policies may do what these allow, and AWS's words tell what they do not."""

import json
import unittest
import urllib.error
import urllib.request

import api_walk
from emulator_harness import BareEmulatorTest

ACCOUNT = "123456789012"
SEED = (
    api_walk.SEED
    + """
secrets:
  - {name: walk/secret, value: hidden}
"""
).replace(
    "clusters: [walk]",
    """  - name: limited
    trust_policy:
      Version: '2012-10-17'
      Statement: [{Effect: Allow, Principal: {AWS: '*'}, Action: 'sts:AssumeRole'}]
    policies:
      - name: deploy
        policy:
          Version: '2012-10-17'
          Statement:
            - {Effect: Allow, Action: ['ecs:RegisterTaskDefinition', 'ecs:Describe*', 'ecs:RunTask'], Resource: '*'}
            - {Effect: Allow, Action: 'iam:PassRole', Resource: 'arn:aws:iam::123456789012:role/task-*'}
            - {Effect: Deny, Action: 'ecs:DescribeTasks', Resource: '*'}
            - {Effect: Allow, Action: 'ecr:DescribeImages', Resource: 'arn:aws:ecr:eu-central-1:123456789012:repository/web'}
  - name: puller
    trust_policy:
      Version: '2012-10-17'
      Statement: [{Effect: Allow, Principal: {AWS: '*'}, Action: 'sts:AssumeRole'}]
    policies:
      - {name: login, policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'ecr:GetAuthorizationToken', Resource: '*'}]}}
  - name: execution
    trust_policy:
      Version: '2012-10-17'
      Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]
    attached_policies: ['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy']
clusters: [walk]""",
)


class IamTest(BareEmulatorTest):
    """Debian's aws with the credentials of a role."""

    seed_text = SEED

    def limited(self, role="limited"):
        """The environment of a session of a role."""
        credentials = self.aws("sts", "assume-role", "--role-arn", f"arn:aws:iam::{ACCOUNT}:role/{role}", "--role-session-name", "walk")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }

    def register(self, code=0, **roles):
        """A task definition with roles, by the limited role."""
        definition = {"family": "passed", "containerDefinitions": [{"name": "web", "image": "web:1"}], "cpu": "256", "memory": "512", **roles}
        return self.aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(definition), env=self.limited(), code=code)

    def test_what_no_policy_allows_is_refused_in_aws_words(self):
        """The message that people search for, by JSON and by Query."""
        user = f"arn:aws:sts::{ACCOUNT}:assumed-role/limited/walk"
        output = self.aws("ecs", "update-service", "--cluster", "walk", "--service", "web", env=self.limited(), code=254)
        resource = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/walk/web"
        self.assertIn(f"(AccessDeniedException) when calling the UpdateService operation: User: {user} is not authorized to perform: ecs:UpdateService "
                      f"on resource: {resource} because no identity-based policy allows the ecs:UpdateService action", output)  # fmt: skip
        output = self.aws("elbv2", "describe-target-groups", env=self.limited(), code=254)
        self.assertIn("(AccessDenied) when calling the DescribeTargetGroups operation: User: ", output)
        output = self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", "0" * 32, env=self.limited(), code=254)
        self.assertIn("with an explicit deny in an identity-based policy", output)
        self.aws("ecs", "describe-clusters", "--clusters", "walk", env=self.limited())
        self.assertIn("ecs:UpdateService", self.run_program(self.binary(), "emulator", "audit"))

    def test_resources_restrict(self):
        """One repository, not another."""
        for name, message in (("web", "NotFoundException"), ("other", "because no identity-based policy allows the ecr:DescribeImages action")):
            self.assertIn(message, self.aws("ecr", "describe-images", "--repository-name", name, "--image-ids", "imageTag=none", env=self.limited(), code=254))

    def test_passing_a_role_needs_the_right_to(self):
        """iam:PassRole, by the role's ARN."""
        self.register(taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/task-web")
        output = self.register(code=254, executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution")
        self.assertIn(f"is not authorized to perform: iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/execution", output)
        definition = {"family": "other", "containerDefinitions": [{"name": "web", "image": "web:1", "memory": 128}], "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution"}
        self.aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(definition))
        output = self.aws("ecs", "run-task", "--cluster", "walk", "--task-definition", "other", env=self.limited(), code=254)
        self.assertIn("iam:PassRole", output)

    def test_an_execution_role_needs_rights_on_its_secrets(self):
        """The task's stoppedReason says which; with the right it starts."""
        self.aws("ecr", "create-repository", "--repository-name", "web")
        image = self.push_image("web:1", 'CMD ["true"]')
        secret = self.aws("secretsmanager", "describe-secret", "--secret-id", "walk/secret")["ARN"]
        container = {"name": "web", "image": image, "secrets": [{"name": "SECRET", "valueFrom": secret}], "command": ["sh", "-c", "test $SECRET = hidden"]}
        definition = {"family": "secret", "containerDefinitions": [container], "cpu": "256", "memory": "512", "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution"}
        self.aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(definition))
        stopped = self.run_to_end("secret")
        self.assertIn("ResourceInitializationError: unable to pull secrets or registry auth", stopped["stoppedReason"])
        self.assertIn(f"is not authorized to perform: secretsmanager:GetSecretValue on resource: {secret}", stopped["stoppedReason"])
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}]}
        self.aws("iam", "put-role-policy", "--role-name", "execution", "--policy-name", "secrets", "--policy-document", json.dumps(policy))
        self.assertEqual(self.run_to_end("secret")["containers"][0]["exitCode"], 0)

    def run_to_end(self, definition):
        """The stopped task of a run."""
        task = self.aws("ecs", "run-task", "--cluster", "walk", "--task-definition", definition)["tasks"][0]["taskArn"]
        describe = lambda: self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", task)["tasks"][0]  # noqa: E731
        self.wait_until("the task to stop", lambda: describe()["lastStatus"] == "STOPPED")
        return describe()

    def test_policies_of_the_api_survive_a_kill(self):
        """What IAM made is kept, and the document is URL-encoded on the wire."""
        self.aws("iam", "create-role", "--role-name", "kept", "--assume-role-policy-document", api_walk.TRUST)
        self.kill()
        role = self.aws("iam", "get-role", "--role-name", "kept")["Role"]
        self.assertEqual(role["AssumeRolePolicyDocument"], json.loads(api_walk.TRUST))

    def test_a_user_of_the_seed_may_do_what_is_simulated(self):
        """Users have no policies here; one that is not there cannot be found."""
        simulate = ("iam", "simulate-principal-policy", "--action-names", "iam:PassRole", "--policy-source-arn")
        results = self.aws(*simulate, f"arn:aws:iam::{ACCOUNT}:user/admin")["EvaluationResults"]
        self.assertEqual([result["EvalDecision"] for result in results], ["allowed"])
        self.assertIn("(NoSuchEntity)", self.aws(*simulate, f"arn:aws:iam::{ACCOUNT}:user/nobody", code=254))


class RepositoryPolicyTest(BareEmulatorTest):
    """Who may push to a repository and pull from it, by its own policy and that of the role."""

    seed_text = SEED
    limited = IamTest.limited

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws("ecr", "create-repository", "--repository-name", "guarded")
        cls.image = cls.push_image("guarded:1")

    def rule(self, *statements):
        """Makes these the repository's policy."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": str(number), **statement} for number, statement in enumerate(statements)]})
        self.aws("ecr", "set-repository-policy", "--repository-name", "guarded", "--policy-text", policy)

    def ask(self, method, path, env=None, body=None):
        """Status and text of a request to the registry, with the token of whoever has this environment."""
        token = self.aws("ecr", "get-authorization-token", env=env)["authorizationData"][0]["authorizationToken"]
        headers = {"Authorization": f"Basic {token}", "Accept": "*/*", "Content-Type": "application/vnd.oci.image.manifest.v1+json"}
        request = urllib.request.Request(f"{self.endpoint}/v2/guarded/{path}", method=method, headers=headers, data=body)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def test_an_allow_of_the_repository_is_enough_for_a_role(self):
        """For the actions that it names, over the registry and the API."""
        puller = self.limited("puller")
        status, text = self.ask("GET", "manifests/1", puller)
        self.assertEqual(status, 403)
        self.assertIn("assumed-role/puller/walk is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/guarded", text)
        self.rule({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/puller"}, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:DescribeImages"]})
        status, manifest = self.ask("GET", "manifests/1", puller)
        self.assertEqual(status, 200)
        self.assertEqual(self.ask("GET", "blobs/" + json.loads(manifest)["config"]["digest"], puller)[0], 200)
        self.assertEqual(len(self.aws("ecr", "describe-images", "--repository-name", "guarded", env=puller)["imageDetails"]), 1)
        status, text = self.ask("PUT", "manifests/2", puller, manifest.encode())
        self.assertEqual((status, "ecr:PutImage" in text), (403, True))
        self.assertEqual(self.ask("POST", "blobs/uploads/", puller, b"")[0], 403)

    def test_a_deny_of_the_repository_is_for_all(self):
        """Also for who may do everything else."""
        manifest = self.ask("GET", "manifests/1")[1]
        self.rule({"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"})
        status, text = self.ask("PUT", "manifests/2", body=manifest.encode())
        self.assertEqual(status, 403)
        self.assertIn("with an explicit deny in a resource-based policy", text)
        self.assertEqual(self.ask("GET", "manifests/1")[0], 200)
        self.aws("ecr", "delete-repository-policy", "--repository-name", "guarded")
        self.assertEqual(self.ask("PUT", "manifests/2", body=manifest.encode())[0], 201)

    def test_a_task_pulls_as_its_execution_role(self):
        """A task whose role the repository denies does not start."""
        role = f"arn:aws:iam::{ACCOUNT}:role/execution"
        self.rule({"Effect": "Deny", "Principal": {"AWS": role}, "Action": "ecr:BatchGetImage"})
        container = [{"name": "one", "image": self.image, "command": ["true"]}]
        self.aws("ecs", "register-task-definition", "--family", "guarded", "--cpu", "256", "--memory", "512", "--execution-role-arn", role, "--container-definitions", json.dumps(container))
        run = lambda: self.aws("ecs", "run-task", "--cluster", "walk", "--task-definition", "guarded")["tasks"][0]["taskArn"]  # noqa: E731
        describe = lambda task: self.aws("ecs", "describe-tasks", "--cluster", "walk", "--tasks", task)["tasks"][0]  # noqa: E731
        task = run()
        self.wait_until("the task to stop", lambda: describe(task)["lastStatus"] == "STOPPED")
        self.assertIn("CannotPullContainerError", describe(task)["stoppedReason"])
        self.assertIn("explicit deny in a resource-based policy", describe(task)["stoppedReason"])
        self.aws("ecr", "delete-repository-policy", "--repository-name", "guarded")
        task = run()
        self.wait_until("the task to stop", lambda: describe(task)["lastStatus"] == "STOPPED")
        self.assertEqual(describe(task)["stopCode"], "EssentialContainerExited")


if __name__ == "__main__":
    unittest.main(verbosity=2)
