"""The how-to of custom services, followed: its commands run as they stand, and its table of tasks is a real one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nself.model import template
from tests.cluster import free_port
from tests.e2e.conftest import open_to_others
from tests.templates import packages

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "custom-services.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_service_comes_from_a_template_by_the_commands_of_the_page(tmp_path: Path) -> None:
    open_to_others(tmp_path)
    ports = {name: str(free_port()) for name in ("POSTGRES_PORT", "NGINX_PORT", "NGINX_SSL_PORT", "NGINX_HEALTH_PORT")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {**os.environ, **packages.variables(), **ports, "PATH": path}
    try:
        ran = subprocess.run(
            ["bash"], input="set -euo pipefail\n" + "".join(blocks("sh")), cwd=tmp_path, env=environ,
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
    finally:
        stop = [sys.executable, "-m", "nself", "-C", str(tmp_path), "stop"]
        subprocess.run(stop, env=environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "✓ prices (fastapi) added to nself.yml, on port 8001" in ran.stdout
    assert "✗" not in ran.stdout


def test_the_description_it_shows_is_one_that_is_read() -> None:
    (text,) = blocks("toml")
    found = template.parse("fastapi", tomllib.loads(text))
    shipped = template.get("fastapi")
    assert (found.command, found.summary) == (shipped.command, shipped.summary)
    assert [task.inputs for task in found.preparation.tasks] == [task.inputs for task in shipped.preparation.tasks]
