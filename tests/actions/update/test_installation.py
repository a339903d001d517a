"""Who put nself onto the machine is read from what they left behind."""

from __future__ import annotations

import json
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from nself.actions.update.installation import By, Installation, installation, read

PYTHON = Path("/somewhere/bin/python")
REMOTE = "https://example.com/nself.whl"


def found(prefix: Path, *, origin: object = None, marker: str | None = None, managed: bool = False) -> Installation:
    info = prefix / "nself-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nself\nVersion: 1.2\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))
    if marker:
        (prefix / marker).touch()
    return read(Distribution.at(info), prefix=prefix, managed=managed, python=PYTHON)


@pytest.mark.parametrize(
    ("marker", "by"), [(None, By.PIP), ("uv-receipt.toml", By.UV), ("pipx_metadata.json", By.PIPX)]
)
def test_an_index_is_asked_by_who_asked_it_before(tmp_path: Path, marker: str | None, by: By) -> None:
    nself = found(tmp_path, marker=marker)
    assert (nself.by, nself.version, nself.source, nself.way_out) == (by, "1.2", None, [])


def test_a_checkout_is_renewed_where_it_is(tmp_path: Path) -> None:
    nself = found(tmp_path, origin={"url": "file:///home/ada/my%20nself", "dir_info": {"editable": True}})
    assert (nself.by, nself.source) == (By.CHECKOUT, "/home/ada/my nself")
    assert nself.way_out[0] == "git -C '/home/ada/my nself' pull"


@pytest.mark.parametrize(("url", "source"), [("file:///tmp/a.whl", "/tmp/a.whl"), (REMOTE, REMOTE)])
def test_a_file_has_no_newer_one(tmp_path: Path, url: str, source: str) -> None:
    nself = found(tmp_path, origin={"url": url, "archive_info": {}})
    assert (nself.by, nself.source) == (By.FILE, source)
    assert nself.way_out


def test_what_belongs_to_the_system_is_left_to_its_packages(tmp_path: Path) -> None:
    nself = found(tmp_path, managed=True)
    assert nself.by is By.DISTRIBUTION
    assert "apt install" in nself.way_out[0]


def test_the_one_that_runs_these_tests_is_a_checkout() -> None:
    assert installation().by is By.CHECKOUT
