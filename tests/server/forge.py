"""A forge as the daemon sees it: a bare repository to fetch from, and hooks that it signs."""

import hashlib
import hmac
import http.client
import json
import time
import uuid

from serve_harness import ServeTest

SECRET = "s3cret"
READ, RUN = "look-token", "work-token"


def digest_of(token):
    """As the configuration has it."""
    return hashlib.sha256(token.encode()).hexdigest()


class ForgeTest(ServeTest):
    """acme/shop, whose pushes and hooks the test makes."""

    REPOSITORY = "acme/shop"
    MORE = ""  # of the repository's configuration
    EXTRA = ""  # of the whole configuration

    def setUp(self):
        super().setUp()
        self.bare = self.folder / "shop.git"
        self.git("clone", "-q", "--bare", str(self.repository), str(self.bare))
        (self.folder / "hook.secret").write_text(SECRET + "\n", encoding="utf-8")
        self.configure(
            "hooks:\n"
            + "".join(f"  {forge}: {{secrets: ['file:hook.secret']}}\n" for forge in ("github", "gitea", "gitlab"))
            + f"tokens:\n  eyes: {{digest: {digest_of(READ)}}}\n  hands: {{scope: run, digest: {digest_of(RUN)}}}\n"
            + f"{self.EXTRA}repositories:\n  {self.REPOSITORY}:\n    url: {self.bare}\n{self.MORE}"
        )

    def push(self, ref="main", force=False):
        """Push what the work tree has; (before, after)."""
        before = self.git("ls-remote", str(self.bare), f"refs/heads/{ref}").split("\t")[0] or "0" * 40
        self.git("push", "-q", *(["--force"] if force else []), str(self.bare), f"HEAD:refs/heads/{ref}")
        return before, self.git("rev-parse", "HEAD")

    def push_payload(self, before, after, ref="refs/heads/main", **more):
        """As GitHub tells of a push."""
        return {
            "ref": ref,
            "before": before,
            "after": after,
            "deleted": set(after) == {"0"},
            "head_commit": {"id": after, "message": "Change"},
            "repository": {"full_name": self.REPOSITORY, "default_branch": "main"},
            "sender": {"login": "ann"},
            **more,
        }

    def hook_request(self, event, payload, guid=None, secret=SECRET, forge="github"):
        """(headers, body) of a signed delivery."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json"}
        guid = guid or str(uuid.uuid4())
        if forge == "github":
            headers |= {"X-GitHub-Event": event, "X-GitHub-Delivery": guid, "X-Hub-Signature-256": f"sha256={mac}"}
        elif forge == "gitea":
            headers |= {"X-Gitea-Event": event, "X-Gitea-Delivery": guid, "X-Gitea-Signature": mac}
        else:
            headers |= {"X-Gitlab-Event": event, "X-Gitlab-Event-UUID": guid, "X-Gitlab-Token": secret}
        return headers, body

    def hook(self, event, payload, forge="github", **how):
        """Send a delivery; (status, answer)."""
        headers, body = self.hook_request(event, payload, forge=forge, **how)
        status, text = self.ask("POST", f"/hooks/{forge}", body, headers)
        return status, json.loads(text)

    def get(self, path, token=READ):
        """The JSON at a path."""
        status, text = self.ask("GET", path, token=token)
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def post(self, path, body=None, token=RUN):
        """(status, JSON) of what is asked for."""
        status, text = self.ask("POST", path, body or {}, {"Content-Type": "application/json"}, token)
        return status, json.loads(text)

    def wait_for(self, what, condition, seconds=60):
        """Until the condition gives something true; that."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            self.assertLess(time.monotonic(), deadline, f"{what}\n{self.log()}")
            time.sleep(0.05)

    def verdict(self, delivery):
        """The delivery when it has a verdict."""

        def judged():
            found = self.get(f"/api/deliveries/{delivery}")["delivery"]
            return found if found["verdict"] != "pending" else None

        return self.wait_for(f"delivery {delivery} has no verdict", judged)

    def run_when(self, run, *statuses):
        """The run when it has one of the statuses."""

        def there():
            found = self.get(f"/api/runs/{run}")
            return found if found["run"]["status"] in statuses else None

        return self.wait_for(f"run {run} is not {statuses}", there)

    def push_and_run(self, message="Change"):
        """Commit, push, tell of it; the id of the run that it starts."""
        del message
        self.commit()
        before, after = self.push()
        status, answer = self.hook("push", self.push_payload(before, after))
        self.assertEqual(status, 202, answer)
        verdict = self.verdict(answer["delivery"])
        self.assertEqual(verdict["verdict"], "started", verdict)
        return next(one["run"] for one in verdict["workflows"] if one["runs"])

    def connection(self):
        """A connection that is kept, for many requests."""
        host, port = self.url.removeprefix("http://").split(":")
        return http.client.HTTPConnection(host, int(port), timeout=60)
