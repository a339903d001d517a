"""{{SERVICE_NAME}}: one file, nothing to install. Keep it, or put your own program in its place: whatever listens on
$HOST:$PORT, answers GET /health with 200 and ends on SIGTERM is a service of nself."""

import json
import os
import re
import signal
import sys
import threading
import time
import traceback
import urllib.request
import uuid
from collections import Counter
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICE = os.environ.get("SERVICE_NAME", "{{SERVICE_NAME}}")
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "{{PORT}}"))
BODY_LIMIT = int(os.environ.get("BODY_LIMIT", str(1024 * 1024)))
BEGAN = time.monotonic()


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


# -- routes: add yours to ROUTES; each gets the handler and returns what is sent as JSON ----------------------------


def index(request):
    return {"service": SERVICE, "version": "0.1.0", "environment": os.environ.get("ENV", "dev")}


def health(request):
    return {"status": "ok", "uptime_s": round(time.monotonic() - BEGAN, 3)}


def info(request):
    return {"service": SERVICE, "language": "Python", "framework": "http.server"}


def echo(request):
    """The JSON it was sent."""
    try:
        return {"echo": json.loads(request.body())}
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is not JSON") from error


ROUTES = {("GET", "/"): index, ("GET", "/health"): health, ("GET", "/api/info"): info, ("POST", "/api/echo"): echo}


# -- around every request: an id, a limit on its body, numbers for /metrics, one line in the log --------------------


class Metrics:
    BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

    def __init__(self):
        self.lock = threading.Lock()
        self.requests, self.buckets, self.seconds, self.counts = Counter(), Counter(), Counter(), Counter()

    def observe(self, method, route, status, took):
        labels = f'method="{method}",route="{route}"'
        with self.lock:
            self.requests[f'{labels},status="{status}"'] += 1
            self.counts[labels] += 1
            self.seconds[labels] += took
            for bound in self.BUCKETS:
                self.buckets[labels, bound] += took <= bound

    def text(self):
        name = "http_request_duration_seconds"
        with self.lock:
            lines = ["# HELP http_requests_total Requests by how they ended.", "# TYPE http_requests_total counter"]
            lines += [sample("http_requests_total", labels, count) for labels, count in self.requests.items()]
            lines += [f"# HELP {name} How long requests took.", f"# TYPE {name} histogram"]
            for labels, count in self.counts.items():
                buckets = [(bound, self.buckets[labels, bound]) for bound in self.BUCKETS]
                for bound, within in [*buckets, ("+Inf", count)]:
                    lines.append(sample(f"{name}_bucket", f'{labels},le="{bound}"', within))
                lines.append(sample(f"{name}_sum", labels, self.seconds[labels]))
                lines.append(sample(f"{name}_count", labels, count))
        return "\n".join([*lines, ""])


def sample(name, labels, value):
    return name + "{" + labels + "} " + str(value)


METRICS = Metrics()


class Handler(BaseHTTPRequestHandler):
    timeout = 20
    """Seconds that a silent caller is listened to."""

    def answer(self):
        began, status = time.perf_counter(), 500
        self.left = 0
        given = self.headers.get("X-Request-ID", "")
        self.id = given if re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", given) else uuid.uuid4().hex
        path = self.path.partition("?")[0]
        route = path if any(path == known for _, known in ROUTES) or path == "/metrics" else "unmatched"
        try:
            self.left = self.length()
            status, content_type, text = self.respond(path)
        except Refused as error:
            status, content_type, text = self.failure(error.status, str(error))
        except Exception:
            log("error", "failed", request_id=self.id, error=traceback.format_exc())
            status, content_type, text = self.failure(500, "internal error")
        self.discard()
        took = time.perf_counter() - began
        METRICS.observe(self.command, route, status, took)
        fields = {"method": self.command, "path": path, "status": status, "duration_ms": round(took * 1000, 2)}
        log("info", "request", **fields, request_id=self.id)
        self.reply(status, content_type, text.encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def respond(self, path):
        if (self.command, path) == ("GET", "/metrics"):
            return 200, "text/plain; version=0.0.4; charset=utf-8", METRICS.text()
        if found := ROUTES.get((self.command, path)):
            return 200, "application/json", json.dumps(found(self))
        known = any(path == each for _, each in ROUTES)
        raise Refused(405 if known else 404, "method not allowed" if known else "not found")

    def failure(self, status, message):
        return status, "application/json", json.dumps({"error": message, "request_id": self.id})

    def length(self):
        given = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,18}", given):
            raise Refused(411, "the body needs a Content-Length")
        return int(given)

    def body(self):
        if self.left > BODY_LIMIT:
            raise Refused(413, f"the body is larger than {BODY_LIMIT} bytes")
        read, self.left = self.rfile.read(self.left), 0
        return read

    def discard(self):
        """Who is cut off while still sending does not see the answer; too much is too much."""
        for _ in range(min(self.left, 8 * BODY_LIMIT) // 65536 + 1):
            self.left -= len(self.rfile.read(min(self.left, 65536)))

    def reply(self, status, content_type, data):
        self.send_response_only(status)
        headers = {"Content-Type": content_type, "Content-Length": str(len(data)), "X-Request-ID": self.id}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format, *args):
        log("warning", format % args)


def log(level, message, **fields):
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "service": SERVICE, "message": message, **fields}
    print(json.dumps(line), flush=True)


# -- start and stop -------------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    daemon_threads = False
    """Closing waits for the requests that are under way."""
    request_queue_size = 128

    def handle_error(self, request, client_address):
        log("warning", "connection lost", error=traceback.format_exc())


def serve():
    with Server((HOST, PORT), Handler) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        log("info", "started", host=HOST, port=PORT)
        server.serve_forever(poll_interval=0.1)
    log("info", "stopped")


def probe():
    """Ends with an error unless the service beside it answers; for images, which have no curl."""
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=2).close()


if __name__ == "__main__":
    probe() if sys.argv[1:] == ["--health"] else serve()
