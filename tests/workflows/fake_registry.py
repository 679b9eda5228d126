"""A registry that serves the images of one store, to those who know the password."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class FakeRegistry:
    """Serves `store` (the images folder of a state folder) on 127.0.0.1; `address` is host:port."""

    def __init__(self, store, names, login=None, faults=0):
        self.requests = []
        self.faults = faults
        index = json.loads((Path(store) / "index.json").read_text())
        digests = {m["annotations"]["org.opencontainers.image.ref.name"]: m["digest"] for m in index["manifests"]}
        self.blobs = Path(store) / "blobs/sha256"
        self.manifests = {path: digests[name] for path, name in names.items()}
        expected = None if login is None else "Basic " + base64.b64encode(":".join(login).encode()).decode()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            """GET and HEAD of the distribution API, as far as a pull needs it."""

            protocol_version = "HTTP/1.1"

            def answer(self, code, body=b"", **headers):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def do_GET(self):
                registry.requests.append(self.path)
                if expected and self.headers.get("Authorization") != expected:
                    self.answer(401, b"{}", WWW_Authenticate='Basic realm="test"')
                elif registry.faults > 0 and "/manifests/" in self.path:
                    registry.faults -= 1
                    self.answer(503)
                elif self.path in ("/v2", "/v2/"):
                    self.answer(200, b"{}")
                else:
                    self.serve()

            do_HEAD = do_GET

            def serve(self):
                name, _, key = self.path.removeprefix("/v2/").rpartition("/")
                name, _, kind = name.rpartition("/")
                digest = key if key.startswith("sha256:") else registry.manifests.get(f"{name}:{key}", "")
                blob = registry.blobs / digest.removeprefix("sha256:")
                if not digest or not blob.is_file():
                    self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
                    return
                body = blob.read_bytes()
                digest = "sha256:" + hashlib.sha256(body).hexdigest()
                media = MANIFEST if kind == "manifests" else "application/octet-stream"
                self.answer(200, body, Content_Type=media, Docker_Content_Digest=digest)

            def log_message(self, *_):
                """Nothing: tests look at `requests`."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        """Frees the port."""
        self.server.shutdown()
        self.server.server_close()
