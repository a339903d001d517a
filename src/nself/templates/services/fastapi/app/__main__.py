"""`python -m app`: serve until SIGTERM, then let requests that are under way finish."""

import uvicorn

from app import logs, settings
from app.main import create_app

found = settings.load()
logs.configure(found.service)
uvicorn.run(
    create_app(found),
    host=found.host,
    port=found.port,
    timeout_graceful_shutdown=found.grace_s,
    access_log=False,
    log_config=None,
    server_header=False,
)
