"""Roles with policies may do what these allow, and AWS's words tell what they do not."""

import json
import unittest

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

    def limited(self):
        """The environment of a session of the limited role."""
        credentials = self.aws("sts", "assume-role", "--role-arn", f"arn:aws:iam::{ACCOUNT}:role/limited", "--role-session-name", "walk")["Credentials"]
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
