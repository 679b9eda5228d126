"""Workflows of the four aws-actions on an emulator, and what becomes of them: outputs, files, requests to AWS.

`aws-actions/` has a workflow for each case, and beside it, as .json, what became of it with the published JavaScript.
"""

import json
import shutil
from pathlib import Path

from emulator_harness import BareEmulatorTest
from recording_proxy import RecordingProxy, without_chance

FOLDER = Path(__file__).resolve().parent / "aws-actions"
CASES = sorted(path.stem for path in FOLDER.glob("*.yml") if path.stem != "seed")
REPORT = """\
      - if: always()
        env: {STEPS: "${{ toJSON(steps) }}"}
        run: python3 -c 'import json, os; print("STEPS", json.dumps(json.loads(os.environ["STEPS"])))'
"""


class AwsActionsTest(BareEmulatorTest):
    """An emulator with a proxy before it that keeps what is asked."""

    seed_text = (FOLDER / "seed.yml").read_text(encoding="utf-8")
    refs = {}  # of the actions: name → commit; a built-in takes any

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        image = cls.push_image("items:1", 'CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]', files={"www/health": "ok"})
        shutil.copy(FOLDER / "appspec.yaml", cls.repository)
        definition = (FOLDER / "task.json").read_text(encoding="utf-8").replace("IMAGE", image)
        (cls.repository / "task.json").write_text(definition, encoding="utf-8")
        cls.create_shifted_service(image)
        cls.run_program("git", "init", "-q", "-b", "main")
        cls.proxy = RecordingProxy(cls.endpoint)
        cls.addClassCleanup(cls.proxy.close)

    @classmethod
    def create_shifted_service(cls, image):
        """A service whose traffic CodeDeploy shifts."""
        definition = {
            "family": "shifted", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "items", "image": image, "portMappings": [{"containerPort": 8000}], "stopTimeout": 2}],
        }  # fmt: skip
        cls.aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(definition))
        groups = cls.aws("elbv2", "describe-target-groups", "--names", "blue")["TargetGroups"]
        balancer = f"targetGroupArn={groups[0]['TargetGroupArn']},containerName=items,containerPort=8000"
        cls.aws(
            "ecs", "create-service", "--cluster", "production", "--service-name", "shifted", "--task-definition", "shifted",
            "--desired-count", "1", "--deployment-controller", "type=CODE_DEPLOY", "--load-balancers", balancer,
        )  # fmt: skip

    def workflow(self, case):
        """Its text, with a step that tells of all others."""
        text = (FOLDER / f"{case}.yml").read_text(encoding="utf-8")
        for action, ref in self.refs.items():
            text = text.replace(f"{action}@REF", f"{action}@{ref}")
        return text + REPORT

    def carry_out(self, case, *flags, env=None):
        """Steps with their ends and outputs, the rendered file, and the requests."""
        path = self.repository / ".github" / "workflows" / "main.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.workflow(case), encoding="utf-8")
        self.run_program("git", "add", "-A")
        self.run_program("git", "commit", "-q", "--allow-empty", "-m", case)
        output = self.run_program(
            self.binary(), "run", ".github/workflows/main.yml", "--emulator", "--var", f"RECORDER={self.proxy.url}", *flags,
            timeout=300, env=env,
        )  # fmt: skip
        found = {"requests": self.proxy.take()}
        for line in output.splitlines():
            for word in ("STEPS", "FILE"):
                if f"{word} {{" in line:
                    found[word.lower()] = without_chance(json.loads(line[line.index(f"{word} {{") + len(word) :]))
        self.assertIn("steps", found, output)
        return found
