"""The daemon's page in a browser, with runs of the daemon itself that are large, hostile, or steered by keyboard alone."""

import json
import unittest

from chromium import Chromium
from forge import READ, RUN, ForgeTest

# What becomes of any of these in a page that carries it out is that `window.hit` is set.
HOSTILE = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "[link](javascript:window.hit=1)",
    "![i](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIj4=)",
    "\x1b]8;;javascript:window.hit=1\x07click\x1b]8;;\x07",
    "\x1b[31m<b onmouseover=window.hit=1>red</b>\x1b[0m",
    "{{constructor.constructor('window.hit=1')()}}",
)
BRANCHES = ("<script>window.hit=1</script>", '"><svg/onload=window.hit=1>', "<img/src=x/onerror=window.hit=1>", "javascript@window.hit=1")
SAYS_IT = """
on: push
jobs:
  build:
    name: "<b>build</b><script>window.hit=1</script>"
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: "<svg onload=window.hit=1>"
        run: |
          cat said.txt
          sed 's/^/::error title=<script>window.hit=1<\\/script>,file=<b>a.c<\\/b>,line=1::/' said.txt
          { echo "# <script>window.hit=1</script>"; cat said.txt; echo "| <img src=x onerror=window.hit=1> |"; echo "|---|"; } >> "$GITHUB_STEP_SUMMARY"
"""


