"""nself renewed by a real pip in an environment of its own, from a folder of packages that stands for the index."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions.update.installation import By, Installation
from nself.actions.update.renew import Updated, Wish, update
from nself.errors import ConfigError, NetworkError, NselfError, ProgramMissingError, UsageError
from nself.events import ignore
from nself.host import LocalHost

ANSWERS = "import json\nprint(json.dumps({'version': '%s'}))\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.0 and 1.1 run, 1.2rc1 comes before a release, 2.0 breaks as it starts, 3.0 is another program."""
    folder = tmp_path_factory.mktemp("index")
    for version in ("1.0", "1.1", "1.2rc1"):
        package(folder, version, ANSWERS % version)
    package(folder, "2.0.dev1", "raise SystemExit('no such module: click')\n")
    package(folder, "3.0.dev1", ANSWERS % "0.1")
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("renewed")
    assert LocalHost().run([sys.executable, "-m", "venv", str(folder)]).ok
    return folder / "bin" / "python"


@pytest.fixture
def environ(index: Path) -> Mapping[str, str]:
    return {"PATH": os.defpath, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_NO_CACHE_DIR": "1"}


@pytest.fixture
def nself(python: Path, environ: Mapping[str, str]) -> Installation:
    """1.0, installed by pip: most leave it as it was."""
    found = Installation(by=By.PIP, version="1.0", python=python)
    if '"1.0"' not in installed(found):
        assert LocalHost().run([str(python), "-m", "pip", "install", "-q", "nself==1.0"], env=dict(environ)).ok
    return found


def package(folder: Path, version: str, program: str) -> None:
    """A wheel that says it is nself."""
    info = f"nself-{version}.dist-info"
    with zipfile.ZipFile(folder / f"nself-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("nself/__init__.py", "")
        wheel.writestr("nself/__main__.py", program)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: nself\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def renewed(nself: Installation, environ: Mapping[str, str], **wish: object) -> Updated:
    return update(nself, LocalHost(), environ, ignore, Wish(**wish))  # type: ignore[arg-type]


def installed(nself: Installation) -> str:
    return LocalHost().run([str(nself.python), "-m", "nself"]).stdout


def test_the_newest_is_told_then_installed_and_run_and_the_way_back_is_open(
    nself: Installation, environ: Mapping[str, str]
) -> None:
    told = renewed(nself, environ, check=True)
    assert (told.current, told.latest, told.updated) == ("1.0", "1.1", False)
    assert '"1.0"' in installed(nself)
    assert renewed(nself, environ).updated
    assert '"1.1"' in installed(nself)
    newest = replace(nself, version="1.1")
    assert renewed(newest, environ).latest == "1.1"
    assert renewed(newest, environ, to="1.0").updated
    assert '"1.0"' in installed(nself)


def test_what_comes_before_a_release_is_for_those_who_ask(nself: Installation, environ: Mapping[str, str]) -> None:
    assert renewed(nself, environ, check=True, beta=True).latest == "3.0.dev1"


@pytest.mark.parametrize(
    ("version", "problem"), [("2.0.dev1", "no such module: click"), ("3.0.dev1", "it says it is 0.1")]
)
def test_one_that_does_not_run_is_taken_back(
    nself: Installation, environ: Mapping[str, str], version: str, problem: str
) -> None:
    with pytest.raises(NselfError, match=rf"does not run: {problem}; 1\.0 is back"):
        renewed(nself, environ, to=version)
    assert '"1.0"' in installed(nself)


def test_one_that_is_not_there_changes_nothing(nself: Installation, environ: Mapping[str, str]) -> None:
    with pytest.raises(NetworkError, match=r"No matching distribution.*stays as it is"):
        renewed(nself, environ, to="9.9")
    assert '"1.0"' in installed(nself)


@pytest.mark.parametrize("version", ["latest", "1.0; rm -rf /", "--pre", "1.0 --index-url x", ""])
def test_a_version_is_nothing_else(nself: Installation, environ: Mapping[str, str], version: str) -> None:
    with pytest.raises(UsageError, match="is not a version"):
        renewed(nself, environ, to=version)


@pytest.mark.parametrize("by", [By.CHECKOUT, By.FILE, By.DISTRIBUTION])
def test_what_is_not_ours_to_renew_is_refused_with_what_to_do(by: By) -> None:
    nself = Installation(by=by, version="1.0", python=Path("/nowhere/python"), source="/srv/nself")
    with pytest.raises(ConfigError) as caught:
        renewed(nself, {})
    assert list(caught.value.fixes) == nself.way_out
    told = renewed(nself, {}, check=True)
    assert (told.latest, list(told.way_out)) == (None, nself.way_out)


@pytest.mark.parametrize("by", [By.UV, By.PIPX])
def test_an_installer_that_is_gone_is_named(by: By, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProgramMissingError, match=f"installed by {by}, which is not on PATH"):
        renewed(Installation(by=by, version="1.0", python=Path(sys.executable)), {}, to="1.1")
