"""A forge that hands out jobs by runner.v1, written from actions-proto-def's runner/v1/{services,messages}.proto and
what Gitea's routers/api/actions/runner does with them. It is not Gitea: it keeps everything in memory and refuses
what Gitea refuses, and fields and values that are in no proto file besides.
"""

import base64
import json
import re
import sys
import threading
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflows"))
from action_server import ActionServer  # noqa: E402
from fake_forge_artifacts import FakeArtifacts  # noqa: E402

SERVICE = "/api/actions/runner.v1.RunnerService/"
RESULTS = ["UNSPECIFIED", "SUCCESS", "FAILURE", "CANCELLED", "SKIPPED"]
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
FIELDS = {
    "Register": {"name", "token", "agentLabels", "customLabels", "version", "labels", "ephemeral", "capabilities"},
    "Declare": {"version", "labels", "capabilities"},
    "FetchTask": {"tasksVersion"},
    "UpdateTask": {"state", "outputs"},
    "UpdateLog": {"taskId", "index", "rows", "noMore"},
}
HTTP_STATUS = {"unauthenticated": 401, "invalid_argument": 400, "already_exists": 409, "unimplemented": 404}


class Refusal(Exception):
    """A Connect error."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def need(condition, message):
    """What is not of the protocol is refused."""
    if not condition:
        raise Refusal("invalid_argument", message)


def int64(value):
    """ProtoJSON has it as text."""
    need(isinstance(value, str) and re.fullmatch(r"-?\d+", value), f"int64 as text, not {value!r}")
    return int(value)


def result_of(value):
    """The name without its prefix."""
    name = value.removeprefix("RESULT_")
    need(value.startswith("RESULT_") and name in RESULTS, f"a runner.v1.Result, not {value!r}")
    return name


def check_times(message):
    """google.protobuf.Timestamp."""
    for key in ("startedAt", "stoppedAt", "time"):
        need(key not in message or TIME.match(message[key]), f"an RFC 3339 time in UTC, not {message.get(key)!r}")


class Task:
    """One job and what the runner has said of it."""

    def __init__(self, number, message, labels):
        self.id = number
        self.message = message
        self.labels = labels
        self.runner = None
        self.result = "UNSPECIFIED"
        self.cancelling = False
        self.closed = False  # the log
        self.rows = []
        self.steps = {}
        self.outputs = {}
        self.updates = 0
        self.late = []  # what came after the end
        self.done = threading.Event()

    def log(self):
        """The contents of the rows."""
        return [row["content"] for row in self.rows]

    def step_log(self, number):
        """Of one step, as a page cuts it out of the log."""
        step = self.steps[number]
        first = int(step.get("logIndex", "0"))
        return self.log()[first : first + int(step.get("logLength", "0"))]

    def step_results(self):
        """In order."""
        return [result_of(self.steps[i].get("result", "RESULT_UNSPECIFIED")) for i in sorted(self.steps)]


class FakeForge(ActionServer):
    """Repositories as of ActionServer, and runner.v1 below /api/actions."""

    def __init__(self, folder):
        self.lock = threading.RLock()
        self.registration_token = "registration-" + uuid.uuid4().hex
        self.runners = {}  # uuid → {id, token, name, labels, ephemeral}
        self.tasks = []
        self.version = 1
        self.down = False  # connections are cut
        self.lost_answers = {}  # method → how many calls are carried out and not answered
        self.calls = []
        self.artifacts = FakeArtifacts()
        super().__init__(folder)

    # What tests do

    def add_task(self, workflow, labels=("ubuntu-latest",), secrets=None, variables=None, needs=None, context=None):
        """A job that waits for a runner."""
        github = {
            "event_name": "push",
            "event": {"ref": "refs/heads/main"},
            "ref": "refs/heads/main",
            "ref_name": "main",
            "ref_type": "branch",
            "sha": "0" * 40,
            "actor": "octo",
            "repository": "octo/app",
            "repository_owner": "octo",
            "run_id": "4711",
            "run_number": "12",
            "run_attempt": "1",
            "workflow": "ci.yml",
            "server_url": self.url + "/",
            "api_url": "",
            "token": "task-token-" + uuid.uuid4().hex,
            "gitea_default_actions_url": self.url,
            **(context or {}),
        }
        with self.lock:
            self.version += 1
            number = len(self.tasks) + 1
            message = {
                "id": str(number),
                "workflowPayload": base64.b64encode(workflow.encode()).decode(),
                "context": github,
                "secrets": {"GITHUB_TOKEN": github["token"], **(secrets or {})},
                "vars": variables or {},
                "needs": {
                    job: {"result": "RESULT_" + result, "outputs": outputs}
                    for job, (result, outputs) in (needs or {}).items()
                },
            }
            task = Task(number, message, list(labels))
            self.tasks.append(task)
            return task

    def cancel(self, task):
        """As by the button on the page."""
        with self.lock:
            task.cancelling = True

    # What the protocol says

    def answer(self, request):
        if request.path.startswith("/twirp/"):
            self.answer_artifacts(request)
            return
        if not request.path.startswith("/api/actions/"):
            super().answer(request)
            return
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if self.down:
            request.close_connection = True
            request.connection.close()
            return
        method = request.path.removeprefix(SERVICE)
        try:
            with self.lock:
                self.calls.append(method)
                status, answer = 200, self.carry_out(method, request, body)
        except Refusal as refusal:
            status = HTTP_STATUS.get(refusal.code, 500)
            answer = {"code": refusal.code, "message": refusal.message}
        if self.lost_answers.get(method, 0) > 0:
            self.lost_answers[method] -= 1
            request.close_connection = True
            request.connection.close()
            return
        text = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def answer_artifacts(self, request):
        """The results service."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        with self.lock:
            status, kind, text = self.artifacts.answer(request.command, request.path, request.headers, body, self.url)
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def carry_out(self, method, request, body):
        """One call."""
        need(request.command == "POST", "POST")
        need(request.headers.get("Content-Type") == "application/json", "Content-Type: application/json")
        if method not in FIELDS:
            raise Refusal("unimplemented", method)
        message = json.loads(body)
        need(set(message) <= FIELDS[method], f"fields of {method}Request: {sorted(message)}")
        if method == "Register":
            return self.register(message)
        runner = self.runners.get(request.headers.get("x-runner-uuid"))
        if runner is None or runner["token"] != request.headers.get("x-runner-token"):
            raise Refusal("unauthenticated", "unregistered runner")
        return {
            "Declare": self.declare,
            "FetchTask": self.fetch_task,
            "UpdateTask": self.update_task,
            "UpdateLog": self.update_log,
        }[method](runner, message)

    @staticmethod
    def shown(runner):
        """runner.v1.Runner."""
        return {"runner": {key: runner[key] for key in ("id", "uuid", "token", "name", "labels", "ephemeral")}}

    def register(self, message):
        if not message.get("token") or not message.get("name"):
            raise Refusal("unknown", "missing runner token, name")
        if message["token"] != self.registration_token:
            raise Refusal("unknown", "runner registration token not found")
        runner = {
            "id": str(len(self.runners) + 1),
            "uuid": str(uuid.uuid4()),
            "token": "runner-" + uuid.uuid4().hex,
            "name": message["name"],
            "labels": message.get("labels", []),
            "ephemeral": message.get("ephemeral", False),
        }
        self.runners[runner["uuid"]] = runner
        return self.shown(runner)

    def declare(self, runner, message):
        runner["labels"] = message.get("labels", [])
        return self.shown(runner)

    def fetch_task(self, runner, message):
        known = int64(message.get("tasksVersion", "0"))
        if known == self.version:
            return {"tasksVersion": str(self.version)}
        for task in self.tasks:
            if task.runner is None and set(task.labels) <= set(runner["labels"]):
                task.runner = runner["uuid"]
                return {"task": task.message, "tasksVersion": str(self.version)}
        return {"tasksVersion": str(self.version)}

    def task_of(self, runner, number):
        """The task when it is this runner's."""
        if not 0 < number <= len(self.tasks) or self.tasks[number - 1].runner != runner["uuid"]:
            raise Refusal("internal", "invalid runner for task")
        return self.tasks[number - 1]

    def update_task(self, runner, message):
        state = message["state"]
        need(set(state) <= {"id", "result", "startedAt", "stoppedAt", "steps"}, f"fields of TaskState: {sorted(state)}")
        check_times(state)
        task = self.task_of(runner, int64(state["id"]))
        task.updates += 1
        result = result_of(state.get("result", "RESULT_UNSPECIFIED"))
        for step in state.get("steps", []):
            allowed = {"id", "result", "startedAt", "stoppedAt", "logIndex", "logLength"}
            need(set(step) <= allowed, f"fields of StepState: {sorted(step)}")
            check_times(step)
            result_of(step.get("result", "RESULT_UNSPECIFIED"))
        if task.result != "UNSPECIFIED":
            task.late.append(message)  # the state is final
        else:
            for step in state.get("steps", []):
                task.steps[int64(step.get("id", "0"))] = step
            if result != "UNSPECIFIED":
                task.result = "CANCELLED" if task.cancelling else result
        for name, value in message.get("outputs", {}).items():
            if len(name.encode()) <= 255 and len(value.encode()) <= 1 << 20:
                task.outputs.setdefault(name, value)
        if task.result != "UNSPECIFIED":
            task.done.set()
            if runner["ephemeral"]:
                self.runners.pop(runner["uuid"], None)
        shown = "CANCELLED" if task.cancelling else task.result
        return {"state": {"id": state["id"], "result": "RESULT_" + shown}, "sentOutputs": sorted(task.outputs)}

    def update_log(self, runner, message):
        task = self.task_of(runner, int64(message["taskId"]))
        index = int64(message.get("index", "0"))
        rows = message.get("rows", [])
        for row in rows:
            need(set(row) == {"time", "content"}, f"fields of LogRow: {sorted(row)}")
            check_times(row)
            need("\n" not in row["content"], "one line a row")
        known = len(task.rows)
        if not rows or index > known or index + len(rows) <= known:
            return {"ackIndex": str(known)}
        if task.closed:
            raise Refusal("already_exists", "log file has been archived")
        task.rows += rows[known - index :]
        task.closed = message.get("noMore", False)
        return {"ackIndex": str(len(task.rows))}
