"""A Hasura project taken over by following the how-to: its commands are run in order, and its answer comes out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.engine import locked
from tests.e2e.conftest import open_to_others

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "coming-from-hasura.md"
PROJECT = Path(__file__).parents[1] / "fixtures" / "hasura-project"


@pytest.mark.e2e
def test_a_project_of_hasuras_is_taken_over_unchanged(tmp_path: Path) -> None:
    open_to_others(tmp_path)
    shutil.copytree(PROJECT, tmp_path / "shop")
    blocks = re.findall(r"^```(sh|json)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    script = "set -euo pipefail\n" + "".join(text for kind, text in blocks if kind == "sh")
    (promised,) = [text for kind, text in blocks if kind == "json"]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # It takes the usual ports, which two at once would both find free.
    with locked("usual-ports"):
        try:
            ran = subprocess.run(
                ["bash"],
                input=script,
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        finally:
            stop = [sys.executable, "-m", "nself", "-C", str(tmp_path / "backend"), "stop"]
            subprocess.run(stop, env=environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout.strip().splitlines()[-1]) == json.loads(promised), ran.stdout
    assert "no difference: GraphQL runs on what" in ran.stdout
    assert "backend_configs.yaml:1: backend_configs: data connectors are not served" in ran.stdout
    assert "✗" not in ran.stdout
