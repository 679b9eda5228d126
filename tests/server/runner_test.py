"""`pipeline runner`: the real binary as a runner of a forge."""

import signal
import time

from forge_runner import ForgeRunnerTest, job

GREET = "runs:\n  using: composite\n  steps:\n    - {run: echo greetings, shell: bash}\n"

ADD_SUBMODULE = ("-c", "protocol.allow=always", "submodule", "--quiet", "add")


class RunnerTest(ForgeRunnerTest):
    """Registration, jobs, logs, and what goes wrong."""

    def test_a_wrong_registration_token_is_refused_and_leaves_nothing(self):
        said = self.register("--token", "wrong", code=3)
        self.assertIn("runner registration token not found", said)
        self.assertFalse((self.state / "forge-runner.json").exists())
        self.assertIn("pipeline runner register", self.run_pipeline("runner", "run", code=2))

    def test_what_is_no_forge_is_told(self):
        said = self.run_pipeline(
            "runner", "register", "--instance", self.forge.url + "/nowhere", "--token", "x", code=2
        )
        self.assertIn("expected the Actions of a Gitea or Forgejo", said)

    def test_the_token_comes_from_a_file_or_the_environment_and_is_not_shown(self):
        said = self.register("--token-file", str(self.token_file), "--name", "box")
        self.assertIn("registered as 'box'", said)
        kept = self.state / "forge-runner.json"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(self.forge.registration_token, said + kept.read_text(encoding="utf-8"))
        for variable in ("PIPELINE_RUNNER_TOKEN", "GITEA_RUNNER_REGISTRATION_TOKEN"):
            self.register(env={variable: self.forge.registration_token})
        self.assertEqual(len(self.forge.runners), 3)
        self.assertIn("registration token", self.register(code=2))

    def test_labels_are_checked(self):
        said = self.register("--token", "x", "--labels", "deb:lxc://debian", code=2)
        self.assertIn("there are no LXC containers here", said)

    def test_a_job_runs_and_the_forge_has_its_log_its_steps_and_its_outputs(self):
        task = self.run_task(
            job(
                """
                - run: echo "::group::Numbers"; seq 3; echo "::endgroup::"
                - id: pick
                  run: echo "color=green" >> "$GITHUB_OUTPUT"; echo "# Green" >> "$GITHUB_STEP_SUMMARY"; echo "::warning file=a.txt,line=2::look here"
                """,
                "outputs:\n  color: ${{ steps.pick.outputs.color }}\n",
            )
        )
        self.assertEqual(task.result, "SUCCESS")
        self.assertEqual(task.step_results(), ["SUCCESS", "SUCCESS"])
        self.assertEqual(task.outputs, {"color": "green"})
        first = task.step_log(0)
        at = first.index("::group::Numbers")
        self.assertEqual(first[at : at + 5], ["::group::Numbers", "1", "2", "3", "::endgroup::"])
        self.assertIn("::warning file=a.txt,line=2::look here", task.step_log(1))
        self.assertTrue(task.closed)
        self.assertEqual(task.late, [])
        self.assertIn("task 1 of octo/app: success", self.output)

    def test_the_job_sees_the_forge_s_context_secrets_variables_and_needs(self):
        task = self.run_task(
            job(
                """
                - env: {PASSWORD: "${{ secrets.PASSWORD }}"}
                  run: |
                    echo "run $GITHUB_RUN_ID.$GITHUB_RUN_NUMBER by $GITHUB_ACTOR of $GITHUB_REPOSITORY at $GITHUB_REF_NAME"
                    echo "server $GITHUB_SERVER_URL"
                    echo "variable ${{ vars.PLACE }}; need ${{ needs.lint.result }} ${{ needs.lint.outputs.score }}"
                    echo "password $PASSWORD, token ${{ github.token }}, in $GITEA_ACTIONS"
                """
            ),
            secrets={"PASSWORD": "correct horse"},
            variables={"PLACE": "Ulm"},
            needs={"lint": ("SUCCESS", {"score": "9.5"})},
        )
        log = task.log()
        self.assertEqual(task.result, "SUCCESS", log)
        self.assertIn("run 4711.12 by octo of octo/app at main", log)
        self.assertIn("server " + self.forge.url, log)
        self.assertIn("variable Ulm; need success 9.5", log)
        self.assertIn("password ***, token ***, in true", log)
        self.assertNotIn("correct horse", "\n".join(log))
        self.assertEqual(self.state_files_with("correct horse"), [])
        self.assertEqual(self.state_files_with(task.message["context"]["token"]), [])

    def test_a_need_that_failed_skips_the_job(self):
        task = self.run_task(job("- run: echo never\n"), needs={"lint": ("FAILURE", {})})
        self.assertEqual(task.result, "SKIPPED")
        self.assertEqual(task.step_results(), ["SKIPPED"])
        self.assertNotIn("never", task.log())

    def test_a_step_that_fails_fails_the_job(self):
        task = self.run_task(
            job(
                """
                - run: echo before; exit 3
                - run: echo never
                - if: always()
                  run: echo last
                """
            )
        )
        self.assertEqual(task.result, "FAILURE")
        self.assertEqual(task.step_results(), ["FAILURE", "SKIPPED", "SUCCESS"])
        self.assertIn("::error::Process completed with exit code 3.", task.step_log(0))
        self.assertIn("last", task.step_log(2))

    def test_a_workflow_that_cannot_be_read_fails_with_its_place(self):
        task = self.run_task("on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    step: []\n")
        self.assertEqual(task.result, "FAILURE")
        self.assertIn("ci.yml:5", "\n".join(task.log()))

    def test_checkout_fetches_the_commit_from_the_forge_with_the_job_s_token(self):
        commit = self.forge.publish("octo/app", {"hello.txt": "hello from the forge\n"})
        self.forge.publish("octo/app", {"hello.txt": "a later one\n"})
        token = "checkout-token-123456"
        self.forge.tokens["octo/app"] = token
        task = self.run_task(
            job("- uses: actions/checkout@v4\n- run: cat hello.txt; git rev-parse HEAD\n"),
            context={"sha": commit, "token": token},
        )
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("hello from the forge", task.log())
        self.assertIn(commit, task.log())
        self.assertEqual(self.state_files_with(token), [])

    def test_steps_after_checkout_push_from_their_branch_with_the_job_s_token(self):
        commit = self.forge.publish("octo/app", {"hello.txt": "hello\n"})
        self.forge.git("octo/app", "config", "http.receivepack", "true")
        token = "checkout-token-123456"
        self.forge.tokens["octo/app"] = token
        task = self.run_task(
            job(
                """
                - uses: actions/checkout@v4
                - run: echo "on $(git rev-parse --abbrev-ref HEAD)"; git push -q origin HEAD:refs/heads/made
                - uses: actions/checkout@v4
                  with: {path: other, persist-credentials: false}
                - run: GIT_TERMINAL_PROMPT=0 git -C other ls-remote origin || echo refused
                """
            ),
            context={"sha": commit, "token": token},
        )
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("on main", task.log())
        self.assertIn("refused", task.log())
        self.assertEqual(self.forge.git("octo/app", "rev-parse", "made").strip(), commit)
        self.assertEqual(self.state_files_with(token), [])

    def test_checkout_brings_submodules_with_the_token_of_their_server_alone(self):
        self.forge.publish("octo/inner", {"deep.txt": "deep\n"})
        self.forge.publish("octo/lib", {"lib.txt": "library\n"})
        self.forge.git("octo/lib", *ADD_SUBMODULE, f"{self.forge.url}/octo/inner", "inner")
        self.forge.git("octo/lib", "commit", "-q", "-m", "inner")
        self.forge.publish("octo/app", {"hello.txt": "hello\n"})
        self.forge.git("octo/app", *ADD_SUBMODULE, f"{self.forge.url}/octo/lib", "lib")
        self.forge.git("octo/app", "config", "-f", ".gitmodules", "submodule.lib.url", "../lib")
        self.forge.git("octo/app", "commit", "-q", "-a", "-m", "lib")
        commit = self.forge.git("octo/app", "rev-parse", "HEAD").strip()
        token = "checkout-token-123456"
        self.forge.tokens.update({name: token for name in ("octo/app", "octo/lib", "octo/inner")})
        steps = "- uses: actions/checkout@v4\n  with: {submodules: recursive}\n- run: cat lib/lib.txt lib/inner/deep.txt; git -C lib status --short; git submodule status --recursive\n"
        task = self.run_task(job(steps), context={"sha": commit, "token": token})
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("library", task.log())
        self.assertIn("deep", task.log())
        self.assertEqual(self.state_files_with(token), [])

    def test_a_submodule_on_this_machine_is_refused(self):
        self.forge.publish("octo/lib", {"lib.txt": "library\n"})
        self.forge.publish("octo/app", {"hello.txt": "hello\n"})
        self.forge.git("octo/app", *ADD_SUBMODULE, f"{self.forge.url}/octo/lib", "lib")
        self.forge.git("octo/app", "config", "-f", ".gitmodules", "submodule.lib.url", "file:///etc/repo")
        self.forge.git("octo/app", "commit", "-q", "-a", "-m", "lib")
        commit = self.forge.git("octo/app", "rev-parse", "HEAD").strip()
        task = self.run_task(job("- uses: actions/checkout@v4\n  with: {submodules: true}\n"), context={"sha": commit})
        self.assertEqual(task.result, "FAILURE")
        self.assertIn("the submodule 'lib' has the URL 'file:///etc/repo'", "\n".join(task.log()))

    def test_checkout_finds_a_commit_that_only_a_pull_request_has(self):
        self.forge.publish("octo/app", {"hello.txt": "main\n"})
        self.forge.git("octo/app", "checkout", "-q", "-b", "proposal")
        commit = self.forge.publish("octo/app", {"hello.txt": "proposed\n"})
        self.forge.git("octo/app", "update-ref", "refs/pull/7/head", commit)
        self.forge.git("octo/app", "checkout", "-q", "main")
        self.forge.git("octo/app", "branch", "-q", "-D", "proposal")
        task = self.run_task(
            job("- uses: actions/checkout@v4\n- run: cat hello.txt\n"),
            context={"sha": commit, "ref": "refs/pull/7/head", "ref_name": "7/head", "event_name": "pull_request"},
        )
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("proposed", task.log())

    def test_actions_come_from_where_the_forge_says(self):
        self.forge.publish(
            "tools/greet",
            {"action.yml": GREET},
            tag="v1",
        )
        task = self.run_task(job("- uses: tools/greet@v1\n"))
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("greetings", task.log())

    def test_its_own_contexts_and_whole_addresses_are_understood(self):
        self.forge.publish(
            "tools/greet",
            {"action.yml": GREET},
            tag="v1",
        )
        task = self.run_task(job(
            f"""
            - uses: {self.forge.url}/tools/greet@v1
            - if: gitea.event_name == 'never'
              run: echo not-this
            - run: echo "of ${{{{ gitea.repository }}}} and ${{{{ forgejo.repository }}}}"
            """
        ))
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("greetings", task.log())
        self.assertIn("of octo/app and octo/app", task.log())
        self.assertNotIn("not-this", task.log())

    def test_what_gitea_writes_as_texts_is_what_people_wrote(self):
        """As its jobparser encodes a job: texts for numbers, a group below a dash."""
        task = self.run_task(job(
            """
            - run: echo in time
              timeout-minutes: "1"
            """,
            """
            timeout-minutes: "5"
            strategy: {fail-fast: "false", max-parallel: "1", matrix: {v: [2]}}
            concurrency: {"-": group}
            """,
        ))
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertIn("in time", task.log())

    def test_a_job_that_calls_a_workflow_runs_it_as_it_is_at_the_commit(self):
        self.forge.publish("tools/greet", {"action.yml": GREET}, tag="v1")
        called = (
            "on:\n  workflow_call:\n    inputs: {who: {type: string}}\n"
            "    outputs: {said: {value: '${{ jobs.one.outputs.said }}'}}\n"
            "jobs:\n  one:\n    runs-on: ubuntu-latest\n    outputs: {said: '${{ steps.say.outputs.said }}'}\n"
            f"    steps:\n    - uses: {self.forge.url}/tools/greet@v1\n"
            "    - {id: say, run: 'echo \"said=hello ${{ inputs.who }} of ${{ gitea.repository }}\" >> $GITHUB_OUTPUT'}\n"
        )
        commit = self.forge.publish("octo/app", {".gitea/workflows/called.yml": called})
        self.forge.publish("octo/app", {".gitea/workflows/called.yml": "a later one"})
        calls = (
            "on: push\njobs:\n  call:\n    runs-on: []\n"
            "    uses: ./.gitea/workflows/called.yml\n    with: {who: me}\n"
        )
        task = self.run_task(calls, context={"sha": commit})
        self.assertEqual(task.result, "SUCCESS", task.log())
        self.assertEqual(task.outputs, {"said": "hello me of octo/app"})
        self.assertIn("greetings", task.log())

    def test_a_called_workflow_that_is_not_there_fails_the_job(self):
        commit = self.forge.publish("octo/app", {"a": "b"})
        calls = "on: push\njobs:\n  call:\n    runs-on: []\n    uses: ./.gitea/workflows/none.yml\n"
        task = self.run_task(calls, context={"sha": commit})
        self.assertEqual(task.result, "FAILURE")
        self.assertIn("workflow was not found: octo/app has no .gitea/workflows/none.yml", "\n".join(task.log()))

    def test_a_label_with_an_image_puts_its_jobs_into_it(self):
        task = self.forge.add_task(job("- run: echo inside\n"))
        runner = self.registered_runner(labels="ubuntu-latest:docker://127.0.0.1:1/tools:7")
        self.assertTrue(task.done.wait(60))
        self.end(runner)
        self.assertEqual(task.result, "FAILURE")
        self.assertIn("127.0.0.1:1/tools:7", "\n".join(task.log()))

    def test_a_cancelled_job_is_stopped_and_cleans_up(self):
        task = self.forge.add_task(
            job(
                """
                - run: echo started; sleep 300
                - if: always()
                  run: echo cleaned
                """
            )
        )
        runner = self.registered_runner()
        self.wait_for(lambda: "started" in task.log(), "the step does not start")
        self.forge.cancel(task)
        self.assertTrue(task.done.wait(60), task.log())
        self.assertIn("task 1 of octo/app: cancelled", self.end(runner))
        self.assertEqual(task.result, "CANCELLED")
        self.assertEqual(task.step_results(), ["CANCELLED", "SUCCESS"])
        self.assertIn("cleaned", task.log())
        self.assertEqual(self.processes_with("sleep 300"), [])

    def test_answers_that_are_lost_cost_no_line_and_double_none(self):
        self.forge.lost_answers = {"UpdateLog": 3, "UpdateTask": 3}
        task = self.run_task(job('- run: for i in $(seq 3000); do echo "line $i"; done\n'))
        self.assertEqual(task.result, "SUCCESS")
        lines = [line for line in task.log() if line.startswith("line ")]
        self.assertEqual(lines, [f"line {i}" for i in range(1, 3001)])
        self.assertEqual(self.forge.lost_answers, {"UpdateLog": 0, "UpdateTask": 0})

    def test_a_forge_that_is_down_for_a_while_stops_no_job(self):
        flag = self.folder / "ended"
        task = self.forge.add_task(job(f"- run: echo one; sleep 1; echo two; touch {flag}\n"))
        runner = self.registered_runner("--sandbox", "none")
        self.wait_for(lambda: task.updates > 0, "the task does not begin")
        self.forge.down = True
        self.wait_for(flag.exists, "the job waits for the forge")
        self.assertEqual(task.result, "UNSPECIFIED")
        self.forge.down = False
        self.assertTrue(task.done.wait(60), task.log())
        self.assertEqual([line for line in task.log() if line in ("one", "two")], ["one", "two"])
        self.end(runner)

    def test_sigterm_lets_the_job_end_and_takes_no_other(self):
        flag = self.folder / "go on"
        first = self.forge.add_task(
            job(f"- run: echo started; while [ ! -e '{flag}' ]; do sleep 0.1; done; echo ended\n")
        )
        runner = self.registered_runner("--sandbox", "none")
        self.wait_for(lambda: "started" in first.log(), "the step does not start")
        second = self.forge.add_task(job("- run: echo second\n"))
        runner.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        self.assertIsNone(runner.poll())
        flag.touch()
        output, _ = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, 0, output)
        self.assertEqual(first.result, "SUCCESS")
        self.assertIn("ended", first.log())
        self.assertIsNone(second.runner)

    def test_jobs_that_do_not_end_in_time_after_sigterm_are_cancelled(self):
        task = self.forge.add_task(job("- run: echo started; sleep 300\n"))
        runner = self.registered_runner("--drain-timeout", "1s")
        self.wait_for(lambda: "started" in task.log(), "the step does not start")
        self.end(runner)
        self.assertEqual(task.result, "CANCELLED")

    def test_two_jobs_run_at_a_time_when_there_is_room(self):
        meet = self.folder / "meet"
        meet.mkdir()
        tasks = [
            self.forge.add_task(
                job(f"- run: touch {meet}/{me}; while [ ! -e {meet}/{other} ]; do sleep 0.05; done; echo met\n")
            )
            for me, other in (("a", "b"), ("b", "a"))
        ]
        runner = self.registered_runner("--capacity", "2", "--sandbox", "none")
        for task in tasks:
            self.assertTrue(task.done.wait(60), task.log())
            self.assertEqual(task.result, "SUCCESS")
        self.end(runner)

    def test_an_ephemeral_runner_ends_after_its_job(self):
        task = self.forge.add_task(job("- run: echo once\n"))
        self.register("--token-file", str(self.token_file), "--ephemeral")
        self.run_pipeline("runner", "daemon")
        self.assertEqual(task.result, "SUCCESS")
        self.assertEqual(self.forge.runners, {})
        self.assertFalse((self.state / "forge-runner.json").exists())

    def test_a_runner_that_the_forge_has_removed_ends_with_a_word(self):
        self.register("--token-file", str(self.token_file))
        self.forge.runners.clear()
        self.assertIn("unregistered runner", self.run_pipeline("runner", "run", code=3))
