"""The how-to shows files of this checkout as they are: each is printed into the page, so that it cannot drift."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-service.md"
_SHOWN = re.compile(r"(<!-- (\S+)(?: \[(\w+)\])? -->\n```\w+\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)


def excerpt(file: str, section: str | None) -> str:
    """A whole file, or one table of a TOML file with the comment above it."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if section is None:
        return text
    found = re.search(rf"^((?:#[^\n]*\n)*\[{section}\]\n(?:[^\n]+\n)*)", text, re.MULTILINE)
    assert found, f"{file} has no [{section}]"
    return found[1]


def test_the_files_it_shows_are_as_they_are(golden: Callable[[Path, str], None]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    golden(PAGE, _SHOWN.sub(lambda found: f"{found[1]}{excerpt(found[2], found[3])}{found[5]}", page))


@pytest.mark.parametrize("name", re.findall(r"`((?:src|tests)/[\w/.]+)`", PAGE.read_text(encoding="utf-8")))
def test_what_it_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()
