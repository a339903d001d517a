"""Health checks that run inside a container: a service's probe, asked with what its image has for that."""

from __future__ import annotations

from typing import Any

from nself.model.spec import Network, ServiceSpec

INTERVAL_S = 10
LOOPBACK = "127.0.0.1"
RETRIES = 3


def check(spec: ServiceSpec, network: Network) -> dict[str, Any]:
    """Nothing where the image has no way to ask, or brings its own check: that one then counts."""
    probe, image = spec.probe, spec.image
    words = image.health.get(probe.kind) if probe and image else None
    if probe is None or not words:
        return {}
    port = network.listen(spec.name, probe.port).port
    url = f"http://{LOOPBACK}:{port}{probe.path}"
    filled = [_fill(word, {"url": url, "host": LOOPBACK, "port": str(port)}) for word in words]
    return {
        "healthcheck": {
            "test": ["CMD", *filled],
            "interval": f"{INTERVAL_S}s",
            "timeout": f"{max(1, round(probe.timeout_s)) + 3}s",
            "retries": RETRIES,
            "start_period": f"{round(probe.start_s)}s",
        }
    }


def _fill(word: str, values: dict[str, str]) -> str:
    """Only these names: a shell's own braces stay."""
    for name, text in values.items():
        word = word.replace(f"{{{name}}}", text)
    return word
