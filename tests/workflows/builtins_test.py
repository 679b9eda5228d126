"""The built-in actions that are not about AWS, as steps use them."""

import http.server
import json
import re
import threading
import unittest
import urllib.request

from debian_registry import DebianRegistry
from harness import WorkflowTest


class GithubOfTest(http.server.BaseHTTPRequestHandler):
    """Answers what a script asks of the REST API, and remembers the requests."""

    def answer(self, status, body, headers=()):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.requests.append((self.command, self.path, self.headers.get("Authorization"), body))
        here = f"http://127.0.0.1:{self.server.server_port}"
        if self.path.startswith("/repos/o/r/issues?"):
            page = "page=2" in self.path
            link = [] if page else [("Link", f'<{here}/repos/o/r/issues?state=open&page=2>; rel="next"')]
            self.answer(200, [{"number": 3 if page else 1}], link)
        elif self.path == "/repos/o/r/issues/7/comments":
            self.answer(201, {"id": 42})
        elif self.path == "/graphql":
            self.answer(200, {"data": {"viewer": {"login": "octocat"}}})
        elif self.path == "/flaky" and len([r for r in self.server.requests if r[1] == "/flaky"]) < 2:
            self.answer(502, {"message": "Bad Gateway"})
        elif self.path == "/flaky":
            self.answer(200, {"fine": True})
        else:
            self.answer(404, {"message": "Not Found", "documentation_url": "https://docs.example"})

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

    def log_message(self, *_):
        pass


class GithubScriptTest(WorkflowTest):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GithubOfTest)
        self.server.requests = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def script(self, script, *more, inputs="", code=0):
        body = "\n".join("      " + line for line in script.strip().splitlines())
        step = "- uses: actions/github-script@v7\n  id: script\n  with:\n    base-url: %s\n    github-token: the-token-of-the-test\n%s    script: |\n%s\n" % (
            self.address,
            "".join(f"    {line}\n" for line in inputs.splitlines()),
            body,
        )
        return self.run_steps(step, *more, code=code)

    def test_core_context_exec_glob_and_io(self):
        output = self.script(
            """
            core.info(`event ${context.eventName} of ${context.repo.owner}/${context.repo.repo} by ${context.actor}`)
            core.exportVariable('FROM_SCRIPT', 'a value')
            core.setSecret('hidden-word')
            core.info('hidden-word')
            const { stdout } = await exec.getExecOutput('sh', ['-c', 'echo "out of a program"; exit 0'])
            await io.mkdirP('made/here')
            await exec.exec('touch made/here/x.txt made/y.log')
            const files = await (await glob.create('made/**/*.txt')).glob()
            core.info(`found ${files.length} ${require('path').basename(files[0])}`)
            await core.summary.addHeading('From the script').write()
            core.warning('careful', { file: 'a.js', startLine: 3 })
            return { text: stdout.trim(), which: await io.which('sh', true) !== '' }
            """,
            '- run: echo "then $RESULT $FROM_SCRIPT"; [ -f made/here/x.txt ]\n'
            "  env: {RESULT: '${{ steps.script.outputs.result }}'}",
        )
        self.assertRegex(output, r"event push of \S+/\S+ by \S+")
        self.assertNotIn("hidden-word\n", output.split("touch")[0].split("core.info('hidden-word')")[-1])
        self.assertIn("found 1 x.txt", output)
        self.assertIn('then {"text":"out of a program","which":true} a value', output)
        self.assertIn("Warning: careful", output)

    def test_the_client_knows_routes_pages_and_graphql(self):
        output = self.script(
            """
            const made = await github.rest.issues.createComment({ owner: 'o', repo: 'r', issue_number: 7, body: 'hi' })
            core.info(`made ${made.status} ${made.data.id}`)
            const all = await github.paginate(github.rest.issues.listForRepo, { owner: 'o', repo: 'r', state: 'open' })
            core.info(`numbers ${all.map((issue) => issue.number)}`)
            const { viewer } = await github.graphql('query { viewer { login } }', { a: 1 })
            core.info(`viewer ${viewer.login}`)
            try {
              await github.request('GET /nothing/{name}', { name: 'a b' })
            } catch (error) {
              core.info(`error ${error.status} ${error.message}`)
            }
            return 'text'
            """,
            'echo "result ${{ steps.script.outputs.result }}"',
            inputs="result-encoding: string",
        )
        self.assertIn("made 201 42", output)
        self.assertIn("numbers 1,3", output)
        self.assertIn("viewer octocat", output)
        self.assertIn("error 404 Not Found - https://docs.example", output)
        self.assertIn("result text", output)
        self.assertIn(("POST", "/repos/o/r/issues/7/comments", "token the-token-of-the-test", {"body": "hi"}), self.server.requests)
        self.assertIn(("GET", "/nothing/a%20b", "token the-token-of-the-test", None), self.server.requests)
        self.assertIn({"query": "query { viewer { login } }", "variables": {"a": 1}}, [r[3] for r in self.server.requests])

    def test_outputs_keep_the_order_in_which_they_were_set(self):
        output = self.run_steps(
            "- id: it\n  uses: actions/github-script@v7\n  with: {script: 'core.setOutput(\"zulu\", 1); core.setOutput(\"alpha\", 2); return 3'}",
            "- run: echo '${{ join(steps.it.outputs.*) }} ${{ toJSON(steps.it.outputs) }}' | tr -d '\\n'",
        )
        self.assertRegex(output, r'│ 1,2,3 \{ +"zulu": "1", +"alpha": "2", +"result": "3"\}')

    def test_it_tries_again_when_told_to(self):
        self.assertIn("fine true", self.script("core.info('fine ' + (await github.request('GET /flaky')).data.fine)", inputs="retries: 2"))
        self.server.requests.clear()
        self.assertIn("Bad Gateway", self.script("await github.request('GET /flaky')", code=1))

    def test_what_it_does_not_know_is_refused_by_name(self):
        output = self.script("await github.rest.codespaces.listForAuthenticatedUser()", code=1)
        self.assertIn("github.rest.codespaces.listForAuthenticatedUser is not known to the built-in", output)
        self.assertIn("--no-builtin actions/github-script", output)

    def test_a_script_that_throws_fails_the_step(self):
        output = self.script("throw new Error('it went wrong')", code=1)
        self.assertIn("Error: Unhandled error: Error: it went wrong", output)
        output = self.script("core.setFailed('not today')", code=1)
        self.assertIn("Error: not today", output)

    def test_modules_of_the_repository_are_found(self):
        self.write("scripts/own.js", "module.exports = ({ core }) => core.info('from a module')\n")
        output = self.run_steps(
            "- uses: actions/checkout@v4",
            "- uses: actions/github-script@v7\n  with:\n    script: require('./scripts/own.js')({ core })\n",
        )
        self.assertIn("from a module", output)


