"""pipeline rehearse of a workflow: its own deploy job builds, pushes and deploys, with each fault once more."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from emulator_harness import BareEmulatorTest
from rehearse_test import DEFINITION, SEED, SERVER

ROLES = """
oidc_providers: [{url: 'https://token.actions.githubusercontent.com'}]
roles:
  - name: github
    trust_policy:
      Version: '2012-10-17'
      Statement:
        - Effect: Allow
          Principal: {Federated: 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com'}
          Action: sts:AssumeRoleWithWebIdentity
          Condition: {StringEquals: {'token.actions.githubusercontent.com:aud': sts.amazonaws.com}}
  - name: execution
    trust_policy:
      Version: '2012-10-17'
      Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
repositories: [{name: items}]
"""
WORKFLOW = """
on: push
permissions: {contents: read, id-token: write}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with: {role-to-assume: 'arn:aws:iam::123456789012:role/github', aws-region: eu-central-1}
      - id: ecr
        uses: aws-actions/amazon-ecr-login@v2
      - run: |
          docker build -t "${{ steps.ecr.outputs.registry }}/items:$GITHUB_SHA" .
          docker push "${{ steps.ecr.outputs.registry }}/items:$GITHUB_SHA"
      - id: render
        uses: aws-actions/amazon-ecs-render-task-definition@v1
        with:
          task-definition: task.json
          container-name: items
          image: ${{ steps.ecr.outputs.registry }}/items:${{ github.sha }}
      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2
        with:
          task-definition: ${{ steps.render.outputs.task-definition }}
          service: items
          cluster: production
          wait-for-service-stability: true
"""


class RehearseWorkflowTest(BareEmulatorTest):
    """A repository of one static program; the rehearsal has an emulator of its own."""

    seed_text = SEED.replace("    deploymentConfiguration: {strategy: CANARY}\n", "") + ROLES

    @classmethod
    def setUpClass(cls):  # no emulator of the class
        cls.folder = Path(tempfile.mkdtemp(prefix="pipeline-rehearse-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.state = cls.folder / "state"
        cls.prepare()

    def setUp(self):
        shutil.copy(SERVER, self.repository / "server")
        (self.repository / "Dockerfile").write_text('FROM scratch\nCOPY server /server\nCMD ["/server"]\n', encoding="utf-8")
        (self.repository / "task.json").write_text(json.dumps(DEFINITION), encoding="utf-8")
        workflow = self.repository / ".github" / "workflows" / "deploy.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text(WORKFLOW, encoding="utf-8")
        self.run_program("git", "init", "-q", "-b", "main")
        self.run_program("git", "add", "-A")
        self.run_program("git", "commit", "-q", "-m", "The service")

    def test_each_fault_ends_as_documented(self):
        """Built, pushed, deployed; taken back where the fault is fatal; no request fails."""
        faults = ("none", "crash", "unhealthy", "throttling", "expired-token", "identity-provider", "alarm", "stop")
        output = self.run_program(
            self.binary(), "rehearse", ".github/workflows/deploy.yml", "--json", *(word for fault in faults for word in ("--fault", fault)),
            timeout=280,
        )  # fmt: skip
        *ends, last = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        self.assertEqual(last, {"type": "rehearsal_finished", "tried": len(faults), "as_expected": len(faults)}, ends)
        came = {end["fault"]: (end["came"], end["requests"]["failed"], end["right_version"]) for end in ends}
        for fault in faults:
            expected = "COMPLETED" if fault in ("none", "throttling", "expired-token", "identity-provider") else "ROLLED_BACK"
            self.assertEqual(came[fault], (expected, 0, True), fault)


if __name__ == "__main__":
    unittest.main(verbosity=2)
