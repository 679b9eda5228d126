"""The daemon's page in a browser, against answers as docs/openapi.yaml has them."""

import os
import unittest

from chromium import Chromium
from page_api import PageApi, make_job, make_run

PAGE = os.environ.get("PIPELINE_PAGE", "build/release/server/page")
LINES = 2_000_000  # some 200 MB
HOSTILE = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "\"><svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "[link](javascript:window.hit=1)",
    "![i](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIj4=)",
    "\x1b]8;;javascript:window.hit=1\x07click\x1b]8;;\x07",
    "\x1b[31m<b onmouseover=window.hit=1>red</b>\x1b[0m",
    "{{constructor.constructor('window.hit=1')()}}",
)


class PageTest(unittest.TestCase):
    """Each test has a page of its own."""

    def setUp(self):
        self.api = PageApi(self, os.path.abspath(PAGE))
        self.browser = Chromium(self)

    def tearDown(self):
        self.assertEqual(self.browser.errors, [], "nothing was thrown, and the policy was never broken")

    def row(self, line):
        """The text of a line of the log, when it is in the document."""
        return f"[...document.querySelectorAll('.line')].map(e => e.innerText).find(t => t.startsWith('{line}\\n') || t.match(/^{line}\\D/))"

    def test_a_log_of_200_megabytes_opens_at_any_line(self):
        """Only what is in view is fetched and kept."""
        self.api.runs[1] = make_run(1, [make_job("build", lines=LINES)])
        self.api.logs[1, "build"] = (lambda n: f"this is line {n} " + "x" * 80, LINES)
        self.browser.goto(self.api.url("/runs/1/jobs/build?line=1234567"))
        self.browser.wait_for("document.body.innerText.includes('this is line 1234567 ')")
        self.assertIn("2,000,000 lines", self.browser.text())
        self.browser.evaluate("document.querySelector('.log').focus()")
        self.browser.press("End")
        self.browser.wait_for("document.body.innerText.includes('this is line 2000000 ')")
        self.browser.press("Home")
        self.browser.wait_for("document.body.innerText.includes('this is line 1 ')")
        self.assertLess(self.browser.evaluate("document.querySelectorAll('.line').length"), 200)
        self.assertLessEqual(self.api.most_lines, 500)

    def test_a_log_that_grows_is_followed_over_a_restart_of_the_daemon(self):
        """The stream goes on where it was cut; nothing is shown twice."""
        self.api.runs[1] = make_run(1, [make_job("build", status="in_progress", conclusion=None, finished_at=None)])
        self.api.logs[1, "build"] = (lambda n: f"line {n} of it", 3)
        self.browser.goto(self.api.url("/runs/1/jobs/build"))
        self.browser.wait_for("document.body.innerText.includes('line 3 of it')")
        self.grow(5000)
        self.browser.wait_for("document.body.innerText.includes('line 5000 of it')")
        self.api.stop()
        self.browser.wait_for("document.body.innerText.includes('connection lost')")
        self.api.start(self.api.port)
        self.grow(9000)
        self.browser.wait_for("document.body.innerText.includes('line 9000 of it')")
        self.assertEqual(self.browser.evaluate("document.body.innerText.split('line 9000 of it').length"), 2)

    def grow(self, lines):
        """The log has this many lines now."""
        self.api.logs[1, "build"] = (self.api.logs[1, "build"][0], lines)
        self.api.publish(1, "log", {"job": "build", "lines": lines})

    def test_a_thousand_jobs_are_drawn(self):
        """In columns by what they need, and each leads to its log."""
        jobs = [make_job("first")]
        jobs += [make_job(f"middle{n}", ["first"]) for n in range(998)]
        jobs.append(make_job("last", [job["key"] for job in jobs[1:]], conclusion="failure"))
        self.api.runs[1] = make_run(1, jobs)
        self.api.logs[1, "last"] = (lambda n: f"said {n}", 3)
        self.browser.goto(self.api.url("/runs/1"))
        self.browser.wait_for("document.querySelectorAll('.graph .node').length === 1000")
        columns = "new Set([...document.querySelectorAll('.graph .node')].map(e => e.getAttribute('transform').split(' ')[0])).size"
        self.assertEqual(self.browser.evaluate(columns), 3)
        self.browser.evaluate("document.querySelector('.graph .node.failure').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        self.browser.wait_for("document.body.innerText.includes('said 2')")

    def test_whatever_people_write_is_shown_and_never_carried_out(self):
        """In logs, titles, branches, annotations, summaries and deliveries."""
        run = make_run(1, [make_job("build", name=HOSTILE[0], reason=HOSTILE[1], lines=len(HOSTILE))], title=HOSTILE[0], actor=HOSTILE[1], ref="refs/heads/" + HOSTILE[2])
        run["annotations"] = [{"level": "error", "message": text, "title": text, "file": text} for text in HOSTILE]
        run["summary"] = "\n\n".join(["# " + HOSTILE[1], *HOSTILE, f"| {HOSTILE[0]} | b |\n|---|---|\n| {HOSTILE[1]} | [x](javascript:1) |"])
        run["rollouts"] = [{"job": "build", "service": HOSTILE[0], "reason": HOSTILE[1]}]
        self.api.runs[1] = run
        self.api.logs[1, "build"] = (lambda n: HOSTILE[n - 1], len(HOSTILE))
        self.api.deliveries = [{"id": 1, "forge": "github", "event": HOSTILE[0], "ref": HOSTILE[1], "received_at": run["run"]["queued_at"], "verdict": "nothing", "reason": HOSTILE[1]}]
        for path, sign in (("/", "octo/app"), ("/runs/1", "Annotations"), ("/runs/1/jobs/build", "constructor"), ("/deliveries", "nothing")):
            self.browser.goto(self.api.url(path))
            self.browser.wait_for(f"document.body.innerText.includes('{sign}')")
            self.browser.wait_for("document.body.innerText.includes('<script>') || document.body.innerText.includes('onerror')")
            self.assertIsNone(self.browser.evaluate("window.hit"))
            self.assertEqual(self.browser.evaluate("document.querySelectorAll('a[href^=\"javascript\"], main script, [onerror], [onload]').length"), 0)
        self.browser.goto(self.api.url("/runs/1/jobs/build"))
        self.browser.wait_for("document.querySelector('.line .fg1')")
        self.assertNotIn("\x1b", self.browser.text())

    def test_all_can_be_done_by_keyboard(self):
        """From the list of runs to a log, and a run is cancelled."""
        self.api.runs[7] = make_run(7, [make_job("build")])
        self.api.logs[7, "build"] = (lambda n: f"said {n}", 3)
        self.browser.goto(self.api.url("/"))
        self.browser.wait_for("document.querySelector('table.runs a')")
        self.tab_to("Change something")
        self.browser.press("Enter")
        self.browser.wait_for("location.pathname === '/runs/7' && document.querySelector('.graph .node')")
        self.tab_to("Cancel")
        self.browser.press("Enter")
        self.browser.wait_for("document.body.innerText.includes('Cancel: asked for')")
        self.assertEqual(self.api.posted, [("/api/runs/7/cancel", {})])
        self.tab_to("✓ build")
        self.browser.press("Enter")
        self.browser.wait_for("document.body.innerText.includes('said 3')")

    def test_a_run_of_a_fork_waits_for_a_word(self):
        """It can be let begin, or rejected."""
        self.api.runs[3] = make_run(3, [], status="waiting", reason="a pull request from a fork", trust="fork")
        self.browser.goto(self.api.url("/runs/3"))
        self.browser.wait_for("document.body.innerText.includes('a pull request from a fork')")
        self.browser.click("Let it begin")
        self.browser.wait_for("document.body.innerText.includes('Approve: asked for')")
        self.assertEqual(self.api.posted, [("/api/runs/3/decision", {"approve": True})])

    def test_only_a_job_that_waits_for_an_approval_can_be_approved(self):
        """What waits for its turn goes on by itself, and what the terminal is told to type is not shown."""
        waits = {"status": "waiting", "conclusion": None, "started_at": None, "finished_at": None, "steps": []}
        approval = "waits for an approval of environment 'production': `pipeline approve 4` or `pipeline reject 4`"
        jobs = [make_job("turn", **waits, reason="waits for the concurrency group 'ship'"), make_job("ship", **waits, reason=approval)]
        self.api.runs[4] = make_run(4, jobs) | {"waits_for": "waits for the concurrency group 'all'"}
        self.browser.goto(self.api.url("/runs/4"))
        self.browser.wait_for("document.body.innerText.includes(\"approval of environment 'production'\")")
        said = self.browser.text()
        self.assertIn("The run waits for the concurrency group 'all'.", said)
        self.assertIn("waits for the concurrency group 'ship'", said)
        self.assertNotIn("pipeline approve", said)
        self.assertEqual(self.browser.evaluate("[...document.querySelectorAll('button')].filter(b => b.innerText === 'Approve').length"), 1)
        self.browser.click("Approve")
        self.browser.wait_for("document.body.innerText.includes('Approve: asked for')")
        self.assertEqual(self.api.posted, [("/api/runs/4/jobs/ship/decision", {"approve": True})])

    def test_runs_are_filtered_by_the_address(self):
        """What was asked for stays in the form; that there is no such run is said."""
        self.api.runs[1] = make_run(1, [make_job("build")])
        self.browser.goto(self.api.url("/?status=needs_human&branch=main"))
        self.browser.wait_for("document.querySelector('table.runs a')")
        self.assertEqual(self.api.asked, "status=needs_human&branch=main")
        self.assertEqual(self.browser.evaluate("[...document.forms[0].elements].map(e => e.value).join()"), ",,main,,,needs_human,")
        self.api.runs.clear()
        self.browser.wait_for("document.body.innerText.includes('No such runs.')")

    def test_nothing_leaves_a_narrow_screen(self):
        """Runs, a run and a log on 400 pixels: all can be read without scrolling sideways."""
        jobs = [make_job("build", conclusion="failure"), make_job("a-job-of-a-rather-long-name", ["build"]), make_job("last", ["build"])]
        self.api.runs[1] = make_run(1, jobs, ref="refs/heads/feature/of-a-long-name", actor="dependabot[bot]")
        self.api.runs[1]["annotations"] = [{"job": "build", "level": "error", "message": "x" * 300, "file": "src/" + "y" * 90}]
        self.api.logs[1, "build"] = (lambda n: "word " * 40, 100)
        self.browser.resize(400, 800)
        for path, text in (("/", "Change something"), ("/runs/1", "Timeline"), ("/runs/1/jobs/build", "word word")):
            self.browser.goto(self.api.url(path))
            self.browser.wait_for(f"document.body.innerText.includes('{text}')")
            wider = self.browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertEqual(wider, 0, path)
            narrow = self.browser.evaluate("[...document.querySelectorAll('td')].filter(e => e.innerText && e.clientWidth < 30).length")
            self.assertEqual(narrow, 0, path)

    def tab_to(self, text):
        """Tab until what has the focus says this."""
        for _ in range(60):
            self.browser.press("Tab")
            if self.browser.evaluate("(document.activeElement.innerText || '').trim()").startswith(text):
                return
        self.fail(f"no way by keyboard to: {text}")

    def test_a_token_is_asked_for_and_forgotten(self):
        """It stays in the tab, and in no address."""
        self.api.token = "secret-token"
        self.api.runs[1] = make_run(1, [make_job("build")])
        self.browser.goto(self.api.url("/"))
        self.browser.wait_for("document.querySelector('input[name=token]')")
        self.browser.evaluate("document.querySelector('input[name=token]').focus()")
        self.browser.type("secret-token")
        self.browser.press("Enter")
        self.browser.wait_for("document.body.innerText.includes('Change something')")
        self.assertNotIn("secret-token", self.browser.evaluate("location.href + document.cookie + JSON.stringify(localStorage)"))
        self.browser.click("Forget token")
        self.browser.wait_for("document.querySelector('input[name=token]') && !sessionStorage.getItem('pipeline-token')")

    def test_a_token_is_asked_for_when_a_button_needs_one(self):
        """Where reading needs none. Who runs something again is led to it."""
        self.api.runs[1] = make_run(1, [make_job("build")], status="completed", conclusion="success")
        self.api.runs[2] = make_run(2, [make_job("build")], title="The second attempt", attempt=2)
        self.api.refuses, self.api.answers = True, {"run": self.api.runs[2]["run"]}
        self.browser.goto(self.api.url("/runs/1"))
        self.browser.click("Run all again")
        self.browser.wait_for("document.querySelector('input[name=token]')")
        self.browser.evaluate("document.querySelector('input[name=token]').focus()")
        self.browser.type("secret-token")
        self.browser.press("Enter")
        self.api.refuses = False
        self.browser.click("Run all again")
        self.browser.wait_for("location.pathname === '/runs/2' && document.title.includes('The second attempt')")
        self.assertIn("CI #2, attempt 2", self.browser.text())

    def test_an_artifact_is_fetched(self):
        """With the token, which a link could not carry."""
        self.api.runs[1] = make_run(1, [make_job("build")])
        self.api.runs[1]["artifacts"] = [{"name": "test report", "size": 9}]
        self.browser.goto(self.api.url("/runs/1"))
        self.browser.click("test report")
        self.browser.wait_for("document.body.innerText.includes('test report: there is nothing at this path')")

    def test_a_rollout_is_shown_as_it_goes(self):
        """Tasks, targets, traffic, and what came of it."""
        run = make_run(1, [make_job("deploy", status="in_progress", conclusion=None)])
        run["rollouts"] = [{"job": "deploy", "service": "items", "cluster": "production", "task_definition": "items:7", "status": "IN_PROGRESS", "stage": "PRODUCTION_TRAFFIC_SHIFT",
                            "desired": 4, "running": 3, "pending": 1, "failed_tasks": 0, "targets": {"healthy": 3, "initial": 1}, "traffic": 10}]  # fmt: skip
        self.api.runs[1] = run
        self.browser.goto(self.api.url("/runs/1"))
        self.browser.wait_for("document.body.innerText.includes('3 of 4 running, 1 pending')")
        self.assertIn("3 healthy, 1 initial", self.browser.text())
        self.assertIn("Traffic to items:7:  10 %", self.browser.text())
        self.assertIn("Traffic to before:  90 %", self.browser.text())
        run["rollouts"][0].update(status="SUCCESSFUL", running=4, pending=0, traffic=100, reason="all is well")
        self.api.publish(1, "event", {"type": "rollout"})
        self.browser.wait_for("document.body.innerText.includes('SUCCESSFUL') && document.body.innerText.includes('100 %')")
        self.assertFalse(self.browser.evaluate("[...document.querySelectorAll('.error')].some(e => e.innerText.includes('all is well'))"))
        run["rollouts"][0].update(status="ROLLED_BACK", reason="tasks failed")
        self.api.publish(1, "event", {"type": "rollout"})
        self.browser.wait_for("[...document.querySelectorAll('.error')].some(e => e.innerText.includes('tasks failed'))")

    def test_a_rollout_by_code_deploy_shows_its_task_sets_and_what_requests_came_to(self):
        """With the share of the traffic that each has."""
        run = make_run(1, [make_job("deploy")])
        sets = [{"taskSetLabel": "Blue", "runningCount": 2, "desiredCount": 2, "trafficWeight": 90.0}, {"taskSetLabel": "Green", "runningCount": 1, "desiredCount": 2, "trafficWeight": 10.0}]
        run["rollouts"] = [{"job": "deploy", "service": "items", "status": "InProgress", "target": {"taskSetsInfo": sets}}]
        run["probe"] = {"url": "http://127.0.0.1:8080", "sent": 122, "failed": 0, "p50_ms": 2.3, "p99_ms": 22, "longest_gap_ms": 1640}
        self.api.runs[1] = run
        self.browser.goto(self.api.url("/runs/1"))
        self.browser.wait_for("document.body.innerText.includes('Traffic to Blue:  90 % 2 of 2 running')")
        self.assertIn("Traffic to Green:  10 % 1 of 2 running", self.browser.text())
        self.assertIn("None of 122 requests failed", self.browser.text())
        self.assertIn("longest time without a good answer was 1.6 s", self.browser.text())

    def test_a_run_is_shown_as_ended_when_its_events_end(self):
        """Also where the last of them came before the daemon knew how."""
        run = make_run(1, [make_job("build")])
        self.api.runs[1] = run
        self.browser.goto(self.api.url("/runs/1"))
        self.browser.wait_for("document.body.innerText.includes('in progress')")
        run["run"].update(status="completed", conclusion="success")
        self.api.publish(1, "end", {})
        self.browser.wait_for("document.body.innerText.includes('Run all again')")

    def test_nobody_is_kept_from_using_it(self):
        """By contrast, names for those who hear the page, or order: as axe-core judges it."""
        waits = make_job("ship", ["build"], status="waiting", conclusion=None, reason="waits for an approval of environment 'production'")
        run = make_run(1, [make_job("build"), make_job("test", conclusion="failure"), make_job("skipped", conclusion="skipped"), waits])
        run["annotations"] = [{"job": "build", "level": level, "message": "it is so", "file": "a.c"} for level in ("error", "warning", "notice")]
        run["summary"] = "# Tests\n\n| a | b |\n|---|---|\n| 1 | [link](https://example.org) |\n\n`code`"
        run["artifacts"] = [{"name": "report", "size": 2000, "digest": "sha256:" + "0" * 64}]
        run["rollouts"] = [{"job": "build", "service": "items", "cluster": "production", "status": "SUCCESSFUL", "desired": 4, "running": 4, "pending": 0,
                            "failed_tasks": 0, "targets": {"healthy": 4}, "traffic": 100}]  # fmt: skip
        self.api.runs[1] = run
        self.api.logs[1, "build"] = (lambda n: f"\x1b[{30 + n % 8}mline {n}\x1b[0m", 100)
        self.api.deliveries = [{"id": 1, "forge": "github", "event": "push", "ref": "main", "received_at": run["run"]["queued_at"], "verdict": "nothing", "reason": "no"}]
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            for path, sign in (("/", "Change something"), ("/runs/1", "Annotations"), ("/runs/1/jobs/build", "line 3"), ("/deliveries", "nothing")):
                self.browser.goto(self.api.url(path))
                self.browser.wait_for(f"document.body.innerText.includes('{sign}')")
                self.assertEqual(self.browser.barriers(), [], f"{path}, {scheme}")

    def test_it_is_dark_where_people_like_it_dark(self):
        """By the system's setting."""
        self.api.runs[1] = make_run(1, [make_job("build")])
        grounds = []
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            self.browser.goto(self.api.url("/"))
            grounds.append(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(grounds, ["rgb(255, 255, 255)", "rgb(17, 19, 21)"])


if __name__ == "__main__":
    unittest.main()
