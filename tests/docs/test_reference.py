"""Printed pages match the program; `make docs` prints them anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_commands_is_what_the_program_prints(golden: Callable[[Path, str], None]) -> None:
    from nself.cli import reference

    golden(DOCS / "reference" / "commands.md", reference.commands())


def test_the_page_of_settings_is_what_the_program_prints(golden: Callable[[Path, str], None]) -> None:
    from nself.actions import reference

    golden(DOCS / "reference" / "settings.md", reference.settings())


def test_the_page_of_extensions_is_what_the_program_knows(golden: Callable[[Path, str], None]) -> None:
    from nself.actions import reference

    golden(DOCS / "reference" / "postgres-extensions.md", reference.extensions())
