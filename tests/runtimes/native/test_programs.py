"""Finding programs: which one counts, whether it is new enough, and what to do without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import ProgramMissingError
from nself.host import LocalHost
from nself.model.spec import Category, Program, ServiceSpec
from nself.runtimes.native.programs import ProgramTooOldError, find

SPEC = ServiceSpec(name="kiosk", category=Category.OPTIONAL)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program on PATH that says what is written into it."""
    program = tmp_path / "kioskd"
    program.write_text("#!/bin/sh\necho kioskd v1.18.2 of today\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


def program(minimum: str | None = None) -> Program:
    return Program(
        name="kiosk",
        names=("kiosk-server", "kioskd"),
        hint="apt install kioskd",
        minimum=minimum,
        otherwise="be patient",
    )


@pytest.mark.parametrize("minimum", [None, "1.9", "1.18", "1.18.2"])
def test_the_first_of_its_names_that_is_there_counts(installed: Path, minimum: str | None) -> None:
    assert find(program(minimum), SPEC, LocalHost()) == installed


@pytest.mark.parametrize("minimum", ["1.18.3", "1.21", "2.0"])
def test_an_older_one_is_refused_with_a_way_out(installed: Path, minimum: str) -> None:
    with pytest.raises(ProgramTooOldError, match=rf"kiosk needs kiosk {minimum} or later; .* is 1\.18\.2") as refused:
        find(program(minimum), SPEC, LocalHost())
    assert refused.value.fixes[0] == "be patient"


def test_one_that_tells_no_version_is_not_trusted(installed: Path) -> None:
    installed.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ProgramTooOldError, match="no version that could be read"):
        find(program("1.0"), SPEC, LocalHost())


def test_a_missing_one_is_named_with_the_command_that_gets_it() -> None:
    with pytest.raises(
        ProgramMissingError, match="kiosk needs kiosk-server or kioskd, which is not installed"
    ) as missing:
        find(program(), SPEC, LocalHost())
    assert missing.value.fixes[0] == "apt install kioskd"
