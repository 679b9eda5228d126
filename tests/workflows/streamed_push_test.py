"""Layers of a build with --push reach the registry while later ones are made."""

import http.server
import os
import re
import threading
import urllib.request

from debian_registry import DebianRegistry
from harness import WorkflowTest
from images import busybox_tree

# The last instruction ends only when a layer of the ones before it is in the registry.
DOCKERFILE = """
FROM scratch AS tools
COPY root /
RUN echo not of the image > /tool
FROM scratch
COPY root /
COPY --from=tools /tool /tool
RUN for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O /seen http://127.0.0.1:{port}/ && exit 0; sleep 1; done; exit 1
"""


def start_watch(test, folder):
    """A server that says 200 when the folder has blobs, else 503; its port."""

    class Answer(http.server.BaseHTTPRequestHandler):
        """One look."""

        def do_GET(self):  # pylint: disable=invalid-name
            """How many there are."""
            found = list(folder.glob("docker/registry/v2/blobs/sha256/*/*/data"))
            self.send_response(200 if found else 503)
            self.end_headers()
            self.wfile.write(str(len(found)).encode())

        def log_message(self, *_):  # pylint: disable=arguments-differ
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    test.addCleanup(thread.join)
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return server.server_address[1]


class StreamedPushTest(WorkflowTest):
    """Against docker-registry."""

    def setUp(self):
        super().setUp()
        self.need_root("building images needs root here")
        self.registry = DebianRegistry(self, self.folder / "registry").address
        busybox_tree(self.repository / "root")
        port = start_watch(self, self.folder / "registry/data")
        (self.repository / "Dockerfile").write_text(DOCKERFILE.replace("{port}", str(port)))

    def digest_of(self, name):
        """What the registry says it is."""
        request = urllib.request.Request(
            f"http://{self.registry}/v2/{name}", method="HEAD", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers["Docker-Content-Digest"]

    def test_an_image_is_pushed_while_it_is_built(self):
        """Under both of its names; stages that are not its own stay here."""
        names = [f"{self.registry}/app:1", f"{self.registry}/app:2"]
        output = self.run_pipeline(
            "image", "build", "--push", "-t", names[0], "-t", names[1], os.fspath(self.repository)
        )
        digest = re.findall(r"^sha256:[0-9a-f]{64}$", output, re.MULTILINE)[-1]
        self.assertEqual(self.digest_of("app/manifests/1"), digest)
        self.assertEqual(self.digest_of("app/manifests/2"), digest)
        self.assertIn(f"{names[0]}: 4 blobs sent", output)
        self.assertIn(f"{names[1]}: 0 blobs sent", output)
        pulled = self.run_pipeline("image", "pull", names[0], env={"PIPELINE_STATE_DIR": os.fspath(self.folder / "two")})
        self.assertIn(digest, pulled)

    def test_a_step_pushes_while_it_builds(self):
        """docker build --push."""
        self.workflow(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: actions/checkout@v4\n"
            f"      - run: docker build --push -t {self.registry}/app:3 .\n"
        )
        self.commit()
        output = self.run_pipeline("run")
        self.assertIn(self.digest_of("app/manifests/3"), output)

    def test_without_a_name_there_is_nowhere_to_push(self):
        """Said before anything is built."""
        output = self.run_pipeline("image", "build", "--push", os.fspath(self.repository), code=2)
        self.assertIn("--push needs to know where to: give it a name with --tag", output)
        self.assertNotIn("FROM", output)
