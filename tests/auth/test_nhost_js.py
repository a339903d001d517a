"""The clients that people have in their front ends, unmodified, run by Node against the server."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.auth.process import served
from tests.auth.test_app import VARIABLES
from tests.cluster import free_port

SCRIPTS = Path(__file__).parent / "js"
PACKAGES = {
    "nhost_js_4.mjs": ["@nhost/nhost-js@4.7.0"],
    "nhost_js_3.cjs": ["@nhost/nhost-js@3.3.1", "graphql@16"],
}


def installed(script: str) -> Path:
    """The folder with the client in it, filled by npm once and kept in the user's cache."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are needed to run the JavaScript clients")
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)  # HOME is a throwaway folder in tests
    folder = home / ".cache" / "nself-tests" / script.partition(".")[0]
    marker = folder / "installed"
    if not marker.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        npm = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
        ran = subprocess.run([*npm, *PACKAGES[script]], capture_output=True, text=True, timeout=150)
        if ran.returncode:
            pytest.skip(f"npm could not install {PACKAGES[script][0]}: {ran.stderr.strip()[-200:]}")
        marker.touch()
    return folder


@pytest.mark.parametrize("script", PACKAGES)
def test_a_whole_life_of_a_user_through_the_client(script: str, dsn: str, tmp_path: Path) -> None:
    folder, port = installed(script), free_port()
    base = f"http://127.0.0.1:{port}"
    command = ["nself.auth", "--port", str(port), "--database-url", dsn]
    variables = VARIABLES | {"AUTH_ANONYMOUS_USERS_ENABLED": "true"}
    with served(command, variables, f"{base}/healthz", tmp_path / "log"):
        ran = subprocess.run(
            ["node", str(SCRIPTS / script), f"{base}/v1", str(folder)], capture_output=True, text=True, timeout=120
        )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["user"]["defaultRole"] == "user" and told["guest"]["displayName"] == "Anonymous User"
