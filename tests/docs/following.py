"""A page of the documentation followed to the letter: its commands in order, in one shell, to the answer it has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docker.engine import locked

DOCS = Path(__file__).parents[2] / "docs"


def follow(page: str, folder: Path, project: str) -> str:
    """What the commands of `page` print in `folder`, where they make `project`; the last line is what the page says."""
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh|json)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    script = "set -euo pipefail\n" + "".join(block for kind, block in blocks if kind == "sh")
    (promised,) = [block for kind, block in blocks if kind == "json"]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # It takes the usual ports, which two at once would both find free.
    with locked("usual-ports"):
        try:
            ran = subprocess.run(
                ["bash"],
                input=script,
                cwd=folder,
                env=environ,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        finally:
            stop = [sys.executable, "-m", "nself", "-C", str(folder / project), "stop"]
            subprocess.run(stop, env=environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout.strip().splitlines()[-1]) == json.loads(promised), ran.stdout
    return ran.stdout
