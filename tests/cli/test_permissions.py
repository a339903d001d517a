from __future__ import annotations

import pytest

from nself.actions.database.permissions import Access, Matrix, Reach, TableAccess
from nself.cli.commands.db.permissions import human_matrix
from nself.cli.output import Table


@pytest.mark.parametrize(
    ("roles", "tables"),
    [
        ((), [()]),
        (("user",), [("user",)]),
        (("a" * 100, "b"), [("a" * 100,), ("b",)]),
        (tuple("abcdefghi"), [tuple("abcdefgh"), ("i",)]),
    ],
)
def test_every_role_is_shown_in_80_columns(roles: tuple[str, ...], tables: list[tuple[str, ...]]) -> None:
    all_, some, none = Reach.ALL, Reach.SOME, Reach.NONE
    access = tuple(Access(role=role, select=all_, insert=none, update=some, delete=none) for role in roles)
    matrix = Matrix(roles=roles, tables=(TableAccess(table="t", access=access),))
    shown = [line for line in human_matrix(matrix) if isinstance(line, Table)]
    assert [table.headings[1:] for table in shown] == tables
    assert [tuple(table.rows[0]) for table in shown] == [("t", *("S - u -" for _ in names)) for names in tables]
