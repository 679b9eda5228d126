"""Deliveries as forges send them on other days than those of the recorded payloads, and as nobody should send them.

Each gets an answer that says so, and each that is accepted gets a verdict.
"""

import hashlib
import hmac
import json
import time
import unittest
import urllib.parse

from forge import SECRET, ForgeTest
from hooks_test import WAITS

ZEROS = "0" * 40
GONE = "d" * 40
# Deeper than JSON is read.
DEEP = "[" * 100_000


def without(payload, *path):
    """A copy that lacks the member at the path."""
    return changed(payload, *path, value=None, remove=True)


def changed(payload, *path, value, remove=False):
    """A copy whose member at the path is another one."""
    copy = json.loads(json.dumps(payload))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    if remove:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copy


class HookVariantsTest(ForgeTest):
    """One daemon per test, one repository with a workflow on pushes and one on much else."""

    def setUp(self):
        super().setUp()
        self.workflow("on: push\n" + WAITS, "push.yml")
        self.workflow("on: [create, delete, pull_request, issues, issue_comment, release, fork]\n" + WAITS, "other.yml")
        self.commit()
        self.push()
        self.serve()

    def pushed(self, **more):
        """The payload of a push that is there and was not told of."""
        self.commit()
        return self.push_payload(*self.push(), **more)

    def answered(self, name, headers, body, forge="github"):
        """(status, answer) without waiting long; never an error of the server's own."""
        began = time.monotonic()
        status, text = self.ask("POST", f"/hooks/{forge}", body, headers)
        self.assertLess(time.monotonic() - began, 10, name)
        self.assertLess(status, 500, (name, text))
        return status, json.loads(text)

    def judged(self, name, event, payload, expected, forge="github"):
        """Accepted, and its verdict is as expected, with a reason."""
        headers, body = self.hook_request(event, payload, forge=forge)
        status, answer = self.answered(name, headers, body, forge)
        self.assertEqual(status, 202, (name, answer))
        verdict = self.verdict(answer["delivery"])
        self.assertEqual(verdict["verdict"], expected, (name, verdict))
        self.assertTrue(verdict["reason"], name)
        return verdict

    def all_judged(self, variants, forge="github"):
        """(name, event, payload, verdict) of each."""
        for name, event, payload, expected in variants:
            with self.subTest(name):
                self.judged(name, event, payload, expected, forge)

    def test_pushes_with_less_or_other_than_is_usual(self):
        full = self.pushed
        self.all_judged([
            ("no head_commit", "push", {**full(), "head_commit": None}, "started"),
            ("no head_commit at all", "push", without(full(), "head_commit"), "started"),
            ("no sender", "push", without(full(), "sender"), "started"),
            ("a null sender", "push", {**full(), "sender": None}, "started"),
            ("a sender of a bot", "push", {**full(), "sender": {"login": "dependabot[bot]", "type": "Bot"}}, "started"),
            ("no default branch", "push", without(full(), "repository", "default_branch"), "started"),
            ("commits are null", "push", {**full(), "commits": None}, "started"),
            ("commits of another kind", "push", {**full(), "commits": {"id": 1}}, "started"),
            ("a commit of another kind", "push", {**full(), "commits": ["x", None]}, "started"),
            ("the name in other case", "push", changed(full(), "repository", "full_name", value="ACME/Shop"), "started"),
            ("unknown members", "push", {**full(), "new_in_2031": {"a": [1, {"b": None}]}}, "started"),
            ("huge numbers", "push", {**full(), "installation": {"id": 10**300}, "size": -(10**300), "ratio": 1e308}, "started"),
            ("a message of all planes", "push", changed(full(), "head_commit", "message", value="Grüße 🎉 \u202e\u0000 語"), "started"),
            ("an actor of other letters", "push", changed(full(), "sender", "login", value="Ünïcødé 語"), "started"),
            ("no before", "push", without(full(), "before"), "started"),
            ("before of another kind", "push", {**full(), "before": 7}, "started"),
            ("before that was forced away", "push", {**full(), "before": GONE}, "started"),
            ("a branch that was deleted", "push", {**full(), "after": ZEROS, "deleted": True, "head_commit": None}, "started"),
            ("a commit that was taken back", "push", {**full(), "after": GONE}, "nothing"),
            ("no after", "push", without(full(), "after"), "started"),
            ("no ref", "push", without(full(), "ref"), "nothing"),
            ("a ref of another kind", "push", {**full(), "ref": ["refs/heads/main"]}, "nothing"),
            ("a ref that leads away", "push", {**full(), "ref": "../../etc/passwd", "after": GONE}, "nothing"),
            ("a renamed repository", "push", changed(full(), "repository", "full_name", value="acme/store"), "nothing"),
            ("a repository without a name", "push", without(full(), "repository", "full_name"), "nothing"),
            ("no repository", "push", without(full(), "repository"), "nothing"),
            ("a repository that is a text", "push", {**full(), "repository": "acme/shop"}, "nothing"),
        ])

    def test_branches_and_tags_of_any_name(self):
        for name in ("feature/ünïcødé", "語", "a'b;$(id)", "-x", "x" * 200, "v1.0", "@", "a%2Fb", "#1"):
            ref = f"refs/{'tags' if name == 'v1.0' else 'heads'}/{name}"
            with self.subTest(name):
                sha = self.commit()
                self.git("push", "-q", str(self.bare), f"HEAD:{ref}")
                verdict = self.judged(name, "push", self.push_payload(ZEROS, sha, ref), "started")
                run = next(one["run"] for one in verdict["workflows"] if one["runs"])
                self.assertEqual(self.get(f"/api/runs/{run}")["run"]["ref"], ref)

    def test_other_events_with_less_or_other_than_is_usual(self):
        head = self.commit()
        self.push()
        self.git("push", "-q", str(self.bare), "HEAD:refs/pull/3/head")
        about = {"repository": {"full_name": self.REPOSITORY, "default_branch": "main"}, "sender": {"login": "ann"}}
        own = {"ref": "topic", "sha": head, "repo": {"full_name": self.REPOSITORY}}
        pull = {**about, "action": "opened", "number": 3,
                "pull_request": {"number": 3, "head": own, "base": {"ref": "main", "repo": {"full_name": self.REPOSITORY}}}}
        self.all_judged([
            ("a ping without a repository", "ping", {"zen": "Keep it", "hook_id": 1}, "nothing"),
            ("a ping of nothing", "ping", {}, "nothing"),
            ("an event of next year", "quantum_merge", about, "nothing"),
            ("an event of another alphabet", "päng", about, "nothing"),
            ("a created branch", "create", {**about, "ref": "main", "ref_type": "branch"}, "started"),
            ("a created thing that is gone", "create", {**about, "ref": "gone", "ref_type": "tag"}, "nothing"),
            ("a created thing without a name", "create", {**about, "ref": None}, "started"),
            ("a deleted branch", "delete", {**about, "ref": "gone", "ref_type": "branch"}, "started"),
            ("an issue without an action", "issues", {**about, "issue": {"number": 1}}, "started"),
            ("an issue that is null", "issues", {**about, "action": "opened", "issue": None}, "started"),
            ("a comment of 65,536 letters", "issue_comment",
             {**about, "action": "created", "comment": {"body": "語" * 65_536}}, "started"),
            ("a pull request", "pull_request", pull, "started"),
            ("of a number of another kind", "pull_request", changed(pull, "pull_request", "number", value="three"), "started"),
            ("of a head without a repository", "pull_request", changed(pull, "pull_request", "head", "repo", value=None), "started"),
            ("of a head that is gone", "pull_request", changed(pull, "pull_request", "head", "sha", value=GONE), "nothing"),
            ("without a head", "pull_request", without(pull, "pull_request", "head"), "nothing"),
            ("that is none", "pull_request", {**about, "action": "opened", "pull_request": "three"}, "nothing"),
            ("that is missing", "pull_request", {**about, "action": "opened"}, "nothing"),
            ("of a number without end", "pull_request", changed(pull, "pull_request", "number", value=10**30), "started"),
            ("an action of another kind", "pull_request", {**pull, "action": {"opened": True}, "again": 1}, "started"),
            ("a release without a tag", "release", {**about, "action": "published", "release": {}}, "nothing"),
        ])
        runs = [one for one in self.get("/api/runs?limit=200")["runs"] if one["event"] == "pull_request"]
        self.assertEqual([one["trust"] for one in runs if one["status"] == "waiting"], ["fork"],
                         "whose head is of no repository is a stranger's")

    def test_gitea_and_forgejo(self):
        def payload():
            return {**self.pushed(), "pusher": {"username": "ann"}, "secret": ""}

        self.all_judged([
            ("a push", "push", payload(), "started"),
            ("a null head commit", "push", {**payload(), "head_commit": None}, "started"),
            ("a deleted branch", "push", {**payload(), "after": ZEROS}, "started"),
            ("no repository", "push", without(payload(), "repository"), "nothing"),
            ("an unknown event", "package", payload(), "nothing"),
            ("a wiki", "wiki", payload(), "nothing"),
            ("a pull request without one", "pull_request_sync", payload(), "nothing"),
        ], "gitea")
        headers, body = self.hook_request("push", payload(), forge="gitea")
        forgejo = {name.replace("Gitea", "Forgejo"): value for name, value in headers.items()}
        self.assertEqual(self.answered("Forgejo's headers", forgejo, body, "gitea")[0], 202)

    def test_gitlab(self):
        def payload():
            self.commit()
            before, after = self.push()
            return {"object_kind": "push", "ref": "refs/heads/main", "before": before, "after": after, "checkout_sha": after,
                    "user_username": "ann", "project": {"path_with_namespace": self.REPOSITORY, "default_branch": "main"}}

        self.all_judged([
            ("a push", "Push Hook", payload(), "started"),
            ("without its user", "Push Hook", without(payload(), "user_username"), "started"),
            ("a deleted branch", "Push Hook", {**payload(), "after": ZEROS, "checkout_sha": None}, "started"),
            ("no project", "Push Hook", without(payload(), "project"), "nothing"),
            ("a merge request without attributes", "Merge Request Hook", {**payload(), "object_kind": "merge_request"}, "nothing"),
            ("attributes of another kind", "Merge Request Hook",
             {**payload(), "object_kind": "merge_request", "object_attributes": [1]}, "nothing"),
            ("a pipeline", "Pipeline Hook", {**payload(), "object_kind": "pipeline"}, "nothing"),
            ("a kind of another kind", "Pipeline Hook", {**payload(), "object_kind": 7}, "nothing"),
            ("a push of the whole instance's hook", "System Hook", payload(), "started"),
        ], "gitlab")

    def test_headers_and_bodies_of_any_kind(self):
        headers, body = self.hook_request("push", self.pushed())
        variants = [
            ("header names in capitals", {name.upper(): value for name, value in headers.items()}, body, 202),
            ("the same delivery again", headers, body, 200),
            ("a SHA-1 signature beside", self.fresh(more={"X-Hub-Signature": "sha1=" + "0" * 40}), None, 202),
            ("only a SHA-1 signature", self.fresh(less="X-Hub-Signature-256", more={"X-Hub-Signature": "sha1=x"}), None, 401),
            ("a signature in capitals", self.fresh(change={"X-Hub-Signature-256": str.upper}), None, 401),
            ("two signatures", self.fresh(change={"X-Hub-Signature-256": lambda text: f"{text}, {text}"}), None, 401),
            ("an empty signature", self.fresh(change={"X-Hub-Signature-256": lambda _: "sha256="}), None, 401),
            ("no event", self.fresh(less="X-GitHub-Event"), None, 400),
            ("no id", self.fresh(less="X-GitHub-Delivery"), None, 400),
            ("a long id", self.fresh(change={"X-GitHub-Delivery": lambda text: text * 100}), None, 400),
            ("an id of signs", self.fresh(change={"X-GitHub-Delivery": lambda _: "'; DROP TABLE deliveries; --"}), None, 202),
            ("a charset", self.fresh(change={"Content-Type": lambda _: "Application/JSON; charset=utf-8"}), None, 202),
            ("no content type", self.fresh(change={"Content-Type": lambda _: ""}), None, 415),
            ("another content type", self.fresh(change={"Content-Type": lambda _: "multipart/form-data"}), None, 415),
        ]
        for name, given, text, expected in variants:
            given, text = given if isinstance(given, tuple) else (given, text)
            with self.subTest(name):
                self.assertEqual(self.answered(name, given, text)[0], expected)

    def fresh(self, less=None, change=None, more=None):
        """(headers, body) of a push that was not told of, with other headers."""
        headers, body = self.hook_request("push", self.pushed())
        headers = {name: (change or {}).get(name, str)(value) for name, value in headers.items() if name != less}
        return headers | (more or {}), body

    def signed(self, body, content_type="application/json", number=iter(range(1000))):
        """The headers of any bytes."""
        mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"Content-Type": content_type, "X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={mac}",
                "X-GitHub-Delivery": f"body-{next(number)}"}

    def test_bodies_that_are_no_payload(self):
        payload = json.dumps(self.pushed())
        quoted = urllib.parse.quote(payload)
        form = "application/x-www-form-urlencoded"
        for name, body, kind, expected in [
            ("nothing", b"", "application/json", 400), ("a null", b"null", "application/json", 400),
            ("a list", b"[]", "application/json", 400), ("two objects", b"{}{}", "application/json", 400),
            ("a depth without end", DEEP.encode(), "application/json", 400),
            ("an object of that depth", ('{"a":' * 100_000).encode(), "application/json", 400),
            ("no UTF-8", b'{"ref": "\xff\xfe"}', "application/json", 400),
            ("half a character", b'{"ref": "\\ud800"}', "application/json", 400),
            ("a byte order mark", b"\xef\xbb\xbf" + payload.encode(), "application/json", 202),
            ("a number without end", b'{"n": ' + b"9" * 100_000 + b"}", "application/json", 400),
            ("a text that does not end", b'{"n": "' + b"x" * 100_000, "application/json", 400),
            ("a number of no kind", b'{"n": NaN}', "application/json", 400),
            ("a member twice", b'{"repository": 1, "repository": {"full_name": "acme/none"}}', "application/json", 202),
            ("a form", f"payload={quoted}".encode(), form, 202),
            ("a form with more", f"a=b&payload={quoted}&payload=x".encode(), form, 202),
            ("a form without a payload", b"a=b", form, 400), ("a form of percents", b"payload=%%%zz%4", form, 400),
            ("a form of JSON", payload.encode(), form, 400), ("JSON of a form", f"payload={quoted}".encode(), "application/json", 400),
        ]:
            with self.subTest(name):
                status, answer = self.answered(name, self.signed(body, kind), body)
                self.assertEqual(status, expected, (name, answer))
                if status == 202:
                    self.assertTrue(self.verdict(answer["delivery"])["reason"])
                else:
                    self.assertLess(len(answer["error"]["message"]), 500, name)


if __name__ == "__main__":
    unittest.main()
