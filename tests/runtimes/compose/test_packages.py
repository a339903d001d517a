"""The packages of our image are those of its Python, whatever runs here; what pip cannot do is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nself.errors import ConfigError, NetworkError, NselfError
from nself.host import LocalHost
from nself.runtimes.compose import packages
from nself.runtimes.compose.packages import Target, target, unpack

BOOKWORM = Target(python=(3, 11), machine="x86_64", libc=36)


def answer(python: tuple[int, int] = (3, 13), libc: tuple[str, str] = ("glibc", "2.41")) -> str:
    return json.dumps([python, "aarch64", libc])


def test_a_base_tells_what_packages_it_needs() -> None:
    assert target(answer(), "x") == Target(python=(3, 13), machine="aarch64", libc=41)


def test_every_older_tag_of_wheels_is_taken() -> None:
    tags = BOOKWORM.platforms
    assert tags[0] == "manylinux_2_36_x86_64"
    assert {"manylinux_2_17_x86_64", "manylinux_2_5_x86_64", "manylinux2014_x86_64"} < set(tags)
    assert "manylinux_2_37_x86_64" not in tags


@pytest.mark.parametrize(
    ("said", "told"),
    [(answer(python=(3, 9)), "Python 3.9; nself needs 3.11"), (answer(libc=("", "")), "has no glibc")],
)
def test_a_base_that_cannot_run_us_is_refused(said: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        target(said, "alpine")


def test_a_package_whose_hash_differs_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"click==8.1.7 --hash=sha256:{'0' * 64}\n")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "click-8.1.7-py3-none-any.whl").write_bytes(b"not a wheel")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"), "PATH": "/usr/bin:/bin"}
    with pytest.raises(NetworkError, match="HASHES"):
        unpack(lock, tmp_path / "into", BOOKWORM, LocalHost(), offline)


def test_without_an_index_pips_own_words_are_told(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"click==8.1.7 --hash=sha256:{'0' * 64}\n")
    offline = {"PIP_NO_INDEX": "1", "PATH": "/usr/bin:/bin"}
    with pytest.raises(NetworkError, match=r"No matching distribution found for click==8\.1\.7"):
        unpack(lock, tmp_path / "into", BOOKWORM, LocalHost(), offline)


def test_without_any_pip_the_way_to_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NselfError, match="pip is not installed") as caught:
        packages.unpack(tmp_path / "lock", tmp_path / "into", BOOKWORM, LocalHost(), {})
    assert "ensurepip" in caught.value.fixes[0]
