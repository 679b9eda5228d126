"""Debian's docker-registry as a process of a test, on a port that the system gives, and a proxy that breaks things."""

import http.client
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class DebianRegistry:
    """`address` is host:port; everything it keeps is in `folder`."""

    def __init__(self, test, folder, tls=None, users=""):
        program = shutil.which("docker-registry")
        test.assertTrue(program, "docker-registry is not installed (packages.txt)")
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "config.yml"
        storage = f"{{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}"
        address = "addr: '127.0.0.1:0'"
        if tls:
            address += f", tls: {{certificate: {tls[0]}, key: {tls[1]}}}"
        text = f"version: 0.1\nlog: {{level: info}}\nstorage: {storage}\nhttp: {{{address}}}\n"
        if users:
            (folder / "users").write_text(users)
            text += f"auth: {{htpasswd: {{realm: test, path: {folder}/users}}}}\n"
        config.write_text(text)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [program, "serve", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        test.addCleanup(self.end)
        for line in self.process.stdout:
            if "listening on " in line:
                self.address = line.split("listening on ")[1].split('"')[0].split()[0].strip(",")
                break
        self.reader = threading.Thread(target=self.process.stdout.read, daemon=True)  # a full pipe would stop it
        self.reader.start()

    def end(self):
        """Kills it."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Fault:
    """What happens to one exchange; nothing by default."""

    def __init__(self, **what):
        self.status = what.get("status")  # answered by the proxy itself
        self.headers = what.get("headers", {})
        self.cut_request = what.get("cut_request")  # bytes of the body that go through
        self.cut_response = what.get("cut_response")
        self.flip = what.get("flip")  # a byte of the answer that changes
        self.delay = what.get("delay", 0)  # seconds before anything is forwarded
        self.replace = what.get("replace", {})  # headers of the answer


class FaultyProxy:
    """Forwards to `upstream` (host:port); `fault(method, path, number)` says what goes wrong with each request."""

    def __init__(self, test, upstream, fault):
        self.fault = fault
        self.requests = []
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            """One exchange after the other."""

            protocol_version = "HTTP/1.1"

            def body(self):
                """The request's body in pieces."""
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        yield self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                    return
                left = int(self.headers.get("Content-Length") or 0)
                while left > 0:
                    piece = self.rfile.read(min(left, 16384))
                    if not piece:
                        return
                    left -= len(piece)
                    yield piece

            def hang_up(self):
                """The connection ends here, in the middle."""
                self.close_connection = True
                try:
                    self.connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

            def exchange(self):
                with proxy.lock:
                    proxy.requests.append((self.command, self.path))
                    number = len([1 for known in proxy.requests if known[0] == self.command])
                fault = proxy.fault(self.command, self.path, number) or Fault()
                time.sleep(fault.delay)
                if fault.status:
                    for _ in self.body():
                        pass
                    self.send_response(fault.status)
                    for name, value in fault.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                upstream_connection = http.client.HTTPConnection(upstream, timeout=30)
                try:
                    self.forward(upstream_connection, fault)
                except OSError:
                    self.hang_up()
                finally:
                    upstream_connection.close()

            def forward(self, connection, fault):
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders()
                chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
                passed = 0
                for piece in self.body():
                    if fault.cut_request is not None and passed + len(piece) > fault.cut_request:
                        piece = piece[: fault.cut_request - passed]
                        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked and piece else piece)
                        self.hang_up()
                        return
                    connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                    passed += len(piece)
                if chunked:
                    connection.send(b"0\r\n\r\n")
                self.give(connection.getresponse(), fault)

            def give(self, response, fault):
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() != "connection":
                        self.send_header(name, fault.replace.get(name, value))
                self.end_headers()
                given = 0
                while self.command != "HEAD" and (piece := response.read(8192)):
                    if fault.cut_response is not None and given + len(piece) > fault.cut_response:
                        self.wfile.write(piece[: fault.cut_response - given])
                        self.hang_up()
                        return
                    if fault.flip is not None and given <= fault.flip < given + len(piece):
                        at = fault.flip - given
                        piece = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
                    self.wfile.write(piece)
                    given += len(piece)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = exchange

            def log_message(self, *_):
                """Nothing: tests look at `requests`."""

        class Server(ThreadingHTTPServer):
            """Quiet about clients that go away."""

            daemon_threads = True

            def handle_error(self, request, client_address):
                """Broken connections are what this is for."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.close)

    def close(self):
        """Frees the port."""
        self.server.shutdown()
        self.server.server_close()
