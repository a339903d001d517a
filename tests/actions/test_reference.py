from __future__ import annotations

from nself.actions import reference
from nself.actions.config.read import full_schema


def test_every_variable_has_a_row_and_every_row_four_cells() -> None:
    lines = reference.settings().splitlines()
    for name in full_schema().declared:
        assert any(line.startswith(f"| `{name}` |") for line in lines), name
    for line in lines:
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") == 5, line
