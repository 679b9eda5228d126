"""The artifacts of a forge: ArtifactService by Twirp and block blobs, written from the toolkit's
results/api/v1/artifact.proto and what Gitea's routers/api/actions/artifactsv4.go does with it. It is no Gitea: it keeps
all in memory, refuses what Gitea refuses, and what no client of the toolkit sends besides.
"""

import base64
import hashlib
import hmac
import json
import re
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

SERVICE = "/twirp/github.actions.results.api.v1.ArtifactService/"
IDS = {"workflow_run_backend_id", "workflow_job_run_backend_id"}
FIELDS = {
    "CreateArtifact": IDS | {"name", "expires_at", "version"},
    "FinalizeArtifact": IDS | {"name", "size", "hash"},
    "ListArtifacts": IDS | {"name_filter", "id_filter"},
    "GetSignedArtifactURL": IDS | {"name"},
    "DeleteArtifact": IDS | {"name"},
}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")


class Refused(Exception):
    """An answer with a status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Artifact:
    """One name of a run."""

    def __init__(self, number, name):
        self.id = number
        self.name = name
        self.blocks = {}
        self.order = None
        self.content = None  # once it is finalized


class FakeArtifacts:
    """Those of all runs of a forge at `url`."""

    def __init__(self):
        self.key = uuid.uuid4().bytes
        self.tokens = {}  # token → (run, job)
        self.runs = {}  # run → name → Artifact
        self.count = 100
        self.failures = []  # statuses of the next answers
        self.calls = []

    def token(self, run, job):
        """As Gitea makes ACTIONS_RUNTIME_TOKEN for a task."""
        parts = ({"alg": "HS256", "typ": "JWT"}, {"scp": f"Actions.Results:{run}:{job}", "TaskID": job, "jti": uuid.uuid4().hex})
        text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        mac = hmac.new(self.key, text.encode(), hashlib.sha256).digest()
        token = text + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        self.tokens[token] = (str(run), str(job))
        return token

    def contents(self, run):
        """What is whole, by name."""
        return {one.name: one.content for one in self.runs.get(str(run), {}).values() if one.content is not None}

    def answer(self, method, target, headers, body, url):
        """(status, content type, body)."""
        parsed = urllib.parse.urlsplit(target)
        self.calls.append((method, parsed.path.rsplit("/", 1)[1]))
        if self.failures:
            return self.failures.pop(0), "text/plain", b"try again"
        try:
            query = dict(urllib.parse.parse_qsl(parsed.query, strict_parsing=bool(parsed.query)))
            name = parsed.path.removeprefix(SERVICE)
            if name in ("UploadArtifact", "DownloadArtifact"):
                return self.blob(method, name, query, body)
            return 200, "application/json;charset=utf-8", json.dumps(self.call(method, name, headers, body, url)).encode()
        except Refused as refused:
            return refused.status, "text/plain", str(refused).encode()

    def call(self, method, name, headers, body, url):
        """One of the service's methods; names as protojson.Marshal writes them."""
        need(method == "POST" and name in FIELDS, 404, "no such method")
        need(headers.get("Content-Type") == "application/json", 400, "Content-Type: application/json")
        run, job = self.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "), (None, None))
        need(run, 401, "Error runner api getting task: task is not running or not found")
        message = json.loads(body)
        need(set(message) <= FIELDS[name], 400, f"proto: unknown field: {sorted(set(message) - FIELDS[name])}")
        need(message.get("workflow_run_backend_id") == run, 400, "run-id does not match")
        need(message.get("workflow_job_run_backend_id") == job, 400, "job-id does not match")
        known = self.runs.setdefault(run, {})
        if name == "CreateArtifact":
            return self.create(message, known, run, url)
        if name == "ListArtifacts":
            return {"artifacts": [self.shown(one, run, job) for one in known.values() if one.content is not None]}
        artifact = known.get(message["name"])
        need(artifact, 404, "artifact not found")
        if name == "FinalizeArtifact":
            return self.finalize(message, artifact)
        need(artifact.content is not None, 404, "artifact not found")
        if name == "DeleteArtifact":
            del known[artifact.name]
            return {"ok": True, "artifactId": str(artifact.id)}
        return {"signedUrl": self.signed(url, "DownloadArtifact", artifact, run)}

    def create(self, message, known, run, url):
        """Another of that name is replaced when it is finalized."""
        need(message.get("version") == 4, 400, "version 4")
        need(TIME.match(message.get("expires_at", "")), 400, "expires_at is an RFC 3339 time in UTC")
        need(message["name"] and not re.search(r'["<>|*?:\r\n\\/]', message["name"]), 400, "invalid artifact name")
        self.count += 1
        known[message["name"]] = artifact = Artifact(self.count, message["name"])
        return {"ok": True, "signedUploadUrl": self.signed(url, "UploadArtifact", artifact, run)}

    @staticmethod
    def shown(artifact, run, job):
        """MonolithArtifact; int64 as text."""
        return {
            "workflowRunBackendId": run, "workflowJobRunBackendId": job, "databaseId": str(artifact.id), "name": artifact.name,
            "size": str(len(artifact.content)), "createdAt": "2026-01-01T00:00:00Z",
        }  # fmt: skip

    @staticmethod
    def finalize(message, artifact):
        """The blocks in their order, held against size and digest."""
        need(artifact.order is not None, 500, "Error merge chunks: no block list")
        need(all(name in artifact.blocks for name in artifact.order), 500, "Error merge chunks: a block is missing")
        content = b"".join(artifact.blocks[name] for name in artifact.order)
        need(isinstance(message["size"], str) and int(message["size"]) == len(content), 400, "Error merge chunks: size")
        need(message.get("hash") == "sha256:" + hashlib.sha256(content).hexdigest(), 500, "Error merge chunks: update hash sum")
        artifact.content = content
        return {"ok": True, "artifactId": str(artifact.id)}

    def signature(self, *parts):
        """Of an address."""
        return hmac.new(self.key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def signed(self, url, name, artifact, run):
        """As buildArtifactURL makes it."""
        query = {"sig": self.signature(name, run, artifact.name), "artifactName": artifact.name, "run": run, "artifactID": artifact.id}
        return f"{url}{SERVICE}{name}?{urllib.parse.urlencode(query)}"

    def blob(self, method, name, query, body):
        """What is behind a signed address: no token is asked for, nor may one be sent."""
        need(hmac.compare_digest(query.get("sig", ""), self.signature(name, query.get("run", ""), query.get("artifactName", ""))), 401, "unauthorized")
        artifact = self.runs[query["run"]][query["artifactName"]]
        if name == "DownloadArtifact":
            need(method == "GET", 405, "GET")
            return 200, "application/zip", artifact.content
        need(method == "PUT", 405, "PUT")
        if query.get("comp") == "block":
            need(query.get("blockid"), 400, "blockid")
            sizes = {len(base64.b64decode(one, validate=True)) for one in [*artifact.blocks, query["blockid"]]}
            need(len(sizes) == 1, 400, "block ids of one length (Azure's Put Block)")
            artifact.blocks[query["blockid"]] = body
        elif query.get("comp") == "blocklist":
            artifact.order = [one.text for one in ElementTree.fromstring(body).findall("Latest")]
        else:
            raise Refused(400, "comp")
        return 201, "application/json", b'"created"'


def need(condition, status, message):
    """What is not of the protocol is refused."""
    if not condition:
        raise Refused(status, message)