class PageRunsTest(ForgeTest):
    """A page for each test."""

    def open(self, path, token=READ):
        """A browser at that page."""
        self.browser = Chromium(self)
        self.browser.goto(self.url + "/")
        self.browser.evaluate(f"sessionStorage.setItem('pipeline-token', '{token}')")
        self.browser.goto(self.url + path)

    def tearDown(self):
        self.assertEqual(self.browser.errors, [], "nothing was thrown, and the policy was never broken")

    def shows(self, text, seconds=30):
        """The page says it by then."""
        self.browser.wait_for(f"document.body.innerText.includes({json.dumps(text)})", seconds)

    def tab_to(self, text):
        """Tab until what has the focus says this."""
        for _ in range(80):
            self.browser.press("Tab")
            if text in self.browser.evaluate("document.activeElement.innerText || ''"):
                return
        self.fail(f"no way by keyboard to: {text}")

    def test_a_log_of_200_megabytes_opens_at_any_line(self):
        total = 2_000_000
        command = f"seq -f 'line %.0f {'x' * 90}' {total}"
        self.workflow(f'on: push\njobs:\n  many:\n    runs-on: ubuntu-latest\n    steps: [{{run: "{command}"}}]\n')
        self.serve()
        run = self.push_and_run()
        self.wait_for("it does not end", lambda: self.get(f"/api/runs/{run}")["run"]["status"] == "completed", 280)
        step = next(one for one in self.get(f"/api/runs/{run}")["jobs"][0]["steps"] if one["lines"] > total)
        before = step["first_line"] + step["lines"] - total - 1
        self.open(f"/runs/{run}/jobs/many?line={before + 1_234_567}")
        self.shows("line 1234567 ")
        self.browser.evaluate("document.querySelector('.log').focus()")
        self.browser.press("End")
        self.shows(f"line {total} ")
        self.browser.press("Home")
        self.browser.wait_for("[...document.querySelectorAll('.line')].some(e => /^1\\D/.test(e.innerText))")
        self.assertLess(self.browser.evaluate("document.querySelectorAll('.line').length"), 200)

    def test_a_thousand_jobs_are_drawn_and_lead_to_their_logs(self):
        """Most of them are left out by a condition: it is the page that is tried here."""
        middle = "".join(
            f"  middle{n}: {{needs: first, if: {'true' if n < 3 else 'false'}, runs-on: ubuntu-latest, steps: [{{run: echo said {n}}}]}}\n"
            for n in range(998)
        )
        needs = ", ".join(f"middle{n}" for n in range(998))
        self.workflow(
            "on: push\njobs:\n  first: {runs-on: ubuntu-latest, steps: [{run: echo first}]}\n"
            + middle
            + f"  last: {{needs: [{needs}], if: always(), runs-on: ubuntu-latest, steps: [{{run: echo last words}}]}}\n"
        )
        self.serve()
        run = self.push_and_run()
        self.wait_for("it does not end", lambda: self.get(f"/api/runs/{run}")["run"]["status"] == "completed", 120)
        self.open(f"/runs/{run}")
        self.browser.wait_for("document.querySelectorAll('.graph .node').length === 1000", 60)
        columns = "new Set([...document.querySelectorAll('.graph .node')].map(e => e.getAttribute('transform').split(' ')[0])).size"
        self.assertEqual(self.browser.evaluate(columns), 3)
        node = "[...document.querySelectorAll('.graph .node')].find(e => e.textContent.includes('last'))"
        self.browser.evaluate(f"{node}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
        self.shows("last words")

    def test_logs_branches_and_messages_are_shown_and_never_carried_out(self):
        self.write("said.txt", "".join(text + "\n" for text in HOSTILE))
        self.workflow(SAYS_IT)
        self.serve()
        runs = [self.hostile_run(branch, HOSTILE[i]) for i, branch in enumerate(BRANCHES)]
        for run in runs:
            self.run_when(run, "completed")
        self.open("/", RUN)
        self.browser.wait_for(f"document.querySelectorAll('table.runs tbody tr').length >= {len(runs)}")
        for branch in BRANCHES:
            self.shows(branch)
        self.nothing_was_carried_out()
        for path, sign in ((f"/runs/{runs[0]}", "Annotations"), (f"/runs/{runs[0]}/jobs/build", "constructor"), ("/deliveries", BRANCHES[0])):
            self.browser.goto(self.url + path)
            self.shows(sign)
            self.nothing_was_carried_out()
        self.browser.goto(f"{self.url}/runs/{runs[0]}/jobs/build")
        self.browser.wait_for("document.querySelector('.line .fg1')")
        self.assertNotIn("\x1b", self.browser.text())

    def hostile_run(self, branch, message):
        """A push to that branch with that commit message."""
        self.commit()
        self.git("commit", "--amend", "-q", "--allow-empty", "-m", message + "\n\n" + HOSTILE[0])
        before, after = self.push(branch)
        told = self.push_payload(before, after, f"refs/heads/{branch}", sender={"login": HOSTILE[1]})
        told["head_commit"]["message"] = message + "\n\n" + HOSTILE[0]
        status, answer = self.hook("push", told)
        self.assertEqual(status, 202, answer)
        return next(one["run"] for one in self.verdict(answer["delivery"])["workflows"] if one["runs"])

    def nothing_was_carried_out(self):
        """Neither a script nor an element that somebody wrote."""
        self.assertIsNone(self.browser.evaluate("window.hit"))
        found = "document.querySelectorAll('a[href^=\"javascript\"], main script, main svg[onload], [onerror], [onload], [onmouseover]').length"
        self.assertEqual(self.browser.evaluate(found), 0)

    def test_a_run_is_found_cancelled_and_read_by_keyboard_alone(self):
        self.workflow("on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: [{run: echo by hand; sleep 300}]\n")
        self.serve()
        run = self.push_and_run()
        self.run_when(run, "in_progress")
        self.open("/", RUN)
        self.browser.wait_for("document.querySelector('table.runs a')")
        self.tab_to("Change")
        self.browser.press("Enter")
        self.browser.wait_for(f"location.pathname === '/runs/{run}' && !!document.querySelector('.graph .node')")
        self.tab_to("Cancel")
        self.browser.press("Enter")
        self.assertEqual(self.run_when(run, "completed")["run"]["conclusion"], "cancelled")
        self.shows("cancelled")
        self.tab_to("build")
        self.browser.press("Enter")
        self.shows("by hand")


if __name__ == "__main__":
    unittest.main()
