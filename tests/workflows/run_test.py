"""`pipeline run`: jobs, steps, contexts, files, masking."""

import json
import unittest

from harness import WorkflowTest


class RunTest(WorkflowTest):
    """What workflows do."""

    def test_a_step_prints_and_the_run_passes(self):
        """The smallest workflow."""
        self.assertIn("hello from the step", self.run_steps("echo hello from the step"))

    def test_a_failing_step_fails_the_run_and_skips_the_rest_but_always(self):
        """Exit code 1; `always()` and `failure()` steps run, others do not."""
        output = self.run_steps(
            "exit 7",
            "echo must-not-run",
            "- if: always()\n  run: echo always-ran",
            "- if: failure()\n  run: echo failure-ran",
            code=1,
        )
        self.assertIn("Process completed with exit code 7.", output)
        self.assertIn("○ Run echo must-not-run", output)
        self.assertNotIn("│ must-not-run", output)
        self.assertIn("always-ran", output)
        self.assertIn("failure-ran", output)

    def test_details_and_debug_lines_are_for_those_who_ask(self):
        """--verbose shows them; ACTIONS_STEP_DEBUG tells the steps as well, and its value is no secret."""
        step = "- run: |\n    echo ::debug::deep\n    echo debug=$RUNNER_DEBUG true\n  env:\n    SHOWN: x"
        quiet = self.run_steps(step)
        self.assertNotIn("│ deep", quiet)
        self.assertNotIn("SHOWN: x", quiet)
        told = self.run_steps(step, arguments=("--secret", "ACTIONS_STEP_DEBUG=true"))
        self.assertIn("│ deep", told)
        self.assertIn("  SHOWN: x", told)
        self.assertIn("debug=1 true", told)

    def test_environment_files_reach_later_steps(self):
        """GITHUB_ENV, GITHUB_PATH, GITHUB_OUTPUT."""
        output = self.run_steps(
            """
            - id: first
              run: |
                echo "COLOUR=green" >> "$GITHUB_ENV"
                printf 'TEXT<<EOF\\none\\ntwo\\nEOF\\n' >> "$GITHUB_ENV"
                echo "answer=42" >> "$GITHUB_OUTPUT"
                mkdir -p "$RUNNER_TEMP/bin"
                printf '#!/bin/sh\\necho my-tool-ran\\n' > "$RUNNER_TEMP/bin/my-tool"
                chmod +x "$RUNNER_TEMP/bin/my-tool"
                echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
                test -z "$COLOUR"
            """,
            """
            my-tool
            echo "colour=$COLOUR answer=${{ steps.first.outputs.answer }} lines=$(echo "$TEXT" | wc -l)"
            """,
        )
        self.assertIn("my-tool-ran", output)
        self.assertIn("colour=green answer=42 lines=2", output)

    def test_continue_on_error_keeps_outcome_and_conclusion_apart(self):
        """runner ADR 0274."""
        output = self.run_steps(
            "- id: bad\n  continue-on-error: true\n  run: exit 1",
            "echo outcome=${{ steps.bad.outcome }} conclusion=${{ steps.bad.conclusion }}",
        )
        self.assertIn("outcome=failure conclusion=success", output)

    def test_shells(self):
        """bash with pipefail, sh, python, and a custom one."""
        output = self.run_steps(
            "- shell: bash\n  run: '! (set -o | grep -q \"pipefail.*off\") && echo bash-with-pipefail'",
            "- shell: sh\n  run: echo sh-ran",
            "- shell: python\n  run: print('python', 6 * 7)",
            "- shell: perl {0}\n  run: print 'perl-ran', \"\\n\";",
        )
        for text in ("bash-with-pipefail", "sh-ran", "python 42", "perl-ran"):
            self.assertIn(text, output)

    def test_jobs_pass_outputs_along_their_needs(self):
        """outputs, needs, and the result of a job."""
        self.workflow(
            """
            on: push
            jobs:
              first:
                runs-on: ubuntu-latest
                outputs:
                  word: ${{ steps.say.outputs.word }}
                steps:
                  - id: say
                    run: echo "word=blue" >> "$GITHUB_OUTPUT"
              second:
                needs: first
                runs-on: ubuntu-latest
                steps:
                  - run: echo "got ${{ needs.first.outputs.word }} from a ${{ needs.first.result }}"
            """
        )
        self.assertIn("got blue from a success", self.run_pipeline("run"))

    def test_a_matrix_runs_each_combination(self):
        """Names and values of a matrix."""
        self.workflow(
            """
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                strategy:
                  matrix:
                    os: [a, b]
                    n: [1, 2]
                    exclude: [{os: b, n: 2}]
                steps:
                  - run: echo "leg ${{ matrix.os }}${{ matrix.n }} of ${{ strategy.job-total }}"
            """
        )
        output = self.run_pipeline("run")
        for leg in ("leg a1 of 3", "leg a2 of 3", "leg b1 of 3"):
            self.assertIn(leg, output)
        self.assertNotIn("leg b2", output)

    def test_a_job_that_failed_skips_what_needs_it_and_says_why(self):
        """The reason of a skip names the job that failed, also through another skipped one."""
        self.workflow(
            """
            on: push
            jobs:
              a:
                runs-on: ubuntu-latest
                steps: [{run: exit 1}]
              b:
                needs: a
                runs-on: ubuntu-latest
                steps: [{run: echo b-ran}]
              c:
                needs: b
                runs-on: ubuntu-latest
                steps: [{run: echo c-ran}]
              d:
                needs: b
                if: always()
                runs-on: ubuntu-latest
                steps: [{run: echo d-ran}]
            """
        )
        output = self.run_pipeline("run", code=1)
        self.assertNotIn("b-ran", output)
        self.assertNotIn("c-ran", output)
        self.assertIn("d-ran", output)
        events = self.events(code=1)
        reasons = {e["job"]: e.get("reason", "") for e in events if e["type"] == "job_finished"}
        self.assertIn("a", reasons["b"])
        self.assertIn("a", reasons["c"])

    def test_a_job_starts_when_its_needs_are_done_not_when_a_stage_is(self):
        """`after_quick` needs only the quick job, so it starts while the slow one still runs."""
        self.workflow(
            """
            on: push
            jobs:
              slow:
                runs-on: ubuntu-latest
                steps: [{run: sleep 2}]
              quick:
                runs-on: ubuntu-latest
                steps: [{run: 'true'}]
              after_quick:
                needs: quick
                runs-on: ubuntu-latest
                steps: [{run: 'true'}]
            """
        )
        order = [(e["type"], e["job"]) for e in self.events() if e["type"] in ("job_started", "job_finished")]
        self.assertLess(order.index(("job_started", "after_quick")), order.index(("job_finished", "slow")))

    def test_so_many_jobs_run_at_a_time(self):
        """With --jobs 2, a third one waits; without, all four are there at once."""
        self.workflow(
            """
            on: push
            jobs:
              many:
                runs-on: ubuntu-latest
                strategy: {matrix: {leg: [1, 2, 3, 4]}}
                steps: [{run: sleep 0.5}]
            """
        )
        for arguments, most in ((("--jobs", "2"), 2), ((), 4)):
            running, seen = 0, 0
            for event in self.events(*arguments):
                running += {"job_started": 1, "job_finished": -1}.get(event["type"], 0)
                seen = max(seen, running)
            self.assertEqual(seen, most, arguments)

    def test_checkout_brings_the_working_tree_as_it_is(self):
        """Local edits and untracked files count, ignored ones do not."""
        self.write("tracked.txt", "old\n")
        self.write(".gitignore", "ignored.txt\n")
        sha = self.commit()
        self.write("tracked.txt", "edited\n")
        self.write("untracked.txt", "new\n")
        self.write("ignored.txt", "secret\n")
        output = self.run_steps(
            "ls -A | wc -l",
            "- uses: actions/checkout@v4",
            'echo "$(cat tracked.txt) $(cat untracked.txt) $(ls ignored.txt 2>&1)"; git rev-parse HEAD; echo "sha=$GITHUB_SHA"',
        )
        self.assertIn("edited new", output)
        self.assertIn("No such file", output)
        self.assertIn(f"sha={sha}", output)

    def test_a_composite_action_of_the_repository_runs(self):
        """Inputs, outputs and steps of a local composite action."""
        self.write(
            "actions/greet/action.yml",
            """
            name: greet
            inputs:
              who:
                default: world
            outputs:
              text:
                value: ${{ steps.say.outputs.text }}
            runs:
              using: composite
              steps:
                - id: say
                  shell: bash
                  run: echo "text=hello ${{ inputs.who }}" >> "$GITHUB_OUTPUT"
            """,
        )
        output = self.run_steps(
            "- uses: actions/checkout@v4",
            "- id: greet\n  uses: ./actions/greet\n  with:\n    who: you",
            "echo \"it said: ${{ steps.greet.outputs.text }}\"",
        )
        self.assertIn("it said: hello you", output)

    def test_a_javascript_action_of_the_repository_runs(self):
        """Inputs by INPUT_*, outputs by the file, post step at the end."""
        self.write(
            "actions/js/action.yml",
            """
            name: js
            inputs:
              who:
                required: true
            outputs:
              text:
                description: what it said
            runs:
              using: node20
              main: main.js
              post: post.js
            """,
        )
        self.write(
            "actions/js/main.js",
            """
            const fs = require('fs');
            fs.appendFileSync(process.env.GITHUB_OUTPUT, `text=hi ${process.env.INPUT_WHO}\\n`);
            fs.appendFileSync(process.env.GITHUB_STATE, 'left=behind\\n');
            """,
        )
        self.write("actions/js/post.js", "console.log(`post with ${process.env.STATE_left}`);\n")
        output = self.run_steps(
            "- uses: actions/checkout@v4",
            "- id: js\n  uses: ./actions/js\n  with:\n    who: you",
            "echo \"it said: ${{ steps.js.outputs.text }}\"",
        )
        self.assertIn("it said: hi you", output)
        self.assertIn("post with behind", output)
        self.assertLess(output.index("it said"), output.index("post with behind"))

    def test_a_reader_that_goes_away_does_not_end_the_run(self):
        """As with `pipeline run | head -1`: the jobs go on, and their result is the exit code."""
        workflow = self.workflow(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
            + "      - run: seq 2000\n" * 20
        )
        for arguments in ([], ["--json"]):
            process = self.start("run", workflow, *arguments)
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(timeout=60), 0)

    def test_wrong_calls_say_what_is_wrong(self):
        """Exit code 2, and what to do."""
        self.assertIn("Check workflow files without running them", self.run_pipeline(code=2))
        self.assertIn("there is no command 'depoly'", self.run_pipeline("depoly", code=2))
        self.assertIn("--jbo", self.run_pipeline("run", "--jbo", code=2))
        self.assertIn(".github/workflows does not exist", self.run_pipeline("run", code=2))
        self.write(".github/workflows/README.md", "none yet\n")
        self.assertIn(".github/workflows holds no .yml", self.run_pipeline("run", code=2))
        self.assertIn("cannot read nosuch.yml", self.run_pipeline("run", "nosuch.yml", code=2))

    def test_dry_run_prints_the_plan_and_runs_nothing(self):
        """--dry-run: jobs, what they wait for, legs and steps; with --json for programs."""
        marker = self.folder / "ran"
        self.workflow(
            f"""
            name: Both
            on: push
            jobs:
              first: {{runs-on: ubuntu-latest, steps: [{{run: touch {marker}}}]}}
              second:
                needs: first
                strategy: {{matrix: {{part: [a, b]}}}}
                runs-on: ubuntu-latest
                steps: [{{name: Look, if: always(), run: touch {marker}}}]
            """
        )
        plan = self.run_pipeline("run", "--dry-run")
        self.assertIn("Both (", plan)
        self.assertIn(f"first\n   1. Run touch {marker}\n", plan)
        self.assertIn("second  after first\n  leg second (a)\n  leg second (b)\n   1. Look  if always()\n", plan)
        jobs = json.loads(self.run_pipeline("run", "--dry-run", "--json"))["jobs"]
        self.assertEqual([job["id"] for job in jobs], ["first", "second"])
        self.assertEqual([leg["name"] for leg in jobs[1]["legs"]], ["second (a)", "second (b)"])
        self.assertIn("Both (", self.run_pipeline("run", "--dry-run", ".github/workflows/test.yml"))
        self.assertFalse(marker.exists())

    def test_one_job_with_what_it_needs(self):
        """--job."""
        self.workflow(
            """
            on: push
            jobs:
              a: {runs-on: ubuntu-latest, steps: [{run: echo a-ran}]}
              b: {needs: a, runs-on: ubuntu-latest, steps: [{run: echo b-ran}]}
              c: {runs-on: ubuntu-latest, steps: [{run: echo c-ran}]}
            """
        )
        output = self.run_pipeline("run", "--job", "b")
        self.assertIn("a-ran", output)
        self.assertIn("b-ran", output)
        self.assertNotIn("c-ran", output)

    def test_inputs_variables_and_environment_come_from_the_command_line(self):
        """--input, --var, --env, --event."""
        self.workflow(
            """
            on:
              workflow_dispatch:
                inputs:
                  level:
                    type: choice
                    options: [low, high]
                    default: low
            jobs:
              a:
                runs-on: ubuntu-latest
                steps:
                  - run: echo "level=${{ inputs.level }} site=${{ vars.SITE }} extra=$EXTRA event=${{ github.event_name }}"
            """
        )
        output = self.run_pipeline(
            "run", "--event", "workflow_dispatch", "--input", "level=high", "--var", "SITE=example", "--env", "EXTRA=1"
        )
        self.assertIn("level=high site=example extra=1 event=workflow_dispatch", output)

    def test_a_flag_takes_one_value_and_what_follows_is_the_workflow(self):
        """As with `act`: --secret A=1 --secret B=2 FILE."""
        self.workflow(
            """
            on: push
            jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "echo ${{ secrets.A == 'one' && secrets.B == 'two' && vars.C }}"}]}}
            """
        )
        output = self.run_pipeline("run", "--secret", "A=one", "-s", "B=two", "--var", "C=three", ".github/workflows/test.yml")
        self.assertIn("three", output)

    def test_an_event_file_says_what_the_run_is_about(self):
        """--event-file: ref, sha, actor and repository as GitHub sent them; filters and skip markers count."""
        self.workflow(
            """
            on:
              pull_request: {branches: [release]}
            jobs:
              a:
                runs-on: ubuntu-latest
                steps:
                  - run: echo "$GITHUB_REF $GITHUB_BASE_REF $GITHUB_ACTOR $GITHUB_REPOSITORY ${{ github.actor_id }}"
            """
        )
        payload = {
            "action": "opened",
            "number": 7,
            "pull_request": {"number": 7, "base": {"ref": "release"}, "head": {"ref": "feature"}},
            "repository": {"full_name": "octo/shop", "id": 5, "owner": {"login": "octo", "id": 6}},
            "sender": {"login": "mona", "id": 3},
        }
        event = self.folder / "event.json"
        event.write_text(json.dumps(payload))
        output = self.run_pipeline("run", "--event", "pull_request", "--event-file", str(event))
        self.assertIn("refs/pull/7/merge release mona octo/shop 3", output)
        payload["pull_request"]["base"]["ref"] = "main"
        event.write_text(json.dumps(payload))
        output = self.run_pipeline("run", "--event", "pull_request", "--event-file", str(event), code=2)
        self.assertIn("its branches filter ('release') does not match the base branch 'main'", output)
        event.write_text(json.dumps({"ref": "refs/heads/main", "head_commit": {"message": "x [skip ci]"}}))
        output = self.run_pipeline("run", "--event", "push", "--event-file", str(event), code=2)
        self.assertIn("asks to skip workflows", output)

    def test_an_invalid_workflow_is_refused_with_its_place_before_anything_runs(self):
        """Exit code 2, file:line:col."""
        self.workflow("on: push\njobs:\n  a:\n    runs-on: x\n    stepz: []\n")
        output = self.run_pipeline("run", ".github/workflows/test.yml", code=2)
        self.assertIn("test.yml:5:5", output)
        self.assertIn("stepz", output)
        self.assertIn("test.yml:5:5", self.run_pipeline("check", code=2))

    def test_an_expression_that_cannot_be_evaluated_fails_the_step(self):
        """It never becomes an empty string."""
        output = self.run_steps("echo ${{ fromJSON('{') }} must-not-run", code=1)
        self.assertNotIn("must-not-run\n", output.split("Error", 1)[-1])

    def test_an_unknown_action_is_refused_by_name(self):
        """What cannot be had is said."""
        output = self.run_steps("- uses: nobody/nothing@v1", code=1)
        self.assertIn("nobody/nothing@v1", output)

    def test_every_event_is_one_json_object(self):
        """--json."""
        self.workflow("on: push\njobs:\n  a: {runs-on: x, steps: [{run: echo hi}]}\n")
        events = self.events()
        self.assertEqual(events[0]["type"], "run_started")
        self.assertEqual(events[-1]["type"], "run_finished")
        self.assertEqual(events[-1]["text"], "success")
        self.assertTrue(any(e["type"] == "line" and e["text"] == "hi" for e in events))


if __name__ == "__main__":
    unittest.main()
