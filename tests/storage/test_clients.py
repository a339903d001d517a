"""The clients people use, unchanged, against the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import npm
from tests.storage.hosting import SECRET, Storage

SCRIPTS = Path(__file__).parent / "js"


@pytest.mark.parametrize(("script", "version"), [("nhost4.mjs", "4.7.0"), ("nhost3.mjs", "3.3.1")])
def test_nhost_js_uploads_reads_replaces_presigns_and_deletes(storage: Storage, script: str, version: str) -> None:
    packages = npm.installed("@nhost/nhost-js", version)
    said = npm.run(SCRIPTS / script, packages, f"{storage.url}/v1", SECRET, "https://files.example.test")
    assert said == "ok\n"