class SetupTest(WorkflowTest):
    def test_go_and_java_are_put_on_path(self):
        output = self.run_steps(
            """
            mkdir -p "$RUNNER_TEMP/tools" "$RUNNER_TEMP/jdk/bin" "$RUNNER_TEMP/goroot/bin"
            printf '#!/bin/sh\\necho go1.22.5\\necho %s\\necho %s\\n' "$RUNNER_TEMP/goroot" "$RUNNER_TEMP/gopath" > "$RUNNER_TEMP/tools/go"
            printf '#!/bin/sh\\necho this is the go\\n' > "$RUNNER_TEMP/goroot/bin/go"
            printf '#!/bin/sh\\necho this is the java\\n' > "$RUNNER_TEMP/jdk/bin/java"
            cp "$RUNNER_TEMP/jdk/bin/java" "$RUNNER_TEMP/jdk/bin/javac"
            printf 'IMPLEMENTOR="Test"\\nJAVA_VERSION="93.0.1"\\n' > "$RUNNER_TEMP/jdk/release"
            chmod +x "$RUNNER_TEMP"/*/go "$RUNNER_TEMP"/*/bin/*
            echo "$RUNNER_TEMP/tools" >> "$GITHUB_PATH"
            echo "JAVA_HOME=$RUNNER_TEMP/jdk" >> "$GITHUB_ENV"
            """,
            "- uses: actions/setup-go@v5\n  id: go\n  with: {go-version: '^1.22'}",
            "- uses: actions/setup-java@v4\n  id: java\n  with: {distribution: temurin, java-version: '93'}",
            """
            go; java
            echo "go ${{ steps.go.outputs.go-version }} $GOTOOLCHAIN"
            echo "java ${{ steps.java.outputs.version }} $JAVA_HOME_93_X64$JAVA_HOME_93_AARCH64 = $JAVA_HOME"
            grep -c 'env.GITHUB_TOKEN' ~/.m2/settings.xml
            """,
        )
        self.assertIn("this is the go", output)
        self.assertIn("this is the java", output)
        self.assertIn("go 1.22.5 local", output)
        self.assertRegex(output, r"java 93\.0\.1 (\S+/jdk) = \1")

    def test_what_a_package_manager_keeps_is_there_in_the_next_run(self):
        self.write("pom.xml", "<project/>\n")
        steps = (
            "- uses: actions/checkout@v4",
            """
            mkdir -p "$RUNNER_TEMP/jdk/bin"
            printf '#!/bin/sh\\n' > "$RUNNER_TEMP/jdk/bin/java"
            chmod +x "$RUNNER_TEMP/jdk/bin/java"
            cp "$RUNNER_TEMP/jdk/bin/java" "$RUNNER_TEMP/jdk/bin/javac"
            printf 'JAVA_VERSION="93.0.1"\\n' > "$RUNNER_TEMP/jdk/release"
            echo "JAVA_HOME=$RUNNER_TEMP/jdk" >> "$GITHUB_ENV"
            """,
            "- uses: actions/setup-java@v4\n  id: java\n  with: {distribution: temurin, java-version: '93', cache: maven}",
            """
            echo "hit ${{ steps.java.outputs.cache-hit }}"
            cat ~/.m2/repository/kept.txt || { mkdir -p ~/.m2/repository; echo kept words > ~/.m2/repository/kept.txt; }
            """,
        )
        first = self.run_steps(*steps)
        self.assertIn("hit false", first)
        self.assertIn("Cache saved with the key: setup-java-", first)
        second = self.run_steps(*steps)
        self.assertIn("hit true", second)
        self.assertIn("│ kept words", second)
        self.assertNotIn("│ kept words", first)
        self.assertIn("not saving cache", second)

    def test_a_version_that_is_not_there_fails_and_says_what_is(self):
        output = self.run_steps(
            "- uses: actions/setup-java@v4\n  with: {distribution: temurin, java-version: '99'}", code=1
        )
        self.assertIn("Java 99 was asked for (java-version), but this machine has", output)


