"""Deliveries of forges, sent to the real daemon: what is kept, what is refused, what becomes of each."""

import collections
import json
import os
import re
import socket
import threading
import unittest
import urllib.parse
from pathlib import Path

from forge import READ, ForgeTest

ROOT = Path(__file__).resolve().parents[2]
PAYLOADS = Path(os.environ.get("PIPELINE_CONFORMANCE", ROOT.parent / "shared/conformance")) / "webhook-payloads"

# Wants nothing that a box without labels offers: what it starts stays in the queue.
WAITS = "jobs:\n  one:\n    runs-on: nowhere\n    steps: [{run: 'true'}]\n"


class HooksTest(ForgeTest):
    """What is sent to /hooks."""

    def setUp(self):
        super().setUp()
        self.workflow("on: push\n" + WAITS, "push.yml")
        self.commit()
        self.push()
        self.serve()

    def deliveries(self):
        """All of them, oldest first."""
        return self.get("/api/deliveries?limit=200")["deliveries"][::-1]

    def some_push(self):
        """A payload of a push that is there."""
        self.commit()
        return self.push_payload(*self.push())

    def test_a_push_is_kept_and_starts_its_workflow(self):
        status, answer = self.hook("push", self.some_push(), guid="g-1")
        self.assertEqual((status, answer["duplicate"]), (202, False))
        verdict = self.verdict(answer["delivery"])
        self.assertEqual(verdict["verdict"], "started")
        run = self.get(f"/api/runs/{verdict['workflows'][0]['run']}")["run"]
        self.assertEqual((run["status"], run["event"], run["actor"]), ("queued", "push", "ann"))
        said = [json.loads(line) for line in self.log().splitlines()]
        self.assertTrue(any("1 of 1 workflows run" in line["message"] for line in said), said)

    def test_a_wrong_signature_is_refused_and_nothing_is_kept(self):
        payload = self.some_push()
        self.assertEqual(self.hook("push", payload, secret="other")[0], 401)
        headers, body = self.hook_request("push", payload)
        self.assertEqual(self.ask("POST", "/hooks/github", body + b" ", headers)[0], 401)
        del headers["X-Hub-Signature-256"]
        self.assertEqual(self.ask("POST", "/hooks/github", body, headers)[0], 401)
        self.assertEqual(self.deliveries(), [])

    def test_a_replay_is_acknowledged_and_runs_nothing_again(self):
        payload = self.some_push()
        first = self.hook("push", payload, guid="g-1")[1]["delivery"]
        self.verdict(first)
        self.assertEqual(self.hook("push", payload, guid="g-1"), (200, {"delivery": first, "duplicate": True}))
        self.assertEqual(len(self.get("/api/runs")["runs"]), 1)

    def test_the_same_push_told_by_two_hooks_runs_once(self):
        payload = self.some_push()
        first = self.hook("push", payload)[1]["delivery"]
        second = self.hook("push", {**payload, "installation": {"id": 1}})[1]["delivery"]
        self.assertEqual(self.verdict(first)["verdict"], "started")
        other = self.verdict(second)
        self.assertEqual(other["verdict"], "duplicate")
        self.assertIn(f"delivery {first} told of the same", other["workflows"][0]["why"])

    def test_a_body_that_is_cut_off_or_no_json_is_refused(self):
        headers, body = self.hook_request("push", b'{"ref": "refs/heads/ma')
        self.assertEqual(self.ask("POST", "/hooks/github", body, headers)[0], 400)
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"POST /hooks/github HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{")
            client.shutdown(socket.SHUT_WR)
            self.assertIn(b" 400 ", client.recv(4096))
        self.assertEqual(self.deliveries(), [])

    def test_a_body_that_is_too_large_is_refused_before_it_is_read(self):
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"POST /hooks/github HTTP/1.1\r\nHost: h\r\nContent-Length: 26214401\r\n\r\n{")
            self.assertIn(b" 413 ", client.recv(4096))

    def test_content_types_are_json_and_forms_alone(self):
        payload = self.some_push()
        form = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        headers, _ = self.hook_request("push", form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        status, text = self.ask("POST", "/hooks/github", form, headers)
        self.assertEqual(status, 202, text)
        self.assertEqual(self.verdict(json.loads(text)["delivery"])["verdict"], "started")
        headers["Content-Type"] = "text/plain"
        self.assertEqual(self.ask("POST", "/hooks/github", form, headers)[0], 415)

    def test_gitea_and_gitlab_start_the_same_workflow(self):
        answer = self.hook("push", self.some_push(), forge="gitea")[1]
        self.assertEqual(self.verdict(answer["delivery"])["verdict"], "started")
        self.commit()
        before, after = self.push()
        payload = {
            "object_kind": "push", "ref": "refs/heads/main", "before": before, "after": after,
            "checkout_sha": after, "user_username": "ann",
            "project": {"path_with_namespace": self.REPOSITORY, "default_branch": "main"},
        }
        answer = self.hook("Push Hook", payload, forge="gitlab")[1]
        self.assertEqual(self.verdict(answer["delivery"])["verdict"], "started")

    def test_a_commit_may_ask_to_be_left_alone(self):
        self.git("commit", "-q", "--allow-empty", "-m", "Change [skip ci]")
        payload = self.push_payload(*self.push())
        payload["head_commit"]["message"] = "Change [skip ci]"
        verdict = self.verdict(self.hook("push", payload)[1]["delivery"])
        self.assertEqual((verdict["verdict"], verdict["workflows"]), ("nothing", []))
        self.assertIn("skip", verdict["reason"])

    def test_path_filters_see_the_whole_difference(self):
        self.workflow("on: {push: {paths: ['docs/**']}}\n" + WAITS, "docs.yml")
        self.commit()
        self.push()
        for number in range(400):
            self.write(f"src/{number}.txt", "x")
        self.write("zzz/last.txt", "x")
        self.commit()
        why = self.verdict(self.hook("push", self.push_payload(*self.push()))[1]["delivery"])["workflows"]
        self.assertEqual([one["runs"] for one in why], [False, True])
        self.assertIn("lets none of the changed files through", why[0]["why"])
        for number in range(400):
            self.write(f"src/{number}.txt", "y")
        self.write("docs/a.md", "x")
        self.commit()
        why = self.verdict(self.hook("push", self.push_payload(*self.push()))[1]["delivery"])["workflows"]
        self.assertEqual([one["runs"] for one in why], [True, True])

    def test_a_pull_request_from_a_fork_waits_for_an_approval_of_its_commit(self):
        self.workflow("on: pull_request\n" + WAITS, "pull.yml")
        head = self.commit()
        self.git("push", "-q", str(self.bare), "HEAD:refs/pull/7/head")
        payload = {
            "action": "opened", "number": 7,
            "pull_request": {
                "number": 7, "title": "Be kind", "merged": False,
                "head": {"ref": "topic", "sha": head, "repo": {"full_name": "stranger/shop"}},
                "base": {"ref": "main", "repo": {"full_name": self.REPOSITORY}},
            },
            "repository": {"full_name": self.REPOSITORY, "default_branch": "main"},
            "sender": {"login": "stranger"},
        }
        verdict = self.verdict(self.hook("pull_request", payload)[1]["delivery"])
        run = next(one["run"] for one in verdict["workflows"] if one["runs"])
        found = self.get(f"/api/runs/{run}")["run"]
        self.assertEqual((found["status"], found["trust"], found["title"]), ("waiting", "fork", "Be kind"))
        self.assertIn(head[:7], found["reason"])
        self.assertEqual(self.post(f"/api/runs/{run}/decision", {"approve": True}, token=READ)[0], 403)
        status, answer = self.post(f"/api/runs/{run}/decision", {"approve": True})
        self.assertEqual((status, answer["run"]["status"]), (202, "queued"))
        self.assertEqual(self.post(f"/api/runs/{run}/decision", {"approve": True})[0], 409)

    def test_every_payload_of_the_corpus_gets_a_verdict(self):
        """The shas are of another repository: they become ours, so that what they name is there."""
        self.workflow("on: [push, pull_request, pull_request_target, issues, issue_comment, create, delete, fork,"
                      " status, check_run, deployment, deployment_status, merge_group, workflow_run]\n" + WAITS, "all.yml")
        self.workflow("on: {release: {types: [published]}}\n" + WAITS, "release.yml")
        head = self.commit()
        self.push()
        for branch in ("master", "changes"):
            self.git("push", "-q", "--force", str(self.bare), f"HEAD:refs/heads/{branch}")
        expected = {}
        files = sorted(PAYLOADS.glob("*/*.json"))
        self.assertGreaterEqual(len(files), 90, PAYLOADS)
        for number, file in enumerate(files):
            text = re.sub(r'"[0-9a-f]{40}"', lambda sha: sha.group() if set(sha.group()) == {'"', "0"} else f'"{head}"',
                          file.read_text(encoding="utf-8"))
            payload = json.loads(text)
            if "repository" in payload:
                payload["repository"]["full_name"] = self.REPOSITORY
                payload["repository"]["default_branch"] = "main"
            payload["x-number"] = number  # each means something of its own
            event = file.parent.name
            tag = payload["ref"] if event == "create" else payload.get("release", {}).get("tag_name")
            if tag:
                self.git("push", "-q", "--force", str(self.bare), f"HEAD:refs/tags/{tag}")
            if event == "push":
                payload["before"] = payload["before"] if set(payload["before"]) == {"0"} else f"{number:040d}"
                payload["ref"] += f"-{number}"
            status, answer = self.hook(event, payload, guid=f"corpus-{number}")
            self.assertEqual(status, 202, (file, answer))
            expected[answer["delivery"]] = (event, payload, file)
        outcomes = collections.Counter()
        for delivery, (event, payload, file) in expected.items():
            verdict = self.verdict(delivery)
            with self.subTest(file=f"{file.parent.name}/{file.name}"):
                started = {Path(one["workflow"]).name for one in verdict["workflows"] if one["runs"]}
                wanted = self.wanted(event, payload)
                self.assertEqual(started, wanted, verdict)
                self.assertTrue(verdict["reason"])
            outcomes[verdict["verdict"]] += 1
        self.assertEqual(outcomes["failed"], 0)
        self.assertGreater(outcomes["started"], 40, outcomes)

    @staticmethod
    def wanted(event, payload):
        """Which of the workflows GitHub would start."""
        if event == "push":
            return set() if payload.get("deleted") else {"push.yml", "all.yml"}
        if event == "release":
            return {"release.yml"} if payload["action"] == "published" else set()
        if event == "pull_request":
            return {"all.yml"} if payload["action"] in ("opened", "synchronize", "reopened") else set()
        if event in ("ping", "installation", "workflow_dispatch"):
            return set()
        if event == "check_run":
            slug = payload["check_run"]["app"].get("slug")
            return {"all.yml"} if slug != "github-actions" else set()
        return {"all.yml"}


class BurstTest(ForgeTest):
    """Many at once."""

    def test_ten_thousand_deliveries_in_bursts_are_neither_lost_nor_doubled(self):
        self.serve()
        total, threads = 10_000, 16
        pids = [str(self.daemon.pid)]
        payload = {"zen": "x", "repository": {"full_name": self.REPOSITORY}}
        answers = collections.Counter()
        lock = threading.Lock()

        def send(part):
            connection = self.connection()
            seen = collections.Counter()
            for number in range(part, total, threads):
                for _ in range(2 if number % 10 == 0 else 1):
                    headers, body = self.hook_request("ping", {**payload, "n": number}, guid=f"burst-{number}")
                    connection.request("POST", "/hooks/github", body, headers)
                    answer = connection.getresponse()
                    answer.read()
                    seen[answer.status] += 1
            connection.close()
            with lock:
                answers.update(seen)

        def memory():
            text = Path(f"/proc/{pids[0]}/status").read_text(encoding="utf-8")
            return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

        workers = [threading.Thread(target=send, args=(part,)) for part in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(answers, {202: total, 200: total // 10})
        self.assertLess(memory(), 200_000, "kilobytes")

        def pending():
            text = self.ask("GET", "/metrics", token=READ)[1]
            return not re.search(r'pipeline_deliveries\{state="received"\} [1-9]', text) and text

        text = self.wait_for("some have no verdict", pending, seconds=120)
        self.assertIn(f'pipeline_deliveries{{state="done"}} {total}\n', text)


if __name__ == "__main__":
    unittest.main()
