"""The demo's own service: serves public/ on $HOST:$PORT and says that it is well at /health."""

import os
import signal
import sys
import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST, PORT = os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])


class Page(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"status":"ok"}')
        else:
            super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        if self.path != "/health":
            super().log_message(format, *args)


def serve() -> None:
    """Until SIGTERM; requests that are under way are answered first."""
    server = ThreadingHTTPServer((HOST, PORT), partial(Page, directory=str(Path(__file__).parent / "public")))
    server.daemon_threads = False
    # Asked from a thread of its own: the one that serves would wait for itself.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        server.serve_forever()


if __name__ == "__main__":
    if "--check" in sys.argv:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=2).close()
    else:
        serve()
