"""The demo's own service: serves public/ on $PORT and says that it is well at /health."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


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


if __name__ == "__main__":
    address = ("127.0.0.1", int(os.environ["PORT"]))
    handler = partial(Page, directory=str(Path(__file__).parent / "public"))
    ThreadingHTTPServer(address, handler).serve_forever()
