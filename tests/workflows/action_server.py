"""A git server on loopback, as real as git makes it: git http-backend behind Python's HTTP server."""

import base64
import http.server
import os
import subprocess
import textwrap

from loopback_server import LoopbackServer

IDENTITY = {
    "GIT_AUTHOR_NAME": "Octo",
    "GIT_AUTHOR_EMAIL": "octo@example.com",
    "GIT_COMMITTER_NAME": "Octo",
    "GIT_COMMITTER_EMAIL": "octo@example.com",
}


class ActionServer(LoopbackServer):
    """Repositories owner/name below `folder`; `close` ends it."""

    def __init__(self, folder):
        self.folder = folder
        self.requests = []  # (method, path, user or "")
        self.failures = []  # statuses of the next answers
        self.tokens = {}  # owner/name → the password that may read it
        self.known_passwords = None  # when set, any other password is refused, even for public repositories
        folder.mkdir(parents=True, exist_ok=True)
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request, handed to git."""

            def log_message(self, *_):
                """Tests read what the runner says, not what this does."""

            def do_GET(self):  # pylint: disable=invalid-name
                """The references."""
                server.answer(self)

            def do_POST(self):  # pylint: disable=invalid-name
                """The objects."""
                server.answer(self)

            def do_PUT(self):  # pylint: disable=invalid-name
                """What servers that are more than this one take."""
                server.answer(self)

        self.begin(Handler)

    def git(self, repository, *arguments):
        """Runs git in a repository; its output."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C", **IDENTITY}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder / repository, env=env, check=True, capture_output=True, text=True
        ).stdout.strip()

    def publish(self, repository, files, tag=None, branch="main"):
        """A commit with these files (name → text, or None to remove; a pair is text and mode); its id."""
        folder = self.folder / repository
        if not folder.exists():
            folder.mkdir(parents=True)
            self.git(repository, "init", "-q", "-b", branch)
        for name, text in files.items():
            mode = 0o644
            if isinstance(text, tuple):
                text, mode = text
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
            path.chmod(mode)
        self.git(repository, "add", "-A")
        self.git(repository, "commit", "-q", "--allow-empty", "-m", "Change")
        if tag:
            self.git(repository, "tag", "-f", tag)
        return self.git(repository, "rev-parse", "HEAD")

    def answer(self, request):
        """What git http-backend says, or what the test wants said instead."""
        size = int(request.headers.get("Content-Length") or 0)
        chunked = "chunked" in request.headers.get("Transfer-Encoding", "")
        body = self.read_chunks(request) if chunked else request.rfile.read(size)
        password = self.password_of(request)
        self.requests.append((request.command, request.path, password))
        status = self.failures.pop(0) if self.failures else self.refusal(request.path, password)
        if status:
            request.send_response(status)
            request.send_header("Content-Length", "0")
            if status == 401:
                request.send_header("WWW-Authenticate", 'Basic realm="git"')
            request.end_headers()
            return
        self.run_git(request, body)

    @staticmethod
    def read_chunks(request):
        """A body that says its length piece by piece."""
        body = b""
        while True:
            size = int(request.rfile.readline().strip() or b"0", 16)
            body += request.rfile.read(size)
            request.rfile.readline()
            if size == 0:
                return body

    @staticmethod
    def password_of(request):
        """Of the Authorization header."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(value).decode().partition(":")[2] if scheme.lower() == "basic" else ""

    def refusal(self, path, password):
        """The status for who may not read, or 0."""
        repository = "/".join(path.split("?")[0].split("/")[1:3])
        if not (self.folder / repository / ".git").is_dir():
            return 404
        if password and self.known_passwords is not None and password not in self.known_passwords:
            return 401
        wanted = self.tokens.get(repository)
        return 401 if wanted and password != wanted else 0

    def run_git(self, request, body):
        """git http-backend by CGI."""
        path, _, query = request.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": request.command,
            "PATH_INFO": "/".join(path.split("/")[:3]) + "/.git/" + "/".join(path.split("/")[3:]),
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        # It exits with 1 when it has answered that a commit is not there.
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.partition(": ")[::2] for line in head.decode().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        request.send_response(status)
        for name, value in headers:
            if name not in ("Status", "Content-Length"):
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