class DockerTest(WorkflowTest):
    def metadata_step(self):
        return (
            "- uses: docker/metadata-action@v5\n  id: meta\n  with:\n    images: %s/octo/app\n"
            "    tags: |\n      type=ref,event=branch\n      type=sha\n      type=raw,value=latest,enable=false\n"
            "    labels: |\n      maintainer=tester\n"
        )

    def test_tags_and_labels_go_from_metadata_to_the_built_image(self):
        self.write("Dockerfile", "FROM scratch\nCOPY README.md /\n")
        sha = self.commit()
        output = self.run_steps(
            "- uses: actions/checkout@v4",
            "- uses: docker/setup-qemu-action@v3",
            "- uses: docker/setup-buildx-action@v3",
            self.metadata_step() % "host.example",
            "- uses: docker/build-push-action@v6\n  id: build\n  with:\n    context: .\n    load: true\n"
            "    tags: ${{ steps.meta.outputs.tags }}\n    labels: ${{ steps.meta.outputs.labels }}\n",
            """
            docker inspect --format '{{.Id}} {{index .Config.Labels "maintainer"}}' host.example/octo/app:main
            echo "id ${{ steps.build.outputs.imageid }}"
            echo "version $DOCKER_METADATA_OUTPUT_VERSION"
            cat "${{ steps.meta.outputs.bake-file }}"
            """,
        )
        self.assertIn(f"host.example/octo/app:sha-{sha[:7]}", output)
        image = re.search(r"│ id sha256:(\w+)\n", output).group(1)
        self.assertIn(f"sha256:{image} tester", output)
        self.assertIn("version main", output)
        self.assertIn('"DOCKER_META_IMAGES": "host.example/octo/app"', output)
        self.assertIn("Nothing was set up", output)

    def test_the_default_context_is_the_repository_as_it_is(self):
        self.write("Dockerfile", "FROM scratch\nCOPY new.txt /\nLABEL found=yes\n")
        self.commit()
        self.write("new.txt", "not committed\n")
        output = self.run_steps(
            "- uses: docker/build-push-action@v6\n  with: {tags: 'app:default'}",
            "docker inspect --format '{{index .Config.Labels \"found\"}}' app:default | sed 's/^/found: /'",
        )
        self.assertIn("found: yes", output)

    def test_login_build_and_push_by_tag_and_by_digest(self):
        address = DebianRegistry(self, self.folder / "registry").address
        self.write("Dockerfile", "FROM scratch\nCOPY README.md /\n")
        self.commit()
        output = self.run_steps(
            f"- uses: docker/login-action@v3\n  with: {{registry: '{address}', username: me, password: some-password}}",
            self.metadata_step() % address,
            "- uses: docker/build-push-action@v6\n  id: build\n  with:\n    push: true\n"
            "    tags: ${{ steps.meta.outputs.tags }}\n",
            "- uses: docker/build-push-action@v6\n  with:\n"
            f"    outputs: type=image,name={address}/octo/other,push-by-digest=true,name-canonical=true,push=true\n",
            'echo "digest ${{ steps.build.outputs.digest }}"',
        )
        digest = output.split("\n")
        digest = [line for line in digest if "digest sha256:" in line and "echo" not in line][-1].split("digest ")[1]
        self.assertIn("Login Succeeded!", output)
        self.assertNotIn("some-password", output)
        self.assertIn(f"Removing login credentials for {address}", output)
        for name in ("app/manifests/main", f"app/manifests/{digest}", f"other/manifests/{digest}"):
            request = urllib.request.Request(
                f"http://{address}/v2/octo/{name}",
                headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.assertEqual(answer.headers["Docker-Content-Digest"], digest)


if __name__ == "__main__":
    unittest.main()
