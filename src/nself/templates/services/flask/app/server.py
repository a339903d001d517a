"""gunicorn's configuration: where to listen, how to stop. One process with threads, so that /metrics counts all."""

import logging
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from app import logs
from app.settings import settings


class JsonLogger(Logger):
    """gunicorn's own words go the way of all others; requests are logged by the application."""

    def setup(self, cfg: Any) -> None:
        logs.configure(settings.service)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)

    def access(self, *args: Any) -> None:
        pass


bind = f"{settings.host}:{settings.port}"
workers = 1
threads = 8
# Longer than any proxy keeps an idle connection: one that is closed as a request arrives on it costs that request.
keepalive = 75
graceful_timeout = settings.grace_s
logger_class = JsonLogger
control_socket_disable = True
# Heartbeats of the worker go to memory where they can: the rest of a container's file system is read-only.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None


def when_ready(server: object) -> None:
    logs.service.info("started", extra={"fields": {"host": settings.host, "port": settings.port}})


def on_exit(server: object) -> None:
    logs.service.info("stopped")
