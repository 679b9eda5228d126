"""A server of a test's own, for as long as the test wants it."""

import http.server
import threading


class LoopbackServer:
    """Answers on loopback by a handler of requests, at a port that the system gives, until it is closed."""

    def begin(self, handler):
        """From now on there is a `url`."""
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        """Ends it; who asks later finds nobody."""
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
