from __future__ import annotations

from pathlib import Path

from nself.actions import reference
from nself.actions.config import full_schema

PAGE = Path(__file__).parent.parent.parent / "docs/reference/settings.md"


def test_the_page_on_disk_is_the_one_that_is_printed() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.settings(), "make docs prints it anew"


def test_every_variable_has_a_row_and_every_row_four_cells() -> None:
    lines = reference.settings().splitlines()
    for name in full_schema().declared:
        assert any(line.startswith(f"| `{name}` |") for line in lines), name
    for line in lines:
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") == 5, line
