"""The tutorial does what it says: its commands are run in order, in one shell, and its last answer comes out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.engine import locked
from tests.e2e.conftest import open_to_others

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-backend.md"


@pytest.mark.e2e
def test_following_the_tutorial_ends_in_its_last_answer(tmp_path: Path) -> None:
    open_to_others(tmp_path)
    blocks = re.findall(r"^```(sh|json)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    script = "set -euo pipefail\n" + "".join(text for kind, text in blocks if kind == "sh")
    [promised] = [text for kind, text in blocks if kind == "json"]
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
            stop = [sys.executable, "-m", "nself", "-C", str(tmp_path / "notes"), "stop"]
            subprocess.run(stop, env=environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout.strip().splitlines()[-1]) == json.loads(promised), ran.stdout
