"""`python -m app.healthcheck`: exit 0 when the service answers; for images, which have no curl."""

import urllib.request

from app.settings import settings

urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/health", timeout=2).close()
